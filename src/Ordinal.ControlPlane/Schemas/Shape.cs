using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>How a list behaves under patches and ownership.</summary>
public enum ListKind
{
    /// <summary>Replaced and owned as a whole.</summary>
    Atomic,

    /// <summary>A set of scalars: items are owned one by one.</summary>
    Set,

    /// <summary>A map in list form: items are found by their keys.</summary>
    Map,
}

/// <summary>
/// The shape of a document as far as patches, managed fields and unknown fields need it: not a validation schema. The hierarchy
/// is closed.
/// </summary>
public abstract record Shape
{
    private protected Shape()
    {
    }

    /// <summary>A value whose inside is not known: objects are merged key by key, lists are replaced.</summary>
    public static Shape Unknown { get; } = new UnknownShape();

    /// <summary>A single value of any type.</summary>
    public static Shape Scalar { get; } = new ScalarShape(ScalarKind.Any);

    /// <summary>A string.</summary>
    public static Shape Text { get; } = new ScalarShape(ScalarKind.Text);

    /// <summary>A whole number.</summary>
    public static Shape Whole { get; } = new ScalarShape(ScalarKind.Whole);

    /// <summary>A boolean.</summary>
    public static Shape Flag { get; } = new ScalarShape(ScalarKind.Flag);

    /// <summary>An object that is owned and replaced as a whole.</summary>
    public static Shape Atomic { get; } = new AtomicShape();
}

/// <summary>See <see cref="Shape.Unknown"/>.</summary>
public sealed record UnknownShape : Shape;

/// <summary>Types of single values.</summary>
public enum ScalarKind
{
    /// <summary>A string, a number or a boolean.</summary>
    Any,

    /// <summary>A string.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Whole,

    /// <summary>A boolean.</summary>
    Flag,
}

/// <summary>A single value.</summary>
/// <param name="Kind">Its type.</param>
public sealed record ScalarShape(ScalarKind Kind) : Shape;

/// <summary>See <see cref="Shape.Atomic"/>.</summary>
public sealed record AtomicShape : Shape;

/// <summary>An object with known fields. Fields may be added while the schema is built, so that types can refer to themselves.</summary>
/// <param name="Name">Name of the type, for messages.</param>
public sealed record ObjectShape(string Name) : Shape
{
    private Dictionary<string, Shape> _fields = new(StringComparer.Ordinal);

    /// <summary>Gets the known fields.</summary>
    public Dictionary<string, Shape> Fields => _fields;

    /// <summary>Gets the fields that are there even when they are empty, so that a write does not make them.</summary>
    public HashSet<string> AlwaysThere { get; } = new(StringComparer.Ordinal);

    /// <summary>Gets or sets the fields whose empty value is kept; every other that is empty is as if it had not been there. Null: all are kept as they are.</summary>
    public IReadOnlySet<string>? KeptWhenEmpty { get; set; }

    /// <summary>Gets or sets a value indicating whether fields that are not listed are kept.</summary>
    public bool KeepsUnknownFields { get; set; }

    /// <summary>Gets a value indicating whether the object is owned as a whole.</summary>
    public bool IsAtomic { get; init; }

    /// <summary>Gets a value indicating whether its fields exclude each other, so that patches may name those to keep.</summary>
    public bool IsUnion { get; init; }

    /// <summary>Gets the same shape, owned as a whole.</summary>
    public ObjectShape Atomically()
    {
        var atomic = new ObjectShape(Name) { IsAtomic = true, KeepsUnknownFields = KeepsUnknownFields, IsUnion = IsUnion, KeptWhenEmpty = KeptWhenEmpty };
        // The fields are shared, not copied: they may not all be there yet.
        atomic._fields = _fields;
        return atomic;
    }

    // A record would compare and print the fields, and types that refer to themselves would never end.
    public bool Equals(ObjectShape? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    public override string ToString() => Name;
}

/// <summary>An object whose keys are data, such as labels.</summary>
/// <param name="Value">Shape of the values.</param>
public sealed record MapShape(Shape Value) : Shape;

/// <summary>A list.</summary>
/// <param name="Item">Shape of the items.</param>
/// <param name="Kind">How the list behaves under server-side apply.</param>
/// <param name="Keys">Keys of a list map.</param>
public sealed record ListShape(Shape Item, ListKind Kind, IReadOnlyList<string> Keys) : Shape
{
    /// <summary>Gets what a key is when an item lacks it: in server-side apply the schema's defaults count, before the object has any.</summary>
    public IReadOnlyDictionary<string, JsonNode> KeyDefaults { get; init; } = ImmutableDictionary<string, JsonNode>.Empty;

    /// <summary>Gets the merge key of a strategic merge patch; null when that replaces the list.</summary>
    public string? MergeKey { get; init; }

    /// <summary>Gets a value indicating whether a strategic merge patch merges a list of scalars.</summary>
    public bool MergesScalars { get; init; }
}

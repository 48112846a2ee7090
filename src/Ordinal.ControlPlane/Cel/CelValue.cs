using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Cel;

/// <summary>A value of CEL. The hierarchy is closed; equality is <see cref="CelEquality"/>, not that of records.</summary>
internal abstract record CelValue
{
    private protected CelValue()
    {
    }

    /// <summary>Gets the name that <c>type()</c> tells.</summary>
    public abstract string TypeName { get; }
}

/// <summary>An evaluation that failed. It is a value so that <c>&amp;&amp;</c>, <c>||</c> and the macros can look past it.</summary>
internal sealed record CelError(string Message) : CelValue
{
    public static readonly CelError NoSuchOverload = new("no such overload");

    public override string TypeName => "error";
}

internal sealed record CelNull : CelValue
{
    public static readonly CelNull Instance = new();

    public override string TypeName => "null_type";
}

internal sealed record CelBool(bool Value) : CelValue
{
    public static readonly CelBool True = new(true);
    public static readonly CelBool False = new(false);

    public override string TypeName => "bool";

    public static CelBool Of(bool value) => value ? True : False;
}

internal sealed record CelInt(long Value) : CelValue
{
    public override string TypeName => "int";
}

internal sealed record CelUint(ulong Value) : CelValue
{
    public override string TypeName => "uint";
}

internal sealed record CelDouble(double Value) : CelValue
{
    public override string TypeName => "double";
}

internal sealed record CelText(string Value) : CelValue
{
    public override string TypeName => "string";
}

internal sealed record CelBytes(byte[] Value) : CelValue
{
    public override string TypeName => "bytes";
}

/// <summary>A length of time in nanoseconds, as Go has it.</summary>
internal sealed record CelDuration(long Nanoseconds) : CelValue
{
    public override string TypeName => "google.protobuf.Duration";
}

/// <summary>A point in time: seconds since 1970 and nanoseconds.</summary>
internal sealed record CelTimestamp(long Seconds, int Nanoseconds) : CelValue
{
    public override string TypeName => "google.protobuf.Timestamp";
}

/// <summary>A type as a value, told apart by its name.</summary>
internal sealed record CelTypeValue(string Name) : CelValue
{
    public override string TypeName => "type";
}

/// <summary>A value that may be missing.</summary>
internal sealed record CelOptional(CelValue? Value) : CelValue
{
    public static readonly CelOptional None = new((CelValue?)null);

    public override string TypeName => "optional_type";
}

/// <summary>A list.</summary>
internal sealed record CelList(ImmutableArray<CelValue> Items) : CelValue
{
    /// <summary>Gets how entries are told apart; literals are atomic.</summary>
    public CelListKind Kind { get; init; }

    /// <summary>Gets the keys of a list map.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    public override string TypeName => "list";
}

/// <summary>A map; keys are booleans, numbers or strings.</summary>
internal sealed record CelMap(ImmutableArray<(CelValue Key, CelValue Value)> Entries) : CelValue
{
    private Dictionary<object, CelValue>? _index;

    public override string TypeName => "map";

    /// <summary>Finds a value; null when there is none.</summary>
    public CelValue? Find(CelValue key)
    {
        _index ??= Entries.GroupBy(e => Plain(e.Key)).ToDictionary(g => g.Key, g => g.First().Value);
        return _index.GetValueOrDefault(Plain(key));
    }

    // 1, 1u and 1.0 are the same key.
    private static object Plain(CelValue key) => key switch
    {
        CelText text => text.Value,
        CelBool flag => flag.Value,
        CelInt whole => (decimal)whole.Value,
        CelUint natural => (decimal)natural.Value,
        CelDouble real when Math.Abs(real.Value) < 1e18 && real.Value == Math.Floor(real.Value) => (decimal)real.Value,
        _ => key,
    };
}

/// <summary>An object of a document, read through its schema when a field is asked for.</summary>
internal sealed record CelObject(JsonObject Document, CelType Type) : CelValue
{
    public override string TypeName => Type.Name;
}

/// <summary>An object whose fields are computed when they are asked for: the variables of an admission policy.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Find">Gets a field; null when there is none.</param>
internal sealed record CelVariables(CelType Type, Func<string, CelValue?> Find) : CelValue
{
    public override string TypeName => Type.Name;
}

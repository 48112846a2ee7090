namespace Ordinal.ControlPlane.Cel;

/// <summary>Kinds of types.</summary>
internal enum CelKind
{
    /// <summary>Known only when it is evaluated, such as an int-or-string.</summary>
    Dynamic,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Duration,
    Timestamp,
    List,
    Map,

    /// <summary>An object with known fields.</summary>
    Object,

    /// <summary>The type of a type.</summary>
    Type,
    Optional,

    /// <summary>A type that the checker finds out; written as a capital letter in declarations.</summary>
    Parameter,
}

/// <summary>How the entries of a list of Kubernetes are told apart; see <c>x-kubernetes-list-type</c>.</summary>
internal enum CelListKind
{
    Atomic,
    Set,
    Map,
}

/// <summary>A field of an object type.</summary>
/// <param name="JsonName">Its name in documents; CEL sees an escaped one.</param>
/// <param name="Type">Its type.</param>
internal sealed record CelField(string JsonName, CelType Type);

/// <summary>A type of CEL. Compare with <see cref="Is"/>: objects are told apart by identity.</summary>
internal sealed class CelType
{
    public static readonly CelType Dynamic = new(CelKind.Dynamic, "dyn");
    public static readonly CelType Null = new(CelKind.Null, "null");
    public static readonly CelType Bool = new(CelKind.Bool, "bool");
    public static readonly CelType Int = new(CelKind.Int, "int");
    public static readonly CelType Uint = new(CelKind.Uint, "uint");
    public static readonly CelType Double = new(CelKind.Double, "double");
    public static readonly CelType Text = new(CelKind.Text, "string");
    public static readonly CelType Bytes = new(CelKind.Bytes, "bytes");
    public static readonly CelType Duration = new(CelKind.Duration, "google.protobuf.Duration");
    public static readonly CelType Timestamp = new(CelKind.Timestamp, "google.protobuf.Timestamp");

    /// <summary>Amounts, addresses, networks, URLs, versions and formats have no fields: only functions look into them.</summary>
    public static readonly CelType Quantity = new(CelKind.Object, "kubernetes.Quantity");
    public static readonly CelType Address = new(CelKind.Object, "net.IP");
    public static readonly CelType Network = new(CelKind.Object, "net.CIDR");
    public static readonly CelType Url = new(CelKind.Object, "kubernetes.URL");
    public static readonly CelType Semver = new(CelKind.Object, "kubernetes.Semver");
    public static readonly CelType Format = new(CelKind.Object, "kubernetes.NamedFormat");

    private CelType(CelKind kind, string name, params CelType[] parameters)
    {
        Kind = kind;
        Name = name;
        Parameters = parameters;
    }

    public CelKind Kind { get; }

    public string Name { get; }

    /// <summary>Gets the item of a list, key and value of a map, what an optional or a type is about.</summary>
    public IReadOnlyList<CelType> Parameters { get; }

    /// <summary>Gets the fields of an object, by their escaped names.</summary>
    public IReadOnlyDictionary<string, CelField> Fields { get; private init; } = new Dictionary<string, CelField>();

    /// <summary>Gets how the entries of a list are told apart.</summary>
    public CelListKind ListKind { get; private init; }

    /// <summary>Gets the keys of a list map.</summary>
    public IReadOnlyList<string> ListKeys { get; private init; } = [];

    /// <summary>Gets how many entries, characters or bytes a value may have, for the estimate of costs; 0 where that is of no interest.</summary>
    public double MostElements { get; private init; }

    /// <summary>Gets how long a value is at least when it is written as JSON.</summary>
    public double LeastSize { get; private init; } = 1;

    /// <summary>Makes the same type with known sizes.</summary>
    public CelType Sized(double mostElements, double leastSize) =>
        new(Kind, Name, [.. Parameters]) { Fields = Fields, ListKind = ListKind, ListKeys = ListKeys, MostElements = mostElements, LeastSize = leastSize };

    public static CelType ListOf(CelType item) => new(CelKind.List, "list", item);

    public static CelType ListOf(CelType item, CelListKind kind, IReadOnlyList<string> keys) =>
        new(CelKind.List, "list", item) { ListKind = kind, ListKeys = keys };

    public static CelType MapOf(CelType key, CelType value) => new(CelKind.Map, "map", key, value);

    public static CelType ObjectOf(string name, IReadOnlyDictionary<string, CelField> fields) => new(CelKind.Object, name) { Fields = fields };

    public static CelType TypeOf(CelType subject) => new(CelKind.Type, "type", subject);

    public static CelType OptionalOf(CelType value) => new(CelKind.Optional, "optional_type", value);

    public static CelType Parameter(string name) => new(CelKind.Parameter, name);

    /// <summary>Whether two types are the same.</summary>
    public bool Is(CelType other) => Kind == other.Kind && Kind switch
    {
        CelKind.Object => ReferenceEquals(Fields, other.Fields) || Name == other.Name,
        CelKind.Parameter => Name == other.Name,
        _ => Parameters.Count == other.Parameters.Count && Parameters.Zip(other.Parameters).All(p => p.First.Is(p.Second)),
    };

    /// <summary>Makes the same type with other parameters.</summary>
    public CelType With(IEnumerable<CelType> parameters) =>
        new(Kind, Name, [.. parameters]) { Fields = Fields, ListKind = ListKind, ListKeys = ListKeys, MostElements = MostElements, LeastSize = LeastSize };

    public override string ToString() => Parameters.Count == 0 ? Name : $"{Name}({string.Join(", ", Parameters)})";
}

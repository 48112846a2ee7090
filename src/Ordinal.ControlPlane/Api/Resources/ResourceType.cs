using Ordinal.ControlPlane.Schemas;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>One resource of the API: its names, its scope and the rules of its objects.</summary>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Version">API version.</param>
/// <param name="Plural">Name in paths.</param>
/// <param name="Kind">Kind of its objects.</param>
/// <param name="Namespaced">Whether its objects live in namespaces.</param>
public sealed record ResourceType(string Group, string Version, string Plural, string Kind, bool Namespaced)
{
    /// <summary>Gets the name that a person may use for one.</summary>
    public string Singular { get; init; } = Kind.ToLowerInvariant();

    /// <summary>Gets the short names of kubectl.</summary>
    public IReadOnlyList<string> ShortNames { get; init; } = [];

    /// <summary>Gets the categories of kubectl, such as <c>all</c>.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Gets the kind of a list.</summary>
    public string ListKind { get; init; } = Kind + "List";

    /// <summary>Gets the verbs; a review has only <c>create</c>.</summary>
    public IReadOnlyList<string> Verbs { get; init; } = ResourceVerbs.All;

    /// <summary>Gets a value indicating whether <c>/status</c> exists and isolates spec from status.</summary>
    public bool HasStatus { get; init; }

    /// <summary>Gets where <c>/scale</c> reads and writes; null when there is none.</summary>
    public ScalePaths? Scale { get; init; }

    /// <summary>Gets a value indicating whether metadata.generation counts changes of the spec.</summary>
    public bool TracksGeneration { get; init; }

    /// <summary>Gets a value indicating whether a PUT may create the object.</summary>
    public bool CreatesOnUpdate { get; init; }

    /// <summary>Gets the rules of its objects.</summary>
    public ResourceStrategy Strategy { get; init; } = new();

    /// <summary>Gets the shape of its objects, for patches, managed fields and unknown fields.</summary>
    public Shape Shape { get; init; } = Shape.Unknown;

    /// <summary>Gets the field selectors beside metadata.name and metadata.namespace: name and path.</summary>
    public IReadOnlyDictionary<string, string> SelectableFields { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Gets the names that this version has for the fields that are kept with its objects, where they differ from those of the stored
    /// version; null when they do not.
    /// </summary>
    public IReadOnlyDictionary<string, string>? SelectorNames { get; init; }

    /// <summary>Gets the columns of a table.</summary>
    public TableColumns Columns { get; init; } = TableColumns.NameAndAge;

    /// <summary>Gets the name under which objects are stored, the same for all versions of a resource.</summary>
    public string StorageName { get; init; } = Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>Gets group and version as documents write them.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Gets the apiVersion of the stored document; other versions are converted when they are read.</summary>
    public string StorageApiVersion { get; init; } = Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Gets what converts between this version and the stored one; null when they are the same.</summary>
    public IVersionConverter? Converter { get; init; }

    /// <summary>Gets the folder of its objects in a real server's etcd, which some messages name.</summary>
    internal string RegistryName => Strategy is CustomResourceStrategy ? $"{Group}/{Plural}" : Qualified switch
    {
        "nodes" => "minions",
        "services" => "services/specs",
        "endpoints" => "services/endpoints",
        _ => Plural,
    };

    /// <summary>Gets a value indicating whether a PUT must name the resourceVersion that it replaces.</summary>
    internal bool NeedsVersion => Strategy is CustomResourceStrategy or CrdStrategy || Group is "admissionregistration.k8s.io" || Qualified is "leases.coordination.k8s.io" or "poddisruptionbudgets.policy";

    /// <summary>Gets the resource as messages write it: <c>statefulsets.apps</c>.</summary>
    public string Qualified => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>Gets the kind as messages write it: <c>StatefulSet.apps</c>.</summary>
    public string QualifiedKind => Group.Length == 0 ? Kind : $"{Kind}.{Group}";
}

/// <summary>Where a scale subresource finds its numbers: dotted paths as in a CRD, with the leading dot.</summary>
/// <param name="SpecReplicas">Wished replicas.</param>
/// <param name="StatusReplicas">Seen replicas.</param>
/// <param name="Selector">Selector; a label selector object or, for custom resources, its text. Null when there is none.</param>
public sealed record ScalePaths(string SpecReplicas, string StatusReplicas, string? Selector);

/// <summary>Sets of verbs.</summary>
public static class ResourceVerbs
{
    /// <summary>Every verb of an ordinary resource.</summary>
    public static readonly IReadOnlyList<string> All = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    /// <summary>The verb of a review, which is answered and not stored.</summary>
    public static readonly IReadOnlyList<string> CreateOnly = ["create"];
}

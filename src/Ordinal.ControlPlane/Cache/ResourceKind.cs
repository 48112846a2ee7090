namespace Ordinal.ControlPlane.Cache;

/// <summary>Where a kind lives in the API.</summary>
/// <param name="ApiVersion">Group and version, <c>apps/v1</c>; the core group is plain <c>v1</c>.</param>
/// <param name="Kind">The kind as written in documents.</param>
/// <param name="Plural">The resource name as written in paths.</param>
/// <param name="IsNamespaced">False for cluster-scoped kinds.</param>
public sealed record ResourceKind(string ApiVersion, string Kind, string Plural, bool IsNamespaced = true)
{
    public static readonly ResourceKind Pods = new("v1", "Pod", "pods");
    public static readonly ResourceKind Nodes = new("v1", "Node", "nodes", false);
    public static readonly ResourceKind Namespaces = new("v1", "Namespace", "namespaces", false);
    public static readonly ResourceKind Services = new("v1", "Service", "services");
    public static readonly ResourceKind Endpoints = new("v1", "Endpoints", "endpoints");
    public static readonly ResourceKind EndpointSlices = new("discovery.k8s.io/v1", "EndpointSlice", "endpointslices");
    public static readonly ResourceKind ServiceAccounts = new("v1", "ServiceAccount", "serviceaccounts");
    public static readonly ResourceKind ConfigMaps = new("v1", "ConfigMap", "configmaps");
    public static readonly ResourceKind Secrets = new("v1", "Secret", "secrets");
    public static readonly ResourceKind Claims = new("v1", "PersistentVolumeClaim", "persistentvolumeclaims");
    public static readonly ResourceKind Events = new("v1", "Event", "events");
    public static readonly ResourceKind StatefulSets = new("apps/v1", "StatefulSet", "statefulsets");
    public static readonly ResourceKind ControllerRevisions = new("apps/v1", "ControllerRevision", "controllerrevisions");
    public static readonly ResourceKind DisruptionBudgets = new("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets");
    public static readonly ResourceKind NetworkPolicies = new("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies");
    public static readonly ResourceKind Ingresses = new("networking.k8s.io/v1", "Ingress", "ingresses");
    public static readonly ResourceKind Leases = new("coordination.k8s.io/v1", "Lease", "leases");

    /// <summary>Gets the path of the group and version: <c>/apis/apps/v1</c> or <c>/api/v1</c>.</summary>
    public string GroupPath => ApiVersion.Contains('/', StringComparison.Ordinal) ? $"/apis/{ApiVersion}" : $"/api/{ApiVersion}";

    /// <summary>Gets the path of the collection, in one namespace or (empty namespace) in all.</summary>
    public string CollectionPath(string @namespace = "") =>
        IsNamespaced && @namespace.Length > 0 ? $"{GroupPath}/namespaces/{Uri.EscapeDataString(@namespace)}/{Plural}" : $"{GroupPath}/{Plural}";

    /// <summary>Gets the path of one object, or of a subresource of it.</summary>
    public string ObjectPath(ObjectKey key, string subresource = "")
    {
        string path = $"{CollectionPath(key.Namespace)}/{Uri.EscapeDataString(key.Name)}";
        return subresource.Length == 0 ? path : $"{path}/{subresource}";
    }
}

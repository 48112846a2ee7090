using System.Collections.Frozen;
using Ordinal.ControlPlane.Api.Resources;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// The kinds that a real API server knows by name: a document of one of them that is sent to another's endpoint is refused in other
/// words than one that nobody knows.
/// </summary>
internal static class GoKinds
{
    private const string Everywhere = "Status DeleteOptions CreateOptions UpdateOptions PatchOptions ListOptions GetOptions WatchEvent";

    private static readonly FrozenDictionary<string, FrozenSet<string>> Known = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["v1"] = "Pod PodList PodTemplate Service ServiceList Endpoints EndpointsList Node NodeList Namespace NamespaceList Secret SecretList ConfigMap ConfigMapList "
            + "Event EventList Binding ServiceAccount ServiceAccountList PersistentVolume PersistentVolumeList PersistentVolumeClaim PersistentVolumeClaimList "
            + "ReplicationController ReplicationControllerList ResourceQuota LimitRange ComponentStatus PodLogOptions List",
        ["apps/v1"] = "StatefulSet StatefulSetList Deployment DeploymentList DaemonSet DaemonSetList ReplicaSet ReplicaSetList ControllerRevision ControllerRevisionList Scale",
        ["policy/v1"] = "PodDisruptionBudget PodDisruptionBudgetList Eviction",
        ["autoscaling/v1"] = "Scale HorizontalPodAutoscaler HorizontalPodAutoscalerList",
        ["batch/v1"] = "Job JobList CronJob CronJobList",
        ["coordination.k8s.io/v1"] = "Lease LeaseList",
        ["events.k8s.io/v1"] = "Event EventList",
        ["rbac.authorization.k8s.io/v1"] = "Role RoleList RoleBinding RoleBindingList ClusterRole ClusterRoleList ClusterRoleBinding ClusterRoleBindingList",
        ["authorization.k8s.io/v1"] = "SubjectAccessReview SelfSubjectAccessReview LocalSubjectAccessReview SelfSubjectRulesReview",
        ["scheduling.k8s.io/v1"] = "PriorityClass PriorityClassList",
        ["storage.k8s.io/v1"] = "StorageClass StorageClassList",
    }.ToFrozenDictionary(p => p.Key, p => $"{p.Value} {Everywhere}".Split(' ').ToFrozenSet(StringComparer.Ordinal), StringComparer.Ordinal);

    // Versions that were served once: a real API server still knows their kinds.
    private static readonly FrozenSet<string> OldVersions = FrozenSet.Create(
        StringComparer.Ordinal,
        "apps/v1beta1", "apps/v1beta2", "policy/v1beta1", "events.k8s.io/v1beta1", "coordination.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1beta1",
        "scheduling.k8s.io/v1beta1", "storage.k8s.io/v1beta1", "autoscaling/v2");

    /// <summary>Refuses a document that is of another kind than the one it is sent to.</summary>
    public static ApiRefusalException Mismatch(string apiVersion, string kind, string wantedGroup, string wantedKind)
    {
        string version = apiVersion[(apiVersion.IndexOf('/') + 1)..];
        if (kind == wantedKind && OldVersions.Contains(apiVersion) && apiVersion[..apiVersion.IndexOf('/')] == wantedGroup)
        {
            return Refuse.BadRequest($"the API version in the data ({apiVersion}) does not match the expected API version ({wantedGroup}/v1)");
        }

        string why = Known.TryGetValue(apiVersion, out FrozenSet<string>? kinds) && kinds.Contains(kind)
            ? $"converting ({version}.{kind}) to ({Package(wantedGroup)}.{wantedKind}): unknown conversion"
            : Unregistered(apiVersion, kind);
        return Refuse.BadRequest($"{kind} in version \"{version}\" cannot be handled as a {wantedKind}: {why}");
    }

    /// <summary>Says that nobody knows a kind.</summary>
    public static string Unregistered(string apiVersion, string kind) =>
        $"no kind \"{kind}\" is registered for version \"{apiVersion}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"";

    /// <summary>Gets the package of a group's own types.</summary>
    public static string Package(string group) => group.Length == 0 || group == "events.k8s.io" ? "core" : group.Split('.')[0];

    /// <summary>Gets the type of an object as negotiation names it.</summary>
    public static string TypeOf(ResourceType type, bool isList) =>
        type.Strategy is CustomResourceStrategy ? (isList ? "*unstructured.UnstructuredList" : "*unstructured.Unstructured") : $"*{Package(type.Group)}.{(isList ? type.ListKind : type.Kind)}";
}

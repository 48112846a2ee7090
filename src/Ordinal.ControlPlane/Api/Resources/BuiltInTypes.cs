using Ordinal.ControlPlane.Schemas;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>The resources that are there without a CRD.</summary>
public static class BuiltInTypes
{
    private static readonly Dictionary<string, string> EventFields = new(StringComparer.Ordinal)
    {
        ["involvedObject.kind"] = "involvedObject.kind",
        ["involvedObject.namespace"] = "involvedObject.namespace",
        ["involvedObject.name"] = "involvedObject.name",
        ["involvedObject.uid"] = "involvedObject.uid",
        ["involvedObject.apiVersion"] = "involvedObject.apiVersion",
        ["involvedObject.resourceVersion"] = "involvedObject.resourceVersion",
        ["involvedObject.fieldPath"] = "involvedObject.fieldPath",
        ["reason"] = "reason",
        ["reportingComponent"] = "reportingComponent",
        ["source"] = "source.component",
        ["type"] = "type",
    };

    private static readonly Dictionary<string, string> NewEventFields = EventFields.Keys.ToDictionary(
        static field => field switch
        {
            "reportingComponent" => "reportingController",
            "source" => "deprecatedSource",
            _ => field.Replace("involvedObject.", "regarding.", StringComparison.Ordinal),
        },
        static field => field,
        StringComparer.Ordinal);

    /// <summary>Makes them for one server, core group first, as discovery shows them.</summary>
    public static IReadOnlyList<ResourceType> Create(TimeProvider timeProvider, bool keepsMaxUnavailable) =>
        [
            .. Declared(timeProvider, keepsMaxUnavailable)
                .Select(t => t.Verbs == ResourceVerbs.CreateOnly ? t : t with { Shape = BuiltInShapes.Of(t.Kind), Columns = BuiltInColumns.Of(t.Kind) }),
        ];

    private static IEnumerable<ResourceType> Declared(TimeProvider timeProvider, bool keepsMaxUnavailable) =>
    [
        new("", "v1", "namespaces", "Namespace", false)
        {
            ShortNames = ["ns"],
            HasStatus = false,
            Strategy = new NamespaceStrategy(),
            SelectableFields = Same("status.phase"),
        },
        new("", "v1", "nodes", "Node", false) { Strategy = new NodeStrategy(), ShortNames = ["no"], HasStatus = true, SelectableFields = Same("spec.unschedulable") },
        new("", "v1", "pods", "Pod", true)
        {
            ShortNames = ["po"],
            Strategy = new PodStrategy(),
            Categories = ["all"],
            HasStatus = true,
            TracksGeneration = true,
            SelectableFields = Same(
                "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"),
        },
        new("", "v1", "services", "Service", true)
        {
            Strategy = new ServiceStrategy(),
            ShortNames = ["svc"], Categories = ["all"], HasStatus = true, SelectableFields = Same("spec.clusterIP", "spec.type"),
        },
        new("", "v1", "endpoints", "Endpoints", true) { ShortNames = ["ep"], Singular = "endpoints", ListKind = "EndpointsList", CreatesOnUpdate = true },
        new("", "v1", "events", "Event", true) { Strategy = new EventStrategy(isNew: false), ShortNames = ["ev"], CreatesOnUpdate = true, SelectableFields = EventFields },
        new("", "v1", "configmaps", "ConfigMap", true) { Strategy = new ConfigMapStrategy(), ShortNames = ["cm"] },
        new("", "v1", "secrets", "Secret", true) { Strategy = new SecretStrategy(), SelectableFields = Same("type") },
        new("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true) { Strategy = new ClaimStrategy(), ShortNames = ["pvc"], HasStatus = true },
        new("", "v1", "serviceaccounts", "ServiceAccount", true) { Strategy = new ServiceAccountStrategy(), ShortNames = ["sa"] },
        new("apps", "v1", "statefulsets", "StatefulSet", true)
        {
            Strategy = new StatefulSetStrategy { KeepsMaxUnavailable = keepsMaxUnavailable },
            ShortNames = ["sts"],
            Categories = ["all"],
            HasStatus = true,
            TracksGeneration = true,
            Scale = new ScalePaths(".spec.replicas", ".status.replicas", ".spec.selector"),
        },
        new("apps", "v1", "deployments", "Deployment", true)
        {
            Strategy = new DeploymentStrategy(),
            ShortNames = ["deploy"],
            Categories = ["all"],
            HasStatus = true,
            TracksGeneration = true,
            Scale = new ScalePaths(".spec.replicas", ".status.replicas", ".spec.selector"),
        },
        new("apps", "v1", "controllerrevisions", "ControllerRevision", true) { Strategy = new RevisionStrategy() },
        new("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true)
        {
            Strategy = new BudgetStrategy(),
            ShortNames = ["pdb"], HasStatus = true, TracksGeneration = true,
        },
        new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true) { Strategy = new EndpointSliceStrategy(), TracksGeneration = true },
        new("coordination.k8s.io", "v1", "leases", "Lease", true) { Strategy = new LeaseStrategy(), CreatesOnUpdate = true },
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false)
        {
            Strategy = new CrdStrategy(timeProvider),
            ShortNames = ["crd", "crds"], Categories = ["api-extensions"], HasStatus = true, TracksGeneration = true,
        },
        new("events.k8s.io", "v1", "events", "Event", true)
        {
            ShortNames = ["ev"],
            CreatesOnUpdate = true,
            SelectableFields = EventFields,
            SelectorNames = NewEventFields,
            Strategy = new EventStrategy(isNew: true),
            StorageName = "events",
            StorageApiVersion = "v1",
            Converter = new EventConverter(),
        },
        new("rbac.authorization.k8s.io", "v1", "roles", "Role", true) { Strategy = new RbacStrategy("Role") },
        new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true) { Strategy = new RbacStrategy("RoleBinding") },
        new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false) { Strategy = new RbacStrategy("ClusterRole") },
        new("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false) { Strategy = new RbacStrategy("ClusterRoleBinding") },
        Review("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
        Review("authentication.k8s.io", "tokenreviews", "TokenReview"),
        Review("authorization.k8s.io", "localsubjectaccessreviews", "LocalSubjectAccessReview", isNamespaced: true),
        Review("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
        Review("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
        Review("authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview"),
        new("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", false)
        {
            Strategy = new PolicyStrategy(), HasStatus = true, TracksGeneration = true,
        },
        new("admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", false)
        {
            Strategy = new PolicyBindingStrategy(), TracksGeneration = true,
        },
        new("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", false) { TracksGeneration = true },
        new("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", false) { TracksGeneration = true },
        new("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true) { Strategy = new NetworkPolicyStrategy(), ShortNames = ["netpol"], TracksGeneration = true },
        new("networking.k8s.io", "v1", "ingresses", "Ingress", true) { Strategy = new IngressStrategy(), ShortNames = ["ing"], HasStatus = true, TracksGeneration = true },
        new("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", false) { ShortNames = ["pc"] },
        new("storage.k8s.io", "v1", "storageclasses", "StorageClass", false) { ShortNames = ["sc"] },
    ];

    private static ResourceType Review(string group, string plural, string kind, bool isNamespaced = false) =>
        new(group, "v1", plural, kind, isNamespaced) { Verbs = ResourceVerbs.CreateOnly };

    private static Dictionary<string, string> Same(params IEnumerable<string> paths) => paths.ToDictionary(p => p, p => p, StringComparer.Ordinal);
}

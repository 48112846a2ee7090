using Ordinal.ControlPlane.Cel;

namespace Ordinal.ControlPlane.Admission;

/// <summary>The types of the variables that an admission expression sees, as Kubernetes declares them (<c>admission/plugin/cel/compile.go</c>).</summary>
internal static class AdmissionTypes
{
    private static readonly CelType Texts = CelType.ListOf(CelType.Text);

    /// <summary>Gets the type of <c>request</c>.</summary>
    public static CelType Request { get; } = Type(
        "kubernetes.AdmissionRequest",
        ("kind", Kind),
        ("resource", Resource),
        ("subResource", CelType.Text),
        ("requestKind", Kind),
        ("requestResource", Resource),
        ("requestSubResource", CelType.Text),
        ("name", CelType.Text),
        ("namespace", CelType.Text),
        ("operation", CelType.Text),
        ("userInfo", User),
        ("dryRun", CelType.Bool),
        ("options", CelType.Dynamic));

    /// <summary>Gets the type of <c>namespaceObject</c>: a Namespace without its managed fields and owners.</summary>
    public static CelType Namespace { get; } = Type(
        "kubernetes.Namespace",
        ("metadata", Metadata),
        ("spec", Type("kubernetes.NamespaceSpec", ("finalizers", Texts))),
        ("status", Type("kubernetes.NamespaceStatus", ("conditions", CelType.ListOf(Condition)), ("phase", CelType.Text))));

    private static CelType Kind => Type("kubernetes.GroupVersionKind", ("group", CelType.Text), ("version", CelType.Text), ("kind", CelType.Text));

    private static CelType Resource => Type("kubernetes.GroupVersionResource", ("group", CelType.Text), ("version", CelType.Text), ("resource", CelType.Text));

    private static CelType User => Type(
        "kubernetes.UserInfo", ("username", CelType.Text), ("uid", CelType.Text), ("groups", Texts), ("extra", CelType.MapOf(CelType.Text, Texts)));

    private static CelType Condition => Type(
        "kubernetes.NamespaceCondition",
        ("status", CelType.Text),
        ("type", CelType.Text),
        ("lastTransitionTime", CelType.Timestamp),
        ("message", CelType.Text),
        ("reason", CelType.Text));

    private static CelType Metadata => Type(
        "kubernetes.NamespaceMetadata",
        ("name", CelType.Text),
        ("generateName", CelType.Text),
        ("namespace", CelType.Text),
        ("labels", CelType.MapOf(CelType.Text, CelType.Text)),
        ("annotations", CelType.MapOf(CelType.Text, CelType.Text)),
        ("UID", CelType.Text),
        ("creationTimestamp", CelType.Timestamp),
        ("deletionGracePeriodSeconds", CelType.Int),
        ("deletionTimestamp", CelType.Timestamp),
        ("generation", CelType.Int),
        ("resourceVersion", CelType.Text),
        ("finalizers", Texts));

    private static CelType Type(string name, params (string Name, CelType Type)[] fields) =>
        CelType.ObjectOf(name, fields.ToDictionary(field => field.Name, field => new CelField(field.Name, field.Type), StringComparer.Ordinal));
}

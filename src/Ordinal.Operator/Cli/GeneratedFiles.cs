using Ordinal.Operator.Api;
using Ordinal.Runtime.Crds;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Rbac;

namespace Ordinal.Operator.Cli;

/// <summary>Files of the repository that are made from the code. A golden test compares them.</summary>
public static class GeneratedFiles
{
    /// <summary>Name of the role in the cluster.</summary>
    private const string RoleName = "ordinal-controller";

    /// <summary>Gets the kinds that this program owns.</summary>
    public static IReadOnlyList<Type> Kinds { get; } = [typeof(V1Alpha1RolloutPolicy), typeof(V1Alpha1StatefulSetRollout)];

    /// <summary>Returns all files: path from the repository's root, and content.</summary>
    public static IReadOnlyList<(string Path, string Content)> All() =>
    [
        .. Kinds.Select(kind => (CrdPath(kind), Crd(kind))),
        ("config/rbac/role.yaml", Header + Role()),
        ("config/rbac/leader_election_role.yaml", Header + LeaseNote + LeaseRole()),
        ("config/components/ondelete/role.yaml", Header + RbacGenerator.GenerateYaml(typeof(GeneratedFiles).Assembly.GetTypes(), OrdinalNames.RemovalRole, RoleName + "-ondelete")),
        ("config/components/native/role.yaml", Header + RbacGenerator.GenerateYaml(typeof(GeneratedFiles).Assembly.GetTypes(), OrdinalNames.NativeRole, RoleName + "-native")),
        ("config/components/exec/role.yaml", Header + ExecNote + RbacGenerator.GenerateYaml(typeof(GeneratedFiles).Assembly.GetTypes(), OrdinalNames.ExecRole, RoleName + "-exec", "default")),
        .. ReferencePages.All(),
        ("config/components/secrets/role.yaml", Header + SecretsNote + RbacGenerator.GenerateYaml(typeof(GeneratedFiles).Assembly.GetTypes(), "secrets", RoleName + "-secrets", "default")),
    ];

    /// <summary>Returns the CustomResourceDefinition of a kind.</summary>
    public static string Crd(Type kind) => Header + CrdGenerator.GenerateYaml(kind);

    /// <summary>Returns the ClusterRole that the operator always needs; drivers and gates add to it.</summary>
    public static string Role() => RbacGenerator.GenerateYaml(typeof(GeneratedFiles).Assembly.GetTypes(), "", RoleName);

    /// <summary>Returns the Role for the lease, in the operator's own namespace.</summary>
    public static string LeaseRole() => RbacGenerator.GenerateYaml(typeof(GeneratedFiles).Assembly.GetTypes(), "leader-election", RoleName + "-leader-election", "ordinal-system");

    private const string LeaseNote = "# The lease lies in the operator's own namespace: it may touch no other's.\n";

    private const string SecretsNote =
        "# For gates with credentials: one Role in each namespace that has such a policy, narrowed to its Secrets with resourceNames.\n";

    private const string ExecNote =
        "# For gates of type Exec: one Role in each namespace that has such a policy. Who may run commands in a pod may do all that the pod may.\n";

    private const string Header = "# Made from the code by `make generate`. Do not edit.\n";

    private static string CrdPath(Type kind)
    {
        var resource = ResourceKind.Of(kind);
        return $"crds/{resource.Group}_{resource.Plural}.yaml";
    }
}

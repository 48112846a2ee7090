using Ordinal.TestSupport;

namespace Ordinal.Integration.Clusters;

/// <summary>Which control plane a test runs on.</summary>
public enum ClusterKind
{
    /// <summary>The project's own, over HTTPS.</summary>
    Embedded,

    /// <summary>A real kube-apiserver and kube-controller-manager, with the project's scheduler and kubelet as clients.</summary>
    Real,
}

/// <summary>The control planes that are there: the embedded one always, a real one when KUBEBUILDER_ASSETS names it.</summary>
public static class ClusterKinds
{
    public static IEnumerable<ClusterKind> Available => RealControlPlane.Assets is null ? [ClusterKind.Embedded] : [ClusterKind.Embedded, ClusterKind.Real];
}

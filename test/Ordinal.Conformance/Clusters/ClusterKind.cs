using Ordinal.TestSupport;

namespace Ordinal.Conformance.Clusters;

/// <summary>The clusters that every test of this suite runs on.</summary>
public enum ClusterKind
{
    /// <summary>The project's own control plane, called in this process.</summary>
    InProcess,

    /// <summary>The project's own control plane over HTTPS; its controllers and kubelets come through that door too.</summary>
    Https,

    /// <summary>A real kube-apiserver, kube-controller-manager and etcd, with the project's scheduler and kubelets as ordinary clients.</summary>
    Real,
}

/// <summary>The clusters that are there: the real one when KUBEBUILDER_ASSETS names its programs.</summary>
public static class ClusterKinds
{
    public static IEnumerable<ClusterKind> Available =>
        RealControlPlane.Assets is null ? [ClusterKind.InProcess, ClusterKind.Https] : [ClusterKind.InProcess, ClusterKind.Https, ClusterKind.Real];
}

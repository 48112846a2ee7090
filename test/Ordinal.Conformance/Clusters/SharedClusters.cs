using Ordinal.ControlPlane.Controllers.StatefulSets;

namespace Ordinal.Conformance.Clusters;

/// <summary>How a shared cluster differs from the plain one.</summary>
public enum ClusterVariant
{
    /// <summary>As 1.36 comes.</summary>
    Plain,

    /// <summary>With the kubelet of the recordings.</summary>
    Recorded,

    /// <summary>With the feature gate MaxUnavailableStatefulSet.</summary>
    MaxUnavailable,

    /// <summary>As announced for 1.37; embedded only.</summary>
    Kubernetes137,
}

/// <summary>One cluster of each kind and variant for the whole run, started by the first test that needs it.</summary>
public static class SharedClusters
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<(ClusterKind Kind, ClusterVariant Variant), Task<ConformanceCluster>> Started = [];

    /// <summary>Gets a cluster.</summary>
    public static Task<ConformanceCluster> GetAsync(ClusterKind kind, ClusterVariant variant = ClusterVariant.Plain)
    {
        lock (Gate)
        {
            return Started.TryGetValue((kind, variant), out var cluster) ? cluster : Started[(kind, variant)] = ConformanceCluster.StartAsync(kind, Options(variant));
        }
    }

    /// <summary>Ends all.</summary>
    public static async Task StopAsync()
    {
        foreach (var cluster in Started.Values.Where(cluster => cluster.IsCompletedSuccessfully))
        {
            await (await cluster).DisposeAsync();
        }
    }

    private static ConformanceClusterOptions Options(ClusterVariant variant) => variant switch
    {
        ClusterVariant.Plain => new(),
        ClusterVariant.Recorded => new() { UsesSmallKubelet = true },
        ClusterVariant.MaxUnavailable => new() { StatefulSets = StatefulSetSwitches.Kubernetes136 with { MaxUnavailable = true } },
        ClusterVariant.Kubernetes137 => new() { StatefulSets = StatefulSetSwitches.Kubernetes137 },
    };
}

namespace Ordinal.Conformance.Clusters;

/// <summary>One cluster of each kind for the whole run, started by the first test that needs it.</summary>
public static class SharedClusters
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<(ClusterKind Kind, bool IsRecorded), Task<ConformanceCluster>> Started = [];

    /// <summary>Gets the cluster of a kind.</summary>
    /// <param name="isRecorded">With the kubelet of the recordings.</param>
    public static Task<ConformanceCluster> GetAsync(ClusterKind kind, bool isRecorded = false)
    {
        lock (Gate)
        {
            return Started.TryGetValue((kind, isRecorded), out var cluster)
                ? cluster
                : Started[(kind, isRecorded)] = ConformanceCluster.StartAsync(kind, new ConformanceClusterOptions { UsesSmallKubelet = isRecorded });
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
}

namespace Ordinal.Conformance.Clusters;

/// <summary>One cluster of each kind for the whole run, started by the first test that needs it.</summary>
public static class SharedClusters
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<ClusterKind, Task<ConformanceCluster>> Started = [];

    /// <summary>Gets the cluster of a kind.</summary>
    public static Task<ConformanceCluster> GetAsync(ClusterKind kind)
    {
        lock (Gate)
        {
            return Started.TryGetValue(kind, out var cluster) ? cluster : Started[kind] = ConformanceCluster.StartAsync(kind);
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

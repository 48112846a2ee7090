using System.Collections.Immutable;
using Ordinal.Conformance.Clusters;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;
using Ordinal.TestSupport;

namespace Ordinal.Conformance.Replay;

/// <summary>A namespace of a cluster in real time.</summary>
internal sealed class SpaceReplay(Space space) : IReplayCluster
{
    public ImmutableArray<Seen> Events => space.Events;

    public bool IsVirtual => false;

    public Kubectl? Kubectl => space.Cluster.Kubeconfig is null ? null : space.Kubectl;

    public Task<ApiAnswer> SendAsync(ApiCall call) => space.Cluster.Door.SendAsync(call, CancellationToken.None);

    public async Task PassAsync(TimeSpan recorded, Func<bool> isSo) => await space.WaitAsync(TimeSpan.FromSeconds(60), isSo);

    public async Task QuietAsync()
    {
        // A budget that its controller has not seen yet lets nobody go.
        await space.UntilAsync("all budgets are observed", () => space.All(ResourceKind.DisruptionBudgets).All(budget => budget.Count("observedGeneration") == budget.Generation()));
        await space.QuietAsync();
    }
}

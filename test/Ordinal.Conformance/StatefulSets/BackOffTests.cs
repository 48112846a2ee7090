using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;
using Ordinal.Simulation.Harness;

namespace Ordinal.Conformance.StatefulSets;

/// <summary>A server that fails. The pauses between the tries are held in virtual time by Ordinal.Tests.</summary>
[NotOn(ClusterKind.Real, "a real API server does not fail on request")]
public sealed class BackOffTests(ClusterKind kind) : ConformanceTests(kind)
{
    private readonly Refusals refusals = new();
    private ConformanceCluster? own;

    [Test, Rule("S28")]
    public async Task A_deletion_that_fails_is_tried_again_and_the_status_is_right()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 2 });
        refusals.Left = 3;
        await web.ScaleAsync(1);
        await Space.UntilAsync("web-1 is gone", () => web.Pod(1) is null && web.Set.Count("replicas") == 1);
        Assert.That(refusals.Left, Is.Zero);
        await Space.UntilAsync("the failures are told", () => Space.All(ResourceKind.Events).Any(item => item.Text("reason") is "FailedDelete" && item.Number("count") == 3));
        Assert.That(Space.All(ResourceKind.Events).First(item => item.Text("reason") is "FailedDelete").Text("message"), Is.EqualTo("Delete Pod web-1 in StatefulSet web failed error: no"));
    }

    /// <inheritdoc/>
    protected override async Task<Space?> OpenAsync() => await Space.CreateAsync(own = await ConformanceCluster.StartAsync(Kind, new ConformanceClusterOptions { Faults = refusals }));

    /// <inheritdoc/>
    protected override async ValueTask CloseAsync()
    {
        if (own is not null)
        {
            await own.DisposeAsync();
        }
    }

    /// <summary>Refuses some deletions of pods.</summary>
    private sealed class Refusals : IApiFaults
    {
        private int left;

        public int Left
        {
            get => Volatile.Read(ref left);
            set => Volatile.Write(ref left, value);
        }

        public ValueTask<ApiAnswer?> BeforeAsync(ApiCall apiCall, CancellationToken cancellationToken)
        {
            if (apiCall.Method is not "DELETE" || !apiCall.Path.Contains("/pods/", StringComparison.Ordinal) || Left <= 0)
            {
                return new((ApiAnswer?)null);
            }

            Interlocked.Decrement(ref left);
            return new(new ApiAnswer(500, """{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no","reason":"InternalError","code":500}"""u8.ToArray()));
        }

        public ValueTask<ApiAnswer> AfterAsync(ApiCall apiCall, ApiAnswer answer, CancellationToken cancellationToken) => new(answer);

        public ValueTask<bool> BeforeFrameAsync(ApiCall apiCall, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) => new(true);
    }
}

using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.Benchmarks;

/// <summary>
/// The largest cluster of DESIGN section 9: 100,000 pods in 1,000 StatefulSets, each under a policy of its own, all in one namespace. The pods are
/// made up page by page (<see cref="SyntheticPods"/>); sets, revisions and policies are real. <c>ordinal run</c> is a process of its own: its size once
/// it has read and adopted all, what it costs at rest, and what one reconcile costs when something about a set changes.
/// </summary>
internal sealed class ScaleBenchmark : IBenchmark
{
    private const int Sets = 1_000;
    private const int PodsPerSet = 100;
    private const int Rounds = 3;
    private const double MemoryTarget = 300;
    private static readonly TimeSpan ReconcileTarget = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan RestTime = TimeSpan.FromSeconds(10);

    public string Name => "scale";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        var pods = new SyntheticPods();
        await using var cluster = await BenchCluster.StartBareAsync(pods, cancellationToken);
        var pattern = await WorkloadPattern.TakeAsync(cancellationToken);
        var sets = new List<KubeObject>();
        for (var i = 0; i < Sets; i++)
        {
            sets.Add(await pattern.AddSetAsync(cluster.Client, string.Create(CultureInfo.InvariantCulture, $"web-{i}"), PodsPerSet, cancellationToken));
            await cluster.CreatePolicyAsync(sets[i].Name, "Auto", 1, null, cancellationToken);
        }

        pods.Serve(cluster.Client, pattern, sets, PodsPerSet);
        await using var ordinal = OperatorRun.Start(cluster.Kubeconfig, withMetrics: true);
        await ordinal.UntilReadyAsync(cancellationToken);
        await AdoptAsync(cluster, sets, cancellationToken);

        // What is written at most every 10 s has been written by then.
        await Task.Delay(TimeSpan.FromSeconds(11), TimeProvider.System, cancellationToken);
        var atRest = ordinal.ProcessorTime();
        await Task.Delay(RestTime, TimeProvider.System, cancellationToken);
        atRest = ordinal.ProcessorTime() - atRest;
        var (passes, spent) = await TouchAsync(cluster, ordinal, sets, cancellationToken);
        var size = await ordinal.LargestOfAsync(10, cancellationToken);
        var each = spent / passes;
        var share = atRest / RestTime;
        return
        [
            new Figure(
                string.Create(CultureInfo.InvariantCulture, $"{Sets * PodsPerSet:N0} pods, {Sets:N0} policies: resident"),
                string.Create(CultureInfo.InvariantCulture, $"{size:0.0} MiB, {ordinal.Resident("VmHWM"):0.0} at its highest"),
                string.Create(CultureInfo.InvariantCulture, $"<= {MemoryTarget:0} MiB"),
                size <= MemoryTarget),
            new Figure(
                "the same: processor time of one reconcile",
                string.Create(CultureInfo.InvariantCulture, $"{each.TotalMilliseconds:0.000} ms of {passes}"),
                string.Create(CultureInfo.InvariantCulture, $"<= {ReconcileTarget.TotalMilliseconds:0} ms"),
                each <= ReconcileTarget),
            new Figure("the same: at rest", string.Create(CultureInfo.InvariantCulture, $"CPU {share * 100:0.0} %"), "<= 1 %", share <= 0.01),
        ];
    }

    /// <summary>Waits until every set is held, and plays the StatefulSet controller, which sees that.</summary>
    private static async Task AdoptAsync(BenchCluster cluster, List<KubeObject> sets, CancellationToken cancellationToken)
    {
        foreach (var set in sets)
        {
            await BenchCluster.UntilAsync($"{set.Name} is adopted", async () => await cluster.PartitionAsync(set.Name, cancellationToken) >= 999_999_999, cancellationToken);
            var generation = (await cluster.Client.GetAsync(ResourceKind.StatefulSets, set.Key, cancellationToken))!.Generation;
            await cluster.Client.MergePatchAsync(ResourceKind.StatefulSets, set.Key, new JsonObject { ["status"] = new JsonObject { ["observedGeneration"] = generation } }, "status", cancellationToken);
        }

        foreach (var set in sets)
        {
            await cluster.UntilHeldAsync(set.Name, cancellationToken);
        }
    }

    /// <summary>Changes something about every set, a few times, and returns how many passes that made and what they cost, their events' reading included.</summary>
    private static async Task<(long Passes, TimeSpan Spent)> TouchAsync(BenchCluster cluster, OperatorRun ordinal, List<KubeObject> sets, CancellationToken cancellationToken)
    {
        var before = await ordinal.ReconcilesAsync(cancellationToken);
        var spent = ordinal.ProcessorTime();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var set in sets)
            {
                var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["example.dev/round"] = round.ToString(CultureInfo.InvariantCulture) } } };
                await cluster.Client.MergePatchAsync(ResourceKind.StatefulSets, set.Key, patch, "", cancellationToken);
            }
        }

        // A set that changed twice before its pass has one pass for both.
        await BenchCluster.UntilAsync("most changes were looked at", async () => await ordinal.ReconcilesAsync(cancellationToken) - before >= Sets * Rounds * 9 / 10, cancellationToken);
        return (await ordinal.ReconcilesAsync(cancellationToken) - before, ordinal.ProcessorTime() - spent);
    }
}

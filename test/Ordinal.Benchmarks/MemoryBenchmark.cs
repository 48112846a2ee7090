using System.Globalization;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.Benchmarks;

/// <summary>
/// What 10,000 pods cost the operator in memory: the resident size of <c>ordinal run</c> as a process of its own, against an API server without any pod
/// and one with 10,000 in 100 StatefulSets, each with its policy. A fresh process each, looked at once it has read and adopted all and is calm; the largest of
/// ten looks counts. Resident is what the kernel says: the heap, its room for more, compiled code, and the pages of the program's files that were touched.
/// The objects are copies of what the embedded cluster made of one StatefulSet, managed fields and status included.
/// </summary>
internal sealed class MemoryBenchmark : IBenchmark
{
    private const int Sets = 100;
    private const int PodsPerSet = 100;
    private const double Target = 40;

    public string Name => "memory";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var cluster = await BenchCluster.StartBareAsync(null, cancellationToken);
        var empty = await SizeAsync(cluster, 0, cancellationToken);
        await FillAsync(cluster, cancellationToken);
        var full = await SizeAsync(cluster, Sets, cancellationToken);
        var cost = full.Settled - empty.Settled;
        return
        [
            new Figure(
                string.Create(CultureInfo.InvariantCulture, $"memory of {Sets * PodsPerSet:N0} pods"),
                string.Create(CultureInfo.InvariantCulture, $"{cost:0.0} MiB: {empty.Settled:0.0} empty, {full.Settled:0.0} full, {full.Highest:0.0} at its highest; of the {cost:0.0}, {full.Files - empty.Files:0.0} are files' pages"),
                string.Create(CultureInfo.InvariantCulture, $"<= {Target:0} MiB over empty"),
                cost <= Target),
        ];
    }

    private static string SetName(int index) => string.Create(CultureInfo.InvariantCulture, $"web-{index}");

    private static async Task<(double Settled, double Highest, double Files)> SizeAsync(BenchCluster cluster, int sets, CancellationToken cancellationToken)
    {
        await using var ordinal = OperatorRun.Start(cluster.Kubeconfig);
        await ordinal.UntilReadyAsync(cancellationToken);
        for (var i = 0; i < sets; i++)
        {
            // Every set is adopted. There is no controller that would follow, so each policy then waits for it.
            var name = SetName(i);
            await BenchCluster.UntilAsync($"{name} is adopted", async () => await cluster.PartitionAsync(name, cancellationToken) >= 999_999_999, cancellationToken);
        }

        await ordinal.UntilCalmAsync(cancellationToken);
        return (await ordinal.LargestOfAsync(10, cancellationToken), ordinal.Resident("VmHWM"), ordinal.Resident("RssFile"));
    }

    private static async Task FillAsync(BenchCluster cluster, CancellationToken cancellationToken)
    {
        var pattern = await WorkloadPattern.TakeAsync(cancellationToken);
        for (var i = 0; i < Sets; i++)
        {
            var name = SetName(i);
            var created = await pattern.AddSetAsync(cluster.Client, name, PodsPerSet, cancellationToken);
            for (var ordinal = 0; ordinal < PodsPerSet; ordinal++)
            {
                await WorkloadPattern.AddAsync(cluster.Client, ResourceKind.Pods, pattern.PodOf(created, string.Create(CultureInfo.InvariantCulture, $"{name}-{ordinal}")), cancellationToken);
            }

            await cluster.CreatePolicyAsync(name, "Auto", 1, null, cancellationToken);
        }
    }
}

using System.Globalization;

namespace Ordinal.Benchmarks;

/// <summary>
/// 1,000 policies of 10 pods each, whose templates all change at once, and an operator that may roll them all at once. The operator is a process of its
/// own beside the control plane. ORDINAL_FLEET asks for fewer policies, to try it out. Printed is what it cost while it rolled, and whether every rule was kept.
/// </summary>
internal sealed class FleetBenchmark : IPlaneBenchmark
{
    private static readonly int Sets = int.TryParse(Environment.GetEnvironmentVariable("ORDINAL_FLEET"), NumberStyles.None, CultureInfo.InvariantCulture, out var sets) ? sets : 1_000;
    private const int PodsPerSet = 10;
    private const double MemoryTarget = 250;
    private static readonly TimeSpan BootTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    public string Name => "fleet";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(BenchPlane plane, CancellationToken cancellationToken)
    {
        var judge = new FleetJudge();
        await using var cluster = plane is BenchPlane.Real
            ? await BenchCluster.StartRealAsync(BootTime, 3, isAudited: false, cancellationToken)
            : await BenchCluster.StartAsync(BootTime, judge, cancellationToken, nodes: 3);
        string[] names = [.. Enumerable.Range(0, Sets).Select(index => string.Create(CultureInfo.InvariantCulture, $"web-{index}"))];
        foreach (var some in names.Chunk(50))
        {
            await Task.WhenAll(some.Select(name => cluster.CreateSetAsync(name, PodsPerSet, "Parallel", cancellationToken)));
        }

        foreach (var name in names)
        {
            await cluster.CreatePolicyAsync(name, "Auto", 1, null, cancellationToken);
        }

        await using var ordinal = OperatorRun.Start(cluster.Kubeconfig, withMetrics: false, "--max-active-rollouts", Sets.ToString(CultureInfo.InvariantCulture));
        await ordinal.UntilReadyAsync(cancellationToken);
        foreach (var name in names)
        {
            await cluster.UntilHeldAsync(name, cancellationToken);
        }

        judge.Begin();
        await using var watch = plane is BenchPlane.Real ? await FleetWatch.OpenAsync(cluster.Client, judge, cancellationToken) : null;
        var before = ordinal.ProcessorTime();
        var began = TimeProvider.System.GetTimestamp();
        foreach (var name in names)
        {
            await cluster.ChangeTemplateAsync(name, "app:v2", cancellationToken);
        }

        var (rollouts, most) = await UntilEndedAsync(cluster, began, cancellationToken);
        var took = TimeProvider.System.GetElapsedTime(began);
        watch?.Check();
        var cores = (ordinal.ProcessorTime() - before) / took;
        var highest = ordinal.Resident("VmHWM");
        var (pods, mostIncarnations, leastIncarnations) = judge.Replaced;
        var isKept = judge.Breaches == 0 && judge.MostAway == 1 && rollouts == (Sets, Sets, Sets) && pods == Sets * PodsPerSet && (leastIncarnations, mostIncarnations) == (1, 1);
        return
        [
            new Figure(
                string.Create(CultureInfo.InvariantCulture, $"{Sets:N0} policies x {PodsPerSet} pods at once: rules"),
                string.Create(CultureInfo.InvariantCulture, $"{judge}; {pods:N0} pods replaced, {leastIncarnations} to {mostIncarnations} times; {rollouts.Succeeded:N0} of {rollouts.All:N0} rollouts succeeded, {most:N0} under way at a time"),
                "1 away, once each, all succeed",
                isKept),
            new Figure(
                "the same: operator's processor time",
                string.Create(CultureInfo.InvariantCulture, $"{cores:0.00} cores for {took.TotalSeconds:0} s"),
                "<= 1 core",
                cores <= 1),
            new Figure(
                "the same: operator's resident size",
                string.Create(CultureInfo.InvariantCulture, $"{highest:0.0} MiB at its highest"),
                string.Create(CultureInfo.InvariantCulture, $"<= {MemoryTarget:0} MiB"),
                highest <= MemoryTarget),
        ];
    }

    /// <summary>Waits until all rollouts have ended; returns them, and how many were under way at a time at most, looked at every 5 s.</summary>
    private static async Task<((int All, int Ended, int Succeeded) Rollouts, int Most)> UntilEndedAsync(BenchCluster cluster, long began, CancellationToken cancellationToken)
    {
        var most = 0;
        while (true)
        {
            var rollouts = await cluster.RolloutsAsync(cancellationToken);
            most = Math.Max(most, rollouts.All - rollouts.Ended);
            if (rollouts.Ended >= Sets)
            {
                return (rollouts, most);
            }

            if (TimeProvider.System.GetElapsedTime(began) > Limit)
            {
                throw new TimeoutException($"not within {Limit}: {Sets} rollouts end; {rollouts.Ended} have");
            }

            await Task.Delay(Look, TimeProvider.System, cancellationToken);
        }
    }
}

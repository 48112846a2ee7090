using System.Runtime.InteropServices;
using Ordinal.Benchmarks;
using Ordinal.TestSupport;

// Prints each figure that this machine can measure beside its target; exit code 1 when one is missed.
// Names as arguments choose some: make bench ARGS=demo
// When KUBEBUILDER_ASSETS names a real control plane's programs, those that can be are measured there too, and stand in a second column.
IBenchmark[] all =
[
    new PlannerBenchmark(),
    new ReactionBenchmark(),
    new StartBenchmark(),
    new IdleBenchmark(),
    new MemoryBenchmark(),
    new ScaleBenchmark(),
    new FleetBenchmark(),
    new RatioBenchmark(),
    new KafkaBenchmark(),
    new ClusterUpBenchmark(),
    new ThousandPodsBenchmark(),
    new TenThousandPodsBenchmark(),
    new WatchersBenchmark(),
    new EtcdBenchmark(),
    new ZooKeeperBenchmark(),
    new ProbeBenchmark(),
    new DemoBenchmark(),
];
IBenchmark[] chosen = args.Length == 0 ? all : [.. all.Where(b => args.Contains(b.Name, StringComparer.Ordinal))];
if (chosen.Length == 0)
{
    await Console.Error.WriteLineAsync($"no benchmark is named {string.Join(" or ", args)}; there are {string.Join(", ", all.Select(b => b.Name))}.");
    return 2;
}

// Ended early, what was started is ended and what was written is deleted all the same.
using var interrupted = new CancellationTokenSource();
void Interrupt(PosixSignalContext signal)
{
    signal.Cancel = true;
    interrupted.Cancel();
}

using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);

// Times mean little on a machine that does something else: its load is shown beside them.
Console.WriteLine($"{Environment.ProcessorCount} processors, load {string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3])}");
var missed = 0;
try
{
    foreach (var benchmark in chosen)
    {
        var figures = await benchmark.MeasureAsync(interrupted.Token);
        var real = benchmark is IPlaneBenchmark both && RealControlPlane.Assets is not null ? await both.MeasureAsync(BenchPlane.Real, interrupted.Token) : [];
        for (var i = 0; i < figures.Count; i++)
        {
            missed += Print(figures[i], real.Count == 0 ? null : real[i]);
        }
    }
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    return 130;
}

Console.WriteLine($"load at the end {string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3])}");

return missed == 0 ? 0 : 1;

static int Print(Figure figure, Figure? real)
{
    var isReached = figure.IsReached && real is not { IsReached: false };
    var which = isReached ? "reached" : real is null ? "MISSED" : figure.IsReached ? "MISSED on real" : real.IsReached ? "MISSED on embedded" : "MISSED on both";
    if (real is null)
    {
        Console.WriteLine($"{which,-8} {figure.Name,-48} {figure.Measured,-24} target {figure.Target}");
    }
    else
    {
        Console.WriteLine($"{which,-8} {figure.Name,-48} embedded {figure.Measured,-34} real {real.Measured,-34} target {figure.Target}");
    }

    return (figure.IsReached ? 0 : 1) + (real is { IsReached: false } ? 1 : 0);
}

using System.Runtime.InteropServices;
using Ordinal.Benchmarks;

// Prints each figure that this machine can measure beside its target; exit code 1 when one is missed.
// Names as arguments choose some: make bench ARGS=demo
IBenchmark[] all =
[
    new PlannerBenchmark(),
    new ReactionBenchmark(),
    new StartBenchmark(),
    new IdleBenchmark(),
    new MemoryBenchmark(),
    new ScaleBenchmark(),
    new RatioBenchmark(),
    new KafkaBenchmark(),
    new ClusterUpBenchmark(),
    new ThousandPodsBenchmark(),
    new TenThousandPodsBenchmark(),
    new WatchersBenchmark(),
    new EtcdBenchmark(),
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
        foreach (var figure in await benchmark.MeasureAsync(interrupted.Token))
        {
            Console.WriteLine($"{(figure.IsReached ? "reached" : "MISSED "),-8} {figure.Name,-48} {figure.Measured,-24} target {figure.Target}");
            missed += figure.IsReached ? 0 : 1;
        }
    }
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    return 130;
}

Console.WriteLine($"load at the end {string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3])}");

return missed == 0 ? 0 : 1;

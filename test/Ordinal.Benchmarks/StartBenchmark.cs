using System.Globalization;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Benchmarks;

/// <summary>
/// From the start of the process <c>ordinal run</c> to the first request that a reconcile sends: runtime, connection, six lists and a free lease included. On a
/// real control plane that request's effect is looked for every 5 ms.
/// </summary>
internal sealed class StartBenchmark : IPlaneBenchmark
{
    private const int Starts = 7;
    private static readonly TimeSpan Target = TimeSpan.FromSeconds(1);

    public string Name => "start";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(BenchPlane plane, CancellationToken cancellationToken)
    {
        var watch = new FirstWrite();
        await using var cluster = plane is BenchPlane.Real
            ? await BenchCluster.StartRealAsync(TimeSpan.FromMilliseconds(20), 1, isAudited: false, cancellationToken)
            : await BenchCluster.StartAsync(TimeSpan.FromMilliseconds(20), watch, cancellationToken);
        var times = new Samples();
        var processor = new Samples();
        for (var i = 0; i < Starts; i++)
        {
            // A policy that no operator has seen: its first reconcile writes the finalizer.
            var name = string.Create(CultureInfo.InvariantCulture, $"web-{i}");
            await cluster.CreateSetAsync(name, 1, "Parallel", cancellationToken);
            await cluster.CreatePolicyAsync(name, "Auto", 1, null, cancellationToken);
            var seen = watch.Of($"/rolloutpolicies/{name}");
            var began = TimeProvider.System.GetTimestamp();
            await using var ordinal = OperatorRun.Start(cluster.Kubeconfig);
            var first = plane is BenchPlane.Real ? cluster.UntilReconciledAsync(name, cancellationToken) : seen.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, cancellationToken);
            times.Add(TimeProvider.System.GetElapsedTime(began, await first));
            processor.Add(ordinal.ProcessorTime());
            await cluster.UntilHeldAsync(name, cancellationToken);
        }

        var median = times.Percentile(0.5);
        return
        [
            new Figure(
                $"start to first reconcile, median of {Starts}",
                string.Create(CultureInfo.InvariantCulture, $"{median.TotalSeconds:0.00} s, worst {times.Percentile(1).TotalSeconds:0.00} s, CPU {processor.Percentile(0.5).TotalSeconds:0.00} s"),
                string.Create(CultureInfo.InvariantCulture, $"<= {Target.TotalSeconds:0} s"),
                median <= Target),
        ];
    }

    /// <summary>Notes when the server first sees a PATCH of an object.</summary>
    private sealed class FirstWrite : IApiFaults
    {
        private volatile string path = "";
        private TaskCompletionSource<long> seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<long> Of(string end)
        {
            seen = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            path = end;
            return seen.Task;
        }

        public ValueTask<ApiAnswer?> BeforeAsync(ApiCall apiCall, CancellationToken cancellationToken)
        {
            if (apiCall.Method == "PATCH" && path.Length > 0 && apiCall.Path.EndsWith(path, StringComparison.Ordinal))
            {
                seen.TrySetResult(TimeProvider.System.GetTimestamp());
            }

            return new((ApiAnswer?)null);
        }

        public ValueTask<ApiAnswer> AfterAsync(ApiCall apiCall, ApiAnswer answer, CancellationToken cancellationToken) => new(answer);

        public ValueTask<bool> BeforeFrameAsync(ApiCall apiCall, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) => new(true);
    }
}

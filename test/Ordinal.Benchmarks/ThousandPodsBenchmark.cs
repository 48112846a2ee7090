using System.Globalization;

namespace Ordinal.Benchmarks;

/// <summary>
/// A StatefulSet of 1,000 simulated pods that boot at once, created under Parallel: from the request to its status saying that all are available. Each pod
/// is created, bound, started and told of in requests of its own. A fresh cluster each, as a process of its own.
/// </summary>
internal sealed class ThousandPodsBenchmark : IBenchmark
{
    private const int Pods = 1000;
    private const int Runs = 3;
    private static readonly TimeSpan Target = TimeSpan.FromSeconds(5);

    public string Name => "thousand-pods";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        var times = new Samples();
        var processor = new Samples();
        for (var i = 0; i < Runs; i++)
        {
            await using var cluster = await ClusterRun.StartAsync(3, cancellationToken);
            var before = cluster.ProcessorTime();
            var began = TimeProvider.System.GetTimestamp();
            await cluster.CreateSetAsync("web", Pods, cancellationToken);
            await cluster.UntilAvailableAsync("web", Pods, cancellationToken);
            times.Add(TimeProvider.System.GetElapsedTime(began));
            processor.Add(cluster.ProcessorTime() - before);
        }

        var median = times.Percentile(0.5);
        return
        [
            new Figure(
                string.Create(CultureInfo.InvariantCulture, $"{Pods:N0} pods created and available, median of {Runs}"),
                string.Create(CultureInfo.InvariantCulture, $"{median.TotalSeconds:0.0} s, worst {times.Percentile(1).TotalSeconds:0.0} s, CPU {processor.Percentile(0.5).TotalSeconds:0.0} s"),
                string.Create(CultureInfo.InvariantCulture, $"<= {Target.TotalSeconds:0} s"),
                median <= Target),
        ];
    }
}

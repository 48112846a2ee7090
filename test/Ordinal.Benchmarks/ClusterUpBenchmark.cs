using System.Globalization;

namespace Ordinal.Benchmarks;

/// <summary>From the start of the process <c>ordinal cluster up</c> to the first <c>ok</c> of its <c>/readyz</c>, over HTTPS.</summary>
internal sealed class ClusterUpBenchmark : IBenchmark
{
    private const int Starts = 7;
    private static readonly TimeSpan Target = TimeSpan.FromMilliseconds(600);

    public string Name => "cluster-up";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        var times = new Samples();
        var processor = new Samples();
        for (var i = 0; i < Starts; i++)
        {
            await using var cluster = await ClusterRun.StartAsync(3, cancellationToken);
            times.Add(cluster.ReadyAfter);
            processor.Add(cluster.ProcessorTime());
        }

        var median = times.Percentile(0.5);
        return
        [
            new Figure(
                $"cluster up to /readyz, median of {Starts}",
                string.Create(CultureInfo.InvariantCulture, $"{median.TotalMilliseconds:0} ms, worst {times.Percentile(1).TotalMilliseconds:0} ms, CPU {processor.Percentile(0.5).TotalMilliseconds:0} ms"),
                string.Create(CultureInfo.InvariantCulture, $"<= {Target.TotalMilliseconds:0} ms"),
                median <= Target),
        ];
    }
}

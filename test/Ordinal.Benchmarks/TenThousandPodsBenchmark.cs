using System.Globalization;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Benchmarks;

/// <summary>
/// What 10,000 pods cost the embedded cluster: the resident size of <c>ordinal cluster up</c> while it creates and starts them in ten StatefulSets and
/// once it is at rest, and how long one list of them all takes over HTTPS, read to its last byte.
/// </summary>
internal sealed class TenThousandPodsBenchmark : IBenchmark
{
    private const int Sets = 10;
    private const int PodsPerSet = 1000;
    private const int Lists = 9;
    private const double Target = 400;
    private static readonly TimeSpan ListTarget = TimeSpan.FromMilliseconds(300);

    public string Name => "ten-thousand-pods";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var cluster = await ClusterRun.StartAsync(3, cancellationToken);
        for (var i = 0; i < Sets; i++)
        {
            await cluster.CreateSetAsync(SetName(i), PodsPerSet, cancellationToken);
        }

        for (var i = 0; i < Sets; i++)
        {
            await cluster.UntilAvailableAsync(SetName(i), PodsPerSet, cancellationToken);
        }

        // The highest of some looks: a small one just after a collection proves nothing.
        var settled = 0.0;
        for (var look = 0; look < 10; look++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancellationToken);
            settled = Math.Max(settled, cluster.Resident());
        }

        var highest = cluster.Resident("VmHWM");
        var lists = new Samples();
        var bytes = 0;
        for (var i = 0; i < Lists; i++)
        {
            var began = TimeProvider.System.GetTimestamp();
            var answer = await cluster.Door.SendAsync(new ApiCall("GET", "/api/v1/pods"), cancellationToken);
            lists.Add(TimeProvider.System.GetElapsedTime(began));
            bytes = answer.IsSuccess ? answer.Body.Length : throw new InvalidOperationException($"the list was answered {answer.StatusCode}");
        }

        var median = lists.Percentile(0.5);
        var worst = Math.Max(highest, cluster.Resident("VmHWM"));
        return
        [
            new Figure(
                string.Create(CultureInfo.InvariantCulture, $"list of {Sets * PodsPerSet:N0} pods, median of {Lists}"),
                string.Create(CultureInfo.InvariantCulture, $"{median.TotalMilliseconds:0} ms, worst {lists.Percentile(1).TotalMilliseconds:0} ms, {bytes / 1048576.0:0.0} MiB"),
                string.Create(CultureInfo.InvariantCulture, $"<= {ListTarget.TotalMilliseconds:0} ms"),
                median <= ListTarget),
            new Figure(
                string.Create(CultureInfo.InvariantCulture, $"resident with {Sets * PodsPerSet:N0} pods"),
                string.Create(CultureInfo.InvariantCulture, $"{settled:0} MiB at rest, {highest:0} while they are created, {worst:0} with lists"),
                string.Create(CultureInfo.InvariantCulture, $"<= {Target:0} MiB at its highest"),
                worst <= Target),
        ];
    }

    private static string SetName(int index) => string.Create(CultureInfo.InvariantCulture, $"web-{index}");
}

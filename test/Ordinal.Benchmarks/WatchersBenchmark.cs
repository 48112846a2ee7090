using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Benchmarks;

/// <summary>
/// 1,500 writes a second are offered to <c>ordinal cluster up</c> while 50 clients watch the pods that are written, each on a connection of its own over
/// HTTPS and HTTP/2. An event's age counts from the moment that its write was due, whether or not it could be sent then, to the moment that a watcher has
/// read it. Clients and server share this machine.
/// </summary>
internal sealed class WatchersBenchmark : IBenchmark
{
    private const int Watchers = 50;
    private const int Pods = 50;
    private const int Rate = 1500;
    private const int Seconds = 10;
    private const int Doors = 4;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Target = TimeSpan.FromMilliseconds(100);

    public string Name => "watchers";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var cluster = await ClusterRun.StartAsync(1, cancellationToken);
        var version = "";
        for (var i = 0; i < Pods; i++)
        {
            version = (await CreatePodAsync(cluster.Client, i, cancellationToken)).ResourceVersion;
        }

        // What is compiled on first use is compiled before the measurement.
        await OfferAsync(cluster, version, 2, cancellationToken);
        var before = cluster.ProcessorTime();
        version = (await cluster.Client.ListPageAsync("/api/v1/namespaces/default/pods", "limit=1", cancellationToken)).TextAt("metadata", "resourceVersion")!;
        var (ages, took) = await OfferAsync(cluster, version, Seconds, cancellationToken);
        var processor = cluster.ProcessorTime() - before;
        var rate = Rate * Seconds / took.TotalSeconds;
        return
        [
            ages.Figure(
                string.Create(CultureInfo.InvariantCulture, $"age of an event, {Rate:N0} writes/s, {Watchers} watchers"), 0.99, Target),
            new Figure(
                string.Create(CultureInfo.InvariantCulture, $"writes answered of {Rate:N0} a second offered"),
                string.Create(CultureInfo.InvariantCulture, $"{rate:0}/s, median age {ages.Percentile(0.5).TotalMilliseconds:0.0} ms, CPU {processor.TotalSeconds:0.0} s of {took.TotalSeconds:0.0} s"),
                string.Create(CultureInfo.InvariantCulture, $">= {Rate * 0.99:0}/s"),
                rate >= Rate * 0.99),
        ];
    }

    /// <summary>Offers writes for some seconds; returns the ages of all events, and how long it took until the last write was answered.</summary>
    private static async Task<(Samples Ages, TimeSpan Took)> OfferAsync(ClusterRun cluster, string version, int seconds, CancellationToken cancellationToken)
    {
        var watchers = Enumerable.Range(0, Watchers).Select(_ => new PodWatcher(cluster.Address, Rate * seconds)).ToList();
        var doors = Enumerable.Range(0, Doors).Select(_ => new HttpDoor(cluster.Address, TimeProvider.System)).ToList();
        try
        {
            var reading = new List<Task>();
            foreach (var watcher in watchers)
            {
                reading.Add(await watcher.OpenAsync(version, cancellationToken));
            }

            foreach (var door in doors)
            {
                await door.SendAsync(new ApiCall("GET", "/readyz"), cancellationToken);
            }

            var began = TimeProvider.System.GetTimestamp();
            await WriteAsync(doors, began, Rate * seconds, cancellationToken);
            var took = TimeProvider.System.GetElapsedTime(began);
            await Task.WhenAll(reading).WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, cancellationToken);
            var ages = new Samples();
            foreach (var age in watchers.SelectMany(watcher => watcher.Ages))
            {
                ages.Add(TimeProvider.System.GetElapsedTime(0, age));
            }

            return (ages, took);
        }
        finally
        {
            watchers.ForEach(watcher => watcher.Dispose());
            doors.ForEach(door => door.Dispose());
        }
    }

    private static async Task WriteAsync(List<HttpDoor> doors, long began, int count, CancellationToken cancellationToken)
    {
        var interval = TimeProvider.System.TimestampFrequency / (double)Rate;
        var writes = new List<Task>(count);
        using var timer = new PeriodicTimer(Tick, TimeProvider.System);
        while (writes.Count < count)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            var now = TimeProvider.System.GetTimestamp();
            while (writes.Count < count && began + (long)(writes.Count * interval) is var due && due <= now)
            {
                writes.Add(WriteAsync(doors[writes.Count % doors.Count], PodName(writes.Count % Pods), due, cancellationToken));
            }
        }

        await Task.WhenAll(writes);
    }

    private static async Task WriteAsync(HttpDoor door, string pod, long due, CancellationToken cancellationToken)
    {
        var stamp = due.ToString(CultureInfo.InvariantCulture).PadLeft(PodWatcher.Digits, '0');
        var call = new ApiCall("PATCH", $"/api/v1/namespaces/default/pods/{pod}")
        {
            ContentType = "application/merge-patch+json",
            Body = Encoding.UTF8.GetBytes($$$$"""{"metadata":{"annotations":{"{{{{PodWatcher.Annotation}}}}":"{{{{stamp}}}}"}}}"""),
        };
        var answer = await door.SendAsync(call, cancellationToken);
        if (!answer.IsSuccess)
        {
            throw new InvalidOperationException($"a write was answered {answer.StatusCode}: {Encoding.UTF8.GetString(answer.Body.Span)}");
        }
    }

    private static string PodName(int index) => string.Create(CultureInfo.InvariantCulture, $"pod-{index}");

    /// <summary>Pods that no scheduler looks at: nobody but the measurement writes them.</summary>
    private static Task<KubeObject> CreatePodAsync(ClusterClient client, int index, CancellationToken cancellationToken) => client.CreateAsync(
        ResourceKind.Pods,
        "default",
        new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = PodName(index), ["labels"] = new JsonObject { ["app"] = "bench" } },
            ["spec"] = new JsonObject
            {
                ["schedulerName"] = "nobody",
                ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = "app:v1" }),
            },
        },
        cancellationToken);
}

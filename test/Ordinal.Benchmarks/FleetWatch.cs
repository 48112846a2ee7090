using System.Text.Json;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Benchmarks;

/// <summary>Watches all pods of a real API server for <see cref="FleetJudge"/>. It never begins anew: what it did not see could not be judged.</summary>
internal sealed class FleetWatch : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly Task reading;

    private FleetWatch(IApiFeed feed, FleetJudge judge) => reading = ReadAsync(feed, judge, stopping.Token);

    /// <summary>Opens the watch: of what happens from now on.</summary>
    /// <exception cref="InvalidOperationException">The server refused it.</exception>
    public static async Task<FleetWatch> OpenAsync(ClusterClient client, FleetJudge judge, CancellationToken cancellationToken)
    {
        var path = ResourceKind.Pods.CollectionPath("default");
        var now = (await client.ListPageAsync(path, "limit=1", cancellationToken)).TextAt("metadata", "resourceVersion");
        var opening = await client.Door.OpenAsync(new ApiCall("GET", path, $"watch=true&resourceVersion={now}&timeoutSeconds=7200") { UserAgent = client.UserAgent }, cancellationToken);
        return new FleetWatch(opening.Feed ?? throw new InvalidOperationException($"the watch of pods was refused with {opening.Refused?.StatusCode}"), judge);
    }

    /// <summary>Throws when the watch has ended before its time.</summary>
    /// <exception cref="InvalidOperationException">It has.</exception>
    public void Check()
    {
        if (reading.IsCompleted)
        {
            throw new InvalidOperationException("the watch of pods ended before the rollouts did", reading.Exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await reading.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        stopping.Dispose();
    }

    private static async Task ReadAsync(IApiFeed feed, FleetJudge judge, CancellationToken cancellationToken)
    {
        await using (feed)
        {
            while (await feed.ReadAsync(cancellationToken) is { } frame)
            {
                using var document = JsonDocument.Parse(frame);
                judge.See(document.RootElement.TextAt("type")!, document.RootElement.At("object"));
            }
        }
    }
}

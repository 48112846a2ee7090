using System.Text.Json;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Operating;

/// <summary>
/// Watches the pods of one set, apart from the operator, and keeps count of what was ever away at a time. Its watch may be late, so whoever asks gets an
/// answer only when it has seen everything that had happened when it was asked.
/// </summary>
internal sealed class PodWitness : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly IKubernetesApi api;
    private readonly string pods;
    private readonly int expected;
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, (bool Exists, bool Serves, string Version)> known = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, HashSet<string>> incarnations = new(StringComparer.Ordinal);
    private readonly List<string> gone = [];
    private readonly Task running;
    private int mostAway;

    private PodWitness(IKubernetesApi api, string app, int expected, string ns)
    {
        this.api = api;
        this.expected = expected;
        pods = $"/api/v1/namespaces/{ns}/pods?labelSelector=app%3D{app}";
        running = RunAsync(stopping.Token);
    }

    /// <summary>Starts to watch; returns when it has seen the pods that are there.</summary>
    public static async Task<PodWitness> StartAsync(IKubernetesApi api, string app, int expected, string ns = "default")
    {
        var witness = new PodWitness(api, app, expected, ns);
        try
        {
            await await Task.WhenAny(witness.opened.Task, witness.running);
            await witness.CatchUpAsync();
            return witness;
        }
        catch
        {
            await witness.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns the most pods that were away at a time since all of them were first there.</summary>
    public Task<int> MostAwayAsync() => AnswerAsync(() => mostAway);

    /// <summary>Returns the order in which pods went away.</summary>
    public Task<List<string>> GoneAsync() => AnswerAsync(() => gone.ToList());

    /// <summary>Returns how many incarnations each pod had.</summary>
    public Task<Dictionary<string, int>> IncarnationsAsync() => AnswerAsync(() => incarnations.ToDictionary(pod => pod.Key, pod => pod.Value.Count));

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        stopping.Dispose();
    }

    private async Task<T> AnswerAsync<T>(Func<T> answer)
    {
        await CatchUpAsync();
        lock (gate)
        {
            return answer();
        }
    }

    /// <summary>Waits until the watch has told all that a list tells.</summary>
    private async Task CatchUpAsync()
    {
        using var list = JsonDocument.Parse((await api.SendAsync(new ApiRequest("GET", pods), CancellationToken.None)).Body);
        var version = list.RootElement.Member("metadata").Text("resourceVersion");
        var there = list.RootElement.Member("items").Items().ToDictionary(pod => pod.Member("metadata").Text("name"), pod => pod.Member("metadata").Text("resourceVersion"));
        for (var start = TimeProvider.System.GetTimestamp(); !HasSeen(); await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System))
        {
            if (running.IsCompleted || TimeProvider.System.GetElapsedTime(start) > Patience)
            {
                throw new InvalidOperationException($"the watch of {pods} {(running.IsCompleted ? "has ended" : "tells nothing")}");
            }
        }

        bool HasSeen()
        {
            lock (gate)
            {
                return there.All(pod => known.TryGetValue(pod.Key, out var seen) && ResourceVersions.HasSeen(seen.Version, pod.Value))
                    && known.All(pod => !pod.Value.Exists || there.ContainsKey(pod.Key) || ResourceVersions.HasSeen(pod.Value.Version, version));
            }
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var seenAll = false;
        try
        {
            await using var stream = await api.OpenAsync(new ApiRequest("GET", $"{pods}&watch=true"), cancellationToken);
            opened.TrySetResult();
            while (await stream.ReadLineAsync(cancellationToken) is { } line)
            {
                using var document = JsonDocument.Parse(line);
                var metadata = document.RootElement.Member("object").Member("metadata");
                var name = metadata.Text("name");
                var exists = document.RootElement.Text("type") != "DELETED";
                var serves = exists
                    && metadata.Member("deletionTimestamp").ValueKind is JsonValueKind.Undefined
                    && document.RootElement.Member("object").Member("status").Member("conditions").Items().Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "True");
                lock (gate)
                {
                    (incarnations.TryGetValue(name, out var all) ? all : incarnations[name] = []).Add(metadata.Text("uid"));
                    if (!serves && known.TryGetValue(name, out var before) && before.Serves)
                    {
                        gone.Add(name);
                    }

                    known[name] = (exists, serves, metadata.Text("resourceVersion"));
                    var up = known.Values.Count(each => each.Serves);
                    seenAll |= up == expected;
                    mostAway = seenAll ? Math.Max(mostAway, expected - up) : 0;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}

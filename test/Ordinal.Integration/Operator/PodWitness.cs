using System.Text.Json;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Operating;

/// <summary>Watches the pods of one set, apart from the operator, and keeps count of what was ever away at a time.</summary>
internal sealed class PodWitness : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly SortedDictionary<string, bool> serving = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, HashSet<string>> incarnations = new(StringComparer.Ordinal);
    private readonly int expected;
    private readonly Task running;

    public PodWitness(IKubernetesApi api, string app, int expected, string ns = "default")
    {
        this.expected = expected;
        running = RunAsync(api, $"/api/v1/namespaces/{ns}/pods?watch=true&labelSelector=app%3D{app}", stopping.Token);
    }

    /// <summary>Gets the most pods that were away at a time since all of them were first there.</summary>
    public int MostAway { get; private set; }

    /// <summary>Gets the order in which pods went away.</summary>
    public List<string> Gone { get; } = [];

    /// <summary>Gets how many incarnations each pod had.</summary>
    public IReadOnlyDictionary<string, int> Incarnations => incarnations.ToDictionary(pod => pod.Key, pod => pod.Value.Count);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        stopping.Dispose();
    }

    private async Task RunAsync(IKubernetesApi api, string path, CancellationToken cancellationToken)
    {
        var seenAll = false;
        try
        {
            await using var stream = await api.OpenAsync(new ApiRequest("GET", path), cancellationToken);
            while (await stream.ReadLineAsync(cancellationToken) is { } line)
            {
                using var document = JsonDocument.Parse(line);
                var pod = document.RootElement.Member("object");
                var name = pod.Member("metadata").Text("name");
                var serves = document.RootElement.Text("type") != "DELETED"
                    && pod.Member("metadata").Member("deletionTimestamp").ValueKind is JsonValueKind.Undefined
                    && pod.Member("status").Member("conditions").Items().Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "True");
                (incarnations.TryGetValue(name, out var known) ? known : incarnations[name] = []).Add(pod.Member("metadata").Text("uid"));
                if (serving.GetValueOrDefault(name) && !serves)
                {
                    Gone.Add(name);
                }

                serving[name] = serves;
                var up = serving.Values.Count(each => each);
                seenAll |= up == expected;
                MostAway = seenAll ? Math.Max(MostAway, expected - up) : 0;
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}

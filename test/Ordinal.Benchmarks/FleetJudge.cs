using System.Globalization;
using System.Text.Json;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Benchmarks;

/// <summary>
/// Sees every write that an embedded API server carries out, or every event of a watch on a real one, and keeps a book of which pods of which StatefulSet are
/// away. It shares no code with the operator.
/// </summary>
internal sealed class FleetJudge : IApiFaults
{
    private const string Pods = "/api/v1/namespaces/default/pods";
    private readonly Lock gate = new();
    private readonly Dictionary<string, HashSet<string>> away = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> incarnations = new(StringComparer.Ordinal);
    private int mostAway;
    private int breaches;

    /// <summary>Gets the largest number of pods of one set that were away at one time.</summary>
    public int MostAway => Locked(() => mostAway);

    /// <summary>Gets how often a pod went while another one of its set was away.</summary>
    public int Breaches => Locked(() => breaches);

    /// <summary>Gets how many pods there are or were, and how many incarnations the one has that had most.</summary>
    public (int Pods, int MostIncarnations, int LeastIncarnations) Replaced => Locked(() => (incarnations.Count, incarnations.Values.DefaultIfEmpty().Max(), incarnations.Values.DefaultIfEmpty().Min()));

    /// <summary>Begins anew: all pods are available now.</summary>
    public void Begin() => Locked(() =>
    {
        away.Clear();
        incarnations.Clear();
        return mostAway = breaches = 0;
    });

    public ValueTask<ApiAnswer?> BeforeAsync(ApiCall apiCall, CancellationToken cancellationToken) => new((ApiAnswer?)null);

    public ValueTask<ApiAnswer> AfterAsync(ApiCall apiCall, ApiAnswer answer, CancellationToken cancellationToken)
    {
        if (apiCall.Method != "GET" && answer.IsSuccess && apiCall.Path.StartsWith(Pods, StringComparison.Ordinal))
        {
            using var document = JsonDocument.Parse(answer.Body);
            Take(apiCall, document.RootElement);
        }

        return new(answer);
    }

    public ValueTask<bool> BeforeFrameAsync(ApiCall apiCall, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) => new(true);

    /// <summary>Takes an event of a watch of all pods: a real API server sends one for each write.</summary>
    public void See(string type, JsonElement pod) => Note(pod.TextAt("metadata", "name")!, type != "DELETED" && IsAvailable(pod), isNew: type == "ADDED");

    private static bool IsAvailable(JsonElement pod) => pod.TextAt("metadata", "deletionTimestamp") is null
        && pod.ItemsAt("status", "conditions").Any(condition => condition.TextAt("type") == "Ready" && condition.TextAt("status") == "True");

    private void Take(ApiCall call, JsonElement answer)
    {
        var isPod = answer.TextAt("kind") == "Pod";
        var name = call.Path.Length > Pods.Length ? call.Path[(Pods.Length + 1)..].Split('/')[0] : answer.TextAt("metadata", "name")!;

        // A binding says nothing of readiness; an eviction is answered by a Status, and its pod is terminating from then on.
        var isGoing = call.Method == "DELETE" || call.Path.EndsWith("/eviction", StringComparison.Ordinal);
        if (!isPod && !isGoing)
        {
            return;
        }

        Note(name, isPod && IsAvailable(answer), isNew: call.Method == "POST" && call.Path.Length == Pods.Length);
    }

    private void Note(string name, bool isAvailable, bool isNew) => Locked(() =>
    {
        var set = name[..name.LastIndexOf('-')];
        if (!away.TryGetValue(set, out var ofSet))
        {
            away[set] = ofSet = new HashSet<string>(StringComparer.Ordinal);
        }

        if (isAvailable)
        {
            ofSet.Remove(name);
        }
        else if (ofSet.Add(name) && ofSet.Count > 1)
        {
            breaches++;
        }

        if (isNew)
        {
            incarnations[name] = incarnations.GetValueOrDefault(name) + 1;
        }

        mostAway = Math.Max(mostAway, ofSet.Count);
        return 0;
    });

    private T Locked<T>(Func<T> read)
    {
        lock (gate)
        {
            return read();
        }
    }

    /// <summary>Says what it saw, in a line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Breaches} breaches, at most {MostAway} away");
}

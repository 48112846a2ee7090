using System.Text.Json;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;

namespace Ordinal.Simulation.Operating;

/// <summary>
/// Follows every write that reaches the API server, whoever sent it, and keeps the judge's book of pods and sets. It hears of a write
/// within the step that carried it out, so at the time of an action its book is the truth.
/// </summary>
internal sealed class ClusterTruth(TimeProvider time, Trace trace) : IApiFaults
{
    private static readonly byte[] NoEvent = """{"kind":"Event","apiVersion":"v1","metadata":{"name":"event","namespace":"default","uid":"event","resourceVersion":"1"}}"""u8.ToArray();
    private readonly SortedDictionary<string, SetTruth> sets = new(StringComparer.Ordinal);
    private readonly Dictionary<StoreKey, (long Revision, JsonElement Document)> read = [];

    /// <summary>Gets or sets the store; null until the cluster has started.</summary>
    public RevisionedStore? Store { get; set; }

    /// <summary>Gets or sets what refuses a request of anybody, as a quota or a webhook does; null answers of it, and null itself, refuse nothing.</summary>
    public Func<ApiCall, ApiAnswer?>? Refusal { get; set; }

    /// <summary>Gets or sets a value indicating whether the events of the cluster's own components are kept, for a scenario in which the operator reads them.</summary>
    public bool KeepsEvents { get; set; }

    public IEnumerable<SetTruth> Sets => sets.Values;

    public SetTruth? Find(string name) => sets.GetValueOrDefault(name);

    /// <summary>Begins to follow a set.</summary>
    public void Add(SetPlan plan) => sets[plan.Name] = new SetTruth(plan);

    /// <summary>Reads one object of the one namespace as it is stored; undefined when there is none.</summary>
    public JsonElement Read(string resource, string name, string ns = "default") =>
        Store!.Find(new StoreKey(resource, ns, name)) is { } stored ? DocumentOf(stored) : default;

    /// <summary>Reads all objects of one kind.</summary>
    public IEnumerable<JsonElement> ReadAll(string resource) => Store!.Snapshot(resource, "default").Objects().Select(DocumentOf);

    /// <summary>The events of the cluster's own components are seldom read here, and would be a fifth of all writes: they are answered, and not kept.</summary>
    public ValueTask<ApiAnswer?> BeforeAsync(ApiCall apiCall, CancellationToken cancellationToken) => new(
        Refusal?.Invoke(apiCall) is { } refused ? refused
        : !KeepsEvents && apiCall.Method != "GET" && apiCall.Path.Contains("/events", StringComparison.Ordinal) && apiCall.UserAgent?.StartsWith("kube", StringComparison.Ordinal) is true
            ? new ApiAnswer(200, NoEvent)
            : null);

    public ValueTask<ApiAnswer> AfterAsync(ApiCall apiCall, ApiAnswer answer, CancellationToken cancellationToken)
    {
        if (apiCall.Method != "GET" && answer.IsSuccess && Store is not null)
        {
            // /api/v1/namespaces/default/pods/web-1/status, /apis/apps/v1/namespaces/default/statefulsets/web
            string[] parts = apiCall.Path.Split('/');
            if (parts is [_, "api", "v1", "namespaces", "default", "pods", ..])
            {
                FollowPod(parts.Length > 6 ? parts[6] : JsonElement.Parse(answer.Body.Span).TextAt("metadata", "name")!);
            }
            else if (parts is [_, "apis", "apps", "v1", "namespaces", "default", "statefulsets", ..])
            {
                FollowSet(parts.Length > 7 ? parts[7] : JsonElement.Parse(answer.Body.Span).TextAt("metadata", "name")!);
            }
        }

        return new(answer);
    }

    public ValueTask<bool> BeforeFrameAsync(ApiCall apiCall, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) => new(true);

    /// <summary>Parses each revision of an object once: the judge looks at the same rollout at every write.</summary>
    private JsonElement DocumentOf(StoredObject stored)
    {
        if (!read.TryGetValue(stored.Key, out (long Revision, JsonElement Document) known) || known.Revision != stored.Revision)
        {
            known = (stored.Revision, JsonElement.Parse(stored.Bytes.Span));
            read[stored.Key] = known;
        }

        return known.Document;
    }

    private void FollowPod(string name)
    {
        (string parent, long ordinal) = PodFacts.SplitName(name);
        if (!sets.TryGetValue(parent, out SetTruth? set))
        {
            return;
        }

        DateTimeOffset now = time.GetUtcNow();
        string before = set.Pods.TryGetValue(ordinal, out PodTruth? known) ? Words(known) : "";
        PodTruth truth = set.Take(ordinal, Read("pods", name), now);
        string after = Words(truth);
        if (after != before)
        {
            trace.Add("pod", $"{name} {after}");
        }
    }

    private void FollowSet(string name)
    {
        if (sets.TryGetValue(name, out SetTruth? set))
        {
            set.Take(Read("statefulsets.apps", name), time.GetUtcNow());
        }
    }

    private static string Words(PodTruth pod) => pod.Uid.Length == 0
        ? "gone"
        : $"{pod.Revision} {(pod.IsTerminating ? "terminating" : pod.ReadySince is not null ? "ready" : "not ready")} {pod.Uid[..8]}";
}

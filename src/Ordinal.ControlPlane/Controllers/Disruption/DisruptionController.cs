using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.Disruption;

/// <summary>
/// Keeps the status of PodDisruptionBudgets, from which the API server grants evictions. A granted eviction stands in
/// <c>disruptedPods</c> until its pod is terminating; one whose pod is not deleted counts as away for two minutes.
/// </summary>
public sealed class DisruptionController : KeyedController<ObjectKey>
{
    private static readonly TimeSpan DeletionTimeout = TimeSpan.FromMinutes(2);
    private readonly ClusterClient client;
    private readonly ObjectStore budgets;
    private readonly ObjectStore pods;
    private readonly ObjectStore sets;
    private readonly EventRecorder events;

    /// <summary>Makes the controller and asks for the kinds that it reads.</summary>
    public DisruptionController(ClusterClient client, ClusterCache cache, TimeProvider timeProvider, ILogger logger)
        : base("disruption", timeProvider, logger)
    {
        this.client = client;
        budgets = cache.Of(ResourceKind.DisruptionBudgets);
        pods = cache.Of(ResourceKind.Pods);
        sets = cache.Of(ResourceKind.StatefulSets);
        events = new EventRecorder(client, "controllermanager", "", timeProvider, logger);
        budgets.Subscribe(change => Queue.Add(change.Latest.Key));
        pods.Subscribe(change => WakeAll(change.Latest.Namespace));
        sets.Subscribe(change => WakeAll(change.Latest.Namespace));
    }

    /// <inheritdoc/>
    protected override async Task SyncAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (budgets.Get(key) is not { } budget)
        {
            return;
        }

        LabelSelector selector;
        try
        {
            selector = LabelSelector.Read(budget.Root.At("spec", "selector"));
        }
        catch (FormatException)
        {
            return;
        }

        ImmutableArray<KubeObject> matching = [.. pods.List(key.Namespace).Where(pod => selector.Matches(pod.Labels))];
        (SortedDictionary<string, string> disrupted, TimeSpan? recheck) = Disrupted(budget, matching);
        long healthy = matching.Count(pod => !pod.IsTerminating && PodFacts.Of(pod).HasReadyCondition && !disrupted.ContainsKey(pod.Name));
        JsonElement spec = budget.Root.At("spec");
        long? scale = DisruptionArithmetic.NeedsScale(spec) ? Scale(matching) : 0;
        DisruptionCounts counts = scale is { } known
            ? DisruptionArithmetic.Count(spec, matching.Length, known, healthy)
            : new DisruptionCounts(0, 0, healthy, 0);
        string reason = scale is null ? "SyncFailed" : counts.Allowed > 0 ? "SufficientPods" : "InsufficientPods";
        await WriteAsync(budget, counts, disrupted, reason, cancellationToken);
        if (recheck is { } soon)
        {
            Queue.AddAfter(key, soon);
        }
    }

    private void WakeAll(string @namespace)
    {
        foreach (KubeObject budget in budgets.List(@namespace))
        {
            Queue.Add(budget.Key);
        }
    }

    /// <summary>Sums the replicas of the pods' controllers; null when one of them is of a kind that has no scale here.</summary>
    private long? Scale(ImmutableArray<KubeObject> matching)
    {
        Dictionary<string, long> replicas = new(StringComparer.Ordinal);
        foreach (KubeObject pod in matching)
        {
            if (pod.Controller is not { Kind: "StatefulSet" } owner
                || sets.Get(new ObjectKey(pod.Namespace, owner.Name)) is not { } set
                || set.Uid != owner.Uid)
            {
                return null;
            }

            replicas[owner.Uid] = set.Root.NumberAt("spec", "replicas") ?? 1;
        }

        return replicas.Values.Sum();
    }

    private (SortedDictionary<string, string> Disrupted, TimeSpan? Recheck) Disrupted(KubeObject budget, ImmutableArray<KubeObject> matching)
    {
        SortedDictionary<string, string> disrupted = new(StringComparer.Ordinal);
        TimeSpan? recheck = null;
        DateTimeOffset now = Clock.GetUtcNow();
        foreach ((string name, string since) in budget.Root.MapAt("status", "disruptedPods"))
        {
            KubeObject? pod = matching.FirstOrDefault(pod => pod.Name == name);
            if (pod is null || pod.IsTerminating || budget.Root.TimeAt("status", "disruptedPods", name) is not { } time)
            {
                continue;
            }

            TimeSpan left = time + DeletionTimeout - now;
            if (left <= TimeSpan.Zero)
            {
                events.Publish(ResourceKind.Pods, pod, "Warning", "NotDeleted", $"Pod was expected by PDB {budget.Key} to be deleted but it wasn't");
                continue;
            }

            disrupted[name] = since;
            recheck = recheck is null || left < recheck ? left : recheck;
        }

        return (disrupted, recheck);
    }

    private async Task WriteAsync(KubeObject budget, DisruptionCounts counts, SortedDictionary<string, string> disrupted, string reason, CancellationToken cancellationToken)
    {
        JsonElement before = budget.Root.At("status");
        JsonElement condition = before.ItemsAt("conditions").FirstOrDefault(entry => entry.TextAt("type") == "DisruptionAllowed");
        if (before.NumberAt("observedGeneration") == budget.Generation
            && before.NumberAt("expectedPods") == counts.Expected
            && before.NumberAt("desiredHealthy") == counts.Desired
            && before.NumberAt("currentHealthy") == counts.Healthy
            && before.NumberAt("disruptionsAllowed") == counts.Allowed
            && before.MapAt("disruptedPods").SequenceEqual(disrupted)
            && condition.TextAt("reason") == reason)
        {
            return;
        }

        JsonObject document = budget.ToMutable();
        JsonObject status = document["status"] as JsonObject ?? [];
        document["status"] = status;
        status["observedGeneration"] = budget.Generation;
        status["expectedPods"] = counts.Expected;
        status["desiredHealthy"] = counts.Desired;
        status["currentHealthy"] = counts.Healthy;
        status["disruptionsAllowed"] = counts.Allowed;
        status.Remove("disruptedPods");
        if (disrupted.Count > 0)
        {
            JsonObject names = [];
            foreach ((string name, string since) in disrupted)
            {
                names[name] = since;
            }

            status["disruptedPods"] = names;
        }

        string state = reason == "SufficientPods" ? "True" : "False";
        JsonArray conditions = [.. before.ItemsAt("conditions").Where(entry => entry.TextAt("type") != "DisruptionAllowed").Select(entry => JsonNode.Parse(entry.GetRawText()))];
        conditions.Add(new JsonObject
        {
            ["type"] = "DisruptionAllowed",
            ["status"] = state,
            ["reason"] = reason,
            ["message"] = reason == "SyncFailed" ? "a pod's controller has no scale subresource" : "",
            ["observedGeneration"] = budget.Generation,
            ["lastTransitionTime"] = condition.TextAt("status") == state ? condition.TextAt("lastTransitionTime") : Timestamp.Of(Clock),
        });
        status["conditions"] = conditions;
        try
        {
            await client.ReplaceAsync(ResourceKind.DisruptionBudgets, budget.Key, document, "status", cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsNotFound)
        {
            // Deleted meanwhile.
        }
    }
}

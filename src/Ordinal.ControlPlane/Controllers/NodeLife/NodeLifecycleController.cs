using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers.Scheduling;
using Ordinal.ControlPlane.Nodes;

namespace Ordinal.ControlPlane.Controllers.NodeLife;

/// <summary>
/// Declares a node unknown whose kubelet has been silent for the grace period, keeps the taints that follow from a node's state
/// (cordoned, not ready, unreachable), and takes Ready from the pods of a node that is not. Zones, and slower eviction when much of a
/// zone is lost, are not looked at.
/// </summary>
public sealed class NodeLifecycleController : KeyedController<ObjectKey>
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly string[] OwnTaints = [Taints.Unschedulable, Taints.NotReady, Taints.Unreachable];

    private readonly ClusterClient client;
    private readonly TimeSpan? gracePeriod;
    private readonly ObjectStore nodes;
    private readonly ObjectStore leases;
    private readonly ObjectStore pods;
    private readonly EventRecorder events;
    private readonly Lock gate = new();
    private readonly Dictionary<string, (string Sign, DateTimeOffset At)> seen = new(StringComparer.Ordinal);

    /// <summary>Makes the controller and asks for the kinds that it reads.</summary>
    /// <param name="gracePeriod">How long a node may be silent; null for ever, for nodes without heartbeats.</param>
    public NodeLifecycleController(ClusterClient client, ClusterCache cache, TimeSpan? gracePeriod, TimeProvider timeProvider, ILogger logger)
        : base("node-lifecycle", timeProvider, logger)
    {
        this.client = client;
        this.gracePeriod = gracePeriod;
        nodes = cache.Of(ResourceKind.Nodes);
        leases = cache.Of(ResourceKind.Leases);
        pods = cache.Of(ResourceKind.Pods);
        events = new EventRecorder(client, "node-controller", "", timeProvider, logger);
        nodes.Subscribe(change => Queue.Add(change.Latest.Key));
        pods.Subscribe(change =>
        {
            // A pod that was bound to a node as it was lost.
            if (change.After is { } pod && pod.Root.TextAt("spec", "nodeName") is { Length: > 0 } node && PodFacts.Of(pod).HasReadyCondition)
            {
                KubeObject? its = nodes.Get(new ObjectKey("", node));
                if (its is not null && ReadyStatus(its) != "True")
                {
                    Queue.Add(its.Key);
                }
            }
        });
    }

    /// <inheritdoc/>
    protected override async Task SyncAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (nodes.Get(key) is not { } node)
        {
            lock (gate)
            {
                seen.Remove(key.Name);
            }

            return;
        }

        if (gracePeriod is { } grace)
        {
            Queue.AddAfter(key, Period);
            if (IsSilent(node, grace) && ReadyStatus(node) != "Unknown")
            {
                node = await DeclareUnknownAsync(node, cancellationToken);
            }
        }

        await KeepTaintsAsync(node, cancellationToken);
        if (ReadyStatus(node) != "True")
        {
            await TakeReadyAsync(node, cancellationToken);
        }
    }

    private static string ReadyStatus(KubeObject node) => Ready(node).TextAt("status") ?? "Unknown";

    private static JsonElement Ready(KubeObject node) => node.Root.ItemsAt("status", "conditions").FirstOrDefault(condition => condition.TextAt("type") == "Ready");

    /// <summary>Measures on our own clock since a sign of life last changed, so that no two clocks are compared.</summary>
    private bool IsSilent(KubeObject node, TimeSpan grace)
    {
        string renewed = leases.Get(new ObjectKey(NodeHeartbeat.LeaseNamespace, node.Name))?.Root.TextAt("spec", "renewTime") ?? "";
        string sign = $"{renewed}/{Ready(node).TextAt("lastHeartbeatTime")}";
        DateTimeOffset now = Clock.GetUtcNow();
        lock (gate)
        {
            if (!seen.TryGetValue(node.Name, out (string Sign, DateTimeOffset At) last) || last.Sign != sign)
            {
                seen[node.Name] = (sign, now);
                return false;
            }

            return now - last.At > grace;
        }
    }

    private async Task<KubeObject> DeclareUnknownAsync(KubeObject node, CancellationToken cancellationToken)
    {
        string now = Timestamp.Of(Clock);
        JsonArray conditions = new([.. node.Root.ItemsAt("status", "conditions")
            .Where(condition => condition.TextAt("status") != "Unknown")
            .Select(condition => new JsonObject
            {
                ["type"] = condition.TextAt("type"),
                ["status"] = "Unknown",
                ["reason"] = "NodeStatusUnknown",
                ["message"] = "Kubelet stopped posting node status.",
                ["lastTransitionTime"] = now,
            })]);
        KubeObject unknown = await client.StrategicPatchAsync(
            ResourceKind.Nodes, node.Key, new JsonObject { ["status"] = new JsonObject { ["conditions"] = conditions } }, "status", cancellationToken);
        events.Publish(ResourceKind.Nodes, unknown, "Normal", "NodeNotReady", $"Node {node.Name} status is now: NodeNotReady");
        return unknown;
    }

    private async Task KeepTaintsAsync(KubeObject node, CancellationToken cancellationToken)
    {
        List<(string Key, string Effect)> wanted = [];
        if (node.Root.FlagAt("spec", "unschedulable") is true)
        {
            wanted.Add((Taints.Unschedulable, "NoSchedule"));
        }

        string? lost = ReadyStatus(node) switch
        {
            "True" => null,
            "False" => Taints.NotReady,
            _ => Taints.Unreachable,
        };
        if (lost is not null)
        {
            wanted.Add((lost, "NoSchedule"));
            wanted.Add((lost, "NoExecute"));
        }

        JsonElement[] present = [.. node.Root.ItemsAt("spec", "taints")];
        (string, string)[] ours = [.. present.Where(IsOurs).Select(taint => (taint.TextAt("key")!, taint.TextAt("effect") ?? ""))];
        if (ours.Order().SequenceEqual(wanted.Order()))
        {
            return;
        }

        string now = Timestamp.Of(Clock);
        JsonArray taints = new([.. present.Where(taint => !IsOurs(taint)).Select(taint => JsonNode.Parse(taint.GetRawText()))]);
        foreach ((string taintKey, string effect) in wanted)
        {
            JsonElement before = present.FirstOrDefault(taint => taint.TextAt("key") == taintKey && taint.TextAt("effect") == effect);
            JsonObject taint = new() { ["key"] = taintKey, ["effect"] = effect };
            if (before.TextAt("timeAdded") is { } since || before.ValueKind is JsonValueKind.Undefined)
            {
                taint["timeAdded"] = before.TextAt("timeAdded") ?? now;
            }

            taints.Add((JsonNode)taint);
        }

        JsonObject patch = new()
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = node.ResourceVersion },
            ["spec"] = new JsonObject { ["taints"] = taints.Count > 0 ? taints : null },
        };
        await client.MergePatchAsync(ResourceKind.Nodes, node.Key, patch, "", cancellationToken);
    }

    private static bool IsOurs(JsonElement taint) => OwnTaints.Contains(taint.TextAt("key"));

    private async Task TakeReadyAsync(KubeObject node, CancellationToken cancellationToken)
    {
        foreach (KubeObject pod in pods.List().Where(pod => pod.Root.TextAt("spec", "nodeName") == node.Name && PodFacts.Of(pod).HasReadyCondition))
        {
            JsonObject condition = new() { ["type"] = "Ready", ["status"] = "False", ["lastTransitionTime"] = Timestamp.Of(Clock) };
            JsonObject patch = new()
            {
                ["metadata"] = new JsonObject { ["uid"] = pod.Uid },
                ["status"] = new JsonObject { ["conditions"] = new JsonArray(condition) },
            };
            try
            {
                await client.StrategicPatchAsync(ResourceKind.Pods, pod.Key, patch, "status", cancellationToken);
                events.Publish(ResourceKind.Pods, pod, "Warning", "NodeNotReady", "Node is not ready");
            }
            catch (ApiFailureException failure) when (failure.IsNotFound || failure.StatusCode is 409)
            {
                // It has gone meanwhile.
            }
        }
    }
}

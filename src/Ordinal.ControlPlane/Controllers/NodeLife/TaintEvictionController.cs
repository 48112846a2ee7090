using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers.Scheduling;

namespace Ordinal.ControlPlane.Controllers.NodeLife;

/// <summary>
/// Deletes the pods of a node with a NoExecute taint that they do not tolerate, or no longer tolerate. It asks no disruption budget, as
/// the real one does not.
/// </summary>
public sealed class TaintEvictionController : KeyedController<ObjectKey>
{
    private readonly ClusterClient client;
    private readonly ObjectStore nodes;
    private readonly ObjectStore pods;
    private readonly EventRecorder events;
    private readonly Lock gate = new();
    private readonly Dictionary<string, DateTimeOffset> since = new(StringComparer.Ordinal);

    /// <summary>Makes the controller and asks for the kinds that it reads.</summary>
    public TaintEvictionController(ClusterClient client, ClusterCache cache, TimeProvider timeProvider, ILogger logger)
        : base("taint-eviction", timeProvider, logger)
    {
        this.client = client;
        nodes = cache.Of(ResourceKind.Nodes);
        pods = cache.Of(ResourceKind.Pods);
        events = new EventRecorder(client, "taint-eviction-controller", "", timeProvider, logger);
        nodes.Subscribe(change =>
        {
            if (NoExecute(change.Latest).Length > 0 || (change.Before is { } before && NoExecute(before).Length > 0))
            {
                foreach (KubeObject pod in pods.List().Where(pod => pod.Root.TextAt("spec", "nodeName") == change.Latest.Name))
                {
                    Queue.Add(pod.Key);
                }
            }
        });
        pods.Subscribe(change =>
        {
            if (change.After is null)
            {
                Forget(change.Latest.Uid);
            }
            else if (change.After is { } pod && pod.Root.TextAt("spec", "nodeName") is { Length: > 0 } node
                && nodes.Get(new ObjectKey("", node)) is { } its && NoExecute(its).Length > 0)
            {
                Queue.Add(pod.Key);
            }
        });
    }

    /// <inheritdoc/>
    protected override async Task SyncAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (pods.Get(key) is not { IsTerminating: false } pod
            || nodes.Get(new ObjectKey("", pod.Root.TextAt("spec", "nodeName") ?? "")) is not { } node)
        {
            return;
        }

        JsonElement[] taints = NoExecute(node);
        if (taints.Length == 0)
        {
            Forget(pod.Uid);
            return;
        }

        DateTimeOffset now = Clock.GetUtcNow();
        if (Since(key, pod.Uid, now) is not { } from)
        {
            return;
        }

        DateTimeOffset? due = null;
        foreach (JsonElement taint in taints)
        {
            JsonElement toleration = Taints.Toleration(pod, taint);
            DateTimeOffset? until = toleration.ValueKind is JsonValueKind.Undefined ? from
                : toleration.NumberAt("tolerationSeconds") is { } seconds ? from.AddSeconds(Math.Clamp(seconds, 0, 3.15e7))
                : null;
            due = until is { } end && (due is null || end < due) ? end : due;
        }

        if (due is not { } at)
        {
            return;
        }

        if (at > now)
        {
            Queue.AddAfter(key, at - now);
            return;
        }

        await EvictAsync(pod, cancellationToken);
    }

    /// <summary>The time runs from when the taint was first seen, as in the real one: a taint that a person makes tells no time. Null: the pod is gone.</summary>
    private DateTimeOffset? Since(ObjectKey key, string uid, DateTimeOffset now)
    {
        lock (gate)
        {
            // Under the lock: the store tells that a pod is gone after it has ceased to show it, so what is noted here is forgotten then.
            if (pods.Get(key)?.Uid != uid)
            {
                return null;
            }

            if (!since.TryGetValue(uid, out DateTimeOffset from))
            {
                since[uid] = from = now;
            }

            return from;
        }
    }

    private void Forget(string uid)
    {
        lock (gate)
        {
            since.Remove(uid);
        }
    }

    private static JsonElement[] NoExecute(KubeObject node) => [.. node.Root.ItemsAt("spec", "taints").Where(taint => taint.TextAt("effect") == "NoExecute")];

    private async Task EvictAsync(KubeObject pod, CancellationToken cancellationToken)
    {
        events.Publish(ResourceKind.Pods, pod, "Normal", "TaintManagerEviction", $"Marking for deletion Pod {pod.Key}");
        try
        {
            await client.StrategicPatchAsync(
                ResourceKind.Pods, pod.Key, DisruptionTarget.Patch(pod, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint", Clock), "status", cancellationToken);
            await client.DeleteAsync(ResourceKind.Pods, pod.Key, pod.Uid, null, null, cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsNotFound || failure.StatusCode is 409)
        {
            // It has gone meanwhile.
        }
    }
}

/// <summary>The condition with which a controller says why it deletes a pod.</summary>
internal static class DisruptionTarget
{
    public static JsonObject Patch(KubeObject pod, string reason, string message, TimeProvider clock) => new()
    {
        ["metadata"] = new JsonObject { ["uid"] = pod.Uid },
        ["status"] = new JsonObject
        {
            ["conditions"] = new JsonArray(new JsonObject
            {
                ["type"] = "DisruptionTarget",
                ["status"] = "True",
                ["reason"] = reason,
                ["message"] = message,
                ["lastTransitionTime"] = Timestamp.Of(clock),
            }),
        },
    };
}

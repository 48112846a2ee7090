using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Nodes.Simulated;

namespace Ordinal.ControlPlane.Controllers.Cluster;

/// <summary>
/// Binds pending pods to nodes: among the nodes that are ready, schedulable and match the pod's nodeSelector, the one with the fewest
/// pods, the first by name among equals. Resources, taints and affinities are not looked at.
/// </summary>
public sealed class Scheduler : KeyedController<ObjectKey>
{
    private readonly ClusterClient client;
    private readonly ObjectStore pods;
    private readonly ObjectStore nodes;
    private readonly EventRecorder events;
    private readonly Lock gate = new();
    private readonly Dictionary<string, string> assumed = [];

    /// <summary>Makes the scheduler and asks for the kinds that it reads.</summary>
    public Scheduler(ClusterClient client, ClusterCache cache, TimeProvider timeProvider, ILogger logger)
        : base("scheduler", timeProvider, logger)
    {
        this.client = client;
        pods = cache.Of(ResourceKind.Pods);
        nodes = cache.Of(ResourceKind.Nodes);
        events = new EventRecorder(client, "default-scheduler", "", timeProvider, logger);
        pods.Subscribe(PodChanged);
        nodes.Subscribe(_ =>
        {
            foreach (KubeObject pod in pods.List().Where(IsWaiting))
            {
                Queue.Add(pod.Key);
            }
        });
    }

    /// <inheritdoc/>
    protected override async Task SyncAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (pods.Get(key) is not { } pod || !IsWaiting(pod))
        {
            return;
        }

        string? node;
        lock (gate)
        {
            if (assumed.ContainsKey(pod.Uid))
            {
                return;
            }

            node = pod.Annotations.GetValueOrDefault(SimulatedScript.FailAnnotation) == nameof(SimulatedFailure.Unschedulable) ? null : Choose(pod);
            if (node is not null)
            {
                assumed[pod.Uid] = node;
            }
        }

        if (node is null)
        {
            await RefuseAsync(pod, cancellationToken);
            return;
        }

        try
        {
            await BindAsync(pod, node, cancellationToken);
        }
        catch
        {
            lock (gate)
            {
                assumed.Remove(pod.Uid);
            }

            throw;
        }
    }

    private static bool IsWaiting(KubeObject pod) =>
        !pod.IsTerminating
        && pod.Root.TextAt("spec", "nodeName") is null or ""
        && (pod.Root.TextAt("spec", "schedulerName") ?? "default-scheduler") == "default-scheduler"
        && pod.Root.TextAt("status", "phase") is null or "" or "Pending";

    private void PodChanged(StoreChange change)
    {
        KubeObject pod = change.Latest;
        if (change.After is null || pod.Root.TextAt("spec", "nodeName") is { Length: > 0 })
        {
            lock (gate)
            {
                assumed.Remove(pod.Uid);
            }
        }
        else
        {
            Queue.Add(pod.Key);
        }
    }

    private string? Choose(KubeObject pod)
    {
        SortedDictionary<string, string> selector = pod.Root.MapAt("spec", "nodeSelector");
        Dictionary<string, int> load = new(StringComparer.Ordinal);
        foreach (KubeObject other in pods.List().Where(other => other.Root.TextAt("status", "phase") is not ("Failed" or "Succeeded")))
        {
            string name = other.Root.TextAt("spec", "nodeName") ?? assumed.GetValueOrDefault(other.Uid) ?? "";
            load[name] = load.GetValueOrDefault(name) + 1;
        }

        return nodes.List()
            .Where(node => IsReady(node) && selector.All(wanted => node.Labels.GetValueOrDefault(wanted.Key) == wanted.Value))
            .OrderBy(node => load.GetValueOrDefault(node.Name))
            .ThenBy(node => node.Name, StringComparer.Ordinal)
            .FirstOrDefault()?.Name;
    }

    private static bool IsReady(KubeObject node)
    {
        JsonElement ready = node.Root.ItemsAt("status", "conditions").FirstOrDefault(condition => condition.TextAt("type") == "Ready");
        return !node.IsTerminating && node.Root.FlagAt("spec", "unschedulable") is not true && ready.TextAt("status") == "True";
    }

    private async Task BindAsync(KubeObject pod, string node, CancellationToken cancellationToken)
    {
        JsonObject binding = new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Binding",
            ["metadata"] = new JsonObject { ["name"] = pod.Name, ["namespace"] = pod.Namespace, ["uid"] = pod.Uid },
            ["target"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = node },
        };
        try
        {
            await client.PostAsync(ResourceKind.Pods, pod.Key, "binding", binding, cancellationToken);
            events.Publish(ResourceKind.Pods, pod, "Normal", "Scheduled", $"Successfully assigned {pod.Key} to {node}");
        }
        catch (ApiFailureException failure) when (failure.IsNotFound)
        {
            // It was deleted meanwhile; the watch will tell.
        }
    }

    private async Task RefuseAsync(KubeObject pod, CancellationToken cancellationToken)
    {
        JsonElement known = pod.Root.ItemsAt("status", "conditions").FirstOrDefault(condition => condition.TextAt("type") == "PodScheduled");
        if (known.TextAt("reason") == "Unschedulable")
        {
            return;
        }

        string message = $"0/{nodes.List().Length} nodes are available";
        JsonObject condition = new()
        {
            ["type"] = "PodScheduled",
            ["status"] = "False",
            ["reason"] = "Unschedulable",
            ["message"] = message,
            ["lastTransitionTime"] = Timestamp.Of(Clock),
        };
        JsonObject patch = new()
        {
            ["metadata"] = new JsonObject { ["uid"] = pod.Uid },
            ["status"] = new JsonObject { ["conditions"] = new JsonArray(condition) },
        };
        await client.StrategicPatchAsync(ResourceKind.Pods, pod.Key, patch, "status", cancellationToken);
        events.Publish(ResourceKind.Pods, pod, "Warning", "FailedScheduling", message);
    }
}

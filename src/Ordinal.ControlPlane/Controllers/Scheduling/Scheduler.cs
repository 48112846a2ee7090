using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Nodes.Simulated;

namespace Ordinal.ControlPlane.Controllers.Scheduling;

/// <summary>
/// Binds pending pods to nodes: among the nodes that fit (<see cref="NodeFit"/>), the one with the fewest pods, the first by name among
/// equals. A pod that no node takes says why, in the real scheduler's words, and is tried again when nodes change or pods go. Nothing
/// is preempted.
/// </summary>
public sealed class Scheduler : KeyedController<ObjectKey>
{
    private readonly ClusterClient client;
    private readonly ObjectStore pods;
    private readonly ObjectStore nodes;
    private readonly Scenario scenario;
    private readonly EventRecorder events;
    private readonly Lock gate = new();
    private readonly NodeLoad load = new();
    private readonly HashSet<string> binding = new(StringComparer.Ordinal);
    private readonly HashSet<ObjectKey> refused = [];

    /// <summary>Makes the scheduler and asks for the kinds that it reads.</summary>
    public Scheduler(ClusterClient client, ClusterCache cache, Scenario scenario, TimeProvider timeProvider, ILogger logger)
        : base("scheduler", timeProvider, logger)
    {
        this.client = client;
        this.scenario = scenario;
        pods = cache.Of(ResourceKind.Pods);
        nodes = cache.Of(ResourceKind.Nodes);
        events = new EventRecorder(client, "default-scheduler", "", timeProvider, logger);
        pods.Subscribe(PodChanged);
        nodes.Subscribe(_ => TryRefusedAgain());
    }

    /// <inheritdoc/>
    protected override async Task SyncAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        KubeObject? pod;
        string? node;
        string message;
        lock (gate)
        {
            // Read under the lock: what is noted about a pod is forgotten when the store tells that it is gone, which must come after.
            pod = pods.Get(key);
            if (pod is null || !IsWaiting(pod))
            {
                refused.Remove(key);
                return;
            }

            if (binding.Contains(pod.Uid))
            {
                return;
            }

            (node, message) = Choose(pod);
            if (node is not null)
            {
                binding.Add(pod.Uid);
                load.Add(node, PodDemand.Of(pod));
                refused.Remove(key);
            }
            else
            {
                refused.Add(key);
            }
        }

        if (node is null)
        {
            await RefuseAsync(pod, message, cancellationToken);
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
                binding.Remove(pod.Uid);
                load.Remove(pod.Uid);
            }

            throw;
        }
    }

    private static bool IsWaiting(KubeObject pod) =>
        !pod.IsTerminating
        && pod.Root.TextAt("spec", "nodeName") is null or ""
        && (pod.Root.TextAt("spec", "schedulerName") ?? "default-scheduler") == "default-scheduler"
        && !pod.Root.ItemsAt("spec", "schedulingGates").Any()
        && pod.Root.TextAt("status", "phase") is null or "" or "Pending";

    private void PodChanged(StoreChange change)
    {
        KubeObject pod = change.Latest;
        string? node = pod.Root.TextAt("spec", "nodeName");
        bool isOver = change.After is null || pod.Root.TextAt("status", "phase") is "Failed" or "Succeeded";
        bool hasMadeRoom = false;
        lock (gate)
        {
            if (isOver)
            {
                binding.Remove(pod.Uid);
                refused.Remove(pod.Key);
                hasMadeRoom = load.Remove(pod.Uid);
            }
            else if (!string.IsNullOrEmpty(node))
            {
                binding.Remove(pod.Uid);
                if (load.Has(pod.Uid))
                {
                    load.Refresh(pod);
                }
                else
                {
                    load.Add(node, PodDemand.Of(pod));
                }
            }
        }

        if (hasMadeRoom)
        {
            TryRefusedAgain();
        }
        else if (!isOver && string.IsNullOrEmpty(node))
        {
            Queue.Add(pod.Key);
        }
    }

    private void TryRefusedAgain()
    {
        ObjectKey[] again;
        lock (gate)
        {
            again = [.. refused.Order(Comparer<ObjectKey>.Create((left, right) => string.CompareOrdinal(left.ToString(), right.ToString())))];
        }

        foreach (ObjectKey key in again)
        {
            Queue.Add(key);
        }
    }

    private (string? Node, string Message) Choose(KubeObject pod)
    {
        ImmutableArray<KubeObject> all = nodes.List();
        string about = string.Create(CultureInfo.InvariantCulture, $"0/{all.Length} nodes are available");
        if (all.IsEmpty)
        {
            return (null, "no nodes available to schedule pods");
        }

        Dictionary<string, int> reasons = new(StringComparer.Ordinal);
        bool isHopeless = true;
        if (scenario.For(pod, SimulatedRuntime.DefaultScript).Failure is SimulatedFailure.Unschedulable)
        {
            reasons["Insufficient cpu"] = all.Length;
            isHopeless = false;
        }
        else
        {
            PodDemand demand = PodDemand.Of(pod);
            Dictionary<string, KubeObject> byName = all.ToDictionary(node => node.Name, StringComparer.Ordinal);
            string? best = null;
            foreach (KubeObject node in all)
            {
                ImmutableArray<string> refusals = NodeFit.Refusals(demand, node, byName, load);
                if (refusals.IsEmpty && (best is null || load.On(node.Name).Pods < load.On(best).Pods))
                {
                    best = node.Name;
                }

                foreach (string reason in refusals)
                {
                    reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
                    isHopeless &= !reason.StartsWith("Insufficient", StringComparison.Ordinal) && reason != "Too many pods";
                }
            }

            if (best is not null)
            {
                return (best, "");
            }
        }

        string why = string.Join(", ", reasons.Select(reason => string.Create(CultureInfo.InvariantCulture, $"{reason.Value} {reason.Key}")).Order(StringComparer.Ordinal));
        string preemption = isHopeless ? "Preemption is not helpful for scheduling" : "No preemption victims found for incoming pod";
        return (null, string.Create(CultureInfo.InvariantCulture, $"{about}: {why}. no new claims to deallocate, preemption: {about}: {all.Length} {preemption}."));
    }

    private async Task BindAsync(KubeObject pod, string node, CancellationToken cancellationToken)
    {
        JsonObject document = new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Binding",
            ["metadata"] = new JsonObject { ["name"] = pod.Name, ["namespace"] = pod.Namespace, ["uid"] = pod.Uid },
            ["target"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = node },
        };
        try
        {
            await client.PostAsync(ResourceKind.Pods, pod.Key, "binding", document, cancellationToken);
            events.Publish(ResourceKind.Pods, pod, "Normal", "Scheduled", $"Successfully assigned {pod.Key} to {node}");
        }
        catch (ApiFailureException failure) when (failure.IsNotFound)
        {
            // It was deleted meanwhile. The watch will tell, or has told already.
            lock (gate)
            {
                binding.Remove(pod.Uid);
                load.Remove(pod.Uid);
            }
        }
    }

    private async Task RefuseAsync(KubeObject pod, string message, CancellationToken cancellationToken)
    {
        JsonElement known = pod.Root.ItemsAt("status", "conditions").FirstOrDefault(condition => condition.TextAt("type") == "PodScheduled");
        if (known.TextAt("reason") == "Unschedulable" && known.TextAt("message") == message)
        {
            return;
        }

        JsonObject condition = new()
        {
            ["type"] = "PodScheduled",
            ["status"] = "False",
            ["reason"] = "Unschedulable",
            ["message"] = message,
            ["lastTransitionTime"] = known.TextAt("status") == "False" ? known.TextAt("lastTransitionTime") : Timestamp.Of(Clock),
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

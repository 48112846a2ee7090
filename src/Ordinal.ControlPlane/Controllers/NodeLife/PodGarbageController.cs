using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers.Scheduling;

namespace Ordinal.ControlPlane.Controllers.NodeLife;

/// <summary>
/// Removes pods that no kubelet will ever end: those of a node that has been gone for 40 s, those that terminate on a node with the
/// taint <c>node.kubernetes.io/out-of-service</c>, and terminating ones that never had a node.
/// </summary>
public sealed class PodGarbageController : KeyedController<ObjectKey>
{
    private static readonly TimeSpan Quarantine = TimeSpan.FromSeconds(40);
    private readonly ClusterClient client;
    private readonly ObjectStore nodes;
    private readonly ObjectStore pods;
    private readonly Lock gate = new();
    private readonly Dictionary<string, DateTimeOffset> missing = new(StringComparer.Ordinal);

    /// <summary>Makes the controller and asks for the kinds that it reads.</summary>
    public PodGarbageController(ClusterClient client, ClusterCache cache, TimeProvider timeProvider, ILogger logger)
        : base("pod-garbage", timeProvider, logger)
    {
        this.client = client;
        nodes = cache.Of(ResourceKind.Nodes);
        pods = cache.Of(ResourceKind.Pods);
        nodes.Subscribe(change =>
        {
            if (change.After is null || IsOutOfService(change.After))
            {
                AddPodsOf(change.Latest.Name);
            }
            else
            {
                lock (gate)
                {
                    missing.Remove(change.Latest.Name);
                }
            }
        });
        pods.Subscribe(change =>
        {
            if (change.After is { } pod && (NodeOf(pod) is not { } node || IsOutOfService(node)))
            {
                Queue.Add(pod.Key);
            }
        });
    }

    /// <inheritdoc/>
    protected override async Task SyncAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (pods.Get(key) is not { } pod)
        {
            return;
        }

        string name = pod.Root.TextAt("spec", "nodeName") ?? "";
        KubeObject? node = NodeOf(pod);
        if (name.Length == 0)
        {
            if (pod.IsTerminating)
            {
                await RemoveAsync(pod, null, cancellationToken);
            }
        }
        else if (node is not null)
        {
            if (pod.IsTerminating && IsOutOfService(node))
            {
                await RemoveAsync(pod, null, cancellationToken);
            }
        }
        else if (Missed(name) is var since && Clock.GetUtcNow() - since < Quarantine)
        {
            Queue.AddAfter(key, since + Quarantine - Clock.GetUtcNow());
        }
        else if (await client.GetAsync(ResourceKind.Nodes, new ObjectKey("", name), cancellationToken) is null)
        {
            await RemoveAsync(pod, "PodGC: node no longer exists", cancellationToken);
        }
    }

    private static bool IsOutOfService(KubeObject node) => node.Root.ItemsAt("spec", "taints").Any(taint => taint.TextAt("key") == Taints.OutOfService);

    private KubeObject? NodeOf(KubeObject pod) => pod.Root.TextAt("spec", "nodeName") is { Length: > 0 } name ? nodes.Get(new ObjectKey("", name)) : null;

    private void AddPodsOf(string node)
    {
        foreach (KubeObject pod in pods.List().Where(pod => pod.Root.TextAt("spec", "nodeName") == node))
        {
            Queue.Add(pod.Key);
        }
    }

    private DateTimeOffset Missed(string node)
    {
        lock (gate)
        {
            if (!missing.TryGetValue(node, out DateTimeOffset since))
            {
                missing[node] = since = Clock.GetUtcNow();
            }

            return since;
        }
    }

    private async Task RemoveAsync(KubeObject pod, string? why, CancellationToken cancellationToken)
    {
        try
        {
            if (pod.Root.TextAt("status", "phase") is not ("Failed" or "Succeeded"))
            {
                JsonObject patch = why is null
                    ? new JsonObject { ["metadata"] = new JsonObject { ["uid"] = pod.Uid }, ["status"] = new JsonObject() }
                    : DisruptionTarget.Patch(pod, "DeletionByPodGC", why, Clock);
                patch["status"]!["phase"] = "Failed";
                await client.StrategicPatchAsync(ResourceKind.Pods, pod.Key, patch, "status", cancellationToken);
            }

            await client.DeleteAsync(ResourceKind.Pods, pod.Key, pod.Uid, 0, null, cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsNotFound || failure.StatusCode is 409)
        {
            // It has gone meanwhile.
        }
    }
}

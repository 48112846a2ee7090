using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Simulation.Harness;

/// <summary>An embedded cluster in a simulated world, driven from plain synchronous test code, with a log of everything that a watcher saw.</summary>
public sealed class SimulatedCluster
{
    public const string Namespace = "default";
    private static readonly TimeSpan Horizon = TimeSpan.FromMinutes(30);
    private static readonly ResourceKind[] Watched = [ResourceKind.Pods, ResourceKind.StatefulSets, ResourceKind.ControllerRevisions, ResourceKind.Claims, ResourceKind.Events];
    private readonly Dictionary<ResourceKind, ObjectStore> stores = [];
    private readonly List<string> trace = [];

    /// <summary>Starts a cluster.</summary>
    /// <param name="seed">Seed of the world and of the cluster.</param>
    public SimulatedCluster(int seed, EmbeddedClusterOptions? options = null)
    {
        World = new SimulatedWorld(seed);
        Cluster = World.Run(() => EmbeddedCluster.StartAsync((options ?? new EmbeddedClusterOptions()) with { Seed = seed }, World.Time, CancellationToken.None), Horizon);
        Client = new ClusterClient(Cluster.Door, "test");
        foreach (ResourceKind kind in Watched)
        {
            Reflector reflector = new(Client, kind, "", World.Time, new Random(seed));
            stores[kind] = reflector.Store;
            reflector.Store.Subscribe(change => Record(kind, change));
            World.Start(() => reflector.RunAsync(CancellationToken.None));
            World.RunUntil(() => reflector.Store.Synced.IsCompleted, Horizon, "the first list");
        }
    }

    public SimulatedWorld World { get; }

    public EmbeddedCluster Cluster { get; }

    public ClusterClient Client { get; }

    /// <summary>Gets what the watchers saw, one line an event, with the virtual time.</summary>
    public IReadOnlyList<string> Trace => trace;

    /// <summary>Called with every pod event, after the store shows it.</summary>
    public Action<StoreChange>? OnPod { get; set; }

    public ObjectStore Store(ResourceKind kind) => stores[kind];

    public ImmutableArray<KubeObject> Pods => stores[ResourceKind.Pods].List(Namespace);

    public KubeObject? Pod(string name) => stores[ResourceKind.Pods].Get(new ObjectKey(Namespace, name));

    /// <summary>Gets the revision of a pod; null when it is not there.</summary>
    public string? RevisionOf(string pod) => Pod(pod) is { } found ? PodFacts.Of(found).Revision : null;

    public KubeObject Set(string name = "web") => stores[ResourceKind.StatefulSets].Get(new ObjectKey(Namespace, name)) ?? throw new InvalidOperationException($"no StatefulSet {name}");

    public JsonElement Status(string name = "web") => Set(name).Root.At("status");

    /// <summary>Gets the messages of all events about sets, in the order of their last change.</summary>
    public IReadOnlyList<(string Type, string Reason, string Message, long Count)> EventsOnSets() =>
    [
        .. stores[ResourceKind.Events].List(Namespace)
            .Where(item => item.Root.TextAt("involvedObject", "kind") == "StatefulSet")
            .OrderBy(item => KubeObject.VersionNumber(item.ResourceVersion))
            .Select(item => (item.Root.TextAt("type")!, item.Root.TextAt("reason")!, item.Root.TextAt("message")!, item.Root.NumberAt("count") ?? 0)),
    ];

    /// <summary>Sends one request and returns its answer.</summary>
    public ApiAnswer Send(ApiCall call) => World.Run(() => Cluster.Door.SendAsync(call, CancellationToken.None), Horizon);

    public KubeObject Create(ResourceKind kind, JsonObject document) =>
        Seen(kind, World.Run(() => Client.CreateAsync(kind, kind.IsNamespaced ? Namespace : "", document, CancellationToken.None), Horizon));

    /// <summary>Changes an object by a JSON merge patch.</summary>
    public KubeObject Patch(ResourceKind kind, string name, JsonObject patch, string subresource = "") =>
        Seen(kind, World.Run(() => Client.MergePatchAsync(kind, new ObjectKey(kind.IsNamespaced ? Namespace : "", name), patch, subresource, CancellationToken.None), Horizon));

    public KubeObject PatchSet(string patch, string name = "web") => Patch(ResourceKind.StatefulSets, name, JsonNode.Parse(patch)!.AsObject());

    /// <summary>Annotates a pod; null takes the annotation away.</summary>
    public void Annotate(string pod, string annotation, string? value) =>
        Patch(ResourceKind.Pods, pod, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [annotation] = value } } });

    /// <summary>Makes the readiness probe of a simulated pod fail or pass again, and waits until the status says so.</summary>
    public void MakeReady(string pod, bool isReady)
    {
        Annotate(pod, "sim.ordinal.dev/ready", isReady ? null : "false");
        WaitFor($"{pod} ready: {isReady}", () => Pod(pod) is { } found && PodFacts.Of(found).HasReadyCondition == isReady);
    }

    public void Delete(ResourceKind kind, string name, string? propagation = null) =>
        World.Run(() => Client.DeleteAsync(kind, new ObjectKey(kind.IsNamespaced ? Namespace : "", name), null, null, propagation, CancellationToken.None), Horizon);

    /// <summary>Waits for a condition on what the watchers saw.</summary>
    public void WaitFor(string what, Func<bool> condition) => World.RunUntil(condition, Horizon, what);

    /// <summary>Waits until a set has as many pods as it wants, all at one revision and ready, and its status says so.</summary>
    public void WaitForRollout(string name = "web") => WaitFor($"{name} to be rolled out", () =>
    {
        KubeObject set = Set(name);
        JsonElement status = set.Root.At("status");
        long replicas = set.Root.NumberAt("spec", "replicas") ?? 1;
        return status.NumberAt("observedGeneration") == set.Generation
            && status.NumberAt("replicas") == replicas
            && (status.NumberAt("readyReplicas") ?? 0) == replicas
            && (status.NumberAt("updatedReplicas") ?? 0) == replicas
            && status.TextAt("currentRevision") == status.TextAt("updateRevision")
            && ArePods(set, replicas);
    });

    /// <summary>Tells whether the pods' own watch, which may be behind the sets', shows the same.</summary>
    private bool ArePods(KubeObject set, long replicas)
    {
        PodFacts[] owned = [.. Pods.Where(pod => pod.Controller?.Uid == set.Uid).Select(PodFacts.Of)];
        string? revision = set.Root.TextAt("status", "updateRevision");
        return owned.Length == replicas && owned.All(pod => pod is { IsRunningAndReady: true, IsTerminating: false } && pod.Revision == revision);
    }

    /// <summary>Lets a minute pass, in which whatever is under way comes to rest.</summary>
    public void Settle() => World.RunFor(TimeSpan.FromMinutes(1));

    /// <summary>Waits until the test's own watch shows a write.</summary>
    private KubeObject Seen(ResourceKind kind, KubeObject written)
    {
        if (stores.TryGetValue(kind, out ObjectStore? store))
        {
            WaitFor($"the watch to show {written}", () => store.HasSeen(written.ResourceVersion));
        }

        return written;
    }

    private void Record(ResourceKind kind, StoreChange change)
    {
        KubeObject item = change.Latest;
        string what = change.Before is null ? "ADDED" : change.After is null ? "DELETED" : "MODIFIED";
        string detail = kind == ResourceKind.Pods
            ? $"{PodFacts.Of(item).Revision} {PodFacts.Of(item).Phase}{(PodFacts.Of(item).HasReadyCondition ? " ready" : "")}{(item.IsTerminating ? " terminating" : "")}"
            : kind == ResourceKind.Events ? item.Root.TextAt("message") ?? "" : item.Root.At("status") is { ValueKind: JsonValueKind.Object } status ? status.GetRawText() : "";
        trace.Add($"{World.Time.Elapsed.TotalMilliseconds:0} {what} {kind.Kind} {item.Name}@{item.ResourceVersion} {item.Uid} {detail}");
        if (kind == ResourceKind.Pods)
        {
            OnPod?.Invoke(change);
        }
    }
}

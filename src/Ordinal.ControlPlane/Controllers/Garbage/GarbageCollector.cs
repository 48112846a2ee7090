using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers.Cluster;

namespace Ordinal.ControlPlane.Controllers.Garbage;

/// <summary>
/// Deletes what has lost all its owners, and carries out the two finalizers of a deletion: <c>foregroundDeletion</c> (dependents first)
/// and <c>orphan</c> (dependents are let go). An owner counts as gone only when a live read says so: a cache may be behind.
/// </summary>
public sealed class GarbageCollector : KeyedController<ObjectName>
{
    private const string Foreground = "foregroundDeletion";
    private const string Orphan = "orphan";
    private static readonly ResourceKind Definitions = new("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false);

    private static readonly ImmutableArray<ResourceKind> BuiltIn =
    [
        ResourceKind.Pods, ResourceKind.Claims, ResourceKind.ControllerRevisions, ResourceKind.StatefulSets, ResourceKind.Services, ResourceKind.Endpoints, ResourceKind.EndpointSlices,
        ResourceKind.ConfigMaps, ResourceKind.Secrets, ResourceKind.DisruptionBudgets, ResourceKind.Leases, ResourceKind.NetworkPolicies, ResourceKind.Ingresses,
    ];

    private readonly ClusterClient client;
    private readonly Random random;
    private readonly ApiDiscovery discovery;
    private readonly OwnerGraph graph = new();
    private readonly Lock gate = new();
    private readonly Dictionary<ResourceKind, ObjectStore> stores = [];
    private readonly List<(ResourceKind Kind, Reflector Reflector)> waiting = [];
    private readonly HashSet<ResourceKind> custom = [];
    private readonly Nodes.Signal arrived = new();

    /// <summary>Makes the collector and asks for the kinds that it reads; custom kinds are added as they are defined.</summary>
    public GarbageCollector(ClusterClient client, ClusterCache cache, TimeProvider timeProvider, Random random, ILogger logger)
        : base("garbage-collector", timeProvider, logger)
    {
        this.client = client;
        this.random = random;
        discovery = new ApiDiscovery(client);
        foreach (ResourceKind kind in BuiltIn)
        {
            ObjectStore store = cache.Of(kind);
            stores[kind] = store;
            store.Subscribe(change => Take(kind, change));
        }

        cache.Of(Definitions).Subscribe(DefinitionChanged);
    }

    /// <summary>Watches the custom kinds, from their definition on, until the token is cancelled; that is a normal return.</summary>
    public async Task WatchCustomKindsAsync(CancellationToken cancellationToken)
    {
        List<Task> running = [];
        try
        {
            while (true)
            {
                await arrived.WaitAsync(cancellationToken);
                lock (gate)
                {
                    running.AddRange(waiting.Select(entry => entry.Reflector.RunAsync(cancellationToken)));
                    waiting.Clear();
                }
            }
        }
        catch (OperationCanceledException)
        {
        }

        await Task.WhenAll(running);
    }

    /// <inheritdoc/>
    protected override async Task SyncAsync(ObjectName key, CancellationToken cancellationToken)
    {
        ObjectStore store;
        lock (gate)
        {
            store = stores[key.Kind];
        }

        if (store.Get(key.Key) is not { } item)
        {
            return;
        }

        try
        {
            if (!item.IsTerminating)
            {
                await CollectAsync(key, item, cancellationToken);
            }
            else if (HasFinalizer(item, Orphan))
            {
                await OrphanAsync(key, item, cancellationToken);
            }
            else if (HasFinalizer(item, Foreground))
            {
                await DeleteDependentsAsync(key, item, cancellationToken);
            }
        }
        catch (ApiFailureException failure) when (failure.IsNotFound)
        {
            // Gone meanwhile, which is what was wanted.
        }
    }

    private static bool HasFinalizer(KubeObject item, string name) => item.Root.ItemsAt("metadata", "finalizers").Any(known => known.GetString() == name);

    private void DefinitionChanged(StoreChange change)
    {
        JsonElement spec = change.Latest.Root.At("spec");
        JsonElement version = spec.ItemsAt("versions").FirstOrDefault(version => version.FlagAt("served") == true);
        if (change.After is null || version.TextAt("name") is not { } versionName)
        {
            return;
        }

        ResourceKind kind = new($"{spec.TextAt("group")}/{versionName}", spec.TextAt("names", "kind") ?? "", spec.TextAt("names", "plural") ?? "", spec.TextAt("scope") == "Namespaced");
        lock (gate)
        {
            if (!custom.Add(kind))
            {
                return;
            }

            Reflector reflector = new(client, kind, "", Clock, new Random(random.Next()));
            stores[kind] = reflector.Store;
            reflector.Store.Subscribe(changed => Take(kind, changed));
            waiting.Add((kind, reflector));
        }

        arrived.Set();
    }

    private void Take(ResourceKind kind, StoreChange change)
    {
        graph.Take(kind, change);
        KubeObject item = change.Latest;
        if (change.After is not null)
        {
            if (item.Owners.Length > 0 || item.IsTerminating)
            {
                Queue.Add(new ObjectName(kind, item.Key));
            }
        }

        if (change.After is null || item.IsTerminating)
        {
            foreach ((ObjectName name, _) in graph.DependentsOf(item.Uid))
            {
                Queue.Add(name);
            }

            foreach (OwnerReference owner in item.Owners)
            {
                if (graph.Find(owner.Uid) is { } name)
                {
                    Queue.Add(name);
                }
            }
        }
    }

    private async Task CollectAsync(ObjectName name, KubeObject item, CancellationToken cancellationToken)
    {
        if (item.Owners.Length == 0)
        {
            return;
        }

        (List<OwnerReference> solid, bool anyWaits) = await ClassifyAsync(item, cancellationToken);
        if (solid.Count == item.Owners.Length)
        {
            return;
        }

        // An owner is missing. The object is judged again as it is now, for its owner may have let it go just before it went.
        if (await client.GetAsync(name.Kind, name.Key, cancellationToken) is not { } live || live.Uid != item.Uid || live.IsTerminating)
        {
            return;
        }

        (solid, anyWaits) = await ClassifyAsync(live, cancellationToken);
        if (solid.Count == live.Owners.Length)
        {
            return;
        }

        if (solid.Count > 0)
        {
            await WriteOwnersAsync(name, live, solid, cancellationToken);
            return;
        }

        string policy = anyWaits && graph.DependentsOf(live.Uid).Length > 0 ? "Foreground" : HasFinalizer(live, Orphan) ? "Orphan" : "Background";
        await client.DeleteExactlyAsync(name.Kind, live, policy, cancellationToken);
    }

    private async Task<(List<OwnerReference> Solid, bool AnyWaits)> ClassifyAsync(KubeObject item, CancellationToken cancellationToken)
    {
        List<OwnerReference> solid = [];
        bool anyWaits = false;
        foreach (OwnerReference owner in item.Owners)
        {
            KubeObject? found = await FindOwnerAsync(item, owner, cancellationToken);
            if (found is null)
            {
                continue;
            }

            if (found.IsTerminating && HasFinalizer(found, Foreground))
            {
                anyWaits = true;
            }
            else
            {
                solid.Add(owner);
            }
        }

        return (solid, anyWaits);
    }

    private async Task<KubeObject?> FindOwnerAsync(KubeObject item, OwnerReference owner, CancellationToken cancellationToken)
    {
        ResourceKind? kind;
        if (graph.Find(owner.Uid) is { } known)
        {
            kind = known.Kind;
            ObjectStore store;
            lock (gate)
            {
                store = stores[kind];
            }

            if (store.Get(known.Key) is { } cached && cached.Uid == owner.Uid)
            {
                return cached;
            }
        }

        kind = BuiltIn.FirstOrDefault(builtIn => builtIn.ApiVersion == owner.ApiVersion && builtIn.Kind == owner.Kind)
            ?? await discovery.FindAsync(owner.ApiVersion, owner.Kind, cancellationToken)
            ?? throw new SyncFailedException($"the server does not know the owner kind {owner.ApiVersion} {owner.Kind}");
        KubeObject? live = await client.GetAsync(kind, new ObjectKey(kind.IsNamespaced ? item.Namespace : "", owner.Name), cancellationToken);
        return live?.Uid == owner.Uid ? live : null;
    }

    private async Task OrphanAsync(ObjectName name, KubeObject owner, CancellationToken cancellationToken)
    {
        foreach ((ObjectName dependent, KubeObject item) in graph.DependentsOf(owner.Uid))
        {
            try
            {
                await WriteOwnersAsync(dependent, item, item.Owners.Where(reference => reference.Uid != owner.Uid), cancellationToken);
            }
            catch (ApiFailureException failure) when (failure.IsNotFound)
            {
                // Gone meanwhile.
            }
        }

        await RemoveFinalizerAsync(name, owner, Orphan, cancellationToken);
    }

    private async Task DeleteDependentsAsync(ObjectName name, KubeObject owner, CancellationToken cancellationToken)
    {
        ImmutableArray<(ObjectName Name, KubeObject Item)> dependents = graph.DependentsOf(owner.Uid);
        bool isBlocked = false;
        foreach ((ObjectName dependent, KubeObject item) in dependents)
        {
            isBlocked |= item.Owners.Any(reference => reference.Uid == owner.Uid && reference.BlocksOwnerDeletion);
            Queue.Add(dependent);
        }

        if (!isBlocked)
        {
            await RemoveFinalizerAsync(name, owner, Foreground, cancellationToken);
        }
    }

    private async Task RemoveFinalizerAsync(ObjectName name, KubeObject item, string finalizer, CancellationToken cancellationToken)
    {
        JsonArray left = [.. item.Root.ItemsAt("metadata", "finalizers").Where(known => known.GetString() != finalizer).Select(known => JsonValue.Create(known.GetString()))];
        await PatchMetadataAsync(name, item, "finalizers", left, cancellationToken);
    }

    private Task<KubeObject> WriteOwnersAsync(ObjectName name, KubeObject item, IEnumerable<OwnerReference> owners, CancellationToken cancellationToken) =>
        PatchMetadataAsync(name, item, "ownerReferences", [.. owners.Select(owner => owner.ToJson())], cancellationToken);

    private Task<KubeObject> PatchMetadataAsync(ObjectName name, KubeObject item, string member, JsonArray value, CancellationToken cancellationToken)
    {
        // A merge patch replaces the whole list, so it must meet the list that it was computed from.
        JsonObject metadata = new() { ["uid"] = item.Uid, ["resourceVersion"] = item.ResourceVersion, [member] = value };
        return client.MergePatchAsync(name.Kind, name.Key, new JsonObject { ["metadata"] = metadata }, "", cancellationToken);
    }
}

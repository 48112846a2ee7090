using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Controllers.Cluster;

/// <summary>
/// Keeps the EndpointSlices of Services that select pods. As the real one does, it leaves an endpoint in the slice that it is in, fills slices with room
/// before it makes new ones of at most 100, and leaves an empty slice where there is nothing to tell. It follows no topology and mirrors no Endpoints, and
/// the trigger time that it notes is that of its own write.
/// </summary>
public sealed class EndpointSliceController : KeyedController<ObjectKey>
{
    private const string TriggerTime = "endpoints.kubernetes.io/last-change-trigger-time";
    private readonly ClusterClient client;
    private readonly ObjectStore services;
    private readonly ObjectStore slices;
    private readonly ObjectStore pods;
    private readonly ObjectStore nodes;
    private readonly OwnWrites ownWrites = new();

    /// <summary>Makes the controller and asks for the kinds that it reads.</summary>
    public EndpointSliceController(ClusterClient client, ClusterCache cache, TimeProvider timeProvider, ILogger logger)
        : base("endpointslice", timeProvider, logger)
    {
        this.client = client;
        services = cache.Of(ResourceKind.Services);
        slices = cache.Of(ResourceKind.EndpointSlices);
        pods = cache.Of(ResourceKind.Pods);
        nodes = cache.Of(ResourceKind.Nodes);
        services.Subscribe(change => Queue.Add(change.Latest.Key));
        slices.Subscribe(change =>
        {
            if (ServiceOf(change.Latest) is { } service)
            {
                Queue.Add(new ObjectKey(change.Latest.Namespace, service));
            }
        });
        pods.Subscribe(change =>
        {
            foreach (KubeObject service in services.List(change.Latest.Namespace))
            {
                Queue.Add(service.Key);
            }
        });
    }

    /// <inheritdoc/>
    protected override async Task SyncAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        ownWrites.EnsureSeen(key);
        KubeObject[] known = [.. slices.List(key.Namespace).Where(slice => ServiceOf(slice) == key.Name)];
        if (services.Get(key) is not { } service)
        {
            ownWrites.Forget(key);
            foreach (KubeObject slice in known)
            {
                await DeleteAsync(slice, cancellationToken);
            }

            return;
        }

        if (service.IsTerminating || service.Root.MapAt("spec", "selector").Count == 0 || service.Root.TextAt("spec", "type") == "ExternalName")
        {
            return;
        }

        IReadOnlyList<SliceGroup> groups = EndpointSlices.Groups(service, pods.List(key.Namespace), name => nodes.Get(new ObjectKey("", name)));
        if (groups.Count == 0)
        {
            // A slice without endpoints tells that there are none.
            groups = [new SliceGroup([], new SortedDictionary<string, JsonObject>(StringComparer.Ordinal))];
        }

        var left = known.ToList();
        foreach (SliceGroup group in groups)
        {
            await ReconcileAsync(service, group, left, cancellationToken);
        }

        foreach (KubeObject slice in left)
        {
            await DeleteAsync(slice, cancellationToken);
        }
    }

    private static string? ServiceOf(KubeObject slice) =>
        slice.Root.TextAt("metadata", "labels", EndpointSlices.ManagedByLabel) == EndpointSlices.Manager ? slice.Root.TextAt("metadata", "labels", EndpointSlices.ServiceNameLabel) : null;

    /// <summary>Brings the slices of one set of ports to what they should say; those that are kept are taken off the list.</summary>
    private async Task ReconcileAsync(KubeObject service, SliceGroup group, List<KubeObject> left, CancellationToken cancellationToken)
    {
        string ports = Canonical(group.Ports);
        KubeObject[] own = [.. left.Where(slice => Canonical(JsonNode.Parse(slice.Root.At("ports") is { ValueKind: JsonValueKind.Array } known ? known.GetRawText() : "[]")) == ports)];
        var missing = new SortedDictionary<string, JsonObject>(group.Endpoints, StringComparer.Ordinal);
        List<(KubeObject Slice, JsonArray Endpoints)> kept = [];
        foreach (KubeObject slice in own)
        {
            JsonArray endpoints = [];
            foreach (string uid in slice.Root.ItemsAt("endpoints").Select(endpoint => endpoint.TextAt("targetRef", "uid") ?? ""))
            {
                if (missing.Remove(uid, out JsonObject? wanted))
                {
                    endpoints.Add((JsonNode)wanted);
                }
            }

            if (endpoints.Count > 0)
            {
                kept.Add((slice, endpoints));
            }
        }

        if (kept.Count == 0 && own.Length > 0)
        {
            kept.Add((own[0], []));
        }

        foreach ((_, JsonArray endpoints) in kept)
        {
            Fill(endpoints, missing);
        }

        foreach ((KubeObject slice, JsonArray endpoints) in kept)
        {
            left.Remove(slice);
            await UpdateAsync(service, slice, endpoints, cancellationToken);
        }

        while (missing.Count > 0 || kept.Count == 0)
        {
            JsonArray endpoints = [];
            Fill(endpoints, missing);
            KubeObject created = await client.CreateAsync(ResourceKind.EndpointSlices, service.Namespace, Build(service, group.Ports, endpoints), cancellationToken);
            ownWrites.Record(service.Key, slices, created);
            kept.Add((created, endpoints));
        }
    }

    private static void Fill(JsonArray endpoints, SortedDictionary<string, JsonObject> missing)
    {
        foreach ((string uid, JsonObject endpoint) in missing.Take(EndpointSlices.MostEndpoints - endpoints.Count).ToArray())
        {
            missing.Remove(uid);
            endpoints.Add((JsonNode)endpoint);
        }
    }

    private JsonObject Build(KubeObject service, JsonArray ports, JsonArray endpoints) => new()
    {
        ["apiVersion"] = ResourceKind.EndpointSlices.ApiVersion,
        ["kind"] = ResourceKind.EndpointSlices.Kind,
        ["metadata"] = new JsonObject
        {
            ["generateName"] = $"{service.Name}-",
            ["namespace"] = service.Namespace,
            ["labels"] = EndpointSlices.Labels(service),
            ["annotations"] = new JsonObject { [TriggerTime] = EndpointSlices.Stamp(Clock.GetUtcNow()) },
            ["ownerReferences"] = new JsonArray(OwnerReference.ControllerOf(ResourceKind.Services, service).ToJson()),
        },
        ["addressType"] = "IPv4",
        ["endpoints"] = endpoints,
        ["ports"] = ports.DeepClone(),
    };

    private async Task UpdateAsync(KubeObject service, KubeObject slice, JsonArray endpoints, CancellationToken cancellationToken)
    {
        JsonObject labels = EndpointSlices.Labels(service);
        bool isSame = Canonical(slice.Root.At("endpoints") is { ValueKind: JsonValueKind.Array } known ? JsonNode.Parse(known.GetRawText()) : new JsonArray()) == Canonical(endpoints)
            && JsonNode.DeepEquals(JsonNode.Parse(slice.Root.At("metadata", "labels").GetRawText()), labels);
        if (isSame)
        {
            return;
        }

        JsonObject document = slice.ToMutable();
        document["endpoints"] = endpoints;
        document["metadata"]!["labels"] = labels;
        document["metadata"]!["annotations"] = new JsonObject { [TriggerTime] = EndpointSlices.Stamp(Clock.GetUtcNow()) };
        ownWrites.Record(service.Key, slices, await client.ReplaceAsync(ResourceKind.EndpointSlices, slice.Key, document, "", cancellationToken));
    }

    private async Task DeleteAsync(KubeObject slice, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteAsync(ResourceKind.EndpointSlices, slice.Key, slice.Uid, null, null, cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsNotFound)
        {
            // Somebody else was quicker.
        }
    }

    private static string Canonical(JsonNode? document) => CanonicalJson.Write(JsonElement.Parse(JsonText.Write(document)));
}

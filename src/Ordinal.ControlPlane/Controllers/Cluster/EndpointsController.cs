using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Controllers.Cluster;

/// <summary>Keeps the Endpoints of Services that select pods: ready ones, and with publishNotReadyAddresses all that have an address.</summary>
public sealed class EndpointsController : KeyedController<ObjectKey>
{
    private readonly ClusterClient client;
    private readonly ObjectStore services;
    private readonly ObjectStore endpoints;
    private readonly ObjectStore pods;

    /// <summary>Makes the controller and asks for the kinds that it reads.</summary>
    public EndpointsController(ClusterClient client, ClusterCache cache, TimeProvider timeProvider, ILogger logger)
        : base("endpoints", timeProvider, logger)
    {
        this.client = client;
        services = cache.Of(ResourceKind.Services);
        endpoints = cache.Of(ResourceKind.Endpoints);
        pods = cache.Of(ResourceKind.Pods);
        services.Subscribe(change => Queue.Add(change.Latest.Key));
        endpoints.Subscribe(change => Queue.Add(change.Latest.Key));
        pods.Subscribe(change =>
        {
            foreach (KubeObject service in services.List(change.Latest.Namespace))
            {
                Queue.Add(service.Key);
            }
        });
    }

    /// <summary>Builds the subsets of a Service's Endpoints. Pure.</summary>
    public static JsonArray Subsets(KubeObject service, IEnumerable<KubeObject> candidates)
    {
        LabelSelector selector = LabelSelector.ReadMap(service.Root.MapAt("spec", "selector"));
        bool publishesAll = service.Root.FlagAt("spec", "publishNotReadyAddresses") ?? false;
        JsonArray ready = [];
        JsonArray notReady = [];
        foreach (KubeObject pod in candidates.Where(pod => selector.Matches(pod.Labels)))
        {
            if (pod.Root.TextAt("status", "podIP") is not { } address || (pod.IsTerminating && !publishesAll) || PodFacts.Of(pod).HasEnded)
            {
                continue;
            }

            JsonObject entry = new() { ["ip"] = address };
            if (pod.Root.TextAt("spec", "subdomain") == service.Name && pod.Root.TextAt("spec", "hostname") is { } host)
            {
                entry["hostname"] = host;
            }

            entry["nodeName"] = pod.Root.TextAt("spec", "nodeName");
            entry["targetRef"] = new JsonObject { ["kind"] = "Pod", ["namespace"] = pod.Namespace, ["name"] = pod.Name, ["uid"] = pod.Uid };
            (publishesAll || PodFacts.Of(pod).HasReadyCondition ? ready : notReady).Add(entry);
        }

        if (ready.Count + notReady.Count == 0)
        {
            return [];
        }

        JsonObject subset = [];
        if (ready.Count > 0)
        {
            subset["addresses"] = ready;
        }

        if (notReady.Count > 0)
        {
            subset["notReadyAddresses"] = notReady;
        }

        JsonArray ports = [.. service.Root.ItemsAt("spec", "ports").Select(Port)];
        if (ports.Count > 0)
        {
            subset["ports"] = ports;
        }

        return [subset];
    }

    /// <inheritdoc/>
    protected override async Task SyncAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        KubeObject? known = endpoints.Get(key);
        if (services.Get(key) is not { } service)
        {
            if (known is not null && known.Labels.ContainsKey(ManagedLabel))
            {
                await DeleteAsync(known, cancellationToken);
            }

            return;
        }

        if (service.Root.MapAt("spec", "selector").Count == 0 || service.IsTerminating)
        {
            return;
        }

        JsonArray subsets = Subsets(service, pods.List(key.Namespace));
        if (known is null)
        {
            JsonObject created = new()
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Endpoints",
                ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace, ["labels"] = new JsonObject { [ManagedLabel] = "endpoint-controller" } },
                ["subsets"] = subsets,
            };
            await client.CreateAsync(ResourceKind.Endpoints, key.Namespace, created, cancellationToken);
        }
        else if (!IsSame(known, subsets))
        {
            JsonObject document = known.ToMutable();
            document["subsets"] = subsets;
            await client.ReplaceAsync(ResourceKind.Endpoints, key, document, "", cancellationToken);
        }
    }

    private const string ManagedLabel = "endpoints.kubernetes.io/managed-by";

    private static bool IsSame(KubeObject known, JsonArray subsets)
    {
        JsonElement before = known.Root.At("subsets");
        return before.ValueKind is JsonValueKind.Array
            ? CanonicalJson.Write(before) == CanonicalJson.Write(JsonElement.Parse(JsonText.Write(subsets)))
            : subsets.Count == 0;
    }

    private static JsonObject Port(JsonElement port)
    {
        JsonElement target = port.At("targetPort");
        JsonObject entry = new() { ["port"] = target.ValueKind is JsonValueKind.Number ? target.GetInt64() : port.NumberAt("port") ?? 0, ["protocol"] = port.TextAt("protocol") ?? "TCP" };
        if (port.TextAt("name") is { } name)
        {
            entry["name"] = name;
        }

        return entry;
    }

    private async Task DeleteAsync(KubeObject known, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteAsync(ResourceKind.Endpoints, known.Key, known.Uid, null, null, cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsNotFound)
        {
            // Somebody else was quicker.
        }
    }
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Controllers.Cluster;

/// <summary>Endpoints that have the same ports, as the slices of a Service keep them.</summary>
/// <param name="Ports">The ports.</param>
/// <param name="Endpoints">The endpoints, by the uid of their pod.</param>
internal sealed record SliceGroup(JsonArray Ports, SortedDictionary<string, JsonObject> Endpoints);

/// <summary>What the EndpointSlices of a Service should say: pure, by the rules of <c>k8s.io/endpointslice</c>.</summary>
internal static class EndpointSlices
{
    public const string ServiceNameLabel = "kubernetes.io/service-name";
    public const string ManagedByLabel = "endpointslice.kubernetes.io/managed-by";
    public const string Manager = "endpointslice-controller.k8s.io";

    /// <summary>How many endpoints one slice holds (<c>--max-endpoints-per-slice</c>).</summary>
    public const int MostEndpoints = 100;
    private const string HeadlessLabel = "service.kubernetes.io/headless";

    /// <summary>Groups the pods of a Service by their ports: a port that is meant by its name may differ from pod to pod.</summary>
    public static IReadOnlyList<SliceGroup> Groups(KubeObject service, IEnumerable<KubeObject> candidates, Func<string, KubeObject?> node)
    {
        LabelSelector selector = LabelSelector.ReadMap(service.Root.MapAt("spec", "selector"));
        var groups = new SortedDictionary<string, SliceGroup>(StringComparer.Ordinal);
        foreach (KubeObject pod in candidates)
        {
            if (pod.Root.TextAt("status", "podIP") is not { Length: > 0 } address || PodFacts.Of(pod).HasEnded || !selector.Matches(pod.Labels))
            {
                continue;
            }

            JsonArray ports = Ports(service, pod);
            string key = JsonText.WriteString(ports);
            if (!groups.TryGetValue(key, out SliceGroup? group))
            {
                groups[key] = group = new SliceGroup(ports, new SortedDictionary<string, JsonObject>(StringComparer.Ordinal));
            }

            group.Endpoints[pod.Uid] = Endpoint(service, pod, address, node);
        }

        return [.. groups.Values];
    }

    /// <summary>Makes the labels of a Service's slices: its own, and those by which slices are found.</summary>
    public static JsonObject Labels(KubeObject service)
    {
        JsonObject labels = [];
        foreach ((string name, string value) in service.Labels)
        {
            if (name is not (ServiceNameLabel or ManagedByLabel or HeadlessLabel))
            {
                labels[name] = value;
            }
        }

        if (service.Root.TextAt("spec", "clusterIP") is null or "" or "None")
        {
            labels[HeadlessLabel] = "";
        }

        labels[ServiceNameLabel] = service.Name;
        labels[ManagedByLabel] = Manager;
        return labels;
    }

    private static JsonObject Endpoint(KubeObject service, KubeObject pod, string address, Func<string, KubeObject?> node)
    {
        bool publishesAll = service.Root.FlagAt("spec", "publishNotReadyAddresses") ?? false;
        bool serving = PodFacts.Of(pod).HasReadyCondition;
        JsonObject endpoint = new()
        {
            ["addresses"] = new JsonArray(address),
            ["conditions"] = new JsonObject { ["ready"] = publishesAll || (serving && !pod.IsTerminating), ["serving"] = serving, ["terminating"] = pod.IsTerminating },
        };
        if (pod.Root.TextAt("spec", "subdomain") == service.Name && pod.Root.TextAt("spec", "hostname") is { Length: > 0 } host)
        {
            endpoint["hostname"] = host;
        }

        endpoint["targetRef"] = new JsonObject { ["kind"] = "Pod", ["namespace"] = pod.Namespace, ["name"] = pod.Name, ["uid"] = pod.Uid };
        if (pod.Root.TextAt("spec", "nodeName") is { Length: > 0 } nodeName)
        {
            endpoint["nodeName"] = nodeName;
            if (node(nodeName)?.Root.TextAt("metadata", "labels", NodeRegistrar.ZoneLabel) is { Length: > 0 } zone)
            {
                endpoint["zone"] = zone;
            }
        }

        return endpoint;
    }

    private static JsonArray Ports(KubeObject service, KubeObject pod)
    {
        JsonArray ports = [];
        foreach (JsonElement port in service.Root.ItemsAt("spec", "ports"))
        {
            if (Number(port, pod) is not { } number)
            {
                continue;
            }

            JsonObject entry = new() { ["name"] = port.TextAt("name") ?? "", ["protocol"] = port.TextAt("protocol") ?? "TCP", ["port"] = number };
            if (port.TextAt("appProtocol") is { } application)
            {
                entry["appProtocol"] = application;
            }

            ports.Add((JsonNode)entry);
        }

        return ports;
    }

    /// <summary>Finds the number of a port; null when the pod has no port of that name.</summary>
    private static long? Number(JsonElement port, KubeObject pod)
    {
        JsonElement target = port.At("targetPort");
        if (target.ValueKind is JsonValueKind.Number)
        {
            return target.GetInt64();
        }

        if (target.ValueKind is not JsonValueKind.String)
        {
            return port.NumberAt("port");
        }

        string protocol = port.TextAt("protocol") ?? "TCP";
        JsonElement found = pod.Root.ItemsAt("spec", "containers")
            .SelectMany(container => container.ItemsAt("ports"))
            .FirstOrDefault(candidate => candidate.TextAt("name") == target.GetString() && (candidate.TextAt("protocol") ?? "TCP") == protocol);
        return found.NumberAt("containerPort");
    }

    /// <summary>Writes the time of a change as the annotation <c>endpoints.kubernetes.io/last-change-trigger-time</c> has it.</summary>
    public static string Stamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

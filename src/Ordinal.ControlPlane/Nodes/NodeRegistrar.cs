using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes;

/// <summary>Registers a node: a Node object with its labels, its room, its address and its conditions.</summary>
public static class NodeRegistrar
{
    public const string ZoneLabel = "topology.kubernetes.io/zone";
    public const string RegionLabel = "topology.kubernetes.io/region";
    public const string HostnameLabel = "kubernetes.io/hostname";

    /// <summary>The conditions of a healthy node, with the kubelet's reasons and words.</summary>
    private static readonly (string Type, string Status, string Reason, string Message)[] Healthy =
    [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ];

    /// <summary>Creates the Node, or makes one that is there Ready again.</summary>
    /// <param name="client">The way to the API server.</param>
    /// <param name="node">The node; its zone is put on the zone label.</param>
    /// <param name="timeProvider">Clock of the conditions.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<KubeObject> RegisterAsync(ClusterClient client, NodeIdentity node, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(node);
        ObjectKey key = new("", node.Name);
        JsonObject labels = Labels(node);
        JsonObject document = new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Node",
            ["metadata"] = new JsonObject { ["name"] = node.Name, ["labels"] = labels },
        };
        try
        {
            await client.CreateAsync(ResourceKind.Nodes, "", document, cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsAlreadyExists)
        {
            // A kubelet that starts again finds its node.
        }

        KubeObject? known = await client.GetAsync(ResourceKind.Nodes, key, cancellationToken);
        return await client.StrategicPatchAsync(ResourceKind.Nodes, key, new JsonObject { ["status"] = Status(node, known, timeProvider) }, "status", cancellationToken);
    }

    /// <summary>Registers a node in a zone.</summary>
    public static Task<KubeObject> RegisterAsync(ClusterClient client, NodeIdentity node, string zone, TimeProvider timeProvider, CancellationToken cancellationToken) =>
        RegisterAsync(client, node with { Zone = zone }, timeProvider, cancellationToken);

    /// <summary>Tells that the node is still there: the time stamps of its conditions move.</summary>
    public static Task<KubeObject> RefreshAsync(ClusterClient client, NodeIdentity node, KubeObject? known, TimeProvider timeProvider, CancellationToken cancellationToken) =>
        client.StrategicPatchAsync(
            ResourceKind.Nodes, new ObjectKey("", node.Name), new JsonObject { ["status"] = new JsonObject { ["conditions"] = Conditions(known, timeProvider) } }, "status", cancellationToken);

    private static JsonObject Labels(NodeIdentity node)
    {
        JsonObject labels = new()
        {
            [HostnameLabel] = node.Name,
            ["kubernetes.io/os"] = "linux",
            ["kubernetes.io/arch"] = "amd64",
            ["beta.kubernetes.io/os"] = "linux",
            ["beta.kubernetes.io/arch"] = "amd64",
        };
        if (node.Zone.Length > 0)
        {
            labels[RegionLabel] = "ordinal";
            labels[ZoneLabel] = node.Zone;
        }

        return labels;
    }

    private static JsonObject Status(NodeIdentity node, KubeObject? known, TimeProvider timeProvider)
    {
        JsonObject room = new() { ["cpu"] = "64", ["memory"] = "256Gi", ["ephemeral-storage"] = "1Ti", ["pods"] = "5000" };
        return new JsonObject
        {
            ["capacity"] = room,
            ["allocatable"] = room.DeepClone(),
            ["addresses"] = new JsonArray(
                new JsonObject { ["type"] = "InternalIP", ["address"] = node.Address },
                new JsonObject { ["type"] = "Hostname", ["address"] = node.Name }),
            ["conditions"] = Conditions(known, timeProvider),
            ["nodeInfo"] = new JsonObject
            {
                ["kubeletVersion"] = "v1.36.2",
                ["operatingSystem"] = "linux",
                ["architecture"] = "amd64",
                ["osImage"] = "ordinal",
                ["kernelVersion"] = "",
                ["containerRuntimeVersion"] = "ordinal://1",
                ["machineID"] = "",
                ["systemUUID"] = "",
                ["bootID"] = "",
                ["kubeProxyVersion"] = "",
            },
        };
    }

    private static JsonArray Conditions(KubeObject? known, TimeProvider timeProvider)
    {
        string now = Timestamp.Of(timeProvider);
        return new JsonArray([.. Healthy.Select(condition =>
        {
            JsonElement before = known?.Root.ItemsAt("status", "conditions").FirstOrDefault(item => item.TextAt("type") == condition.Type) ?? default;
            return new JsonObject
            {
                ["type"] = condition.Type,
                ["status"] = condition.Status,
                ["reason"] = condition.Reason,
                ["message"] = condition.Message,
                ["lastHeartbeatTime"] = now,
                ["lastTransitionTime"] = before.TextAt("status") == condition.Status ? before.TextAt("lastTransitionTime") ?? now : now,
            };
        })]);
    }
}

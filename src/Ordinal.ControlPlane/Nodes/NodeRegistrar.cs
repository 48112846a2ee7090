using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes;

/// <summary>Registers a node: a Node object with its zone, its address and a Ready condition. It sends no heartbeats.</summary>
public static class NodeRegistrar
{
    public const string ZoneLabel = "topology.kubernetes.io/zone";
    public const string HostnameLabel = "kubernetes.io/hostname";

    /// <summary>Creates the Node, or makes one that is there Ready again.</summary>
    /// <param name="zone">Put on the zone label; empty for none.</param>
    public static async Task RegisterAsync(ClusterClient client, NodeIdentity node, string zone, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        ObjectKey key = new("", node.Name);
        JsonObject labels = new() { [HostnameLabel] = node.Name, ["kubernetes.io/os"] = "linux" };
        if (zone.Length > 0)
        {
            labels[ZoneLabel] = zone;
        }

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

        JsonObject room = new() { ["cpu"] = "8", ["memory"] = "32Gi", ["pods"] = 250.ToString(CultureInfo.InvariantCulture) };
        string now = Timestamp.Of(timeProvider);
        JsonObject status = new()
        {
            ["capacity"] = room,
            ["allocatable"] = room.DeepClone(),
            ["addresses"] = new JsonArray(
                new JsonObject { ["type"] = "InternalIP", ["address"] = node.Address },
                new JsonObject { ["type"] = "Hostname", ["address"] = node.Name }),
            ["conditions"] = new JsonArray(new JsonObject
            {
                ["type"] = "Ready",
                ["status"] = "True",
                ["reason"] = "KubeletReady",
                ["message"] = "kubelet is posting ready status",
                ["lastHeartbeatTime"] = now,
                ["lastTransitionTime"] = now,
            }),
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
        await client.MergePatchAsync(ResourceKind.Nodes, key, new JsonObject { ["status"] = status }, "status", cancellationToken);
    }
}

using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Where a real server would find the kubelet of a pod's node. Here kubelets come to the server, but a node that has none says so as there.</summary>
internal static class KubeletAddress
{
    /// <summary>Refuses a pod whose node is not there, or says no address.</summary>
    /// <exception cref="ApiRefusalException">It is so.</exception>
    public static void Check(RevisionedStore store, ResourceType nodes, JsonObject pod)
    {
        if (pod.Child("spec").Text("nodeName") is not { Length: > 0 } node)
        {
            return;
        }

        StoredObject stored = store.Find(new StoreKey(nodes.StorageName, "", node)) ?? throw Refuse.NotFound(nodes, node);
        if (stored.Parse().Child("status").List("addresses") is not { Count: > 0 })
        {
            throw Refuse.Plain("no preferred addresses found; known addresses: []");
        }
    }
}

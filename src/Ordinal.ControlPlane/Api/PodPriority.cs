using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>The priority that a pod gets from its class.</summary>
/// <param name="Value">The number.</param>
/// <param name="PreemptionPolicy">What it may do to others; null for the default.</param>
internal sealed record PodPriority(long Value, string? PreemptionPolicy)
{
    /// <summary>Finds the priority of a new pod; null when it names no class.</summary>
    /// <exception cref="ApiRefusalException">There is no such class (403).</exception>
    public static PodPriority? Of(RevisionedStore store, ResourceType pods, ResourceType classes, string name, JsonObject pod)
    {
        switch (pod.Child("spec").Text("priorityClassName"))
        {
            case null or "":
                return null;
            case "system-node-critical":
                return new PodPriority(2000001000, null);
            case "system-cluster-critical":
                return new PodPriority(2000000000, null);
            case { } wanted:
                JsonObject found = store.Find(new StoreKey(classes.StorageName, "", wanted))?.Parse()
                    ?? throw Refuse.Forbidden(pods, name, $"no PriorityClass with name {wanted} was found");
                return new PodPriority(found.Number("value") ?? 0, found.Text("preemptionPolicy"));
        }
    }

    /// <summary>Puts it into the pod.</summary>
    public void ApplyTo(JsonObject pod)
    {
        JsonObject spec = pod.Ensure("spec");
        spec["priority"] = Value;
        if (PreemptionPolicy is not null)
        {
            spec.Default("preemptionPolicy", PreemptionPolicy);
        }
    }
}

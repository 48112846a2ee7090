using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Nodes: taints, and an address range and a provider that stay.</summary>
public sealed class NodeStrategy : ResourceStrategy
{
    public override void ApplyDefaults(JsonObject document)
    {
        JsonObject spec = document.Ensure("spec");
        if (spec.Text("podCIDR") is { Length: > 0 } range)
        {
            spec.Default("podCIDRs", new JsonArray(range));
        }

        ConditionTimes.Fill(document, "lastHeartbeatTime", "lastTransitionTime");
    }

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        JsonObject? spec = document.Child("spec");
        JsonObject? before = old.Child("spec");
        if (before.List("podCIDRs") is { Count: > 0 } ranges && !JsonNodes.Same(ranges, spec?["podCIDRs"]))
        {
            errors.Forbidden("spec.podCIDRs", "node updates may not change podCIDR except from \"\" to valid");
        }

        if (before.Text("providerID") is { Length: > 0 } provider && provider != spec.Text("providerID"))
        {
            errors.Forbidden("spec.providerID", "node updates may not change providerID except from \"\" to valid");
        }

        PlacementRules.Taints(spec, errors);
    }
}

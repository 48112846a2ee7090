using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Leases: their times are positive, and a strategy goes with a preferred holder.</summary>
public sealed class LeaseStrategy : ResourceStrategy
{
    public override void ApplyDefaults(JsonObject document) => document.Ensure("spec");

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        JsonObject? spec = document.Child("spec");
        if (spec.Number("leaseDurationSeconds") is <= 0)
        {
            errors.Invalid("spec.leaseDurationSeconds", spec!["leaseDurationSeconds"], "must be greater than 0");
        }

        if (spec.Number("leaseTransitions") is < 0)
        {
            errors.Invalid("spec.leaseTransitions", spec!["leaseTransitions"], "must be greater than or equal to 0");
        }
    }
}

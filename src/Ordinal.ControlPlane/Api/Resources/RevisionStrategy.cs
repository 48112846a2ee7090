using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Revisions: their data is an object, and is written once.</summary>
public sealed class RevisionStrategy : ResourceStrategy
{
    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        if (document["data"] is not { } data)
        {
            errors.Required("data", "data is mandatory");
        }
        else if (data is not JsonObject)
        {
            errors.Required("data", "data must be a valid JSON object");
        }

        if (document.Number("revision") is < 0)
        {
            errors.Invalid("revision", document["revision"], "must be greater than or equal to 0");
        }

        if (old is not null && !JsonNodes.Same(document["data"], old["data"]))
        {
            errors.Invalid("data", document["data"], "field is immutable");
        }
    }

    // A revision is a record, not a spec.
    public override bool ChangesGeneration(JsonObject document, JsonObject old) => false;
}

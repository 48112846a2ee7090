using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Revisions: their data is written once.</summary>
public sealed class RevisionStrategy : ResourceStrategy
{
    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
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

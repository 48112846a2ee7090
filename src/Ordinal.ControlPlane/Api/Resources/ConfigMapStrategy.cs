using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>ConfigMaps: an immutable one stays.</summary>
public sealed class ConfigMapStrategy : ResourceStrategy
{
    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors) =>
        ImmutableData.Validate(document, old, errors);
}

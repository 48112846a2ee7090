using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>The rule of <c>immutable: true</c>.</summary>
internal static class ImmutableData
{
    public static void Validate(JsonObject document, JsonObject? old, FieldErrors errors)
    {
        if (old.Flag("immutable") != true)
        {
            return;
        }

        if (document.Flag("immutable") != true)
        {
            errors.Forbidden("immutable", "field is immutable when `immutable` is set");
        }

        foreach (string name in (ReadOnlySpan<string>)["data", "binaryData"])
        {
            if (!JsonNodes.Same(document[name], old![name]))
            {
                errors.Forbidden(name, "field is immutable when `immutable` is set");
            }
        }
    }
}

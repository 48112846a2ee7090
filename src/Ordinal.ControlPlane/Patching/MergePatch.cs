using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Patching;

/// <summary>A JSON merge patch (RFC 7386): null removes, objects merge, all else replaces.</summary>
internal sealed class MergePatch(JsonObject patch, IReadOnlyList<string>? duplicates = null) : IDocumentPatch
{
    public IReadOnlyList<string> Duplicates { get; } = duplicates ?? [];

    public DecodeWords Words(Func<JsonObject> patched) => DecodeWords.OfPatch(() => JsonText.WriteString(patched()));

    public JsonObject Apply(JsonObject current)
    {
        Merge(current, patch);
        return current;
    }

    /// <summary>Merges a patch into a target in place.</summary>
    public static void Merge(JsonObject target, JsonObject patch)
    {
        foreach ((string name, JsonNode? value) in patch)
        {
            switch (value)
            {
                case null:
                    target.Remove(name);
                    break;
                case JsonObject inner:
                    if (target[name] is not JsonObject existing)
                    {
                        existing = [];
                        target[name] = existing;
                    }

                    Merge(existing, inner);
                    break;
                default:
                    target[name] = value.DeepClone();
                    break;
            }
        }
    }
}

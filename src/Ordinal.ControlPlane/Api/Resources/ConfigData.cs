using System.Text;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>The rules of what ConfigMaps and Secrets carry.</summary>
internal static class ConfigData
{
    /// <summary>The most that may be in one.</summary>
    public const int MostBytes = 1024 * 1024;

    /// <summary>Checks keys, and counts bytes.</summary>
    public static long Keys(JsonObject document, string field, bool isBase64, FieldErrors errors)
    {
        long total = 0;
        foreach ((string key, JsonNode? value) in document.Child(field) ?? [])
        {
            PodRules.Report(Names.ConfigKeyProblems(key), $"{field}[{key}]", key, errors);
            string text = value.AsText() ?? "";
            total += isBase64 ? text.TrimEnd('=').Length * 3L / 4 : Encoding.UTF8.GetByteCount(text);
        }

        return total;
    }

    /// <summary>The rule of <c>immutable: true</c>.</summary>
    public static void Immutable(JsonObject document, JsonObject? old, FieldErrors errors)
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

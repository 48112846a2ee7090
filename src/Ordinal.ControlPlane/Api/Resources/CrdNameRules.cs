using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>The names that a CRD gives its resource.</summary>
internal static class CrdNameRules
{
    /// <summary>Gets why a text is no label of RFC 1035; null when it is one.</summary>
    public static string? LabelProblem(string text) => Names.Rfc1035Problems(text) is { Count: > 0 } problems ? string.Join(',', problems) : null;

    /// <summary>Checks <c>spec.names</c>.</summary>
    public static void Check(JsonObject? names, FieldErrors errors)
    {
        foreach (string name in (ReadOnlySpan<string>)["plural", "singular", "kind", "listKind"])
        {
            if (string.IsNullOrEmpty(names.Text(name)))
            {
                errors.Required($"spec.names.{name}");
            }
        }

        foreach (string name in (ReadOnlySpan<string>)["plural", "singular"])
        {
            One(names?[name], $"spec.names.{name}", "", errors);
        }

        foreach (string name in (ReadOnlySpan<string>)["kind", "listKind"])
        {
            One(names?[name], $"spec.names.{name}", "may have mixed case, but should otherwise match: ", errors);
        }

        Many("shortNames");
        if (names.Text("kind") is { Length: > 0 } kind && kind == names.Text("listKind"))
        {
            errors.Invalid("spec.names.listKind", JsonValue.Create(kind), "kind and listKind may not be the same");
        }

        Many("categories");

        void Many(string list)
        {
            foreach ((int i, JsonNode? name) in (names.List(list) ?? []).Index())
            {
                One(name, string.Create(CultureInfo.InvariantCulture, $"spec.names.{list}[{i}]"), "", errors);
            }
        }
    }

    private static void One(JsonNode? name, string path, string prefix, FieldErrors errors)
    {
        string text = name.AsText() ?? "";
        if (text.Length > 0 && LabelProblem(prefix.Length > 0 ? text.ToLowerInvariant() : text) is { } problem)
        {
            errors.Invalid(path, name, prefix + problem);
        }
    }
}

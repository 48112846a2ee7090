using System.Globalization;
using System.Text.Json.Nodes;

namespace Ordinal.Operator.View;

/// <summary>Reads objects that may lack anything: a view shows what there is.</summary>
internal static class Json
{
    public static string Text(this JsonNode? node, params ReadOnlySpan<string> path) =>
        At(node, path) is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    /// <summary>Reads a whole number; null when it is absent or none.</summary>
    public static long? Number(this JsonNode? node, params ReadOnlySpan<string> path) =>
        At(node, path) is JsonValue value && value.TryGetValue<long>(out var number) ? number
        : At(node, path) is JsonValue small && small.TryGetValue<int>(out var smaller) ? smaller
        : null;

    public static bool Flag(this JsonNode? node, params ReadOnlySpan<string> path) =>
        At(node, path) is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;

    public static DateTimeOffset? Time(this JsonNode? node, params ReadOnlySpan<string> path) =>
        DateTimeOffset.TryParse(Text(node, path), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    public static IEnumerable<JsonNode> Items(this JsonNode? node, params ReadOnlySpan<string> path) =>
        At(node, path) is JsonArray array ? array.OfType<JsonNode>() : [];

    /// <summary>Finds a condition by type; null when it is absent.</summary>
    public static JsonNode? Condition(this JsonNode? node, string type) =>
        node.Items("status", "conditions").FirstOrDefault(c => c.Text("type") == type);

    public static string Name(this JsonNode? node) => Text(node, "metadata", "name");

    private static JsonNode? At(JsonNode? node, ReadOnlySpan<string> path)
    {
        foreach (var step in path)
        {
            node = node is JsonObject o && o.TryGetPropertyValue(step, out var next) ? next : null;
        }

        return node;
    }
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Text;

/// <summary>Short reads of JSON documents. A wrong type reads as absent: validation reports it, not the reader.</summary>
public static class JsonNodes
{
    /// <summary>Gets a child that is an object; null when it is missing or something else.</summary>
    public static JsonObject? Child(this JsonObject? parent, string name) =>
        parent is not null && parent.TryGetPropertyValue(name, out JsonNode? node) ? node as JsonObject : null;

    /// <summary>Gets a child that is an array; null when it is missing or something else.</summary>
    public static JsonArray? List(this JsonObject? parent, string name) =>
        parent is not null && parent.TryGetPropertyValue(name, out JsonNode? node) ? node as JsonArray : null;

    /// <summary>Gets a child that is a string; null when it is missing or something else.</summary>
    public static string? Text(this JsonObject? parent, string name) =>
        parent is not null && parent.TryGetPropertyValue(name, out JsonNode? node) ? node.AsText() : null;

    /// <summary>Gets a child that is a whole number; null when it is missing or something else.</summary>
    public static long? Number(this JsonObject? parent, string name) =>
        parent is not null && parent.TryGetPropertyValue(name, out JsonNode? node) ? node.AsNumber() : null;

    /// <summary>Gets a child that is a boolean; null when it is missing or something else.</summary>
    public static bool? Flag(this JsonObject? parent, string name) =>
        parent is not null && parent.TryGetPropertyValue(name, out JsonNode? node) && node is JsonValue value
            && value.TryGetValue(out bool flag) ? flag : null;

    /// <summary>Gets the child object, and makes it when it is missing or null.</summary>
    public static JsonObject Ensure(this JsonObject parent, string name)
    {
        if (parent[name] is JsonObject existing)
        {
            return existing;
        }

        var made = new JsonObject();
        parent[name] = made;
        return made;
    }

    /// <summary>Gets metadata, and makes it when it is missing.</summary>
    public static JsonObject Metadata(this JsonObject document) => document.Ensure("metadata");

    /// <summary>Sets a child only when it is missing or null: a default.</summary>
    public static void Default(this JsonObject parent, string name, JsonNode value)
    {
        if (parent[name] is null)
        {
            parent[name] = value;
        }
    }

    /// <summary>Reads a string value.</summary>
    public static string? AsText(this JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    /// <summary>Reads a whole number, whichever CLR type carries it.</summary>
    public static long? AsNumber(this JsonNode? node)
    {
        if (node is not JsonValue value)
        {
            return null;
        }

        if (value.TryGetValue(out long number))
        {
            return number;
        }

        if (value.TryGetValue(out int small))
        {
            return small;
        }

        return value.TryGetValue(out JsonElement element) && element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out long parsed) ? parsed : null;
    }

    /// <summary>Writes a value as a person or a selector reads it: strings bare, the rest as JSON.</summary>
    public static string AsShown(this JsonNode? node) => node is null ? "" : node.AsText() ?? JsonText.WriteString(node);

    /// <summary>Compares two values deeply; a missing value equals null.</summary>
    public static bool Same(JsonNode? left, JsonNode? right) => JsonNode.DeepEquals(left, right);

    /// <summary>Writes a time as the API does: UTC, whole seconds.</summary>
    public static string Timestamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Writes a time with microseconds (leases, events).</summary>
    public static string MicroTimestamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}

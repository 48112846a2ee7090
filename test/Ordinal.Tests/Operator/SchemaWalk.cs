using System.Text.Json.Nodes;

namespace Ordinal.Tests.Operating;

/// <summary>Looks through a structural schema.</summary>
internal static class SchemaWalk
{
    /// <summary>Returns the paths of lists, maps and texts without a maximum. A text with an enum has one.</summary>
    public static IEnumerable<string> Unbounded(JsonObject schema, string path)
    {
        var type = (string?)schema["type"];
        var isBounded = type switch
        {
            "string" => schema.ContainsKey("maxLength") || schema.ContainsKey("enum") || (string?)schema["format"] == "date-time",
            "array" => schema.ContainsKey("maxItems"),
            "object" => !schema.ContainsKey("additionalProperties") || schema.ContainsKey("maxProperties"),
            _ => true,
        };
        if (!isBounded)
        {
            yield return path;
        }

        var children = (schema["properties"]?.AsObject() ?? [])
            .Select(member => (member.Value, Path: $"{path}.{member.Key}"))
            .Append((schema["items"], $"{path}[]"))
            .Append((schema["additionalProperties"], $"{path}{{}}"));
        foreach (var (child, childPath) in children)
        {
            foreach (var found in child is JsonObject inner ? Unbounded(inner, childPath) : [])
            {
                yield return found;
            }
        }
    }
}

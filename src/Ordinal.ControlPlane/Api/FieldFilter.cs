using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// Drops fields that a kind does not have, and says so as far as the writer asked: refused when strict, warned of by default.
/// </summary>
internal static class FieldFilter
{
    /// <summary>Removes unknown fields from a document.</summary>
    /// <exception cref="ApiRefusalException">There are some, and the writer wants them refused (400).</exception>
    public static void Prune(ResourceType type, JsonObject document, WriteContext context, bool isPatch)
    {
        var unknown = new List<string>();
        CheckTypes(type, document, isPatch);
        foreach (string name in document.Select(p => p.Key).ToArray())
        {
            if (name is "apiVersion" or "kind")
            {
                continue;
            }

            Shape shape = type.Shape is ObjectShape known ? known.Fields.GetValueOrDefault(name, Shape.Unknown) : Shape.Unknown;
            if (type.Shape is ObjectShape { KeepsUnknownFields: false } closed && name != "metadata" && !closed.Fields.ContainsKey(name))
            {
                document.Remove(name);
                unknown.Add(name);
            }
            else
            {
                Prune(name == "metadata" ? BuiltInShapes.Of("ObjectMeta") : shape, document[name], name, unknown);
            }
        }

        Report(type, unknown, context, isPatch);
    }

    /// <summary>A value of the wrong JSON type could not even be read by a real server: 400, in its decoder's words.</summary>
    private static void CheckTypes(ResourceType type, JsonObject document, bool isPatch)
    {
        if (type.Strategy is CustomResourceStrategy || type.Shape is not ObjectShape shape)
        {
            return;
        }

        if (FindWrongType(shape, document, shape.Name, "") is { } problem)
        {
            throw Refuse.BadRequest(isPatch ? problem : $"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: {problem}");
        }
    }

    private static string? FindWrongType(Shape shape, JsonNode? node, string owner, string path)
    {
        if (node is null)
        {
            return null;
        }

        string? wanted = shape switch
        {
            ObjectShape known when node is not JsonObject => $"v1.{known.Name}",
            MapShape when node is not JsonObject => "map[string]string",
            ListShape when node is not JsonArray => "[]interface {}",
            ScalarShape { Kind: ScalarKind.Text } when node.AsText() is null => "string",
            ScalarShape { Kind: ScalarKind.Whole } when node.AsNumber() is null => "int32",
            ScalarShape { Kind: ScalarKind.Flag } when node.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False) => "bool",
            ScalarShape { Kind: ScalarKind.Any } when node is not JsonValue => "string",
            _ => null,
        };
        if (wanted is not null)
        {
            return $"json: cannot unmarshal {GoKind(node)} into Go struct field {owner}.{path} of type {wanted}";
        }

        switch (shape, node)
        {
            case (ObjectShape known, JsonObject fields):
                foreach ((string name, JsonNode? value) in fields)
                {
                    if (known.Fields.TryGetValue(name, out Shape? field)
                        && FindWrongType(field, value, known.Name, path.Length == 0 ? name : $"{path}.{name}") is { } problem)
                    {
                        return problem;
                    }
                }

                return null;
            case (MapShape map, JsonObject entries):
                return entries.Select(e => FindWrongType(map.Value, e.Value, owner, path)).FirstOrDefault(p => p is not null);
            case (ListShape list, JsonArray items):
                return items.Select(i => FindWrongType(list.Item, i, owner, path)).FirstOrDefault(p => p is not null);
            default:
                return null;
        }
    }

    private static string GoKind(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "bool",
        _ => "number",
    };

    private static void Report(ResourceType type, List<string> unknown, WriteContext context, bool isPatch)
    {
        if (unknown.Count == 0)
        {
            return;
        }

        string[] messages = [.. unknown.Select(path => $"unknown field \"{path}\"")];
        switch (context.FieldValidation)
        {
            case "Strict":
                string strict = $"strict decoding error: {string.Join(", ", messages)}";
                throw Refuse.BadRequest(isPatch ? strict : $"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: {strict}");
            case "Warn":
                context.Warnings.AddRange(messages);
                break;
        }
    }

    private static void Prune(Shape shape, JsonNode? node, string path, List<string> unknown)
    {
        switch (shape, node)
        {
            case (ObjectShape known, JsonObject fields):
                foreach (string name in fields.Select(p => p.Key).ToArray())
                {
                    string inner = $"{path}.{name}";
                    if (known.Fields.TryGetValue(name, out Shape? field))
                    {
                        Prune(field, fields[name], inner, unknown);
                    }
                    else if (!known.KeepsUnknownFields)
                    {
                        fields.Remove(name);
                        unknown.Add(inner);
                    }
                }

                break;
            case (MapShape map, JsonObject entries):
                foreach ((string key, JsonNode? value) in entries)
                {
                    Prune(map.Value, value, $"{path}.{key}", unknown);
                }

                break;
            case (ListShape list, JsonArray items):
                for (int i = 0; i < items.Count; i++)
                {
                    Prune(list.Item, items[i], $"{path}[{i}]", unknown);
                }

                break;
        }
    }
}

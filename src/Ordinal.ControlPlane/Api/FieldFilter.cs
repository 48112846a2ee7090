using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Schemas;

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

using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Schemas;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// Reads a document as its kind: drops fields that the kind does not have, and says so as far as the writer asked (refused when strict,
/// warned of by default); refuses values of a wrong type.
/// </summary>
internal static class FieldFilter
{
    /// <summary>Removes unknown fields and nulls from a document.</summary>
    /// <param name="type">Resource.</param>
    /// <param name="document">The document, in the version of the resource; it is changed.</param>
    /// <param name="context">How strict to be, and where warnings go.</param>
    /// <param name="words">The words of a refusal.</param>
    /// <param name="duplicates">Repeated fields that were found before.</param>
    /// <exception cref="ApiRefusalException">A value is of a wrong type, or the writer wants unknown and repeated fields refused.</exception>
    public static void Prune(ResourceType type, JsonObject document, WriteContext context, DecodeWords words, IReadOnlyList<string>? duplicates = null)
    {
        if (type.Strategy is not CustomResourceStrategy && type.Shape is ObjectShape known && FieldTypes.Problem(known, document, words.Converts) is { } problem)
        {
            throw words.Refusal(problem);
        }

        var unknown = new List<string>();
        foreach (string name in document.Select(p => p.Key).ToArray())
        {
            if (name is "apiVersion" or "kind")
            {
                continue;
            }

            Shape shape = type.Shape is ObjectShape inner ? inner.Fields.GetValueOrDefault(name, Shape.Unknown) : Shape.Unknown;
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

        if (words.Sorts)
        {
            unknown.Sort(StringComparer.Ordinal);
        }

        Report([.. (duplicates ?? []).Select(Repeated), .. unknown.Select(path => $"unknown field \"{path}\"")], context, words);
    }

    private static string Repeated(string path) =>
        path.StartsWith("yaml:", StringComparison.Ordinal) || path.StartsWith("json patch", StringComparison.Ordinal) ? path : $"duplicate field \"{path}\"";

    /// <summary>The reader of YAML reports its lines under one head; each is a warning.</summary>
    private static IEnumerable<string> Lines(string message) =>
        message.StartsWith("yaml: ", StringComparison.Ordinal) ? message.Split("\n  ").Skip(1) : [message];

    private static void Report(string[] messages, WriteContext context, DecodeWords words)
    {
        if (messages.Length == 0)
        {
            return;
        }

        switch (context.FieldValidation)
        {
            case "Strict":
                throw words.Refusal($"strict decoding error: {string.Join(", ", messages)}");
            case "Warn":
                context.Warnings.AddRange(messages.SelectMany(Lines));
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

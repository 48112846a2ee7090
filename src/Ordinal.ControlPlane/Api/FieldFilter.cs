using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// Reads a document as its kind: drops fields that the kind does not have, and says so as far as the writer asked (refused when strict,
/// warned of by default); refuses values of a wrong type; drops values that Go does not write, so that they are not a change.
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
        var path = new FieldPath();
        List<string>? dropped = null;
        foreach ((string name, JsonNode? value) in document)
        {
            if (name is "apiVersion" or "kind")
            {
                continue;
            }

            Shape shape = type.Shape is ObjectShape inner ? inner.Fields.GetValueOrDefault(name, Shape.Unknown) : Shape.Unknown;
            path.Enter(name);
            if (type.Shape is ObjectShape { KeepsUnknownFields: false } closed && name != "metadata" && !closed.Fields.ContainsKey(name))
            {
                (dropped ??= []).Add(name);
                unknown.Add(name);
            }
            else
            {
                Prune(name == "metadata" ? BuiltInShapes.Of("ObjectMeta") : shape, value, path, unknown);
                if (type.Shape is ObjectShape whole && IsDropped(whole, name, shape, value))
                {
                    (dropped ??= []).Add(name);
                }
            }

            path.Leave();
        }

        dropped?.ForEach(name => document.Remove(name));

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

    /// <summary>Whether a field's value is that of a Go variable to which nothing was assigned, and which Go then leaves out.</summary>
    private static bool IsDropped(ObjectShape shape, string name, Shape field, JsonNode? value) =>
        shape.KeptWhenEmpty is { } kept && IsEmpty(field, value) && !kept.Contains(name) && name is not ("apiVersion" or "kind");

    private static bool IsEmpty(Shape shape, JsonNode? node) => (shape, node) switch
    {
        (ListShape, JsonArray { Count: 0 }) => true,
        (MapShape or AtomicShape, JsonObject { Count: 0 }) => true,
        (ScalarShape { Kind: ScalarKind.Text }, JsonValue value) => value.AsText() is "",
        (ScalarShape { Kind: ScalarKind.Flag }, JsonValue value) => value.GetValueKind() == JsonValueKind.False,
        (ScalarShape { Kind: ScalarKind.Whole }, JsonValue value) => value.AsNumber() is 0,
        _ => false,
    };

    private static void Prune(Shape shape, JsonNode? node, FieldPath path, List<string> unknown)
    {
        switch (shape, node)
        {
            case (ObjectShape known, JsonObject fields):
                PruneFields(known, fields, path, unknown);
                break;
            case (MapShape map, JsonObject entries) when map.Value is not ScalarShape:
                foreach ((string key, JsonNode? value) in entries)
                {
                    path.Enter(key);
                    Prune(map.Value, value, path, unknown);
                    path.Leave();
                }

                break;
            case (ListShape list, JsonArray items) when list.Item is not ScalarShape:
                for (int i = 0; i < items.Count; i++)
                {
                    path.Enter(i);
                    Prune(list.Item, items[i], path, unknown);
                    path.Leave();
                }

                break;
        }
    }

    private static void PruneFields(ObjectShape known, JsonObject fields, FieldPath path, List<string> unknown)
    {
        List<string>? dropped = null;
        foreach ((string name, JsonNode? value) in fields)
        {
            if (known.Fields.TryGetValue(name, out Shape? field))
            {
                if (field is not ScalarShape)
                {
                    path.Enter(name);
                    Prune(field, value, path, unknown);
                    path.Leave();
                }

                if (IsDropped(known, name, field, value))
                {
                    (dropped ??= []).Add(name);
                }
            }
            else if (!known.KeepsUnknownFields)
            {
                (dropped ??= []).Add(name);
                unknown.Add(path.Of(name));
            }
        }

        dropped?.ForEach(name => fields.Remove(name));
    }
}

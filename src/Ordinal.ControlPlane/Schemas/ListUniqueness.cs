using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>Finds entries that a list of type set or map has twice, and what is missing in embedded resources.</summary>
internal static class ListUniqueness
{
    /// <summary>Checks all lists of a document.</summary>
    public static void Check(StructuralSchema schema, JsonNode? node, FieldErrors errors) => Check(schema, node, new FieldPath(), errors);

    /// <summary>Checks that embedded resources name their kind.</summary>
    public static void CheckEmbedded(StructuralSchema schema, JsonNode? node, FieldErrors errors) => CheckEmbedded(schema, node, new FieldPath(), errors);

    private static void Check(StructuralSchema schema, JsonNode? node, FieldPath path, FieldErrors errors)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach ((string name, JsonNode? value) in fields)
                {
                    if (schema.Properties.TryGetValue(name, out StructuralSchema? property))
                    {
                        path.Enter(name);
                        Check(property, value, path, errors);
                        path.Leave();
                    }
                    else if (schema.AdditionalProperties is { } values)
                    {
                        path.EnterKey(name);
                        Check(values, value, path, errors);
                        path.Leave();
                    }
                }

                break;
            case JsonArray items:
                CheckList(schema, items, path, errors);
                break;
        }
    }

    private static void CheckEmbedded(StructuralSchema schema, JsonNode? node, FieldPath path, FieldErrors errors)
    {
        if (node is JsonObject fields)
        {
            if (schema.IsEmbeddedResource)
            {
                foreach (string name in (ReadOnlySpan<string>)["apiVersion", "kind"])
                {
                    if (string.IsNullOrEmpty(fields.Text(name)))
                    {
                        errors.Required(path.IsRoot ? $".{name}" : path.Of(name));
                    }
                }
            }

            foreach ((string name, JsonNode? value) in fields)
            {
                if ((schema.Properties.TryGetValue(name, out StructuralSchema? property) ? property : schema.AdditionalProperties) is { } inner)
                {
                    path.Enter(name);
                    CheckEmbedded(inner, value, path, errors);
                    path.Leave();
                }
            }
        }
        else if (node is JsonArray items && schema.Items is { } itemSchema)
        {
            for (int i = 0; i < items.Count; i++)
            {
                path.Enter(i);
                CheckEmbedded(itemSchema, items[i], path, errors);
                path.Leave();
            }
        }
    }

    private static void CheckList(StructuralSchema schema, JsonArray items, FieldPath path, FieldErrors errors)
    {
        if (schema.ListType is "map" or "set" && items.Count > 1)
        {
            var seen = new Dictionary<string, int>(StringComparer.Ordinal);
            for (int i = 0; i < items.Count; i++)
            {
                JsonNode? key = schema.ListType == "map" ? KeyOf(schema, items[i] as JsonObject) : items[i];
                string text = JsonText.WriteString(key);
                int times = seen[text] = seen.GetValueOrDefault(text) + 1;

                // The third is not named: the second tells.
                if (times == 2)
                {
                    errors.Duplicate(string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), key);
                }
            }
        }

        for (int i = 0; schema.Items is not null && i < items.Count; i++)
        {
            path.Enter(i);
            Check(schema.Items, items[i], path, errors);
            path.Leave();
        }
    }

    private static JsonObject KeyOf(StructuralSchema schema, JsonObject? item)
    {
        var key = new JsonObject();
        foreach (string name in schema.ListKeys)
        {
            if (item?[name] is { } value)
            {
                key[name] = value.DeepClone();
            }
        }

        return key;
    }
}

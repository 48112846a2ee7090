using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>Finds entries that a list of type set or map has twice, and what is missing in embedded resources.</summary>
internal static class ListUniqueness
{
    /// <summary>Checks all lists of a document.</summary>
    public static void Check(StructuralSchema schema, JsonNode? node, string path, FieldErrors errors)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach ((string name, JsonNode? value) in fields)
                {
                    if (schema.Properties.TryGetValue(name, out StructuralSchema? property))
                    {
                        Check(property, value, path.Length == 0 ? name : $"{path}.{name}", errors);
                    }
                    else if (schema.AdditionalProperties is { } values)
                    {
                        Check(values, value, $"{path}[{name}]", errors);
                    }
                }

                break;
            case JsonArray items:
                CheckList(schema, items, path, errors);
                break;
        }
    }

    /// <summary>Checks that embedded resources name their kind.</summary>
    public static void CheckEmbedded(StructuralSchema schema, JsonNode? node, string path, FieldErrors errors)
    {
        if (node is JsonObject fields)
        {
            if (schema.IsEmbeddedResource)
            {
                foreach (string name in (ReadOnlySpan<string>)["apiVersion", "kind"])
                {
                    if (string.IsNullOrEmpty(fields.Text(name)))
                    {
                        errors.Required($"{path}.{name}");
                    }
                }
            }

            foreach ((string name, JsonNode? value) in fields)
            {
                if ((schema.Properties.TryGetValue(name, out StructuralSchema? property) ? property : schema.AdditionalProperties) is { } inner)
                {
                    CheckEmbedded(inner, value, path.Length == 0 ? name : $"{path}.{name}", errors);
                }
            }
        }
        else if (node is JsonArray items && schema.Items is { } itemSchema)
        {
            for (int i = 0; i < items.Count; i++)
            {
                CheckEmbedded(itemSchema, items[i], string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), errors);
            }
        }
    }

    private static void CheckList(StructuralSchema schema, JsonArray items, string path, FieldErrors errors)
    {
        if (schema.ListType is "map" or "set")
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
            Check(schema.Items, items[i], string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), errors);
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

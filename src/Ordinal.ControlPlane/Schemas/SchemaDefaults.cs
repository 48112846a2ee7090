using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>Fills in a schema's defaults. A null that is not allowed counts as missing, so a default replaces it.</summary>
internal static class SchemaDefaults
{
    /// <summary>Fills in the defaults of a document, also inside of what a default brought.</summary>
    public static void Apply(StructuralSchema schema, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach ((string name, StructuralSchema property) in schema.Properties)
                {
                    bool isThere = fields.TryGetPropertyValue(name, out JsonNode? value);
                    if (isThere && value is null && !property.IsNullable)
                    {
                        fields.Remove(name);
                        isThere = false;
                    }

                    if (!isThere && property.HasDefault)
                    {
                        fields[name] = property.Default!.DeepClone();
                    }

                    Apply(property, fields[name]);
                }

                if (schema.AdditionalProperties is { } values)
                {
                    foreach ((string name, JsonNode? value) in fields.ToArray())
                    {
                        if (schema.Properties.ContainsKey(name))
                        {
                            continue;
                        }

                        if (value is null && !values.IsNullable)
                        {
                            fields.Remove(name);
                        }
                        else
                        {
                            Apply(values, value);
                        }
                    }
                }

                break;
            case JsonArray items when schema.Items is { } itemSchema:
                foreach (JsonNode? item in items)
                {
                    Apply(itemSchema, item);
                }

                break;
        }
    }
}

using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cel;

namespace Ordinal.ControlPlane.Schemas.Definitions;

/// <summary>Checks that the defaults of a schema are valid values of it.</summary>
internal static class DefaultRules
{
    /// <summary>Checks all defaults of a schema.</summary>
    public static void Check(StructuralSchema schema, string path, FieldErrors errors)
    {
        if (schema.HasDefault)
        {
            CheckOne(schema, path, errors);
        }

        foreach ((string name, StructuralSchema property) in schema.Properties)
        {
            Check(property, $"{path}.properties[{name}]", errors);
        }

        if (schema.Items is { } items)
        {
            Check(items, $"{path}.items", errors);
        }

        if (schema.AdditionalProperties is { } values)
        {
            Check(values, $"{path}.additionalProperties", errors);
        }
    }

    private static void CheckOne(StructuralSchema schema, string path, FieldErrors errors)
    {
        string field = $"{path}.default";
        if (HasUnknown(schema, schema.Default))
        {
            errors.Invalid(field, schema.Default, "must not have unknown fields");
        }

        var found = new FieldErrors();
        SchemaValidator.ValidatePart(schema, schema.Default, null, field, found);
        if (found.Found.Count == 0 && CelRuleSet.OfValue(schema) is { } rules)
        {
            rules.ValidateValue(schema.Default, field, found);
        }

        errors.Add(found);
    }

    private static bool HasUnknown(StructuralSchema schema, JsonNode? node) => node switch
    {
        JsonObject fields => !schema.KeepsUnknownFields && !schema.AllowsAnyProperty && fields.Any(f =>
            schema.Properties.TryGetValue(f.Key, out StructuralSchema? property) ? HasUnknown(property, f.Value)
            : schema.AdditionalProperties is { } values ? HasUnknown(values, f.Value)
            : !(schema.IsEmbeddedResource && f.Key is "apiVersion" or "kind" or "metadata")),
        JsonArray items => schema.Items is { } item && items.Any(i => HasUnknown(item, i)),
        _ => false,
    };
}

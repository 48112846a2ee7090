using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>Validates a document against a schema, in the words of a real API server.</summary>
internal sealed class SchemaValidator(FieldErrors errors)
{
    /// <summary>Validates a custom resource.</summary>
    public static void Validate(StructuralSchema schema, JsonObject document, FieldErrors errors) =>
        new SchemaValidator(errors).Check(schema, document, "");

    private static string TypeOf(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "object",
        JsonArray => "array",
        _ when node.AsText() is not null => "string",
        JsonValue value when value.TryGetValue(out bool _) => "boolean",
        _ when node.AsNumber() is not null => "integer",
        _ => "number",
    };

    private static bool IsOfType(StructuralSchema schema, string actual) =>
        schema.IsIntOrString ? actual is "integer" or "string"
        : schema.Type is null || schema.Type == actual || (schema.Type == "number" && actual == "integer");

    private static string Inside(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private void Check(StructuralSchema schema, JsonNode? node, string path)
    {
        string actual = TypeOf(node);
        if (node is null)
        {
            if (!schema.IsNullable && schema.Type is not null)
            {
                errors.TypeInvalid(path, "\"null\"", $"{path} in body must be of type {schema.Type}: \"null\"");
            }

            return;
        }

        if (!IsOfType(schema, actual))
        {
            errors.TypeInvalid(
                path, $"\"{actual}\"", $"{path} in body must be of type {(schema.IsIntOrString ? "integer,string" : schema.Type)}: \"{actual}\"");
            return;
        }

        switch (node)
        {
            case JsonObject fields:
                CheckObject(schema, fields, path);
                break;
            case JsonArray items:
                CheckArray(schema, items, path);
                break;
            default:
                CheckScalar(schema, node, path);
                break;
        }

        if (schema.Enum is { } allowed && !allowed.Any(a => JsonNodes.Same(a, node)))
        {
            errors.NotSupported(path, node, allowed.Select(a => a.AsShown()));
        }

        CheckBranches(schema, node, path);
    }

    private void CheckBranches(StructuralSchema schema, JsonNode node, string path)
    {
        foreach (StructuralSchema branch in schema.AllOf)
        {
            Check(branch, node, path);
        }

        if (schema.AnyOf.Count > 0 && !schema.AnyOf.Any(b => Fits(b, node, path)))
        {
            errors.Invalid(path, node, $"{Shown(path)} in body must validate at least one schema (anyOf)");
        }

        if (schema.OneOf.Count > 0 && schema.OneOf.Count(b => Fits(b, node, path)) is not 1 and int fitting)
        {
            errors.Invalid(path, node, $"{Shown(path)} in body must validate one and only one schema (oneOf). {(fitting == 0 ? "Found none valid" : $"Found {fitting} valid alternatives")}");
        }

        if (schema.Not is { } not && Fits(not, node, path))
        {
            errors.Invalid(path, node, $"{Shown(path)} in body must not validate the schema (not)");
        }
    }

    private static string Shown(string path) => path.Length == 0 ? "<nil>" : path;

    private static bool Fits(StructuralSchema schema, JsonNode node, string path)
    {
        var findings = new FieldErrors();
        new SchemaValidator(findings).Check(schema, node, path);
        return findings.Found.Count == 0;
    }

    private void CheckObject(StructuralSchema schema, JsonObject fields, string path)
    {
        foreach (string name in schema.Required)
        {
            if (!fields.ContainsKey(name))
            {
                errors.Required(Inside(path, name));
            }
        }

        foreach ((string name, JsonNode? value) in fields)
        {
            if (path.Length == 0 && name == "metadata")
            {
                // Metadata has rules of its own; a schema may only restrict its name.
                continue;
            }

            if (schema.Properties.TryGetValue(name, out StructuralSchema? property))
            {
                Check(property, value, Inside(path, name));
            }
            else if (schema.AdditionalProperties is { } values)
            {
                Check(values, value, Inside(path, name));
            }
        }

        if (schema.MaxProperties is { } most && fields.Count > most)
        {
            errors.TooMany(path, fields.Count, most);
        }

        if (schema.MinProperties is { } least && fields.Count < least)
        {
            errors.Invalid(path, JsonValue.Create((long)fields.Count), $"{path} in body should have at least {least} properties");
        }
    }

    private void CheckArray(StructuralSchema schema, JsonArray items, string path)
    {
        for (int i = 0; schema.Items is not null && i < items.Count; i++)
        {
            Check(schema.Items, items[i], $"{path}[{i}]");
        }

        if (schema.MaxItems is { } most && items.Count > most)
        {
            errors.TooMany(path, items.Count, most);
        }

        if (schema.MinItems is { } least && items.Count < least)
        {
            errors.Invalid(path, JsonValue.Create((long)items.Count), $"{path} in body should have at least {least} items");
        }

        if (schema.ListType is not ("map" or "set") && !schema.UniqueItems)
        {
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < items.Count; i++)
        {
            JsonNode? key = schema.ListType == "map" ? KeyOf(schema, items[i] as JsonObject) : items[i];
            if (!seen.Add(JsonText.WriteString(key)))
            {
                errors.Duplicate($"{path}[{i}]", key);
            }
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

    private void CheckScalar(StructuralSchema schema, JsonNode node, string path)
    {
        if (node.AsText() is { } text)
        {
            CheckText(schema, text, path);
        }
        else if (StructuralSchema.Real(node) is { } number)
        {
            CheckNumber(schema, node, number, path);
        }
    }

    private void CheckText(StructuralSchema schema, string text, string path)
    {
        int length = text.EnumerateRunes().Count();
        if (schema.MaxLength is { } most && length > most)
        {
            errors.TooLong(path, most);
        }

        if (schema.MinLength is { } least && length < least)
        {
            errors.Invalid(path, JsonValue.Create(text), $"{path} in body should be at least {least} chars long");
        }

        if (schema.Matcher is { } matcher && !Matches(matcher, text))
        {
            errors.Invalid(path, JsonValue.Create(text), $"{path} in body should match '{schema.Pattern}'");
        }

        if (schema.Format == "date-time" && !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            errors.Invalid(path, JsonValue.Create(text), $"{path} in body must be of type date-time: \"{text}\"");
        }
    }

    private static bool Matches(Regex matcher, string text)
    {
        try
        {
            return matcher.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private void CheckNumber(StructuralSchema schema, JsonNode node, double number, string path)
    {
        if (schema.Format == "int32" && number is < int.MinValue or > int.MaxValue)
        {
            errors.Invalid(path, node, $"{path} in body must be of type int32: \"{node.AsShown()}\"");
        }

        if (schema.Minimum is { } least && (number < least || (schema.HasExclusiveMinimum && number <= least)))
        {
            string than = schema.HasExclusiveMinimum ? "greater than" : "greater than or equal to";
            errors.Invalid(path, node, $"{path} in body should be {than} {least.ToString(CultureInfo.InvariantCulture)}");
        }

        if (schema.Maximum is { } most && (number > most || (schema.HasExclusiveMaximum && number >= most)))
        {
            string than = schema.HasExclusiveMaximum ? "less than" : "less than or equal to";
            errors.Invalid(path, node, $"{path} in body should be {than} {most.ToString(CultureInfo.InvariantCulture)}");
        }

        if (schema.MultipleOf is { } factor && factor != 0 && Math.IEEERemainder(number, factor) != 0)
        {
            errors.Invalid(path, node, $"{path} in body should be a multiple of {factor.ToString(CultureInfo.InvariantCulture)}");
        }
    }
}

using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>
/// Validates a document against a schema, in the words and the order of a real API server. What an update did not change is let
/// pass, however wrong it is.
/// </summary>
/// <param name="errors">Collects the findings.</param>
/// <param name="root">Path of the document that is validated; empty for a whole object. Messages leave it out, fields do not.</param>
internal sealed class SchemaValidator(FieldErrors errors, string root)
{
    /// <summary>Validates a custom resource.</summary>
    /// <param name="schema">Its schema.</param>
    /// <param name="document">The new state.</param>
    /// <param name="old">The state before; null for a creation.</param>
    /// <param name="errors">Collects the findings.</param>
    public static void Validate(StructuralSchema schema, JsonObject document, JsonObject? old, FieldErrors errors) =>
        new SchemaValidator(errors, "").Check(schema, document, new FieldPath(), old is null ? null : new Correlation(document, old, schema));

    /// <summary>Validates a part of a custom resource that has a path of its own, such as the status.</summary>
    public static void ValidatePart(StructuralSchema schema, JsonNode? part, JsonNode? old, string path, FieldErrors errors) =>
        new SchemaValidator(errors, path).Check(schema, part, new FieldPath(), old is null ? null : new Correlation(part, old, schema));

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

    private static bool IsOfType(StructuralSchema schema, string actual, JsonNode node) =>
        schema.IsIntOrString ? actual is "integer" or "string"
        : schema.Type is null || schema.Type == actual || (schema.Type == "number" && actual == "integer")
            || (schema.Type == "integer" && actual == "number" && StructuralSchema.Real(node) is { } real && real == Math.Floor(real) && Math.Abs(real) < 9e15);

    private string Field(FieldPath path) => Field(path.ToString());

    private string Field(string path) => root.Length == 0 ? path.Length == 0 ? "<nil>" : path : path.Length == 0 ? root : $"{root}.{path}";

    private void Check(StructuralSchema schema, JsonNode? node, FieldPath path, Correlation? correlation)
    {
        if (correlation?.IsSame != true)
        {
            CheckValue(schema, node, path, correlation);
        }
    }

    private void CheckValue(StructuralSchema schema, JsonNode? node, FieldPath path, Correlation? correlation)
    {
        string actual = TypeOf(node);
        string type = schema.IsIntOrString ? "integer,string" : schema.Type ?? "";
        if (node is null)
        {
            if (!schema.IsNullable && type.Length > 0)
            {
                errors.TypeInvalid(Field(path), "\"null\"", $"{path} in body must be of type {type}: \"null\"");
            }

            CheckEnum(schema, node, path);
            return;
        }

        if (!IsOfType(schema, actual, node))
        {
            bool isReal = actual == "number" && schema.Format is "int32" or "int64";
            string shown = isReal ? "float64" : actual;
            errors.TypeInvalid(Field(path), $"\"{shown}\"", $"{path} in body must be of type {(isReal ? schema.Format : type)}: \"{shown}\"");
        }

        CheckBranches(schema, node, path);
        switch (node)
        {
            case JsonObject fields:
                CheckEnum(schema, node, path);
                CheckObject(schema, fields, path, correlation);
                return;
            case JsonArray items:
                CheckArray(schema, items, path, correlation);
                break;
            default:
                CheckScalar(schema, node, path);
                break;
        }

        CheckEnum(schema, node, path);
    }

    private void CheckEnum(StructuralSchema schema, JsonNode? node, FieldPath path)
    {
        if (schema.Enum is { } allowed && !allowed.Any(a => JsonNodes.Same(a, node)))
        {
            errors.NotSupported(Field(path), node, allowed.Select(a => a is null ? "null" : a.AsShown()));
        }
    }

    private void CheckBranches(StructuralSchema schema, JsonNode node, FieldPath path)
    {
        if (schema.AnyOf.Count > 0)
        {
            FieldErrors[] findings = [.. schema.AnyOf.Select(b => Findings(b, node, path))];
            if (!findings.Any(f => f.Found.Count == 0))
            {
                Composite($"\"{path}\" must validate at least one schema (anyOf)");
                errors.Add(findings[0]);
            }
        }

        if (schema.OneOf.Count > 0)
        {
            FieldErrors[] findings = [.. schema.OneOf.Select(b => Findings(b, node, path))];
            int fitting = findings.Count(f => f.Found.Count == 0);
            if (fitting != 1)
            {
                Composite($"\"{path}\" must validate one and only one schema (oneOf). {(fitting == 0 ? "Found none valid" : $"Found {fitting} valid alternatives")}");
                if (fitting == 0)
                {
                    errors.Add(findings[0]);
                }
            }
        }

        if (schema.AllOf.Count > 0)
        {
            FieldErrors[] findings = [.. schema.AllOf.Select(b => Findings(b, node, path))];
            foreach (FieldErrors found in findings)
            {
                errors.Add(found);
            }

            if (findings.Any(f => f.Found.Count > 0))
            {
                Composite($"\"{path}\" must validate all the schemas (allOf){(findings.All(f => f.Found.Count > 0) ? ". None validated" : "")}");
            }
        }

        if (schema.Not is { } not && Findings(not, node, path).Found.Count == 0)
        {
            Composite($"\"{path}\" must not validate the schema (not)");
        }
    }

    // A real server gives these no field and an empty value.
    private void Composite(string message) => errors.InvalidShown(Field(""), "\"\"", message);

    private FieldErrors Findings(StructuralSchema schema, JsonNode node, FieldPath path)
    {
        var findings = new FieldErrors();
        new SchemaValidator(findings, root).Check(schema, node, path, null);
        return findings;
    }

    private void CheckObject(StructuralSchema schema, JsonObject fields, FieldPath path, Correlation? correlation)
    {
        if (schema.MinProperties is { } least && fields.Count < least)
        {
            errors.Invalid(Field(path), JsonValue.Create((long)fields.Count), $"{path} in body should have at least {least} properties");
        }

        if (schema.MaxProperties is { } most && fields.Count > most)
        {
            errors.TooMany(Field(path), fields.Count, most);
        }

        foreach ((string name, JsonNode? value) in fields)
        {
            if (schema.Properties.TryGetValue(name, out StructuralSchema? property))
            {
                // Both states were read in the version that was asked for: their apiVersion tells nothing.
                bool tells = !path.IsRoot || root.Length > 0 || name is not ("apiVersion" or "kind");
                path.Enter(name);
                Check(property, value, path, tells ? correlation?.Key(name) : null);
                path.Leave();
            }
            else if (schema.AdditionalProperties is { } values)
            {
                path.Enter(name);
                Check(values, value, path, correlation?.Key(name));
                path.Leave();
            }
        }

        foreach (string name in schema.Required)
        {
            if (!fields.ContainsKey(name))
            {
                errors.Required(Field(path.Of(name)));
            }
        }
    }

    private void CheckArray(StructuralSchema schema, JsonArray items, FieldPath path, Correlation? correlation)
    {
        for (int i = 0; schema.Items is not null && i < items.Count; i++)
        {
            path.Enter(i);
            Check(schema.Items, items[i], path, correlation?.Index(i));
            path.Leave();
        }

        if (schema.MinItems is { } least && items.Count < least)
        {
            errors.Invalid(Field(path), JsonValue.Create((long)items.Count), $"{path} in body should have at least {least} items");
        }

        if (schema.MaxItems is { } most && items.Count > most)
        {
            errors.TooMany(Field(path), items.Count, most);
        }
    }

    private void CheckScalar(StructuralSchema schema, JsonNode node, FieldPath path)
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

    private void CheckText(StructuralSchema schema, string text, FieldPath path)
    {
        int length = schema.MaxLength is null && schema.MinLength is null ? 0 : text.EnumerateRunes().Count();
        if (schema.MaxLength is { } most && length > most)
        {
            errors.TooLong(Field(path), most);
        }

        if (schema.MinLength is { } least && length < least)
        {
            errors.Invalid(Field(path), JsonValue.Create(text), $"{path} in body should be at least {least} chars long");
        }

        if (schema.Matcher is { } matcher && !matcher.IsMatch(text))
        {
            errors.Invalid(Field(path), JsonValue.Create(text), $"{path} in body should match '{schema.Pattern}'");
        }

        if (schema.Format is { } format && schema.Type is null or "string" && !StringFormats.Fits(format, text))
        {
            errors.TypeInvalid(Field(path), JsonText.WriteString(JsonValue.Create(text)), $"{path} in body must be of type {format}: {JsonText.WriteString(JsonValue.Create(text))}");
        }
    }

    private void CheckNumber(StructuralSchema schema, JsonNode node, double number, FieldPath path)
    {
        if (schema is { Format: "int32", Type: "integer" } && (number is < int.MinValue or > int.MaxValue || number != Math.Floor(number)))
        {
            errors.InvalidShown(Field(""), "\"\"", $"Checked value must be of type integer with format int32 in {path}");
        }

        if (schema.MultipleOf is { } factor && factor != 0 && Math.IEEERemainder(number, factor) != 0)
        {
            errors.Invalid(Field(path), node, $"{path} in body should be a multiple of {factor.ToString(CultureInfo.InvariantCulture)}");
        }

        if (schema.Minimum is { } least && (number < least || (schema.HasExclusiveMinimum && number <= least)))
        {
            string than = schema.HasExclusiveMinimum ? "greater than" : "greater than or equal to";
            errors.Invalid(Field(path), node, $"{path} in body should be {than} {least.ToString(CultureInfo.InvariantCulture)}");
        }

        if (schema.Maximum is { } most && (number > most || (schema.HasExclusiveMaximum && number >= most)))
        {
            string than = schema.HasExclusiveMaximum ? "less than" : "less than or equal to";
            errors.Invalid(Field(path), node, $"{path} in body should be {than} {most.ToString(CultureInfo.InvariantCulture)}");
        }
    }
}

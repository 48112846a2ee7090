using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Schemas.Definitions;

/// <summary>
/// Checks that a schema is structural: every field is typed outside of <c>allOf</c>, <c>anyOf</c>, <c>oneOf</c> and <c>not</c>, and
/// what is inside of them only restricts values.
/// </summary>
internal sealed class StructureRules(FieldErrors errors)
{
    private static readonly string[] Junctors = ["anyOf", "allOf", "oneOf"];

    private enum Level
    {
        Root,
        Item,
        Field,
    }

    /// <summary>Checks the schema of a whole resource; findings are sorted, as a real server sorts them.</summary>
    public static void Check(JsonObject schema, string path, FieldErrors errors)
    {
        var found = new FieldErrors();
        var rules = new StructureRules(found);
        rules.Invariants(schema, Level.Root, path);
        rules.Completeness(schema, schema, path, path);
        foreach (FieldError error in found.Found.OrderBy(e => $"{e.Field}: {e.Message}", StringComparer.Ordinal))
        {
            errors.Add(error);
        }
    }

    private static bool IsIntOrStringPattern(JsonArray? anyOf) =>
        anyOf is [JsonObject { Count: 1 } whole, JsonObject { Count: 1 } text] && whole.Text("type") == "integer" && text.Text("type") == "string";

    private static string At(string path, string list, int index) => string.Create(CultureInfo.InvariantCulture, $"{path}.{list}[{index}]");

    private void Invariants(JsonObject schema, Level level, string path)
    {
        string type = schema.Text("type") ?? "";
        bool isEmbedded = schema.Flag("x-kubernetes-embedded-resource") == true;
        bool isIntOrString = schema.Flag("x-kubernetes-int-or-string") == true;
        bool keepsUnknown = schema.Flag("x-kubernetes-preserve-unknown-fields") == true;
        if (type == "array" && schema.Child("items") is null)
        {
            errors.Required($"{path}.items", "must be specified");
        }

        Children(schema, level, path);
        if (isIntOrString && keepsUnknown)
        {
            errors.Invalid($"{path}.x-kubernetes-preserve-unknown-fields", JsonValue.Create(true), "must be false if x-kubernetes-int-or-string is true");
        }

        if (isIntOrString && isEmbedded)
        {
            errors.Invalid($"{path}.x-kubernetes-embedded-resource", JsonValue.Create(true), "must be false if x-kubernetes-int-or-string is true");
        }

        Values(schema, path, IsIntOrStringPattern(schema.List("anyOf")), IsIntOrStringPattern((schema.List("allOf")?.FirstOrDefault() as JsonObject).List("anyOf")));
        if (isEmbedded && type != "object")
        {
            Wrong($"{path}.type", type, "must be object if x-kubernetes-embedded-resource is true");
        }
        else if (type.Length == 0 && !isIntOrString && !keepsUnknown)
        {
            errors.Required($"{path}.type", level switch
            {
                Level.Root => "must not be empty at the root",
                Level.Item => "must not be empty for specified array items",
                Level.Field => "must not be empty for specified object fields",
            });
        }

        if (level == Level.Root && type.Length > 0 && type != "object")
        {
            errors.Invalid($"{path}.type", JsonValue.Create(type), "must be object at the root");
        }

        if (level == Level.Root || isEmbedded)
        {
            TypeMeta(schema.Child("properties"), level, path);
        }

        if (isEmbedded && !keepsUnknown && schema.Child("properties") is not { Count: > 0 })
        {
            errors.Required($"{path}.properties", "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields");
        }
    }

    private void Children(JsonObject schema, Level level, string path)
    {
        if (schema.Child("items") is { } items)
        {
            Invariants(items, Level.Item, $"{path}.items");
        }

        foreach ((string name, JsonNode? property) in schema.Child("properties") ?? [])
        {
            Invariants(property as JsonObject ?? [], Level.Field, $"{path}.properties[{name}]");
        }

        if (schema["additionalProperties"] is not { } more)
        {
            return;
        }

        if (level == Level.Root)
        {
            errors.Forbidden($"{path}.additionalProperties", "must not be used at the root");
        }

        if (more is JsonObject values)
        {
            Invariants(values, Level.Field, $"{path}.additionalProperties");
        }
    }

    private void TypeMeta(JsonObject? properties, Level level, string path)
    {
        foreach (string name in (ReadOnlySpan<string>)["kind", "apiVersion"])
        {
            if (properties.Child(name) is { } field && field.Text("type") != "string")
            {
                errors.Invalid($"{path}.properties[{name}].type", JsonValue.Create(field.Text("type") ?? ""), "must be string");
            }
        }

        if (properties.Child("metadata") is not { } metadata)
        {
            return;
        }

        if (metadata.Text("type") != "object")
        {
            errors.Invalid($"{path}.properties[metadata].type", JsonValue.Create(metadata.Text("type") ?? ""), "must be object");
        }

        bool isRestricted = metadata.Any(p => p.Key is not ("type" or "properties" or "description" or "default"))
            || metadata.Child("properties")?.Any(p => p.Key is not ("name" or "generateName")) == true;
        if (level == Level.Root && isRestricted)
        {
            errors.Forbidden($"{path}.properties[metadata]", "must not specify anything other than name and generateName, but metadata is implicitly specified");
        }
    }

    private void Values(JsonObject schema, string path, bool skipsAnyOf, bool skipsFirstAllOf)
    {
        foreach (string junctor in Junctors)
        {
            foreach ((int i, JsonNode? branch) in (schema.List(junctor) ?? []).Index())
            {
                if (branch is JsonObject nested && !(junctor == "anyOf" && skipsAnyOf))
                {
                    Nested(nested, At(path, junctor, i), skipsAnyOf: junctor == "allOf" && i == 0 && skipsFirstAllOf);
                }
            }
        }

        if (schema.Child("not") is { } not)
        {
            Nested(not, $"{path}.not", false);
        }

        if (StructuralSchema.ProblemOf(schema.Text("pattern")) is { } problem)
        {
            errors.Invalid($"{path}.pattern", schema["pattern"], problem);
        }
    }

    private void Nested(JsonObject schema, string path, bool skipsAnyOf)
    {
        Values(schema, path, skipsAnyOf, false);
        if (schema.Child("items") is { } items)
        {
            Nested(items, $"{path}.items", false);
        }

        foreach ((string name, JsonNode? property) in schema.Child("properties") ?? [])
        {
            Nested(property as JsonObject ?? [], $"{path}.properties[{name}]", false);
        }

        Empty(schema, path, "must be empty to be structural", "type", "title", "description", "x-kubernetes-list-map-keys", "x-kubernetes-validations");
        Empty(schema, path, "must be undefined to be structural", "additionalProperties", "default", "x-kubernetes-list-type", "x-kubernetes-map-type");
        Empty(
            schema, path, "must be false to be structural",
            "nullable", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource", "x-kubernetes-int-or-string");
        if (schema.Child("properties")?.ContainsKey("metadata") == true)
        {
            errors.Forbidden($"{path}.properties[metadata]", "must not be specified in a nested context");
        }
    }

    private void Empty(JsonObject schema, string path, string detail, params IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            if (schema[name] is { } value && value is not JsonArray { Count: 0 } && schema.Flag(name) != false)
            {
                errors.Forbidden($"{path}.{name}", detail);
            }
        }
    }

    private void Wrong(string path, string value, string detail)
    {
        if (value.Length == 0)
        {
            errors.Required(path, detail);
        }
        else
        {
            errors.Invalid(path, JsonValue.Create(value), detail);
        }
    }

    /// <summary>What a junctor restricts must be there outside of it.</summary>
    private void Completeness(JsonObject values, JsonObject? structure, string structurePath, string path)
    {
        foreach (string junctor in Junctors)
        {
            foreach ((int i, JsonNode? branch) in (values.List(junctor) ?? []).Index())
            {
                NestedCompleteness(branch as JsonObject ?? [], structure, structurePath, At(path, junctor, i));
            }
        }

        if (values.Child("not") is { } not)
        {
            NestedCompleteness(not, structure, structurePath, $"{path}.not");
        }
    }

    private void NestedCompleteness(JsonObject values, JsonObject? structure, string structurePath, string path)
    {
        if (structure is null)
        {
            errors.Required(structurePath, $"because it is defined in {path}");
            return;
        }

        Completeness(values, structure, structurePath, path);
        if (values.Child("items") is { } items)
        {
            NestedCompleteness(items, structure.Child("items"), $"{structurePath}.items", $"{path}.items");
        }

        foreach ((string name, JsonNode? property) in values.Child("properties") ?? [])
        {
            NestedCompleteness(
                property as JsonObject ?? [], structure.Child("properties").Child(name), $"{structurePath}.properties[{name}]", $"{path}.properties[{name}]");
        }
    }
}

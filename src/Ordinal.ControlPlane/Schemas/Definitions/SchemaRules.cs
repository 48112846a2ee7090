using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cel;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Schemas.Definitions;

/// <summary>
/// Checks what a CRD's schema may say, and its CEL rules. Rules below something that is wrong are not compiled: their findings
/// would go with it.
/// </summary>
internal sealed class SchemaRules
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];
    private static readonly string[] Reasons = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

    private readonly FieldErrors _schemaErrors = new();
    private readonly FieldErrors _ruleErrors = new();
    private readonly RuleCosts _costs = new();
    private readonly bool _compiles;
    private readonly bool _isKnown;

    private SchemaRules(bool compiles, bool isKnown)
    {
        _compiles = compiles;
        _isKnown = isKnown;
    }

    /// <summary>Checks the schema of a whole resource.</summary>
    /// <param name="schema">The schema as it is written.</param>
    /// <param name="path">Its path in the CRD.</param>
    /// <param name="compiles">Whether rules are compiled: not when the schema is not structural.</param>
    /// <param name="isKnown">Whether the schema is the one that was there before: then its rules may cost what they do.</param>
    /// <param name="errors">Collects the findings.</param>
    public static void Check(JsonObject schema, string path, bool compiles, bool isKnown, FieldErrors errors)
    {
        var rules = new SchemaRules(compiles, isKnown);
        rules.Walk(schema, path, new Place { IsRoot = true });
        errors.Add(rules._schemaErrors);
        errors.Add(rules._ruleErrors);
        if (!isKnown)
        {
            rules._costs.Sum(path, errors);
        }
    }

    private void Walk(JsonObject schema, string path, Place place)
    {
        int before = _schemaErrors.Found.Count;
        Standard(schema, path, place);
        if (schema.Flag("uniqueItems") == true)
        {
            _schemaErrors.Forbidden($"{path}.uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
        }

        JsonObject properties = schema.Child("properties") ?? [];
        if (schema["additionalProperties"] is { } more)
        {
            if (properties.Count > 0 && (more is JsonObject || schema.Flag("additionalProperties") == false))
            {
                _schemaErrors.Forbidden($"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive");
            }

            if (more is JsonObject values)
            {
                Walk(values, $"{path}.additionalProperties", place.Inside().Times(schema.Number("maxProperties")));
            }
        }

        foreach ((string name, JsonNode? property) in properties)
        {
            Place inner = place.Inside();
            if (place.IsRoot && name is "metadata" or "kind" or "apiVersion")
            {
                inner = inner with { ForbidsDefaults = $"in top-level {name}", IsMetadata = true };
            }

            Walk(property as JsonObject ?? [], $"{path}.properties[{name}]", inner);
        }

        Branches(schema, path, place);
        if (schema.Child("items") is { } items)
        {
            bool isMap = schema.Text("x-kubernetes-list-type") == "map";
            Place inner = place.Inside().Times(schema.Number("maxItems"));
            Walk(items, $"{path}.items", isMap ? inner : inner with { Uncorrelatable = place.Uncorrelatable ?? path });
        }

        ListRules.Check(schema, path, _schemaErrors);
        JsonObject[] rules = [.. (schema.List("x-kubernetes-validations") ?? []).Select(r => r as JsonObject ?? [])];
        foreach ((int i, JsonObject rule) in rules.Index())
        {
            Words(rule, schema, string.Create(CultureInfo.InvariantCulture, $"{path}.x-kubernetes-validations[{i}]"));
        }

        if (rules.Length > 0 && _schemaErrors.Found.Count == before && _compiles && !place.IsBranch)
        {
            Compile(schema, path, place);
        }
    }

    private void Branches(JsonObject schema, string path, Place place)
    {
        Place inner = place.Inside() with { IsBranch = true };
        if (schema.Child("not") is { } not)
        {
            Walk(not, $"{path}.not", inner);
        }

        foreach (string junctor in (ReadOnlySpan<string>)["allOf", "oneOf", "anyOf"])
        {
            foreach ((int i, JsonNode? branch) in (schema.List(junctor) ?? []).Index())
            {
                Walk(branch as JsonObject ?? [], string.Create(CultureInfo.InvariantCulture, $"{path}.{junctor}[{i}]"), inner);
            }
        }
    }

    private void Standard(JsonObject schema, string path, Place place)
    {
        string type = schema.Text("type") ?? "";
        if (type.Length > 0 && !Types.Contains(type))
        {
            _schemaErrors.NotSupported($"{path}.type", schema["type"], Types);
        }

        if (schema["default"] is not null && place.ForbidsDefaults.Length > 0)
        {
            _schemaErrors.Forbidden($"{path}.default", $"must not be set {place.ForbidsDefaults}");
        }

        foreach (string name in (ReadOnlySpan<string>)["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"])
        {
            if (schema[name] is not null)
            {
                _schemaErrors.Forbidden($"{path}.{name}", $"{name} is not supported");
            }
        }

        if (schema["items"] is JsonArray)
        {
            _schemaErrors.Forbidden($"{path}.items", "items must be a schema object and not an array");
        }

        if (place.IsMetadata && schema.Flag("x-kubernetes-embedded-resource") == true)
        {
            _schemaErrors.Forbidden($"{path}.x-kubernetes-embedded-resource", "must not be used inside of resource meta");
        }
    }

    private void Words(JsonObject rule, JsonObject schema, string path)
    {
        string expression = (rule.Text("rule") ?? "").Trim();
        string message = rule.Text("message") ?? "";
        if (expression.Length == 0)
        {
            _schemaErrors.Required($"{path}.rule", "rule is not specified");
        }
        else if (message.Length > 0 && message.Trim().Length == 0)
        {
            _schemaErrors.Invalid($"{path}.message", rule["message"], "must be non-empty if specified");
        }
        else if (message.Trim().AsSpan().ContainsAny('\n', '\r'))
        {
            _schemaErrors.Invalid($"{path}.message", rule["message"], "must not contain line breaks");
        }
        else if (expression.AsSpan().ContainsAny('\n', '\r') && message.Trim().Length == 0)
        {
            _schemaErrors.Required($"{path}.message", "message must be specified if rule contains line breaks");
        }

        if (rule.Text("messageExpression") is { Length: > 0 } messageExpression && messageExpression.Trim().Length == 0)
        {
            _schemaErrors.Required($"{path}.messageExpression", "messageExpression must be non-empty if specified");
        }

        if (rule.Text("reason") is { } reason && !Reasons.Contains(reason))
        {
            _schemaErrors.NotSupported($"{path}.reason", rule["reason"], Reasons);
        }

        if (rule.Text("fieldPath") is not { Length: > 0 } fieldPath)
        {
            return;
        }

        if (fieldPath.Trim().Length == 0)
        {
            _schemaErrors.Invalid($"{path}.fieldPath", rule["fieldPath"], "must be non-empty if specified");
        }

        if (fieldPath.AsSpan().ContainsAny('\n', '\r'))
        {
            _schemaErrors.Invalid($"{path}.fieldPath", rule["fieldPath"], "must not contain line breaks");
        }

        if (CelFieldPath.Normalize(fieldPath, StructuralSchema.Read(schema)) is null)
        {
            _schemaErrors.Invalid($"{path}.fieldPath", rule["fieldPath"], "must be a valid path");
        }
    }

    private void Compile(JsonObject document, string path, Place place)
    {
        StructuralSchema schema = StructuralSchema.Read(document);
        if (CelSchema.TypeOf(schema, place.IsRoot || schema.IsEmbeddedResource) is not { } type)
        {
            _ruleErrors.InternalError(
                $"{path}.x-kubernetes-validations", "internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations");
            return;
        }

        foreach ((int i, ValidationRule rule) in schema.Rules.Index())
        {
            string field = string.Create(CultureInfo.InvariantCulture, $"{path}.x-kubernetes-validations[{i}]");
            CelRule compiled = CelRule.Compile(rule, type, schema);
            _costs.Add($"{field}.rule", "estimated rule cost", compiled.WorstCost * (place.Cardinality ?? RuleCosts.MostTimes(type)), _isKnown ? null : _ruleErrors);
            if (compiled.Problem is { } problem)
            {
                _ruleErrors.InvalidShown($"{field}.rule", Shown(rule), problem);
            }

            if (compiled.MessageProblem is { } messageProblem)
            {
                _ruleErrors.InvalidShown($"{field}.messageExpression", Shown(rule), messageProblem);
            }
            else if (compiled.Message is not null)
            {
                _costs.Add($"{field}.messageExpression", "estimated messageExpression cost", compiled.WorstMessageCost, _isKnown ? null : _ruleErrors);
            }

            if (compiled.UsesOldSelf && place.Uncorrelatable is { } list)
            {
                _ruleErrors.Invalid($"{field}.rule", JsonValue.Create(rule.Rule), $"oldSelf cannot be used on the uncorrelatable portion of the schema within {list}");
            }
            else if (!compiled.UsesOldSelf && rule.OptionalOldSelf is { } optional)
            {
                _ruleErrors.Invalid($"{field}.optionalOldSelf", JsonValue.Create(optional), "may not be set if oldSelf is not used in rule");
            }
        }
    }

    /// <summary>Shows a rule as a real server does: with the names of its own type, escaped as for a web page.</summary>
    private static string Shown(ValidationRule rule) => JsonText.WriteString(new JsonObject
    {
        ["Rule"] = rule.Rule,
        ["Message"] = rule.Message,
        ["MessageExpression"] = rule.MessageExpression,
        ["Reason"] = rule.Reason.Length == 0 ? null : rule.Reason,
        ["FieldPath"] = rule.FieldPath,
        ["OptionalOldSelf"] = rule.OptionalOldSelf,
    }).Replace("&", "\\u0026", StringComparison.Ordinal).Replace("<", "\\u003c", StringComparison.Ordinal).Replace(">", "\\u003e", StringComparison.Ordinal);

    /// <summary>Where in the schema we are.</summary>
    private sealed record Place
    {
        public bool IsRoot { get; init; }

        /// <summary>Gets a value indicating whether we are inside of allOf, anyOf, oneOf or not.</summary>
        public bool IsBranch { get; init; }

        public bool IsMetadata { get; init; }

        /// <summary>Gets why defaults are not allowed; empty where they are.</summary>
        public string ForbidsDefaults { get; init; } = "";

        /// <summary>Gets the outermost list whose entries have no counterpart before an update; null outside of such lists.</summary>
        public string? Uncorrelatable { get; init; }

        /// <summary>Gets how often the value may occur in one object; null when nothing limits it.</summary>
        public double? Cardinality { get; init; } = 1;

        public Place Times(long? most) => this with { Cardinality = Cardinality * most };

        public Place Inside() => IsRoot ? this with { IsRoot = false } : this;
    }
}

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ordinal.ControlPlane.Cel;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>An <c>openAPIV3Schema</c> of a CRD, read once.</summary>
public sealed class StructuralSchema
{
    private StructuralSchema(JsonObject document, int depth)
    {
        if (depth > 100)
        {
            throw new FormatException("the schema is nested too deeply");
        }

        Type = document.Text("type");
        Format = document.Text("format");
        IsNullable = document.Flag("nullable") == true;
        KeepsUnknownFields = document.Flag("x-kubernetes-preserve-unknown-fields") == true;
        IsIntOrString = document.Flag("x-kubernetes-int-or-string") == true;
        IsEmbeddedResource = document.Flag("x-kubernetes-embedded-resource") == true;
        ListType = document.Text("x-kubernetes-list-type");
        MapType = document.Text("x-kubernetes-map-type");
        ListKeys = [.. (document.List("x-kubernetes-list-map-keys") ?? []).Select(k => k.AsText() ?? "")];
        HasDefault = document["default"] is not null;
        Default = document["default"]?.DeepClone();
        Required = [.. (document.List("required") ?? []).Select(r => r.AsText() ?? "")];
        Enum = document.List("enum")?.Select(e => e?.DeepClone()).ToArray();
        Pattern = document.Text("pattern");
        // Matchers of CRDs that were refused are never asked for.
        Matcher = string.IsNullOrEmpty(Pattern) || ProblemOf(Pattern) is not null ? null : CelTextFunctions.Matcher(Pattern);
        Rules = ValidationRule.ReadAll(document);
        MinLength = document.Number("minLength");
        MaxLength = document.Number("maxLength");
        MinItems = document.Number("minItems");
        MaxItems = document.Number("maxItems");
        MinProperties = document.Number("minProperties");
        MaxProperties = document.Number("maxProperties");
        Minimum = Real(document["minimum"]);
        Maximum = Real(document["maximum"]);
        MultipleOf = Real(document["multipleOf"]);
        HasExclusiveMinimum = document.Flag("exclusiveMinimum") == true;
        HasExclusiveMaximum = document.Flag("exclusiveMaximum") == true;
        UniqueItems = document.Flag("uniqueItems") == true;
        Items = document.Child("items") is { } items ? new StructuralSchema(items, depth + 1) : null;
        AdditionalProperties = document.Child("additionalProperties") is { } more ? new StructuralSchema(more, depth + 1) : null;
        AllowsAnyProperty = document.Flag("additionalProperties") == true;
        foreach ((string name, JsonNode? property) in document.Child("properties") ?? [])
        {
            Properties[name] = new StructuralSchema(property as JsonObject ?? [], depth + 1);
        }

        AllOf = Branches(document, "allOf", depth);
        AnyOf = Branches(document, "anyOf", depth);
        OneOf = Branches(document, "oneOf", depth);
        Not = document.Child("not") is { } not ? new StructuralSchema(not, depth + 1) : null;
    }

    public string? Type { get; }

    public string? Format { get; }

    public bool IsNullable { get; }

    public bool KeepsUnknownFields { get; }

    public bool IsIntOrString { get; }

    public bool IsEmbeddedResource { get; }

    public string? ListType { get; }

    public string? MapType { get; }

    public IReadOnlyList<string> ListKeys { get; }

    public bool HasDefault { get; }

    public JsonNode? Default { get; }

    public IReadOnlyList<string> Required { get; }

    public IReadOnlyList<JsonNode?>? Enum { get; }

    public string? Pattern { get; }

    /// <summary>Gets what matches the pattern, in time linear in the text: a pattern comes from a user and must not hold a request up.</summary>
    public Regex? Matcher { get; }

    /// <summary>Gets the CEL rules.</summary>
    public IReadOnlyList<ValidationRule> Rules { get; }

    public long? MinLength { get; }

    public long? MaxLength { get; }

    public long? MinItems { get; }

    public long? MaxItems { get; }

    public long? MinProperties { get; }

    public long? MaxProperties { get; }

    public double? Minimum { get; }

    public double? Maximum { get; }

    public double? MultipleOf { get; }

    public bool HasExclusiveMinimum { get; }

    public bool HasExclusiveMaximum { get; }

    public bool UniqueItems { get; }

    public StructuralSchema? Items { get; }

    public StructuralSchema? AdditionalProperties { get; }

    public bool AllowsAnyProperty { get; }

    public OrderedDictionary<string, StructuralSchema> Properties { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<StructuralSchema> AllOf { get; }

    public IReadOnlyList<StructuralSchema> AnyOf { get; }

    public IReadOnlyList<StructuralSchema> OneOf { get; }

    public StructuralSchema? Not { get; }

    /// <summary>Reads a schema.</summary>
    /// <exception cref="FormatException">It is nested too deeply.</exception>
    public static StructuralSchema Read(JsonObject document) => new(document, 0);

    /// <summary>Gets why a pattern is none; null when it is one, or missing.</summary>
    public static string? ProblemOf(string? pattern)
    {
        try
        {
            _ = string.IsNullOrEmpty(pattern) ? null : CelTextFunctions.Matcher(pattern);
            return null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return $"must be a valid regular expression, but isn't: error parsing regexp: {e.Message}";
        }
    }

    /// <summary>Reads a number, whole or not.</summary>
    internal static double? Real(JsonNode? node) => node is not JsonValue value ? null
        : value.TryGetValue(out long whole) ? whole
        : value.TryGetValue(out double real) ? real
        : value.TryGetValue(out int small) ? small
        : null;

    private static StructuralSchema[] Branches(JsonObject document, string name, int depth) =>
        [.. (document.List(name) ?? []).OfType<JsonObject>().Select(b => new StructuralSchema(b, depth + 1))];
}

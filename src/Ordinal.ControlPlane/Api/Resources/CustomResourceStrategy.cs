using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cel;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>The rules of a custom resource: those of its CRD's schema.</summary>
/// <param name="schema">The schema of the version.</param>
/// <param name="hasStatus">Whether status is a subresource, so that it does not count as a change of the spec.</param>
/// <param name="scale">Where the scale subresource finds its numbers; null when there is none.</param>
public sealed class CustomResourceStrategy(StructuralSchema schema, bool hasStatus, ScalePaths? scale) : ResourceStrategy
{
    private readonly CelRuleSet? _rules = CelRuleSet.Of(schema);

    public override void ApplyDefaults(JsonObject document) => SchemaDefaults.Apply(schema, document);

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        if (!isStatusWrite)
        {
            SchemaValidator.Validate(schema, document, old, errors);
            CheckScale(document, errors);
            ListUniqueness.CheckEmbedded(schema, document, errors);
        }
        else if (document["status"] is { } status && schema.Properties.TryGetValue("status", out StructuralSchema? statusSchema))
        {
            SchemaValidator.ValidatePart(statusSchema, status, old?["status"], "status", errors);
        }

        CheckLists(document, old, errors);
        WarnOfFinalizers(document, old, errors);
        if (_rules is null)
        {
            return;
        }

        if (errors.Found.Any(f => f.Reason is "FieldValueNotSupported" or "FieldValueRequired" or "FieldValueTooLong" or "FieldValueTooMany" or "FieldValueTypeInvalid"))
        {
            errors.InvalidShown("<nil>", "null", "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation");
            return;
        }

        _rules.Validate(document, old, errors);
    }

    /// <summary>Everything but metadata counts, and the status where it is a subresource.</summary>
    public override bool ChangesGeneration(JsonObject document, JsonObject old) =>
        document.Select(p => p.Key).Union(old.Select(p => p.Key), StringComparer.Ordinal)
            .Any(name => name is not ("metadata" or "apiVersion" or "kind") && !(hasStatus && name == "status") && !JsonNodes.Same(document[name], old[name]));

    private static void WarnOfFinalizers(JsonObject document, JsonObject? old, FieldErrors errors)
    {
        string[] before = [.. (old?.Metadata().List("finalizers") ?? []).Select(f => f.AsText() ?? "")];
        foreach (string finalizer in (document.Metadata().List("finalizers") ?? []).Select(f => f.AsText() ?? "").Except(before, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            if (!finalizer.Contains('/', StringComparison.Ordinal) && finalizer is not ("orphan" or "foregroundDeletion" or "kubernetes"))
            {
                string how = finalizer.Contains('.', StringComparison.Ordinal) ? "finalizer name including a path (/)" : "finalizer name";
                errors.Warnings.Add($"metadata.finalizers: \"{finalizer}\": prefer a domain-qualified {how} to avoid accidental conflicts with other finalizer writers");
            }
        }
    }

    private void CheckLists(JsonObject document, JsonObject? old, FieldErrors errors)
    {
        var found = new FieldErrors();
        ListUniqueness.Check(schema, document, found);
        if (found.Found.Count == 0)
        {
            return;
        }

        // An object that was wrong before may stay so.
        var before = new FieldErrors();
        ListUniqueness.Check(schema, old, before);
        if (before.Found.Count == 0)
        {
            errors.Add(found);
        }
    }

    /// <summary>Finds a whole number, or tells in Go's words what is there instead.</summary>
    private static (JsonNode? Value, string? Problem) Find(JsonObject document, string path)
    {
        JsonNode? node = document;
        foreach (string name in path.TrimStart('.').Split('.'))
        {
            if (node is not JsonObject fields)
            {
                return (null, $"{GoText(node)}, expected map[string]interface{{}}");
            }

            if (!fields.TryGetPropertyValue(name, out node))
            {
                return (null, null);
            }
        }

        return node.AsNumber() is null ? (null, $"{GoText(node)}, expected int64") : (node, null);
    }

    private static string GoText(JsonNode? node) => node switch
    {
        null => "<nil> is of the type <nil>",
        JsonArray items => $"[{string.Join(' ', items.Select(i => i.AsShown()))}] is of the type []interface {{}}",
        JsonObject fields => $"map[{string.Join(' ', fields.Select(f => $"{f.Key}:{f.Value.AsShown()}"))}] is of the type map[string]interface {{}}",
        _ when node.AsText() is { } text => $"{text} is of the type string",
        JsonValue value when value.TryGetValue(out bool flag) => $"{(flag ? "true" : "false")} is of the type bool",
        _ => $"{StructuralSchema.Real(node)?.ToString(System.Globalization.CultureInfo.InvariantCulture)} is of the type float64",
    };

    private void CheckScale(JsonObject document, FieldErrors errors)
    {
        foreach (string path in scale is null ? Enumerable.Empty<string>() : [scale.SpecReplicas, scale.StatusReplicas])
        {
            (JsonNode? value, string? problem) = Find(document, path);
            if (problem is not null)
            {
                errors.Invalid(path, JsonValue.Create(0L), $"{path} accessor error: {problem}");
            }

            if (value.AsNumber() is not { } replicas)
            {
                continue;
            }

            if (replicas < 0)
            {
                errors.Invalid(path, value, "should be a non-negative integer");
            }
            else if (replicas > int.MaxValue)
            {
                errors.Invalid(path, value, "should be less than or equal to 2147483647");
            }
        }
    }
}

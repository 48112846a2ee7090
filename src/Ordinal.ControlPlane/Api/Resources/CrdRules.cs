using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cel;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Schemas.Definitions;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>What a CustomResourceDefinition may say, in the words of a real API server.</summary>
internal static class CrdRules
{
    private const int MostSelectableFields = 8;

    private static readonly string[] ColumnTypes = ["boolean", "date", "integer", "number", "string"];
    private static readonly string[] ColumnFormats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

    private static readonly HashSet<string> AtRoot = new(StringComparer.Ordinal)
    {
        "description", "type", "format", "title", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern",
        "maxItems", "minItems", "uniqueItems", "multipleOf", "required", "items", "properties", "externalDocs", "example",
        "x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations",
    };

    /// <summary>Checks a CRD.</summary>
    public static void Check(JsonObject document, JsonObject? old, FieldErrors errors)
    {
        JsonObject? spec = document.Child("spec");
        JsonObject? names = spec.Child("names");
        string name = document.Metadata().Text("name") ?? "";
        if (old is null && name != $"{names.Text("plural")}.{spec.Text("group")}")
        {
            errors.Invalid("metadata.name", JsonValue.Create(name), "must be spec.names.plural+\".\"+spec.group");
        }

        Group(spec, errors);
        if (spec.Text("scope") is not { Length: > 0 } scope)
        {
            errors.Required("spec.scope");
        }
        else if (scope is not ("Namespaced" or "Cluster"))
        {
            errors.NotSupported("spec.scope", spec?["scope"], "Cluster", "Namespaced");
        }

        JsonArray versions = spec.List("versions") ?? [];
        bool hoistsSchema = AreSame(versions, "schema");
        bool hoistsSubresources = AreSame(versions, "subresources");
        bool hoistsColumns = AreSame(versions, "additionalPrinterColumns");
        Versions(versions, old, hoistsSchema, hoistsSubresources, hoistsColumns, errors);
        CrdNameRules.Check(names, errors);
        var first = versions.FirstOrDefault() as JsonObject;
        if (hoistsSchema)
        {
            Schema(first, versions.Any(v => HasStatus(v as JsonObject)), IsKnown(first, old), "spec.validation.openAPIV3Schema", errors);
        }

        if (hoistsSubresources)
        {
            Scale(first.Child("subresources").Child("scale"), "spec.subresources.scale", errors);
        }

        if (hoistsColumns)
        {
            Columns(first, "spec.additionalPrinterColumns", errors);
        }

        if (spec.Flag("preserveUnknownFields") == true && old.Child("spec").Flag("preserveUnknownFields") != true)
        {
            errors.Invalid("spec.preserveUnknownFields", spec?["preserveUnknownFields"], "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead");
        }

        Conversion(spec.Child("conversion"), errors);
        Immutable(spec, old.Child("spec"), errors);
        StoredVersions(document, errors);
    }

    private static void Group(JsonObject? spec, FieldErrors errors)
    {
        string group = spec.Text("group") ?? "";
        if (group.Length == 0)
        {
            errors.Required("spec.group");
        }
        else if (Names.SubdomainProblem(group) is { } problem)
        {
            errors.Invalid("spec.group", JsonValue.Create(group), problem);
        }
        else if (!group.Contains('.', StringComparison.Ordinal))
        {
            errors.Invalid("spec.group", JsonValue.Create(group), "should be a domain with at least one dot");
        }
    }

    private static void Conversion(JsonObject? conversion, FieldErrors errors)
    {
        switch (conversion.Text("strategy"))
        {
            case null or "" or "None":
                break;
            case "Webhook":
                if (conversion.Child("webhook").Child("clientConfig") is null)
                {
                    errors.Required("spec.conversion.webhookClientConfig", "required when strategy is set to Webhook");
                }

                if (conversion.Child("webhook").List("conversionReviewVersions") is not { Count: > 0 })
                {
                    errors.Required("spec.conversion.conversionReviewVersions");
                }

                break;
            default:
                errors.NotSupported("spec.conversion.strategy", conversion?["strategy"], "None", "Webhook");
                break;
        }
    }

    private static void Immutable(JsonObject? spec, JsonObject? old, FieldErrors errors)
    {
        foreach ((string path, JsonNode? now, JsonNode? before) in ((string, JsonNode?, JsonNode?)[])
            [
                ("spec.scope", spec?["scope"], old?["scope"]),
                ("spec.names.kind", spec.Child("names")?["kind"], old.Child("names")?["kind"]),
                ("spec.group", spec?["group"], old?["group"]),
                ("spec.names.plural", spec.Child("names")?["plural"], old.Child("names")?["plural"]),
            ])
        {
            if (old is not null && !JsonNodes.Same(now, before))
            {
                errors.Invalid(path, now, "field is immutable");
            }
        }
    }

    private static void StoredVersions(JsonObject document, FieldErrors errors)
    {
        string?[] versions = [.. (document.Child("spec").List("versions") ?? []).Select(v => (v as JsonObject).Text("name"))];
        foreach ((int i, JsonNode? stored) in (document.Child("status").List("storedVersions") ?? []).Index())
        {
            if (!versions.Contains(stored.AsText()))
            {
                string name = stored.AsText() ?? "";
                errors.Invalid(
                    string.Create(CultureInfo.InvariantCulture, $"status.storedVersions[{i}]"), stored,
                    $"missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions");
            }
        }
    }

    /// <summary>
    /// Whether all versions say the same of something. A real server then keeps it once for all of them, and finds fault with it there.
    /// </summary>
    private static bool AreSame(JsonArray versions, string name) =>
        versions.Count > 0 && versions[0] is JsonObject first && first[name] is { } value && versions.All(v => JsonNodes.Same((v as JsonObject)?[name], value));

    private static bool HasStatus(JsonObject? version) => version.Child("subresources").Child("status") is not null;

    /// <summary>Whether a version has the schema that it had before: then its rules may cost what they do.</summary>
    private static bool IsKnown(JsonObject? version, JsonObject? old) => (old.Child("spec").List("versions") ?? []).OfType<JsonObject>()
        .Any(v => v.Text("name") == version.Text("name") && JsonNodes.Same(v["schema"], version?["schema"]));

    private static void Versions(JsonArray versions, JsonObject? old, bool hoistsSchema, bool hoistsSubresources, bool hoistsColumns, FieldErrors errors)
    {
        foreach ((int i, JsonNode? node) in versions.Index())
        {
            if ((node as JsonObject).Child("schema").Child("openAPIV3Schema") is null)
            {
                errors.Required(string.Create(CultureInfo.InvariantCulture, $"spec.versions[{i}].schema.openAPIV3Schema"));
            }
        }

        foreach ((int i, JsonNode? node) in versions.Index())
        {
            var version = node as JsonObject;
            string path = string.Create(CultureInfo.InvariantCulture, $"spec.versions[{i}]");
            string name = version.Text("name") ?? "";
            if (CrdNameRules.LabelProblem(name) is { } problem)
            {
                errors.Invalid($"{path}.name", JsonValue.Create(name), problem);
            }

            if (version.Text("deprecationWarning") is not null && version.Flag("deprecated") != true)
            {
                errors.Invalid($"{path}.deprecationWarning", version?["deprecationWarning"], "can only be set for deprecated versions");
            }

            if (!hoistsSchema)
            {
                Schema(version, HasStatus(version), IsKnown(version, old), $"{path}.schema.openAPIV3Schema", errors);
            }

            if (!hoistsSubresources)
            {
                Scale(version.Child("subresources").Child("scale"), $"{path}.subresources.scale", errors);
            }

            if (!hoistsColumns)
            {
                Columns(version, $"{path}.additionalPrinterColumns", errors);
            }

            if (version.List("selectableFields") is { Count: > 0 } selectable && version.Child("schema").Child("openAPIV3Schema") is { } schema && errors.Found.Count == 0)
            {
                SelectableFields(selectable, KnownSchemas.Read(schema), $"{path}.selectableFields", errors);
            }
        }

        string[] names = [.. versions.Select(v => (v as JsonObject).Text("name") ?? "")];
        if (names.Distinct(StringComparer.Ordinal).Count() != names.Length)
        {
            errors.Invalid("spec.versions", versions, "must contain unique version names");
        }

        if (versions.Count(v => (v as JsonObject).Flag("storage") == true) != 1)
        {
            errors.Invalid("spec.versions", versions, "must have exactly one version marked as storage version");
        }
    }

    private static void Columns(JsonObject? version, string path, FieldErrors errors)
    {
        foreach ((int i, JsonNode? column) in (version.List("additionalPrinterColumns") ?? []).Index())
        {
            Column(column as JsonObject ?? [], string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), errors);
        }
    }

    private static void Schema(JsonObject? version, bool hasStatus, bool isKnown, string path, FieldErrors errors)
    {
        if (version.Child("schema").Child("openAPIV3Schema") is not { } schema)
        {
            return;
        }

        // What was faultless where another control plane of this process was asked is so here.
        if (KnownSchemas.IsFaultless(schema, $"{hasStatus} {isKnown}", out string key))
        {
            return;
        }

        int before = errors.Found.Count;
        int warnings = errors.Warnings.Count;
        if (hasStatus && schema.Text("type") is { Length: > 0 } and not "object")
        {
            errors.Invalid($"{path}.type", schema["type"], "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled");
        }
        else if (hasStatus && schema.FirstOrDefault(p => p.Value is not null && !AtRoot.Contains(p.Key)).Key is not null)
        {
            errors.InvalidOmitted(
                path,
                "only [Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations] fields are allowed at the root of the schema if the status subresource is enabled");
        }

        if (schema.Flag("nullable") == true)
        {
            errors.Forbidden($"{path}.nullable", "nullable cannot be true at the root");
        }

        try
        {
            int structural = errors.Found.Count;
            StructureRules.Check(schema, path, errors);
            if (errors.Found.Count == structural)
            {
                DefaultRules.Check(KnownSchemas.Read(schema), path, errors);
            }

            SchemaRules.Check(schema, path, errors.Found.Count == structural, isKnown, errors);
            if (errors.Found.Count == before && errors.Warnings.Count == warnings)
            {
                KnownSchemas.AddFaultless(key);
            }
        }
        catch (FormatException e)
        {
            errors.KeepFirst(before);
            errors.InvalidShown(path, "\"\"", e.Message);
        }
    }

    private static void Scale(JsonObject? scale, string path, FieldErrors errors)
    {
        if (scale is null)
        {
            return;
        }

        Path(scale.Text("specReplicasPath"), $"{path}.specReplicasPath", "should be a json path under .spec", ".spec.");
        Path(scale.Text("statusReplicasPath"), $"{path}.statusReplicasPath", "should be a json path under .status", ".status.");
        if (scale.Text("labelSelectorPath") is { Length: > 0 } selector)
        {
            Path(selector, $"{path}.labelSelectorPath", "should be a json path under either .spec or .status", ".spec.", ".status.");
        }

        void Path(string? value, string field, string detail, params IEnumerable<string> roots)
        {
            if (string.IsNullOrEmpty(value))
            {
                errors.Required(field);
            }
            else if (value[0] != '.')
            {
                errors.Invalid(field, JsonValue.Create(value), "must be a simple json path starting with .");
            }
            else if (!roots.Any(r => value.StartsWith(r, StringComparison.Ordinal)))
            {
                errors.Invalid(field, JsonValue.Create(value), detail);
            }
        }
    }

    private static void Column(JsonObject column, string path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(column.Text("name")))
        {
            errors.Required($"{path}.name");
        }

        string types = $"must be one of {string.Join(',', ColumnTypes)}";
        if (column.Text("type") is not { Length: > 0 } type)
        {
            errors.Required($"{path}.type", types);
        }
        else if (!ColumnTypes.Contains(type))
        {
            errors.Invalid($"{path}.type", column["type"], types);
        }

        if (column.Text("format") is { Length: > 0 } format && !ColumnFormats.Contains(format))
        {
            errors.Invalid($"{path}.format", column["format"], $"must be one of {string.Join(',', ColumnFormats)}");
        }

        if (column.Text("jsonPath") is not { Length: > 0 } jsonPath)
        {
            errors.Required($"{path}.JSONPath");
        }
        else if (jsonPath[0] != '.')
        {
            errors.Invalid($"{path}.JSONPath", column["jsonPath"], "must be a simple json path starting with .");
        }
    }

    private static void SelectableFields(JsonArray fields, StructuralSchema schema, string path, FieldErrors errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach ((int i, JsonNode? node) in fields.Index())
        {
            string field = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}].jsonPath");
            JsonNode? jsonPath = (node as JsonObject)?["jsonPath"];
            if (jsonPath.AsText() is not { Length: > 0 } text)
            {
                errors.Required(field);
                continue;
            }

            StructuralSchema? found = text.TrimStart('.').Split('.').Aggregate((StructuralSchema?)schema, (at, name) => at?.Properties.GetValueOrDefault(name));
            if (CelFieldPath.Normalize(text, schema) is null || found is null)
            {
                errors.Invalid(field, jsonPath, "is an invalid path: does not refer to a valid field");
                continue;
            }

            if (text.StartsWith(".metadata", StringComparison.Ordinal))
            {
                errors.Invalid(field, jsonPath, "must not point to fields in metadata");
            }

            if (found.Type is not ("string" or "boolean" or "integer"))
            {
                errors.Invalid(field, jsonPath, "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.");
            }

            if (!seen.Add(text))
            {
                errors.Duplicate(field, jsonPath);
            }
        }

        if (seen.Count > MostSelectableFields)
        {
            errors.TooMany(path, seen.Count, MostSelectableFields);
        }
    }
}

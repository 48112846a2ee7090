using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>CustomResourceDefinitions: names are accepted and the resource is served before the write is answered.</summary>
public sealed class CrdStrategy(TimeProvider timeProvider) : ResourceStrategy
{
    /// <summary>The finalizer that keeps a CRD until its objects are gone.</summary>
    public const string CleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    public override void PrepareForCreate(JsonObject document)
    {
        JsonObject metadata = document.Metadata();
        if (metadata.List("finalizers") is not { } finalizers)
        {
            finalizers = [];
            metadata["finalizers"] = finalizers;
        }

        if (!finalizers.Any(f => f.AsText() == CleanupFinalizer))
        {
            finalizers.Add(CleanupFinalizer);
        }
    }

    public override void ApplyDefaults(JsonObject document)
    {
        JsonObject spec = document.Ensure("spec");
        JsonObject names = spec.Ensure("names");
        string kind = names.Text("kind") ?? "";
        names.Default("singular", kind.ToLowerInvariant());
        names.Default("listKind", kind + "List");
        spec.Ensure("conversion").Default("strategy", "None");
        SetStatus(document, spec, names);
    }

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        JsonObject? spec = document.Child("spec");
        string group = spec.Text("group") ?? "";
        JsonObject? names = spec.Child("names");
        string plural = names.Text("plural") ?? "";
        string name = document.Metadata().Text("name") ?? "";
        if (group.Length == 0)
        {
            errors.Required("spec.group");
        }

        foreach (string field in (ReadOnlySpan<string>)["plural", "kind"])
        {
            if (string.IsNullOrEmpty(names.Text(field)))
            {
                errors.Required($"spec.names.{field}");
            }
        }

        if (plural.Length > 0 && group.Length > 0 && name != $"{plural}.{group}")
        {
            errors.Invalid("metadata.name", JsonValue.Create(name), "must be spec.names.plural+\".\"+spec.group");
        }

        if (spec.Text("scope") is not ("Namespaced" or "Cluster"))
        {
            errors.NotSupported("spec.scope", spec?["scope"], "Cluster", "Namespaced");
        }

        if (old.Child("spec").Text("scope") is { } scope && scope != spec.Text("scope"))
        {
            errors.Invalid("spec.scope", spec?["scope"], "field is immutable");
        }

        if (old.Child("spec").Child("names").Text("kind") is { } kind && kind != names.Text("kind"))
        {
            errors.Invalid("spec.names.kind", names?["kind"], "field is immutable");
        }

        Versions(spec.List("versions"), errors);
    }

    private static void Versions(JsonArray? versions, FieldErrors errors)
    {
        if (versions is not { Count: > 0 })
        {
            errors.Required("spec.versions", "must have at least one version");
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < versions.Count; i++)
        {
            var version = versions[i] as JsonObject;
            string path = $"spec.versions[{i}]";
            string name = version.Text("name") ?? "";
            if (Names.LabelProblem(name) is { } problem)
            {
                errors.Invalid($"{path}.name", JsonValue.Create(name), problem);
            }

            if (!seen.Add(name))
            {
                errors.Duplicate($"{path}.name", JsonValue.Create(name));
            }

            Schema(version.Child("schema").Child("openAPIV3Schema"), $"{path}.schema.openAPIV3Schema", errors);
        }

        int stored = versions.Count(v => (v as JsonObject).Flag("storage") == true);
        if (stored != 1)
        {
            errors.Invalid("spec.versions", versions, "must have exactly one version marked as storage version");
        }
    }

    private static void Schema(JsonObject? schema, string path, FieldErrors errors)
    {
        if (schema is null)
        {
            errors.Required(path, "schemas are required");
            return;
        }

        if (schema.Text("type") is null)
        {
            errors.Required($"{path}.type", "must not be empty at the root");
        }
        else if (schema.Text("type") != "object")
        {
            errors.Invalid($"{path}.type", schema["type"], "must be object at the root");
        }

        try
        {
            Structure(StructuralSchema.Read(schema), path, errors);
        }
        catch (FormatException e)
        {
            errors.Invalid(path, JsonValue.Create(""), e.Message);
        }
    }

    private static void Structure(StructuralSchema schema, string path, FieldErrors errors)
    {
        foreach ((string name, StructuralSchema property) in schema.Properties)
        {
            string inner = $"{path}.properties[{name}]";
            if (property.Type is null && !property.IsIntOrString && !property.KeepsUnknownFields)
            {
                errors.Required($"{inner}.type", "must not be empty for specified object fields");
            }

            Structure(property, inner, errors);
        }

        if (schema.Type == "array")
        {
            if (schema.Items is not { } items)
            {
                errors.Required($"{path}.items", "must be specified");
                return;
            }

            ListMap(schema, items, path, errors);
            Structure(items, $"{path}.items", errors);
        }

        if (schema.AdditionalProperties is { } values)
        {
            Structure(values, $"{path}.additionalProperties", errors);
        }
    }

    private static void ListMap(StructuralSchema schema, StructuralSchema items, string path, FieldErrors errors)
    {
        if (schema.ListType != "map")
        {
            return;
        }

        if (schema.ListKeys.Count == 0)
        {
            errors.Required($"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map");
        }

        foreach (string key in schema.ListKeys)
        {
            if (!items.Properties.TryGetValue(key, out StructuralSchema? property))
            {
                errors.Invalid($"{path}.x-kubernetes-list-map-keys", JsonValue.Create(key), "entries must all be names of item properties");
            }
            else if (!items.Required.Contains(key) && !property.HasDefault)
            {
                errors.Required(
                    $"{path}.items.properties[{key}].default",
                    "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property");
            }
        }
    }

    private void SetStatus(JsonObject document, JsonObject spec, JsonObject names)
    {
        JsonObject status = document.Ensure("status");
        status["acceptedNames"] = names.DeepClone();
        string[] stored = [.. (status.List("storedVersions") ?? []).Select(v => v.AsText() ?? "")];
        string? storage = (spec.List("versions") ?? []).OfType<JsonObject>().FirstOrDefault(v => v.Flag("storage") == true).Text("name");
        if (storage is not null && !stored.Contains(storage))
        {
            stored = [.. stored, storage];
        }

        status["storedVersions"] = new JsonArray([.. stored.Select(v => JsonValue.Create(v))]);
        if (status.List("conditions") is { Count: > 0 })
        {
            return;
        }

        string now = JsonNodes.Timestamp(timeProvider.GetUtcNow());
        status["conditions"] = new JsonArray(
            Condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
            Condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now));
    }

    private static JsonObject Condition(string type, string reason, string message, string now) => new()
    {
        ["type"] = type, ["status"] = "True", ["lastTransitionTime"] = now, ["reason"] = reason, ["message"] = message,
    };
}

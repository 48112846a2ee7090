using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>The rules of metadata that hold for every kind.</summary>
internal static class MetadataRules
{
    /// <summary>Drops labels, annotations, owners and finalizers that are empty: as on a real server, none is the same as no list.</summary>
    public static void DropEmpty(JsonObject metadata)
    {
        foreach (string name in (ReadOnlySpan<string>)["labels", "annotations", "ownerReferences", "finalizers"])
        {
            if (metadata[name] is JsonArray { Count: 0 } or JsonObject { Count: 0 })
            {
                metadata.Remove(name);
            }
        }
    }

    /// <summary>Checks metadata.</summary>
    public static void Validate(ResourceType type, JsonObject document, JsonObject? old, FieldErrors errors)
    {
        JsonObject metadata = document.Metadata();
        if (old is null)
        {
            string name = metadata.Text("name") ?? "";
            if (name.Length == 0)
            {
                errors.Required("metadata.name", "name or generateName is required");
            }
            else if (type.Strategy.NameProblem(name) is { } problem)
            {
                errors.Invalid("metadata.name", JsonValue.Create(name), problem);
            }
        }

        Labels(metadata.Child("labels"), "metadata.labels", errors);
        if (metadata.Child("annotations") is { } annotations)
        {
            foreach ((string key, _) in annotations)
            {
                if (Names.QualifiedProblem(key.ToLowerInvariant()) is { } problem)
                {
                    errors.Invalid("metadata.annotations", JsonValue.Create(key), problem);
                }
            }
        }

        OwnerReferences(metadata.List("ownerReferences"), errors);
        Finalizers(metadata, old, errors);
    }

    /// <summary>Checks a set of labels.</summary>
    public static void Labels(JsonObject? labels, string path, FieldErrors errors)
    {
        if (labels is null)
        {
            return;
        }

        foreach ((string key, JsonNode? value) in labels)
        {
            if (Names.QualifiedProblem(key) is { } keyProblem)
            {
                errors.Invalid(path, JsonValue.Create(key), keyProblem);
            }

            if (Names.LabelValueProblem(value.AsText() ?? "") is { } valueProblem)
            {
                errors.Invalid(path, value, valueProblem);
            }
        }
    }

    private static void OwnerReferences(JsonArray? references, FieldErrors errors)
    {
        int controllers = 0;
        for (int i = 0; references is not null && i < references.Count; i++)
        {
            var reference = references[i] as JsonObject;
            foreach (string field in (ReadOnlySpan<string>)["apiVersion", "kind", "name", "uid"])
            {
                if (string.IsNullOrEmpty(reference.Text(field)))
                {
                    errors.Invalid($"metadata.ownerReferences[{i}].{field}", JsonValue.Create(""), field is "apiVersion" ? "version must not be empty" : "must not be empty");
                }
            }

            controllers += reference.Flag("controller") == true ? 1 : 0;
        }

        if (controllers > 1)
        {
            errors.Invalid("metadata.ownerReferences", references, "Only one reference can have Controller set to true. Found \"true\" in references");
        }
    }

    private static void Finalizers(JsonObject metadata, JsonObject? old, FieldErrors errors)
    {
        if (metadata.List("finalizers") is not { } finalizers)
        {
            return;
        }

        foreach (JsonNode? finalizer in finalizers)
        {
            if (Names.QualifiedProblem(finalizer.AsText() ?? "") is { } problem)
            {
                errors.Invalid("metadata.finalizers", finalizer, problem);
            }
        }

        if (old?.Child("metadata") is { } before && before.Text("deletionTimestamp") is not null)
        {
            HashSet<string> known = [.. (before.List("finalizers") ?? []).Select(f => f.AsText() ?? "")];
            string[] added = [.. finalizers.Select(f => f.AsText() ?? "").Where(f => !known.Contains(f))];
            if (added.Length > 0)
            {
                errors.Forbidden(
                    "metadata.finalizers",
                    $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{string.Join(", ", added.Select(a => $"\"{a}\""))}}}");
            }
        }
    }
}

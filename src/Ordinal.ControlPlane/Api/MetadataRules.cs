using System.Text;
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
            NameOf(type, metadata, errors);
            if (metadata.Number("generation") is < 0)
            {
                errors.Invalid("metadata.generation", metadata["generation"], "must be greater than or equal to 0");
            }
        }

        Labels(metadata.Child("labels"), "metadata.labels", errors);
        Annotations(metadata.Child("annotations"), "metadata.annotations", errors);
        OwnerReferences(metadata.List("ownerReferences"), errors);
        Finalizers(type, metadata, old, errors);
    }

    /// <summary>Checks a set of labels.</summary>
    public static void Labels(JsonObject? labels, string path, FieldErrors errors)
    {
        foreach ((string key, JsonNode? value) in labels ?? [])
        {
            foreach (string problem in Names.QualifiedProblems(key))
            {
                errors.Invalid(path, JsonValue.Create(key), problem);
            }

            foreach (string problem in Names.LabelValueProblems(value.AsText() ?? ""))
            {
                errors.Invalid(path, value, problem);
            }
        }
    }

    /// <summary>Checks a set of annotations.</summary>
    public static void Annotations(JsonObject? annotations, string path, FieldErrors errors)
    {
        const int MostBytes = 256 * 1024;
        long total = 0;
        foreach ((string key, JsonNode? value) in annotations ?? [])
        {
            foreach (string problem in Names.QualifiedProblems(key.ToLowerInvariant()))
            {
                errors.Invalid(path, JsonValue.Create(key), problem);
            }

            total += Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value.AsText() ?? "");
        }

        if (total > MostBytes)
        {
            errors.TooLong(path, MostBytes);
        }
    }

    private static void NameOf(ResourceType type, JsonObject metadata, FieldErrors errors)
    {
        if (metadata.Text("generateName") is { Length: > 0 } prefix)
        {
            // A name goes on after the prefix, so a dash may be its last character.
            string masked = prefix.Length > 1 && prefix[^1] == '-' ? prefix[..^1] + "a" : prefix;
            if (type.Strategy.NameProblem(masked) is { } prefixProblem)
            {
                errors.Invalid("metadata.generateName", metadata["generateName"], prefixProblem);
            }
        }

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

    private static void OwnerReferences(JsonArray? references, FieldErrors errors)
    {
        const string Path = "metadata.ownerReferences";
        string? controller = null;
        foreach (JsonNode? node in references ?? [])
        {
            var reference = node as JsonObject;
            foreach (string field in (ReadOnlySpan<string>)["apiVersion", "kind", "name", "uid"])
            {
                if (string.IsNullOrEmpty(reference.Text(field)))
                {
                    errors.Invalid($"{Path}.{field}", JsonValue.Create(""), field is "apiVersion" ? "version must not be empty" : "must not be empty");
                }
            }

            if (reference is not null && reference.Text("kind") == "Event" && reference.Text("apiVersion") is "v1" or "events.k8s.io/v1")
            {
                string version = reference.Text("apiVersion")!;
                errors.Invalid(Path, reference, $"{(version.Contains('/') ? "" : "/")}{version}, Kind=Event is disallowed from being an owner");
            }

            if (reference.Flag("controller") != true)
            {
                continue;
            }

            string shown = $"{reference.Text("kind")}/{reference.Text("name")}";
            if (controller is not null)
            {
                errors.Invalid(Path, references, $"Only one reference can have Controller set to true. Found \"true\" in references for {controller} and {shown}");
            }

            controller ??= shown;
        }
    }

    private static void Finalizers(ResourceType type, JsonObject metadata, JsonObject? old, FieldErrors errors)
    {
        if (metadata.List("finalizers") is not { } finalizers)
        {
            return;
        }

        foreach (JsonNode? finalizer in finalizers)
        {
            foreach (string problem in Names.QualifiedProblems(finalizer.AsText() ?? ""))
            {
                errors.Invalid("metadata.finalizers", finalizer, problem);
            }
        }

        for (int i = 0; i < finalizers.Count && old is null && type.Strategy is not (CustomResourceStrategy or CrdStrategy); i++)
        {
            string name = finalizers[i].AsText() ?? "";
            if (!name.Contains('/') && name is not ("kubernetes" or "orphan" or "foregroundDeletion"))
            {
                errors.Invalid($"metadata.finalizers[{i}]", finalizers[i], "name is neither a standard finalizer name nor is it fully qualified");
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

using System.Text.Json.Nodes;
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

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors) => CrdRules.Check(document, old, errors);

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

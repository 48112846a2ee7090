using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Claims: nothing binds them but whoever runs the pods, so they start as pending.</summary>
public sealed class ClaimStrategy : ResourceStrategy
{
    /// <summary>Keeps a claim that is deleted until no pod uses it.</summary>
    public const string Protection = "kubernetes.io/pvc-protection";

    private static readonly string[] Mutable = ["resources", "volumeName", "volumeAttributesClassName"];

    public override bool AnswersDeletedObject => true;

    /// <summary>A new claim is protected (StorageObjectInUseProtection): deleted, it stays until no pod uses it.</summary>
    public override void PrepareForCreate(JsonObject document)
    {
        document["status"] = new JsonObject { ["phase"] = "Pending" };
        JsonObject metadata = document.Metadata();
        JsonArray finalizers = metadata.List("finalizers") ?? [];
        if (!finalizers.Any(name => name.AsText() == Protection))
        {
            finalizers.Add((JsonNode)Protection);
        }

        metadata["finalizers"] = finalizers;
    }

    public override void ApplyDefaults(JsonObject document) => document.Ensure("spec").Default("volumeMode", "Filesystem");

    /// <summary>Checks the spec of a claim or of a claim's template.</summary>
    public static void ValidateSpec(JsonObject? spec, string path, FieldErrors errors)
    {
        if (spec.List("accessModes") is not { Count: > 0 })
        {
            errors.Required($"{path}.accessModes", "at least 1 access mode is required");
        }

        if (spec.Child("resources").Child("requests")?["storage"] is null)
        {
            errors.Required($"{path}.resources[storage]");
        }
    }

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        JsonObject spec = document.Ensure("spec");
        ValidateSpec(spec, "spec", errors);
        JsonObject? before = old.Child("spec");
        if (before is not null && spec.Select(p => p.Key).Union(before.Select(p => p.Key), StringComparer.Ordinal)
                .Any(name => !Mutable.Contains(name) && !JsonNodes.Same(spec[name], before[name])))
        {
            errors.Forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims");
        }
    }
}

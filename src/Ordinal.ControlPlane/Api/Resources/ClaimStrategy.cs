using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Claims: nothing binds them but whoever runs the pods, so they start as pending.</summary>
public sealed class ClaimStrategy : ResourceStrategy
{
    /// <summary>Keeps a claim that is deleted until no pod uses it.</summary>
    public const string Protection = "kubernetes.io/pvc-protection";

    private static readonly string[] Modes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

    public override bool AnswersDeletedObject => true;

    public override void PrepareForCreate(JsonObject document) => document["status"] = new JsonObject { ["phase"] = "Pending" };

    /// <summary>A new claim is protected (StorageObjectInUseProtection): deleted, it stays until no pod uses it.</summary>
    public override void Admit(JsonObject document)
    {
        JsonObject metadata = document.Metadata();
        JsonArray finalizers = metadata.List("finalizers") ?? [];
        if (!finalizers.Any(name => name.AsText() == Protection))
        {
            finalizers.Add((JsonNode)Protection);
        }

        metadata["finalizers"] = finalizers;
    }

    public override void ApplyDefaults(JsonObject document) => document.Ensure("spec").Default("volumeMode", "Filesystem");

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        if (isStatusWrite)
        {
            return;
        }

        JsonObject spec = document.Ensure("spec");
        Spec(spec, "spec", errors);
        JsonObject? before = old.Child("spec");
        bool isBound = old.Child("status").Text("phase") == "Bound";
        if (before is not null && spec.Select(p => p.Key).Union(before.Select(p => p.Key), StringComparer.Ordinal)
                .Any(name => !MayChange(name, before, isBound) && !JsonNodes.Same(spec[name], before[name])))
        {
            errors.Forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims");
        }
    }

    /// <summary>Checks the spec of a claim, of its own or in a template.</summary>
    internal static void Spec(JsonObject? spec, string path, FieldErrors errors)
    {
        JsonArray? modes = spec.List("accessModes");
        if (modes is not { Count: > 0 })
        {
            errors.Required($"{path}.accessModes", "at least 1 access mode is required");
        }

        foreach (JsonNode? mode in modes ?? [])
        {
            if (!Modes.Contains(mode.AsText()))
            {
                errors.NotSupported($"{path}.accessModes", mode, Modes);
            }
        }

        if (modes is { Count: > 1 } && modes.Any(m => m.AsText() == "ReadWriteOncePod"))
        {
            errors.Forbidden($"{path}.accessModes", "may not use ReadWriteOncePod with other access modes");
        }

        if (spec.Child("resources").Child("requests")?["storage"] is not { } storage)
        {
            errors.Required($"{path}.resources[storage]");
        }
        else if (ResourceRules.Read(storage) <= 0)
        {
            errors.InvalidShown($"{path}.resources[storage]", JsonText.WriteString(storage.AsShown()), "must be greater than zero");
        }

        if (spec.Text("storageClassName") is { Length: > 0 } name)
        {
            PodRules.Report(Names.SubdomainProblems(name), $"{path}.storageClassName", name, errors);
        }

        if (spec.Text("volumeMode") is { } kind and not ("Block" or "Filesystem"))
        {
            errors.NotSupported($"{path}.volumeMode", kind, "Block", "Filesystem");
        }
    }

    private static bool MayChange(string name, JsonObject before, bool isBound) => name switch
    {
        "resources" or "volumeAttributesClassName" => isBound,
        "volumeName" => string.IsNullOrEmpty(before.Text("volumeName")),
        _ => false,
    };
}

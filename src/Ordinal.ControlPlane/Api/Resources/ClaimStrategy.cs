using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Claims: nothing binds them but whoever runs the pods, so they start as pending.</summary>
public sealed class ClaimStrategy : ResourceStrategy
{
    private static readonly string[] Mutable = ["resources", "volumeName", "volumeAttributesClassName"];

    public override bool AnswersDeletedObject => true;

    public override void PrepareForCreate(JsonObject document) => document["status"] = new JsonObject { ["phase"] = "Pending" };

    public override void ApplyDefaults(JsonObject document) => document.Ensure("spec").Default("volumeMode", "Filesystem");

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        JsonObject spec = document.Ensure("spec");
        if (spec.List("accessModes") is not { Count: > 0 })
        {
            errors.Required("spec.accessModes", "at least 1 access mode is required");
        }

        if (spec.Child("resources").Child("requests")?["storage"] is null)
        {
            errors.Required("spec.resources[storage]");
        }

        JsonObject? before = old.Child("spec");
        if (before is not null && spec.Select(p => p.Key).Union(before.Select(p => p.Key), StringComparer.Ordinal)
                .Any(name => !Mutable.Contains(name) && !JsonNodes.Same(spec[name], before[name])))
        {
            errors.Forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims");
        }
    }
}

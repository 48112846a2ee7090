using System.Text.Json;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.Simulation.Operating;

/// <summary>Rule 7: the template is the user's. What may be written of it, and by whom.</summary>
internal sealed partial class RuleChecker
{
    /// <summary>
    /// Rule 7: under RevertTemplate the rollout that holds the claim, and goes back, may write the template of the revision that it came from.
    /// </summary>
    private bool IsRestored(SetTruth set, JsonElement template)
    {
        JsonElement target = TargetOf(HolderOf(set), set);
        return set.Plan.OnFailure == "RevertTemplate"
            && target.TextAt("revert", "kind") == "RevertTemplate"
            && truth.Read("controllerrevisions.apps", target.TextAt("fromRevision") ?? "").At("data", "spec", "template") is { ValueKind: JsonValueKind.Object } kept
            && kept.At("spec", "containers").ItemsAt().Select(each => each.TextAt("image")).SequenceEqual(template.At("spec", "containers").ItemsAt().Select(each => each.TextAt("image")))
            && set.EffectivePartition >= set.Replicas;
    }

    /// <summary>
    /// Rule 7: a request that a person made, and that holds the claim, may write the template that it asks for: once, under the hold, and nothing beside it.
    /// </summary>
    private bool IsAskedFor(SetTruth set, JsonElement before)
    {
        JsonElement request = HolderOf(set);
        if (request.TextAt("metadata", "labels", "ordinal.dev/created-by") == "operator" || set.EffectivePartition < set.Replicas)
        {
            return false;
        }

        JsonElement old = before.At("spec", "template");
        JsonElement now = set.Document.At("spec", "template");
        string? image = Image(old);
        bool isAsked = request.TextAt("spec", "type") switch
        {
            "Restart" => Image(now) == image
                && now.TextAt("metadata", "annotations", "kubectl.kubernetes.io/restartedAt") is { } restarted
                && restarted != old.TextAt("metadata", "annotations", "kubectl.kubernetes.io/restartedAt"),
            "Update" => request.ItemsAt("spec", "update", "images").Any(each => each.TextAt("image") == Image(now)) && Fails(now) == Fails(old),
            "Rollback" => truth.ReadAll("controllerrevisions.apps").Any(revision =>
                revision.ItemsAt("metadata", "ownerReferences").Any(owner => owner.TextAt("uid") == set.Uid)
                && Image(revision.At("data", "spec", "template")) == Image(now) && Fails(revision.At("data", "spec", "template")) == Fails(now)),
            _ => false,
        };
        return isAsked && wroteTemplate.Add($"{request.TextAt("metadata", "uid")}/{set.Plan.Name}");

        static string? Image(JsonElement template) => template.At("spec", "containers").ItemsAt().Select(each => each.TextAt("image")).FirstOrDefault();

        static string? Fails(JsonElement template) => template.TextAt("metadata", "annotations", "sim.ordinal.dev/fail");
    }
}

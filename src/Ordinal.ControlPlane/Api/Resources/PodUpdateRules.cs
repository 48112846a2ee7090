using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>What of a pod's spec may change: hardly anything.</summary>
internal static class PodUpdateRules
{
    private const string Immutable =
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    /// <summary>Checks a new spec against the old one.</summary>
    public static void Validate(JsonObject spec, JsonObject old, FieldErrors errors)
    {
        foreach (string list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            if ((spec.List(list)?.Count ?? 0) != (old.List(list)?.Count ?? 0))
            {
                errors.Forbidden($"spec.{list}", "pod updates may not add or remove containers");
                return;
            }
        }

        if (!Deadline(spec, old, errors))
        {
            return;
        }

        Tolerations(spec, old, errors);
        Gates(spec, old, errors);
        if (!JsonNodes.Same(WithoutMutable(spec, old), WithoutMutable(old, old)))
        {
            errors.Forbidden("spec", Immutable);
        }
    }

    private static bool Deadline(JsonObject spec, JsonObject old, FieldErrors errors)
    {
        long? now = spec.Number("activeDeadlineSeconds");
        long? before = old.Number("activeDeadlineSeconds");
        if (before is null || now == before)
        {
            return true;
        }

        errors.Invalid(
            "spec.activeDeadlineSeconds",
            spec["activeDeadlineSeconds"],
            now is null ? "must not update from a positive integer to nil value" : "must be less than or equal to previous value");
        bool isShorter = now < before;
        if (isShorter)
        {
            errors.KeepFirst(errors.Found.Count - 1);
        }

        return isShorter || now is null;
    }

    private static void Tolerations(JsonObject spec, JsonObject old, FieldErrors errors)
    {
        JsonObject[] now = [.. (spec.List("tolerations") ?? []).OfType<JsonObject>().Select(WithoutSeconds)];
        if ((old.List("tolerations") ?? []).OfType<JsonObject>().Any(before => !now.Any(toleration => JsonNodes.Same(toleration, WithoutSeconds(before)))))
        {
            errors.Forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds");
        }
    }

    private static void Gates(JsonObject spec, JsonObject old, FieldErrors errors)
    {
        string[] before = [.. (old.List("schedulingGates") ?? []).Select(g => (g as JsonObject).Text("name") ?? "")];
        string[] added = [.. (spec.List("schedulingGates") ?? []).Select(g => (g as JsonObject).Text("name") ?? "").Except(before)];
        if (added.Length > 0)
        {
            errors.Forbidden("spec.schedulingGates", $"only deletion is allowed, but found new scheduling gates '{string.Join(",", added)}'");
        }
    }

    private static JsonObject WithoutSeconds(JsonObject toleration)
    {
        var copy = (JsonObject)toleration.DeepClone();
        copy.Remove("tolerationSeconds");
        return copy;
    }

    private static JsonObject WithoutMutable(JsonObject spec, JsonObject old)
    {
        var copy = (JsonObject)spec.DeepClone();
        foreach (string name in (ReadOnlySpan<string>)["activeDeadlineSeconds", "tolerations", "schedulingGates"])
        {
            copy.Remove(name);
        }

        if (old.Number("terminationGracePeriodSeconds") is < 0 && spec.Number("terminationGracePeriodSeconds") is 1)
        {
            copy["terminationGracePeriodSeconds"] = old["terminationGracePeriodSeconds"]!.DeepClone();
        }

        // Only a binding sets the node, and it refuses a second one itself.
        if (string.IsNullOrEmpty(old.Text("nodeName")))
        {
            copy.Remove("nodeName");
        }

        foreach (string list in (ReadOnlySpan<string>)["initContainers", "containers"])
        {
            foreach (JsonObject container in (copy.List(list) ?? []).OfType<JsonObject>())
            {
                container.Remove("image");
            }
        }

        return copy;
    }
}

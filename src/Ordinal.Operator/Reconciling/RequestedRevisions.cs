using Ordinal.Operator.Api;

namespace Ordinal.Operator.Reconciling;

/// <summary>Reads which revision a rollout is about before its status says so.</summary>
public static class RequestedRevisions
{
    /// <summary>Tells whether the operator made a rollout of a template that was there already.</summary>
    public static bool IsByOperator(V1Alpha1StatefulSetRollout rollout) =>
        rollout.Metadata.Labels?.TryGetValue(OrdinalNames.CreatedByLabel, out var by) is true && by == "operator";

    /// <summary>
    /// Returns the ControllerRevision that a rollout must go to; null for whatever is pending. A request that writes its own template goes to
    /// what becomes of that: its revisions are a guard, or name where the template comes from.
    /// </summary>
    public static string? Of(V1Alpha1StatefulSetRollout rollout, string target)
    {
        if (rollout.Spec.Update is { Images: null or { Count: 0 } } update)
        {
            return Find(update.Revisions, target);
        }

        return !IsByOperator(rollout) ? null
            : rollout.Spec.Rollback is { } rollback ? Find(rollback.Revisions, target)
            : rollout.Metadata.Annotations?.TryGetValue(OrdinalNames.RevisionAnnotation, out var revision) is true ? revision : null;
    }

    private static string? Find(IReadOnlyList<TargetRevisionSpec>? revisions, string target) => revisions?.FirstOrDefault(each => each.Target == target)?.Revision;
}

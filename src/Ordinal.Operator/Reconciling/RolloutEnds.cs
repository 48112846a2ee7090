using System.Collections.Immutable;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;

namespace Ordinal.Operator.Reconciling;

/// <summary>How a rollout stands, and ended, for one of its StatefulSets. Of several each has an end of its own; of one it is the rollout's.</summary>
public static class RolloutEnds
{
    /// <summary>Tells whether a rollout carries several StatefulSets, as far as its status says.</summary>
    public static bool IsGroup(V1Alpha1StatefulSetRollout rollout) => rollout.Status.Targets is { Count: > 1 };

    /// <summary>Tells whether a rollout is, was or will be about a StatefulSet.</summary>
    public static bool IsAbout(V1Alpha1StatefulSetRollout rollout, string target) => rollout.Status.Targets is { Count: > 0 } known
        ? known.Any(each => each.Name == target)
        : rollout.Spec.Targets is not { Count: > 0 } named || named.Contains(target);

    /// <summary>Tells whether a rollout is over for a StatefulSet, though it may go on with others.</summary>
    public static bool HasEnded(V1Alpha1StatefulSetRollout rollout, string target) => EndedAt(rollout, target) is not null;

    /// <summary>Returns when a rollout was over for a StatefulSet; null while it is not.</summary>
    public static DateTimeOffset? EndedAt(V1Alpha1StatefulSetRollout rollout, string target) => OwnOf(rollout, target)?.CompletionTime ?? rollout.Status.CompletionTime;

    /// <summary>Tells whether an ended rollout brought a StatefulSet to its target.</summary>
    public static bool HasSucceeded(V1Alpha1StatefulSetRollout rollout, string target) => OwnOf(rollout, target) is { CompletionTime: not null } own
        ? own.State is nameof(RolloutState.Completed) or nameof(RolloutState.NoChange)
        : HasSucceeded(rollout);

    /// <summary>Tells whether an ended rollout reached all that it was about.</summary>
    public static bool HasSucceeded(V1Alpha1StatefulSetRollout rollout) => Conditions.Find(rollout.Status.Conditions, "Succeeded")?.Status == "True";

    /// <summary>Tells whether an ended rollout was overtaken by a newer revision: that says nothing against its own.</summary>
    public static bool WasOvertaken(V1Alpha1StatefulSetRollout rollout, string target) => ReasonOf(rollout, target) == nameof(RolloutState.Superseded);

    /// <summary>Returns the reason of a rollout's Succeeded condition, or of what stands in its place for one of several StatefulSets.</summary>
    public static string ReasonOf(V1Alpha1StatefulSetRollout rollout, string target) =>
        OwnOf(rollout, target) is { } own ? own.Reason ?? "" : Conditions.Find(rollout.Status.Conditions, "Succeeded")?.Reason ?? "";

    /// <summary>Returns the message that belongs to <see cref="ReasonOf"/>.</summary>
    public static string MessageOf(V1Alpha1StatefulSetRollout rollout, string target) =>
        OwnOf(rollout, target) is { } own ? own.Message ?? "" : Conditions.Find(rollout.Status.Conditions, "Succeeded")?.Message ?? "";

    /// <summary>Returns the revision that a rollout takes, or took, a StatefulSet to; null when it is not known yet.</summary>
    public static string? RevisionOf(V1Alpha1StatefulSetRollout rollout, string target) =>
        rollout.Status.Targets?.FirstOrDefault(each => each.Name == target)?.ToRevision ?? RequestedRevisions.Of(rollout, target);

    /// <summary>Tells whether anything was done to a StatefulSet: it is claimed, its template is written, or its pods are rolled.</summary>
    /// <param name="heldBy">The claim on the StatefulSet.</param>
    public static bool HasBegun(V1Alpha1StatefulSetRollout rollout, string target, string heldBy)
    {
        var own = rollout.Status.Targets?.FirstOrDefault(each => each.Name == target);
        var started = IsGroup(rollout) ? own?.StartTime : rollout.Status.StartTime;
        return started is not null || own?.Template?.Generation is not null || heldBy.EndsWith($"/{rollout.Metadata.Uid}", StringComparison.Ordinal);
    }

    /// <summary>Returns the StatefulSets of a rollout over several as Core sees them; none for a rollout of one.</summary>
    public static ImmutableArray<GroupMember> MembersOf(StatefulSetRolloutStatus status) => status.Targets is { Count: > 1 } targets
        ? [.. targets.Select(each => new GroupMember(each.Name, Words.TryRead<RolloutState>(each.State ?? "", out var state) ? state : RolloutState.Queued)
        {
            GoesBack = each.Revert is not null,
            Reason = ReasonCodes.Find(each.Reason ?? ""),
            Message = each.Message ?? "",
            HasBegun = each.StartTime is not null || each.Template?.Generation is not null,
            HasInFlight = (status.InFlight ?? []).Any(pod => pod.Target == each.Name),
            NeedsHuman = each.Stalled is not null,
        })]
        : [];

    /// <summary>What is told of one of several StatefulSets; null for a rollout of one.</summary>
    private static RolloutTargetStatus? OwnOf(V1Alpha1StatefulSetRollout rollout, string target) =>
        IsGroup(rollout) ? rollout.Status.Targets!.FirstOrDefault(each => each.Name == target) : null;
}

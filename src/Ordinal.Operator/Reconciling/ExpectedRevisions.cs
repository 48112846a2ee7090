using Ordinal.Core.Lifecycles;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// The revisions that a rollout which takes a group back may write over: those that the cancelled request left. They stand in an annotation, since much may
/// happen while the rollout waits for its turn, and a newer template is the user's word (rule 7).
/// </summary>
internal static class ExpectedRevisions
{
    /// <summary>Writes them as <c>target=revision</c>, separated by commas, which neither name can contain.</summary>
    public static string Format(IEnumerable<RolloutTargetStatus> targets) => string.Join(',', targets.Select(each => $"{each.Name}={each.ToRevision}"));

    /// <summary>Judges right before the template is written, by what the server has now.</summary>
    /// <returns>Why it is not written, or not yet; null when it may be, or when nothing was expected.</returns>
    public static RolloutFrame? Judge(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame, StatefulSetItem set)
    {
        if (Find(rollout, frame.Target) is not { } expected)
        {
            return null;
        }

        // What is not observed was changed a moment ago: which revision it amounts to, the status does not say yet.
        return !set.Snapshot.IsObserved
            ? new RolloutFrame.NotYet(frame.Target, frame.Memory, ReasonCodes.NotObserved, $"{set.Key}: waiting for the StatefulSet controller to see generation {set.Snapshot.Generation}, before its template may be taken back")
            : set.Snapshot.UpdateRevision == expected
                ? null
                : new RolloutFrame.Ended(
                    frame.Target,
                    frame.Memory,
                    RolloutState.Superseded,
                    ReasonCodes.Superseded,
                    $"StatefulSet {set.Key}: its template is that of {set.Snapshot.UpdateRevision} by now, and {expected} was to be taken back; the newer template is left alone");
    }

    private static string? Find(V1Alpha1StatefulSetRollout rollout, string target)
    {
        var prefix = target + "=";
        return rollout.Metadata.Annotations is { } annotations && annotations.TryGetValue(OrdinalNames.ExpectAnnotation, out var text)
            ? text.Split(',').FirstOrDefault(each => each.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..]
            : null;
    }
}

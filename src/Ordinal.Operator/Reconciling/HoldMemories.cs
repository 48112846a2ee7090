using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Observing;
using Ordinal.Operator.Api;

namespace Ordinal.Operator.Reconciling;

/// <summary>What the hold remembers of one target, as a policy's status keeps it.</summary>
internal static class HoldMemories
{
    /// <summary>Reads what was written last; empty when nothing was.</summary>
    public static HoldMemory Of(V1Alpha1RolloutPolicy policy, string target) => policy.Status.Targets?.FirstOrDefault(each => each.Name == target) is { } known
        ? new HoldMemory
        {
            SetUid = known.Uid ?? "",
            Revision = known.HeldRevision ?? "",
            ForeignReleases = known.ForeignReleases ?? 0,
            Generation = known.WrittenGeneration ?? 0,
            Original = StrategyValues.Parse(known.OriginalStrategy ?? ""),
        }
        : new HoldMemory();

    /// <summary>
    /// Makes the status that remembers a decision before it is carried out. Nothing else in it moves: what it says of the set and of the policy is
    /// said together, at the end of the pass.
    /// </summary>
    public static RolloutPolicyStatus Remember(V1Alpha1RolloutPolicy policy, PolicyTargetStatus seen)
    {
        var before = policy.Status.Targets?.FirstOrDefault(each => each.Name == seen.Name);
        var remembered = before is null || before.Uid != seen.Uid
            ? seen
            : before with { WrittenGeneration = seen.WrittenGeneration, ForeignReleases = seen.ForeignReleases, HeldRevision = seen.HeldRevision, OriginalStrategy = seen.OriginalStrategy };
        return policy.Status with
        {
            Targets = [.. (policy.Status.Targets ?? []).Where(each => each.Name != seen.Name).Append(remembered).OrderBy(each => each.Name, StringComparer.Ordinal)],
        };
    }

    /// <summary>
    /// What is remembered of a set at rest. A rollout that ended because others released its pods for the second time has put the hold back once
    /// already: that counts here too, or the hold would be fought for by turns (rule 8).
    /// </summary>
    public static HoldMemory AtRest(V1Alpha1RolloutPolicy policy, string target, StatefulSetSnapshot set, RolloutBirths births)
    {
        var memory = Of(policy, target);
        var isKnown = memory.SetUid == set.Uid && memory.Revision == set.UpdateRevision && memory.ForeignReleases > 0;
        return !isKnown && births.LastOf(policy, target, set.UpdateRevision) is { } last
            && RolloutEnds.ReasonOf(last, target) == ReasonCodes.FieldConflict.Code
            ? new HoldMemory { SetUid = set.Uid, Revision = set.UpdateRevision, ForeignReleases = 1, Original = memory.SetUid == set.Uid ? memory.Original : null }
            : memory;
    }
}

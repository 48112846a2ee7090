using System.Collections.Immutable;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Gathers what a rollout's decision depends on. What cannot start safely ends as PreflightFailed before a single call; what has
/// begun is never dropped: when its policy went wrong or away meanwhile it pauses or halts, which puts the hold back.
/// </summary>
public sealed class RolloutFrames(OperatorStores stores, PolicyTargets targets, Observer observer, RolloutPrecedence queue, GatesMode gates, ZoneGroups zones, TimeProvider timeProvider)
{
    /// <summary>Returns the StatefulSets that a rollout is about: as its status remembers them, else as it names them, else all of its policy's; none when there are none.</summary>
    public ImmutableArray<string> TargetsOf(V1Alpha1StatefulSetRollout rollout)
    {
        if (RolloutMemories.TargetsOf(rollout.Status) is { IsEmpty: false } known)
        {
            return known;
        }

        return rollout.Spec.Targets is { Count: > 0 } named ? [.. named.Order(StringComparer.Ordinal)]
            : PolicyOf(rollout) is { } policy ? [.. targets.Of(policy).Select(each => each.Name)]
            : [];
    }

    /// <summary>Gathers the frame of one StatefulSet of a rollout.</summary>
    /// <param name="target">The StatefulSet; null when there is none.</param>
    public RolloutFrame Build(V1Alpha1StatefulSetRollout rollout, string? target)
    {
        var key = ((IStoreItem)rollout).Key;
        var policy = PolicyOf(rollout);
        var memory = RolloutMemories.Read(rollout.Status, target ?? "");
        var hasBegun = rollout.Status.FormatVersion is not null && memory.State is not RolloutState.Queued;

        // Of several StatefulSets the first has begun when the last has not yet: the request is not dropped any more.
        var isUnderWay = hasBegun || rollout.Status.StartTime is not null;
        if (policy is null && !isUnderWay)
        {
            return stores.Policies.Items.IsStale
                ? new RolloutFrame.NotYet("", memory, ReasonCodes.StoresNotFresh, "policies have not been listed yet")
                : new RolloutFrame.Ended("", memory, RolloutState.PreflightFailed, ReasonCodes.PolicyMissing, $"RolloutPolicy {key.Namespace}/{rollout.Spec.PolicyRef.Name} does not exist; create it, then create a new rollout");
        }

        var reading = policy is null
            ? new PolicyReading(new UpdatePolicy(), [new PolicyProblem(ReasonCodes.PolicyMissing, $"RolloutPolicy {key.Namespace}/{rollout.Spec.PolicyRef.Name} is gone")])
            : PolicyReader.Read(policy.Metadata.Name, policy.Spec);
        if (!hasBegun && policy is not null && Refusal(rollout, policy, reading, target, isUnderWay) is { } refusal)
        {
            return new RolloutFrame.Ended(target ?? "", memory, RolloutState.PreflightFailed, refusal.Reason, refusal.Message);
        }

        if (observer.Observe(new NamespacedName(key.Namespace, target!)) is not { } observation)
        {
            return SetIsMissing(target!, key.Namespace, memory, hasBegun);
        }

        var request = RequestOf(rollout, policy, target!, observation, memory, reading);
        return new RolloutFrame.Ready(target!, observation, policy ?? new V1Alpha1RolloutPolicy(), RulesOf(reading.Policy), request, memory, reading.Problems.FirstOrDefault());
    }

    /// <summary>The rules without their gates where the operator runs with gates off: nothing is asked, so no order can depend on an answer.</summary>
    private UpdatePolicy RulesOf(UpdatePolicy rules) => gates is GatesMode.Off
        ? rules with { Gates = [], Order = rules.Order is PodOrderKind.LeaderLast ? PodOrderKind.OrdinalDescending : rules.Order }
        : rules;

    private RolloutFrame SetIsMissing(string target, string ns, RolloutMemory memory, bool hasBegun)
    {
        var freshness = observer.Freshness();
        if (!freshness.IsFresh)
        {
            return new RolloutFrame.NotYet(target, memory, ReasonCodes.StoresNotFresh, freshness.Message);
        }

        return hasBegun
            ? new RolloutFrame.Ended(target, memory, RolloutState.Failed, ReasonCodes.TargetGone, $"StatefulSet {ns}/{target} was deleted in mid-rollout; nothing is left to roll. Create it again, which needs no rollout, or take it out of the policy.")
            : new RolloutFrame.Ended(target, memory, RolloutState.PreflightFailed, ReasonCodes.TargetsMissing, $"StatefulSet {ns}/{target} does not exist; create it, then create a new rollout");
    }

    private V1Alpha1RolloutPolicy? PolicyOf(V1Alpha1StatefulSetRollout rollout) =>
        stores.Policies.Items.Find(new NamespacedName(((IStoreItem)rollout).Key.Namespace, rollout.Spec.PolicyRef.Name));

    /// <summary>Names a target's zone, for what is told of it; null when it has none of its own.</summary>
    public string? ZoneOf(V1Alpha1StatefulSetRollout rollout, string target) => PolicyOf(rollout) is { } policy
        && targets.Of(policy).FirstOrDefault(each => each.Name == target) is { } found && ZoneGroups.ZoneOf(policy, found) is var zone && zone != target && zone.Length <= 63 ? zone : null;

    private PolicyProblem? Refusal(V1Alpha1StatefulSetRollout rollout, V1Alpha1RolloutPolicy policy, PolicyReading reading, string? target, bool isUnderWay)
    {
        if (!reading.Problems.IsEmpty && !isUnderWay)
        {
            var first = reading.Problems[0];
            return first with { Message = $"RolloutPolicy {policy.Metadata.NamespaceProperty}/{policy.Metadata.Name}: {first.Message}" };
        }

        if (rollout.Spec.Type is "Scale")
        {
            return NotSupported("spec.type Scale", "write spec.replicas of the StatefulSet");
        }

        if (target is null)
        {
            return new PolicyProblem(ReasonCodes.TargetsMissing, $"RolloutPolicy {policy.Metadata.NamespaceProperty}/{policy.Metadata.Name} selects no StatefulSet; correct its spec.targets, then create a new rollout");
        }

        var of = targets.Of(policy).FirstOrDefault(each => each.Name == target);
        if (of is null)
        {
            return new PolicyProblem(ReasonCodes.TargetsMissing, $"StatefulSet {policy.Metadata.NamespaceProperty}/{target} is no target of RolloutPolicy {policy.Metadata.Name}; name one of its targets in spec.targets");
        }

        return of.Contender is { } contender
            ? new PolicyProblem(ReasonCodes.TargetConflict, $"StatefulSet {policy.Metadata.NamespaceProperty}/{target} belongs to RolloutPolicy {contender.Metadata.Name}, which is older than {policy.Metadata.Name}; remove it from one of the two")
            : null;
    }

    private static PolicyProblem NotSupported(string what, string remedy) =>
        new(ReasonCodes.NotSupported, $"{what}: not supported by this version of the operator; {remedy}");

    private RolloutRequest RequestOf(V1Alpha1StatefulSetRollout rollout, V1Alpha1RolloutPolicy? policy, string target, Observation observation, RolloutMemory memory, PolicyReading reading)
    {
        var asked = RequestedRevisions.Of(rollout, target);
        var policyGoes = policy is null || policy.Metadata.DeletionTimestamp is not null;
        return new RolloutRequest
        {
            ClaimId = $"{policy?.Metadata.Uid ?? rollout.Metadata.OwnerReferences?.FirstOrDefault()?.Uid}/{rollout.Metadata.Uid}",
            TargetRevision = memory.TargetRevision.Length > 0 ? memory.TargetRevision : asked ?? observation.Snapshot.Set.UpdateRevision,
            Suspend = rollout.Spec.Suspend is true || policy?.Spec.Suspend is true || !reading.Problems.IsEmpty,
            Cancel = rollout.Metadata.DeletionTimestamp is not null || policyGoes
                ? CancelRequest.Halt
                : rollout.Spec.Cancel switch { null or "" or "None" => CancelRequest.None, "Revert" => CancelRequest.Revert, _ => CancelRequest.Halt },
            Window = reading.Windows is { } windows && rollout.Spec.Overrides?.IgnoreWindows is not true ? windows.At(Clock.Now(timeProvider)) : WindowStanding.Always,
            Zone = policy is null || !reading.Problems.IsEmpty ? null : zones.HoldOf(policy, reading, target),
            ApprovedStep = rollout.Spec.ApprovedStep ?? 0,
            StoppedBy = RolloutGroup.StopOf(target, RolloutEnds.MembersOf(rollout.Status)),
            MostInFlight = RolloutMemory.MostInFlight / Math.Max(1, rollout.Status.Targets?.Count ?? 1),
            SupersededBy = queue.Successor(rollout, policy, target),
            Force = [.. (rollout.Spec.Force ?? []).Select(force => new ForceEntry(force.PodUid, force.Reason, force.Justification))],
        };
    }
}

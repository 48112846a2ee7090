using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// The rules that always hold (DESIGN section 4), as predicates over what went into a decision and what came out. Written apart from the
/// planner, from pods and memory alone: the planner's own result goes through them, the properties use them, and the actuator may.
/// </summary>
public static class Safety
{
    /// <summary>Finds the first rule that a decision would break; null when it breaks none.</summary>
    public static string? FirstViolation(RolloutInput input, Decision decision)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(decision);
        if (decision.Memory.State is RolloutState.Completed or RolloutState.RolledBack && input.Memory.State != decision.Memory.State && !AllDone(input, decision))
        {
            return "completed, or went back, before every pod is available at the revision that it goes to";
        }

        if (decision.Actions.IsEmpty)
        {
            return null;
        }

        foreach (var action in decision.Actions)
        {
            if (Broken(input, decision, action) is { } rule)
            {
                return rule;
            }
        }

        return BudgetIsKept(input, decision) ? null : "more pods away than maxUnavailable allows";
    }

    /// <summary>Rule 1: with every pod in flight counted as away, no decision that takes a pod that serves goes past the budget.</summary>
    public static bool BudgetIsKept(RolloutInput input, Decision decision)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(decision);
        var (takes, takesProven) = (false, false);
        foreach (var action in decision.Actions)
        {
            var (serving, proven) = action switch
            {
                RemovePod removal => (Serves(input, removal.Uid), Find(input, removal.Uid) is { } pod && !IsGivenUp(input, decision, pod)),
                WriteStrategy write => (decision.Memory.Driver is not UpdateDriver.Native && Releases(input, write) is { Count: > 0, Serving: true }, true),
                _ => (false, false),
            };
            takes |= serving;
            takesProven |= serving && proven;
        }

        if (!takes)
        {
            return true;
        }

        // Beside a proven pod the unproven ones count as away; while they go back themselves, only those that are on their way do.
        var set = input.Snapshot.Set;
        var away = set.Replicas;
        foreach (var pod in input.Snapshot.Pods)
        {
            away -= IsExpected(set, pod.Ordinal) && !IsInFlight(decision.Memory, pod.Ordinal) && pod.IsAvailable(MinReady(input), input.Now)
                && !(takesProven && IsGivenUp(input, decision, pod)) ? 1 : 0;
        }

        var max = decision.Memory.Driver is UpdateDriver.Partition or UpdateDriver.Native ? 1 : input.Policy.MaxUnavailable.Resolve(set.Replicas);
        return away <= max;
    }

    /// <summary>Rule 3: the pod stands as the snapshot shows it, and its intent is in the memory that is written first.</summary>
    public static bool HasIntent(RolloutInput input, Decision decision, RemovePod removal)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(decision);
        ArgumentNullException.ThrowIfNull(removal);
        foreach (var entry in decision.Memory.InFlight)
        {
            if (entry.Uid == removal.Uid && entry.ResourceVersion == removal.ResourceVersion && entry.Action is not InFlightAction.Release)
            {
                return Find(input, removal.Uid) is { IsTerminating: false } pod && pod.ResourceVersion == removal.ResourceVersion;
            }
        }

        return false;
    }

    /// <summary>Rule 2: every BeforePod gate of the policy has a current, open report about this pod, or its reason was bypassed for this pod; or nothing of the pod runs and its data stays.</summary>
    public static bool GatesAreOpen(RolloutInput input, Decision decision, string uid)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(decision);
        if (Find(input, uid) is { IsReady: false } stopped && PodStages.HasNothingToLose(stopped))
        {
            return true;
        }

        foreach (var gate in input.Policy.Gates)
        {
            if ((gate.RunAt & GatePhases.BeforePod) != 0 && !IsOpen(input, decision.Memory.GoalOf(input.Request), gate, uid) && !WasForced(input, decision, uid))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// A step with a pause is not gone past before all its pods are done and the pause is over or approved: with the pods that this decision
    /// takes, no more are at the target, or on their way there, than the first such step allows. A pod that does not serve is no part of it.
    /// </summary>
    public static bool StepsAreKept(RolloutInput input, Decision decision)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(decision);
        var set = input.Snapshot.Set;
        for (var i = 0; i < input.Policy.Steps.Length && decision.Memory.Revert is null; i++)
        {
            var step = input.Policy.Steps[i];
            if (step.Pause is null || input.Request.ApprovedStep > i || decision.Memory.Steps.Passed > i)
            {
                continue;
            }

            var stale = 0;
            foreach (var pod in input.Snapshot.Pods)
            {
                stale += IsExpected(set, pod.Ordinal) && pod.Revision != input.Request.TargetRevision && !pod.IsTerminating && !IsInFlight(decision.Memory, pod.Ordinal) ? 1 : 0;
            }

            return set.Replicas - stale <= Math.Min(set.Replicas, step.Pods.Resolve(set.Replicas));
        }

        return true;
    }

    /// <summary>Replaces a decision that would break a rule: nothing is done, and the reason says so.</summary>
    internal static Decision Refuse(RolloutInput input, Decision decision, string rule)
    {
        var set = input.Snapshot.Set;
        var message = $"{set.Namespace}/{set.Name}: the decision would have broken a rule ({rule}), so nothing is done; please report this.";
        return decision with
        {
            Actions = [],
            Questions = [],
            Holds = [new(ReasonCodes.SafetyTripped, null, message)],
            Memory = input.Memory,
            Change = MemoryChange.None,
            Reason = ReasonCodes.Running,
            Message = message,
        };
    }

    private static string? Broken(RolloutInput input, Decision decision, PlannedAction action)
    {
        if (!input.Snapshot.Freshness.IsFresh && action is not ReleaseClaim)
        {
            return "an action while the stores are not fresh";
        }

        if (action is not TakeClaim && input.Snapshot.Set.HeldBy != input.Request.ClaimId)
        {
            return "an action without the claim";
        }

        return action switch
        {
            TakeClaim => decision.Actions.Length > 1 ? "the claim is not alone in its pass" : null,
            RemovePod removal => BrokenRemoval(input, decision, removal),
            WriteStrategy write => BrokenWrite(input, decision, write),
            RestoreTemplate restore => BrokenTemplate(input, decision, restore),
            OpenGate open => GateMayOpen(input, decision, open) ? null : $"the readiness gate of {open.Pod} would be opened before its gates passed",
            _ => null,
        };
    }

    private static string? BrokenRemoval(RolloutInput input, Decision decision, RemovePod removal)
    {
        if (!HasIntent(input, decision, removal))
        {
            return $"{removal.Pod} would be removed without an intent that fits";
        }

        var twice = 0;
        foreach (var other in decision.Actions)
        {
            twice += other is RemovePod { Uid: var uid } && uid == removal.Uid ? 1 : 0;
        }

        return twice > 1 ? $"{removal.Pod} would be removed twice"
            : input.Request.Suspend ? $"{removal.Pod} would be removed while suspended"
            : input.Request.Zone is not null && decision.Memory.Revert is null ? $"{removal.Pod} would be removed while another zone goes first"
            : !WindowIsOpen(input, decision) ? $"{removal.Pod} would be removed outside a maintenance window"
            : Serves(input, removal.Uid) && ComesBackAtUpdate(input, removal) && !StepsAreKept(input, decision) ? $"{removal.Pod} would be removed before its step"
            : !ComesBackAtGoal(input, decision, removal) ? $"{removal.Pod} would be removed to go back, and would not come back at {decision.Memory.FromRevision}"
            : input.Snapshot.Budgets.Length > 1 ? $"{removal.Pod} would be removed under two PodDisruptionBudgets"
            : !GatesAreOpen(input, decision, removal.Uid) ? $"{removal.Pod} would be removed without an open gate"
            : null;
    }

    private static string? BrokenWrite(RolloutInput input, Decision decision, WriteStrategy write)
    {
        var (count, ordinal, serving) = Releases(input, write);
        if (count > 0 && decision.Memory.Driver is UpdateDriver.Native && !input.Request.Suspend && input.Request.Zone is null && WindowIsOpen(input, decision) && decision.Memory.Ending is null)
        {
            // Native gives the whole roll to the built-in controller; the readiness gates take its place.
            return null;
        }

        if (count == 0)
        {
            return null;
        }

        if (count > 1 || input.Request.Suspend || !WindowIsOpen(input, decision) || (input.Request.Zone is not null && decision.Memory.Revert is null))
        {
            return $"a write would release {count} pods: more than one, or while suspended, outside a maintenance window, or while another zone goes first";
        }

        foreach (var entry in decision.Memory.InFlight)
        {
            if (entry.Ordinal == ordinal && entry.Action is InFlightAction.Release)
            {
                return serving && !StepsAreKept(input, decision) ? $"{entry.Pod} would be released before its step" : GatesAreOpen(input, decision, entry.Uid) ? null : $"{entry.Pod} would be released without an open gate";
            }
        }

        return $"ordinal {ordinal} would be released without an intent";
    }

    /// <summary>
    /// The readiness gate of a pod at the target opens when its AfterPod gates have passed, that is in the memory that is written first; or
    /// when an expected pod is missing (rule 5). One of another pod opens at any time.
    /// </summary>
    public static bool GateMayOpen(RolloutInput input, Decision decision, OpenGate open)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(decision);
        ArgumentNullException.ThrowIfNull(open);
        var set = input.Snapshot.Set;
        var (there, pod) = (0, (PodSnapshot?)null);
        foreach (var each in input.Snapshot.Pods)
        {
            there += IsExpected(set, each.Ordinal) ? 1 : 0;
            pod = each.Uid == open.Uid ? each : pod;
        }

        return pod is not null
            && (there < set.Replicas || pod.Revision != decision.Memory.GoalOf(input.Request) || !PodStages.HasAfterPodGate(input.Policy) || PodStages.IsRecorded(decision.Memory.Passed.AsSpan(), pod));
    }

    /// <summary>No pod is taken outside a maintenance window, but to go back.</summary>
    private static bool WindowIsOpen(RolloutInput input, Decision decision) => decision.Memory.Revert is not null || input.Request.Window.IsOpenAt(input.Now);

    /// <summary>The stale pods that a strategy write releases and the present strategy does not.</summary>
    private static (int Count, long Ordinal, bool Serving) Releases(RolloutInput input, WriteStrategy write)
    {
        var set = input.Snapshot.Set;
        var (count, last, serving) = (0, -1L, false);
        foreach (var pod in input.Snapshot.Pods)
        {
            var index = pod.Ordinal - set.StartOrdinal;
            if (IsExpected(set, pod.Ordinal) && pod.Revision != set.UpdateRevision
                && index >= write.Next.EffectivePartition && index < set.Strategy.EffectivePartition)
            {
                (count, last, serving) = (count + 1, pod.Ordinal, serving || pod.IsAvailable(MinReady(input), input.Now));
            }
        }

        return (count, last, serving);
    }

    private static bool AllDone(RolloutInput input, Decision decision)
    {
        var set = input.Snapshot.Set;
        var done = 0;
        foreach (var pod in input.Snapshot.Pods)
        {
            done += IsExpected(set, pod.Ordinal) && pod.Revision == decision.Memory.GoalOf(input.Request) && pod.IsAvailable(MinReady(input), input.Now) ? 1 : 0;
        }

        return done == set.Replicas;
    }

    private static bool IsOpen(RolloutInput input, string goal, GatePolicy gate, string uid)
    {
        foreach (var report in input.Reports)
        {
            if (report.Gate == gate.Name && report.Phase is GatePhase.BeforePod && report.IsOpen(gate.SuccessThreshold, input.Now)
                && report.Key.Contains(uid, StringComparison.Ordinal) && report.Key.EndsWith(goal, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A bypass of this pod was used up by this decision, or by the one that made the intent which still stands.</summary>
    private static bool WasForced(RolloutInput input, Decision decision, string uid)
    {
        var first = IsStanding(input.Memory, uid) ? 0 : input.Memory.UsedForce.Length;
        for (var i = first; i < decision.Memory.UsedForce.Length; i++)
        {
            if (decision.Memory.UsedForce[i].StartsWith(uid, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsStanding(RolloutMemory memory, string uid)
    {
        foreach (var entry in memory.InFlight)
        {
            if (entry.Uid == uid)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Tells whether the pod, removed under the present strategy, is created at the update revision.</summary>
    private static bool ComesBackAtUpdate(RolloutInput input, RemovePod removal)
    {
        var set = input.Snapshot.Set;
        return set.Strategy.Type is UpdateStrategyType.OnDelete
            || (Find(input, removal.Uid) is { } pod && pod.Ordinal - set.StartOrdinal >= set.Strategy.EffectivePartition);
    }

    /// <summary>Going back by pods alone needs the hold, seen by the built-in controller, and the old revision still current.</summary>
    private static bool ComesBackAtGoal(RolloutInput input, Decision decision, RemovePod removal)
    {
        var set = input.Snapshot.Set;
        return decision.Memory.Revert is not { Kind: FailureAction.RevertPods }
            || (set.Strategy.IsOurHold && set.IsObserved && set.CurrentRevision == decision.Memory.FromRevision && Find(input, removal.Uid)?.Revision != set.CurrentRevision);
    }

    /// <summary>Rule 7: the template is written only by a rollout that goes back under RevertTemplate, and only to where it came from.</summary>
    private static string? BrokenTemplate(RolloutInput input, Decision decision, RestoreTemplate restore) =>
        decision.Memory.Revert is not { Kind: FailureAction.RevertTemplate } || restore.Revision != decision.Memory.FromRevision
            ? $"the template of {restore.Revision} would be written without a reason to"
            : !input.Snapshot.Set.Strategy.Holds(input.Snapshot.Set.Replicas) || decision.Actions.Length > 1 ? "the template would be written while pods are released"
            : null;

    /// <summary>Tells whether a pod that is removed to go back never passed its AfterPod gates: it counts as away, and taking it costs nothing more.</summary>
    private static bool IsGivenUp(RolloutInput input, Decision decision, PodSnapshot pod) =>
        decision.Memory.Revert is { Kind: FailureAction.RevertPods } && pod.Revision == input.Request.TargetRevision
        && PodStages.HasAfterPodGate(input.Policy) && !PodStages.IsRecorded(decision.Memory.Passed.AsSpan(), pod);

    private static bool Serves(RolloutInput input, string uid) => Find(input, uid) is { } pod && pod.IsAvailable(MinReady(input), input.Now);

    private static PodSnapshot? Find(RolloutInput input, string uid)
    {
        foreach (var pod in input.Snapshot.Pods)
        {
            if (pod.Uid == uid)
            {
                return pod;
            }
        }

        return null;
    }

    private static bool IsInFlight(RolloutMemory memory, long ordinal)
    {
        foreach (var entry in memory.InFlight)
        {
            if (entry.Ordinal == ordinal)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsExpected(StatefulSetSnapshot set, long ordinal) => ordinal >= set.StartOrdinal && ordinal < set.StartOrdinal + set.Replicas;

    private static TimeSpan MinReady(RolloutInput input)
    {
        var ofSet = TimeSpan.FromSeconds(input.Snapshot.Set.MinReadySeconds);
        return input.Policy.MinReadyDuration > ofSet ? input.Policy.MinReadyDuration : ofSet;
    }
}

using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>Decides about a StatefulSet of a policy while no rollout of it is active: adopt it, keep it held, tell drift, let it go. Pure.</summary>
/// <remarks>
/// <list type="number">
/// <item>A set whose spec the built-in controller has not seen, or that is claimed by a rollout, is left alone for now; but a hold that somebody else took
/// off is put back before the controller sees that.</item>
/// <item>A policy that is being deleted lets it go: the original strategy comes back only when no change waits, since restoring it under drift
/// rolls every pod (T7); else the hold stays and says so, until <c>spec.release</c>.</item>
/// <item>A set that was not adopted yet is: its strategy is kept in an annotation and the hold written, in one patch. OnDelete is left as it
/// is. In the middle of a rollout of the built-in controller, adoption waits.</item>
/// <item>Under driver Native a set rests open, and readiness gates do the holding; where Native cannot work it rests held, at once and under a change too.</item>
/// <item>An adopted set that is not held any more was released by somebody else: held again once per revision; then it is a FieldConflict. So is one whose
/// annotation is gone as well, since its object was replaced by an older manifest (T22).</item>
/// <item>Drift is judged by revisions and pods; under a declared OnDelete by pods alone (kubernetes #73492).</item>
/// </list>
/// </remarks>
public static class HoldPlanner
{
    private const string NoNative = "hold: driver Native cannot work";

    /// <summary>Decides.</summary>
    public static HoldDecision Decide(HoldInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        Words.Begin();
        var snapshot = input.Snapshot;
        var set = snapshot.Set;
        var memory = input.Memory.SetUid == set.Uid && input.Memory.Revision == set.UpdateRevision
            ? input.Memory
            : new HoldMemory { SetUid = set.Uid, Revision = set.UpdateRevision, Original = input.Memory.SetUid == set.Uid ? input.Memory.Original : null };
        memory = set.OriginalStrategy is { } kept ? memory with { Original = kept } : memory;
        var decision = new HoldDecision
        {
            Memory = memory,
            IsHeld = set.Strategy.Type is UpdateStrategyType.OnDelete || set.Strategy.IsOurHold,
        };

        if (set.IsTerminating)
        {
            return decision with { IsLetGo = true };
        }

        if (!snapshot.Freshness.IsFresh)
        {
            var freshness = snapshot.Freshness;
            return decision with { Holds = [Of(set, freshness.Reason ?? ReasonCodes.StoresNotFresh, $"{freshness.Message}; nothing is decided until the stores have caught up")] };
        }

        if (!set.IsObserved)
        {
            return IsReleasedUnseen(input, memory) ? HoldUnseen(input, decision) : decision with { Holds = [Of(set, ReasonCodes.NotObserved, $"the StatefulSet controller has seen generation {set.ObservedGeneration} of {set.Generation}; wait")] };
        }

        decision = decision with { Drift = DriftOf(snapshot) };
        if (set.HeldBy.Length > 0)
        {
            return decision with { Holds = [Of(set, ReasonCodes.Queued, $"claimed by {set.HeldBy}; it is left alone until that rollout gives it back")], Drift = null };
        }

        if (set.Replicas == 0 && set.CurrentRevision != set.UpdateRevision)
        {
            decision = decision with
            {
                Drift = null,
                Notices = [new(ReasonCodes.HoldLostAtZero, null, $"{Name(set)}: scaled to 0 while {set.UpdateRevision} waits; the StatefulSet controller makes it current, and pods will come up on it ungated.", IsWarning: true)],
            };
        }

        decision = input.IsPolicyDeleted ? LetGo(input, decision)
            : set.OriginalStrategy is null ? (memory.Original is { } lost && set.Strategy.Type is UpdateStrategyType.RollingUpdate ? AdoptAgain(input, decision, lost) : Adopt(input, decision))
            : RestsOpen(input) ? KeepOpen(input, decision)
            : Keep(input, decision);
        return decision.Actions.IsEmpty ? OpenGates(input, decision) : decision;
    }

    /// <summary>
    /// Tells which readiness gates to open although the policy is wrong, so that nothing else may be done: a pod that no change is about must not wait for a
    /// corrected policy before it serves (rule 5). Which driver was meant may be what is wrong, so the gates of an open change stay shut.
    /// </summary>
    public static ImmutableArray<PlannedAction> Recover(HoldInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var set = input.Snapshot.Set;
        if (set.IsTerminating || !input.Snapshot.Freshness.IsFresh || !set.IsObserved || set.HeldBy.Length > 0)
        {
            return [];
        }

        var held = set.Strategy.Type is UpdateStrategyType.OnDelete || set.Strategy.IsOurHold;
        return OpenGates(input with { IsNative = true }, new HoldDecision { Memory = input.Memory, IsHeld = held, Drift = DriftOf(input.Snapshot) }).Actions;
    }

    private static bool RestsOpen(HoldInput input) => input is { IsNative: true, NativeRefusal: null };

    /// <summary>
    /// Tells whether adoption opens the set for driver Native. One that keeps a change back, by its own partition or by a hold of ours, is not opened over
    /// it: no rollout has asked the gates about the first pod yet.
    /// </summary>
    private static bool MayOpen(HoldInput input, HoldDecision decision) =>
        RestsOpen(input) && (decision.Drift is null || input.ChangesNothing || input.Snapshot.Set.Strategy.EffectivePartition == 0);

    /// <summary>
    /// Under driver Native the set rests with partition 0. One that is held is opened when no change waits; with one it stays held until a
    /// rollout opens it.
    /// </summary>
    private static HoldDecision KeepOpen(HoldInput input, HoldDecision decision)
    {
        var set = input.Snapshot.Set;

        // Who lowers the partition does what the driver does: nothing is held against it, also not what was while Native could not work.
        decision = decision with { Memory = decision.Memory with { ForeignReleases = 0 } };
        return set.Strategy is { Type: UpdateStrategyType.RollingUpdate, EffectivePartition: > 0 } && decision.Drift is null
            ? decision with
            {
                Memory = decision.Memory with { Generation = set.Generation },
                Actions = [new WriteStrategy(Open(set.Strategy, set.OriginalStrategy), set.Strategy, set.Generation, "open: driver Native rolls by readiness gates")],
            }
            : decision;
    }

    /// <summary>
    /// No rollout is active: readiness gates open at once, but for pods of a change that nobody holds, since a rollout will be about them. They open
    /// too when an expected pod is missing (rule 5), but under Parallel: there it is created whatever gates say, and to open them would let the next pod go beside it.
    /// </summary>
    private static HoldDecision OpenGates(HoldInput input, HoldDecision decision)
    {
        var snapshot = input.Snapshot;
        var there = 0;
        foreach (var pod in snapshot.Pods)
        {
            there += pod.Ordinal >= snapshot.Set.Ordinals.First && pod.Ordinal < snapshot.Set.Ordinals.End ? 1 : 0;
        }

        var isAwaited = input.IsNative && !input.IsPolicyDeleted && decision.Drift is not null && !input.ChangesNothing && !decision.IsHeld
            && (there == snapshot.Set.Replicas || snapshot.Set.PodManagement is PodManagementPolicy.Parallel);
        foreach (var pod in snapshot.Pods)
        {
            // A revision that is neither may be newer than what the stores show of the set.
            var isKnown = pod.Revision == snapshot.Set.CurrentRevision || pod.Revision == snapshot.Set.UpdateRevision || there < snapshot.Set.Replicas;
            if (pod is { Gate: PodGate.Closed, IsTerminating: false } && isKnown && !(isAwaited && pod.Revision == snapshot.Set.UpdateRevision))
            {
                decision = decision with { Actions = decision.Actions.Add(new OpenGate(pod.Name, pod.Uid, "no rollout is about this pod")) };
            }
        }

        return decision;
    }

    private static StrategyValue Open(StrategyValue current, StrategyValue? original) => new(UpdateStrategyType.RollingUpdate, 0, current.MaxUnavailable ?? original?.MaxUnavailable);

    /// <summary>Tells which change waits on a set: null when every pod runs the update revision, and that is the current one.</summary>
    public static Drift? DriftOf(WorkloadSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var set = snapshot.Set;
        var (atTarget, from) = (0, "");
        foreach (var pod in snapshot.Pods)
        {
            if (pod.Ordinal < set.StartOrdinal || pod.Ordinal >= set.StartOrdinal + set.Replicas)
            {
                continue;
            }

            if (pod.Revision == set.UpdateRevision)
            {
                atTarget++;
            }
            else if (from.Length == 0)
            {
                from = pod.Revision;
            }
        }

        // A missing pod of a held set comes back at the current revision, of an OnDelete set at the update revision: it is behind only if the
        // revisions differ and the set is held.
        var judgedByPods = Preflight.RestTypeOf(set) is UpdateStrategyType.OnDelete;
        if (!judgedByPods && IsUpdated(set))
        {
            // The pods' store is behind: the built-in controller has replaced what it still shows.
            return null;
        }

        var drifts = from.Length > 0 || (!judgedByPods && set.CurrentRevision != set.UpdateRevision);
        return drifts ? new(from.Length > 0 ? from : set.CurrentRevision, set.UpdateRevision, set.Replicas - atTarget) : null;
    }

    /// <summary>
    /// Tells whether the status says of this very spec that the update revision is the current one and that every pod there is runs it: then no pod of another
    /// revision can be there any more, nor come.
    /// </summary>
    private static bool IsUpdated(StatefulSetSnapshot set) =>
        set.IsObserved && set.CurrentRevision == set.UpdateRevision && set.Replicas > 0 && set.StatusReplicas == set.Replicas && set.UpdatedReplicas == set.Replicas;

    private static HoldDecision Adopt(HoldInput input, HoldDecision decision)
    {
        var set = input.Snapshot.Set;
        if (set.Strategy.Type is UpdateStrategyType.OnDelete)
        {
            return decision;
        }

        if (NativeRolloutPod(input.Snapshot) is { } busy)
        {
            return decision with
            {
                Drift = null,
                Holds = [new(ReasonCodes.AdoptionWaits, null, $"{Name(set)}: the StatefulSet controller is rolling it out itself (partition {set.Strategy.Partition ?? 0}, {busy}); it is adopted when that ends.{BlockingPods.Sentence(input.Snapshot, outside: false)}")],
            };
        }

        return decision with { Actions = [new AdoptSet(MayOpen(input, decision) ? Open(set.Strategy, null) : StrategyValue.HeldFrom(set.Strategy, null), set.Strategy, set.Generation)] };
    }

    /// <summary>
    /// Adopts a set that has lost its annotation. Nothing is waited for: what the built-in controller rolls now was held until somebody else took the hold off.
    /// What the set says now, if it is no hold of ours, is what its manifest declares by now.
    /// </summary>
    private static HoldDecision AdoptAgain(HoldInput input, HoldDecision decision, StrategyValue lost)
    {
        var set = input.Snapshot.Set;
        var original = set.Strategy.IsOurHold ? lost : set.Strategy;
        return MayOpen(input, decision) ? decision with { Actions = [new AdoptSet(Open(set.Strategy, original), original, set.Generation)] }
            : set.Strategy.IsOurHold ? decision with { Actions = [new AdoptSet(StrategyValue.HeldFrom(set.Strategy, original), original, set.Generation)] }
            : HoldOnce(input, decision, new AdoptSet(StrategyValue.HeldFrom(set.Strategy, original), original, set.Generation));
    }

    /// <summary>
    /// Tells whether somebody else took the hold off a set and the built-in controller has not seen it yet. Then nothing is waited for: it would take
    /// a pod in the same pass in which it sees it, and a hold that is put back too early harms nothing. Counted once for the revision that is known;
    /// what the controller makes of the new generation counts anew.
    /// </summary>
    private static bool IsReleasedUnseen(HoldInput input, HoldMemory memory)
    {
        var set = input.Snapshot.Set;
        return !input.IsPolicyDeleted && set.HeldBy.Length == 0 && !RestsOpen(input) && (memory.ForeignReleases == 0 || memory.Generation == set.Generation)
            && set.Strategy is { Type: UpdateStrategyType.RollingUpdate, IsOurHold: false } && (set.OriginalStrategy ?? memory.Original) is { Type: UpdateStrategyType.RollingUpdate };
    }

    private static HoldDecision HoldUnseen(HoldInput input, HoldDecision decision) =>
        input.Snapshot.Set.OriginalStrategy is null ? AdoptAgain(input, decision, decision.Memory.Original!) : Keep(input, decision);

    private static HoldDecision Keep(HoldInput input, HoldDecision decision)
    {
        var set = input.Snapshot.Set;
        var original = set.OriginalStrategy!;
        if (original.Type is UpdateStrategyType.OnDelete || set.Strategy.IsOurHold)
        {
            return decision;
        }

        if (set.Strategy.Type is UpdateStrategyType.OnDelete)
        {
            // Left behind by a rollout that could not end, unless a manifest says so (T24): then it is the user's, and holds by itself.
            return set.OnDeleteDeclaredBy.IsEmpty
                ? Write(decision, set, HoldOf(set, "hold: OnDelete was left behind"))
                : decision with { Holds = [Of(set, ReasonCodes.FieldConflict, $"{string.Join(", ", set.OnDeleteDeclaredBy)} declares updateStrategy OnDelete, and it was adopted as RollingUpdate; remove updateStrategy from that manifest")] };
        }

        return HoldOnce(input, decision, HoldOf(set, input.NativeRefusal is null ? "hold: somebody else released pods" : NoNative));
    }

    /// <summary>Holds a set that somebody else released: the first time. It is tried again as long as the write did not arrive.</summary>
    private static HoldDecision HoldOnce(HoldInput input, HoldDecision decision, PlannedAction hold)
    {
        var set = input.Snapshot.Set;
        if (decision.Memory.ForeignReleases > 0 && decision.Memory.Generation == set.Generation)
        {
            return Write(decision, set, hold);
        }

        var found = $"{ForeignWrites.Owners(set)} set partition {set.Strategy.Partition ?? 0}";
        if (decision.Memory.ForeignReleases > 0)
        {
            var effect = decision.Drift is null ? "the next change will roll ungated" : "rolling ungated";
            return decision with
            {
                Drift = null,
                Holds = [Of(set, ReasonCodes.FieldConflict, $"{found}, for the second time: {effect}; remove updateStrategy from its manifests")],
            };
        }

        // It rested open for Native, most likely. Whoever opens it again is somebody else.
        var counted = decision with { Memory = decision.Memory with { ForeignReleases = 1 } };
        return input.NativeRefusal is not null ? Write(counted, set, hold) : Write(counted, set, hold) with
        {
            Notices = decision.Notices.Add(new(ReasonCodes.ForeignRelease, null, $"{Name(set)}: {found}; the hold is put back this once. Remove updateStrategy from its manifests.", IsWarning: true)),
        };
    }

    private static HoldDecision LetGo(HoldInput input, HoldDecision decision)
    {
        var set = input.Snapshot.Set;
        if ((set.OriginalStrategy ?? (set.Strategy.IsOurHold ? decision.Memory.Original : null)) is not { } original)
        {
            return decision with { IsLetGo = true };
        }

        if (decision.Drift is { } drift && !input.Release)
        {
            return decision with
            {
                Holds = [Of(set, ReasonCodes.LeftHeld, $"{drift.Behind} of {set.Replicas} pods are not at {drift.To}, and restoring {original.Type} would roll them at once; the hold stays. Roll or revert the change first, or set spec.release to true")],
            };
        }

        return decision with { Actions = [new LetGoSet(original, set.Strategy, set.Generation)] };
    }

    private static WriteStrategy HoldOf(StatefulSetSnapshot set, string why) => new(StrategyValue.HeldFrom(set.Strategy, set.OriginalStrategy), set.Strategy, set.Generation, why);

    private static HoldDecision Write(HoldDecision decision, StatefulSetSnapshot set, PlannedAction action) => decision with
    {
        Memory = decision.Memory with { Generation = set.Generation },
        Actions = [action],
    };

    /// <summary>
    /// Names what shows that the built-in controller is moving pods: one that is released and behind, or one at the update revision that is
    /// not ready yet, while the set is not held. Null when it is at rest, a canary that is parked at its partition included.
    /// </summary>
    private static string? NativeRolloutPod(WorkloadSnapshot snapshot)
    {
        var set = snapshot.Set;
        if (set.Strategy.Holds(set.Replicas) || set.CurrentRevision == set.UpdateRevision)
        {
            return null;
        }

        var first = Math.Min(set.Strategy.EffectivePartition, set.Replicas);
        var missing = set.Replicas - first;
        foreach (var pod in snapshot.Pods)
        {
            var index = pod.Ordinal - set.StartOrdinal;
            if (index < first || index >= set.Replicas)
            {
                continue;
            }

            if (pod.Revision != set.UpdateRevision)
            {
                return $"{pod.Name} is next";
            }

            if (pod.IsTerminating || !pod.IsReady)
            {
                return $"{pod.Name} is not ready";
            }

            missing--;
        }

        return missing > 0 ? $"{missing} pods are missing" : null;
    }

    private static Hold Of(StatefulSetSnapshot set, ReasonCode reason, string fact) => new(reason, null, $"{Name(set)}: {fact}.");

    private static string Name(StatefulSetSnapshot set) => $"{set.Namespace}/{set.Name}";
}

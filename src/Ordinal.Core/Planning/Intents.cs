using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// The pods in flight. An intent is written before its action (rule 3), may be carried out again while it is allowed, and is burnt before
/// it is dropped: a pod's resourceVersion that moved makes every eviction with the old one fail, whoever still has it on its way.
/// </summary>
internal static class Intents
{
    /// <summary>
    /// Brings the memory of pods in flight up to the facts: stages move, entries whose replacement is over are dropped. A pod that arrived
    /// at the target stays until its AfterPod gates pass; see <see cref="Arrivals"/>.
    /// </summary>
    internal static void Follow(ref Pass pass)
    {
        for (var i = pass.InFlight.Count - 1; i >= 0; i--)
        {
            var entry = pass.InFlight[i];
            var stage = PodStages.StageOf(in pass, entry);
            if (stage != entry.Stage && !PodLifecycle.Table.IsLegal(entry.Stage, stage))
            {
                pass.Notify(ReasonCodes.UnexpectedTransition, entry.Pod, $"{pass.Set.Namespace}/{entry.Pod}: went from {entry.Stage} to {stage}; the facts were adopted.", isWarning: false);
            }

            var index = pass.IndexOf(entry.Ordinal);
            if (index < 0)
            {
                // Scaled away: the built-in controller removes it.
                Burn(ref pass, entry);
            }
            else if (stage is PodStage.Pending or PodStage.Updated)
            {
                Drop(ref pass, entry);
            }
            else if (stage != entry.Stage)
            {
                pass.Remember(entry with { Stage = stage, StageSince = pass.Now }, isProgress: true);
            }
        }
    }

    /// <summary>Writes the intent to take a pod, and the action with exactly its UID and resourceVersion.</summary>
    internal static void Remove(ref Pass pass, int index, InFlightAction action, GateStanding gates)
    {
        var pod = pass.PodOf(index);
        Add(ref pass, index, action, gates);
        pass.Actions.Add(RemovalOf(in pass, pod, action));
    }

    /// <summary>Writes the intent to release a pod through the partition; the caller adds the write.</summary>
    internal static void Add(ref Pass pass, int index, InFlightAction action, GateStanding gates)
    {
        var pod = pass.PodOf(index);
        var entry = new Flight
        {
            Pod = pod.Name,
            Ordinal = pod.Ordinal,
            Uid = pod.Uid,
            ResourceVersion = pod.ResourceVersion,
            Action = action,
            Stage = PodStage.Intended,
            Since = pass.Now,
            StageSince = pass.Now,
            Generation = pass.Set.Generation,
            PausedBefore = pass.PausedInAll,
            Baselines = gates.BaselinesOf(pass.Scratch),
        };
        Gatekeeping.Consume(ref pass, pod.Name, gates);
        Forces.UseForRole(ref pass, index, pod);
        pass.Remember(entry);
        pass.Flag(index, PodFlags.InFlight | PodFlags.Standing | PodFlags.Acted);
        PodStages.Count(ref pass);
    }

    /// <summary>
    /// Carries out an intent that still stands: the same pod, under its present resourceVersion, which is written first if it moved. Nothing else is written
    /// first: an operator that dies after each of its writes would write for ever.
    /// </summary>
    internal static void Repeat(ref Pass pass, Flight entry, GateStanding gates)
    {
        var index = pass.IndexOf(entry.Ordinal);
        var pod = pass.PodOf(index);
        Gatekeeping.Consume(ref pass, pod.Name, gates);
        if (pod.ResourceVersion != entry.ResourceVersion || (entry.Baselines.IsEmpty && gates.HasBaselines))
        {
            pass.Remember(entry with { ResourceVersion = pod.ResourceVersion, Baselines = gates.HasBaselines ? gates.BaselinesOf(pass.Scratch) : entry.Baselines });
        }

        pass.Flag(index, PodFlags.Acted);
        pass.Actions.Add(RemovalOf(in pass, pod, entry.Action));
    }

    /// <summary>
    /// Makes one intent harmless and forgets it: dropped when its pod moved on, burnt first when it could still act. A pod that failed stays
    /// in memory, so that status can name it after the end. A release stays as well until the built-in controller has seen the hold: until then it may take
    /// the pod, and whoever comes next must know of it.
    /// </summary>
    /// <returns>True when it can no longer act by a call of ours.</returns>
    internal static bool Burn(ref Pass pass, Flight entry)
    {
        if (entry.Action is InFlightAction.Release && PodStages.Stands(in pass, entry) && MayStillBeTaken(in pass, entry))
        {
            return true;
        }

        if (entry.Action is not InFlightAction.Release
            && PodStages.Find(in pass, entry.Ordinal) is { IsTerminating: false } pod
            && pod.Uid == entry.Uid
            && pod.ResourceVersion == entry.ResourceVersion)
        {
            pass.Actions.Add(new BurnIntent(entry.Pod, entry.Uid));
            return false;
        }

        if (entry.Stage is not PodStage.Failed)
        {
            Drop(ref pass, entry);
        }

        return true;
    }

    /// <summary>Burns every intent. A release is burnt by the write that brings the strategy to rest, which moves the generation; it is forgotten after that.</summary>
    /// <returns>True when none is left that could still act.</returns>
    internal static bool Abandon(ref Pass pass)
    {
        var all = true;
        for (var i = pass.InFlight.Count - 1; i >= 0; i--)
        {
            all &= Burn(ref pass, pass.InFlight[i]);
        }

        return all;
    }

    /// <summary>Tells whether a release stands, the built-in controller has not seen that it was undone, or its write may still arrive.</summary>
    private static bool MayStillBeTaken(in Pass pass, Flight entry) => pass.IndexOf(entry.Ordinal) is >= 0 and var index
        && (!pass.Set.IsHeldBack(entry.Ordinal) || (StrategyKeeper.IsOutstanding(in pass) && pass.Memory.LastWrite!.Next.EffectivePartition <= index));

    internal static void Drop(ref Pass pass, Flight entry)
    {
        pass.Forget(entry);
        if (pass.IndexOf(entry.Ordinal) is >= 0 and var index)
        {
            pass.Facts[index].Flags &= ~(PodFlags.InFlight | PodFlags.Standing);
            PodStages.Count(ref pass);
        }
    }

    private static RemovePod RemovalOf(in Pass pass, PodSnapshot pod, InFlightAction action) => new(
        pod.Name,
        pod.Uid,
        pod.ResourceVersion,
        WayOf(in pass, action),
        action is InFlightAction.ReplaceStuck
            ? $"replace {pod.Name}, which cannot become ready at {pod.Revision}"
            : $"replace {pod.Name} for {pass.Goal}");

    /// <summary>
    /// A pod that cannot become ready serves nobody, and a PodDisruptionBudget that has no disruption left would keep it for ever (T20): it is
    /// deleted then, with the same preconditions.
    /// </summary>
    private static PodRemoval WayOf(in Pass pass, InFlightAction action)
    {
        var budgets = pass.Input.Snapshot.Budgets;
        return action is InFlightAction.ReplaceStuck && !budgets.IsEmpty && budgets[0].DisruptionsAllowed <= 0 ? PodRemoval.Delete : pass.Policy.Removal;
    }
}

using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// One pod at a time, highest ordinal first: lowering the partition lets the built-in controller take the next pod whenever it likes, so it
/// is lowered over one stale pod only, under every condition of DESIGN section 3, and goes back up when the pod is not taken in time.
/// </summary>
internal static class PartitionDriver
{
    /// <summary>How long a release may stand without its pod terminating when no gate says how long its answer is good for.</summary>
    internal static readonly TimeSpan UngatedRelease = TimeSpan.FromSeconds(30);

    /// <summary>Releases the next pod, or follows up on the one released.</summary>
    internal static void Advance(ref Pass pass)
    {
        if (FollowUp(ref pass))
        {
            return;
        }

        if (Admission.IsShut(ref pass))
        {
            return;
        }

        if (StuckPods.Highest(in pass) is >= 0 and var stuck)
        {
            Unstick(ref pass, stuck);
        }
        else if (Admission.HasRoom(ref pass, takenNow: 0) && PodOrder.Highest(in pass) is >= 0 and var index && IsHighestStale(ref pass, index))
        {
            var gates = Admission.Gates(ref pass, index);
            if (gates.IsOpen)
            {
                Release(ref pass, index, gates);
            }
        }
    }

    /// <summary>Looks after the intent whose pod still stands: a removal, or a release that is on its way, standing, or pulled back.</summary>
    /// <returns>True when nothing else may be decided.</returns>
    private static bool FollowUp(ref Pass pass)
    {
        for (var i = pass.InFlight.Count - 1; i >= 0; i--)
        {
            var entry = pass.InFlight[i];
            var index = pass.IndexOf(entry.Ordinal);
            if (index >= 0 && pass.Facts[index].Is(PodFlags.Standing))
            {
                return entry.Action is InFlightAction.Release ? FollowRelease(ref pass, entry, index) : StuckPods.Follow(ref pass, entry, index);
            }
        }

        return false;
    }

    private static bool FollowRelease(ref Pass pass, Flight entry, int index)
    {
        if (pass.Set.Strategy.EffectivePartition > index)
        {
            return FollowUnreleased(ref pass, entry, index);
        }

        if (!pass.Set.IsObserved)
        {
            pass.HoldPod(index, ReasonCodes.NotObserved, Endings.NotObserved(in pass));
            return true;
        }

        Words what = $"{pass.Set.Namespace}/{entry.Pod}";
        if (pass.Facts[index].Is(PodFlags.Stuck) && StuckPods.MayBeReplaced(in pass) && !Admission.IsShut(ref pass))
        {
            // Under OrderedReady the built-in controller waits for this very pod, and would for ever.
            var gates = Admission.Gates(ref pass, index);
            if (gates.IsOpen)
            {
                var removal = entry with { Action = InFlightAction.ReplaceStuck };
                pass.Remember(removal);
                Intents.Repeat(ref pass, removal, gates);
            }

            return true;
        }

        // Paused after the write: the pod is in flight already, and finishes.
        var standing = pass.Pause is not PauseKind.None ? GateStanding.Open : Admission.Gates(ref pass, index);
        var goodFor = standing.ValidFor ?? UngatedRelease;
        var age = pass.Now - entry.StageSince;
        if (standing.IsOpen && Budget.Fits(in pass, index) && age < goodFor)
        {
            pass.Wake(goodFor - age);
            pass.HoldPod(index, ReasonCodes.WaitsTurn, $"{what}: released {Text.Of(age)} ago; the StatefulSet controller takes it next.");
            return true;
        }

        var up = index + 1 >= pass.Facts.Length
            ? StrategyKeeper.RestOver(in pass)
            : pass.Set.Strategy with { Type = UpdateStrategyType.RollingUpdate, Partition = index + 1 };
        StrategyKeeper.Write(ref pass, up, $"pull {entry.Pod} back");
        pass.HoldPod(index, ReasonCodes.ReleasePulledBack, $"{what}: released {Text.Of(age)} ago and not taken, its release was good for {Text.Of(goodFor)}; the partition goes back up.");
        return true;
    }

    /// <summary>
    /// The partition does not reach the pod: the lowering never happened, or was undone. One that may still be on its way stays in memory,
    /// since nothing short of a newer generation makes it harmless.
    /// </summary>
    private static bool FollowUnreleased(ref Pass pass, Flight entry, int index)
    {
        if (!StrategyKeeper.IsOutstanding(in pass) || pass.Memory.LastWrite!.Next.EffectivePartition > index)
        {
            if (!pass.Set.IsObserved)
            {
                pass.HoldPod(index, ReasonCodes.NotObserved, Endings.NotObserved(in pass));
                return true;
            }

            Intents.Drop(ref pass, entry);
            return false;
        }

        var isFree = pass.Facts[index].Is(PodFlags.Stuck) && pass.Counts.Unproven == 0;
        if (!Admission.IsShut(ref pass) && (isFree || Admission.HasRoomFor(ref pass, index, takenNow: 0)))
        {
            var gates = Admission.Gates(ref pass, index);
            if (gates.IsOpen)
            {
                Gatekeeping.Consume(ref pass, entry.Pod, gates);
                Again(ref pass, entry, gates);
                Lower(ref pass, index);
            }
        }

        return true;
    }

    /// <summary>
    /// Begins a release anew. When it began is not written before the write that it is about, else an operator that dies after each of its writes would write that for
    /// ever; a release that is taken for older than it is goes back up sooner.
    /// </summary>
    private static void Again(ref Pass pass, Flight entry, in GateStanding gates)
    {
        var isNews = entry.Baselines.IsEmpty && gates.HasBaselines;
        pass.Remember(entry with { StageSince = pass.Now, Baselines = isNews ? gates.BaselinesOf(pass.Scratch) : entry.Baselines }, isProgress: !isNews);
    }

    private static void Release(ref Pass pass, int index, in GateStanding gates)
    {
        Intents.Add(ref pass, index, InFlightAction.Release, gates);
        Lower(ref pass, index);
    }

    private static void Lower(ref Pass pass, int index)
    {
        pass.Flag(index, PodFlags.Acted);
        StrategyKeeper.Write(ref pass, pass.Set.Strategy with { Type = UpdateStrategyType.RollingUpdate, Partition = index }, $"release {pass.PodOf(index).Name}", pass.PodOf(index));
    }

    /// <summary>
    /// A stuck pod that is not released comes back at the current revision when it is removed. That helps unless the current one is what it
    /// is stuck at: then it must be released, which only the highest stale pod can be.
    /// </summary>
    private static void Unstick(ref Pass pass, int index)
    {
        if (!StuckPods.MayReplace(ref pass, index))
        {
            return;
        }

        var pod = pass.PodOf(index);
        var isReleased = pass.Set.Strategy.EffectivePartition <= index;
        if (isReleased || pod.Revision != pass.Set.CurrentRevision)
        {
            var gates = Admission.Gates(ref pass, index);
            if (gates.IsOpen)
            {
                Intents.Remove(ref pass, index, InFlightAction.ReplaceStuck, gates);
            }

            return;
        }

        if (HighestStale(in pass) != index && !IsWaitedForByAllAbove(in pass, index))
        {
            pass.HoldPod(index, ReasonCodes.StuckPodUnreachable, $"{pass.Set.Namespace}/{pod.Name}: cannot become ready at {pod.Revision} ({PodStages.TroubleOf(pod)}), and driver Partition must take the pods above it first; use driver OnDelete, or repair it.");
            pass.Pending(ReasonCodes.StuckPodUnreachable, $"{pass.SetName}: {pod.Name} cannot become ready, and driver Partition cannot reach it; use driver OnDelete, or repair it.");
            return;
        }

        if (pass.Counts.Unproven > 0)
        {
            _ = Admission.HasRoom(ref pass, takenNow: 0);
            return;
        }

        var open = Admission.Gates(ref pass, index);
        if (open.IsOpen)
        {
            Release(ref pass, index, open);
        }
    }

    /// <summary>
    /// Tells whether no pod above this one would be released along with it: under OrderedReady the built-in controller creates none of those that are missing before this one is
    /// ready, and then at the target. So it is with a set that never came up: of its pods only the first was ever made.
    /// </summary>
    private static bool IsWaitedForByAllAbove(in Pass pass, int index)
    {
        for (var i = index + 1; i < pass.Facts.Length; i++)
        {
            if (!pass.Facts[i].Is(PodFlags.Missing | PodFlags.AtTarget))
            {
                return false;
            }
        }

        return pass.Set.PodManagement is PodManagementPolicy.OrderedReady;
    }

    private static bool IsHighestStale(ref Pass pass, int index)
    {
        if (HighestStale(in pass) == index)
        {
            return true;
        }

        pass.Pending(ReasonCodes.WaitsTurn, $"{pass.SetName}: a higher pod is not ready; driver Partition goes from the highest ordinal down.");
        return false;
    }

    private static int HighestStale(in Pass pass)
    {
        for (var i = pass.Facts.Length - 1; i >= 0; i--)
        {
            if (!pass.Facts[i].Is(PodFlags.AtTarget))
            {
                return i;
            }
        }

        return -1;
    }
}

using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// Any order, several at once: the strategy is OnDelete, and the operator takes pods away itself. While it is OnDelete every pod that is
/// lost comes back at the target, past the gates; that is why the hold returns as soon as it can.
/// </summary>
internal static class OnDeleteDriver
{
    /// <summary>Takes as many pods as may go now.</summary>
    internal static void Advance(ref Pass pass)
    {
        if (!IsInPlace(ref pass))
        {
            return;
        }

        var shut = Admission.IsShut(ref pass);
        var taken = 0;
        if (!RepeatOrBurn(ref pass, shut, ref taken) || shut || !Stuck(ref pass))
        {
            return;
        }

        while (Admission.HasRoom(ref pass, taken) && PodOrder.Next(ref pass) is >= 0 and var index)
        {
            var gates = Admission.Gates(ref pass, index);
            if (gates.IsOpen)
            {
                Intents.Remove(ref pass, index, InFlightAction.Replace, gates);
                taken++;
            }
            else if (gates.Batches.Count == 0 || (pass.Counts.Used == 0 && taken == 0))
            {
                // Nothing is away: the pod waits for something that no other pod may take advantage of.
                return;
            }

            // What may not go together with those that go is passed over, so that the largest set goes, not the first in order.
            PodOrder.Keep(ref pass, gates.Batches);
            if (!gates.IsOpen)
            {
                pass.Flag(index, PodFlags.PassedOver);
            }
        }
    }

    private static bool IsInPlace(ref Pass pass)
    {
        if (pass.Memory.Revert is { Kind: FailureAction.RevertPods })
        {
            return Reverts.IsInPlace(ref pass);
        }

        if (pass.Set.Strategy.Type is UpdateStrategyType.OnDelete)
        {
            return true;
        }

        if (Preflight.DeclaredElsewhere(in pass) is { } declared)
        {
            Endings.End(ref pass, RolloutState.Failed, ReasonCodes.StrategyDeclaredElsewhere, declared);
        }
        else if (pass.Pause is not PauseKind.None)
        {
            var (reason, message) = Pauses.Explain(in pass);
            pass.Pending(reason, message);
        }
        else
        {
            StrategyKeeper.Write(ref pass, new(UpdateStrategyType.OnDelete), "switch to OnDelete");
            pass.Pending(ReasonCodes.NotObserved, $"{pass.SetName}: the update strategy is switched to OnDelete; pods are taken once the StatefulSet controller has seen it.");
        }

        return false;
    }

    /// <summary>
    /// Intents whose pod still stands: carried out again if everything still allows it, else burnt and forgotten. One whose gates are still being asked stays:
    /// a new leader has heard nothing yet, and if it burnt what the last one wrote down, leaders that do not live long would come to nothing.
    /// </summary>
    /// <returns>False when something was burnt, or waits for its gates: nothing new is begun in the same pass.</returns>
    private static bool RepeatOrBurn(ref Pass pass, bool shut, ref int taken)
    {
        var clean = true;
        for (var i = pass.InFlight.Count - 1; i >= 0; i--)
        {
            var entry = pass.InFlight[i];
            var index = pass.IndexOf(entry.Ordinal);
            if (index < 0 || !pass.Facts[index].Is(PodFlags.Standing))
            {
                continue;
            }

            var gates = GateStanding.Open;
            if (!shut && IsStillRight(ref pass, entry, index, taken, out gates))
            {
                Intents.Repeat(ref pass, entry, gates);
                PodOrder.Keep(ref pass, gates.Batches);
                taken++;
            }
            else if (gates.IsPending)
            {
                // Its hold, which names the gate, was given when that was asked.
                clean = false;
            }
            else if (!Intents.Burn(ref pass, entry))
            {
                pass.HoldPod(index, ReasonCodes.IntentBurning, $"{pass.Set.Namespace}/{entry.Pod}: its replacement is no longer allowed, and is made harmless first.");
                pass.Pending(ReasonCodes.IntentBurning, $"{pass.SetName}: waits until the intent for {entry.Pod} is harmless.");
                clean = false;
            }
        }

        return clean;
    }

    private static bool IsStillRight(ref Pass pass, Flight entry, int index, int taken, out GateStanding gates)
    {
        gates = GateStanding.Open;
        if (entry.Action is InFlightAction.Release)
        {
            // Left by driver Partition when the rollout turned round: the hold undoes it, and a removal needs an intent of its own.
            return false;
        }

        var stuck = pass.Facts[index].Is(PodFlags.Stuck);
        var allowed = entry.Action is InFlightAction.ReplaceStuck
            ? stuck && StuckPods.MayBeReplaced(in pass)
            : Admission.HasRoomFor(ref pass, index, taken) && (PodOrder.IsItsTurn(ref pass, index) || PodOrder.RoleOf(in pass, index) is MemberRole.Unknown);
        if (!allowed || pass.Facts[index].Is(PodFlags.AtTarget))
        {
            return false;
        }

        // A new leader does not know roles either before the gates are asked; their answers tell.
        gates = Admission.Gates(ref pass, index);
        return gates.IsOpen && (entry.Action is InFlightAction.ReplaceStuck || PodOrder.IsItsTurn(ref pass, index));
    }

    /// <summary>Replaces pods that cannot become ready at their stale revision: before all others, and at no cost to the budget.</summary>
    /// <returns>False when one of them waits: then no pod that serves is touched.</returns>
    private static bool Stuck(ref Pass pass)
    {
        for (var i = pass.Facts.Length - 1; i >= 0; i--)
        {
            if (!pass.Facts[i].Is(PodFlags.Stuck) || pass.Facts[i].Is(PodFlags.InFlight))
            {
                continue;
            }

            if (!Admission.IsRecordable(ref pass) || !StuckPods.MayReplace(ref pass, i))
            {
                return false;
            }

            var gates = Admission.Gates(ref pass, i);
            if (!gates.IsOpen)
            {
                return false;
            }

            Intents.Remove(ref pass, i, InFlightAction.ReplaceStuck, gates);
        }

        return true;
    }
}

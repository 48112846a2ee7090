using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// All pods are at the target, available and proven: what is left before the rollout is Completed. The revision must be current, because only
/// then a pod that is lost comes back at it. Under OnDelete the built-in controller (before 1.37) makes it current only after the hold is
/// back; a pod lost in between comes back old, and the facts re-open the run.
/// </summary>
internal static class Completion
{
    /// <summary>Tells whether nothing is left to do about any pod.</summary>
    internal static bool IsDue(in Pass pass) =>
        pass.Counts.Done == pass.Facts.Length && pass.Counts.Extra == 0 && pass.InFlight.Count == 0;

    /// <summary>Goes as far as one pass can.</summary>
    internal static void Advance(ref Pass pass)
    {
        var reverts = pass.Memory.Revert;
        if (reverts is { Kind: FailureAction.RevertPods })
        {
            Reverts.Finish(ref pass, reverts);
            return;
        }

        if (pass.StepPause is not PauseKind.None)
        {
            var (reason, message) = Pauses.Explain(in pass);
            pass.HoldAll(reason, message);
            return;
        }

        if (reverts is null && !GatesPass(ref pass))
        {
            return;
        }

        var restsOnDelete = pass.Memory.RestType is UpdateStrategyType.OnDelete;
        if (pass.Memory.Driver is UpdateDriver.Partition or UpdateDriver.Native && !IsCurrent(ref pass))
        {
            return;
        }

        if (!StrategyKeeper.BringToRest(ref pass, "hold: all pods are done"))
        {
            pass.HoldAll(ReasonCodes.HoldReturning, $"{pass.SetName}: all {pass.Facts.Length} pods are done; the hold is written back.");
        }
        else if (!pass.Set.IsObserved)
        {
            pass.HoldAll(ReasonCodes.NotObserved, Endings.NotObserved(in pass));
        }
        else if (!restsOnDelete && !IsCurrent(ref pass))
        {
            // Said by IsCurrent. Under a declared OnDelete currentRevision never moves before 1.37 (#73492): the pods are the judge.
        }
        else if (reverts is not null)
        {
            Reverts.Finish(ref pass, reverts);
        }
        else if (pass.Facts.Length == 0)
        {
            pass.Notify(ReasonCodes.HoldLostAtZero, null, $"{pass.SetName}: scaled to 0 in mid-rollout, so {pass.Goal} is current already; pods will come up on it ungated.", isWarning: true);
            Endings.End(ref pass, RolloutState.Completed, ReasonCodes.Completed, $"{pass.SetName}: scaled to 0 in mid-rollout; {pass.Goal} is current, and pods will come up on it ungated.");
        }
        else
        {
            Endings.End(ref pass, RolloutState.Completed, ReasonCodes.Completed, $"{pass.SetName}: all {pass.Facts.Length} pods run {pass.Goal}, are available and passed their gates.");
        }
    }

    /// <summary>Says what is waited for when no pod waits, but those that were scaled away still exist.</summary>
    internal static void ExplainExtra(ref Pass pass)
    {
        if (pass.Counts.Done == pass.Facts.Length && pass.Counts.Extra > 0 && pass.Holds.Count == 0 && pass.Memory.Ending is null)
        {
            pass.HoldAll(ReasonCodes.ScalingInProgress, Admission.ScalingGoesFirst(in pass));
        }
    }

    /// <summary>Forgets the AfterRollout gates when a pod fell back.</summary>
    internal static void Reopen(ref Pass pass)
    {
        if (pass.Memory.AfterRolloutPassed)
        {
            pass.Remember(pass.Memory with { AfterRolloutPassed = false });
        }
    }

    private static bool GatesPass(ref Pass pass)
    {
        if (pass.Memory.AfterRolloutPassed)
        {
            return true;
        }

        var gates = Gatekeeping.Ask(ref pass, GatePhase.AfterRollout, default, "", pass.SetName, since: Deadlines.OfGateWait(in pass));
        if (gates.Failed is not null)
        {
            Reverts.Fail(ref pass, gates.Reason!, gates.Message);
        }
        else if (gates.IsOpen)
        {
            pass.Remember(pass.Memory with { AfterRolloutPassed = true });
        }
        else
        {
            pass.HoldAll(gates.Reason!, gates.Message);
        }

        return gates.IsOpen;
    }

    private static bool IsCurrent(ref Pass pass)
    {
        if (pass.Set.IsObserved && pass.Set.CurrentRevision == pass.Goal)
        {
            return true;
        }

        pass.HoldAll(
            ReasonCodes.CurrentRevisionLags,
            $"{pass.SetName}: all {pass.Facts.Length} pods run {pass.Goal}, and the StatefulSet's currentRevision is still {pass.Set.CurrentRevision}; wait, or look at kube-controller-manager.");
        return false;
    }
}

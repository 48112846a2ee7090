using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// Going back after a failure, or when cancelled with Revert. RevertPods: the hold is put back, and the updated pods are removed one safe step
/// at a time; they come back at the current revision, and the template is never written. That works only while the current revision is
/// the old one (T13). RevertTemplate: the template is written back, and rolled by the driver of the rollout. Both keep budget and gates.
/// </summary>
internal static class Reverts
{
    /// <summary>Ends the rollout that went wrong, or turns it round, as the policy says. One that is on its way back halts.</summary>
    internal static void Fail(ref Pass pass, ReasonCode reason, Words message)
    {
        var kind = pass.Policy.OnFailure;
        if (pass.Memory.Revert is { } revert)
        {
            Endings.End(ref pass, RolloutState.Failed, reason, $"{message} It was on its way back to {pass.Goal} ({revert.Message}); {pass.Counts.Done} of {pass.Facts.Length} pods are there.");
        }
        else if (kind is FailureAction.Halt)
        {
            Endings.End(ref pass, RolloutState.Failed, reason, message);
        }
        else if (WhyNot(in pass, kind) is { } why)
        {
            Endings.End(ref pass, RolloutState.Failed, reason, $"{message} Pods were not taken back: {why}.");
        }
        else
        {
            Begin(ref pass, kind, reason, message);
        }
    }

    /// <summary>Deals with <c>spec.cancel</c>: Halt stops where it is, Revert goes back.</summary>
    /// <returns>True when nothing more is decided in this pass.</returns>
    internal static bool IsCancelled(ref Pass pass)
    {
        if (pass.Request.Cancel is CancelRequest.None || (pass.Request.Cancel is CancelRequest.Revert && pass.Memory.Revert is not null))
        {
            return false;
        }

        if (pass.IsOurs && !Endings.CountsAsTried(ref pass))
        {
            return true;
        }

        Words message = $"{pass.SetName}: cancelled with {pass.Counts.Done} of {pass.Facts.Length} pods {(pass.Memory.Revert is null ? "updated" : "back")}";
        if (pass.Request.Cancel is CancelRequest.Halt || pass.Memory.StartedAt is null || !pass.IsOurs)
        {
            Endings.End(ref pass, RolloutState.Cancelled, ReasonCodes.Cancelled, $"{message}; the hold is back.");
        }
        else if (WhyNot(in pass, KindOf(in pass)) is { } why)
        {
            Endings.End(ref pass, RolloutState.Cancelled, ReasonCodes.Cancelled, $"{message}; the hold is back. Pods were not taken back: {why}.");
        }
        else
        {
            Begin(ref pass, KindOf(in pass), ReasonCodes.Cancelled, $"{message}.");
        }

        return true;
    }

    /// <summary>Tells whether a rollout that ends because it was halted goes back after all: Revert was asked for before the end.</summary>
    internal static bool Resumes(ref Pass pass)
    {
        if (pass.Request.Cancel is not CancelRequest.Revert || pass.Memory.Ending is not { State: RolloutState.Cancelled, LeavesStrategy: false }
            || pass.Memory.StartedAt is null || !pass.IsOurs || WhyNot(in pass, KindOf(in pass)) is not null)
        {
            return false;
        }

        pass.Remember(pass.Memory with { Ending = null });
        return true;
    }

    /// <summary>Tells whether the set may have this update revision because the template was written back.</summary>
    internal static bool Expects(in Pass pass, string revision) =>
        pass.Memory.Revert is { Kind: FailureAction.RevertTemplate } && revision == pass.Memory.FromRevision;

    /// <summary>Tells whether a pod that is not ready is not waited for: it runs what the rollout goes back from.</summary>
    internal static bool IsGivenUp(in Pass pass, PodSnapshot pod) => pass.Memory.Revert is not null && pod.Revision == pass.Request.TargetRevision;

    /// <summary>
    /// Tells whether a pod is removed to go back. One whose AfterPod gates never passed is the reason, as a rule, and stays unproven for ever: it goes first,
    /// and until then no pod that serves goes beside it. Not so when the template goes back: then the driver's order decides, and the partition has but one.
    /// </summary>
    internal static bool TakesBack(in Pass pass, PodSnapshot pod) =>
        pass.Memory.Revert is { Kind: FailureAction.RevertPods } && pod.Revision == pass.Request.TargetRevision;

    /// <summary>Takes the next pods back.</summary>
    internal static void Advance(ref Pass pass, RolloutRevert revert)
    {
        if (revert.Kind is FailureAction.RevertPods)
        {
            OnDeleteDriver.Advance(ref pass);
            NativeDriver.OpenWhatIsThrough(ref pass);
        }
        else if (TemplateIsBack(ref pass))
        {
            RolloutPlanner.Drive(ref pass);
        }
    }

    /// <summary>Tells whether pods that are removed now come back at the old revision: held, seen, and the old one still current.</summary>
    internal static bool IsInPlace(ref Pass pass)
    {
        if (!StrategyKeeper.BringToRest(ref pass, "hold: pods go back"))
        {
            pass.Pending(ReasonCodes.HoldReturning, $"{pass.SetName}: the hold is written back before pods are taken back.");
            return false;
        }

        if (!pass.Set.IsObserved)
        {
            pass.Pending(ReasonCodes.NotObserved, Endings.NotObserved(in pass));
            return false;
        }

        if (pass.Set.CurrentRevision == pass.Goal)
        {
            return true;
        }

        var revert = pass.Memory.Revert!;
        Endings.End(ref pass, RolloutState.Failed, ReasonCodes.Find(revert.Reason) ?? ReasonCodes.DeadlineExceeded, $"{revert.Message} Pods were not taken back: {IsCurrentByNow(in pass)}.");
        return false;
    }

    /// <summary>Ends a rollout whose pods are all back.</summary>
    internal static void Finish(ref Pass pass, RolloutRevert revert)
    {
        // Nothing was removed yet if all pods were old: the hold may still be on its way.
        if (revert.Kind is FailureAction.RevertPods && !IsInPlace(ref pass))
        {
            return;
        }

        Endings.End(ref pass, RolloutState.RolledBack, ReasonCodes.RolledBack, $"{revert.Message} All {pass.Facts.Length} pods are back at {pass.Goal}.");
    }

    private static FailureAction KindOf(in Pass pass) => pass.Policy.OnFailure is FailureAction.RevertTemplate ? FailureAction.RevertTemplate : FailureAction.RevertPods;

    /// <summary>Why a rollout cannot go back, as the end of a sentence; null when it can.</summary>
    private static Words? WhyNot(in Pass pass, FailureAction kind) =>
        pass.Memory.FromRevision.Length == 0 || pass.Memory.FromRevision == pass.Request.TargetRevision
            ? Words.Of("there is no other revision that they came from")
            : kind is FailureAction.RevertTemplate ? null
            : pass.Memory.RestType is UpdateStrategyType.OnDelete
                ? Words.Of("the StatefulSet declares updateStrategy OnDelete, under which a removed pod comes back at the new revision")
            : pass.Set.IsObserved && pass.Set.CurrentRevision != pass.Memory.FromRevision ? IsCurrentByNow(in pass)
            : null;

    private static Words IsCurrentByNow(in Pass pass) =>
        $"{pass.Set.CurrentRevision} is the StatefulSet's current revision by now, so a removed pod would come back at it; go back with a rollout of type Rollback";

    /// <summary>Turns the rollout round; the planner starts over with the other goal. Intents whose pod still stands are kept, to be burnt; what has arrived, or is on its way, is judged anew.</summary>
    private static void Begin(ref Pass pass, FailureAction kind, ReasonCode reason, Words message)
    {
        pass.Remember(pass.Memory with
        {
            Revert = new(kind, pass.Now, pass.PausedInAll, reason.Code, message.ToString()),
            Ending = null,
            AfterRolloutPassed = false,
        });
        for (var i = pass.InFlight.Count - 1; i >= 0; i--)
        {
            if (!PodStages.Stands(in pass, pass.InFlight[i]))
            {
                pass.Forget(pass.InFlight[i]);
            }
        }

        // Pods that never moved and serve have nothing to prove.
        foreach (var pod in pass.Input.Snapshot.Pods)
        {
            if (pod.Revision == pass.Memory.FromRevision && pod.IsAvailable(pass.MinReady, pass.Now))
            {
                pass.Record(pod);
            }
        }

        pass.Notify(ReasonCodes.Reverting, null, $"{message} Pods go back to {pass.Memory.FromRevision}.", isWarning: true);
        pass.Enter(RolloutState.Reverting);
    }

    /// <summary>Writes the template back, under the hold and with nothing on its way.</summary>
    private static bool TemplateIsBack(ref Pass pass)
    {
        if (pass.Set.UpdateRevision == pass.Goal)
        {
            return true;
        }

        var burnt = Intents.Abandon(ref pass);
        if (!burnt)
        {
            pass.Pending(ReasonCodes.IntentBurning, $"{pass.SetName}: {pass.InFlight.Count} intents are made harmless before the template is written back.");
        }
        else if (!StrategyKeeper.BringToRest(ref pass, "hold: the template goes back"))
        {
            pass.Pending(ReasonCodes.HoldReturning, $"{pass.SetName}: the hold is written back before the template is.");
        }
        else if (!pass.Set.IsObserved)
        {
            pass.Pending(ReasonCodes.NotObserved, Endings.NotObserved(in pass));
        }
        else
        {
            StrategyKeeper.WriteTemplate(ref pass, pass.Goal);
            pass.Pending(ReasonCodes.Reverting, $"{pass.SetName}: the template of {pass.Goal} is written back.");
        }

        return false;
    }
}

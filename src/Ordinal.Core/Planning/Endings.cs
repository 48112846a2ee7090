using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// How a rollout ends other than well: first every intent that still could act is burnt and the hold is back, then the state is final and the
/// claim is given back. In that order, so that a crash in between leaves nothing that moves.
/// </summary>
internal static class Endings
{
    /// <summary>Tells whether a state is final.</summary>
    internal static bool IsFinal(RolloutState state) => state is RolloutState.Completed or RolloutState.NoChange or RolloutState.PreflightFailed
        or RolloutState.Failed or RolloutState.Cancelled or RolloutState.Superseded or RolloutState.RolledBack;

    /// <summary>Decides how the rollout ends, and goes as far towards it as one pass can. The first ending decided on stands.</summary>
    internal static void End(ref Pass pass, RolloutState state, ReasonCode reason, Words message, bool leavesStrategy = false)
    {
        if (pass.Memory.Ending is null)
        {
            pass.Remember(pass.Memory with { Ending = new(state, reason.Code, message.ToString(), leavesStrategy) });
        }

        WindDown(ref pass);
    }

    /// <summary>
    /// Stops a StatefulSet because another one of the same request went wrong. A change that waits on it counts as tried: whoever asked for all of them
    /// does not want it rolled by itself right after.
    /// </summary>
    internal static void Stop(ref Pass pass)
    {
        if (!CountsAsTried(ref pass))
        {
            return;
        }

        var how = pass.Memory.StartedAt is null ? Words.Of("not begun") : Words.Of($"stopped with {pass.Counts.Done} of {pass.Facts.Length} pods updated, the hold is back");
        End(ref pass, RolloutState.Cancelled, ReasonCodes.GroupStopped, $"{pass.SetName}: {how}, since {pass.Request.StoppedBy}.");
    }

    /// <summary>Remembers which revision a rollout was about that ends before its start, so that the policy does not start it by itself right after.</summary>
    /// <returns>False when it is not known yet: the built-in controller has not seen the template.</returns>
    internal static bool CountsAsTried(ref Pass pass)
    {
        if (pass.Memory.StartedAt is not null)
        {
            return true;
        }

        if (pass.IsOurs && !pass.Set.IsObserved)
        {
            pass.HoldAll(ReasonCodes.NotObserved, NotObserved(in pass));
            return false;
        }

        if (pass.Set.CurrentRevision != pass.Request.TargetRevision)
        {
            pass.Remember(pass.Memory with { TargetRevision = pass.Request.TargetRevision });
        }

        return true;
    }

    /// <summary>Ends at once: nothing is ours to put back.</summary>
    internal static void EndNow(ref Pass pass, RolloutState state, ReasonCode reason, Words message)
    {
        pass.Remember(pass.Memory with { Ending = new(state, reason.Code, message.ToString()) });
        Finish(ref pass);
    }

    /// <summary>Burns intents, puts the hold back, and enters the final state once both are done.</summary>
    internal static void WindDown(ref Pass pass)
    {
        var ending = pass.Memory.Ending!;
        if (!pass.IsOurs && pass.Set.HeldBy.Length == 0 && pass.Memory.StartedAt is not null)
        {
            // Somebody took the claim off, as a replace of the whole object does: what is left to burn and to put back still is, and needs it.
            pass.Actions.Add(new TakeClaim(pass.Request.ClaimId, pass.Set.HeldBy));
            pass.HoldAll(ReasonCodes.TakingClaim, $"{pass.SetName}: ends as {ending.State}, and takes its claim back first, which somebody removed.");
            return;
        }

        if (!pass.IsOurs)
        {
            // Never claimed, or claimed by somebody else since: no write is ours any more.
            Finish(ref pass);
            return;
        }

        var burnt = Intents.Abandon(ref pass);

        // Before the start the strategy is not ours to write, but for a hold that was decided on and may still arrive: it is seen through.
        var hasNothingToReturn = pass.Memory.StartedAt is null && !StrategyKeeper.IsOutstanding(in pass);
        var rests = ending.LeavesStrategy || hasNothingToReturn || StrategyKeeper.BringToRest(ref pass, "hold");
        if (!burnt)
        {
            pass.HoldAll(ReasonCodes.IntentBurning, $"{pass.SetName}: ends as {ending.State}; {pass.InFlight.Count} intents are made harmless first.");
        }
        else if (!rests)
        {
            pass.HoldAll(ReasonCodes.HoldReturning, $"{pass.SetName}: ends as {ending.State}; the hold is written back first.");
        }
        else if (!ending.LeavesStrategy && !pass.Set.IsObserved)
        {
            pass.HoldAll(ReasonCodes.NotObserved, NotObserved(in pass));
        }
        else
        {
            Finish(ref pass);
        }
    }

    /// <summary>Enters the final state and gives the claim back.</summary>
    internal static void Finish(ref Pass pass)
    {
        for (var i = pass.InFlight.Count - 1; i >= 0; i--)
        {
            if (pass.InFlight[i].Stage is not PodStage.Failed)
            {
                pass.Forget(pass.InFlight[i]);
            }
        }

        pass.Remember(pass.Memory);
        pass.Enter(pass.Memory.Ending!.State);
        Release(ref pass);
    }

    /// <summary>Gives the claim back, if it is ours: again in every pass after the end, so that a crash before the call leaks no claim.</summary>
    internal static void Release(ref Pass pass)
    {
        if (pass.IsOurs)
        {
            pass.Actions.Add(new ReleaseClaim(pass.Request.ClaimId));
        }
    }

    internal static Words NotObserved(in Pass pass) =>
        $"{pass.SetName}: the StatefulSet controller has seen generation {pass.Set.ObservedGeneration} of {pass.Set.Generation}; wait, or look at kube-controller-manager.";
}

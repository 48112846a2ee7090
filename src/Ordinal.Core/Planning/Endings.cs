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
    internal static void End(ref Pass pass, RolloutState state, ReasonCode reason, string message, bool leavesStrategy = false)
    {
        if (pass.Memory.Ending is null)
        {
            pass.Remember(pass.Memory with { Ending = new(state, reason.Code, message, leavesStrategy) });
        }

        WindDown(ref pass);
    }

    /// <summary>Ends at once: nothing is ours to put back.</summary>
    internal static void EndNow(ref Pass pass, RolloutState state, ReasonCode reason, string message)
    {
        pass.Remember(pass.Memory with { Ending = new(state, reason.Code, message) });
        Finish(ref pass);
    }

    /// <summary>Burns intents, puts the hold back, and enters the final state once both are done.</summary>
    internal static void WindDown(ref Pass pass)
    {
        var ending = pass.Memory.Ending!;
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
            pass.HoldAll(ReasonCodes.IntentBurning, $"{pass.SetName}: ends as {ending.State}; {pass.Memory.InFlight.Length} intents are made harmless first.");
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
        pass.Remember(pass.Memory with { InFlight = pass.Memory.InFlight.RemoveAll(static p => p.Stage is not PodStage.Failed) });
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

    internal static string NotObserved(in Pass pass) =>
        $"{pass.SetName}: the StatefulSet controller has seen generation {pass.Set.ObservedGeneration} of {pass.Set.Generation}; wait, or look at kube-controller-manager.";
}

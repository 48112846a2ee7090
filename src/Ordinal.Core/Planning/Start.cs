using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>From nothing to running: preflight, claim, hold, BeforeRollout gates. No pod is touched before all of it is through.</summary>
internal static class Start
{
    /// <summary>Goes as far as one pass can.</summary>
    /// <returns>True when the rollout runs.</returns>
    internal static bool HasHappened(ref Pass pass)
    {
        if (pass.Memory.StartedAt is not null)
        {
            return true;
        }

        var driver = Preflight.Choose(ref pass, out var refusal, out var message);
        if (refusal is not null)
        {
            pass.HoldAll(refusal, message);
            Endings.End(ref pass, RolloutState.PreflightFailed, ReasonCodes.PreflightFailed, message);
            return false;
        }

        if (pass.Request.Zone is { } zone && pass.Set.HeldBy != pass.Request.ClaimId)
        {
            // Not even the claim, and no OnDelete, before it is its turn.
            if (zone.Until is { } until)
            {
                pass.Wake(until - pass.Now);
            }

            pass.HoldAll(zone.Reason, $"{pass.Set.Namespace}/{zone.Message}");
            return false;
        }

        return HasClaim(ref pass) && RestsHeld(ref pass) && HasWork(ref pass) && GatesLetIt(ref pass) && Run(ref pass, driver);
    }

    /// <summary>Takes the claim, as the only action of its pass, or waits for whoever has it.</summary>
    internal static bool HasClaim(ref Pass pass)
    {
        if (pass.IsOurs)
        {
            return true;
        }

        var started = pass.Memory.StartedAt is not null;
        if (pass.Set.HeldBy.Length > 0)
        {
            if (started)
            {
                pass.HoldAll(ReasonCodes.ClaimLost, $"{pass.SetName}: {pass.Set.HeldBy} took the claim of this rollout, {pass.Request.ClaimId}; cancel one of the two.");
            }
            else
            {
                pass.HoldAll(ReasonCodes.Queued, $"{pass.SetName}: claimed by {pass.Set.HeldBy}; this rollout waits for its end.");
            }
        }
        else if (pass.Pause is not PauseKind.None && !started)
        {
            HoldPaused(ref pass);
        }
        else
        {
            pass.Actions.Add(new TakeClaim(pass.Request.ClaimId, pass.Set.HeldBy));
            pass.HoldAll(ReasonCodes.TakingClaim, $"{pass.SetName}: takes the claim as {pass.Request.ClaimId}.");
        }

        return false;
    }

    private static void HoldPaused(ref Pass pass)
    {
        var (reason, message) = Pauses.Explain(in pass);
        pass.Enter(Pauses.StateOf(pass.Pause));
        pass.HoldAll(reason, message);
    }

    private static bool RestsHeld(ref Pass pass)
    {
        if (pass.Pause is not PauseKind.None)
        {
            HoldPaused(ref pass);
            return false;
        }

        pass.Enter(RolloutState.Preflight);
        var rest = Preflight.RestTypeOf(pass.Set);
        if (pass.Memory.RestType != rest)
        {
            pass.Remember(pass.Memory with { RestType = rest });
        }

        if (pass.Set.OriginalStrategy is null && (StrategyKeeper.IsNative(in pass) || !pass.Set.Strategy.Holds(pass.Facts.Length)))
        {
            pass.HoldAll(ReasonCodes.AwaitingAdoption, $"{pass.SetName}: partition {pass.Set.Strategy.Partition ?? 0} of {pass.Facts.Length} pods does not hold; wait until the policy has adopted it.");
            return false;
        }

        if (ForeignWrites.Settle(ref pass))
        {
            return false;
        }

        if (!pass.Set.IsObserved)
        {
            pass.HoldAll(ReasonCodes.NotObserved, Endings.NotObserved(in pass));
            return false;
        }

        return true;
    }

    private static bool HasWork(ref Pass pass)
    {
        var isCurrent = pass.Memory.RestType is UpdateStrategyType.OnDelete || pass.Set.CurrentRevision == pass.Request.TargetRevision;
        if (pass.Counts.AtTarget < pass.Facts.Length || pass.Counts.Away > 0 || pass.Counts.Extra > 0 || !isCurrent || !StrategyKeeper.IsAtRest(in pass))
        {
            return true;
        }

        if (pass.Facts.Length == 0)
        {
            pass.Notify(ReasonCodes.HoldLostAtZero, null, $"{pass.SetName}: scaled to 0, so {pass.Request.TargetRevision} is current already; pods will come up on it ungated.", isWarning: true);
        }

        Endings.End(ref pass, RolloutState.NoChange, ReasonCodes.NoChange, $"{pass.SetName}: all {pass.Facts.Length} pods run {pass.Request.TargetRevision} already.");
        return false;
    }

    private static bool GatesLetIt(ref Pass pass)
    {
        var waited = pass.Memory.StateSince is { } since ? Deadlines.Since(in pass, since, pass.Memory.PausedFor) : (TimeSpan?)null;
        var gates = Gatekeeping.Ask(ref pass, GatePhase.BeforeRollout, default, "", pass.SetName, since: waited);
        if (gates.Failed is not null)
        {
            Endings.End(ref pass, RolloutState.Failed, gates.Reason!, gates.Message);
        }
        else if (!gates.IsOpen)
        {
            pass.HoldAll(gates.Reason!, gates.Message);
        }

        return gates.IsOpen;
    }

    /// <summary>The revision to go back to: the current one; under a declared OnDelete, where that never moves, the one of the lowest pod that is behind.</summary>
    private static string ComesFrom(in Pass pass)
    {
        for (var i = 0; i < pass.Facts.Length && pass.Memory.RestType is UpdateStrategyType.OnDelete; i++)
        {
            if (!pass.Facts[i].Is(PodFlags.AtTarget | PodFlags.Missing))
            {
                return pass.PodOf(i).Revision;
            }
        }

        return pass.Set.CurrentRevision;
    }

    private static bool Run(ref Pass pass, UpdateDriver driver)
    {
        if (driver is UpdateDriver.OnDelete && pass.Input.Snapshot.Budgets.IsEmpty)
        {
            pass.Notify(ReasonCodes.NoDisruptionBudget, null, $"{pass.SetName}: no PodDisruptionBudget selects its pods, so a drain during the rollout upgrades pods past the gates; create one with maxUnavailable 1.", isWarning: true);
        }

        pass.Remember(pass.Memory with
        {
            StartedAt = pass.Now,
            Driver = driver,
            FromRevision = ComesFrom(in pass),
            TargetRevision = pass.Request.TargetRevision,
        });
        pass.Enter(RolloutState.Running);
        return true;
    }
}

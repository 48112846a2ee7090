using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>Whether the rollout is paused, and by what. Pods in flight finish, none is started, and deadlines stand still.</summary>
internal static class Pauses
{
    /// <summary>Finds out, and starts or ends the pause.</summary>
    internal static void Follow(ref Pass pass)
    {
        Steps.Follow(ref pass);
        pass.Pause = pass.Request.Suspend ? PauseKind.Suspended : IsOutsideWindow(ref pass) ? PauseKind.OutsideWindow : pass.StepPause;
        if (pass.Pause is not PauseKind.None && pass.Memory.PausedSince is null)
        {
            pass.Remember(pass.Memory with { PausedSince = pass.Now });
        }
        else if (pass.Pause is PauseKind.None && pass.Memory.PausedSince is not null)
        {
            pass.Remember(pass.Memory with { PausedFor = pass.PausedInAll, PausedSince = null });
        }
    }

    /// <summary>Windows are for changes. The way back from one that failed does not wait for the next.</summary>
    private static bool IsOutsideWindow(ref Pass pass)
    {
        var window = pass.Request.Window;
        if (pass.Memory.Revert is not null || window.ChangesAt is not { } changes)
        {
            return pass.Memory.Revert is null && !window.IsOpen;
        }

        // At the change the facts are gathered anew, and deadlines stop or go on.
        pass.Wake(changes - pass.Now);
        return !window.IsOpenAt(pass.Now);
    }

    /// <summary>Why no further pod is taken: one code and one sentence.</summary>
    internal static (ReasonCode Reason, Words Message) Explain(in Pass pass) => pass.Pause switch
    {
        PauseKind.Suspended when pass.Memory.StartedAt is null => (ReasonCodes.Suspended, $"{pass.SetName}: spec.suspend is true; the rollout has not started."),
        PauseKind.Suspended => (ReasonCodes.Suspended, $"{pass.SetName}: spec.suspend is true; no further pod is taken."),
        PauseKind.OutsideWindow => (
            ReasonCodes.OutsideWindow,
            pass.Request.Window.ChangesAt is { } opens && opens > pass.Now
                ? Words.Of($"{pass.SetName}: no maintenance window is open; the next one opens at {Text.Of(opens)}, in {Text.Of(opens - pass.Now)}.")
                : Words.Of($"{pass.SetName}: no maintenance window is open.")),
        PauseKind.AwaitingApproval => (ReasonCodes.AwaitingApproval, Steps.Explain(in pass)),
        PauseKind.StepPausing => (ReasonCodes.StepPausing, Steps.Explain(in pass)),
        PauseKind.None => throw new InvalidOperationException("The rollout is not paused."),
    };

    /// <summary>The state of a rollout that is paused.</summary>
    internal static RolloutState StateOf(PauseKind pause) => pause switch
    {
        PauseKind.Suspended => RolloutState.Suspended,
        PauseKind.OutsideWindow => RolloutState.OutsideWindow,
        PauseKind.AwaitingApproval => RolloutState.AwaitingApproval,
        PauseKind.StepPausing => RolloutState.StepPausing,
        PauseKind.None => RolloutState.Running,
    };
}

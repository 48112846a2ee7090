using Stateless;

namespace Ordinal.Core.Lifecycles;

/// <summary>What is observed of a rollout.</summary>
public enum RolloutTrigger
{
    ClaimTaken,
    Started,
    GateClosed,
    GateOpened,
    Paused,
    WindowClosed,
    StepDone,
    StepPauseBegan,
    Resumed,
    AllDone,
    NothingToDo,
    Refused,
    WentWrong,
    CancelAsked,
    Overtaken,
    RevertBegan,
    AllBack,
}

/// <summary>The life of a rollout, as states, observations and transitions and nothing else.</summary>
public static class RolloutLifecycle
{
    /// <summary>Gets the compiled table.</summary>
    public static Lifecycle<RolloutState, RolloutTrigger> Table { get; } = Lifecycle.Compile(Define());

    private static StateMachine<RolloutState, RolloutTrigger> Define()
    {
        var machine = new StateMachine<RolloutState, RolloutTrigger>(RolloutState.Queued);

        var queued = machine.Configure(RolloutState.Queued).Permit(RolloutTrigger.ClaimTaken, RolloutState.Preflight);
        MayPause(queued, RolloutState.Queued);
        MayBeRefused(queued);
        MayStop(queued);

        var preflight = machine.Configure(RolloutState.Preflight).Permit(RolloutTrigger.Started, RolloutState.Running);
        MayPause(preflight, RolloutState.Preflight);
        MayBeRefused(preflight);
        MayStop(preflight);

        var running = machine.Configure(RolloutState.Running)
            .Permit(RolloutTrigger.GateClosed, RolloutState.GateWaiting)
            .Permit(RolloutTrigger.AllDone, RolloutState.Completed);
        MayPause(running, RolloutState.Running);
        MayPauseBetweenSteps(running, RolloutState.Running);
        MayRevert(running);
        MayStop(running);

        var waiting = machine.Configure(RolloutState.GateWaiting)
            .Permit(RolloutTrigger.GateOpened, RolloutState.Running)
            .Permit(RolloutTrigger.AllDone, RolloutState.Completed);
        MayPause(waiting, RolloutState.GateWaiting);
        MayPauseBetweenSteps(waiting, RolloutState.GateWaiting);
        MayRevert(waiting);
        MayStop(waiting);

        // A pause keeps OnDelete, so pods may finish by themselves while it lasts; from a pause before the start it goes back to Preflight.
        var reverting = machine.Configure(RolloutState.Reverting).Permit(RolloutTrigger.AllBack, RolloutState.RolledBack);
        MayPause(reverting, RolloutState.Reverting);
        MayStop(reverting);
        foreach (var state in (RolloutState[])[RolloutState.Suspended, RolloutState.OutsideWindow, RolloutState.AwaitingApproval, RolloutState.StepPausing])
        {
            var paused = machine.Configure(state)
                .Permit(RolloutTrigger.Resumed, RolloutState.Running)
                .Permit(RolloutTrigger.GateClosed, RolloutState.GateWaiting)
                .Permit(RolloutTrigger.AllDone, RolloutState.Completed);
            MayPause(paused, state);
            MayPauseBetweenSteps(paused, state);
            MayRevert(paused);
            MayStop(paused);
            if (state is RolloutState.Suspended or RolloutState.OutsideWindow)
            {
                paused.Permit(RolloutTrigger.AllBack, RolloutState.RolledBack);
                paused.Permit(RolloutTrigger.ClaimTaken, RolloutState.Preflight);
                MayBeRefused(paused);
            }
        }

        return machine;
    }

    private static void MayPause(StateMachine<RolloutState, RolloutTrigger>.StateConfiguration from, RolloutState state)
    {
        if (state is not RolloutState.Suspended)
        {
            from.Permit(RolloutTrigger.Paused, RolloutState.Suspended);
        }

        if (state is not RolloutState.OutsideWindow)
        {
            from.Permit(RolloutTrigger.WindowClosed, RolloutState.OutsideWindow);
        }
    }

    private static void MayPauseBetweenSteps(StateMachine<RolloutState, RolloutTrigger>.StateConfiguration from, RolloutState state)
    {
        if (state is not RolloutState.AwaitingApproval)
        {
            from.Permit(RolloutTrigger.StepDone, RolloutState.AwaitingApproval);
        }

        if (state is not RolloutState.StepPausing)
        {
            from.Permit(RolloutTrigger.StepPauseBegan, RolloutState.StepPausing);
        }
    }

    private static void MayRevert(StateMachine<RolloutState, RolloutTrigger>.StateConfiguration from) =>
        from.Permit(RolloutTrigger.RevertBegan, RolloutState.Reverting);

    private static void MayBeRefused(StateMachine<RolloutState, RolloutTrigger>.StateConfiguration from) => from
        .Permit(RolloutTrigger.NothingToDo, RolloutState.NoChange)
        .Permit(RolloutTrigger.Refused, RolloutState.PreflightFailed);

    private static void MayStop(StateMachine<RolloutState, RolloutTrigger>.StateConfiguration from) => from
        .Permit(RolloutTrigger.WentWrong, RolloutState.Failed)
        .Permit(RolloutTrigger.CancelAsked, RolloutState.Cancelled)
        .Permit(RolloutTrigger.Overtaken, RolloutState.Superseded);
}

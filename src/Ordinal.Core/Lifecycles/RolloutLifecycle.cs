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
    Resumed,
    AllDone,
    NothingToDo,
    Refused,
    WentWrong,
    CancelAsked,
    Overtaken,
}

/// <summary>The life of a rollout, as states, observations and transitions and nothing else.</summary>
public static class RolloutLifecycle
{
    /// <summary>Gets the compiled table.</summary>
    public static Lifecycle<RolloutState, RolloutTrigger> Table { get; } = Lifecycle.Compile(Define());

    private static StateMachine<RolloutState, RolloutTrigger> Define()
    {
        var machine = new StateMachine<RolloutState, RolloutTrigger>(RolloutState.Queued);

        machine.Configure(RolloutState.Queued)
            .Permit(RolloutTrigger.ClaimTaken, RolloutState.Preflight)
            .Permit(RolloutTrigger.Paused, RolloutState.Suspended)
            .Permit(RolloutTrigger.NothingToDo, RolloutState.NoChange)
            .Permit(RolloutTrigger.Refused, RolloutState.PreflightFailed)
            .Permit(RolloutTrigger.WentWrong, RolloutState.Failed)
            .Permit(RolloutTrigger.CancelAsked, RolloutState.Cancelled)
            .Permit(RolloutTrigger.Overtaken, RolloutState.Superseded);

        machine.Configure(RolloutState.Preflight)
            .Permit(RolloutTrigger.Started, RolloutState.Running)
            .Permit(RolloutTrigger.Paused, RolloutState.Suspended)
            .Permit(RolloutTrigger.NothingToDo, RolloutState.NoChange)
            .Permit(RolloutTrigger.Refused, RolloutState.PreflightFailed)
            .Permit(RolloutTrigger.WentWrong, RolloutState.Failed)
            .Permit(RolloutTrigger.CancelAsked, RolloutState.Cancelled)
            .Permit(RolloutTrigger.Overtaken, RolloutState.Superseded);

        machine.Configure(RolloutState.Running)
            .Permit(RolloutTrigger.GateClosed, RolloutState.GateWaiting)
            .Permit(RolloutTrigger.Paused, RolloutState.Suspended)
            .Permit(RolloutTrigger.AllDone, RolloutState.Completed)
            .Permit(RolloutTrigger.WentWrong, RolloutState.Failed)
            .Permit(RolloutTrigger.CancelAsked, RolloutState.Cancelled)
            .Permit(RolloutTrigger.Overtaken, RolloutState.Superseded);

        machine.Configure(RolloutState.GateWaiting)
            .Permit(RolloutTrigger.GateOpened, RolloutState.Running)
            .Permit(RolloutTrigger.Paused, RolloutState.Suspended)
            .Permit(RolloutTrigger.AllDone, RolloutState.Completed)
            .Permit(RolloutTrigger.WentWrong, RolloutState.Failed)
            .Permit(RolloutTrigger.CancelAsked, RolloutState.Cancelled)
            .Permit(RolloutTrigger.Overtaken, RolloutState.Superseded);

        // A pause keeps OnDelete, so pods may finish by themselves while it lasts; from a pause before the start it goes back to Preflight.
        machine.Configure(RolloutState.Suspended)
            .Permit(RolloutTrigger.ClaimTaken, RolloutState.Preflight)
            .Permit(RolloutTrigger.Resumed, RolloutState.Running)
            .Permit(RolloutTrigger.GateClosed, RolloutState.GateWaiting)
            .Permit(RolloutTrigger.AllDone, RolloutState.Completed)
            .Permit(RolloutTrigger.NothingToDo, RolloutState.NoChange)
            .Permit(RolloutTrigger.Refused, RolloutState.PreflightFailed)
            .Permit(RolloutTrigger.WentWrong, RolloutState.Failed)
            .Permit(RolloutTrigger.CancelAsked, RolloutState.Cancelled)
            .Permit(RolloutTrigger.Overtaken, RolloutState.Superseded);

        return machine;
    }
}

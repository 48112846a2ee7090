using Stateless;

namespace Ordinal.Core.Lifecycles;

/// <summary>What is observed of one pod in a rollout.</summary>
public enum PodTrigger
{
    TurnCame,
    IntentWritten,
    IntentBurnt,
    DeletionSeen,
    Gone,
    Created,
    BecameReady,
    BecameUnready,
    StayedReady,
    GatePassed,
    DeadlineMissed,
}

/// <summary>
/// The life of one pod in a rollout. An observer samples: a fast pod may be seen gone and, in the next pass, ready for long enough, so
/// each state knows every later observation of the same replacement. What it does not know (a new pod that goes again) is worth an event.
/// </summary>
public static class PodLifecycle
{
    /// <summary>Gets the compiled table.</summary>
    public static Lifecycle<PodStage, PodTrigger> Table { get; } = Lifecycle.Compile(Define());

    private static StateMachine<PodStage, PodTrigger> Define()
    {
        var machine = new StateMachine<PodStage, PodTrigger>(PodStage.Pending);

        machine.Configure(PodStage.Pending)
            .Permit(PodTrigger.TurnCame, PodStage.BeforePodGate)
            .Permit(PodTrigger.IntentWritten, PodStage.Intended);

        machine.Configure(PodStage.BeforePodGate)
            .Permit(PodTrigger.IntentWritten, PodStage.Intended)
            .Permit(PodTrigger.IntentBurnt, PodStage.Pending);

        machine.Configure(PodStage.Intended)
            .Permit(PodTrigger.IntentBurnt, PodStage.Pending)
            .Permit(PodTrigger.DeletionSeen, PodStage.Terminating)
            .Permit(PodTrigger.Gone, PodStage.Missing)
            .Permit(PodTrigger.Created, PodStage.Starting)
            .Permit(PodTrigger.BecameReady, PodStage.Settling)
            .Permit(PodTrigger.StayedReady, PodStage.AfterPodGate)
            .Permit(PodTrigger.GatePassed, PodStage.Updated)
            .Permit(PodTrigger.DeadlineMissed, PodStage.Failed);

        machine.Configure(PodStage.Terminating)
            .Permit(PodTrigger.Gone, PodStage.Missing)
            .Permit(PodTrigger.Created, PodStage.Starting)
            .Permit(PodTrigger.BecameReady, PodStage.Settling)
            .Permit(PodTrigger.StayedReady, PodStage.AfterPodGate)
            .Permit(PodTrigger.GatePassed, PodStage.Updated)
            .Permit(PodTrigger.DeadlineMissed, PodStage.Failed);

        machine.Configure(PodStage.Missing)
            .Permit(PodTrigger.Created, PodStage.Starting)
            .Permit(PodTrigger.BecameReady, PodStage.Settling)
            .Permit(PodTrigger.StayedReady, PodStage.AfterPodGate)
            .Permit(PodTrigger.GatePassed, PodStage.Updated)
            .Permit(PodTrigger.DeadlineMissed, PodStage.Failed);

        machine.Configure(PodStage.Starting)
            .Permit(PodTrigger.BecameReady, PodStage.Settling)
            .Permit(PodTrigger.StayedReady, PodStage.AfterPodGate)
            .Permit(PodTrigger.GatePassed, PodStage.Updated)
            .Permit(PodTrigger.DeadlineMissed, PodStage.Failed);

        machine.Configure(PodStage.Settling)
            .Permit(PodTrigger.BecameUnready, PodStage.Starting)
            .Permit(PodTrigger.StayedReady, PodStage.AfterPodGate)
            .Permit(PodTrigger.GatePassed, PodStage.Updated)
            .Permit(PodTrigger.DeadlineMissed, PodStage.Failed);

        machine.Configure(PodStage.AfterPodGate)
            .Permit(PodTrigger.BecameUnready, PodStage.Starting)
            .Permit(PodTrigger.BecameReady, PodStage.Settling)
            .Permit(PodTrigger.GatePassed, PodStage.Updated)
            .Permit(PodTrigger.DeadlineMissed, PodStage.Failed);

        return machine;
    }
}

namespace Ordinal.Core.Lifecycles;

/// <summary>The states of a rollout. Facts decide the state; <c>RolloutLifecycle</c> says whether a step was legal.</summary>
public enum RolloutState
{
    Queued,
    Preflight,
    Running,
    GateWaiting,
    Suspended,

    /// <summary>No maintenance window is open.</summary>
    OutsideWindow,

    /// <summary>A step is done, and the next one waits until <c>spec.approvedStep</c> reaches it.</summary>
    AwaitingApproval,

    /// <summary>A step is done, and its pause lasts a while yet.</summary>
    StepPausing,

    /// <summary>It failed, or was told to: pods go back to the revision that they came from.</summary>
    Reverting,
    Completed,
    NoChange,
    PreflightFailed,
    Failed,
    Cancelled,
    Superseded,

    /// <summary>It did not succeed, and every pod is back at the revision that it came from.</summary>
    RolledBack,
}

/// <summary>The stages of one pod in a rollout.</summary>
public enum PodStage
{
    /// <summary>At another revision, not yet its turn.</summary>
    Pending,
    BeforePodGate,

    /// <summary>The intent is written; the disruption may or may not have happened.</summary>
    Intended,
    Terminating,

    /// <summary>Gone, and not yet created again.</summary>
    Missing,
    Starting,

    /// <summary>Ready, for less than minReadyDuration.</summary>
    Settling,
    AfterPodGate,
    Updated,
    Failed,
}

namespace Ordinal.Core.Model;

/// <summary><c>spec.podManagementPolicy</c> of a StatefulSet.</summary>
public enum PodManagementPolicy
{
    OrderedReady,
    Parallel,
}

/// <summary><c>spec.updateStrategy.type</c> of a StatefulSet.</summary>
public enum UpdateStrategyType
{
    RollingUpdate,
    OnDelete,
}

/// <summary>How pods are released to their new revision (DESIGN section 3).</summary>
public enum UpdateDriver
{
    /// <summary>Partition when the order is OrdinalDescending and the budget is one pod, else OnDelete.</summary>
    Auto,
    Partition,
    OnDelete,
    Native,
}

/// <summary>In which order pods are taken.</summary>
public enum PodOrderKind
{
    OrdinalDescending,
    OrdinalAscending,
    LeaderLast,
}

/// <summary>What to do when a pod, a gate or the rollout misses its deadline.</summary>
public enum FailureAction
{
    /// <summary>Put the hold back, touch nothing else, and say what failed.</summary>
    Halt,
    RevertPods,
    RevertTemplate,
}

/// <summary>What may be done about a pod at a stale revision that cannot become ready (kubernetes #67250).</summary>
public enum StuckPodAction
{
    Keep,
    ReplaceStale,
}

/// <summary>How a pod is taken away.</summary>
public enum PodRemoval
{
    /// <summary>Through the eviction subresource, which respects PodDisruptionBudgets.</summary>
    Evict,

    /// <summary>By a plain delete with preconditions; PodDisruptionBudgets are still read, and held to, by the planner.</summary>
    Delete,
}

/// <summary>What a StatefulSetRollout is asked to do.</summary>
public enum RolloutType
{
    Update,
    Restart,
    Scale,
    Rollback,
}

/// <summary><c>spec.cancel</c> of a StatefulSetRollout; it only moves forward.</summary>
public enum CancelRequest
{
    None,
    Halt,
    Revert,
}

/// <summary><c>status.phase</c> of a pod.</summary>
public enum PodPhase
{
    Unknown,
    Pending,
    Running,
    Succeeded,
    Failed,
}

/// <summary>Where the operator's readiness gate of a pod stands (<c>ordinal.dev/gate</c>).</summary>
public enum PodGate
{
    /// <summary>The pod has no such gate in its spec.</summary>
    None,

    /// <summary>The condition is not True: the pod cannot become ready.</summary>
    Closed,
    Open,
}

/// <summary>Why a pod is not getting ready, as far as its status says.</summary>
public enum PodTrouble
{
    None,
    ImagePull,
    CrashLoop,
    ConfigError,
    Unschedulable,
}

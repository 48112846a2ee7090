using System.Collections.Immutable;

namespace Ordinal.Core.Model;

/// <summary>The moments at which a gate runs.</summary>
[Flags]
public enum GatePhases
{
    None = 0,
    BeforeRollout = 1,
    BeforePod = 2,
    AfterPod = 4,
    AfterRollout = 8,
}

/// <summary>What happens when a gate has not passed within its timeout. There is no Continue: unknown never opens (rule 2).</summary>
public enum GateTimeoutAction
{
    /// <summary>The rollout goes on waiting and says that a human should look.</summary>
    Pause,

    /// <summary>The rollout fails; <see cref="UpdatePolicy.OnFailure"/> says what then.</summary>
    Fail,
}

/// <summary>One gate of a policy, as the planner sees it: a name and when it must pass.</summary>
public sealed record GatePolicy
{
    public required string Name { get; init; }

    /// <summary>Gets the kind of gate: Etcd, Kafka, ZooKeeper, Http, Prometheus, Grpc, Exec.</summary>
    public required string Type { get; init; }

    public GatePhases RunAt { get; init; } = GatePhases.BeforePod | GatePhases.AfterPod;

    /// <summary>Gets a value indicating whether the gate can tell each pod's role (leader or not).</summary>
    public bool TellsRoles { get; init; }

    /// <summary>Gets the time between two probes while the gate is asked.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets how long a gate may say no before <see cref="OnTimeout"/> applies; it stops while paused.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Gets how many probes in a row must pass (1 to 100).</summary>
    public int SuccessThreshold { get; init; } = 3;

    public GateTimeoutAction OnTimeout { get; init; } = GateTimeoutAction.Pause;
}

/// <summary>One stage of a rollout.</summary>
/// <param name="Pods">How many pods are updated when the step is done: cumulative.</param>
public sealed record RolloutStep(IntOrPercent Pods)
{
    /// <summary>Gets the step's name; empty when it has none.</summary>
    public string Name { get; init; } = "";

    /// <summary>Gets the wait after the step; null when the next step follows at once.</summary>
    public StepPause? Pause { get; init; }
}

/// <summary>A wait after a step.</summary>
/// <param name="Duration">How long; null until <see cref="RolloutRequest.ApprovedStep"/> reaches the step.</param>
public sealed record StepPause(TimeSpan? Duration);

/// <summary>How a policy wants pods to be updated.</summary>
public sealed record UpdatePolicy
{
    public UpdateDriver Driver { get; init; } = UpdateDriver.Auto;

    public PodOrderKind Order { get; init; } = PodOrderKind.OrdinalDescending;

    public IntOrPercent MaxUnavailable { get; init; } = IntOrPercent.Of(1);

    /// <summary>Gets how long a pod must stay ready before it counts; the greater of this and the set's minReadySeconds holds.</summary>
    public TimeSpan MinReadyDuration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets how long one pod may take from its disruption to the end of its AfterPod gate.</summary>
    public TimeSpan PodDeadline { get; init; } = TimeSpan.FromMinutes(15);

    public TimeSpan RolloutDeadline { get; init; } = TimeSpan.FromHours(6);

    public FailureAction OnFailure { get; init; } = FailureAction.Halt;

    public StuckPodAction StuckPods { get; init; } = StuckPodAction.ReplaceStale;

    public PodRemoval Removal { get; init; } = PodRemoval.Evict;

    public ImmutableArray<GatePolicy> Gates { get; init; } = [];

    /// <summary>Gets the stages, in order; none means that all pods go in one.</summary>
    public ImmutableArray<RolloutStep> Steps { get; init; } = [];
}

/// <summary>A one-shot bypass for one pod and one reason (rule 2): the only one there is.</summary>
public sealed record ForceEntry(string PodUid, string Reason, string Justification);

/// <summary>Whether a maintenance window is open. Time zones are resolved outside Core: here are the evaluated facts.</summary>
/// <param name="IsOpen">Whether one was open when the facts were gathered.</param>
/// <param name="ChangesAt">When that changes next; null when it never does.</param>
public sealed record WindowStanding(bool IsOpen, DateTimeOffset? ChangesAt)
{
    /// <summary>There are no windows: pods may be disrupted at any time.</summary>
    public static WindowStanding Always { get; } = new(true, null);

    /// <summary>Tells whether pods may be disrupted now. Facts that are past their change never open.</summary>
    public bool IsOpenAt(DateTimeOffset now) => IsOpen && (ChangesAt is null || now < ChangesAt);
}

/// <summary>What one rollout was asked to do, and what its owner wants of it now.</summary>
public sealed record RolloutRequest
{
    /// <summary>Gets the claim of this rollout: <c>policyUid/rolloutUid</c>.</summary>
    public required string ClaimId { get; init; }

    public RolloutType Type { get; init; } = RolloutType.Update;

    /// <summary>Gets the ControllerRevision that the pods shall reach.</summary>
    public required string TargetRevision { get; init; }

    public bool Suspend { get; init; }

    public CancelRequest Cancel { get; init; }

    /// <summary>Gets the name of the newer request that takes this one's place; empty when there is none.</summary>
    public string SupersededBy { get; init; } = "";

    /// <summary>Gets which other StatefulSet of the same request went wrong, and how, so that this one stops where it is; empty when none did.</summary>
    public string StoppedBy { get; init; } = "";

    /// <summary>Gets the most pods that may be in flight at a time: a request over several StatefulSets has one status for all of them.</summary>
    public int MostInFlight { get; init; } = RolloutMemory.MostInFlight;

    public ImmutableArray<ForceEntry> Force { get; init; } = [];

    /// <summary>Gets why the other StatefulSets of the policy keep this one from taking a further pod; null when they do not.</summary>
    public ZoneHold? Zone { get; init; }

    public WindowStanding Window { get; init; } = WindowStanding.Always;

    /// <summary>Gets the number of the last step, from 1, that may be gone past without its pause.</summary>
    public int ApprovedStep { get; init; }
}

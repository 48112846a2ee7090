using System.Collections.Immutable;

namespace Ordinal.Core.Model;

/// <summary>What is (about to be) done to a pod in flight.</summary>
public enum InFlightAction
{
    /// <summary>Evicted or deleted under the OnDelete driver.</summary>
    Replace,

    /// <summary>Released by lowering the partition.</summary>
    Release,

    /// <summary>A stale pod that cannot become ready, replaced at no cost to the budget.</summary>
    ReplaceStuck,
}

/// <summary>
/// A pod whose replacement was decided. Written to status before the first disruptive call (rule 3), kept until the new pod passed its AfterPod gate.
/// </summary>
public sealed record InFlightPod
{
    public required string Pod { get; init; }

    public required long Ordinal { get; init; }

    /// <summary>Gets the UID of the incarnation that goes.</summary>
    public required string Uid { get; init; }

    /// <summary>Gets the resourceVersion under which it may go. The eviction carries exactly this one, so that a burnt intent can never act.</summary>
    public required string ResourceVersion { get; init; }

    public required InFlightAction Action { get; init; }

    public required PodStage Stage { get; init; }

    /// <summary>Gets when the intent was made.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Gets when <see cref="Stage"/> was entered.</summary>
    public required DateTimeOffset StageSince { get; init; }

    /// <summary>Gets, for <see cref="InFlightAction.Release"/>, the generation that the partition write must find.</summary>
    public long Generation { get; init; }

    /// <summary>Gets how long the rollout had been paused in all when the intent was made; the pod's deadline stops in later pauses.</summary>
    public TimeSpan PausedBefore { get; init; }

    /// <summary>Gets each gate's baseline of this member, taken by the last BeforePod probe.</summary>
    public ImmutableArray<GateBaseline> Baselines { get; init; } = [];
}

/// <summary>What a gate remembered of a member before it was disrupted.</summary>
/// <param name="Gate">The gate's name in the policy.</param>
/// <param name="Value">Opaque to the planner.</param>
public readonly record struct GateBaseline(string Gate, string Value);

/// <summary>A pod at the target revision whose AfterPod gate passed. The UID's first eight characters tell incarnations apart and keep 1,000 pods small.</summary>
public readonly record struct PassedPod(long Ordinal, string UidPrefix);

/// <summary>
/// The last write to <c>spec.updateStrategy</c> that this rollout decided on. Remembered before it is sent, so that the generation after it
/// is known to be ours, and any other generation to be somebody else's.
/// </summary>
/// <param name="Generation">The generation that the write must find; it makes the next one.</param>
/// <param name="Next">The value written.</param>
public sealed record StrategyWrite(long Generation, StrategyValue Next);

/// <summary>How a rollout ends, once that is decided. Until intents are burnt and the hold is back, the state is not yet a final one.</summary>
/// <param name="State">The final state.</param>
/// <param name="Reason">The code of the registry behind it.</param>
/// <param name="Message">Object, fact and remedy in one sentence.</param>
/// <param name="LeavesStrategy">True when the update strategy is not ours to write any more (a second foreign write: rule 8).</param>
public sealed record RolloutEnding(RolloutState State, string Reason, string Message, bool LeavesStrategy = false);

/// <summary>How far the steps are. Which step it is follows from the pods; what is remembered is which pauses are over.</summary>
/// <param name="Passed">The number of the last step whose timed pause is over, from 1; 0 when none is.</param>
/// <param name="Reached">The number of the step whose pause runs, or ran last; 0 when none did.</param>
/// <param name="ReachedAt">When that step's pods were all done.</param>
public sealed record StepProgress(int Passed, int Reached, DateTimeOffset? ReachedAt)
{
    /// <summary>No pause has begun yet.</summary>
    public static StepProgress None { get; } = new(0, 0, null);
}

/// <summary>That a rollout goes back, and why.</summary>
/// <param name="Kind">RevertPods: pods are removed under the hold, and come back at the current revision. RevertTemplate: the template is written back, and rolled.</param>
/// <param name="Since">When it was decided.</param>
/// <param name="PausedBefore">How long the rollout had been paused in all by then.</param>
/// <param name="Reason">The code of the registry behind it.</param>
/// <param name="Message">Object and fact in one sentence.</param>
public sealed record RolloutRevert(FailureAction Kind, DateTimeOffset Since, TimeSpan PausedBefore, string Reason, string Message);

/// <summary>What cannot be derived again from the cluster; kept in the rollout's status.</summary>
public sealed record RolloutMemory
{
    /// <summary>The format that this build writes. A greater one found in a status holds the rollout (DESIGN section 5).</summary>
    public const int CurrentVersion = 3;

    /// <summary>Most pods in flight at a time, whatever the budget: the status has to hold them all, and must stay small enough to be written.</summary>
    public const int MostInFlight = 256;

    public int Version { get; init; } = CurrentVersion;

    public RolloutState State { get; init; } = RolloutState.Queued;

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Gets when <see cref="State"/> was entered.</summary>
    public DateTimeOffset? StateSince { get; init; }

    /// <summary>Gets the UID of the StatefulSet that the rollout started on; empty before the first pass. Another one is another set.</summary>
    public string SetUid { get; init; } = "";

    public string FromRevision { get; init; } = "";

    public string TargetRevision { get; init; } = "";

    /// <summary>Gets the driver chosen at preflight; Auto until then.</summary>
    public UpdateDriver Driver { get; init; } = UpdateDriver.Auto;

    /// <summary>Gets the type of update strategy that the set rests in when no rollout is about; decided at preflight.</summary>
    public UpdateStrategyType RestType { get; init; }

    /// <summary>Gets the last strategy write decided on, done or not; null before the first and after a foreign change was adopted.</summary>
    public StrategyWrite? LastWrite { get; init; }

    /// <summary>Gets how the rollout ends once that is decided; null while it is open.</summary>
    public RolloutEnding? Ending { get; init; }

    /// <summary>Gets that and why the rollout goes back; null while it goes forward.</summary>
    public RolloutRevert? Revert { get; init; }

    /// <summary>Gets a value indicating whether the AfterRollout gates passed; a pod that falls back clears it.</summary>
    public bool AfterRolloutPassed { get; init; }

    /// <summary>Gets the generation of the StatefulSet that we last adopted; 0 before the first. <see cref="LastWrite"/> may have moved it on.</summary>
    public long Generation { get; init; }

    /// <summary>Gets how often a foreign write lowered the effective partition in this rollout; the second stops us (rule 8).</summary>
    public int ForeignReleases { get; init; }

    public ImmutableArray<InFlightPod> InFlight { get; init; } = [];

    public ImmutableArray<PassedPod> Passed { get; init; } = [];

    /// <summary>Gets the UIDs for which a forced bypass was used up, with its reason: <c>uid/reason</c>.</summary>
    public ImmutableArray<string> UsedForce { get; init; } = [];

    public StepProgress Steps { get; init; } = StepProgress.None;

    /// <summary>Gets how long the rollout has been paused in all; deadlines stop meanwhile.</summary>
    public TimeSpan PausedFor { get; init; }

    public DateTimeOffset? PausedSince { get; init; }

    /// <summary>Gets when an eviction was last refused with 409 or 429; the PDB is settling for two minutes after a 409 (T17).</summary>
    public DateTimeOffset? BudgetSettlingUntil { get; init; }

    /// <summary>The revision that pods shall reach now: the one asked for, or the one they came from once the rollout goes back.</summary>
    public string GoalOf(RolloutRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Revert is null ? request.TargetRevision : FromRevision;
    }
}

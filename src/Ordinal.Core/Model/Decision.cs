using System.Collections.Immutable;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Model;

/// <summary>One call that the operator shall make. A closed hierarchy: the actuator matches it in one place.</summary>
public abstract record PlannedAction
{
    private protected PlannedAction()
    {
    }
}

/// <summary>Claim the StatefulSet for this rollout (JSON patch: test the old value, write ours). Comes before every other action.</summary>
public sealed record TakeClaim(string ClaimId, string ExpectedHolder) : PlannedAction;

/// <summary>Give the claim back.</summary>
public sealed record ReleaseClaim(string ClaimId) : PlannedAction;

/// <summary>Write <c>spec.updateStrategy</c> as a whole (JSON patch: test uid, generation and old value).</summary>
/// <param name="Next">The value to write.</param>
/// <param name="Expected">The value that must be there.</param>
/// <param name="Generation">The generation that must be there.</param>
/// <param name="Why">One phrase for the event: "hold", "release web-2", "switch to OnDelete".</param>
public sealed record WriteStrategy(StrategyValue Next, StrategyValue Expected, long Generation, string Why) : PlannedAction
{
    /// <summary>
    /// Gets the pod that the write lets the built-in controller take; null when it releases none. The write cannot carry its UID as a
    /// precondition, so a live look comes before it.
    /// </summary>
    public ReleasedPod? Releases { get; init; }
}

/// <summary>One incarnation of a pod that a strategy write releases.</summary>
public sealed record ReleasedPod(string Pod, string Uid);

/// <summary>Adopt a StatefulSet: keep <paramref name="Original"/> in the annotation <c>ordinal.dev/original-strategy</c> and write the hold, in one patch.</summary>
/// <param name="Next">The hold.</param>
/// <param name="Original">The strategy to keep, maxUnavailable included: as found, or as it was before an earlier adoption whose annotation somebody took off.</param>
/// <param name="Generation">The generation that must be there.</param>
public sealed record AdoptSet(StrategyValue Next, StrategyValue Original, long Generation) : PlannedAction;

/// <summary>Let a StatefulSet go: write the original strategy back and remove the annotation that kept it, in one patch.</summary>
/// <param name="Next">The original strategy.</param>
/// <param name="Expected">The value that must be there.</param>
/// <param name="Generation">The generation that must be there.</param>
public sealed record LetGoSet(StrategyValue Next, StrategyValue Expected, long Generation) : PlannedAction;

/// <summary>Take one incarnation of a pod away. Needs its intent in status; carries UID and resourceVersion.</summary>
public sealed record RemovePod(string Pod, string Uid, string ResourceVersion, PodRemoval Removal, string Why) : PlannedAction;

/// <summary>Move a pod's resourceVersion, so that an intent that was abandoned can never act (rule 3).</summary>
public sealed record BurnIntent(string Pod, string Uid) : PlannedAction;

/// <summary>Let the gate prepare the disruption of a pod: move leadership away. Idempotent.</summary>
public sealed record PrepareGate(string Gate, string Pod, string Uid) : PlannedAction;

/// <summary>Turn the operator's readiness gate of one incarnation of a pod True (driver Native). It never goes back: a new incarnation starts closed.</summary>
/// <param name="Why">One phrase for the condition's message.</param>
public sealed record OpenGate(string Pod, string Uid, string Why) : PlannedAction;

/// <summary>
/// Write the pod template of an earlier revision back (rule 7: only for <c>onFailure: RevertTemplate</c>). Tests uid and generation.
/// </summary>
/// <param name="Revision">The name of the ControllerRevision whose template is written.</param>
/// <param name="Generation">The generation that must be there.</param>
public sealed record RestoreTemplate(string Revision, long Generation) : PlannedAction;

/// <summary>Why one pod, or the whole rollout, waits.</summary>
/// <param name="Reason">One code of the registry.</param>
/// <param name="Pod">The pod that waits; null when it is the rollout as a whole.</param>
/// <param name="Message">Object, fact, numbers and remedy in one sentence.</param>
public sealed record Hold(ReasonCode Reason, string? Pod, string Message);

/// <summary>Something worth an event that is not a hold: adopted facts, an illegal transition, a warning of a gate.</summary>
public sealed record Notice(ReasonCode Reason, string? Pod, string Message, bool IsWarning);

/// <summary>Where one pod stands, for status and tree.</summary>
public sealed record PodProgress(string Pod, PodStage Stage, MemberRole Role, DateTimeOffset? Since);

/// <summary>How much the new memory differs from the old one: tells the status writer whether it may take its time.</summary>
public enum MemoryChange
{
    None,

    /// <summary>Only what facts can tell again (stages, their times, waiting or not). May be written late or not at all.</summary>
    Progress,

    /// <summary>Intents, passes, generations, pauses, ends. Must be in status before any action of this decision.</summary>
    Durable,
}

/// <summary>The planner's answer. Same input, same decision (rule 9).</summary>
public sealed record Decision
{
    /// <summary>Gets what to do, in this order, after <see cref="Memory"/> is written.</summary>
    public ImmutableArray<PlannedAction> Actions { get; init; } = [];

    /// <summary>Gets what must be asked before more can be decided. The caller asks, and decides again with the reports, in the same pass.</summary>
    public ImmutableArray<GateQuestion> Questions { get; init; } = [];

    public ImmutableArray<Hold> Holds { get; init; } = [];

    public ImmutableArray<Notice> Notices { get; init; } = [];

    /// <summary>Gets where each pod in flight, failed or skipped stands.</summary>
    public ImmutableArray<PodProgress> Pods { get; init; } = [];

    public required RolloutMemory Memory { get; init; }

    /// <summary>Gets how much <see cref="Memory"/> differs from the memory that went in.</summary>
    public MemoryChange Change { get; init; }

    /// <summary>Gets the reason of the Succeeded condition.</summary>
    public required ReasonCode Reason { get; init; }

    /// <summary>Gets the message of the Succeeded condition.</summary>
    public required string Message { get; init; }

    /// <summary>Gets after how long to decide again though nothing changed; null when only a change can help.</summary>
    public TimeSpan? WakeAfter { get; init; }

    public int Updated { get; init; }

    /// <summary>Gets the number of the step that is under way, from 1; 0 when the policy has none.</summary>
    public int Step { get; init; }

    public int Total { get; init; }

    public int Available { get; init; }

    /// <summary>Gets a value indicating whether the rollout has ended, well or not.</summary>
    public bool IsFinished => Memory.State is RolloutState.Completed or RolloutState.NoChange or RolloutState.PreflightFailed
        or RolloutState.Failed or RolloutState.Cancelled or RolloutState.Superseded or RolloutState.RolledBack;
}

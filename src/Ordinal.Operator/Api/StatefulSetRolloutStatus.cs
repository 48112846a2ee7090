using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Api;

/// <summary>
/// What the operator reports of a rollout, and what it must remember of it (<see cref="Core.Model.RolloutMemory"/>): there is no state
/// outside the cluster. It must stay small at 1,000 pods, or the intent could not be written.
/// </summary>
public sealed record StatefulSetRolloutStatus
{
    public long? ObservedGeneration { get; init; }

    [RangeMinimum(1)]
    [Description("Format of what is remembered here. An operator that meets a newer one holds, and says so.")]
    public int? FormatVersion { get; init; }

    public DateTimeOffset? StartTime { get; init; }

    public DateTimeOffset? CompletionTime { get; init; }

    [Length(0, 64)]
    [Description("Updated pods of all, as 4/9.")]
    public string? Progress { get; init; }

    [Description("The policy's generation that the last decision was made under.")]
    public PolicyStatusRef? Policy { get; init; }

    public CurrentStatus? Current { get; init; }

    public CountsStatus? Counts { get; init; }

    public DateTimeOffset? PausedSince { get; init; }

    [RangeMinimum(0)]
    [Description("How long the rollout was paused in all, the running pause left out. Deadlines stand still meanwhile.")]
    public long? PausedMilliseconds { get; init; }

    [Items(0, RolloutTargetStatus.Most)]
    [ListMapKeys("name")]
    [Description("The StatefulSets, by name. They are remembered from the start: what a selector finds later is no part of this rollout.")]
    public IReadOnlyList<RolloutTargetStatus>? Targets { get; init; }

    [Items(0, 256)]
    [Description("Pods whose replacement was decided: written before the first disruptive call, kept until the new pod has passed its gates.")]
    public IReadOnlyList<InFlightStatus>? InFlight { get; init; }

    [Items(0, 256)]
    [Description("Bypasses that were used up, as podUID/reason.")]
    [Length(1, 128, OnItems = true)]
    public IReadOnlyList<string>? UsedForce { get; init; }

    [Items(0, 256)]
    [ListMapKeys("name")]
    [Description("Pods in flight, failed or skipped; counts has the rest.")]
    public IReadOnlyList<PodStatus>? Pods { get; init; }

    [Items(0, 16)]
    [ListMapKeys("name")]
    public IReadOnlyList<GateStatus>? Gates { get; init; }

    [Items(0, 32)]
    [ListMapKeys("type")]
    public IReadOnlyList<ConditionStatus>? Conditions { get; init; }
}

/// <summary>The policy that a rollout runs under.</summary>
public sealed record PolicyStatusRef
{
    [Length(0, 64)]
    public string? Uid { get; init; }

    public long? Generation { get; init; }
}

/// <summary>Where the rollout stands, in one glance.</summary>
public sealed record CurrentStatus
{
    [Description("Number of the step, from 1.")]
    public int? Step { get; init; }

    [Length(0, 253)]
    public string? Target { get; init; }

    [Length(0, 253)]
    public string? Pod { get; init; }

    [Length(0, 64)]
    public string? Stage { get; init; }

    public DateTimeOffset? Since { get; init; }

    [Length(0, 64)]
    [Description("Code of the reason for waiting.")]
    public string? Reason { get; init; }

    [Length(0, 1024)]
    public string? WaitingFor { get; init; }
}

/// <summary>Pods by number.</summary>
public sealed record CountsStatus
{
    public int? Total { get; init; }

    public int? Updated { get; init; }

    public int? Available { get; init; }

    public int? Failed { get; init; }
}

/// <summary>What is remembered of one StatefulSet.</summary>
public sealed record RolloutTargetStatus
{
    /// <summary>Most StatefulSets that one rollout carries: what is remembered of them all must fit into one object.</summary>
    public const int Most = 32;

    [Required]
    [Length(1, 253)]
    public string Name { get; init; } = "";

    [Length(0, 64)]
    [Description("A StatefulSet deleted and made again under the same name is another one.")]
    public string? Uid { get; init; }

    [Length(0, 63)]
    public string? Zone { get; init; }

    [Length(0, 64)]
    public string? State { get; init; }

    public DateTimeOffset? StateSince { get; init; }

    [Length(0, 253)]
    [Description("Name of a ControllerRevision.")]
    public string? FromRevision { get; init; }

    [Length(0, 253)]
    [Description("Name of a ControllerRevision.")]
    public string? ToRevision { get; init; }

    [Length(0, 64)]
    [Description("The driver chosen at preflight.")]
    public string? Driver { get; init; }

    [Description("The StatefulSet's generation after our last write, or at adoption.")]
    public long? Generation { get; init; }

    public int? ForeignReleases { get; init; }

    public DateTimeOffset? BudgetSettlingUntil { get; init; }

    [EmbeddedEnum("RollingUpdate", "OnDelete")]
    [Description("The type of update strategy that the StatefulSet rests in, decided at preflight.")]
    public string? RestType { get; init; }

    [Description("The last write to spec.updateStrategy that was decided on, done or not.")]
    public StrategyWriteStatus? LastWrite { get; init; }

    [Description("How the rollout ends, once that is decided: first intents are burnt and the hold is put back.")]
    public EndingStatus? Ending { get; init; }

    [Description("That and why the rollout goes back to fromRevision.")]
    public RevertStatus? Revert { get; init; }

    public bool? AfterRolloutPassed { get; init; }

    [Description("Which pauses of the policy's steps are over. The step itself follows from the pods.")]
    public StepsStatus? Steps { get; init; }

    [Description("What came of a request that brings its own template.")]
    public TemplateRequestStatus? Template { get; init; }

    [Description("Of several StatefulSets: when pods of this one were first taken.")]
    public DateTimeOffset? StartTime { get; init; }

    [Description("Of several StatefulSets: when this one's part was over, well or not.")]
    public DateTimeOffset? CompletionTime { get; init; }

    [Description("Of several StatefulSets: since when this one is paused.")]
    public DateTimeOffset? PausedSince { get; init; }

    [RangeMinimum(0)]
    [Description("Of several StatefulSets: how long this one was paused in all, the running pause left out.")]
    public long? PausedMilliseconds { get; init; }

    [Description("Of several StatefulSets: the pods of this one by number.")]
    public CountsStatus? Counts { get; init; }

    [Description("Of several StatefulSets: where this one stands; absent when its part is over.")]
    public CurrentStatus? Current { get; init; }

    [Length(0, 128)]
    [Description("Of several StatefulSets: the reason that this one's own condition Succeeded would have.")]
    public string? Reason { get; init; }

    [Length(0, 1024)]
    [Description("Of several StatefulSets: the message that belongs to reason.")]
    public string? Message { get; init; }

    [Length(0, 63)]
    [Description("Of several StatefulSets: name of the rollout that takes this one back, which had ended when the request was cancelled with Revert.")]
    public string? RevertedBy { get; init; }

    [Length(0, 128)]
    [Description("Of several StatefulSets: code of the reason why nothing will happen to this one without a person.")]
    public string? Stalled { get; init; }

    [Length(0, 262144)]
    [Description("Pods that passed their AfterPod gates, as ordinal:start of the UID, separated by blanks.")]
    public string? Passed { get; init; }
}

/// <summary>How far the pauses of the steps are.</summary>
public sealed record StepsStatus
{
    [Description("Number of the last step whose timed pause is over, from 1.")]
    public int? Passed { get; init; }

    [Description("Number of the step whose pause runs, or ran last.")]
    public int? Reached { get; init; }

    [Description("When that step's pods were all done.")]
    public DateTimeOffset? ReachedAt { get; init; }
}

/// <summary>A template that a request brings.</summary>
public sealed record TemplateRequestStatus
{
    [Length(0, 253)]
    [Description("Name of the ControllerRevision whose template is brought back. Chosen once: after the write the previous one is another.")]
    public string? Revision { get; init; }

    [Description("The StatefulSet's generation at which its template says what was asked for; absent until it does.")]
    public long? Generation { get; init; }
}

/// <summary>A write to <c>spec.updateStrategy</c>.</summary>
public sealed record StrategyWriteStatus
{
    [Description("The generation that the write must find; it makes the next one.")]
    public long? Generation { get; init; }

    [Length(0, 64)]
    public string? Type { get; init; }

    public long? Partition { get; init; }

    [Length(0, 16)]
    public string? MaxUnavailable { get; init; }
}

/// <summary>That a rollout goes back.</summary>
public sealed record RevertStatus
{
    [Length(0, 64)]
    [Description("RevertPods or RevertTemplate.")]
    public string? Kind { get; init; }

    public DateTimeOffset? Since { get; init; }

    [RangeMinimum(0)]
    [Description("How long the rollout had been paused in all by then.")]
    public long? PausedBeforeMilliseconds { get; init; }

    [Length(0, 128)]
    public string? Reason { get; init; }

    [Length(0, 32768)]
    public string? Message { get; init; }
}

/// <summary>How a rollout ends.</summary>
public sealed record EndingStatus
{
    [Length(0, 64)]
    public string? State { get; init; }

    [Length(0, 128)]
    public string? Reason { get; init; }

    [Length(0, 32768)]
    public string? Message { get; init; }

    [Description("Whether spec.updateStrategy is not ours to write any more: somebody else wrote it a second time.")]
    public bool? LeavesStrategy { get; init; }
}

/// <summary>A pod whose replacement was decided.</summary>
public sealed record InFlightStatus
{
    [Required]
    [Length(1, 253)]
    public string Target { get; init; } = "";

    [Required]
    [Length(1, 253)]
    public string Pod { get; init; } = "";

    [RangeMinimum(0)]
    public long? Ordinal { get; init; }

    [Required]
    [Length(1, 64)]
    [Description("The incarnation that goes.")]
    public string Uid { get; init; } = "";

    [Length(0, 64)]
    [Description("The version under which it may go.")]
    public string? ResourceVersion { get; init; }

    [Required]
    [Length(1, 64)]
    public string Action { get; init; } = "";

    [Length(0, 64)]
    public string? Stage { get; init; }

    public DateTimeOffset? Since { get; init; }

    public DateTimeOffset? StageSince { get; init; }

    [Description("The generation that the partition write must find.")]
    public long? Generation { get; init; }

    [RangeMinimum(0)]
    [Description("How long the rollout had been paused in all when the intent was made.")]
    public long? PausedBeforeMilliseconds { get; init; }

    [Items(0, 16)]
    [ListMapKeys("gate")]
    [Description("What each gate remembers of the member from before its disruption.")]
    public IReadOnlyList<BaselineStatus>? Baselines { get; init; }
}

/// <summary>What a gate remembers of a member.</summary>
public sealed record BaselineStatus
{
    [Required]
    [Length(1, 63)]
    public string Gate { get; init; } = "";

    [Length(0, 4096)]
    public string? Value { get; init; }
}

/// <summary>One pod in flight, failed or skipped.</summary>
public sealed record PodStatus
{
    [Required]
    [Length(1, 253)]
    public string Name { get; init; } = "";

    [Length(0, 253)]
    public string? Target { get; init; }

    [Length(0, 64)]
    public string? State { get; init; }

    [Length(0, 64)]
    public string? Role { get; init; }

    public DateTimeOffset? Since { get; init; }

    [Length(0, 64)]
    public string? Reason { get; init; }

    [Length(0, 1024)]
    public string? Message { get; init; }
}

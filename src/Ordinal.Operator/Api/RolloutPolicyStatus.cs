using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Api;

/// <summary>What the operator reports of a policy.</summary>
public sealed record RolloutPolicyStatus
{
    public long? ObservedGeneration { get; init; }

    [Description("For the scale subresource: sum over the targets.")]
    public int? Replicas { get; init; }

    [Length(0, 4096)]
    [Description("For the scale subresource: selects the target's pods.")]
    public string? Selector { get; init; }

    public PolicySummaryStatus? Summary { get; init; }

    public ObjectRefStatus? ActiveRollout { get; init; }

    public LastRolloutStatus? LastSuccessful { get; init; }

    [Items(0, 256)]
    [ListMapKeys("name")]
    public IReadOnlyList<PolicyTargetStatus>? Targets { get; init; }

    [Items(0, 16)]
    [ListMapKeys("name")]
    public IReadOnlyList<GateStatus>? Gates { get; init; }

    [Items(0, 32)]
    [ListMapKeys("type")]
    public IReadOnlyList<ConditionStatus>? Conditions { get; init; }
}

/// <summary>Words for the printer columns.</summary>
public sealed record PolicySummaryStatus
{
    [Length(0, 253)]
    public string? Targets { get; init; }

    [Length(0, 64)]
    public string? Updated { get; init; }

    [Length(0, 64)]
    public string? Gates { get; init; }
}

/// <summary>One object of the same namespace.</summary>
public sealed record ObjectRefStatus
{
    [Length(0, 253)]
    public string? Name { get; init; }

    [Length(0, 64)]
    public string? Uid { get; init; }
}

/// <summary>The last rollout that succeeded.</summary>
public sealed record LastRolloutStatus
{
    [Length(0, 253)]
    public string? Name { get; init; }

    [Length(0, 253)]
    public string? Target { get; init; }

    [Length(0, 253)]
    [Description("Name of the ControllerRevision.")]
    public string? Revision { get; init; }

    public DateTimeOffset? CompletionTime { get; init; }
}

/// <summary>One StatefulSet of a policy.</summary>
public sealed record PolicyTargetStatus
{
    [Required]
    [Length(1, 253)]
    public string Name { get; init; } = "";

    [Length(0, 64)]
    public string? Uid { get; init; }

    [Length(0, 63)]
    public string? Zone { get; init; }

    [Description("The StatefulSet's generation that its status reflects.")]
    public long? ObservedGeneration { get; init; }

    public int? Replicas { get; init; }

    public int? ReadyReplicas { get; init; }

    public int? UpdatedReplicas { get; init; }

    [Description("Effective partition; absent under OnDelete.")]
    public long? Partition { get; init; }

    [Description("Whether no pod is released to the update revision.")]
    public bool? Held { get; init; }

    [Length(0, 253)]
    public string? CurrentRevision { get; init; }

    [Length(0, 253)]
    public string? UpdateRevision { get; init; }

    [Length(0, 253)]
    [Description("The ControllerRevision whose rollout failed or was cancelled: only another one, or an explicit request, starts again.")]
    public string? RejectedRevision { get; init; }

    [Description("The StatefulSet's generation that the last hold write had to find.")]
    public long? WrittenGeneration { get; init; }

    [Description("How often somebody else lowered the partition at rest, since heldRevision came.")]
    public int? ForeignReleases { get; init; }

    [Length(0, 253)]
    [Description("The ControllerRevision that waited when foreignReleases was counted.")]
    public string? HeldRevision { get; init; }

    [Length(0, 1024)]
    [Description("spec.updateStrategy before the adoption, as JSON: a copy of the annotation ordinal.dev/original-strategy, which a replace of the StatefulSet takes off.")]
    public string? OriginalStrategy { get; init; }

    [Length(0, 1024)]
    [Description("Why this target waits, if it does.")]
    public string? Message { get; init; }
}

/// <summary>What a gate last said.</summary>
public sealed record GateStatus
{
    [Required]
    [Length(1, 63)]
    public string Name { get; init; } = "";

    [Length(0, 64)]
    [Description("Passing, Failing, Unknown or Misconfigured.")]
    public string? State { get; init; }

    [Length(0, 64)]
    public string? Phase { get; init; }

    [Length(0, 128)]
    public string? Reason { get; init; }

    public int? ConsecutiveSuccesses { get; init; }

    [Length(0, 256)]
    public string? Observed { get; init; }

    [Length(0, 1024)]
    public string? Message { get; init; }

    public DateTimeOffset? LastProbeTime { get; init; }
}

using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;

namespace Ordinal.Operator.Reconciling;

/// <summary>Where one target of a policy stands after a pass: what its line in the status, and the policy's Ready condition, are made of.</summary>
public sealed record TargetState
{
    public required PolicyTarget Target { get; init; }

    /// <summary>Gets what is known of the set; null when it is missing or belongs to another policy.</summary>
    public Observation? Observation { get; init; }

    /// <summary>Gets what was decided about it at rest; null when nothing was.</summary>
    public HoldDecision? Decision { get; init; }

    /// <summary>Gets the rollout that is under way; null when there is none.</summary>
    public V1Alpha1StatefulSetRollout? Active { get; init; }

    /// <summary>Gets a value indicating whether this pass has made a rollout, which the stores do not show yet.</summary>
    public bool IsStarting { get; init; }

    /// <summary>Gets the revision whose rollout failed or was cancelled, as long as it is the update revision; null when there is none.</summary>
    public string? Rejected { get; init; }

    /// <summary>Gets a value indicating whether its pass failed, and nothing is said of that yet: the status stays as it is until then.</summary>
    public bool IsUntold { get; init; }

    /// <summary>Gets what gates said at rest.</summary>
    public ImmutableArray<GateReport> Reports { get; init; } = [];

    /// <summary>Gets why the target is not as it should be, most pressing first; null when it is.</summary>
    public (ReasonCode Reason, string Message)? Concern { get; init; }
}

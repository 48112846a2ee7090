using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates;

/// <summary>A gate's judgement of one question; the keeper makes a <see cref="GateReport"/> of it.</summary>
public sealed record GateAnswer
{
    public required GateVerdict Verdict { get; init; }

    public required ReasonCode Reason { get; init; }

    /// <summary>Gets object, fact and remedy in one sentence. Never holds a secret.</summary>
    public required string Message { get; init; }

    /// <summary>Gets at most ten facts; the keeper cuts what is more.</summary>
    public ImmutableArray<GateFact> Facts { get; init; } = [];

    public ImmutableArray<string> Warnings { get; init; } = [];

    public ImmutableSortedDictionary<string, MemberRole> Roles { get; init; } = ImmutableSortedDictionary<string, MemberRole>.Empty;

    public GatePreparation Preparation { get; init; }

    public string? Baseline { get; init; }

    /// <summary>Gets the UIDs of all pods that may stop together with those asked about, those included (BeforePod only); empty when the gate does not look.</summary>
    public ImmutableArray<string> Batch { get; init; } = [];

    /// <summary>Gets how much is left to do before the answer can change, in units of the gate's own; null when it does not tell. A number that falls is progress.</summary>
    public long? Remaining { get; init; }

    /// <summary>Gets what the keeper shall hand back with this question's next observation, e.g. a fixed target to catch up to.</summary>
    public string? Memo { get; init; }

    /// <summary>Gets how long an Allow may be acted on, counted from the beginning of the observation.</summary>
    public TimeSpan ValidFor { get; init; } = TimeSpan.FromSeconds(10);
}

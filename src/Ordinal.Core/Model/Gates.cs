using System.Collections.Immutable;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Model;

/// <summary>What a gate is asked.</summary>
public enum GatePhase
{
    /// <summary>Who leads? Asked before each pick under LeaderLast.</summary>
    Roles,
    BeforeRollout,

    /// <summary>May these pods stop now?</summary>
    BeforePod,

    /// <summary>Is this pod, in its new incarnation, back and caught up?</summary>
    AfterPod,
    AfterRollout,
}

/// <summary>A gate's answer. Only Allow opens.</summary>
public enum GateVerdict
{
    /// <summary>The gate could not tell: no connection, no quorum, no data, too old.</summary>
    Unknown,

    /// <summary>The gate cannot work as configured: wrong password, wrong port, missing Secret. A human must change something.</summary>
    Misconfigured,
    Deny,
    Allow,
}

/// <summary>A member's role, as far as the order of pods needs it.</summary>
public enum MemberRole
{
    Unknown,
    Follower,
    Leader,
    Learner,
}

/// <summary>One question to one gate. Two questions are the same when gate, phase, pods (by UID) and revision are.</summary>
/// <param name="Gate">The gate's name in the policy.</param>
/// <param name="Phase">What is asked.</param>
/// <param name="Pods">The UIDs of the pods it is about, ascending; empty when it is about the whole workload.</param>
/// <param name="Revision">The target revision.</param>
public sealed record GateQuestion(string Gate, GatePhase Phase, ImmutableArray<string> Pods, string Revision)
{
    /// <summary>Gets what the gate remembered of the member before it was disrupted (AfterPod only); null when there is none.</summary>
    public string? Baseline { get; init; }

    /// <summary>Gets the key that ties a report to its question.</summary>
    public string Key => $"{Gate}|{Phase}|{string.Join(',', Pods)}|{Revision}";
}

/// <summary>What must be done through the gate before its pod may be taken.</summary>
public enum GatePreparation
{
    None,

    /// <summary>Leadership should be moved away first.</summary>
    Needed,

    /// <summary>It was tried as often as the gate allows and did not work; the pod may still go, with a warning.</summary>
    Exhausted,
}

/// <summary>One named fact behind a verdict, e.g. <c>appliedIndex = 4711</c>.</summary>
public sealed record GateFact(string Name, string Value);

/// <summary>A gate's answer to one question.</summary>
public sealed record GateReport
{
    /// <summary>Gets <see cref="GateQuestion.Key"/> of the question that this answers.</summary>
    public required string Key { get; init; }

    public required string Gate { get; init; }

    public required GatePhase Phase { get; init; }

    public required GateVerdict Verdict { get; init; }

    public required ReasonCode Reason { get; init; }

    /// <summary>Gets object, fact and remedy in one sentence. Never holds a secret.</summary>
    public required string Message { get; init; }

    /// <summary>Gets at most ten facts behind the verdict.</summary>
    public ImmutableArray<GateFact> Facts { get; init; } = [];

    public ImmutableArray<string> Warnings { get; init; } = [];

    /// <summary>Gets how many probes in a row passed, this one included.</summary>
    public int Successes { get; init; }

    public required DateTimeOffset ObservedAt { get; init; }

    /// <summary>Gets how long the report may be acted on.</summary>
    public required TimeSpan ValidFor { get; init; }

    /// <summary>Gets each pod's role by pod name (phase Roles; others may give it too).</summary>
    public ImmutableSortedDictionary<string, MemberRole> Roles { get; init; } = ImmutableSortedDictionary<string, MemberRole>.Empty;

    public GatePreparation Preparation { get; init; }

    /// <summary>Gets what to remember of the pods' members until AfterPod (BeforePod only).</summary>
    public string? Baseline { get; init; }

    /// <summary>Gets the UIDs of all pods that may stop together with those asked about, those included (BeforePod only); empty when the gate does not look.</summary>
    public ImmutableArray<string> Batch { get; init; } = [];

    /// <summary>Gets how much is left to do before the answer can change, in units of the gate's own; null when it does not tell. A number that falls is progress.</summary>
    public long? Remaining { get; init; }

    /// <summary>Gets when <see cref="Remaining"/> was first told, or last fell; null when it is not told.</summary>
    public DateTimeOffset? ProgressedAt { get; init; }

    /// <summary>Tells whether the report may be acted on: Allow, often enough in a row, and not too old.</summary>
    public bool IsOpen(int successThreshold, DateTimeOffset now) =>
        Verdict is GateVerdict.Allow && Successes >= successThreshold && IsCurrent(now);

    /// <summary>Tells whether the report is young enough, and not from a clock that jumped.</summary>
    public bool IsCurrent(DateTimeOffset now) => ObservedAt <= now && now - ObservedAt <= ValidFor;
}

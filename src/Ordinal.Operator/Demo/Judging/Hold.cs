namespace Ordinal.Operator.Demo.Judging;

/// <summary>A stretch in which the rollout said that it waits.</summary>
/// <param name="Reason">The condition's reason.</param>
/// <param name="Message">The longest of its messages in that time.</param>
/// <param name="From">When it was first seen, on the observer's clock.</param>
/// <param name="To">When it was seen no more.</param>
public sealed record Hold(string Reason, string Message, TimeSpan From, TimeSpan To)
{
    /// <summary>Gets a value indicating whether a gate said no, rather than the ordinary course of a rollout taking its time.</summary>
    public bool IsByGate { get; init; }

    public TimeSpan Length => To - From;
}

/// <summary>The hang that the demo made.</summary>
/// <param name="Member">Index of the member that was stopped.</param>
/// <param name="Stopped">When it got SIGSTOP.</param>
/// <param name="Continued">When it got SIGCONT.</param>
/// <param name="NamedBy">What the rollout said when it first named the member; null when it never did.</param>
/// <param name="NamedAt">When that was.</param>
public sealed record HangRecord(int Member, TimeSpan Stopped, TimeSpan Continued, string? NamedBy, TimeSpan? NamedAt);

/// <summary>What the cluster's API says of one pod at the end.</summary>
/// <param name="Revision">Its label <c>controller-revision-hash</c>.</param>
public sealed record PodAtEnd(string Name, string Revision, bool IsReady);

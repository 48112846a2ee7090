using System.Collections.Immutable;

namespace Ordinal.Core.Model;

/// <summary>How several StatefulSets of one policy are rolled.</summary>
public enum ZoneStrategy
{
    /// <summary>One zone after the other, each to its end.</summary>
    OneAtATime,
    Parallel,
}

/// <summary>What a StatefulSet of a group has to do with its rollout now.</summary>
public enum ZoneWork
{
    /// <summary>Nothing: no change waits, and no rollout is active.</summary>
    None,

    /// <summary>A change waits, and would start a rollout if it were its turn.</summary>
    Waits,

    /// <summary>A rollout is active.</summary>
    Rolls,

    /// <summary>A change waits or a rollout is active, and a person keeps it from going on: suspended, rejected, started by hand only.</summary>
    Paused,
}

/// <summary>One StatefulSet of a group, as far as its zone's turn depends on it.</summary>
/// <param name="Name">The StatefulSet.</param>
/// <param name="Zone">Its zone; a set without one is a zone of its own.</param>
/// <param name="Work">What it has to do.</param>
public sealed record ZoneMember(string Name, string Zone, ZoneWork Work)
{
    /// <summary>Gets the names of expected pods that are not available, the missing ones included.</summary>
    public ImmutableArray<string> Away { get; init; } = [];

    /// <summary>Gets a value indicating whether the workload's leader is one of its pods, as far as a gate told.</summary>
    public bool HasLeader { get; init; }

    /// <summary>Gets when the last rollout of the set ended; null when it never had one.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Gets why the whole group must not go on: somebody else writes the set's strategy, or it cannot be rolled as the policy asks; empty when all is well.</summary>
    public string Problem { get; init; } = "";
}

/// <summary>Why a StatefulSet of a group waits for the others.</summary>
/// <param name="Reason">One code of the registry.</param>
/// <param name="Message">Object, fact, remedy.</param>
/// <param name="Until">When that ends by itself; null when only a change can help.</param>
public sealed record ZoneHold(Reasons.ReasonCode Reason, string Message, DateTimeOffset? Until = null);

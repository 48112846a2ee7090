using System.Collections.Immutable;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>One look at all members at one moment.</summary>
/// <param name="At">Since the observer's start.</param>
/// <param name="IsProcessRunning">For each member, in the observer's order, whether its process ran. A stopped one runs.</param>
public sealed record Look(TimeSpan At, ImmutableArray<bool> IsProcessRunning)
{
    /// <summary>Gets the members whose processes were stopped (SIGSTOP), ascending.</summary>
    public ImmutableArray<int> Stopped { get; init; } = [];

    /// <summary>Says whether a member's process ran and was not stopped.</summary>
    public bool IsAlive(int member) => IsProcessRunning[member] && !Stopped.Contains(member);
}

/// <summary>A linearizable read through one member that was answered.</summary>
/// <param name="Member">Index of the member.</param>
/// <param name="Sent">When it was sent, since the observer's start.</param>
/// <param name="Answered">When the answer was there.</param>
public readonly record struct AnsweredRead(int Member, TimeSpan Sent, TimeSpan Answered);

/// <summary>What one member said about the leader.</summary>
/// <param name="At">When it was asked.</param>
/// <param name="Member">Index of the member that was asked.</param>
/// <param name="Leader">Index of the member that it names; -1 when it knows none.</param>
/// <param name="Term">Its raft term.</param>
public readonly record struct LeaderClaim(TimeSpan At, int Member, int Leader, ulong Term);

/// <summary>A server process of a member.</summary>
/// <param name="Member">Index of the member.</param>
/// <param name="Pid">Process id.</param>
/// <param name="FirstSeen">First look at which it ran.</param>
/// <param name="Gone">First look at which it ran no more; null while it runs.</param>
/// <param name="CommandLine">Its words.</param>
public sealed record ProcessRun(int Member, int Pid, TimeSpan FirstSeen, TimeSpan? Gone, ImmutableArray<string> CommandLine);

/// <summary>Why a member was down.</summary>
public enum DownCause
{
    /// <summary>Its process did not run.</summary>
    NotRunning,

    /// <summary>It was stopped (SIGSTOP).</summary>
    Stopped,

    /// <summary>It ran, and gave no linearizable answer within the limit.</summary>
    NoAnswer,
}

/// <summary>A stretch of looks at which one member was down for one cause.</summary>
/// <param name="To">The first look at which it was up again, or the last look.</param>
public readonly record struct DownTime(int Member, TimeSpan From, TimeSpan To, DownCause Cause)
{
    public TimeSpan Length => To - From;
}

/// <summary>A stretch in which one member led.</summary>
public readonly record struct Reign(int Leader, TimeSpan From);

/// <summary>All that the observer recorded.</summary>
public sealed record Observations
{
    public required ImmutableArray<string> Members { get; init; }

    public ImmutableArray<Look> Looks { get; init; } = [];

    public ImmutableArray<AnsweredRead> Reads { get; init; } = [];

    public ImmutableArray<LeaderClaim> Claims { get; init; } = [];

    public ImmutableArray<ProcessRun> Processes { get; init; } = [];

    /// <summary>
    /// Returns when a process that is gone gave its last answer. A server that is told to end stops serving at once, and on a busy machine its
    /// process is gone only later, when others may have taken over what it did.
    /// </summary>
    /// <param name="process">A process that is gone.</param>
    /// <param name="longest">The longest time from the last answer to the end; with more between them the end itself is returned.</param>
    public TimeSpan LastAnswer(ProcessRun process, TimeSpan longest)
    {
        ArgumentNullException.ThrowIfNull(process);
        var gone = process.Gone ?? throw new ArgumentException("the process is not gone", nameof(process));
        var from = process.FirstSeen > gone - longest ? process.FirstSeen : gone - longest;
        return Reads.Where(r => r.Member == process.Member && r.Answered >= from && r.Answered < gone).Select(r => r.Answered).DefaultIfEmpty(gone).Max();
    }
}

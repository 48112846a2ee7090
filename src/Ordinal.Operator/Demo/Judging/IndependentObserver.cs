using System.Collections.Immutable;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>
/// Watches every member from outside, ten times a second, all at the same time: does its process run, does it answer a linearizable
/// read, whom does it call leader? It only records; <see cref="Availability"/> and <see cref="Leadership"/> judge.
/// It shares no code with the operator, so that a mistake there cannot hide itself here.
/// </summary>
public sealed class IndependentObserver(IReadOnlyList<IMember> members, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private readonly Lock _gate = new();
    private readonly List<Look> _looks = [];
    private readonly List<AnsweredRead> _reads = [];
    private readonly List<LeaderClaim> _claims = [];
    private readonly List<ProcessRun> _ended = [];
    private readonly Run?[] _running = new Run?[members.Count];
    private readonly Dictionary<ulong, int> _memberOfId = [];
    private long _started = time.GetTimestamp();

    /// <summary>Gets the time since the observer's start: the clock of everything that it records.</summary>
    public TimeSpan Now => time.GetElapsedTime(_started);

    /// <summary>Looks until the token ends, then waits for the answers under way (at most one limit).</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _started = time.GetTimestamp();
        using var timer = new PeriodicTimer(Interval, time);
        var underWay = new List<Task>();
        try
        {
            do
            {
                underWay.RemoveAll(t => t.IsCompletedSuccessfully);
                Look();
                for (var member = 0; member < members.Count; member++)
                {
                    underWay.Add(ReadAsync(member));
                    underWay.Add(AskAsync(member));
                }
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAll(underWay);
        }
    }

    /// <summary>Returns all that was recorded so far.</summary>
    public Observations Record()
    {
        lock (_gate)
        {
            return new Observations
            {
                Members = [.. members.Select(m => m.Name)],
                Looks = [.. _looks],
                Reads = [.. _reads],
                Claims = [.. _claims],
                Processes = [.. _ended.Concat(_running.OfType<Run>().Select(r => r.Seen(gone: null))).OrderBy(p => p.FirstSeen).ThenBy(p => p.Member)],
            };
        }
    }

    /// <summary>Returns the running process of a member; null when none runs.</summary>
    public SeenProcess? ProcessOf(int member)
    {
        lock (_gate)
        {
            return _running[member]?.Process;
        }
    }

    private void Look()
    {
        var at = Now;
        var isRunning = ImmutableArray.CreateBuilder<bool>(members.Count);
        var stopped = ImmutableArray.CreateBuilder<int>();
        for (var member = 0; member < members.Count; member++)
        {
            var run = _running[member];
            var stillRuns = run is not null && ServerProcesses.IsRunning(run.Process);
            // Only when the known process is gone is all of /proc looked through.
            var process = stillRuns ? run!.Process : ServerProcesses.Find(members[member].ListenWord);
            isRunning.Add(process is not null);
            if (process is not null && ServerProcesses.IsStopped(process))
            {
                stopped.Add(member);
            }

            lock (_gate)
            {
                if (!stillRuns && run is not null)
                {
                    _ended.Add(run.Seen(at));
                }

                _running[member] = stillRuns ? run : process is null ? null : new Run(member, process, at);
            }
        }

        lock (_gate)
        {
            _looks.Add(new Look(at, isRunning.MoveToImmutable()) { Stopped = stopped.ToImmutable() });
        }
    }

    private async Task ReadAsync(int member)
    {
        var sent = Now;
        using var deadline = new CancellationTokenSource(Availability.Limit, time);
        try
        {
            await members[member].ReadLinearizablyAsync(deadline.Token);
            lock (_gate)
            {
                _reads.Add(new AnsweredRead(member, sent, Now));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
        {
            // No answer is the observation: the judge counts the answers that are there.
        }
    }

    private async Task AskAsync(int member)
    {
        var asked = Now;
        using var deadline = new CancellationTokenSource(Availability.Limit, time);
        try
        {
            var status = await members[member].StatusAsync(deadline.Token);
            lock (_gate)
            {
                _memberOfId[status.MemberId] = member;
                if (status.LeaderId == 0 || _memberOfId.ContainsKey(status.LeaderId))
                {
                    var leader = status.LeaderId == 0 ? -1 : _memberOfId[status.LeaderId];
                    _claims.Add(new LeaderClaim(asked, member, leader, status.Term));
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
        {
            // As above.
        }
    }

    private sealed record Run(int Member, SeenProcess Process, TimeSpan Since)
    {
        public ProcessRun Seen(TimeSpan? gone) => new(Member, Process.Pid, Since, gone, Process.CommandLine);
    }
}

using System.Collections.Immutable;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>
/// Judges who was down when. At a moment t a member is up when its process runs, is not stopped, and some linearizable read that was sent
/// through it at t or later was answered at the latest one limit after t; otherwise it is down. In words: down is "process not running or
/// stopped, or no linearizable answer within 1 s". Time in which the observer itself slept counts against nobody: the limit is longer by it.
/// The pause of an election that is allowed counts apart (<see cref="ElectionPause"/>).
/// Pure: the same observations give the same judgement.
/// </summary>
public sealed record Availability
{
    /// <summary>How long an answer may take.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>Looks are due every 0.1 s. One that comes later than this was late because the machine, or the observer on it, stood still.</summary>
    private static readonly TimeSpan Blink = TimeSpan.FromSeconds(0.3);

    /// <summary>Gets all stretches of down time, by begin.</summary>
    public required ImmutableArray<DownTime> Downs { get; init; }

    /// <summary>Gets the elections that count apart, by begin: in them, those who had to wait for a leader do not count as down.</summary>
    public required ImmutableArray<ElectionPause> Elections { get; init; }

    /// <summary>Gets the largest number of members that were down at one look.</summary>
    public required int MostDown { get; init; }

    /// <summary>Gets the first look with <see cref="MostDown"/> members down.</summary>
    public required TimeSpan MostDownAt { get; init; }

    /// <summary>Gets who was down then, ascending.</summary>
    public required ImmutableArray<int> MostDownMembers { get; init; }

    /// <summary>Gets for how long in all two or more members were down.</summary>
    public required TimeSpan SeveralDownFor { get; init; }

    /// <summary>Gets how many looks were judged: the last limit's worth cannot be, its answers may still come.</summary>
    public required int Looks { get; init; }

    /// <summary>Gets the longest time between two looks: what happened inside it nobody saw.</summary>
    public required TimeSpan LargestGap { get; init; }

    /// <summary>Judges the looks whose limit is over at <paramref name="now"/>.</summary>
    /// <param name="seen">What was observed.</param>
    /// <param name="now">The end, on the observer's clock.</param>
    /// <param name="allowed">The elections that count apart; null for none: everybody who does not answer is down.</param>
    public static Availability Judge(Observations seen, TimeSpan now, ElectionAllowance? allowed = null)
    {
        ArgumentNullException.ThrowIfNull(seen);
        TimeSpan[] ends = [.. seen.Looks.Select((_, i) => LimitOf(seen.Looks, i))];
        Look[] looks = [.. seen.Looks.Where((_, i) => ends[i] <= now)];
        DownCause?[][] down = [.. Enumerable.Range(0, seen.Members.Length).Select(m => CausesOf(m, seen, looks, ends))];

        var elections = allowed is null ? [] : ElectionPause.Find(seen, looks, down, allowed);
        foreach (var election in elections)
        {
            election.Excuse(looks, down);
        }

        var (most, mostAt, severalFor, largestGap) = (0, 0, TimeSpan.Zero, TimeSpan.Zero);
        for (var i = 0; i < looks.Length; i++)
        {
            var count = down.Count(member => member[i] is not null);
            if (count > most)
            {
                (most, mostAt) = (count, i);
            }

            if (i + 1 < looks.Length)
            {
                var gap = looks[i + 1].At - looks[i].At;
                severalFor += count > 1 ? gap : TimeSpan.Zero;
                largestGap = gap > largestGap ? gap : largestGap;
            }
        }

        return new Availability
        {
            Downs = [.. down.SelectMany((causes, member) => Stretches(member, causes, looks)).OrderBy(d => d.From).ThenBy(d => d.Member)],
            Elections = elections,
            MostDown = most,
            MostDownAt = most == 0 ? TimeSpan.Zero : looks[mostAt].At,
            MostDownMembers = most == 0 ? [] : [.. Enumerable.Range(0, down.Length).Where(m => down[m][mostAt] is not null)],
            SeveralDownFor = severalFor,
            Looks = looks.Length,
            LargestGap = largestGap,
        };
    }

    /// <summary>Returns until when an answer counts at a look: one limit in which the observer was awake. Grows with the looks.</summary>
    private static TimeSpan LimitOf(ImmutableArray<Look> looks, int look)
    {
        var end = looks[look].At + Limit;
        for (var i = look + 1; i < looks.Length && looks[i - 1].At < end; i++)
        {
            var gap = looks[i].At - looks[i - 1].At;
            end += gap > Blink ? gap : TimeSpan.Zero;
        }

        return end;
    }

    private static DownCause?[] CausesOf(int member, Observations seen, Look[] looks, TimeSpan[] ends)
    {
        AnsweredRead[] reads = [.. seen.Reads.Where(r => r.Member == member).OrderBy(r => r.Sent)];
        var causes = new DownCause?[looks.Length];
        var next = 0;
        for (var i = 0; i < looks.Length; i++)
        {
            var at = looks[i].At;
            while (next < reads.Length && reads[next].Sent < at)
            {
                next++;
            }

            // Reads overlap, so a later one may be answered sooner: look at all that were sent inside the limit.
            var isAnswered = false;
            for (var r = next; r < reads.Length && reads[r].Sent <= ends[i] && !isAnswered; r++)
            {
                isAnswered = reads[r].Answered <= ends[i];
            }

            causes[i] = !looks[i].IsProcessRunning[member] ? DownCause.NotRunning
                : looks[i].Stopped.Contains(member) ? DownCause.Stopped
                : isAnswered ? null
                : DownCause.NoAnswer;
        }

        return causes;
    }

    private static IEnumerable<DownTime> Stretches(int member, DownCause?[] causes, Look[] looks)
    {
        for (var i = 0; i < causes.Length; i++)
        {
            if (causes[i] is not { } cause)
            {
                continue;
            }

            var from = i;
            while (i + 1 < causes.Length && causes[i + 1] == cause)
            {
                i++;
            }

            yield return new DownTime(member, looks[from].At, looks[Math.Min(i + 1, looks.Length - 1)].At, cause);
        }
    }
}

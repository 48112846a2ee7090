using System.Collections.Immutable;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>What elections a rollout may cost, where leadership cannot be handed over.</summary>
/// <param name="Most">How many, at least 1.</param>
/// <param name="Longest">The longest time without an answer from anybody that still counts as an election, longer than <see cref="Availability.Limit"/>.</param>
public sealed record ElectionAllowance(int Most, TimeSpan Longest);

/// <summary>
/// The time after a leader's end in which the others, all alive, chose another and could not answer for lack of one. It is no outage of theirs,
/// so it counts apart, if all of this holds: the one that led is gone, and was not stopped before; every other member's process ran, and was not
/// stopped, from one limit before its last answer on; each of them answered until then; one of them led next; and somebody answered again in
/// time. Anything else is judged as it is everywhere: who does not answer is down.
/// </summary>
/// <param name="Leader">Index of the member that had led.</param>
/// <param name="Silent">When the leader gave its last answer: a process that ends stops answering before it is gone.</param>
/// <param name="Gone">The first look at which its process was gone.</param>
/// <param name="From">The last answer before.</param>
/// <param name="To">The first answer after.</param>
/// <param name="NewLeader">Index of the member that led then.</param>
public sealed record ElectionPause(int Leader, TimeSpan Silent, TimeSpan Gone, TimeSpan From, TimeSpan To, int NewLeader)
{
    /// <summary>Gets the time in which nobody answered.</summary>
    public TimeSpan Length => To - From;

    /// <summary>Finds the pauses that count apart, at most as many as allowed, the earliest first.</summary>
    /// <param name="down">For each member and look, why it was down.</param>
    internal static ImmutableArray<ElectionPause> Find(Observations seen, Look[] looks, DownCause?[][] down, ElectionAllowance allowed)
    {
        var reigns = Leadership.Judge(seen.Claims);
        return
        [
            .. seen.Processes.Where(p => p.Gone is not null).OrderBy(p => p.Gone)
                .Select(p => Of(p, seen, reigns, allowed))
                .OfType<ElectionPause>()
                .Where(pause => pause.Length < allowed.Longest && pause.HasOthers(looks, down))
                .Take(allowed.Most),
        ];
    }

    /// <summary>Takes away that members were down for lack of an answer during this pause. The old leader stays down.</summary>
    internal void Excuse(Look[] looks, DownCause?[][] down)
    {
        for (var i = 0; i < looks.Length; i++)
        {
            for (var member = 0; member < down.Length && looks[i].At >= Begin && looks[i].At < To; member++)
            {
                down[member][i] = member != Leader && down[member][i] is DownCause.NoAnswer ? null : down[member][i];
            }
        }
    }

    /// <summary>Before its last answer the members may already have waited for one.</summary>
    private TimeSpan Begin => Silent - Availability.Limit;

    private static ElectionPause? Of(ProcessRun process, Observations seen, ImmutableArray<Reign> reigns, ElectionAllowance allowed)
    {
        var (member, gone) = (process.Member, process.Gone!.Value);
        var silent = seen.LastAnswer(process, allowed.Longest);
        var begin = silent - Availability.Limit;
        var led = Leadership.At(reigns, silent) == member || Leadership.At(reigns, begin) == member;
        var next = reigns.FirstOrDefault(r => r.From > begin && r.Leader != member, new Reign(-1, default));
        if (!led || next.Leader < 0)
        {
            return null;
        }

        // The longest silence that touches the time from the leader's end to the first word of the next one.
        TimeSpan[] answers = [.. seen.Reads.Where(r => r.Member != member).Select(r => r.Answered).Order()];
        return answers.Zip(answers.Skip(1))
            .Where(gap => gap.Second > begin && gap.First < next.From)
            .Select(gap => new ElectionPause(member, silent, gone, gap.First, gap.Second, next.Leader))
            .MaxBy(pause => pause.Length);
    }

    private bool HasOthers(Look[] looks, DownCause?[][] down)
    {
        var before = Array.FindLastIndex(looks, l => l.At < Begin);
        return before >= 0 && !looks.Any(l => l.At >= Begin && l.At < Gone && l.Stopped.Contains(Leader)) && Enumerable.Range(0, down.Length).Where(m => m != Leader).All(m =>
            down[m][before] is null && looks.Where(l => l.At >= Begin && l.At <= To).All(l => l.IsAlive(m)));
    }
}

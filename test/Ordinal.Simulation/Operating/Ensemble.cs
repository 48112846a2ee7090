using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Simulation.Harness;

namespace Ordinal.Simulation.Operating;

/// <summary>What the ensemble says to one question at one moment.</summary>
/// <param name="Process">The operator process that asked.</param>
/// <param name="At">When the ensemble was looked at.</param>
internal sealed record EnsembleWord(string Process, GatePhase Phase, ImmutableArray<string> Pods, GateVerdict Verdict, DateTimeOffset At);

/// <summary>One member at one moment.</summary>
/// <param name="IsUp">Whether its pod runs and it has caught up.</param>
/// <param name="HidesSomething">Whether it gives no answer, or is behind, although its pod is ready.</param>
internal sealed record MemberState(long Ordinal, string Uid, bool IsUp, bool HidesSomething, bool IsLeader);

/// <summary>
/// An ensemble like etcd's that the pods of one set form: members follow their pods, take a moment to catch up, elect a leader, can
/// hang. It remembers every word it gave, so that the judge can tell which of them an action could rest on.
/// </summary>
internal sealed class Ensemble(SimulatedWorld world, Random random)
{
    private readonly List<EnsembleWord> words = [];
    private readonly HashSet<string> passedAfter = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, DateTimeOffset> hungUntil = [];
    private readonly SortedDictionary<string, TimeSpan> catchUp = new(StringComparer.Ordinal);
    private long leader = -1;
    private bool letsTheDeadGo;

    /// <summary>Gets or sets the set whose pods are the members.</summary>
    public SetTruth? Set { get; set; }

    /// <summary>Gets or sets until when the gate says no to everything.</summary>
    public DateTimeOffset DeniesUntil { get; set; }

    /// <summary>Gets or sets until when nothing is heard of it at all.</summary>
    public DateTimeOffset SilentUntil { get; set; }

    public DateTimeOffset Now => world.Time.GetUtcNow();

    public bool IsSilent => world.Time.GetUtcNow() < SilentUntil;

    /// <summary>Tells whether the ensemble said that this incarnation is back.</summary>
    public bool HasPassedAfter(string uid) => passedAfter.Contains(uid);

    public void Hang(long ordinal, TimeSpan span) => hungUntil[ordinal] = world.Time.GetUtcNow() + span;

    /// <summary>
    /// Ends hangs, denials and silence. From then on a member that is not up may go even when the others have no quorum: most of them may
    /// have come up on a revision that never runs, and then only a person who says so can open the gate.
    /// </summary>
    public void Heal()
    {
        letsTheDeadGo = true;
        hungUntil.Clear();
        DeniesUntil = default;
        SilentUntil = default;
    }

    /// <summary>Moves the leadership to another member that is up, if there is one.</summary>
    public bool MoveLeader()
    {
        MemberState[] others = [.. Look().Where(member => member.IsUp && !member.IsLeader)];
        if (others.Length == 0)
        {
            return false;
        }

        leader = others[random.Next(others.Length)].Ordinal;
        return true;
    }

    /// <summary>Looks at all members; elects a leader when there is none and a majority is up.</summary>
    public ImmutableArray<MemberState> Look()
    {
        DateTimeOffset now = world.Time.GetUtcNow();
        List<MemberState> members = [];
        for (long ordinal = 0; ordinal < Set!.Replicas; ordinal++)
        {
            PodTruth? pod = Set.Pods.GetValueOrDefault(ordinal);
            bool isReady = pod is { Uid.Length: > 0, IsTerminating: false, ContainersReadySince: not null };
            bool isUp = isReady && !(hungUntil.TryGetValue(ordinal, out DateTimeOffset until) && now < until) && pod!.ContainersReadySince + CatchUpOf(pod.Uid) <= now;
            members.Add(new MemberState(ordinal, pod?.Uid ?? "", isUp, isReady && !isUp, false));
        }

        if (!members.Exists(member => member.Ordinal == leader && member.IsUp))
        {
            MemberState[] up = [.. members.Where(member => member.IsUp)];
            leader = up.Length * 2 > members.Count ? up[random.Next(up.Length)].Ordinal : -1;
        }

        return [.. members.Select(member => member with { IsLeader = member.Ordinal == leader })];
    }

    /// <summary>Judges one question by what was seen, and remembers the word.</summary>
    public GateVerdict Judge(string process, GateQuestion question, ImmutableArray<MemberState> members, DateTimeOffset at)
    {
        GateVerdict verdict = question.Phase switch
        {
            GatePhase.BeforePod => at < DeniesUntil ? GateVerdict.Deny : MayStop(question.Pods, members),
            GatePhase.AfterPod => at < DeniesUntil || !question.Pods.All(uid => members.Any(member => member.Uid == uid && member.IsUp)) ? GateVerdict.Deny : GateVerdict.Allow,
            _ => members.Any(member => member.IsLeader) ? GateVerdict.Allow : GateVerdict.Unknown,
        };
        words.Add(new EnsembleWord(process, question.Phase, question.Pods, verdict, at));
        if (question.Phase is GatePhase.AfterPod && verdict is GateVerdict.Allow)
        {
            passedAfter.UnionWith(question.Pods);
        }

        return verdict;
    }

    /// <summary>
    /// Says why an action on a pod could not rest on what the ensemble said; null when it could: the process' last words about it, as many
    /// as the threshold asks for, are all yes, and the last is young enough.
    /// </summary>
    public string? WhyNot(string process, string uid, int threshold, DateTimeOffset sentAt, TimeSpan oldest)
    {
        // A question about this pod together with others is another question: each is judged by its own words.
        string? why = "it was not asked";
        foreach (IGrouping<string, EnsembleWord> question in words
            .Where(word => word.Process == process && word.Phase is GatePhase.BeforePod && word.Pods.Contains(uid) && word.At <= sentAt)
            .GroupBy(word => string.Join(',', word.Pods), StringComparer.Ordinal))
        {
            EnsembleWord[] last = [.. question.TakeLast(threshold)];
            why = last.Length < threshold ? $"it was asked {last.Length} times, the threshold is {threshold}"
                : last.FirstOrDefault(word => word.Verdict is not GateVerdict.Allow) is { } no ? $"it said {no.Verdict} {(sentAt - no.At).TotalSeconds:0.0} s before"
                : sentAt - last[^1].At > oldest ? $"its last word is {(sentAt - last[^1].At).TotalSeconds:0.0} s old"
                : null;
            if (why is null)
            {
                return null;
            }
        }

        return why;
    }

    private GateVerdict MayStop(ImmutableArray<string> pods, ImmutableArray<MemberState> members)
    {
        if (members.Any(member => member.HidesSomething && !pods.Contains(member.Uid)))
        {
            return GateVerdict.Unknown;
        }

        if (letsTheDeadGo && !members.Any(member => pods.Contains(member.Uid) && (member.IsUp || member.HidesSomething)))
        {
            return GateVerdict.Allow;
        }

        int left = members.Count(member => member.IsUp && !pods.Contains(member.Uid));
        int quorum = (members.Length / 2) + 1;

        // One or two members cannot lose one and keep a quorum: then all others must be up.
        int needed = members.Length < 3 ? members.Count(member => !pods.Contains(member.Uid)) : quorum;
        return left >= needed ? GateVerdict.Allow : GateVerdict.Deny;
    }

    private TimeSpan CatchUpOf(string uid)
    {
        if (!catchUp.TryGetValue(uid, out TimeSpan span))
        {
            catchUp[uid] = span = TimeSpan.FromMilliseconds(random.Next(0, 4000));
        }

        return span;
    }
}

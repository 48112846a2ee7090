using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Etcd;

/// <summary>
/// May these pods stop? (And, with no pods: may a rollout begin, may it be called complete?) First the answers that a person must see
/// (CORRUPT, NOSPACE), then the membership, then the arithmetic: voters that take part, without the targets, must still be a quorum.
/// On top of the arithmetic, every other member whose pod is Ready must take part: a hung member is found here, not at the next failure.
/// A member whose pod is not Ready is known to be down and only counts as missing, and does not stop the repair of a broken cluster.
/// </summary>
internal static class EtcdStopRule
{
    internal static GateAnswer Evaluate(GateInput input, EtcdObservation observation, EtcdGateOptions options)
    {
        var context = input.Context;
        var gone = input.Question.Pods.FirstOrDefault(uid => context.FindByUid(uid) is null);
        if (gone is not null)
        {
            return EtcdRule.Say(input, GateVerdict.Unknown, ReasonCodes.GatePodChanged, $"the pod with UID {gone} is gone");
        }

        // Pods that are terminating stop whatever we say: they count as stopped.
        var targets = input.Question.Pods.Concat(context.Pods.Where(p => p.IsTerminating).Select(p => p.Uid)).ToImmutableHashSet(StringComparer.Ordinal);
        var (view, trouble) = EtcdClusterView.Build(context, observation, targets, options);
        if (view is null)
        {
            return EtcdRule.Say(input, trouble!);
        }

        var stopping = view.Seats.Where(s => s.Pod is { } pod && targets.Contains(pod.Uid)).ToImmutableArray();
        var staying = view.Seats.RemoveRange(stopping);
        var answer = OnAlarm(input, view, targets, options)
            ?? OnMembership(input, view, staying, targets, options)
            ?? OnQuorum(input, view, staying, stopping)
            ?? OnSilence(input, view, staying)
            ?? EtcdUpgradeRule.Evaluate(input, view, stopping, observation, options)
            ?? Allow(input, view, staying, stopping, options);
        return answer.With(view);
    }

    internal static GateAnswer QuorumLost(GateInput input, EtcdClusterView view) => EtcdRule.Say(
        input,
        Verdict(view.Voters),
        Reason(view.Voters, ReasonCodes.EtcdQuorumLost),
        $"only {view.Participating} of {view.VoterCount} voters take part, quorum is {view.Quorum}: {Absent(view.Voters)}");

    private static GateAnswer? OnAlarm(GateInput input, EtcdClusterView view, ImmutableHashSet<string> targets, EtcdGateOptions options)
    {
        // NOSPACE may be let through by the policy; CORRUPT never, and an alarm of a newer etcd that nobody here knows neither.
        var alarms = EtcdRule.Alarms(view, targets);
        var worst = alarms.FirstOrDefault(a => a.Type != EtcdAlarm.NoSpace);
        if (worst is not null)
        {
            return EtcdRule.Say(input, GateVerdict.Deny, worst.Type == EtcdAlarm.Corrupt ? ReasonCodes.EtcdAlarmCorrupt : ReasonCodes.EtcdAlarmUnknown, EtcdRule.AlarmText(view, worst));
        }

        return alarms.IsEmpty || options.AllowNoSpace
            ? null
            : EtcdRule.Say(input, GateVerdict.Deny, ReasonCodes.EtcdAlarmNoSpace, EtcdRule.AlarmText(view, alarms[0]));
    }

    private static GateAnswer? OnMembership(
        GateInput input, EtcdClusterView view, ImmutableArray<EtcdSeat> staying, ImmutableHashSet<string> targets, EtcdGateOptions options)
    {
        if (staying.FirstOrDefault(s => s.Pod is null) is { } foreign)
        {
            var urls = string.Join(", ", foreign.Member.PeerUrls.Take(2));
            return EtcdRule.Say(input, GateVerdict.Deny, ReasonCodes.EtcdMemberWithoutPod, $"member {foreign.Name} ({EtcdWire.Clean(urls)}) belongs to no pod");
        }

        if (!view.PodsWithoutMember.IsEmpty)
        {
            return EtcdRule.Say(input, GateVerdict.Deny, ReasonCodes.EtcdPodWithoutMember, $"pod {view.PodsWithoutMember[0].Pod} belongs to none of the {view.Seats.Length} members");
        }

        if (staying.FirstOrDefault(s => !s.Member.IsStarted) is { } unstarted)
        {
            return EtcdRule.Say(input, GateVerdict.Deny, ReasonCodes.EtcdUnstartedMember, $"member {EtcdId.Text(unstarted.Member.Id)} of pod {unstarted.Name} has never started");
        }

        return options.AllowLearner || staying.FirstOrDefault(s => !s.IsVoter) is not { } learner
            ? null
            : EtcdRule.Say(input, GateVerdict.Deny, ReasonCodes.EtcdLearnerPending, $"{learner.Name} is a learner");
    }

    private static GateAnswer? OnQuorum(GateInput input, EtcdClusterView view, ImmutableArray<EtcdSeat> staying, ImmutableArray<EtcdSeat> stopping)
    {
        var voters = view.VoterCount;
        var stoppingVoters = stopping.Count(s => s.IsVoter);
        if (voters == 1)
        {
            // One voter is its own quorum: it may stop (with a warning) or there is nothing to stop. For the rest it must serve.
            return stoppingVoters == 1 || view.Participating == 1 ? null : QuorumLost(input, view);
        }

        // Said before each pod, which can be forced; a rollout as a whole cannot.
        if (voters == 2 && stoppingVoters > 0)
        {
            return EtcdRule.Say(input, GateVerdict.Deny, ReasonCodes.EtcdTwoMembers, "the cluster has 2 voters and needs both for its quorum");
        }

        var left = staying.Count(s => s.IsVoter && s.Participates);
        if (left >= view.Quorum)
        {
            return null;
        }

        if (view.Participating < view.Quorum)
        {
            return QuorumLost(input, view);
        }

        var others = staying.Where(s => s.IsVoter && !s.Participates).ToList();
        return EtcdRule.Say(
            input,
            Verdict(others),
            Reason(others, ReasonCodes.EtcdQuorumWouldBreak),
            $"stopping {Names(stopping)} would leave {left} of {voters} voters, quorum is {view.Quorum}{(others.Count == 0 ? "" : $": {Absent(others)}")}");
    }

    /// <summary>Looks at the members that stay: what Kubernetes calls Ready must take part; after the rollout every member must.</summary>
    private static GateAnswer? OnSilence(GateInput input, EtcdClusterView view, ImmutableArray<EtcdSeat> staying)
    {
        var away = staying.Where(s => !s.Participates && (input.Question.Phase is GatePhase.AfterRollout || s.Pod is { IsReady: true })).ToList();
        if (away.Count == 0)
        {
            return null;
        }

        var first = away.MaxBy(s => Rank(s.Trouble!.Verdict))!;
        return EtcdRule.Say(input, first.Trouble!.Verdict, first.Trouble.Reason, $"{first.Name} takes no part: {first.Trouble.Text}{(view.VoterCount > 0 && away.Count > 1 ? $" (and {away.Count - 1} more)" : "")}");
    }

    private static GateAnswer Allow(
        GateInput input, EtcdClusterView view, ImmutableArray<EtcdSeat> staying, ImmutableArray<EtcdSeat> stopping, EtcdGateOptions options)
    {
        var left = staying.Count(s => s.IsVoter && s.Participates);
        var what = input.Question.Pods.IsEmpty ? "the cluster is healthy" : $"{Names(stopping)} may stop";
        var answer = EtcdRule.Say(input, GateVerdict.Allow, ReasonCodes.GateOpen, $"{what}: {left} of {view.VoterCount} voters remain, quorum is {view.Quorum}");
        var (preparation, warning) = EtcdTransferee.Plan(input, view, staying, stopping, options);
        return answer with
        {
            Preparation = preparation,
            Baseline = input.Question.Phase is GatePhase.BeforePod ? Baseline(view, stopping).ToString() : null,
            Warnings = [.. Warnings(view, staying, stopping, left), .. new[] { warning, EtcdUpgradeRule.Warning(input, view, options) }.OfType<string>()],
        };
    }

    private static EtcdBaseline Baseline(EtcdClusterView view, ImmutableArray<EtcdSeat> stopping) => new(
        view.ClusterId,
        stopping.ToImmutableSortedDictionary(s => s.Pod!.Pod, s => s.Member.Id, StringComparer.Ordinal),
        EtcdRule.Alarms(view, ImmutableHashSet<string>.Empty).Select(a => a.Type).ToImmutableSortedSet(StringComparer.Ordinal),
        view.Seats.Length);

    private static IEnumerable<string> Warnings(EtcdClusterView view, ImmutableArray<EtcdSeat> staying, ImmutableArray<EtcdSeat> stopping, int left)
    {
        if (view.VoterCount == 1 && !stopping.IsEmpty)
        {
            yield return Warning(ReasonCodes.EtcdSingleMember, $"{Names(stopping)} is the only voter");
        }
        else if (view.VoterCount == 2 && stopping.IsEmpty)
        {
            yield return Warning(ReasonCodes.EtcdTwoMembers, "with 2 voters no pod may stop unless it is forced");
        }
        else if (left == view.Quorum && !stopping.IsEmpty)
        {
            yield return Warning(ReasonCodes.EtcdNoHeadroom, $"{left} of {view.VoterCount} voters remain, which is just the quorum");
        }

        foreach (var seat in staying.Where(s => !s.Participates))
        {
            yield return Warning(seat.Trouble!.Reason, $"{seat.Name} takes no part: {seat.Trouble.Text}");
        }

        foreach (var seat in staying.Where(s => s.Seen?.Status is not null))
        {
            var status = seat.Seen!.Status!;
            if (status.DbSizeQuota > 0 && status.DbSize >= status.DbSizeQuota / 5 * 4)
            {
                yield return Warning(ReasonCodes.EtcdDbNearQuota, $"{seat.Name}'s database has {status.DbSize} of {status.DbSizeQuota} bytes");
            }

            // Small files are mostly free pages: no reason to bother anybody.
            if (status.DbSize >= 64 << 20 && status.DbSizeInUse < status.DbSize / 2)
            {
                yield return Warning(ReasonCodes.EtcdFragmented, $"{seat.Name} uses {status.DbSizeInUse} of its database's {status.DbSize} bytes");
            }
        }
    }

    private static string Warning(ReasonCode reason, string fact) => $"{reason.Code}: {fact}";

    private static string Names(IEnumerable<EtcdSeat> seats) => string.Join(", ", seats.Select(s => s.Name));

    private static string Absent(IEnumerable<EtcdSeat> seats) =>
        string.Join("; ", seats.Where(s => !s.Participates).Take(4).Select(s => $"{s.Name} takes no part ({s.Trouble!.Text})"));

    /// <summary>A member that cannot be asked because of the gate's configuration makes the answer Misconfigured: waiting will not help.</summary>
    private static GateVerdict Verdict(IEnumerable<EtcdSeat> seats) => Configuration(seats) is null ? GateVerdict.Deny : GateVerdict.Misconfigured;

    private static ReasonCode Reason(IEnumerable<EtcdSeat> seats, ReasonCode otherwise) => Configuration(seats)?.Reason ?? otherwise;

    private static EtcdTrouble? Configuration(IEnumerable<EtcdSeat> seats) =>
        seats.FirstOrDefault(s => s.Trouble is { Verdict: GateVerdict.Misconfigured })?.Trouble;

    private static int Rank(GateVerdict verdict) => verdict switch
    {
        GateVerdict.Misconfigured => 3,
        GateVerdict.Deny => 2,
        GateVerdict.Unknown => 1,
        GateVerdict.Allow => 0,
    };
}

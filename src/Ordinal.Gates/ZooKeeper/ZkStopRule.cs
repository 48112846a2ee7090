using System.Collections.Immutable;
using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>
/// May these pods stop? (And, with no pods: may a rollout begin, may it be called complete?) First what must never go on (a second leader, a
/// server alone), then the membership, then the arithmetic: voters that take part, without the targets, must still be a majority, and the leader
/// must count as many in sync as say that they follow it. On top of that every other server whose pod is Ready must take part: a hung server is
/// found here, not at the next failure. One whose pod is not Ready is known to be down and only counts as missing.
/// </summary>
internal static class ZkStopRule
{
    /// <summary>For how many checks in a row syncs may be pending.</summary>
    private const int PendingChecks = 3;

    private const string PendingMemo = "pending ";

    internal static GateAnswer Evaluate(GateInput input, ZkObservation observation, ZooKeeperGateOptions options)
    {
        var context = input.Context;
        if (input.Question.Pods.FirstOrDefault(uid => context.FindByUid(uid) is null) is { } gone)
        {
            return ZkRule.Say(input, GateVerdict.Unknown, ReasonCodes.GatePodChanged, $"the pod with UID {gone} is gone");
        }

        // Pods that are terminating stop whatever we say: they count as stopped.
        var targets = input.Question.Pods.Concat(context.Pods.Where(p => p.IsTerminating).Select(p => p.Uid)).ToImmutableHashSet(StringComparer.Ordinal);
        var (view, trouble) = ZkEnsembleView.Build(context, observation, targets, options);
        if (view is null)
        {
            return ZkRule.Say(input, trouble!);
        }

        var stopping = view.Seats.Where(s => s.Pod is { } pod && targets.Contains(pod.Uid)).ToImmutableArray();
        var staying = view.Seats.RemoveRange(stopping);
        var pending = Pending(input, view);
        var answer = OnSplit(input, view, observation, targets)
            ?? OnMembership(input, view, observation, staying, targets)
            ?? OnQuorum(input, view, staying, stopping, options)
            ?? ZkRule.OnLeaderCounts(input, view)
            ?? OnSilence(input, view, staying)
            ?? OnLoad(input, view, pending, options)
            ?? Allow(input, view, observation, staying, stopping, options);
        return answer.With(view) with { Memo = pending == 0 ? null : PendingMemo + pending.ToString(CultureInfo.InvariantCulture) };
    }

    internal static GateAnswer QuorumLost(GateInput input, ZkEnsembleView view) => ZkRule.Say(
        input,
        Verdict(view.Voters),
        Reason(view.Voters, ReasonCodes.ZkQuorumLost),
        $"only {view.Participating} of {view.VoterCount} voters take part, quorum is {view.Quorum}: {Absent(view.Voters)}");

    /// <summary>Servers that serve apart from the leader's quorum take writes that would be lost: nothing may move before that is understood.</summary>
    private static GateAnswer? OnSplit(GateInput input, ZkEnsembleView view, ZkObservation observation, ImmutableHashSet<string> targets)
    {
        foreach (var pod in input.Context.Pods.Where(p => p.IsReady && !targets.Contains(p.Uid) && p.Uid != view.Leader.Uid))
        {
            if (observation.Of(pod)?.State is { IsServing: true } state && state.Mode is ZkMode.Standalone or ZkMode.Leader)
            {
                return state.Mode is ZkMode.Standalone
                    ? ZkRule.Say(input, GateVerdict.Deny, ReasonCodes.ZkStandaloneMember, $"{pod.Pod} runs in standalone mode beside the ensemble that {view.Leader.Pod} leads")
                    : ZkRule.Say(input, GateVerdict.Deny, ReasonCodes.ZkTwoLeaders, $"{view.Leader.Pod} and {pod.Pod} both say that they lead");
            }
        }

        return null;
    }

    private static GateAnswer? OnMembership(GateInput input, ZkEnsembleView view, ZkObservation observation, ImmutableArray<ZkSeat> staying, ImmutableHashSet<string> targets)
    {
        if (staying.FirstOrDefault(s => s is { Pod: null, IsVoter: true }) is { } foreign)
        {
            return ZkRule.Say(input, GateVerdict.Deny, ReasonCodes.ZkMemberWithoutPod, $"voter {foreign.Name} belongs to no pod");
        }

        // A pod that is no server costs nothing when it stops; but an ensemble of one beside other pods is rather a list that lacks them.
        if (view.PodsWithoutMember.FirstOrDefault(p => !targets.Contains(p.Uid) || view.VoterCount == 1) is not { } stranger)
        {
            return null;
        }

        return observation.Of(stranger)?.State is { IsServing: true, Mode: ZkMode.Follower }
            ? ZkRule.Say(input, GateVerdict.Deny, ReasonCodes.ZkNotVoting, $"{stranger.Pod} follows the leader but is not among the {view.VoterCount} voters")
            : ZkRule.Say(input, GateVerdict.Deny, ReasonCodes.ZkPodWithoutMember, $"pod {stranger.Pod} belongs to none of the {view.Seats.Length} servers");
    }

    private static GateAnswer? OnQuorum(GateInput input, ZkEnsembleView view, ImmutableArray<ZkSeat> staying, ImmutableArray<ZkSeat> stopping, ZooKeeperGateOptions options)
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
            return options.AllowTwoMembers && view.Participating == 2 && stoppingVoters < 2
                ? null
                : ZkRule.Say(input, GateVerdict.Deny, ReasonCodes.ZkTwoMembers, "the ensemble has 2 voters and needs both for its quorum");
        }

        var left = staying.Count(s => s.IsVoter && s.Participates);
        if (left < view.Quorum)
        {
            if (view.Participating < view.Quorum)
            {
                return QuorumLost(input, view);
            }

            var others = staying.Where(s => s.IsVoter && !s.Participates).ToList();
            return ZkRule.Say(
                input,
                Verdict(others),
                Reason(others, ReasonCodes.ZkQuorumWouldBreak),
                $"stopping {ZkRule.Names(stopping)} would leave {left} of {voters} voters, quorum is {view.Quorum}{(others.Count == 0 ? "" : $": {Absent(others)}")}");
        }

        // Headroom that even a healthy ensemble of this size has not got would hold it for ever.
        var wanted = view.Quorum + options.Headroom;
        return stoppingVoters == 0 || left >= wanted || voters - 1 < wanted
            ? null
            : ZkRule.Say(input, GateVerdict.Deny, ReasonCodes.ZkNoHeadroom, $"stopping {ZkRule.Names(stopping)} would leave {left} of {voters} voters, and headroom wants {wanted}");
    }

    /// <summary>Looks at the servers that stay: what Kubernetes calls Ready must take part; after the rollout every server must.</summary>
    private static GateAnswer? OnSilence(GateInput input, ZkEnsembleView view, ImmutableArray<ZkSeat> staying)
    {
        var away = staying.Where(s => !s.Participates && s.Pod is not null && (input.Question.Phase is GatePhase.AfterRollout || s.Pod.IsReady)).ToList();
        if (away.Count == 0)
        {
            return null;
        }

        var first = away.MaxBy(s => Rank(s.Trouble!.Verdict))!;
        return ZkRule.Say(input, first.Trouble!.Verdict, first.Trouble.Reason, $"{first.Name} takes no part: {first.Trouble.Text}{(away.Count > 1 ? $" (and {away.Count - 1} more)" : "")}");
    }

    private static GateAnswer? OnLoad(GateInput input, ZkEnsembleView view, int pending, ZooKeeperGateOptions options)
    {
        if (pending >= PendingChecks)
        {
            return ZkRule.Say(input, GateVerdict.Deny, ReasonCodes.ZkPendingSyncs, $"the leader {view.Leader.Pod} has {view.LeaderState.PendingSyncs} syncs pending, for {pending} checks now");
        }

        return view.LeaderState.Outstanding is { } queued && queued > options.MaxOutstandingRequests
            ? ZkRule.Say(input, GateVerdict.Deny, ReasonCodes.ZkOutstanding, $"the leader {view.Leader.Pod} has {queued} requests queued (maxOutstandingRequests {options.MaxOutstandingRequests})") with { Remaining = queued }
            : null;
    }

    private static int Pending(GateInput input, ZkEnsembleView view)
    {
        var before = input.Memo is { } memo && memo.StartsWith(PendingMemo, StringComparison.Ordinal)
            && int.TryParse(memo.AsSpan(PendingMemo.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        return view.LeaderState.PendingSyncs > 0 ? Math.Min(before + 1, 1000) : 0;
    }

    private static GateAnswer Allow(
        GateInput input, ZkEnsembleView view, ZkObservation observation, ImmutableArray<ZkSeat> staying, ImmutableArray<ZkSeat> stopping, ZooKeeperGateOptions options)
    {
        var left = staying.Count(s => s.IsVoter && s.Participates);
        var what = input.Question.Pods.IsEmpty ? "the ensemble is healthy" : $"{Targets(input)} may stop";
        return ZkRule.Say(input, GateVerdict.Allow, ReasonCodes.GateOpen, $"{what}: {left} of {view.VoterCount} voters remain, quorum is {view.Quorum}") with
        {
            Baseline = input.Question.Phase is GatePhase.BeforePod ? ZkBaseline.Of(view, stopping).ToString() : null,
            Batch = input.Question.Phase is GatePhase.BeforePod ? ZkBatch.Choose(input, view, options) : [],
            Warnings = [.. Warnings(view, observation, staying, stopping, left)],
        };
    }

    private static IEnumerable<string> Warnings(ZkEnsembleView view, ZkObservation observation, ImmutableArray<ZkSeat> staying, ImmutableArray<ZkSeat> stopping, int left)
    {
        if (view.VoterCount == 1 && !stopping.IsEmpty)
        {
            yield return Warning(ReasonCodes.ZkSingleServer, $"{ZkRule.Names(stopping)} is the only voter");
        }
        else if (view.VoterCount == 2)
        {
            yield return Warning(ReasonCodes.ZkTwoMembers, stopping.IsEmpty ? "with 2 voters no pod can stop without an outage" : $"without {ZkRule.Names(stopping)} the ensemble serves nobody");
        }
        else if (left == view.Quorum && stopping.Any(s => s.IsVoter))
        {
            yield return Warning(ReasonCodes.ZkNoHeadroom, $"{left} of {view.VoterCount} voters remain, which is just the quorum");
        }

        foreach (var seat in staying.Concat(stopping).Where(s => !s.Participates))
        {
            yield return Warning(seat.Trouble!.Reason, $"{seat.Name} takes no part: {seat.Trouble.Text}");
        }

        if (observation.Pods.FirstOrDefault(p => p.AdminFailure is not null) is { } words)
        {
            yield return Warning(ReasonCodes.ZkAdminServerUnusable, $"{words.Pod} was asked by four-letter words: {words.AdminFailure!.Text}");
        }
    }

    private static string Warning(ReasonCode reason, string fact) => $"{reason.Code}: {fact}";

    private static string Targets(GateInput input) => string.Join(", ", input.Question.Pods.Select(uid => input.Context.FindByUid(uid)!.Pod));

    private static string Absent(IEnumerable<ZkSeat> seats) =>
        string.Join("; ", seats.Where(s => !s.Participates).Take(4).Select(s => $"{s.Name} takes no part ({s.Trouble!.Text})"));

    /// <summary>A server that cannot be asked because of the gate's configuration makes the answer Misconfigured: waiting will not help.</summary>
    private static GateVerdict Verdict(IEnumerable<ZkSeat> seats) => Configuration(seats) is null ? GateVerdict.Deny : GateVerdict.Misconfigured;

    private static ReasonCode Reason(IEnumerable<ZkSeat> seats, ReasonCode otherwise) => Configuration(seats)?.Reason ?? otherwise;

    private static ZkTrouble? Configuration(IEnumerable<ZkSeat> seats) => seats.FirstOrDefault(s => s.Trouble is { Verdict: GateVerdict.Misconfigured })?.Trouble;

    private static int Rank(GateVerdict verdict) => verdict switch
    {
        GateVerdict.Misconfigured => 3,
        GateVerdict.Deny => 2,
        GateVerdict.Unknown => 1,
        GateVerdict.Allow => 0,
    };
}

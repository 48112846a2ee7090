using System.Collections.Immutable;
using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>
/// Is this pod's server back? The same server as before in the same list of voters, serving the leader's quorum in broadcast, counted in sync by
/// the leader, and caught up to what the leader had committed when this question was first asked. Where the policy has a canary, a write through
/// it must have succeeded too.
/// </summary>
internal static class ZkReturnRule
{
    /// <summary>A server that begins its snapshot more often than this does not get it within initLimit.</summary>
    private const int MostSnapshots = 3;

    internal static GateAnswer Evaluate(GateInput input, ZkObservation observation, ZooKeeperGateOptions options)
    {
        var baseline = input.Question.Baseline is { } text ? ZkBaseline.Parse(text) : null;
        if (baseline is null && input.Question.Baseline is not null)
        {
            return ZkRule.Say(input, GateVerdict.Unknown, ReasonCodes.ZkBaselineUnreadable, $"the baseline \"{ZkText.Clean(input.Question.Baseline)}\" cannot be read");
        }

        foreach (var uid in input.Question.Pods)
        {
            if (Identity(input, uid, observation, baseline) is { } changed)
            {
                return changed with { Memo = input.Memo };
            }
        }

        var (view, trouble) = ZkEnsembleView.Build(input.Context, observation, ImmutableHashSet<string>.Empty, options);
        if (view is null)
        {
            return ZkRule.Say(input, trouble!) with { Memo = input.Memo };
        }

        var isTaking = input.Question.Pods.Any(uid => observation.Of(input.Context.FindByUid(uid)!)?.State is { IsTakingSnapshot: true });
        var memo = (ZkReturnMemo.Parse(input.Memo) ?? new ZkReturnMemo(view.LeaderState.Zxid ?? 0, 0, false)).See(isTaking);
        var answer = Judge(input, view, observation, memo, baseline, options);

        // The target is kept only once it is known: a leader that does not tell its zxid sets none.
        return answer.With(view) with { Memo = view.LeaderState.Zxid is null ? input.Memo : memo.ToString() };
    }

    private static GateAnswer Judge(GateInput input, ZkEnsembleView view, ZkObservation observation, ZkReturnMemo memo, ZkBaseline? baseline, ZooKeeperGateOptions options)
    {
        if (baseline is not null && baseline.Voters != view.Members.Voters)
        {
            return ZkRule.Say(input, GateVerdict.Deny, ReasonCodes.ZkIdentityChanged, $"the voters were {baseline.Voters} before the restart and are {view.Members.Voters} now");
        }

        foreach (var pod in input.Question.Pods.Select(uid => input.Context.FindByUid(uid)!))
        {
            if (Member(input, view, pod, memo) is { } not)
            {
                return not;
            }
        }

        var lost = view.Participating < view.Quorum ? ZkStopRule.QuorumLost(input, view) : null;
        return lost ?? ZkRule.OnLeaderCounts(input, view) ?? OnUnnamedLeader(input, view) ?? Canary(input, observation, options) ?? Passed(input, view, memo, baseline);
    }

    private static GateAnswer? Identity(GateInput input, string uid, ZkObservation observation, ZkBaseline? baseline)
    {
        if (input.Context.FindByUid(uid) is not { } pod)
        {
            return ZkRule.Say(input, GateVerdict.Unknown, ReasonCodes.GatePodChanged, $"the pod with UID {uid} is gone");
        }

        if (pod.Revision != input.Question.Revision)
        {
            return ZkRule.Say(input, GateVerdict.Unknown, ReasonCodes.GatePodChanged, $"pod {pod.Pod} runs revision {pod.Revision}, not {input.Question.Revision}");
        }

        if (observation.Of(pod)?.State is not { } state)
        {
            return null;
        }

        // A server that came back alone serves happily, and is the worst that can happen: told before anything else.
        if (state.Mode is ZkMode.Standalone && input.Context.Pods.Length > 1)
        {
            return ZkRule.Say(input, GateVerdict.Deny, ReasonCodes.ZkStandaloneMember, $"{pod.Pod} came back in standalone mode");
        }

        return baseline is not null && baseline.Servers.TryGetValue(pod.Pod, out var before) && state.ServerId is { } now && now != before
            ? ZkRule.Say(input, GateVerdict.Deny, ReasonCodes.ZkIdentityChanged, string.Create(CultureInfo.InvariantCulture, $"{pod.Pod} came back as server {now}, it was server {before}"))
            : null;
    }

    private static GateAnswer? Member(GateInput input, ZkEnsembleView view, GateTarget pod, ZkReturnMemo memo)
    {
        if (view.SeatOf(pod) is not { } seat)
        {
            return ZkRule.Say(input, GateVerdict.Deny, ReasonCodes.ZkPodWithoutMember, $"pod {pod.Pod} belongs to none of the {view.Seats.Length} servers");
        }

        if (memo.Snapshots > MostSnapshots && !seat.Participates)
        {
            return ZkRule.Say(input, GateVerdict.Deny, ReasonCodes.ZkInitLimitTooSmall, $"{pod.Pod} has begun to take the leader's snapshot {memo.Snapshots} times");
        }

        // Behind the fixed target, lag is a matter of progress, so it is told with the target's numbers.
        if (seat.Trouble is { } trouble && trouble.Reason != ReasonCodes.ZkLagging)
        {
            return ZkRule.Say(input, trouble.Verdict, trouble.Reason, $"{pod.Pod} is not back: {trouble.Text}");
        }

        // Before the first transaction of an epoch a follower is where the one before ended, and in broadcast it has all of that.
        var zxid = seat.Seen!.State!.Zxid ?? 0;
        if (zxid < memo.Target && (uint)memo.Target != 0)
        {
            return ZkRule.Say(input, GateVerdict.Deny, ReasonCodes.ZkCatchingUp, $"{pod.Pod} has applied {ZkText.Zxid(zxid)}, not yet {ZkText.Zxid(memo.Target)}") with
            {
                Remaining = zxid >> 32 == memo.Target >> 32 ? (long)(memo.Target - zxid) : null,
            };
        }

        return seat.Trouble is null ? null : ZkRule.Say(input, seat.Trouble.Verdict, seat.Trouble.Reason, $"{pod.Pod} {seat.Trouble.Text}");
    }

    /// <summary>
    /// Four-letter words do not tell whom a follower follows. Then the leader's count must speak for it, and a voter that cannot be heard may be
    /// the one that is counted; only one that refuses connections has no process.
    /// </summary>
    private static GateAnswer? OnUnnamedLeader(GateInput input, ZkEnsembleView view)
    {
        if (view.IsStandalone || view.LeaderState.SyncedVoters is not { } synced)
        {
            return null;
        }

        var unheard = view.Voters.Where(s => s.Pod is null || s.Seen is { State: null, Failure.Kind: not ZkFailureKind.Unreachable }).ToList();
        var claiming = ZkRule.Claiming(view).ToLookup(s => s.Seen!.State!.LeaderId is not null);
        var backing = synced - claiming[true].Count() - unheard.Count;
        var isAskedBacked = backing >= claiming[false].Count() || !claiming[false].Any(s => input.Question.Pods.Contains(s.Pod!.Uid));

        // Of those that do not say, the leader may count just the ones that take no part.
        var apart = claiming[false].Count(s => !s.Participates);
        var sure = 1 + claiming[true].Count(s => s.Participates) + Math.Clamp(backing - apart, 0, claiming[false].Count(s => s.Participates));
        return isAskedBacked && sure >= view.Quorum
            ? null
            : ZkRule.Say(
                input,
                GateVerdict.Deny,
                ReasonCodes.ZkLeaderNotSynced,
                $"the leader {view.Leader.Pod} counts {synced} voters in sync; {claiming[false].Count()} do not say whom they follow{(unheard.Count == 0 ? "" : $", and {ZkRule.Names(unheard)} cannot be heard")}");
    }

    private static GateAnswer? Canary(GateInput input, ZkObservation observation, ZooKeeperGateOptions options)
    {
        if (options.CanaryPath.Length == 0)
        {
            return null;
        }

        foreach (var pod in input.Question.Pods.Select(uid => input.Context.FindByUid(uid)!))
        {
            var seen = observation.Of(pod);
            if (seen?.HasWritten is not true)
            {
                var trouble = seen?.CanaryFailure is { IsConfiguration: true } failure ? ZkTrouble.Of(failure) : null;
                return ZkRule.Say(
                    input,
                    trouble?.Verdict ?? GateVerdict.Deny,
                    trouble?.Reason ?? ReasonCodes.ZkCanaryFailed,
                    $"no write went through {pod.Pod} below {options.CanaryPath}: {seen?.CanaryFailure?.Text ?? "none was tried"}");
            }
        }

        return null;
    }

    private static GateAnswer Passed(GateInput input, ZkEnsembleView view, ZkReturnMemo memo, ZkBaseline? baseline)
    {
        var names = string.Join(", ", input.Question.Pods.Select(uid => input.Context.FindByUid(uid)!.Pod));
        var answer = ZkRule.Say(input, GateVerdict.Allow, ReasonCodes.GateOpen, $"{names} is back: same server, in the quorum of {view.Leader.Pod}, caught up to {ZkText.Zxid(memo.Target)}");
        return baseline is not null ? answer : answer with { Warnings = [$"{ReasonCodes.ZkNoBaseline.Code}: nothing is remembered of {names} before its restart"] };
    }
}

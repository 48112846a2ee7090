using System.Collections.Immutable;
using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Etcd;

/// <summary>
/// Is this pod's member back? The same member of the same cluster as before, a voter, following the leader in its term, serving linearizable
/// reads, with no new alarm, and caught up to what the leader had committed when this question was first asked. That target is fixed (the keeper
/// hands it back): under load a member never has applied everything, but it does reach a fixed index.
/// </summary>
internal static class EtcdReturnRule
{
    internal static GateAnswer Evaluate(GateInput input, EtcdObservation observation, EtcdGateOptions options)
    {
        var baseline = input.Question.Baseline is { } text ? EtcdBaseline.Parse(text) : null;
        if (baseline is null && input.Question.Baseline is not null)
        {
            return EtcdRule.Say(input, GateVerdict.Unknown, ReasonCodes.EtcdBaselineUnreadable, $"the baseline \"{EtcdWire.Clean(input.Question.Baseline)}\" cannot be read");
        }

        // Identity first: a pod with an empty data directory may well have founded a healthy cluster of its own.
        foreach (var uid in input.Question.Pods)
        {
            if (Identity(input, uid, observation, baseline) is { } changed)
            {
                return changed with { Memo = input.Memo };
            }
        }

        var (view, trouble) = EtcdClusterView.Build(input.Context, observation, ImmutableHashSet<string>.Empty, options);
        if (view is null)
        {
            return EtcdRule.Say(input, trouble!) with { Memo = input.Memo };
        }

        var target = FixedTarget(input, view);
        foreach (var uid in input.Question.Pods)
        {
            if (Member(input, view, input.Context.FindByUid(uid)!, target) is { } not)
            {
                return not.With(view) with { Memo = Memo(view, target) };
            }
        }

        // Its linearizable reads say that there is a quorum; that we see none would mean that two clusters answer.
        var lost = view.Participating < view.Quorum ? EtcdStopRule.QuorumLost(input, view) : null;
        return (lost ?? Returned(input, view, baseline) ?? NewAlarm(input, view, baseline, options) ?? Passed(input, view, target, baseline, options)).With(view) with { Memo = Memo(view, target) };
    }

    private static GateAnswer? Identity(GateInput input, string uid, EtcdObservation observation, EtcdBaseline? baseline)
    {
        if (input.Context.FindByUid(uid) is not { } pod)
        {
            return EtcdRule.Say(input, GateVerdict.Unknown, ReasonCodes.GatePodChanged, $"the pod with UID {uid} is gone");
        }

        if (pod.Revision != input.Question.Revision)
        {
            return EtcdRule.Say(input, GateVerdict.Unknown, ReasonCodes.GatePodChanged, $"pod {pod.Pod} runs revision {pod.Revision}, not {input.Question.Revision}");
        }

        if (baseline is null || observation.Of(pod)?.Status is not { } status)
        {
            return null;
        }

        var sameCluster = status.ClusterId == baseline.ClusterId;
        var sameMember = !baseline.Members.TryGetValue(pod.Pod, out var before) || before == status.MemberId;
        return sameCluster && sameMember ? null : EtcdRule.Say(
            input,
            GateVerdict.Deny,
            ReasonCodes.EtcdIdentityChanged,
            $"{pod.Pod} came back as member {EtcdId.Text(status.MemberId)} of cluster {EtcdId.Text(status.ClusterId)}, it was member {EtcdId.Text(before)} of cluster {EtcdId.Text(baseline.ClusterId)}");
    }

    private static GateAnswer? Member(GateInput input, EtcdClusterView view, GateTarget pod, ulong target)
    {
        if (view.SeatOf(pod) is not { } seat)
        {
            return EtcdRule.Say(input, GateVerdict.Deny, ReasonCodes.EtcdPodWithoutMember, $"pod {pod.Pod} belongs to none of the {view.Seats.Length} members");
        }

        // Behind the fixed target, lag is a matter of progress, so it is told with the target's numbers.
        if (seat.Trouble is { } trouble && trouble.Reason != ReasonCodes.EtcdMemberLagging)
        {
            return EtcdRule.Say(input, trouble.Verdict, trouble.Reason, $"{pod.Pod} is not back: {trouble.Text}");
        }

        if (!seat.IsVoter || seat.Seen!.Status!.IsLearner)
        {
            return EtcdRule.Say(input, GateVerdict.Deny, ReasonCodes.EtcdStillLearner, $"{pod.Pod} is a learner");
        }

        var applied = seat.Seen.Status.RaftAppliedIndex;
        if (applied < target)
        {
            return EtcdRule.Say(input, GateVerdict.Deny, ReasonCodes.EtcdCatchingUp, $"{pod.Pod} has applied {applied}, {target - applied} short of {target}");
        }

        return seat.Trouble is null ? null : EtcdRule.Say(input, seat.Trouble.Verdict, seat.Trouble.Reason, $"{pod.Pod} {seat.Trouble.Text}");
    }

    private static GateAnswer? NewAlarm(GateInput input, EtcdClusterView view, EtcdBaseline? baseline, EtcdGateOptions options)
    {
        var alarms = EtcdRule.Alarms(view, ImmutableHashSet<string>.Empty);
        if (alarms.FirstOrDefault(a => a.Type == EtcdAlarm.Corrupt) is { } corrupt)
        {
            return EtcdRule.Say(input, GateVerdict.Deny, ReasonCodes.EtcdAlarmCorrupt, EtcdRule.AlarmText(view, corrupt));
        }

        var isNew = alarms.FirstOrDefault(a => baseline?.Alarms.Contains(a.Type) is not true && !(options.AllowNoSpace && a.Type == EtcdAlarm.NoSpace));
        return isNew is null ? null : EtcdRule.Say(input, GateVerdict.Deny, ReasonCodes.EtcdNewAlarm, EtcdRule.AlarmText(view, isNew));
    }

    /// <summary>A member that was removed long ago may come back with an upgrade to 3.6 (etcd #20995): then there are more than before.</summary>
    private static GateAnswer? Returned(GateInput input, EtcdClusterView view, EtcdBaseline? baseline) => baseline?.Size is { } before && view.Seats.Length > before
        ? EtcdRule.Say(input, GateVerdict.Deny, ReasonCodes.EtcdMembersAppeared, $"the cluster has {view.Seats.Length} members, it had {before} before the restart")
        : null;

    private static GateAnswer Passed(GateInput input, EtcdClusterView view, ulong target, EtcdBaseline? baseline, EtcdGateOptions options)
    {
        var names = string.Join(", ", input.Question.Pods.Select(uid => input.Context.FindByUid(uid)!.Pod));
        var answer = EtcdRule.Say(input, GateVerdict.Allow, ReasonCodes.GateOpen, $"{names} is back: same member, caught up to {target}, serving reads in term {view.LeaderStatus.RaftTerm}");
        return answer with { Warnings = [.. Warnings(input, view, names, baseline, options)] };
    }

    private static IEnumerable<string> Warnings(GateInput input, EtcdClusterView view, string names, EtcdBaseline? baseline, EtcdGateOptions options)
    {
        if (baseline is null)
        {
            yield return $"{ReasonCodes.EtcdNoBaseline.Code}: nothing is remembered of {names} before its restart";
        }

        // Only a warning: a rollout that goes back brings the version before, and must not be held for that.
        foreach (var seat in input.Question.Pods.Select(uid => view.SeatOf(input.Context.FindByUid(uid)!)!))
        {
            if (EtcdVersion.Parse(options.TargetVersion) is { } wanted && EtcdVersion.Parse(seat.Seen!.Status!.Version) != wanted)
            {
                yield return $"{ReasonCodes.EtcdVersionUnexpected.Code}: {seat.Name} runs {EtcdWire.Clean(seat.Seen.Status.Version)}, not targetVersion {wanted}";
            }
        }
    }

    private static ulong FixedTarget(GateInput input, EtcdClusterView view)
    {
        var parts = input.Memo?.Split(' ') ?? [];
        return parts.Length == 2 && parts[0] == EtcdId.Text(view.ClusterId) && ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var target)
            ? target
            : view.LeaderStatus.RaftIndex;
    }

    /// <summary>An index means nothing in another cluster, so the memo names it.</summary>
    private static string Memo(EtcdClusterView view, ulong target) => $"{EtcdId.Text(view.ClusterId)} {target.ToString(CultureInfo.InvariantCulture)}";
}

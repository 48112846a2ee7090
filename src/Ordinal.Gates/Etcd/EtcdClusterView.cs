using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Etcd;

/// <summary>
/// What the members' words amount to. The leader is the one that most members outside the targets follow in the same cluster and term, and it must
/// say so itself; its list is the membership. A voter takes part when it follows that leader in that term, has the same list, serves a linearizable
/// read, is at most <see cref="EtcdGateOptions.MaxRaftLag"/> behind, at most one minor version off, and is who the list says.
/// Taking facts away from a view only ever takes participants away from it: no rule that counts participants can open by forgetting.
/// </summary>
internal sealed class EtcdClusterView
{
    private EtcdClusterView()
    {
    }

    internal required ulong ClusterId { get; init; }

    internal required EtcdPodObservation Leader { get; init; }

    /// <summary>Gets the leader's Status.</summary>
    internal EtcdStatus LeaderStatus => Leader.Status!;

    /// <summary>Gets all members, learners included, by ascending ordinal of their pods; those without a pod last.</summary>
    internal required ImmutableArray<EtcdSeat> Seats { get; init; }

    internal required ImmutableArray<GateTarget> PodsWithoutMember { get; init; }

    internal required ImmutableSortedDictionary<string, MemberRole> Roles { get; init; }

    internal IEnumerable<EtcdSeat> Voters => Seats.Where(s => s.IsVoter);

    /// <summary>Gets the number of voters, never-started ones included: all count for the quorum.</summary>
    internal int VoterCount => Seats.Count(s => s.IsVoter);

    internal int Quorum => (VoterCount / 2) + 1;

    internal int Participating => Voters.Count(s => s.Participates);

    internal EtcdSeat? SeatOf(GateTarget pod) => Seats.FirstOrDefault(s => s.Pod?.Pod == pod.Pod);

    /// <summary>Builds the view.</summary>
    /// <param name="context">The workload.</param>
    /// <param name="observation">What the members said.</param>
    /// <param name="targets">The UIDs of the pods that are to stop: what the others say counts more when they disagree.</param>
    /// <param name="options">The gate's options.</param>
    /// <returns>The view, or why there is none.</returns>
    internal static (EtcdClusterView? View, EtcdTrouble? Trouble) Build(
        GateContext context, EtcdObservation observation, IReadOnlySet<string> targets, EtcdGateOptions options)
    {
        var heard = observation.Pods.Where(p => p.Status is not null).ToList();
        if (heard.Count == 0)
        {
            return (null, NobodyAnswers(observation));
        }

        // A camp whose leader speaks for itself comes first: without it nothing opens anyway. A newer term wins a tie; the leader's id comes last,
        // only to make the choice the same every time.
        var camps = heard.Where(p => p.Status!.Leader != 0)
            .GroupBy(p => (p.Status!.ClusterId, p.Status.Leader, p.Status.RaftTerm))
            .OrderByDescending(c => c.Any(p => p.Status!.MemberId == c.Key.Leader && !p.Status.IsLearner))
            .ThenByDescending(c => c.Count(p => !targets.Contains(p.Uid))).ThenByDescending(c => c.Count())
            .ThenByDescending(c => c.Key.RaftTerm).ThenBy(c => c.Key.Leader).ToList();
        if (camps.Count == 0)
        {
            return (null, new(GateVerdict.Deny, ReasonCodes.EtcdNoLeader, $"{Names(heard)} know no leader{Silent(observation)}"));
        }

        var camp = camps[0].Key;
        var speakers = camps[0].Where(p => p.Status!.MemberId == camp.Leader).ToList();
        if (speakers.Count == 0)
        {
            return (null, camps.Count > 1 ? Disagreement(camps) : LeaderSilent(camp.Leader, heard, observation));
        }

        if (speakers.Find(p => p.Members is not null && IsItself(p, context, observation)) is { } leader)
        {
            return Create(context, observation, leader, options) is var view && view.Voters.Any(s => s.Member.Id == camp.Leader)
                ? (view, null)
                : (null, new(GateVerdict.Deny, ReasonCodes.EtcdMembershipUnsettled, $"the leader {leader.Pod} does not list itself as a voter"));
        }

        return (null, speakers.Find(p => p.Members is null) is { } mute
            ? EtcdTrouble.Of(mute.MembersFailure!) with { Text = $"the leader {mute.Pod} does not list the members: {mute.MembersFailure!.Text}" }
            : new(GateVerdict.Deny, ReasonCodes.EtcdIdentityMismatch, $"{Names(speakers)} answers as the leader, member {EtcdId.Text(camp.Leader)}, which belongs to another pod or to none"));
    }

    /// <summary>Tells whether the pod is the one that the member it answers as belongs to: a proxy between could answer for another.</summary>
    private static bool IsItself(EtcdPodObservation speaker, GateContext context, EtcdObservation observation) =>
        !EtcdMapping.Map(context, observation, speaker.Members!.Members).TryGetValue(speaker.Status!.MemberId, out var pod) || pod.Uid == speaker.Uid;

    private static EtcdClusterView Create(GateContext context, EtcdObservation observation, EtcdPodObservation leader, EtcdGateOptions options)
    {
        var members = leader.Members!.Members;
        var podOf = EtcdMapping.Map(context, observation, members);
        var list = leader.Members.Fingerprint();
        var seats = members.Select(m => Seat(m, podOf.GetValueOrDefault(m.Id), observation, leader, list, options))
            .OrderBy(s => s.Pod?.Ordinal ?? long.MaxValue).ThenBy(s => s.Member.Id).ToImmutableArray();
        var seated = podOf.Values.Select(p => p.Pod).ToHashSet(StringComparer.Ordinal);
        return new EtcdClusterView
        {
            ClusterId = leader.Status!.ClusterId,
            Leader = leader,
            Seats = seats,
            PodsWithoutMember = [.. context.Pods.Where(p => !seated.Contains(p.Pod))],
            Roles = context.Pods.DistinctBy(p => p.Pod).ToImmutableSortedDictionary(p => p.Pod, p => Role(p, seats, leader), StringComparer.Ordinal),
        };
    }

    private static MemberRole Role(GateTarget pod, ImmutableArray<EtcdSeat> seats, EtcdPodObservation leader)
    {
        var seat = seats.FirstOrDefault(s => s.Pod?.Pod == pod.Pod);
        return seat is null ? MemberRole.Unknown
            : seat.Member.Id == leader.Status!.MemberId ? MemberRole.Leader
            : seat.IsVoter ? MemberRole.Follower : MemberRole.Learner;
    }

    private static EtcdSeat Seat(
        EtcdMember member, GateTarget? pod, EtcdObservation observation, EtcdPodObservation leader, string list, EtcdGateOptions options)
    {
        var seen = pod is null ? null : observation.Of(pod);
        var commit = leader.Status!.RaftIndex;
        var lag = seen?.Status is { } status && status.RaftAppliedIndex < commit ? commit - status.RaftAppliedIndex : 0;
        return new EtcdSeat { Member = member, Pod = pod, Seen = seen, Lag = lag, Trouble = Trouble(member, pod, seen, leader, list, lag, options) };
    }

    private static EtcdTrouble? Trouble(
        EtcdMember member, GateTarget? pod, EtcdPodObservation? seen, EtcdPodObservation leader, string list, ulong lag, EtcdGateOptions options)
    {
        if (pod is null)
        {
            return new(GateVerdict.Deny, ReasonCodes.EtcdMemberWithoutPod, "belongs to no pod");
        }

        if (seen is null)
        {
            return new(GateVerdict.Unknown, ReasonCodes.EtcdMemberSilent, pod.IsMissing ? "its pod is missing" : "its pod has no address");
        }

        if (seen.Status is not { } status)
        {
            return EtcdTrouble.Of(seen.StatusFailure!);
        }

        var chief = leader.Status!;
        if (status.ClusterId != chief.ClusterId || status.MemberId != member.Id)
        {
            return new(
                GateVerdict.Deny,
                ReasonCodes.EtcdIdentityMismatch,
                $"{seen.Endpoint} answers as member {EtcdId.Text(status.MemberId)} of cluster {EtcdId.Text(status.ClusterId)}, not as member {EtcdId.Text(member.Id)} of cluster {EtcdId.Text(chief.ClusterId)}");
        }

        if (status.Leader == 0)
        {
            return new(GateVerdict.Deny, ReasonCodes.EtcdNoLeader, $"knows no leader (term {status.RaftTerm}){Errors(status)}");
        }

        if (status.Leader != chief.Leader || status.RaftTerm != chief.RaftTerm)
        {
            return new(
                GateVerdict.Deny,
                ReasonCodes.EtcdLeaderDisagreement,
                $"follows {EtcdId.Text(status.Leader)} in term {status.RaftTerm}, the others {EtcdId.Text(chief.Leader)} in term {chief.RaftTerm}");
        }

        return TroubleWithService(member, seen, list) ?? TroubleWithState(status, chief, lag, options);
    }

    private static EtcdTrouble? TroubleWithService(EtcdMember member, EtcdPodObservation seen, string list)
    {
        if (seen.Members is null)
        {
            return EtcdTrouble.Of(seen.MembersFailure!);
        }

        if (seen.Members.MemberId != member.Id || seen.Members.Fingerprint() != list)
        {
            return new(GateVerdict.Deny, ReasonCodes.EtcdMembershipUnsettled, $"lists {seen.Members.Members.Length} members, not the same as the leader does");
        }

        if (seen.Reader is null)
        {
            // A linearizable read that times out is the member's own failure once it answered Status: it is not silent.
            var failure = seen.ReadFailure!;
            return failure.IsConfiguration
                ? EtcdTrouble.Of(failure)
                : new(GateVerdict.Deny, ReasonCodes.EtcdMemberNotParticipating, $"serves no linearizable read: {failure.Text}");
        }

        return seen.Reader.Length == 0 || seen.Reader == EtcdId.Text(member.Id)
            ? null
            : new(GateVerdict.Deny, ReasonCodes.EtcdIdentityMismatch, $"{seen.Endpoint} has a read served by member {seen.Reader}, not by member {EtcdId.Text(member.Id)}");
    }

    private static EtcdTrouble? TroubleWithState(EtcdStatus status, EtcdStatus chief, ulong lag, EtcdGateOptions options)
    {
        if (!EtcdVersion.AreCompatible(status.Version, chief.Version))
        {
            return new(GateVerdict.Deny, ReasonCodes.EtcdVersionSkew, $"runs etcd \"{EtcdWire.Clean(status.Version)}\", the leader \"{EtcdWire.Clean(chief.Version)}\"");
        }

        return lag <= (ulong)Math.Max(0, options.MaxRaftLag)
            ? null
            : new(GateVerdict.Deny, ReasonCodes.EtcdMemberLagging, $"has applied {status.RaftAppliedIndex} of {chief.RaftIndex} entries, {lag} behind (maxRaftLag {options.MaxRaftLag})");
    }

    private static EtcdTrouble NobodyAnswers(EtcdObservation observation)
    {
        if (observation.Pods.IsEmpty)
        {
            return new(GateVerdict.Unknown, ReasonCodes.EtcdUnreachable, "no pod has an address to ask");
        }

        // What a human must change is told first: it will not pass by waiting.
        var told = observation.Pods.FirstOrDefault(p => p.StatusFailure!.IsConfiguration) ?? observation.Pods[0];
        var trouble = EtcdTrouble.Of(told.StatusFailure!);
        var text = $"none of {observation.Pods.Length} members answers; {told.Pod}: {trouble.Text}";
        return trouble.Verdict is GateVerdict.Misconfigured
            ? trouble with { Text = text }
            : new(GateVerdict.Unknown, ReasonCodes.EtcdUnreachable, text);
    }

    private static EtcdTrouble Disagreement<T>(IEnumerable<IGrouping<T, EtcdPodObservation>> camps) => new(
        GateVerdict.Deny,
        ReasonCodes.EtcdLeaderDisagreement,
        string.Join("; ", camps.Select(c => $"{Names(c)} follow {EtcdId.Text(c.First().Status!.Leader)} in term {c.First().Status!.RaftTerm}")));

    private static EtcdTrouble LeaderSilent(ulong leader, List<EtcdPodObservation> heard, EtcdObservation observation)
    {
        var mute = observation.Pods.Where(p => p.Status is null).ToList();
        var trouble = mute.Count == 0 ? null : EtcdTrouble.Of((mute.FirstOrDefault(p => p.StatusFailure!.IsConfiguration) ?? mute[0]).StatusFailure!);
        var text = $"{Names(heard)} follow member {EtcdId.Text(leader)}, which does not answer{Silent(observation)}";
        return trouble is { Verdict: GateVerdict.Misconfigured } ? trouble with { Text = text } : new(GateVerdict.Unknown, ReasonCodes.EtcdLeaderUnreachable, text);
    }

    private static string Names(IEnumerable<EtcdPodObservation> pods) => string.Join(", ", pods.Select(p => p.Pod));

    private static string Silent(EtcdObservation observation) =>
        string.Concat(observation.Pods.Where(p => p.Status is null).Take(3).Select(p => $"; {p.Pod}: {p.StatusFailure!.Text}"));

    private static string Errors(EtcdStatus status) => status.Errors.IsEmpty ? "" : $", reports {EtcdWire.Clean(string.Join(", ", status.Errors.Take(3)))}";
}

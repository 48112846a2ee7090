using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>
/// What the servers' words amount to. The leader is the one that says so and that most others name; its list is the membership. A voter takes
/// part when it serves as that leader's follower, in broadcast, votes, has the same list of voters, is at most
/// <see cref="ZooKeeperGateOptions.MaxZxidLag"/> behind, and is who the list says. Taking facts away from a view only ever takes participants
/// away from it: no rule that counts participants can open by forgetting.
/// </summary>
internal sealed class ZkEnsembleView
{
    private ZkEnsembleView()
    {
    }

    internal required ZkPodObservation Leader { get; init; }

    internal ZkState LeaderState => Leader.State!;

    internal required ZkMembership Members { get; init; }

    /// <summary>Gets all servers, observers included, by ascending ordinal of their pods; those without a pod last.</summary>
    internal required ImmutableArray<ZkSeat> Seats { get; init; }

    internal required ImmutableArray<GateTarget> PodsWithoutMember { get; init; }

    internal required ImmutableSortedDictionary<string, MemberRole> Roles { get; init; }

    internal IEnumerable<ZkSeat> Voters => Seats.Where(s => s.IsVoter);

    internal int VoterCount => Seats.Count(s => s.IsVoter);

    internal int Quorum => (VoterCount / 2) + 1;

    internal int Participating => Voters.Count(s => s.Participates);

    /// <summary>Gets a value indicating whether one server runs alone, as it is meant to.</summary>
    internal bool IsStandalone => LeaderState.Mode is ZkMode.Standalone;

    internal ZkSeat? SeatOf(GateTarget pod) => Seats.FirstOrDefault(s => s.Pod?.Pod == pod.Pod);

    /// <summary>Builds the view.</summary>
    /// <param name="context">The workload.</param>
    /// <param name="observation">What the servers said.</param>
    /// <param name="targets">The UIDs of the pods that are to stop: what the others say counts more when they disagree.</param>
    /// <param name="options">The gate's options.</param>
    /// <returns>The view, or why there is none.</returns>
    internal static (ZkEnsembleView? View, ZkTrouble? Trouble) Build(GateContext context, ZkObservation observation, IReadOnlySet<string> targets, ZooKeeperGateOptions options)
    {
        var heard = observation.Pods.Where(p => p.State is not null).ToList();
        if (heard.Count == 0)
        {
            return (null, NobodyAnswers(observation));
        }

        var alone = context.Pods.Length == 1 && heard[0].State is { IsServing: true, Mode: ZkMode.Standalone };
        var leaders = alone ? heard : heard
            .Where(p => p.State is { IsServing: true, Mode: ZkMode.Leader })
            .OrderByDescending(p => p.Members?.Servers.Any(s => s.IsVoter && s.Id == p.State!.ServerId) is true)
            .ThenByDescending(p => heard.Count(h => !targets.Contains(h.Uid) && p.State!.ServerId is { } id && h.State!.LeaderId == id))
            .ThenByDescending(p => p.State!.SyncedVoters ?? -1)
            .ThenByDescending(p => p.State!.Zxid ?? 0).ThenBy(p => p.Pod, StringComparer.Ordinal).ToList();
        if (leaders.Count == 0)
        {
            return (null, NobodyLeads(context, heard, observation));
        }

        var leader = leaders[0];
        var members = options.ReadCommittedConfig && !alone ? leader.Committed : leader.Members;
        if (alone)
        {
            // It has no list: it is the ensemble.
            members = new ZkMembership([new ZkServer(leader.State!.ServerId ?? 0, [leader.Endpoint], true)], null, false, true);
        }

        if (members is null)
        {
            var failure = (options.ReadCommittedConfig ? leader.CommittedFailure : leader.MembersFailure) ?? new ZkFailure(ZkFailureKind.Refused, $"{leader.Pod} does not list the servers");
            return (null, ZkTrouble.Of(failure) with { Text = $"the list of servers could not be had of the leader {leader.Pod}: {failure.Text}" });
        }

        if (members.IsHierarchical)
        {
            return (null, new(GateVerdict.Misconfigured, ReasonCodes.ZkHierarchicalQuorum, $"{leader.Pod} lists groups or weights"));
        }

        var view = Create(context, observation, leader, members, options);
        var own = view.Seats.FirstOrDefault(s => s.Pod?.Uid == leader.Uid);
        return own switch
        {
            { IsVoter: true, Trouble: null } => (view, null),
            { Trouble: { } trouble } => (null, trouble with { Text = $"the leader {leader.Pod} {trouble.Text}" }),
            _ => (null, new(GateVerdict.Deny, ReasonCodes.ZkConfigDisagreement, $"the leader {leader.Pod} is not a voter of the list {members.Voters}")),
        };
    }

    private static ZkEnsembleView Create(GateContext context, ZkObservation observation, ZkPodObservation leader, ZkMembership members, ZooKeeperGateOptions options)
    {
        var podOf = ZkMapping.Map(context, observation, members);
        var taken = podOf.Values.Select(p => p.Pod).ToHashSet(StringComparer.Ordinal);

        // voting_view lists voters only: an observer that says so itself has a seat all the same.
        var observers = members.HasObservers ? [] : context.Pods
            .Where(p => !taken.Contains(p.Pod) && observation.Of(p)?.State is { IsServing: true, Mode: ZkMode.Observer })
            .Select(p => (Server: new ZkServer(observation.Of(p)!.State!.ServerId ?? -1, [], IsVoter: false), Pod: (GateTarget?)p)).ToList();
        var seats = members.Servers.Select(s => (Server: s, Pod: podOf.GetValueOrDefault(s.Id))).Concat(observers)
            .Select(s => Seat(s.Server, s.Pod, observation, leader, members, options))
            .OrderBy(s => s.Pod?.Ordinal ?? long.MaxValue).ThenBy(s => s.Server.Id).ToImmutableArray();
        taken.UnionWith(observers.Select(o => o.Pod!.Pod));
        return new ZkEnsembleView
        {
            Leader = leader,
            Members = members,
            Seats = seats,
            PodsWithoutMember = [.. context.Pods.Where(p => !taken.Contains(p.Pod))],
            Roles = context.Pods.DistinctBy(p => p.Pod).ToImmutableSortedDictionary(p => p.Pod, p => Role(p, seats, leader), StringComparer.Ordinal),
        };
    }

    private static MemberRole Role(GateTarget pod, ImmutableArray<ZkSeat> seats, ZkPodObservation leader)
    {
        var seat = seats.FirstOrDefault(s => s.Pod?.Pod == pod.Pod);
        return seat is null ? MemberRole.Unknown
            : seat.Pod!.Uid == leader.Uid ? MemberRole.Leader
            : seat.IsVoter ? MemberRole.Follower : MemberRole.Learner;
    }

    private static ZkSeat Seat(ZkServer server, GateTarget? pod, ZkObservation observation, ZkPodObservation leader, ZkMembership members, ZooKeeperGateOptions options)
    {
        var seen = pod is null ? null : observation.Of(pod);
        return new ZkSeat { Server = server, Pod = pod, Seen = seen, Trouble = ZkCensus.Trouble(server, pod, seen, leader, members, observation, options) };
    }

    private static ZkTrouble NobodyAnswers(ZkObservation observation)
    {
        if (observation.Pods.IsEmpty)
        {
            return new(GateVerdict.Unknown, ReasonCodes.ZkUnreachable, "no pod has an address to ask");
        }

        // What a human must change is told first: it will not pass by waiting.
        var told = observation.Pods.FirstOrDefault(p => p.Failure!.IsConfiguration) ?? observation.Pods[0];
        var trouble = ZkTrouble.Of(told.Failure!);
        var text = $"none of {observation.Pods.Length} servers answers; {told.Pod}: {trouble.Text}";
        return trouble.Verdict is GateVerdict.Misconfigured ? trouble with { Text = text } : new(GateVerdict.Unknown, ReasonCodes.ZkUnreachable, text);
    }

    private static ZkTrouble NobodyLeads(GateContext context, List<ZkPodObservation> heard, ZkObservation observation)
    {
        if (context.Pods.Length > 1 && heard.Find(p => p.State is { Mode: ZkMode.Standalone }) is { } alone)
        {
            return new(GateVerdict.Deny, ReasonCodes.ZkStandaloneMember, $"{alone.Pod} runs in standalone mode beside {context.Pods.Length - 1} others");
        }

        var mute = observation.Pods.Where(p => p.State is null).ToList();
        var silent = string.Concat(mute.Take(3).Select(p => $"; {p.Pod}: {p.Failure!.Text}"));
        var text = $"no leader among {string.Join(", ", heard.Select(p => $"{p.Pod} ({ZkCensus.Says(p.State!)})"))}{silent}";
        if (heard.Exists(p => p.State is { IsServing: true, Mode: ZkMode.Follower or ZkMode.Observer }) && mute.Count > 0)
        {
            var trouble = ZkTrouble.Of((mute.Find(p => p.Failure!.IsConfiguration) ?? mute[0]).Failure!);
            return trouble.Verdict is GateVerdict.Misconfigured ? trouble with { Text = text } : new(GateVerdict.Unknown, ReasonCodes.ZkLeaderUnreachable, text);
        }

        return heard.Exists(p => p.State is { IsServing: true }) ? new(GateVerdict.Deny, ReasonCodes.ZkNoLeader, text) : new(GateVerdict.Deny, ReasonCodes.ZkNotServing, text);
    }
}

using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>Judges one server against the leader: does it take part in its quorum?</summary>
internal static class ZkCensus
{
    /// <summary>Gets why a server takes no part; null when it does.</summary>
    internal static ZkTrouble? Trouble(
        ZkServer server, GateTarget? pod, ZkPodObservation? seen, ZkPodObservation leader, ZkMembership members, ZkObservation all, ZooKeeperGateOptions options)
    {
        if (pod is null)
        {
            return new(GateVerdict.Deny, ReasonCodes.ZkMemberWithoutPod, "belongs to no pod");
        }

        if (seen is null)
        {
            return new(GateVerdict.Unknown, ReasonCodes.ZkMemberSilent, pod.IsMissing ? "its pod is missing" : "its pod has no address");
        }

        if (seen.State is not { } state)
        {
            return ZkTrouble.Of(seen.Failure!);
        }

        if (state.ServerId is { } id && id != server.Id && server.Id >= 0)
        {
            return Deny(ReasonCodes.ZkIdentityMismatch, string.Create(CultureInfo.InvariantCulture, $"{seen.Endpoint} answers as server {id}, not as server {server.Id}"));
        }

        return TroubleWithService(state, leader, all)
            ?? TroubleWithRole(server, seen, state, leader)
            ?? TroubleWithList(server, seen, members)
            ?? TroubleWithZxid(state, leader.State!, options);
    }

    /// <summary>Says in a few words what a server says of itself.</summary>
    internal static string Says(ZkState state) => state switch
    {
        { IsServing: false, Phase: ZkPhase.Synchronization } => "synchronizing",
        { IsServing: false } => "not serving",
        { Mode: ZkMode.ReadOnly } => "read-only",
        { Mode: ZkMode.None } => "no mode",
        _ => state.Mode.ToString().ToLowerInvariant(),
    };

    private static ZkTrouble Deny(ReasonCode reason, string text) => new(GateVerdict.Deny, reason, text);

    private static ZkTrouble? TroubleWithService(ZkState state, ZkPodObservation leader, ZkObservation all)
    {
        if (!state.IsServing)
        {
            // A server that synchronizes says no more than one that looks for a leader; but the leader has it among its learners.
            var serving = all.Pods.Count(p => p.State is { IsServing: true, Mode: ZkMode.Follower or ZkMode.Observer });
            var isJoining = state.Phase is ZkPhase.Synchronization || (state.Phase is ZkPhase.None && leader.State!.Learners > serving);
            return isJoining
                ? Deny(ReasonCodes.ZkSnapshotInFlight, $"does not serve yet: the leader {leader.Pod} is synchronizing it")
                : Deny(ReasonCodes.ZkNotServing, "runs, but does not serve");
        }

        return state.Mode switch
        {
            ZkMode.ReadOnly => Deny(ReasonCodes.ZkReadOnly, "is read-only: it has lost the quorum"),
            ZkMode.Standalone when leader.State!.Mode is not ZkMode.Standalone => Deny(ReasonCodes.ZkStandaloneMember, "runs in standalone mode"),
            ZkMode.None => Deny(ReasonCodes.ZkNotFollowing, "does not say whether it leads or follows"),
            ZkMode.Leader or ZkMode.Follower or ZkMode.Observer or ZkMode.Standalone => null,
        };
    }

    private static ZkTrouble? TroubleWithRole(ZkServer server, ZkPodObservation seen, ZkState state, ZkPodObservation leader)
    {
        var chief = leader.State!;
        if (state.Mode is ZkMode.Leader && seen.Uid != leader.Uid)
        {
            return Deny(ReasonCodes.ZkTwoLeaders, $"says that it leads, and so does {leader.Pod}");
        }

        if (state.LeaderId is { } named && chief.ServerId is { } actual && named != actual)
        {
            return Deny(ReasonCodes.ZkLeaderDisagreement, string.Create(CultureInfo.InvariantCulture, $"follows server {named}, the others server {actual}"));
        }

        if (state.Phase is ZkPhase.Synchronization)
        {
            return Deny(ReasonCodes.ZkSnapshotInFlight, $"is being synchronized with the leader{(state.IsTakingSnapshot ? " (a whole snapshot)" : "")}");
        }

        if (state.Phase is ZkPhase.Election or ZkPhase.Discovery)
        {
            return Deny(ReasonCodes.ZkNotFollowing, $"is in {state.Phase.ToString().ToLowerInvariant()}");
        }

        if (server.IsVoter && state.IsVoting is false && state.Mode is not ZkMode.Standalone)
        {
            return Deny(ReasonCodes.ZkNotVoting, "does not vote in its own list, though it does in the leader's");
        }

        return server.IsVoter == state.Mode is not ZkMode.Observer ? null : Deny(ReasonCodes.ZkConfigDisagreement, $"runs as {Says(state)}, and the list has it as {(server.IsVoter ? "a voter" : "an observer")}");
    }

    private static ZkTrouble? TroubleWithList(ZkServer server, ZkPodObservation seen, ZkMembership members)
    {
        if (seen.State!.Mode is ZkMode.Standalone || !server.IsVoter)
        {
            return null;
        }

        return seen.Members is null ? ZkTrouble.Of(seen.MembersFailure!)
            : seen.Members.Voters == members.Voters ? null
            : Deny(ReasonCodes.ZkConfigDisagreement, $"lists the voters {seen.Members.Voters}, the leader {members.Voters}");
    }

    private static ZkTrouble? TroubleWithZxid(ZkState state, ZkState chief, ZooKeeperGateOptions options)
    {
        if (state.Zxid is not { } zxid || chief.Zxid is not { } newest)
        {
            return new(GateVerdict.Unknown, ReasonCodes.ZkMemberSilent, "does not tell its last transaction");
        }

        // Counters compare only within an epoch. A follower takes over the new one with its first transaction.
        var behind = zxid >> 32 == newest >> 32 && zxid < newest ? newest - zxid : 0;
        return behind <= (ulong)options.MaxZxidLag
            ? null
            : Deny(ReasonCodes.ZkLagging, $"has applied {ZkText.Zxid(zxid)} of {ZkText.Zxid(newest)}, {behind} behind (maxZxidLag {options.MaxZxidLag})");
    }
}

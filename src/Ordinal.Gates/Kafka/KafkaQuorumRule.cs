using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Kafka;

/// <summary>
/// The quorum of KRaft controllers: those that stay must still be a majority of all voters, dead ones included. A controller takes part when
/// its leader says that it caught up a moment ago; whether its pod is Ready says nothing (many images only look for an open port).
/// </summary>
internal static class KafkaQuorumRule
{
    /// <summary>Says why the quorum is not known; null when it is, and in ZooKeeper mode.</summary>
    internal static KafkaTrouble? Unreadable(KafkaObservation observation, KafkaGateOptions options)
    {
        if (!observation.IsKraft)
        {
            return null;
        }

        // Once through a broker, and once more: at the active controller itself where the policy tells where controllers listen.
        var wanted = options.ControllerServers.Length > 0 ? 2 : Math.Max(1, Math.Min(2, observation.Brokers.Count(b => !b.IsFenced)));
        if (observation.Quorums.Length < wanted)
        {
            return observation.QuorumFailure is { } failure
                ? KafkaTrouble.Of(failure) is { Verdict: GateVerdict.Misconfigured } configuration
                    ? configuration
                    : new(GateVerdict.Unknown, ReasonCodes.KraftQuorumUnreadable, failure.Text)
                : new(GateVerdict.Unknown, ReasonCodes.KraftQuorumUnreadable, "no broker told about the quorum of controllers");
        }

        var last = observation.Quorums[^1];
        if (observation.Quorums.Any(q => q.LeaderId < 0) || last.Voters.All(v => v.Id != last.LeaderId))
        {
            return new(GateVerdict.Deny, ReasonCodes.KraftNoLeader, $"the {last.Voters.Length} controllers have no leader in epoch {last.LeaderEpoch}");
        }

        if (observation.Quorums.Any(q => (q.LeaderEpoch, q.LeaderId) != (last.LeaderEpoch, last.LeaderId) || q.Voters.Length != last.Voters.Length))
        {
            return new(GateVerdict.Deny, ReasonCodes.KraftLeaderEpochMoved, $"the controllers' leader changed between two looks ({string.Join(", then ", observation.Quorums.Select(q => $"{q.LeaderId} in epoch {q.LeaderEpoch}"))})");
        }

        return last.Voters.First(v => v.Id == last.LeaderId).LastCaughtUp >= 0 || last.Voters.Length == 1
            ? null
            : new(GateVerdict.Misconfigured, ReasonCodes.KafkaVersionUnsupported, "the controllers do not tell when each of them caught up, which KRaft does from Kafka 3.3 on");
    }

    /// <summary>Says why the controllers among the targets may not stop; null when they may, or when there are none.</summary>
    internal static KafkaTrouble? WouldBreak(KafkaClusterView view, KafkaGateOptions options)
    {
        if (view.Quorum is not { } quorum || !quorum.Voters.Any(v => view.Targets.Contains(v.Id)))
        {
            return null;
        }

        if (options.Controllers.FirstOrDefault(id => quorum.Voters.All(v => v.Id != id), -1) is >= 0 and var absent)
        {
            return new(GateVerdict.Deny, ReasonCodes.KraftVoterMissing, $"controller {absent} is not among the {quorum.Voters.Length} voters ({Names(quorum)})");
        }

        var voters = quorum.Voters.Length;
        if (voters == 1)
        {
            return options.AllowSingleController ? null : new(GateVerdict.Deny, ReasonCodes.KraftSingleController, $"{view.Stoppers} is the only controller");
        }

        var majority = (voters / 2) + 1;
        var staying = quorum.Voters.Where(v => !view.Targets.Contains(v.Id)).ToList();
        var left = staying.Count(v => TakesPart(v, quorum, options));

        // Two voters need both: with either away nothing is decided, and nothing is lost as long as the other has it all.
        var enough = voters == 2 && options.AllowSingleController ? 1 : majority;
        if (left >= enough)
        {
            return null;
        }

        var absentees = staying.Where(v => !TakesPart(v, quorum, options)).Select(v => $"controller {v.Id} {Lag(v, quorum)}").Take(4).ToList();
        return new(
            GateVerdict.Deny,
            ReasonCodes.KraftQuorumWouldBreak,
            $"stopping {view.Stoppers} would leave {left} of {voters} controllers, the majority is {majority}{(absentees.Count == 0 ? "" : $": {string.Join("; ", absentees)}")}");
    }

    internal static IEnumerable<string> Warnings(KafkaClusterView view, KafkaGateOptions options)
    {
        if (view.Quorum is not { } quorum)
        {
            yield break;
        }

        if (quorum.Voters.Length <= 2 && quorum.Voters.Any(v => view.Targets.Contains(v.Id)))
        {
            yield return $"{ReasonCodes.KraftSingleController.Code}: the cluster has {quorum.Voters.Length} controllers, so nothing is decided while {view.Stoppers} is away";
        }

        if (!options.Controllers.IsEmpty && quorum.Voters.FirstOrDefault(v => !options.Controllers.Contains(v.Id)) is { } extra)
        {
            yield return $"{ReasonCodes.KraftUnexpectedVoter.Code}: controller {extra.Id} is a voter but not expected; it counts for the majority of {quorum.Voters.Length}";
        }
    }

    /// <summary>Says why a node is not back as a controller; null when it is, or when it is none and need not be.</summary>
    internal static KafkaTrouble? NotBack(GateContext context, GateTarget node, KafkaQuorum? quorum, KafkaObservation observation, KafkaGateOptions options)
    {
        if (quorum is null)
        {
            return null;
        }

        var (id, pod) = (KafkaNodes.IdOf(node, options), node.Pod);
        var asked = observation.Controllers.FirstOrDefault(c => c.Id == id);

        // At an address that is not the pod's somebody else may have answered by now.
        if (asked is not null && KafkaNodes.IsElsewhere(asked.Host, node, context))
        {
            return new(GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, $"{pod}: controller {id} is registered at {asked.Host}, not at the pod's address {node.Address}");
        }

        // Where controllers may be asked, it must answer itself: that its leader hears from it says nothing of those who ask it.
        if (asked?.Failure is { } silent)
        {
            var why = KafkaTrouble.Of(silent);
            return why with { Text = $"{pod} does not answer as a controller: {why.Text}" };
        }

        if (quorum.Voters.FirstOrDefault(v => v.Id == id) is not { } voter)
        {
            return options.Controllers.Contains(id) ? new(GateVerdict.Deny, ReasonCodes.KraftVoterMissing, $"{pod} is not among the {quorum.Voters.Length} voters ({Names(quorum)})") : null;
        }

        // With its volume gone it is another replica under the same id: the old one stays a voter, and will never come back.
        if (voter.Directory != Guid.Empty && quorum.Observers.FirstOrDefault(o => o.Id == id && o.Directory != Guid.Empty && o.Directory != voter.Directory) is { } other)
        {
            return new(
                GateVerdict.Deny,
                ReasonCodes.KraftVoterReplaced,
                $"{pod} came back with log directory {other.Directory:N}, but the voter {id} is the one with {voter.Directory:N}: its metadata log was lost, or formatted anew");
        }

        if (!TakesPart(voter, quorum, options))
        {
            return new(GateVerdict.Deny, ReasonCodes.KraftControllerLagging, $"{pod}: controller {id} {Lag(voter, quorum)}");
        }

        // Who was not asked has not answered. Controllers leave those out that have no listener of the name that the question came in at.
        return asked is not null || options.ControllerServers.Length == 0
            ? null
            : new(GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, $"{pod} was not asked as a controller: {(node.IsMissing ? "it is missing" : $"controller {id} is not registered at the controllers' listener")}");
    }

    internal static bool TakesPart(KafkaQuorumReplica voter, KafkaQuorum quorum, KafkaGateOptions options)
    {
        if (voter.Id == quorum.LeaderId)
        {
            return true;
        }

        var now = quorum.Voters.First(v => v.Id == quorum.LeaderId).LastCaughtUp;
        return voter.LastCaughtUp >= 0 && now >= 0
            && now - voter.LastCaughtUp < options.QuorumFetchTimeout.TotalMilliseconds
            && quorum.HighWatermark - voter.LogEndOffset <= options.MaxControllerLag;
    }

    private static string Lag(KafkaQuorumReplica voter, KafkaQuorum quorum)
    {
        var now = quorum.Voters.First(v => v.Id == quorum.LeaderId).LastCaughtUp;
        return voter.LastCaughtUp < 0
            ? "has never caught up with the leader"
            : string.Create(CultureInfo.InvariantCulture, $"caught up {(now - voter.LastCaughtUp) / 1000.0:0.#} s ago and is {Math.Max(0, quorum.HighWatermark - voter.LogEndOffset)} records behind");
    }

    private static string Names(KafkaQuorum quorum) => string.Join(", ", quorum.Voters.Select(v => v.Id));
}

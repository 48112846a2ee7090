using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Kafka;

/// <summary>The cluster, once it is certain that all of it was seen.</summary>
internal sealed class KafkaClusterView
{
    internal required List<KafkaPartitionState> Partitions { get; init; }

    /// <summary>Gets the partitions without copying each when it is looked at.</summary>
    internal ReadOnlySpan<KafkaPartitionState> All => CollectionsMarshal.AsSpan(Partitions);

    internal required KafkaLiveness Live { get; init; }

    /// <summary>Gets the pods that stop: those asked about, and those that are terminating already.</summary>
    internal required ImmutableArray<GateTarget> Stopping { get; init; }

    /// <summary>Gets the ids of the nodes that stop.</summary>
    internal required HashSet<int> Targets { get; init; }

    /// <summary>Gets the quorum as last read; null in ZooKeeper mode.</summary>
    internal KafkaQuorum? Quorum { get; init; }

    internal required ImmutableSortedDictionary<string, MemberRole> Roles { get; init; }

    internal required string ClusterId { get; init; }

    internal string Stoppers => string.Join(", ", Stopping.Select(p => p.Pod));

    /// <summary>Builds the view; or says why it cannot be built. Each missing piece is a reason, never a guess.</summary>
    internal static (KafkaClusterView? View, KafkaTrouble? Trouble) Build(GateInput input, KafkaObservation observation, KafkaGateOptions options)
    {
        var context = input.Context;
        var asked = input.Question.Phase is GatePhase.BeforePod ? input.Question.Pods : [];
        var stopping = context.Pods.Where(p => !p.IsMissing && (p.IsTerminating || asked.Contains(p.Uid))).ToImmutableArray();
        var targets = KafkaNodes.IdsOf(stopping, options);
        if (Silence(observation) is { } silence)
        {
            return (null, silence);
        }

        if (KafkaQuorumRule.Unreadable(observation, options) is { } unreadable)
        {
            return (null, unreadable);
        }

        var quorum = observation.Quorums.IsEmpty ? null : observation.Quorums[^1];
        HashSet<int> voters = quorum is null ? [] : [.. quorum.Voters.Select(v => v.Id)];
        if (KafkaNodes.Check(context, observation, voters, stopping.Select(p => p.Uid).ToHashSet(StringComparer.Ordinal), options) is { } wrong)
        {
            return (null, wrong);
        }

        var live = KafkaLiveness.Of(context, observation, targets, options);
        if (KafkaVisibility.Unproven(observation, live) is { } unproven)
        {
            return (null, unproven);
        }

        var (partitions, trouble) = KafkaMerge.Merge(observation, live);
        return trouble is not null ? (null, trouble) : (new KafkaClusterView
        {
            Partitions = partitions,
            Live = live,
            Stopping = stopping,
            Targets = targets,
            Quorum = quorum,
            Roles = RolesOf(context, observation, quorum, options),
            ClusterId = observation.Snapshots[0].ClusterId,
        }, null);
    }

    /// <summary>Who leads the controllers. In ZooKeeper mode the controller that two brokers name is true; under KRaft that name means nothing.</summary>
    internal static ImmutableSortedDictionary<string, MemberRole> RolesOf(GateContext context, KafkaObservation observation, KafkaQuorum? quorum, KafkaGateOptions options)
    {
        var leader = observation.IsKraft
            ? quorum?.LeaderId ?? -1
            : observation.Snapshots.Select(s => s.ControllerId).Distinct().ToList() is [var one] ? one : -1;
        return context.Pods.ToImmutableSortedDictionary(
            p => p.Pod,
            p => leader < 0 ? MemberRole.Unknown : KafkaNodes.IdOf(p, options) == leader ? MemberRole.Leader : MemberRole.Follower,
            StringComparer.Ordinal);
    }

    private static KafkaTrouble? Silence(KafkaObservation observation)
    {
        if (!observation.BootstrapFailures.IsEmpty)
        {
            var worst = KafkaTrouble.Worst(observation.BootstrapFailures);
            var others = observation.BootstrapFailures.Length - 1;
            return others == 0 ? worst : worst with { Text = $"{worst.Text}; {others} more bootstrap servers failed" };
        }

        if (observation.Snapshots.Select(s => s.ClusterId).Distinct(StringComparer.Ordinal).Count() > 1)
        {
            return new(GateVerdict.Misconfigured, ReasonCodes.KafkaClusterMismatch, $"brokers belong to different clusters: {string.Join(", ", observation.Snapshots.Select(s => s.ClusterId).Distinct())}");
        }

        var wanted = Math.Min(2, observation.Brokers.Count(b => !b.IsFenced));
        var have = observation.Snapshots.Select(s => s.Responder).Distinct().Count();
        if (have >= Math.Max(1, wanted))
        {
            return null;
        }

        return observation.SnapshotFailures.IsEmpty
            ? new(GateVerdict.Unknown, ReasonCodes.KafkaSnapshotMissing, $"{have} of {wanted} brokers told what they know of the cluster")
            : KafkaTrouble.Worst(observation.SnapshotFailures) is { Verdict: GateVerdict.Misconfigured } configuration
                ? configuration
                : new(GateVerdict.Unknown, ReasonCodes.KafkaSnapshotMissing, $"{have} of {wanted} brokers told what they know of the cluster: {observation.SnapshotFailures[0].Text}");
    }
}

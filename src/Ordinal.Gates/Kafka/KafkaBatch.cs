using System.Collections.Immutable;

namespace Ordinal.Gates.Kafka;

/// <summary>
/// Which other pods may stop together with those asked about: taken one by one, each only if the whole set is still safe. Not pairwise: three brokers
/// of which any two may go need not be safe together. Controllers go alone.
/// <para>
/// Two orders are tried: the rollout's (highest ordinal first), and the rack of those that go before all others, since where replicas are spread over
/// racks a whole one may go at once. The larger set wins, and of two alike the rack's. Its other brokers are offered first and alone; those of other racks
/// follow when none of it is left. That replicas are spread so is never taken for granted: it is what the weighing finds.
/// </para>
/// </summary>
internal static class KafkaBatch
{
    /// <summary>No rollout takes more at once; it bounds the work.</summary>
    private const int Most = 64;

    internal static ImmutableArray<string> Choose(GateInput input, KafkaClusterView view, KafkaObservation observation, KafkaGateOptions options) =>
        Choose(input, view, observation, options, input.Question.Pods, []);

    /// <summary>Which other pods may stop now, when those asked about may not and some are away already: a batch goes on with what is safe.</summary>
    internal static ImmutableArray<string> InPlaceOf(GateInput input, KafkaObservation observation, KafkaGateOptions options)
    {
        var asked = input.Question.Pods;
        if (asked.Length != 1 || input.Context.Pods.All(p => p is { IsReady: true, IsTerminating: false }))
        {
            return [];
        }

        var without = input with { Question = input.Question with { Pods = [] } };
        return KafkaClusterView.Build(without, observation, options).View is { } view ? Choose(without, view, observation, options, [], asked) : [];
    }

    private static ImmutableArray<string> Choose(
        GateInput input, KafkaClusterView view, KafkaObservation observation, KafkaGateOptions options, ImmutableArray<string> first, ImmutableArray<string> never)
    {
        var revision = input.Question.Revision;
        var voters = view.Quorum?.Voters.Select(v => v.Id).ToHashSet() ?? [];
        var away = input.Context.Pods.Where(p => p.IsMissing || p.IsTerminating).Select(p => KafkaNodes.IdOf(p, options));
        if (view.Targets.Concat(away).Any(voters.Contains) || options.Guarantee is KafkaGuarantee.AllPartitionsInSync)
        {
            return first;
        }

        var candidates = input.Context.Pods.Reverse()
            .Where(p => p is { IsMissing: false, IsTerminating: false, IsReady: true } && p.Revision != revision && !first.Contains(p.Uid) && !never.Contains(p.Uid))
            .Select(p => (p.Uid, Id: KafkaNodes.IdOf(p, options)))
            .Where(p => !voters.Contains(p.Id) && view.Live.Others.Contains(p.Id) && !IsRecovering(observation, p.Id)).ToList();
        var scale = new KafkaScale(view, options);
        var inOrder = scale.Take(candidates, Most - first.Length);
        if (inOrder.Count == 0 || RackOf(observation, view.Targets.Concat(away)) is not { } rack)
        {
            return first.AddRange(inOrder);
        }

        var mates = candidates.FindAll(p => RackOf(observation, [p.Id]) == rack);
        var ofRack = scale.Take(mates, Most - first.Length);
        var rackFirst = ofRack.Count == 0 ? [] : scale.Take([.. mates, .. candidates.Except(mates)], Most - first.Length);
        return first.AddRange(ofRack.Count > 0 && rackFirst.Count >= inOrder.Count ? ofRack : inOrder);
    }

    /// <summary>Gets the rack that all of these brokers are in; null when they are in several, or it is not told.</summary>
    private static string? RackOf(KafkaObservation observation, IEnumerable<int> ids) =>
        ids.Select(id => observation.Brokers.FirstOrDefault(b => b.Id == id)?.Rack).Distinct(StringComparer.Ordinal).Take(2).ToList() is [{ Length: > 0 } rack] ? rack : null;

    private static bool IsRecovering(KafkaObservation observation, int id) => observation.Metrics.Any(m => m.Id == id && m.BrokerState is not (null or KafkaBrokerState.Running));

    /// <summary>Weighs a growing set: only the partitions of the broker that is added are looked at again.</summary>
    private sealed class KafkaScale
    {
        private readonly KafkaGateOptions options;
        private readonly HashSet<int> targets;
        private readonly KafkaPartitionState[] partitions;
        private readonly Dictionary<int, List<int>> byBroker;

        internal KafkaScale(KafkaClusterView view, KafkaGateOptions options)
        {
            this.options = options;
            targets = [.. view.Targets];
            partitions = [.. view.Partitions];
            byBroker = view.Live.Others.ToDictionary(id => id, _ => new List<int>());
            for (var i = 0; i < partitions.Length; i++)
            {
                foreach (var id in partitions[i].Replicas)
                {
                    byBroker.GetValueOrDefault(id)?.Add(i);
                }
            }
        }

        /// <summary>Takes one after the other that the set can still bear, and forgets them again.</summary>
        internal List<string> Take(IEnumerable<(string Uid, int Id)> candidates, int most)
        {
            var taken = candidates.Where(c => TryAdd(c.Id)).Take(most).ToList();
            targets.ExceptWith(taken.Select(t => t.Id));
            return taken.ConvertAll(t => t.Uid);
        }

        private bool TryAdd(int id)
        {
            targets.Add(id);
            if (byBroker.GetValueOrDefault(id)?.TrueForAll(i => IsSafe(in partitions[i])) is not false)
            {
                return true;
            }

            targets.Remove(id);
            return false;
        }

        /// <summary>A batch takes no more than a single pod might, and never two replicas of a partition that cannot spare them.</summary>
        private bool IsSafe(in KafkaPartitionState partition) => KafkaClasses.Of(in partition, targets, targets, options.MinIsrHeadroom) switch
        {
            KafkaClass.Untouched => true,
            KafkaClass.SingleReplica => options.SingleReplicaTopics is KafkaTopicPolicy.Allow,
            KafkaClass.FullIsr => options.FullIsrTopics is KafkaTopicPolicy.Allow,
            KafkaClass.WouldGoUnderMinIsr or KafkaClass.AlreadyUnderMinIsr or KafkaClass.NoHeadroom or KafkaClass.FullIsrDegraded or KafkaClass.LastInSync
                or KafkaClass.Offline or KafkaClass.OfflineTargetDown or KafkaClass.TargetCatchingUp => false,
        };
    }
}

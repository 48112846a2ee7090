using System.Collections.Immutable;

namespace Ordinal.Gates.Kafka;

/// <summary>
/// Which other pods may stop together with those asked about: taken one by one in the order of the rollout (highest ordinal first), each only
/// if the whole set is still safe. Not pairwise: three brokers of which any two may go need not be safe together. Controllers go alone.
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

        var chosen = first.ToBuilder();
        var scale = new KafkaScale(view, options);
        foreach (var pod in input.Context.Pods.Reverse().Where(p => p is { IsMissing: false, IsTerminating: false, IsReady: true } && p.Revision != revision))
        {
            var id = KafkaNodes.IdOf(pod, options);
            if (chosen.Count >= Most)
            {
                break;
            }

            if (!chosen.Contains(pod.Uid) && !never.Contains(pod.Uid) && !voters.Contains(id) && view.Live.Others.Contains(id) && !IsRecovering(observation, id) && scale.TryAdd(id))
            {
                chosen.Add(pod.Uid);
            }
        }

        return chosen.ToImmutable();
    }

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

        internal bool TryAdd(int id)
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

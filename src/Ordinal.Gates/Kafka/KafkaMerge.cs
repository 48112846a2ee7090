using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka;

/// <summary>
/// Makes one view of all partitions out of what two brokers know and of the topics' configuration, the worse of both: of the brokers that stay
/// in sync is what both call so and what is alive; of those that shall stop what either calls so; offline is what either calls so. Where the
/// two differ in what exists, nothing is said until they agree.
/// </summary>
internal static class KafkaMerge
{
    internal static (List<KafkaPartitionState> Partitions, KafkaTrouble? Trouble) Merge(KafkaObservation observation, KafkaLiveness live)
    {
        var first = observation.Snapshots[0];
        var second = observation.Snapshots[^1];
        var partitions = new List<KafkaPartitionState>(first.Topics.Sum(t => t.Partitions.Length));
        var others = second.Topics.ToDictionary(t => t.Name, StringComparer.Ordinal);
        var eligible = KafkaEligibility.Merge(first, second, live);
        foreach (var topic in first.Topics)
        {
            others.Remove(topic.Name, out var other);
            if (IsGone(observation, topic.Name, other is null))
            {
                continue;
            }

            if (other is null)
            {
                return Differ(partitions, first, second, topic.Name);
            }

            if (Config(observation, topic, other, out var config) is { } trouble)
            {
                return (partitions, trouble);
            }

            if (topic.Partitions.Length != other.Partitions.Length)
            {
                return Differ(partitions, first, second, topic.Name);
            }

            for (var i = 0; i < topic.Partitions.Length; i++)
            {
                if (Merge(topic.Name, topic.Partitions[i], Find(other, topic.Partitions[i].Index, i), config!, live) is not { } state)
                {
                    return Differ(partitions, first, second, topic.Name);
                }

                partitions.Add(eligible.TryGetValue((topic.Name, state.Index), out var may) ? state with { Eligible = may } : state);
            }
        }

        var extra = others.Keys.FirstOrDefault(name => !IsGone(observation, name, isAbsent: true));
        return extra is null ? (partitions, null) : Differ(partitions, second, first, extra);
    }

    /// <summary>A topic that one broker does not list and whose configuration does not exist was deleted in between.</summary>
    private static bool IsGone(KafkaObservation observation, string topic, bool isAbsent) =>
        isAbsent && observation.Configs.TryGetValue(topic, out var config) && config.ErrorCode == KafkaError.UnknownTopicOrPartition;

    private static (List<KafkaPartitionState>, KafkaTrouble) Differ(List<KafkaPartitionState> partitions, KafkaSnapshot knows, KafkaSnapshot other, string topic) => (
        partitions,
        new(GateVerdict.Unknown, ReasonCodes.KafkaSnapshotsDiffer, $"brokers {knows.Responder} and {other.Responder} do not know the same of topic {KafkaFailures.Clean(topic)}"));

    private static KafkaTrouble? Config(KafkaObservation observation, KafkaTopic topic, KafkaTopic other, out KafkaTopicConfig? config)
    {
        observation.Configs.TryGetValue(topic.Name, out config);
        var name = KafkaFailures.Clean(topic.Name);
        foreach (var error in (short[])[topic.ErrorCode, other.ErrorCode, config?.ErrorCode ?? 0])
        {
            if (KafkaError.IsAccess(error))
            {
                return new(GateVerdict.Misconfigured, ReasonCodes.KafkaAccessDenied, $"the gate may not describe topic {name}: {KafkaError.Name(error)}");
            }

            if (error != KafkaError.None)
            {
                return new(GateVerdict.Unknown, ReasonCodes.KafkaTopicUnreadable, $"topic {name} cannot be read: {KafkaError.Name(error)}");
            }
        }

        if (config is null && observation.ConfigsFailure is { } failure)
        {
            return KafkaTrouble.Of(failure);
        }

        return config?.MinIsr is not null ? null : new(GateVerdict.Unknown, ReasonCodes.KafkaTopicUnreadable, $"the min.insync.replicas of topic {name} was not told");
    }

    /// <summary>Finds a partition: as a rule both brokers list them in the same order.</summary>
    private static KafkaPartition? Find(KafkaTopic topic, int index, int at)
    {
        if (topic.Partitions[at].Index == index)
        {
            return topic.Partitions[at];
        }

        foreach (var partition in topic.Partitions)
        {
            if (partition.Index == index)
            {
                return partition;
            }
        }

        return null;
    }

    private static KafkaPartitionState? Merge(string topic, KafkaPartition one, KafkaPartition? found, KafkaTopicConfig config, KafkaLiveness live)
    {
        if (found is not { } two || one.Replicas.Length == 0 || !SameSet(one.Replicas, two.Replicas))
        {
            return null;
        }

        return new KafkaPartitionState
        {
            Topic = topic,
            Index = one.Index,
            Replicas = one.Replicas,
            Isr = InSync(in one, in two, live),
            MayHaveOthers = AnyOther(one.Isr, live) || AnyOther(two.Isr, live),
            Leader = one.Leader == two.Leader ? one.Leader : -1,
            IsOffline = one.Leader < 0 || two.Leader < 0,
            MinIsr = Math.Min(Math.Max(1, config.MinIsr!.Value), one.Replicas.Length),
            AllowsUnclean = config.AllowsUnclean,
        };
    }

    private static ImmutableArray<int> InSync(in KafkaPartition one, in KafkaPartition two, KafkaLiveness live)
    {
        // As a rule both agree and all are alive: then nothing is copied.
        var isWhole = one.Isr.AsSpan().SequenceEqual(two.Isr.AsSpan());
        foreach (var id in one.Isr)
        {
            isWhole = isWhole && Counts(id, in one, in two, live);
        }

        if (isWhole)
        {
            return one.Isr;
        }

        var both = ImmutableArray.CreateBuilder<int>(one.Isr.Length);
        foreach (var id in one.Isr.AddRange(two.Isr))
        {
            if (!both.Contains(id) && Counts(id, in one, in two, live))
            {
                both.Add(id);
            }
        }

        return both.ToImmutable();
    }

    private static bool Counts(int id, in KafkaPartition one, in KafkaPartition two, KafkaLiveness live) =>
        one.Replicas.AsSpan().Contains(id)
        && (live.Targets.Contains(id) ? live.ListedTargets.Contains(id) : live.Others.Contains(id) && one.Isr.AsSpan().Contains(id) && two.Isr.AsSpan().Contains(id));

    private static bool AnyOther(ImmutableArray<int> isr, KafkaLiveness live)
    {
        foreach (var id in isr)
        {
            if (!live.Targets.Contains(id) && live.Listed.Contains(id))
            {
                return true;
            }
        }

        return false;
    }

    private static bool SameSet(ImmutableArray<int> one, ImmutableArray<int> two)
    {
        if (one.AsSpan().SequenceEqual(two.AsSpan()))
        {
            return true;
        }

        var isSame = one.Length == two.Length;
        foreach (var id in one)
        {
            isSame = isSame && two.AsSpan().Contains(id);
        }

        return isSame;
    }
}

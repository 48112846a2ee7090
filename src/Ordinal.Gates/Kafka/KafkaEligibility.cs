using System.Collections.Immutable;
using Ordinal.Gates.Kafka.Messages;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka;

/// <summary>
/// Who may lead although not in sync (KIP-966). It is asked only of topics that have too few replicas in sync, since only these have such replicas,
/// and it only ever makes an answer graver: a broker that does not tell, or tells late, opens nothing.
/// </summary>
internal static class KafkaEligibility
{
    /// <summary>Two thousand partitions each: what is ill beyond that is told apart well enough by Metadata.</summary>
    private const int MostPages = 8;

    /// <summary>Gets the topics to ask about.</summary>
    internal static List<string> Topics(IEnumerable<KafkaSnapshot> snapshots, IReadOnlyDictionary<string, KafkaTopicConfig> configs) =>
    [
        .. snapshots.SelectMany(s => s.Topics)
            .Where(t => t.Partitions.Any(p => p.Isr.Length < Math.Min(p.Replicas.Length, configs.GetValueOrDefault(t.Name)?.MinIsr ?? 1) || p.Isr.IsEmpty))
            .Select(t => t.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    /// <summary>Asks one broker. What it does not know, or cannot tell, is left out.</summary>
    internal static async Task<ImmutableArray<KafkaEligible>> ReadAsync(KafkaConnections connections, KafkaEndpoint broker, List<string> topics, CancellationToken cancellationToken)
    {
        var all = ImmutableArray.CreateBuilder<KafkaEligible>();
        (string Topic, int Partition)? from = null;
        for (var page = 0; page < MostPages; page++)
        {
            var answer = await connections.AskAsync(broker, DescribeTopicPartitions.Request(topics, from), cancellationToken);
            all.AddRange(answer.Value?.Partitions ?? []);
            from = answer.Value?.Next;
            if (from is null)
            {
                break;
            }
        }

        return all.ToImmutable();
    }

    /// <summary>The worse of what two brokers know: of those that stay who both name and who lives, of those that shall stop whom either names.</summary>
    internal static Dictionary<(string Topic, int Partition), ImmutableArray<int>> Merge(KafkaSnapshot first, KafkaSnapshot second, KafkaLiveness live)
    {
        var merged = new Dictionary<(string, int), ImmutableArray<int>>();
        if (first.Eligible.IsEmpty && second.Eligible.IsEmpty)
        {
            return merged;
        }

        var (one, two) = (ByPartition(first), ByPartition(second));
        foreach (var key in one.Keys.Union(two.Keys))
        {
            var (a, b) = (one.GetValueOrDefault(key, []), two.GetValueOrDefault(key, []));
            merged[key] = [.. a.Union(b).Where(id => live.Targets.Contains(id) ? live.ListedTargets.Contains(id) : live.Others.Contains(id) && a.Contains(id) && b.Contains(id)).Order()];
        }

        return merged;
    }

    private static Dictionary<(string, int), ImmutableArray<int>> ByPartition(KafkaSnapshot snapshot)
    {
        var byPartition = new Dictionary<(string, int), ImmutableArray<int>>();
        foreach (var told in snapshot.Eligible)
        {
            byPartition[(told.Topic, told.Partition)] = told.Eligible.IsEmpty ? told.LastKnown : told.Eligible;
        }

        return byPartition;
    }
}

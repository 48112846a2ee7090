using System.Collections.Immutable;
using System.Globalization;

namespace Ordinal.Gates.Kafka;

/// <summary>
/// What is remembered of brokers before their pods stop: which of their partitions were out of sync already, and which were offline. As text,
/// for the rollout's status: <c>v1 cluster=MkU3 out=orders-3,orders-7 off=</c>. Topic names have no spaces and no commas.
/// </summary>
internal sealed record KafkaBaseline(string ClusterId, ImmutableSortedSet<string> OutOfSync, ImmutableSortedSet<string> Offline)
{
    /// <summary>A status must stay small: what is more than this must simply be in sync afterwards.</summary>
    private const int Most = 50;

    private const string Version = "v1";

    internal static KafkaBaseline Of(KafkaClusterView view)
    {
        var outOfSync = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        var offline = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        foreach (ref readonly var p in view.All)
        {
            if (outOfSync.Count < Most && !p.IsInSync && Lacks(in p, view.Targets))
            {
                outOfSync.Add(p.Name);
            }

            if (offline.Count < Most && p.IsOffline)
            {
                offline.Add(p.Name);
            }
        }

        return new KafkaBaseline(view.ClusterId, outOfSync.ToImmutable(), offline.ToImmutable());
    }

    internal static KafkaBaseline? Parse(string text)
    {
        var words = text.Split(' ');
        return words.Length == 4 && words[0] == Version && Value(words[1], "cluster=") is { } cluster && Value(words[2], "out=") is { } outOfSync && Value(words[3], "off=") is { } offline
            ? new KafkaBaseline(cluster, Names(outOfSync), Names(offline))
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Version} cluster={ClusterId} out={string.Join(',', OutOfSync)} off={string.Join(',', Offline)}");

    private static bool Lacks(in KafkaPartitionState partition, HashSet<int> targets)
    {
        foreach (var id in partition.Replicas)
        {
            if (targets.Contains(id) && !partition.Isr.AsSpan().Contains(id))
            {
                return true;
            }
        }

        return false;
    }

    private static string? Value(string word, string key) => word.StartsWith(key, StringComparison.Ordinal) ? word[key.Length..] : null;

    private static ImmutableSortedSet<string> Names(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries).ToImmutableSortedSet(StringComparer.Ordinal);
}

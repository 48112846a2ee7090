using System.Collections.Immutable;

namespace Ordinal.Gates.Kafka;

/// <summary>Sorts partitions into the classes. Set-valued: all targets stop together.</summary>
internal static class KafkaClasses
{
    internal static KafkaClass Of(in KafkaPartitionState p, HashSet<int> targets, HashSet<int> listedTargets, int headroom)
    {
        if (!p.TouchesAny(targets))
        {
            return KafkaClass.Untouched;
        }

        var inSync = p.Isr.Length;
        var left = p.InSyncWithout(targets);
        var takes = inSync - left;
        if (p.Replicas.Length == 1 && inSync > 0)
        {
            return KafkaClass.SingleReplica;
        }

        if (inSync > 0 && left == 0)
        {
            return KafkaClass.LastInSync;
        }

        if (inSync == 0)
        {
            // Nobody is in sync, but Kafka kept note of who has everything: the last of them is the last copy.
            if (p.LosesTheLastEligible(targets))
            {
                return KafkaClass.LastInSync;
            }

            return p.TouchesAny(listedTargets) ? KafkaClass.Offline : p.MayHaveOthers ? KafkaClass.TargetCatchingUp : KafkaClass.OfflineTargetDown;
        }

        return takes > 0 ? Takes(in p, inSync, left, takes, headroom) : inSync < p.MinIsr ? KafkaClass.TargetCatchingUp : KafkaClass.Untouched;
    }

    /// <summary>Sorts all partitions; the numbers and a few examples of each class.</summary>
    internal static KafkaCensus Count(ReadOnlySpan<KafkaPartitionState> partitions, HashSet<int> targets, HashSet<int> listedTargets, int headroom)
    {
        var census = new KafkaCensus();
        foreach (ref readonly var p in partitions)
        {
            var found = Of(in p, targets, listedTargets, headroom);
            if (found is not KafkaClass.Untouched)
            {
                census.Add(found, in p);
            }
        }

        return census;
    }

    private static KafkaClass Takes(in KafkaPartitionState p, int inSync, int left, int takes, int headroom)
    {
        var replicas = p.Replicas.Length;
        if (left >= p.MinIsr)
        {
            return replicas > p.MinIsr + headroom && left < p.MinIsr + headroom ? KafkaClass.NoHeadroom : KafkaClass.Untouched;
        }

        if (replicas == p.MinIsr)
        {
            return inSync == replicas && takes == 1 ? KafkaClass.FullIsr : KafkaClass.FullIsrDegraded;
        }

        return inSync < p.MinIsr ? KafkaClass.AlreadyUnderMinIsr : KafkaClass.WouldGoUnderMinIsr;
    }
}

/// <summary>How many partitions are in each class, and a few of them.</summary>
internal sealed class KafkaCensus
{
    private const int Examples = 3;

    private readonly Dictionary<KafkaClass, (int Count, ImmutableArray<KafkaPartitionState> Examples, bool Unclean)> classes = [];

    internal int this[KafkaClass of] => classes.TryGetValue(of, out var found) ? found.Count : 0;

    internal void Add(KafkaClass to, in KafkaPartitionState partition)
    {
        var (count, examples, unclean) = classes.TryGetValue(to, out var found) ? found : (0, [], false);
        classes[to] = (count + 1, examples.Length < Examples ? examples.Add(partition) : examples, unclean || partition.AllowsUnclean);
    }

    /// <summary>Tells whether one of the class's partitions may elect a leader that lacks data.</summary>
    internal bool IsUnclean(KafkaClass of) => classes.TryGetValue(of, out var found) && found.Unclean;

    /// <summary>Says how many partitions, and the first with its numbers.</summary>
    internal string Text(KafkaClass of)
    {
        if (!classes.TryGetValue(of, out var found))
        {
            return "no partition";
        }

        var p = found.Examples[0];
        var isr = string.Join(", ", p.Isr);
        return $"{Plural(found.Count)}, e.g. {Wire.KafkaFailures.Clean(p.Name)} with {p.Isr.Length} of {p.Replicas.Length} replicas in sync ({(isr.Length == 0 ? "none" : isr)}), {p.MinIsr} needed{(p.Eligible.IsDefaultOrEmpty ? "" : $"; eligible to lead: {string.Join(", ", p.Eligible)}")}";
    }

    internal static string Plural(int partitions) => partitions == 1 ? "1 partition" : $"{partitions} partitions";

    internal IEnumerable<(string Name, string Value)> Facts() => classes.OrderBy(c => c.Key).Select(c => ($"{c.Key}", $"{c.Value.Count}: {string.Join(", ", c.Value.Examples.Select(p => Wire.KafkaFailures.Clean(p.Name)))}"));
}

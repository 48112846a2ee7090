using System.Collections.Immutable;

namespace Ordinal.Gates.Kafka;

/// <summary>One partition as the worse of what two brokers know.</summary>
internal readonly record struct KafkaPartitionState
{
    internal required string Topic { get; init; }

    internal required int Index { get; init; }

    internal required ImmutableArray<int> Replicas { get; init; }

    /// <summary>Gets the replicas that both call in sync and that are alive: a broker that just crashed stays in the list for a while.</summary>
    internal required ImmutableArray<int> Isr { get; init; }

    /// <summary>
    /// Gets a value indicating whether a broker that stays is called in sync and is listed, though it may not have answered: then that nobody is
    /// in sync is not certain.
    /// </summary>
    internal required bool MayHaveOthers { get; init; }

    /// <summary>Gets the leader; −1 when either broker knows none, or both know different ones.</summary>
    internal required int Leader { get; init; }

    /// <summary>Gets a value indicating whether either broker knows no leader.</summary>
    internal required bool IsOffline { get; init; }

    /// <summary>Gets how many replicas must be in sync for writes with acks=all: min.insync.replicas, but never more than there are replicas (as Kafka has it).</summary>
    internal required int MinIsr { get; init; }

    internal required bool AllowsUnclean { get; init; }

    /// <summary>
    /// Gets the replicas that may lead without loss, or where none may, those that could last; known only where too few are in sync. None of them
    /// counts as in sync: what they are for is that nobody takes the last of them.
    /// </summary>
    internal ImmutableArray<int> Eligible { get; init; }

    internal bool IsInSync => Isr.Length >= Replicas.Length;

    internal string Name => $"{Topic}-{Index}";

    internal int InSyncWithout(HashSet<int> stopping)
    {
        var count = 0;
        foreach (var id in Isr)
        {
            count += stopping.Contains(id) ? 0 : 1;
        }

        return count;
    }

    /// <summary>Tells whether these brokers are all that may still lead without loss.</summary>
    internal bool LosesTheLastEligible(HashSet<int> stopping)
    {
        var takes = false;
        foreach (var id in Eligible.IsDefault ? ImmutableArray<int>.Empty : Eligible)
        {
            if (!stopping.Contains(id))
            {
                return false;
            }

            takes = true;
        }

        return takes;
    }

    internal bool TouchesAny(HashSet<int> ids)
    {
        foreach (var id in Replicas)
        {
            if (ids.Contains(id))
            {
                return true;
            }
        }

        return false;
    }
}

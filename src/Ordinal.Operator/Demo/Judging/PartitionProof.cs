using System.Collections.Immutable;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>Judges a run of the Partition driver: the order, the budget, one pod released at a time, and the end.</summary>
public static class PartitionProof
{
    /// <summary>Judges.</summary>
    /// <param name="replicas">Pods of the StatefulSet, ordinals from 0.</param>
    /// <param name="podsAtEnd">The pods when the rollout had ended.</param>
    /// <param name="updateRevision">The StatefulSet's update revision then.</param>
    public static ImmutableArray<ProofLine> Judge(
        PartitionRecord record, string setName, int replicas, IReadOnlyList<PodAtEnd> podsAtEnd, string updateRevision, bool hasSucceeded, string outcome)
    {
        ArgumentNullException.ThrowIfNull(record);
        string[] descending = [.. Enumerable.Range(0, replicas).Reverse().Select(o => $"{setName}-{o}")];
        var updated = podsAtEnd.Count(p => p.IsReady && p.Revision == updateRevision && updateRevision.Length > 0);

        // From wherever the hold was, each step down to 0 releases one more pod; what lies above the highest ordinal releases none.
        long[] released = [.. record.Partitions.Where(p => p < replicas)];
        long[] oneByOne = [.. Enumerable.Range(0, replicas).Reverse().Select(o => (long)o)];
        return
        [
            new($"all {replicas} pods run the new template", updated == replicas, $"{updated} of {replicas} are ready at revision {updateRevision}"),
            new("the highest ordinal went first, and each once", record.Order.SequenceEqual(descending, StringComparer.Ordinal), string.Join(", ", record.Order)),
            new("never was more than one pod away", record.MostAway == 1, $"at most {record.MostAway} away at once"),
            new("pods were released one at a time", released.SequenceEqual(oneByOne), $"partition {string.Join(" > ", record.Partitions)}"),
            new("the rollout says that it succeeded", hasSucceeded, outcome),
        ];
    }

    /// <summary>Writes the judgement for people.</summary>
    public static IReadOnlyList<string> Write(ImmutableArray<ProofLine> lines, TimeSpan inAll) =>
    [
        "PROOF",
        $"  in all        {ProofText.Seconds(inAll)} from the change to the end",
        "",
        .. lines.Select(l => $"  {(l.IsKept ? "kept  " : "BROKEN")}  {l.Promise}: {l.Evidence}"),
        "",
        lines.All(l => l.IsKept) ? "PASSED" : $"FAILED: {string.Join("; ", lines.Where(l => !l.IsKept).Select(l => $"{l.Promise}: no"))}",
    ];
}

using System.Collections.Immutable;
using System.Globalization;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>All that <see cref="KafkaProof"/> judges.</summary>
public sealed record KafkaEvidence
{
    public required KafkaRecord Seen { get; init; }

    /// <summary>Gets the name of the StatefulSet: broker 3 is pod NAME-3.</summary>
    public required string SetName { get; init; }

    public required int Replicas { get; init; }

    /// <summary>Gets when the template was changed.</summary>
    public required TimeSpan Changed { get; init; }

    /// <summary>Gets when the rollout ended; null when it did not.</summary>
    public required TimeSpan? Finished { get; init; }

    public required ImmutableArray<PodAtEnd> Pods { get; init; }

    public required string UpdateRevision { get; init; }

    public required bool HasSucceeded { get; init; }

    public required string Outcome { get; init; }

    public ImmutableArray<Hold> Holds { get; init; } = [];

    /// <summary>Gets a value indicating whether a lag belongs to the run.</summary>
    public bool IsLagDue { get; init; }

    /// <summary>Gets the lag; null when none was made.</summary>
    public LagRecord? Lag { get; init; }
}

/// <summary>Judges a rollout of a simulated Kafka: no partition too few in sync or without a leader, nothing lost, the active controller last.</summary>
public static class KafkaProof
{
    /// <summary>Judges.</summary>
    public static ImmutableArray<ProofLine> Judge(KafkaEvidence e)
    {
        ArgumentNullException.ThrowIfNull(e);
        var seen = e.Seen;
        var updated = e.Pods.Count(p => p.IsReady && p.Revision == e.UpdateRevision && e.UpdateRevision.Length > 0);
        var rolled = seen.Replacements.Where(r => r.Gone >= e.Changed).ToArray();
        var changes = seen.Controllers.Count(c => c.From >= e.Changed);
        var worst = seen.Worst is { } w ? $"{w.Partition.Name} had {w.Partition.InSync} of {w.Partition.Replicas} in sync and needs {w.Partition.Needed}" : "nobody looked";
        ImmutableArray<ProofLine> lines =
        [
            new($"all {e.Replicas} pods run the new template", updated == e.Replicas, $"{updated} of {e.Replicas} are ready at revision {e.UpdateRevision}"),
            new(
                "no partition ever had fewer replicas in sync than min.insync.replicas",
                seen.MostUnderMinIsr == 0 && seen.Worst is not null,
                seen.MostUnderMinIsr == 0 ? $"the worst of {seen.Looks} looks: {worst}"
                    : $"{Count(seen.MostUnderMinIsr, "partition")} at once, {ProofText.Seconds(seen.UnderMinIsr)} in all; at {ProofText.Seconds(seen.Worst!.Value.At - e.Changed)} {worst}"),
            new("no partition was ever without a leader", seen.WithoutLeader == TimeSpan.Zero, $"{ProofText.Seconds(seen.WithoutLeader)} in all"),
            new(
                "no acknowledged record is lost, and none was refused",
                seen.Records is { Lost: 0, Refused: 0, Acknowledged: > 0 },
                $"{Number(seen.Records.Acknowledged)} acknowledged, {Number(seen.Records.Lost)} lost, {Number(seen.Records.Refused)} refused"),
            new(
                "every broker went once, the active controller last",
                rolled.Select(r => r.Broker).Distinct().Count() == e.Replicas && rolled.Length == e.Replicas && rolled.Index().All(r => (r.Item.Broker == r.Item.Controller) == (r.Index == rolled.Length - 1)),
                rolled.Length == 0 ? "none went" : string.Join(", ", rolled.Select(r => $"{e.SetName}-{r.Broker}{(r.Broker == r.Controller ? " (it led)" : "")}"))),
            new("the quorum of controllers changed its leader once", changes == 1, $"{Count(changes, "change")} since the template's"),
            new("the rollout says that it succeeded", e.HasSucceeded && e.Finished is not null, e.Outcome),
        ];
        if (e.Lag is { } lag)
        {
            var name = $"{e.SetName}-{lag.Broker}";
            return lines.Add(new(
                $"while {name} did not keep up, the rollout waited and named a partition of its",
                lag.NamedBy is not null && !rolled.Any(r => r.Gone > lag.From && r.Gone <= lag.To),
                lag.NamedBy ?? $"no gate named one in {ProofText.Seconds(lag.To - lag.From)}"));
        }

        return e.IsLagDue ? lines.Add(new("a broker was made to lag", false, "the moment for it, with every partition in sync, never came")) : lines;
    }

    /// <summary>Writes the judgement for people.</summary>
    public static IReadOnlyList<string> Write(KafkaEvidence e, ImmutableArray<ProofLine> lines)
    {
        ArgumentNullException.ThrowIfNull(e);
        var text = new List<string> { "PROOF" };
        void Row(string name, string what) => text.Add($"  {name,-14}{what}");

        foreach (var r in e.Seen.Replacements.Where(r => r.Gone >= e.Changed))
        {
            Row("replaced", $"{e.SetName}-{r.Broker} from {ProofText.Seconds(r.Gone - e.Changed)}: served {After(r.Back, r)}, in sync {After(r.InSync, r)}{(r.Broker == r.Controller ? "; it led the quorum" : "")}");
        }

        Row("controllers", string.Join(", then ", e.Seen.Controllers.Select((c, i) => i == 0 ? $"{e.SetName}-{c.Leader}" : $"{e.SetName}-{c.Leader} from {ProofText.Seconds(c.From - e.Changed)}")));
        Row("records", $"{Number(e.Seen.Records.Acknowledged)} acknowledged, {Number(e.Seen.Records.Refused)} refused for lack of replicas, {Number(e.Seen.Records.Unanswered)} not answered");
        Row("lost", Number(e.Seen.Records.Lost));
        var gates = e.Holds.Where(h => h.IsByGate).ToArray();
        Row("held", $"{ProofText.Seconds(gates.Aggregate(TimeSpan.Zero, (sum, h) => sum + h.Length))} because a gate said no");
        foreach (var hold in gates)
        {
            Row("", $"{ProofText.Seconds(hold.Length)} {hold.Reason}: {hold.Message}");
        }

        if (e.Lag is { } lag)
        {
            Row("lag", $"{e.SetName}-{lag.Broker} did not keep up from {ProofText.Seconds(lag.From - e.Changed)} to {ProofText.Seconds(lag.To - e.Changed)}{(lag.NamedAt is { } at ? $", named after {ProofText.Seconds(at - lag.From)}" : "")}");
        }

        Row("in all", e.Finished is { } finished ? $"{ProofText.Seconds(finished - e.Changed)} from the change to the end" : "not finished");
        text.Add("");
        text.AddRange(lines.Select(l => $"  {(l.IsKept ? "kept  " : "BROKEN")}  {l.Promise}: {l.Evidence}"));
        text.Add("");
        text.Add(lines.All(l => l.IsKept) ? "PASSED" : $"FAILED: {string.Join("; ", lines.Where(l => !l.IsKept).Select(l => $"{l.Promise}: no"))}");
        return text;
    }

    private static string After(TimeSpan? moment, BrokerReplacement r) => moment is { } at ? $"after {ProofText.Seconds(at - r.Gone)}" : "never";

    private static string Number(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static string Count(int count, string noun) => $"{Number(count)} {noun}{(count == 1 ? "" : "s")}";
}

using System.Globalization;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>Writes a <see cref="Proof"/> for people. Pure.</summary>
public static class ProofText
{
    private static readonly TimeSpan WorthTelling = TimeSpan.FromSeconds(1);

    /// <summary>Returns the lines, without line ends.</summary>
    public static IReadOnlyList<string> Write(Proof proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        var e = proof.Evidence;
        var names = e.Seen.Members;
        var lines = new List<string> { "PROOF" };

        void Row(string name, string text) => lines.Add($"  {name,-14}{text}");

        var order = proof.Replacements.Select(r => $"{names[r.Member]} ({Took(r)}{Led(r, e)})").ToArray();
        Row("order", order.Length == 0 ? "no pod was replaced" : string.Join(", then ", order));
        Row("leaders", proof.Reigns.IsEmpty ? "nobody led" : string.Join(", then ", proof.Reigns.Select((r, i) => i == 0 ? names[r.Leader] : $"{names[r.Leader]} from {Seconds(r.From - e.Changed)}")));
        Row("", $"{Count(Math.Max(0, proof.Reigns.Length - 1), "leader change")}");
        Row("writes", $"{Number(e.Writes.Acknowledged)} acknowledged, {Number(e.Writes.Failed)} failed, of these {Number(e.Writes.Unknown)} without a word of what became of them");
        Row("lost", e.ReadBack is { } back ? Number(back.Lost.Count) : "unknown: the read-back was not answered");
        Row("write stall", $"{Seconds(e.Writes.LongestStall)} at most between two acknowledged writes");

        var byGates = e.Holds.Where(h => h.IsByGate).ToArray();
        Row("held", $"{Seconds(Sum(byGates))} because a gate said no");
        foreach (var hold in byGates)
        {
            Row("", $"{Seconds(hold.Length)} {hold.Reason}: {hold.Message}");
        }

        var course = e.Holds.Where(h => !h.IsByGate).GroupBy(h => h.Reason, StringComparer.Ordinal).Select(g => (Reason: g.Key, Length: Sum(g))).Where(r => r.Length >= WorthTelling).ToArray();
        if (course.Length > 0)
        {
            Row("", $"in the ordinary course: {string.Join(", ", course.OrderByDescending(r => r.Length).Select(r => $"{r.Reason} {Seconds(r.Length)}"))}");
        }

        if (e.Hang is { } hang)
        {
            Row("hang", $"{names[hang.Member]} was stopped from {Seconds(hang.Stopped - e.Changed)} to {Seconds(hang.Continued - e.Changed)}"
                        + (hang.NamedAt is { } at ? $", named after {Seconds(at - hang.Stopped)}" : ""));
        }

        foreach (var election in proof.Availability.Elections)
        {
            Row("election", $"{names[election.Leader]}, which led, was gone at {Seconds(election.Gone - e.Changed)}; {names[election.NewLeader]} led next; nobody answered for {Seconds(election.Length)}");
        }

        foreach (var down in proof.Availability.Downs)
        {
            Row("down", $"{names[down.Member]} from {Seconds(down.From - e.Changed)} for {Seconds(down.Length)} ({Cause(down.Cause)})");
        }

        Row("in all", e.Finished is { } finished ? $"{Seconds(finished - e.Changed)} from the change to the end" : "not finished");
        lines.Add("");
        foreach (var line in proof.Lines)
        {
            lines.Add($"  {(line.IsKept ? "kept  " : "BROKEN")}  {line.Promise}: {line.Evidence}");
        }

        lines.Add("");
        lines.Add(proof.IsPassed ? "PASSED" : $"FAILED: {string.Join("; ", proof.Lines.Where(l => !l.IsKept).Select(l => $"{l.Promise}: no"))}");
        return lines;
    }

    /// <summary>Writes a length or a moment in seconds: <c>3.2 s</c>.</summary>
    public static string Seconds(TimeSpan span) =>
        string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0#} s");

    private static TimeSpan Sum(IEnumerable<Hold> holds) => holds.Aggregate(TimeSpan.Zero, (sum, h) => sum + h.Length);

    private static string Took(Replacement r) => r.Back is { } back ? Seconds(back - r.Gone) : "never came back";

    private static string Led(Replacement r, Evidence e) =>
        r.LeaderBefore < 0 ? "" : r.LeaderBefore == r.Member ? ", it led" : $", {e.Seen.Members[r.LeaderBefore]} led";

    private static string Cause(DownCause cause) => cause switch
    {
        DownCause.NotRunning => "no process",
        DownCause.Stopped => "stopped",
        DownCause.NoAnswer => "no answer within 1 s",
    };

    private static string Number(int count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static string Count(int count, string noun) => $"{Number(count)} {noun}{(count == 1 ? "" : "s")}";
}

using System.Collections.Immutable;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>One promise, and whether it was kept.</summary>
/// <param name="Promise">What was promised, in plain words.</param>
/// <param name="IsKept">Whether the evidence shows it.</param>
/// <param name="Evidence">The numbers behind it.</param>
public sealed record ProofLine(string Promise, bool IsKept, string Evidence);

/// <summary>One replacement of a member's process.</summary>
/// <param name="Member">Index of the member.</param>
/// <param name="Gone">When the old process was gone.</param>
/// <param name="Back">When the new one gave its first linearizable answer; null when it never did.</param>
/// <param name="LeaderBefore">Who led when it went, or, where it may cost an election, when it gave its last answer; -1 when unknown.</param>
public sealed record Replacement(int Member, TimeSpan Gone, TimeSpan? Back, int LeaderBefore);

/// <summary>
/// Judges one run of the demo. It passes only when all members run the new template, nothing that was acknowledged is lost, and never
/// were two members down; and, so that a run that saw nothing cannot pass, when the witnesses were awake, the rollout says that it
/// succeeded, and the injected hang was held for, by name.
/// </summary>
public sealed record Proof
{
    /// <summary>An observer that slept longer than this cannot swear to anything: a restart takes 3 s.</summary>
    private static readonly TimeSpan LongestBlink = TimeSpan.FromSeconds(2);

    public required Evidence Evidence { get; init; }

    public required Availability Availability { get; init; }

    public required ImmutableArray<Reign> Reigns { get; init; }

    /// <summary>Gets the replacements in the order in which the processes went.</summary>
    public required ImmutableArray<Replacement> Replacements { get; init; }

    public required ImmutableArray<ProofLine> Lines { get; init; }

    /// <summary>Gets a value indicating whether every promise was kept.</summary>
    public bool IsPassed => Lines.All(l => l.IsKept);

    /// <summary>Judges.</summary>
    public static Proof Of(Evidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        var availability = Availability.Judge(evidence.Seen, evidence.End, evidence.Elections);
        var reigns = Leadership.Judge(evidence.Seen.Claims);
        return new Proof
        {
            Evidence = evidence,
            Availability = availability,
            Reigns = reigns,
            Replacements = ReplacementsOf(evidence, reigns),
            Lines = [.. Judge(evidence, availability)],
        };
    }

    private static IEnumerable<ProofLine> Judge(Evidence e, Availability availability)
    {
        var members = e.Seen.Members;
        int[] onNewTemplate = [.. Enumerable.Range(0, members.Length).Where(m => RunsNewTemplate(m, e))];
        yield return new(
            $"all {members.Length} members run the new template",
            onNewTemplate.Length == members.Length,
            $"{onNewTemplate.Length} of {members.Length} processes have {e.NewWord} and pods of revision {e.UpdateRevision}");

        yield return new(
            "nothing that was acknowledged is lost",
            e.ReadBack is { Lost.Count: 0, Checked: > 0 } back && back.Checked == e.Writes.Acknowledged,
            e.ReadBack is null ? "no member answered the read-back"
                : $"{e.ReadBack.Checked} acknowledged writes read back, {e.ReadBack.Lost.Count} lost{Examples(e.ReadBack.Lost)}");

        yield return new(
            "never were two members down",
            availability.MostDown <= 1,
            availability.MostDown <= 1 ? $"at most {availability.MostDown} down at any of {availability.Looks} looks{InElections(e, availability)}"
                : $"{availability.MostDown} down at {Seconds(availability.MostDownAt)} ({string.Join(", ", availability.MostDownMembers.Select(m => members[m]))}), two or more for {Seconds(availability.SeveralDownFor)}");

        yield return new(
            "the observer was awake all the time",
            availability.Looks > 0 && availability.LargestGap <= LongestBlink,
            $"longest time between two looks {Seconds(availability.LargestGap)}");

        if (e.Elections is { Most: var most })
        {
            var elections = Leadership.Elections(e.Seen.Claims, e.Changed);
            yield return new($"the rollout cost at most {most} election{(most == 1 ? "" : "s")}", elections <= most && e.Seen.Claims.Any(c => c.Leader >= 0), $"{elections} new term{(elections == 1 ? "" : "s")} since the change");
        }

        yield return new("the rollout says that it succeeded", e.HasSucceeded && e.Finished is not null, e.Outcome);

        if (e.IsHangDue && e.Hang is null)
        {
            yield return new("a member was made to hang", false, "the moment for it never came");
        }
        else if (e.Hang is { } hang)
        {
            var name = members[hang.Member];
            yield return new(
                $"while {name} hung, the rollout waited and named it",
                hang.NamedBy is not null && !e.Seen.Processes.Any(p => p.Gone > hang.Stopped && p.Gone <= hang.Continued),
                hang.NamedBy ?? $"no condition of the rollout named {name} in {Seconds(hang.Continued - hang.Stopped)}");
        }
    }

    private static bool RunsNewTemplate(int member, Evidence e) =>
        e.Seen.Processes.LastOrDefault(p => p.Member == member) is { Gone: null } run
        && run.CommandLine.Contains(e.NewWord, StringComparer.Ordinal)
        && e.Pods.Any(p => p.Name == e.Seen.Members[member] && p.IsReady && p.Revision == e.UpdateRevision && p.Revision.Length > 0);

    private static ImmutableArray<Replacement> ReplacementsOf(Evidence e, ImmutableArray<Reign> reigns) =>
    [
        .. from run in e.Seen.Processes
           let gone = run.Gone ?? TimeSpan.MinValue
           where gone >= e.Changed
           orderby gone
           let next = e.Seen.Processes.FirstOrDefault(p => p.Member == run.Member && p.FirstSeen >= gone)
           let answers = e.Seen.Reads.Where(r => r.Member == run.Member && next is not null && r.Sent >= next.FirstSeen).ToArray()
           select new Replacement(
               run.Member,
               gone,
               answers.Length == 0 ? null : answers.Min(r => r.Answered),
               Leadership.At(reigns, e.Elections is { } allowed ? e.Seen.LastAnswer(run, allowed.Longest) : gone)),
    ];

    private static string InElections(Evidence e, Availability availability) => availability.Elections.IsEmpty || e.Elections is not { } allowed ? ""
        : $", beside {availability.Elections.Length} election{(availability.Elections.Length == 1 ? "" : "s")} of {Seconds(availability.Elections.Max(p => p.Length))} at most (an outage from {Seconds(allowed.Longest)} on)";

    private static string Examples(IReadOnlyList<string> lost) =>
        lost.Count == 0 ? "" : $": {string.Join(", ", lost.Take(5))}{(lost.Count > 5 ? ", ..." : "")}";

    private static string Seconds(TimeSpan span) => ProofText.Seconds(span);
}

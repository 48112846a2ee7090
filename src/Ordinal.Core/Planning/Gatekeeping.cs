using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>What the gates of one phase say about one pod.</summary>
/// <param name="IsOpen">All of them pass, or a forced bypass was used for those that do not.</param>
/// <param name="Reason">Why not; null when open.</param>
/// <param name="Message">Object, fact and remedy; empty when open.</param>
internal readonly record struct GateStanding(bool IsOpen, ReasonCode? Reason, string Message)
{
    internal static GateStanding Open { get; } = new(true, null, "");

    /// <summary>Gets what the gates want to remember of the member until AfterPod; null when nothing.</summary>
    internal ImmutableSortedDictionary<string, string>? Baselines { get; init; }

    /// <summary>Gets the gate through which something should be done: open, before the disruption; closed, before it can open. Null when none.</summary>
    internal string? Prepares { get; init; }

    /// <summary>Gets the forced bypasses that were needed to open.</summary>
    internal ImmutableArray<ForceEntry> Forced { get; init; } = [];

    /// <summary>Gets what the gates that pass warn of.</summary>
    internal ImmutableArray<(ReasonCode Reason, string Message)> Warnings { get; init; } = [];

    /// <summary>Gets the shortest time for which an answer may be acted on; null without gates.</summary>
    internal TimeSpan? ValidFor { get; init; }

    /// <summary>
    /// Gets the UIDs of pods that may stop now by what the gates know of all of them: when open, together with this one; when a gate denies,
    /// in its place. Empty when no gate looks at that.
    /// </summary>
    internal ImmutableArray<string> Batch { get; init; } = [];

    /// <summary>Gets the gate that timed out under <see cref="GateTimeoutAction.Fail"/>; null when none.</summary>
    internal string? Failed { get; init; }
}

/// <summary>Binds reports to questions, and asks what has no current report. Only Allow, current and often enough in a row, opens (rule 2).</summary>
internal static class Gatekeeping
{
    /// <summary>Asks every gate of a phase; each that is missing or due becomes a question.</summary>
    /// <param name="uid">The pod that it is about; empty for the workload as a whole.</param>
    /// <param name="others">Pods that may stop together with it, in any order; default when none.</param>
    /// <param name="what">The object as messages name it.</param>
    /// <param name="baselines">What the gates remembered before the disruption; null when nothing.</param>
    /// <param name="since">Since when it has been waited for, pauses taken out; null when not waiting yet.</param>
    internal static GateStanding Ask(
        ref Pass pass,
        GatePhase phase,
        string uid,
        ImmutableArray<string> others,
        string what,
        ImmutableSortedDictionary<string, string>? baselines = null,
        TimeSpan? since = null)
    {
        var flag = FlagOf(phase);
        var answer = GateStanding.Open;
        foreach (var gate in pass.Policy.Gates)
        {
            if ((gate.RunAt & flag) == 0)
            {
                continue;
            }

            var report = Find(pass.Input.Reports, gate.Name, phase, uid, others, pass.Goal);
            var open = report is not null && report.IsOpen(gate.SuccessThreshold, pass.Now);
            AskIfDue(ref pass, gate, report, open, phase, uid, others, baselines?.GetValueOrDefault(gate.Name));
            if (open)
            {
                answer = Join(answer, gate, report!);
            }
            else
            {
                var closed = Closed(ref pass, gate, report, what, since);
                if (report is { Verdict: not GateVerdict.Allow } && (Forces.Find(in pass, uid, report.Reason.Code) ?? Forces.Find(in pass, uid, closed.Reason!.Code)) is { } force)
                {
                    answer = answer with { Forced = answer.Forced.Add(force) };
                }
                else
                {
                    pass.IsWaitingForGate = true;
                    answer = answer.IsOpen ? closed : answer;
                }
            }
        }

        return answer;
    }

    /// <summary>Finds the newest report to a question; null when there is none. Compares piece by piece, so that it allocates nothing.</summary>
    internal static GateReport? Find(ImmutableArray<GateReport> reports, string gate, GatePhase phase, string uid, ImmutableArray<string> others, string revision)
    {
        GateReport? newest = null;
        var key = others.IsDefaultOrEmpty ? null : Question(gate, phase, uid, others, revision).Key;
        foreach (var report in reports)
        {
            if (report.Phase == phase && report.Gate == gate
                && (key is null ? KeyIs(report.Key, gate, phase, uid, revision) : report.Key == key)
                && (newest is null || report.ObservedAt > newest.ObservedAt))
            {
                newest = report;
            }
        }

        return newest;
    }

    /// <summary>Puts a question unless a report answers it for now; an answer that does not open is asked again after the gate's interval.</summary>
    internal static void AskIfDue(
        ref Pass pass, GatePolicy gate, GateReport? report, bool open, GatePhase phase, string uid, ImmutableArray<string> others, string? baseline)
    {
        var usable = report is not null && report.IsCurrent(pass.Now);
        if (usable && (open || pass.Now - report!.ObservedAt < gate.Interval))
        {
            pass.Wake(open ? report!.ObservedAt + report.ValidFor - pass.Now + TimeSpan.FromMilliseconds(1) : report!.ObservedAt + gate.Interval - pass.Now);
            return;
        }

        pass.Questions.Add(Question(gate.Name, phase, uid, others, pass.Goal) with { Baseline = baseline });
        pass.Wake(gate.Interval);
    }

    /// <summary>Acts on an opening: passes its warnings on, and records the forced bypasses behind it, so that each works once.</summary>
    internal static void Consume(ref Pass pass, string pod, in GateStanding gates)
    {
        foreach (var (reason, warning) in gates.Warnings)
        {
            pass.Notify(reason, pod, $"{pass.Set.Namespace}/{pod}: {warning}", isWarning: true);
        }

        foreach (var force in gates.Forced)
        {
            Forces.Use(ref pass, pod, force);
        }
    }

    private static GateQuestion Question(string gate, GatePhase phase, string uid, ImmutableArray<string> others, string revision)
    {
        ImmutableArray<string> pods = uid.Length == 0 ? [] : others.IsDefaultOrEmpty ? [uid] : others.Add(uid).Sort(StringComparer.Ordinal);
        return new(gate, phase, pods, revision);
    }

    private static bool KeyIs(ReadOnlySpan<char> key, string gate, GatePhase phase, string uid, string revision) =>
        Eat(ref key, gate) && Eat(ref key, "|") && Eat(ref key, phase.ToString()) && Eat(ref key, "|")
        && Eat(ref key, uid) && Eat(ref key, "|") && key.SequenceEqual(revision);

    private static bool Eat(ref ReadOnlySpan<char> text, string prefix)
    {
        if (!text.StartsWith(prefix, StringComparison.Ordinal))
        {
            return false;
        }

        text = text[prefix.Length..];
        return true;
    }

    private static GatePhases FlagOf(GatePhase phase) => phase switch
    {
        GatePhase.Roles => GatePhases.None,
        GatePhase.BeforeRollout => GatePhases.BeforeRollout,
        GatePhase.BeforePod => GatePhases.BeforePod,
        GatePhase.AfterPod => GatePhases.AfterPod,
        GatePhase.AfterRollout => GatePhases.AfterRollout,
    };

    private static GateStanding Join(GateStanding answer, GatePolicy gate, GateReport report)
    {
        if (report.Baseline is { } baseline)
        {
            var all = answer.Baselines ?? ImmutableSortedDictionary<string, string>.Empty.WithComparers(StringComparer.Ordinal);
            answer = answer with { Baselines = all.SetItem(gate.Name, baseline) };
        }

        foreach (var warning in report.Warnings)
        {
            answer = answer with { Warnings = answer.Warnings.Add((ReasonCodes.GateWarning, $"gate {gate.Name}: {warning}")) };
        }

        if (report.Preparation is GatePreparation.Exhausted)
        {
            answer = answer with { Warnings = answer.Warnings.Add((ReasonCodes.PreparationExhausted, $"gate {gate.Name}: {report.Message}")) };
        }

        if (!answer.IsOpen)
        {
            // What another gate holds stays held, whatever this one offers.
            return answer;
        }

        return answer with
        {
            Batch = answer.Batch.IsEmpty || report.Batch.IsEmpty ? answer.Batch.AddRange(report.Batch) : [.. answer.Batch.Where(report.Batch.Contains)],
            Prepares = answer.Prepares ?? (report.Preparation is GatePreparation.Needed ? gate.Name : null),
            ValidFor = answer.ValidFor is { } shortest && shortest < report.ValidFor ? shortest : report.ValidFor,
        };
    }

    private static GateStanding Closed(ref Pass pass, GatePolicy gate, GateReport? report, string what, TimeSpan? since)
    {
        var (reason, message) = report switch
        {
            null => (ReasonCodes.GateNotAsked, $"{what}: gate {gate.Name} has not answered yet; it is being asked."),
            { Verdict: not GateVerdict.Allow } => (report.Reason, $"{what}: gate {gate.Name}: {report.Message}"),
            _ when !report.IsCurrent(pass.Now) => (
                ReasonCodes.GateAnswerTooOld,
                $"{what}: gate {gate.Name} answered {Text.Of(pass.Now - report.ObservedAt)} ago, which is good for {Text.Of(report.ValidFor)}; it is asked again."),
            _ => (ReasonCodes.GateCounting, $"{what}: gate {gate.Name} passed {report.Successes} of {gate.SuccessThreshold} times in a row; nothing to do."),
        };

        var told = report is { Verdict: GateVerdict.Deny } && report.IsCurrent(pass.Now) ? report : null;
        var closed = new GateStanding(false, reason, message) { Batch = told?.Batch ?? [], Prepares = told is { Preparation: GatePreparation.Needed } ? gate.Name : null };
        if (SinceProgress(in pass, since, report) is not { } waited || waited < gate.Timeout)
        {
            return closed;
        }

        var late = $"{message} It has not passed for {Text.Of(waited)}, its timeout is {Text.Of(gate.Timeout)}.";
        return closed with { Reason = ReasonCodes.GateOverdue, Message = late, Failed = gate.OnTimeout is GateTimeoutAction.Fail ? gate.Name : null };
    }

    /// <summary>Progress extends a deadline, silence does not: what is waited for begins anew when the gate last saw less left to do.</summary>
    internal static TimeSpan? SinceProgress(in Pass pass, TimeSpan? waited, GateReport? report) =>
        waited is { } time && report?.ProgressedAt is { } progressed && progressed <= pass.Now && pass.Now - progressed < time ? pass.Now - progressed : waited;
}

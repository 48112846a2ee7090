using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>Binds reports to questions, and asks what has no current report. Only Allow, current and often enough in a row, opens (rule 2).</summary>
internal static class Gatekeeping
{
    /// <summary>Asks every gate of a phase; each that is missing or due becomes a question.</summary>
    /// <param name="pods">The UIDs of the pods that it is about, ascending; empty for the workload as a whole.</param>
    /// <param name="uid">The one of them whose turn it is; empty for the workload as a whole.</param>
    /// <param name="what">The object as messages name it.</param>
    /// <param name="baselines">What the gates remembered before the disruption.</param>
    /// <param name="since">Since when it has been waited for, pauses taken out; null when not waiting yet.</param>
    internal static GateStanding Ask(
        ref Pass pass,
        GatePhase phase,
        Stretch pods,
        string uid,
        Words what,
        ImmutableArray<GateBaseline> baselines = default,
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

            var report = Find(pass.Input.Reports, gate.Name, phase, pods.Of(pass.Scratch.Uids), pass.Goal);
            var open = report is not null && report.IsOpen(gate.SuccessThreshold, pass.Now);
            AskIfDue(ref pass, gate, report, open, phase, pods, BaselineOf(baselines, gate.Name));
            if (open)
            {
                answer = Join(ref pass, answer, gate, report!);
            }
            else
            {
                var closed = Closed(in pass, gate, report, what, since);
                if (report is { Verdict: not GateVerdict.Allow } && (Forces.Find(in pass, uid, report.Reason.Code) ?? Forces.Find(in pass, uid, closed.Reason!.Code)) is { } force)
                {
                    answer = answer with { Forced = GateStanding.Longer(answer.Forced, pass.Scratch.Forced, force) };
                }
                else
                {
                    pass.IsWaitingForGate = true;

                    // What was heard against it weighs more than what is not heard yet, whichever gate comes first.
                    answer = answer.IsOpen || (answer.IsPending && !closed.IsPending) ? Offer(ref pass, closed, report) : answer;
                }
            }
        }

        return answer;
    }

    /// <summary>One pod, to ask about.</summary>
    internal static Stretch Alone(ref Pass pass, string uid) => GateStanding.Longer(default, pass.Scratch.Uids, uid);

    /// <summary>Finds the newest report to a question; null when there is none. Compares piece by piece, so that it allocates nothing.</summary>
    internal static GateReport? Find(ImmutableArray<GateReport> reports, string gate, GatePhase phase, ReadOnlySpan<string> pods, string revision)
    {
        GateReport? newest = null;
        foreach (var report in reports)
        {
            if (report.Phase == phase && report.Gate == gate && KeyIs(report.Key, gate, phase, pods, revision) && (newest is null || report.ObservedAt > newest.ObservedAt))
            {
                newest = report;
            }
        }

        return newest;
    }

    /// <summary>Puts a question unless a report answers it for now; an answer that does not open is asked again after the gate's interval.</summary>
    internal static void AskIfDue(ref Pass pass, GatePolicy gate, GateReport? report, bool open, GatePhase phase, Stretch pods, string? baseline)
    {
        var usable = report is not null && report.IsCurrent(pass.Now);
        if (usable && (open || pass.Now - report!.ObservedAt < gate.Interval))
        {
            pass.Wake(open ? report!.ObservedAt + report.ValidFor - pass.Now + TimeSpan.FromMilliseconds(1) : report!.ObservedAt + gate.Interval - pass.Now);
            return;
        }

        pass.Scratch.Questions.Add(new QuestionDraft(gate.Name, phase, pods, pass.Goal, baseline));
        pass.Wake(gate.Interval);
    }

    /// <summary>Acts on an opening: passes its warnings on, and records the forced bypasses behind it, so that each works once.</summary>
    internal static void Consume(ref Pass pass, string pod, in GateStanding gates)
    {
        foreach (var warning in gates.Warnings.Of(pass.Scratch.Warnings))
        {
            pass.Notify(warning.Reason, pod, $"{pass.Set.Namespace}/{pod}: {warning.Message}", isWarning: true);
        }

        foreach (var force in gates.Forced.Of(pass.Scratch.Forced))
        {
            Forces.Use(ref pass, pod, force);
        }
    }

    /// <summary>Tells whether a key is that of <see cref="GateQuestion.Key"/>.</summary>
    private static bool KeyIs(ReadOnlySpan<char> key, string gate, GatePhase phase, ReadOnlySpan<string> pods, string revision)
    {
        if (!Eat(ref key, gate) || !Eat(ref key, "|") || !Eat(ref key, NameOf(phase)) || !Eat(ref key, "|"))
        {
            return false;
        }

        for (var i = 0; i < pods.Length; i++)
        {
            if ((i > 0 && !Eat(ref key, ",")) || !Eat(ref key, pods[i]))
            {
                return false;
            }
        }

        return Eat(ref key, "|") && key.SequenceEqual(revision);
    }

    private static string NameOf(GatePhase phase) => phase switch
    {
        GatePhase.Roles => nameof(GatePhase.Roles),
        GatePhase.BeforeRollout => nameof(GatePhase.BeforeRollout),
        GatePhase.BeforePod => nameof(GatePhase.BeforePod),
        GatePhase.AfterPod => nameof(GatePhase.AfterPod),
        GatePhase.AfterRollout => nameof(GatePhase.AfterRollout),
    };

    private static string? BaselineOf(ImmutableArray<GateBaseline> baselines, string gate)
    {
        foreach (var baseline in baselines.AsSpan())
        {
            if (baseline.Gate == gate)
            {
                return baseline.Value;
            }
        }

        return null;
    }

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

    private static GateStanding Join(ref Pass pass, GateStanding answer, GatePolicy gate, GateReport report)
    {
        if (report.Baseline is { } baseline)
        {
            answer = answer with { Baselines = GateStanding.Longer(answer.Baselines, pass.Scratch.Baselines, new(gate.Name, baseline)) };
        }

        foreach (var warning in report.Warnings)
        {
            answer = Warn(ref pass, answer, ReasonCodes.GateWarning, $"gate {gate.Name}: {warning}");
        }

        if (report.Preparation is GatePreparation.Exhausted)
        {
            answer = Warn(ref pass, answer, ReasonCodes.PreparationExhausted, $"gate {gate.Name}: {report.Message}");
        }

        if (!answer.IsOpen)
        {
            // What another gate holds stays held, whatever this one offers.
            return answer;
        }

        return answer with
        {
            Batches = report.Batch.IsEmpty ? answer.Batches : GateStanding.Longer(answer.Batches, pass.Scratch.Batches, report.Batch),
            Prepares = answer.Prepares ?? (report.Preparation is GatePreparation.Needed ? gate.Name : null),
            ValidFor = answer.ValidFor is { } shortest && shortest < report.ValidFor ? shortest : report.ValidFor,
        };
    }

    private static GateStanding Warn(ref Pass pass, GateStanding answer, ReasonCode reason, Words message) =>
        answer with { Warnings = GateStanding.Longer(answer.Warnings, pass.Scratch.Warnings, new(reason, message)) };

    private static GateStanding Closed(in Pass pass, GatePolicy gate, GateReport? report, Words what, TimeSpan? since)
    {
        var (reason, message) = Refusal(in pass, gate, report, what);
        var told = report is { Verdict: GateVerdict.Deny } && report.IsCurrent(pass.Now) ? report : null;
        var closed = new GateStanding(false, reason, message) { Prepares = told is { Preparation: GatePreparation.Needed } ? gate.Name : null };
        if (SinceProgress(in pass, since, report) is not { } waited || waited < gate.Timeout)
        {
            return closed;
        }

        Words late = $"{message} It has not passed for {Text.Of(waited)}, its timeout is {Text.Of(gate.Timeout)}.";
        return closed with { Reason = ReasonCodes.GateOverdue, Message = late, Failed = gate.OnTimeout is GateTimeoutAction.Fail ? gate.Name : null };
    }

    /// <summary>What a gate that denies offers in place of what was asked for: only the refusal that stands may offer it, not one that was bypassed.</summary>
    private static GateStanding Offer(ref Pass pass, GateStanding closed, GateReport? report) =>
        report is { Verdict: GateVerdict.Deny, Batch.IsEmpty: false } && report.IsCurrent(pass.Now)
            ? closed with { Batches = GateStanding.Longer(default, pass.Scratch.Batches, report.Batch) }
            : closed;

    private static (ReasonCode Reason, Words Message) Refusal(in Pass pass, GatePolicy gate, GateReport? report, Words what)
    {
        if (report is null)
        {
            return (ReasonCodes.GateNotAsked, $"{what}: gate {gate.Name} has not answered yet; it is being asked.");
        }

        if (report.Verdict is not GateVerdict.Allow)
        {
            return (report.Reason, $"{what}: gate {gate.Name}: {report.Message}");
        }

        return report.IsCurrent(pass.Now)
            ? (ReasonCodes.GateCounting, Words.Of($"{what}: gate {gate.Name} passed {report.Successes} of {gate.SuccessThreshold} times in a row; nothing to do."))
            : (ReasonCodes.GateAnswerTooOld, Words.Of($"{what}: gate {gate.Name} answered {Text.Of(pass.Now - report.ObservedAt)} ago, which is good for {Text.Of(report.ValidFor)}; it is asked again."));
    }

    /// <summary>Progress extends a deadline, silence does not: what is waited for begins anew when the gate last saw less left to do.</summary>
    internal static TimeSpan? SinceProgress(in Pass pass, TimeSpan? waited, GateReport? report) =>
        waited is { } time && report?.ProgressedAt is { } progressed && progressed <= pass.Now && pass.Now - progressed < time ? pass.Now - progressed : waited;
}

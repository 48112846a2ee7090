using System.Collections.Immutable;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;

namespace Ordinal.Operator.Reconciling;

/// <summary>Turns a decision into the status that people and tools read.</summary>
public static class RolloutStatuses
{
    /// <summary>Longest list of pods; counts has the rest.</summary>
    internal const int MostPods = 256;

    /// <summary>Builds the status after a decision.</summary>
    /// <param name="rollout">The rollout, with the status before.</param>
    /// <param name="frame">What was decided on.</param>
    /// <param name="decision">The decision.</param>
    /// <param name="reports">What gates said in this pass; gates that were not asked keep their last word.</param>
    /// <param name="now">Now.</param>
    public static StatefulSetRolloutStatus Of(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame, Decision decision, ImmutableArray<GateReport> reports, DateTimeOffset now)
    {
        var generation = rollout.Metadata.Generation ?? 0;
        var status = RolloutMemories.Write(rollout.Status, decision.Memory, frame.Target) with
        {
            ObservedGeneration = generation,
            CompletionTime = decision.IsFinished ? rollout.Status.CompletionTime ?? now : null,
            Progress = $"{decision.Updated}/{decision.Total}",
            Policy = new PolicyStatusRef { Uid = frame.Policy.Metadata.Uid, Generation = frame.Policy.Metadata.Generation },
            Counts = new CountsStatus
            {
                Total = decision.Total,
                Updated = decision.Updated,
                Available = decision.Available,
                Failed = decision.Pods.Count(pod => pod.Stage is PodStage.Failed),
            },
            Current = decision.IsFinished ? null : CurrentOf(frame.Target, decision),
            Pods = decision.Pods.IsDefaultOrEmpty ? null : [.. decision.Pods.Take(MostPods).Select(pod => PodOf(frame.Target, pod, decision))],
            Gates = GatesOf(rollout.Status.Gates, reports),
        };
        var stalled = StalledBy(frame, decision);
        return status with
        {
            Conditions = ConditionsOf(rollout, decision.Memory, decision.Reason, decision.Message, decision.IsFinished, stalled, now),
        };
    }

    /// <summary>Builds the status of a rollout that ends without a decision.</summary>
    public static StatefulSetRolloutStatus Of(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ended frame, DateTimeOffset now)
    {
        // A later pass may have the claim to give back yet: it ends as this one said.
        var memory = frame.Memory with { State = frame.State, StateSince = now, Ending = frame.Memory.Ending ?? new(frame.State, frame.Reason.Code, frame.Message) };
        var status = (frame.Target.Length == 0 ? rollout.Status with { FormatVersion = memory.Version } : RolloutMemories.Write(rollout.Status, memory, frame.Target)) with
        {
            ObservedGeneration = rollout.Metadata.Generation ?? 0,
            CompletionTime = rollout.Status.CompletionTime ?? now,
            Current = null,
            Conditions = ConditionsOf(rollout, memory, frame.Reason, frame.Message, isFinished: true, (frame.Reason, frame.Message), now),
        };
        return status;
    }

    /// <summary>Builds the status of a rollout about which nothing can be told yet: only conditions move.</summary>
    public static StatefulSetRolloutStatus Of(V1Alpha1StatefulSetRollout rollout, RolloutFrame.NotYet frame, DateTimeOffset now) => rollout.Status with
    {
        ObservedGeneration = rollout.Metadata.Generation ?? 0,
        Current = new CurrentStatus { Target = frame.Target.Length == 0 ? null : frame.Target, Reason = frame.Reason.Code, WaitingFor = Conditions.Cut(frame.Message, 1024) },
        Conditions = ConditionsOf(rollout, frame.Memory, frame.Reason, frame.Message, isFinished: false, frame.IsStalled ? (frame.Reason, frame.Message) : null, now),
    };

    /// <summary>
    /// Builds conditions that say why an action cannot be carried out. A status that was made anew says "not stalled", since its decision knows of no refusal:
    /// when the rollout stalled is in the status before. With a new time in each pass, each pass would write, and each write bring the next pass.
    /// </summary>
    /// <param name="target">The StatefulSet that it is about; one of several says so itself as well.</param>
    /// <param name="reason">Whether it was refused, or fails.</param>
    public static StatefulSetRolloutStatus Refused(V1Alpha1StatefulSetRollout rollout, StatefulSetRolloutStatus status, string target, ReasonCode reason, string message, DateTimeOffset now)
    {
        var before = Conditions.Find(rollout.Status.Conditions, "Stalled");
        var conditions = status.Conditions?.Select(each => each.Type == "Stalled" ? before ?? each : each).ToList();
        return status with
        {
            Current = WaitsFor(status.Current),
            Targets = status.Targets is { Count: > 1 } several
                ? [.. several.Select(each => each.Name == target ? each with { Current = WaitsFor(each.Current), Stalled = reason.Code } : each)]
                : status.Targets,
            Conditions = new Conditions(conditions, rollout.Metadata.Generation ?? 0, now).Set("Stalled", true, reason, message).All,
        };

        CurrentStatus WaitsFor(CurrentStatus? current) => (current ?? new CurrentStatus()) with { Reason = reason.Code, WaitingFor = Conditions.Cut(message, 1024) };
    }

    /// <summary>Returns the hold that the rollout waits on, as one line can show it; null when nothing waits.</summary>
    public static Hold? MainHold(Decision decision)
    {
        if (decision.Holds.IsDefaultOrEmpty)
        {
            return null;
        }

        // A pod in flight first: the others wait for it.
        var inFlight = decision.Memory.InFlight.FirstOrDefault()?.Pod;
        return decision.Holds.FirstOrDefault(hold => inFlight is not null && hold.Pod == inFlight)
            ?? decision.Holds.FirstOrDefault(hold => !ReasonCodes.IsAboutOthers(hold.Reason))
            ?? decision.Holds.FirstOrDefault(hold => hold.Reason != ReasonCodes.WaitsTurn)
            ?? decision.Holds[0];
    }

    internal static CurrentStatus CurrentOf(string target, Decision decision)
    {
        var hold = MainHold(decision);
        var pod = decision.Memory.InFlight.FirstOrDefault()?.Pod ?? hold?.Pod;
        var progress = decision.Pods.FirstOrDefault(each => each.Pod == pod);
        return new CurrentStatus
        {
            Step = decision.Step == 0 ? null : decision.Step,
            Target = target,
            Pod = pod,
            Stage = progress?.Stage.ToString(),
            Since = progress?.Since,
            Reason = hold?.Reason.Code,
            WaitingFor = hold is null ? null : Conditions.Cut(hold.Message, 1024),
        };
    }

    internal static PodStatus PodOf(string target, PodProgress pod, Decision decision)
    {
        var hold = decision.Holds.FirstOrDefault(each => each.Pod == pod.Pod);
        return new PodStatus
        {
            Name = pod.Pod,
            Target = target,
            State = pod.Stage.ToString(),
            Role = pod.Role is MemberRole.Unknown ? null : pod.Role.ToString(),
            Since = pod.Since,
            Reason = hold?.Reason.Code,
            Message = hold is null ? null : Conditions.Cut(hold.Message, 1024),
        };
    }

    internal static (ReasonCode Reason, string Message)? StalledBy(RolloutFrame.Ready frame, Decision decision)
    {
        if (decision.IsFinished)
        {
            return decision.Reason.NeedsHuman ? (decision.Reason, decision.Message) : null;
        }

        if (frame.Problem is { } problem)
        {
            return (problem.Reason, problem.Message);
        }

        return decision.Holds.FirstOrDefault(hold => hold.Reason.NeedsHuman) is { } hold ? (hold.Reason, hold.Message) : null;
    }

    internal static IReadOnlyList<GateStatus>? GatesOf(IReadOnlyList<GateStatus>? before, ImmutableArray<GateReport> reports)
    {
        if (reports.IsDefaultOrEmpty)
        {
            return before;
        }

        var now = (before ?? []).ToDictionary(gate => gate.Name, StringComparer.Ordinal);
        foreach (var report in reports)
        {
            now[report.Gate] = GateStatuses.Of(report);
        }

        return [.. now.Values.OrderBy(gate => gate.Name, StringComparer.Ordinal)];
    }

    private static IReadOnlyList<ConditionStatus> ConditionsOf(
        V1Alpha1StatefulSetRollout rollout, RolloutMemory memory, ReasonCode reason, string message, bool isFinished, (ReasonCode Reason, string Message)? stalled, DateTimeOffset now) =>
        ConditionsOf(rollout, memory.State, memory.PausedSince, reason, message, isFinished, stalled, now);

    internal static IReadOnlyList<ConditionStatus> ConditionsOf(
        V1Alpha1StatefulSetRollout rollout, RolloutState state, DateTimeOffset? pausedSince, ReasonCode reason, string message, bool isFinished, (ReasonCode Reason, string Message)? stalled, DateTimeOffset now)
    {
        var hasSucceeded = state is RolloutState.Completed or RolloutState.NoChange;
        var paused = isFinished ? null : PausedBy(state, pausedSince);
        return new Conditions(rollout.Status.Conditions, rollout.Metadata.Generation ?? 0, now)
            .Set("Succeeded", isFinished ? hasSucceeded : null, reason, message)
            .Set("Finished", isFinished, reason, isFinished ? message : "")
            .Set("Reconciling", !isFinished, reason, isFinished ? "" : message)
            .Set("Stalled", stalled is not null, stalled?.Reason ?? ReasonCodes.NotStalled, stalled?.Message ?? "")
            .Set("Paused", paused is not null, paused ?? ReasonCodes.NotPaused, "")
            .All;
    }

    private static ReasonCode? PausedBy(RolloutState state, DateTimeOffset? pausedSince) => state switch
    {
        RolloutState.AwaitingApproval => ReasonCodes.AwaitingApproval,
        RolloutState.StepPausing => ReasonCodes.StepPausing,
        RolloutState.OutsideWindow => ReasonCodes.OutsideWindow,
        RolloutState.Suspended => ReasonCodes.Suspended,
        _ => pausedSince is null ? null : ReasonCodes.Suspended,
    };
}

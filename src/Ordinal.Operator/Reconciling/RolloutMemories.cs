using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Turns what a rollout's status remembers into the planner's <see cref="RolloutMemory"/> and back. There is no other state: what does
/// not survive this round trip is forgotten when the operator restarts.
/// </summary>
public static class RolloutMemories
{
    /// <summary>Returns the names of the StatefulSets that a rollout is about, once its status says so; else none.</summary>
    public static ImmutableArray<string> TargetsOf(StatefulSetRolloutStatus? status) => [.. (status?.Targets ?? []).Select(target => target.Name)];

    /// <summary>
    /// Reads the memory of one target. A status without a format version is one that was never written. Words that this build does not know make the
    /// version count as newer than ours, so that the planner holds rather than guesses.
    /// </summary>
    public static RolloutMemory Read(StatefulSetRolloutStatus? status, string target)
    {
        if (status?.FormatVersion is not { } version)
        {
            return new RolloutMemory();
        }

        if (version > RolloutMemory.CurrentVersion)
        {
            return new RolloutMemory { Version = version };
        }

        try
        {
            return ReadKnown(status, target);
        }
        catch (FormatException)
        {
            return new RolloutMemory { Version = RolloutMemory.CurrentVersion + 1 };
        }
    }

    /// <summary>Writes the memory of one target over a status; what is not its memory is kept from <paramref name="status"/>, what is remembered of other targets first of all.</summary>
    public static StatefulSetRolloutStatus Write(StatefulSetRolloutStatus status, RolloutMemory memory, string target)
    {
        var before = status.Targets?.FirstOrDefault(each => each.Name == target) ?? new RolloutTargetStatus();
        var written = WriteTarget(memory, target, before);
        if (status.Targets is not { Count: > 1 } several)
        {
            return status with
            {
                FormatVersion = memory.Version,
                StartTime = memory.StartedAt,
                PausedSince = memory.PausedSince,
                PausedMilliseconds = Milliseconds(memory.PausedFor),
                UsedForce = memory.UsedForce.IsDefaultOrEmpty ? null : [.. memory.UsedForce],
                Targets = [written],
                InFlight = memory.InFlight.IsDefaultOrEmpty ? null : [.. memory.InFlight.Select(pod => WriteInFlight(pod, target))],
            };
        }

        List<RolloutTargetStatus> targets = [.. several.Select(each => each.Name != target ? each : written with
        {
            StartTime = memory.StartedAt,
            PausedSince = memory.PausedSince,
            PausedMilliseconds = Milliseconds(memory.PausedFor),
            CompletionTime = before.CompletionTime,
            Counts = before.Counts,
            Current = before.Current,
            Reason = before.Reason,
            Message = before.Message,
            Stalled = before.Stalled,
        })];
        List<InFlightStatus> inFlight = [.. (status.InFlight ?? []).Where(pod => pod.Target != target), .. memory.InFlight.Select(pod => WriteInFlight(pod, target))];
        List<string> force = [.. (status.UsedForce ?? []).Union(memory.UsedForce, StringComparer.Ordinal)];
        return status with
        {
            FormatVersion = memory.Version,
            StartTime = targets.Min(each => each.StartTime),
            PausedMilliseconds = targets.Max(each => each.PausedMilliseconds),
            UsedForce = force.Count == 0 ? null : force,
            Targets = targets,
            InFlight = inFlight.Count == 0 ? null : [.. inFlight.OrderBy(pod => pod.Target, StringComparer.Ordinal)],
        };
    }

    private static RolloutMemory ReadKnown(StatefulSetRolloutStatus status, string target)
    {
        var of = status.Targets?.FirstOrDefault(each => each.Name == target) ?? new RolloutTargetStatus { Name = target };
        if (status.Targets is not { Count: > 1 })
        {
            // One target has these at the top, where people look for them.
            of = of with { StartTime = status.StartTime, PausedSince = status.PausedSince, PausedMilliseconds = status.PausedMilliseconds };
        }

        return new RolloutMemory
        {
            Version = RolloutMemory.CurrentVersion,
            State = Words.Read(of.State, RolloutState.Queued),
            StartedAt = of.StartTime,
            StateSince = of.StateSince,
            SetUid = of.Uid ?? "",
            FromRevision = of.FromRevision ?? "",
            TargetRevision = of.ToRevision ?? "",
            Driver = Words.Read(of.Driver, UpdateDriver.Auto),
            RestType = Words.Read(of.RestType, UpdateStrategyType.RollingUpdate),
            LastWrite = of.LastWrite is { } write
                ? new StrategyWrite(write.Generation ?? 0, new StrategyValue(Words.Read(write.Type, UpdateStrategyType.RollingUpdate), write.Partition, write.MaxUnavailable))
                : null,
            Ending = of.Ending is { } ending
                ? new RolloutEnding(Words.Read(ending.State, RolloutState.Failed), ending.Reason ?? "", ending.Message ?? "", ending.LeavesStrategy ?? false)
                : null,
            Revert = of.Revert is { } revert
                ? new RolloutRevert(Words.Read(revert.Kind, FailureAction.Halt), revert.Since ?? default, TimeSpan.FromMilliseconds(revert.PausedBeforeMilliseconds ?? 0), revert.Reason ?? "", revert.Message ?? "")
                : null,
            AfterRolloutPassed = of.AfterRolloutPassed ?? false,
            Generation = of.Generation ?? 0,
            ForeignReleases = of.ForeignReleases ?? 0,
            InFlight = [.. (status.InFlight ?? []).Where(pod => pod.Target == target).Select(ReadInFlight)],
            Passed = ReadPassed(of.Passed ?? ""),
            UsedForce = [.. status.UsedForce ?? []],
            PausedFor = TimeSpan.FromMilliseconds(of.PausedMilliseconds ?? 0),
            PausedSince = of.PausedSince,
            BudgetSettlingUntil = of.BudgetSettlingUntil,
            Steps = of.Steps is { } steps ? new StepProgress(steps.Passed ?? 0, steps.Reached ?? 0, steps.ReachedAt) : StepProgress.None,
        };
    }

    private static long? Milliseconds(TimeSpan span) => span == TimeSpan.Zero ? null : (long)span.TotalMilliseconds;

    private static RolloutTargetStatus WriteTarget(RolloutMemory memory, string target, RolloutTargetStatus before) => new()
    {
        Name = target,
        Uid = memory.SetUid.Length == 0 ? null : memory.SetUid,
        Zone = before.Zone,
        Template = before.Template,
        RevertedBy = before.RevertedBy,
        State = memory.State.ToString(),
        StateSince = memory.StateSince,
        FromRevision = memory.FromRevision.Length == 0 ? null : memory.FromRevision,
        ToRevision = memory.TargetRevision.Length == 0 ? null : memory.TargetRevision,
        Driver = memory.Driver.ToString(),
        RestType = memory.RestType.ToString(),
        LastWrite = memory.LastWrite is { } write
            ? new StrategyWriteStatus { Generation = write.Generation, Type = write.Next.Type.ToString(), Partition = write.Next.Partition, MaxUnavailable = write.Next.MaxUnavailable }
            : null,
        Ending = memory.Ending is { } ending
            ? new EndingStatus { State = ending.State.ToString(), Reason = ending.Reason, Message = ending.Message, LeavesStrategy = ending.LeavesStrategy }
            : null,
        Revert = memory.Revert is { } revert
            ? new RevertStatus
            {
                Kind = revert.Kind.ToString(),
                Since = revert.Since,
                PausedBeforeMilliseconds = revert.PausedBefore == TimeSpan.Zero ? null : (long)revert.PausedBefore.TotalMilliseconds,
                Reason = revert.Reason,
                Message = revert.Message,
            }
            : null,
        AfterRolloutPassed = memory.AfterRolloutPassed ? true : null,
        Generation = memory.Generation,
        ForeignReleases = memory.ForeignReleases == 0 ? null : memory.ForeignReleases,
        BudgetSettlingUntil = memory.BudgetSettlingUntil,
        Steps = memory.Steps == StepProgress.None
            ? null
            : new StepsStatus { Passed = memory.Steps.Passed, Reached = memory.Steps.Reached, ReachedAt = memory.Steps.ReachedAt },
        Passed = memory.Passed.IsDefaultOrEmpty ? null : WritePassed(memory.Passed),
    };

    private static InFlightPod ReadInFlight(InFlightStatus pod) => new()
    {
        Pod = pod.Pod,
        Ordinal = pod.Ordinal ?? PodItem.OrdinalOf(pod.Pod, pod.Target) ?? throw new FormatException($"The pod in flight \"{pod.Pod}\" has no ordinal."),
        Uid = pod.Uid,
        ResourceVersion = pod.ResourceVersion ?? "",
        Action = Words.Read(pod.Action, InFlightAction.Replace),
        Stage = Words.Read(pod.Stage, PodStage.Intended),
        Since = pod.Since ?? default,
        StageSince = pod.StageSince ?? default,
        Generation = pod.Generation ?? 0,
        PausedBefore = TimeSpan.FromMilliseconds(pod.PausedBeforeMilliseconds ?? 0),
        Baselines = [.. (pod.Baselines ?? []).Select(baseline => new GateBaseline(baseline.Gate, baseline.Value ?? ""))],
    };

    private static InFlightStatus WriteInFlight(InFlightPod pod, string target) => new()
    {
        Target = target,
        Pod = pod.Pod,
        Ordinal = pod.Ordinal,
        Uid = pod.Uid,
        ResourceVersion = pod.ResourceVersion,
        Action = pod.Action.ToString(),
        Stage = pod.Stage.ToString(),
        Since = pod.Since,
        StageSince = pod.StageSince,
        Generation = pod.Generation == 0 ? null : pod.Generation,
        PausedBeforeMilliseconds = pod.PausedBefore == TimeSpan.Zero ? null : (long)pod.PausedBefore.TotalMilliseconds,
        Baselines = pod.Baselines.IsEmpty ? null : [.. pod.Baselines.Select(baseline => new BaselineStatus { Gate = baseline.Gate, Value = baseline.Value })],
    };

    private static ImmutableArray<PassedPod> ReadPassed(string text)
    {
        var found = ImmutableArray.CreateBuilder<PassedPod>();
        foreach (var range in text.AsSpan().Split(' '))
        {
            var word = text.AsSpan()[range];
            if (word.IsEmpty)
            {
                continue;
            }

            var colon = word.IndexOf(':');
            if (colon <= 0 || !long.TryParse(word[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal))
            {
                throw new FormatException($"\"{word}\" is no passed pod.");
            }

            found.Add(new PassedPod(ordinal, word[(colon + 1)..].ToString()));
        }

        return found.ToImmutable();
    }

    private static string WritePassed(ImmutableArray<PassedPod> passed)
    {
        var text = new StringBuilder();
        foreach (var pod in passed)
        {
            text.Append(text.Length == 0 ? "" : " ").Append(CultureInfo.InvariantCulture, $"{pod.Ordinal}:{pod.UidPrefix}");
        }

        return text.ToString();
    }
}

using System.Globalization;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// The status of a rollout over several StatefulSets: what is told and remembered of each in its own entry, and the sum of them where a rollout of one has
/// its own. Who was not looked at in a pass keeps its entry.
/// </summary>
public static class GroupStatuses
{
    /// <summary>Builds the status after all of them were looked at.</summary>
    /// <param name="rollout">The rollout, with the status before.</param>
    /// <param name="looks">What came of looking.</param>
    /// <param name="now">Now.</param>
    public static StatefulSetRolloutStatus Of(V1Alpha1StatefulSetRollout rollout, IReadOnlyList<TargetLook> looks, DateTimeOffset now)
    {
        var status = rollout.Status;
        foreach (var look in looks)
        {
            status = look switch
            {
                TargetLook.Decided decided => WithDecision(status, decided, RequestPreparation.WritesTemplate(rollout), now),
                TargetLook.Undecided { Frame: RolloutFrame.Ended ended } => WithEnd(status, ended, now),
                TargetLook.Undecided { Frame: RolloutFrame.NotYet notYet } => Change(status, notYet.Target, target => target with
                {
                    Reason = notYet.Reason.Code,
                    Message = Conditions.Cut(notYet.Message, 1024),
                    Current = new CurrentStatus { Reason = notYet.Reason.Code, WaitingFor = Conditions.Cut(notYet.Message, 1024) },
                    Stalled = notYet.IsStalled ? notYet.Reason.Code : null,
                }),
                _ => status,
            };
        }

        return Sum(rollout, status, now);
    }

    /// <summary>Adds the entries up: progress, counts, who speaks for all, and how it ended.</summary>
    /// <param name="more">What else is to be told at its end.</param>
    public static StatefulSetRolloutStatus Sum(V1Alpha1StatefulSetRollout rollout, StatefulSetRolloutStatus status, DateTimeOffset now, string more = "")
    {
        var members = RolloutEnds.MembersOf(status);
        var counts = new CountsStatus
        {
            Total = Total(status, each => each.Total),
            Updated = Total(status, each => each.Updated),
            Available = Total(status, each => each.Available),
            Failed = Total(status, each => each.Failed),
        };
        var end = RolloutGroup.EndOf(members);
        var speaker = RolloutGroup.SpeakerOf(members);
        var own = status.Targets!.FirstOrDefault(each => each.Name == speaker?.Name);
        var (state, reason) = end is null ? (speaker!.State, speaker.Reason ?? ReasonCodes.Queued) : (end.State, end.Reason);
        var ended = members.Count(each => each.HasEnded);

        // What was said at the end stands, also while a claim is given back.
        var said = rollout.Status.CompletionTime is null ? null : Conditions.Find(rollout.Status.Conditions, "Succeeded")?.Message;
        var message = end is not null ? said ?? end.Message + more : string.Create(CultureInfo.InvariantCulture, $"{counts.Updated} of {counts.Total} pods updated, {ended} of {members.Length} StatefulSets ended; {own!.Message}");
        var stalled = end is { Reason.NeedsHuman: true } ? (end.Reason, message)
            : own is { Stalled: { } code } && ReasonCodes.Find(code) is { } why ? (why, own.Current?.WaitingFor ?? own.Message ?? "")
            : ((ReasonCode Reason, string Message)?)null;
        return status with
        {
            ObservedGeneration = rollout.Metadata.Generation ?? 0,
            CompletionTime = end is null ? null : rollout.Status.CompletionTime ?? now,
            Progress = string.Create(CultureInfo.InvariantCulture, $"{counts.Updated}/{counts.Total}"),
            PausedSince = own?.PausedSince,
            Counts = counts,
            Current = own?.Current is { } current ? current with { Target = own.Name } : null,
            Conditions = RolloutStatuses.ConditionsOf(rollout, state, own?.PausedSince, reason, message, end is not null, stalled, now),
        };
    }

    private static StatefulSetRolloutStatus WithDecision(StatefulSetRolloutStatus before, TargetLook.Decided look, bool writesTemplate, DateTimeOffset now)
    {
        var (decision, frame) = (look.Decision, look.Frame);
        var status = RolloutMemories.Write(before, decision.Memory, look.Target);

        // Before the request's own template is there, all pods run what the set is at: none of them is updated by that.
        var updated = writesTemplate && decision.Memory is { StartedAt: null, State: not RolloutState.NoChange } ? 0 : decision.Updated;
        status = Change(status, look.Target, target => target with
        {
            CompletionTime = decision.IsFinished ? target.CompletionTime ?? now : null,
            Counts = new CountsStatus { Total = decision.Total, Updated = updated, Available = decision.Available, Failed = decision.Pods.Count(pod => pod.Stage is PodStage.Failed) },
            Current = decision.IsFinished ? null : RolloutStatuses.CurrentOf(look.Target, decision) with { Target = null },
            Reason = decision.Reason.Code,
            Message = Conditions.Cut(decision.Message, 1024),
            Stalled = RolloutStatuses.StalledBy(frame, decision)?.Reason.Code,
        });
        List<PodStatus> pods =
        [
            .. (before.Pods ?? []).Where(pod => pod.Target != look.Target),
            .. (decision.Pods.IsDefault ? [] : decision.Pods).Select(pod => RolloutStatuses.PodOf(look.Target, pod, decision)),
        ];
        return status with
        {
            Policy = new PolicyStatusRef { Uid = frame.Policy.Metadata.Uid, Generation = frame.Policy.Metadata.Generation },
            Pods = pods.Count == 0 ? null : [.. pods.OrderBy(pod => pod.Target, StringComparer.Ordinal).Take(RolloutStatuses.MostPods)],
            Gates = RolloutStatuses.GatesOf(status.Gates, look.Reports),
        };
    }

    private static StatefulSetRolloutStatus WithEnd(StatefulSetRolloutStatus status, RolloutFrame.Ended frame, DateTimeOffset now) =>
        Change(RolloutMemories.Write(status, frame.Memory with { State = frame.State, StateSince = now, InFlight = [], Ending = frame.Memory.Ending ?? new(frame.State, frame.Reason.Code, frame.Message) }, frame.Target), frame.Target, target => target with
        {
            CompletionTime = target.CompletionTime ?? now,
            Current = null,
            Reason = frame.Reason.Code,
            Message = Conditions.Cut(frame.Message, 1024),
            Stalled = null,
        });

    private static StatefulSetRolloutStatus Change(StatefulSetRolloutStatus status, string target, Func<RolloutTargetStatus, RolloutTargetStatus> change) =>
        status with { Targets = [.. status.Targets!.Select(each => each.Name == target ? change(each) : each)] };

    private static int Total(StatefulSetRolloutStatus status, Func<CountsStatus, int?> number) => status.Targets!.Sum(each => each.Counts is { } counts ? number(counts) ?? 0 : 0);
}

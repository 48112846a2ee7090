using System.Collections.Immutable;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Looks at one StatefulSet of a rollout as far as a decision: what it depends on (<see cref="RolloutFrames"/>), what a request has to do before
/// (<see cref="RequestPreparation"/>), the gates, and the planner.
/// </summary>
public sealed class TargetLooks(RolloutParts parts, TimeProvider timeProvider)
{
    /// <summary>How often one pass asks gates: first roles, then whether the pod that roles pointed to may stop.</summary>
    private const int MostRounds = 3;

    /// <summary>Accepts a request over several StatefulSets, all of them or none: what cannot work on one is refused before anything is done to the first.</summary>
    /// <returns>The rollout with its targets remembered; and why it is refused, or cannot be told yet, null when it is accepted.</returns>
    public async Task<(V1Alpha1StatefulSetRollout Rollout, RolloutFrame? Refusal)> AcceptAsync(V1Alpha1StatefulSetRollout rollout, ImmutableArray<string> targets, CancellationToken cancellationToken)
    {
        if (targets.Length > RolloutTargetStatus.Most)
        {
            return (rollout, new RolloutFrame.Ended("", new RolloutMemory(), RolloutState.PreflightFailed, ReasonCodes.RequestImpossible, $"the request is about {targets.Length} StatefulSets, and one can carry {RolloutTargetStatus.Most}; name fewer in spec.targets, and create several"));
        }

        List<RolloutTargetStatus> accepted = [];
        foreach (var target in targets)
        {
            var frame = parts.Frames.Build(rollout, target);
            var replicas = (frame as RolloutFrame.Ready)?.Observation.Snapshot.Set.Replicas;
            accepted.Add(new RolloutTargetStatus { Name = target, Zone = parts.Frames.ZoneOf(rollout, target), State = nameof(RolloutState.Queued), Counts = new CountsStatus { Total = replicas, Updated = 0 } });
            if (frame is RolloutFrame.Ready { Request.Cancel: CancelRequest.None } ready)
            {
                frame = await parts.Requests.JudgeAsync(rollout, await WithServiceAsync(ready, cancellationToken), cancellationToken);
            }

            switch (frame)
            {
                case RolloutFrame.Ended ended:
                    return (rollout, ended with { Target = "", Message = $"{ended.Message.TrimEnd('.')}; none of the {targets.Length} StatefulSets of the request was touched" });
                case RolloutFrame.NotYet notYet:
                    return (rollout, notYet with { Target = "" });
                default:
                    break;
            }
        }

        var status = rollout.Status with
        {
            FormatVersion = RolloutMemory.CurrentVersion,
            Targets = accepted,
        };
        return (await parts.Statuses.WriteAsync(rollout, status, parts.Stores.Rollouts.Informer, null, cancellationToken), null);
    }

    /// <summary>Looks at one StatefulSet.</summary>
    /// <param name="target">Its name; null when the rollout has none.</param>
    /// <returns>The rollout as it is now, and what came of it.</returns>
    public async Task<(V1Alpha1StatefulSetRollout Rollout, TargetLook Look)> LookAsync(V1Alpha1StatefulSetRollout rollout, string? target, CancellationToken cancellationToken)
    {
        var frame = parts.Frames.Build(rollout, target);
        if (frame is not RolloutFrame.Ready ready)
        {
            return (rollout, new TargetLook.Undecided(target ?? "", frame));
        }

        // Both controllers write the set; neither acts on it before the stores show what the other wrote.
        if (await parts.SetExpectations.CheckAsync(ready.Observation.Item.Key, cancellationToken) is { } wait)
        {
            return (rollout, new TargetLook.Waits(ready.Target, wait));
        }

        if (!await parts.Undone.AreShownAsync(ready.Observation, ready.Memory, cancellationToken))
        {
            // The stores may have seen it in the meantime, but not this pass' observation.
            return (rollout, new TargetLook.Waits(ready.Target, await parts.SetExpectations.CheckAsync(ready.Observation.Item.Key, cancellationToken) ?? TimeSpan.FromMilliseconds(1)));
        }

        ready = await WithServiceAsync(ready, cancellationToken);
        if (RequestPreparation.IsDue(rollout, ready))
        {
            (rollout, var prepared) = await parts.Requests.PrepareAsync(rollout, ready, cancellationToken);
            if (prepared is not RolloutFrame.Ready)
            {
                return (rollout, new TargetLook.Undecided(ready.Target, prepared));
            }
        }

        var (observation, next) = await parts.Creations.ReadAsync(ready.Observation, cancellationToken);
        ready = ready with { Observation = observation };
        var gates = Observer.GateContextOf(ready.Observation, await parts.Gates.BindAsync(ready.Policy, ready.Rules, cancellationToken));
        var (decision, reports) = await DecideAsync(ready, gates, cancellationToken);
        return (rollout, new TargetLook.Decided(ready.Target, ready, decision, reports, gates, next));
    }

    /// <summary>Looks the Service up before the start under driver Native, which needs a certain kind of it.</summary>
    private async Task<RolloutFrame.Ready> WithServiceAsync(RolloutFrame.Ready ready, CancellationToken cancellationToken)
    {
        if (ready is not { Rules.Driver: UpdateDriver.Native, Memory.StartedAt: null })
        {
            return ready;
        }

        var service = await parts.Services.ReadAsync(ready.Observation.Item, cancellationToken);
        return ready with { Observation = ready.Observation with { Snapshot = ready.Observation.Snapshot with { Service = service } } };
    }

    private async Task<(Decision Decision, ImmutableArray<GateReport> Reports)> DecideAsync(RolloutFrame.Ready frame, GateContext gates, CancellationToken cancellationToken)
    {
        var input = new RolloutInput
        {
            Snapshot = frame.Observation.Snapshot,
            Policy = frame.Rules,
            Request = frame.Request,
            Memory = frame.Memory,
            Now = Clock.Now(timeProvider),
        };
        var decision = RolloutPlanner.Decide(input);
        for (var round = 0; round < MostRounds; round++)
        {
            var open = decision.Questions.Where(question => input.Reports.All(report => report.Key != question.Key)).ToImmutableArray();
            if (open.IsEmpty)
            {
                break;
            }

            var reports = await parts.Keeper.AskAsync(gates, open, cancellationToken);
            input = input with { Reports = [.. input.Reports, .. reports], Now = Clock.Now(timeProvider) };
            decision = RolloutPlanner.Decide(input);
        }

        return (decision, input.Reports);
    }
}

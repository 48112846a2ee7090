using System.Collections.Immutable;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Looks at one StatefulSet of a rollout as far as a decision: what it depends on (<see cref="RolloutFrames"/>), what a request has to do before
/// (<see cref="RequestPreparation"/>), the gates, and the planner.
/// </summary>
public sealed class TargetLooks(RolloutParts parts, TimeProvider timeProvider)
{
    /// <summary>How often one pass asks gates: first roles, then whether the pod that roles pointed to may stop.</summary>
    private const int MostRounds = 3;

    /// <summary>How old a decision about one of several may be when it is carried out.</summary>
    private static readonly TimeSpan Young = TimeSpan.FromSeconds(1);

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
        (rollout, var look, var ready) = await PrepareAsync(rollout, target, cancellationToken);
        return (rollout, look ?? await DecideAsync(rollout, ready!, cancellationToken));
    }

    /// <summary>
    /// Looks at several. What a request has to do first is done for one after the other, since it is written into the one status; then the gates of all are
    /// asked at the same time, or one that hangs would keep all others from being asked. One that cannot be looked at keeps no other.
    /// </summary>
    /// <returns>The rollout as it is now, and what came of it, in the order of the targets.</returns>
    public async Task<(V1Alpha1StatefulSetRollout Rollout, IReadOnlyList<TargetLook> Looks)> LookAsync(V1Alpha1StatefulSetRollout rollout, IEnumerable<string> targets, CancellationToken cancellationToken)
    {
        List<(TargetLook? Look, RolloutFrame.Ready? Frame)> begun = [];
        foreach (var target in targets)
        {
            try
            {
                (rollout, var look, var frame) = await PrepareAsync(rollout, target, cancellationToken);
                begun.Add((look, frame));
            }
            catch (ApiException error)
            {
                begun.Add((new TargetLook.Failed(target, error), null));
            }
        }

        var began = timeProvider.GetTimestamp();
        var looks = await Task.WhenAll(begun.Select(each => each.Look is { } look ? Task.FromResult(look) : TryDecideAsync(rollout, each.Frame!, cancellationToken)));
        if (timeProvider.GetElapsedTime(began) > Young)
        {
            // The slowest gate is how old the other decisions are by now: what one of them would do is decided anew.
            looks = await Task.WhenAll(looks.Select(look => look is TargetLook.Decided { Decision.Actions.IsEmpty: false } old ? TryDecideAsync(rollout, old.Frame, cancellationToken) : Task.FromResult(look)));
        }

        return (rollout, looks);
    }

    /// <summary>Goes as far as a decision can be made.</summary>
    private async Task<(V1Alpha1StatefulSetRollout Rollout, TargetLook? Look, RolloutFrame.Ready? Frame)> PrepareAsync(V1Alpha1StatefulSetRollout rollout, string? target, CancellationToken cancellationToken)
    {
        var frame = parts.Frames.Build(rollout, target);
        if (frame is not RolloutFrame.Ready ready)
        {
            return (rollout, new TargetLook.Undecided(target ?? "", frame), null);
        }

        // Both controllers write the set; neither acts on it before the stores show what the other wrote.
        if (await parts.SetExpectations.CheckAsync(ready.Observation.Item.Key, cancellationToken) is { } wait)
        {
            return (rollout, new TargetLook.Waits(ready.Target, wait), null);
        }

        if (await UndoneAsync(ready, cancellationToken) is { } undone)
        {
            return (rollout, undone, null);
        }

        ready = await WithServiceAsync(ready, cancellationToken);
        if (RequestPreparation.IsDue(rollout, ready))
        {
            (rollout, var prepared) = await parts.Requests.PrepareAsync(rollout, ready, cancellationToken);
            if (prepared is not RolloutFrame.Ready)
            {
                return (rollout, new TargetLook.Undecided(ready.Target, prepared), null);
            }
        }

        return (rollout, null, ready);
    }

    /// <summary>Says what to wait for when a release that was undone took its pod all the same; null for nothing.</summary>
    private async Task<TargetLook?> UndoneAsync(RolloutFrame.Ready ready, CancellationToken cancellationToken) =>
        await parts.Undone.AreShownAsync(ready.Observation, ready.Memory, cancellationToken)
            ? null
            : new TargetLook.Waits(ready.Target, await parts.SetExpectations.CheckAsync(ready.Observation.Item.Key, cancellationToken) ?? TimeSpan.FromMilliseconds(1)); // The stores may have seen it in the meantime, but not this pass' observation.

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

    private async Task<TargetLook> TryDecideAsync(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame, CancellationToken cancellationToken)
    {
        try
        {
            return await DecideAsync(rollout, frame, cancellationToken);
        }
        catch (ApiException error)
        {
            return new TargetLook.Failed(frame.Target, error);
        }
    }

    /// <summary>Decides, asks the gates, and decides again with their answers on what the stores show by then: pods may have fallen while they were asked.</summary>
    private async Task<TargetLook> DecideAsync(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame, CancellationToken cancellationToken)
    {
        var (observation, next) = await parts.Creations.ReadAsync(frame.Observation, cancellationToken);
        frame = frame with { Observation = observation };
        var bindings = await parts.Gates.BindAsync(frame.Policy, frame.Rules, cancellationToken);
        var gates = Observer.GateContextOf(frame.Observation, bindings);
        var input = InputOf(frame, []);
        var decision = RolloutPlanner.Decide(input);
        for (var round = 0; round < MostRounds; round++)
        {
            var open = decision.Questions.Where(question => input.Reports.All(report => report.Key != question.Key)).ToImmutableArray();
            if (open.IsEmpty)
            {
                break;
            }

            var reports = await parts.Keeper.AskAsync(gates, open, cancellationToken);
            frame = Again(rollout, frame);
            if (await UndoneAsync(frame, cancellationToken) is { } undone)
            {
                return undone;
            }

            gates = Observer.GateContextOf(frame.Observation, bindings);
            input = InputOf(frame, [.. input.Reports, .. reports]);
            decision = RolloutPlanner.Decide(input);
        }

        return new TargetLook.Decided(frame.Target, frame, decision, input.Reports, gates, next) { At = input.Now };
    }

    /// <summary>Takes in what the stores show by now. The revision that it is about stays: a newer template is somebody else's word, and not adopted on the way.</summary>
    private RolloutFrame.Ready Again(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame)
    {
        var before = frame.Observation;
        return parts.Frames.Build(rollout, frame.Target) is RolloutFrame.Ready now && now.Observation.Item.Uid == before.Item.Uid
            ? now with
            {
                Observation = now.Observation with { Snapshot = now.Observation.Snapshot with { Service = before.Snapshot.Service, CreateFailure = before.Snapshot.CreateFailure } },
                Request = now.Request with { TargetRevision = frame.Request.TargetRevision },
            }
            : frame;
    }

    private RolloutInput InputOf(RolloutFrame.Ready frame, ImmutableArray<GateReport> reports) => new()
    {
        Snapshot = frame.Observation.Snapshot,
        Policy = frame.Rules,
        Request = frame.Request,
        Memory = frame.Memory,
        Reports = reports,
        Now = Clock.Now(timeProvider),
    };
}

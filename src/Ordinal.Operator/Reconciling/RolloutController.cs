using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Operator.Actuating;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Events;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Brings one rollout forward. A pass observes, decides, asks the gates and decides again, writes what must be remembered, acts, and
/// says when to come back. The status comes before the actions: a crash between any two calls never leads to a second disruption
/// (rule 3). What a decision depends on is gathered in <see cref="RolloutFrames"/>; what to do is decided in
/// <see cref="RolloutPlanner"/>; how to do it is known to <see cref="Actuator"/>.
/// </summary>
public sealed partial class RolloutController(RolloutParts parts, TimeProvider timeProvider, ILogger<RolloutController> logger) : IEntityController<V1Alpha1StatefulSetRollout>
{
    private static readonly ResourceKind Kind = ResourceKind.Of<V1Alpha1StatefulSetRollout>();

    /// <summary>How often one pass asks gates: first roles, then whether the pod that roles pointed to may stop.</summary>
    private const int MostRounds = 3;

    /// <summary>What the server refused last, by rollout: said in every status until it goes through, or is not wanted any more.</summary>
    private readonly ConcurrentDictionary<string, (string Action, string Message)> refused = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task<ReconciliationResult<V1Alpha1StatefulSetRollout>> ReconcileAsync(V1Alpha1StatefulSetRollout entity, CancellationToken cancellationToken)
    {
        var (rollout, next) = await parts.Lifespan.BeginAsync(entity, cancellationToken);
        if (next is not null)
        {
            return next;
        }

        var frame = parts.Frames.Build(rollout);
        if (frame is not RolloutFrame.Ready ready)
        {
            return await WithoutDecisionAsync(rollout, frame, cancellationToken);
        }

        // Both controllers write the set; neither acts on it before the stores show what the other wrote.
        if (await parts.SetExpectations.CheckAsync(ready.Observation.Item.Key, cancellationToken) is { } wait)
        {
            return Again(rollout, wait);
        }

        if (ready is { Rules.Driver: UpdateDriver.Native, Memory.StartedAt: null })
        {
            var service = await parts.Services.ReadAsync(ready.Observation.Item, cancellationToken);
            ready = ready with { Observation = ready.Observation with { Snapshot = ready.Observation.Snapshot with { Service = service } } };
        }

        if (RequestPreparation.IsDue(rollout, ready))
        {
            (rollout, var prepared) = await parts.Requests.PrepareAsync(rollout, ready, cancellationToken);
            if (prepared is not RolloutFrame.Ready)
            {
                return await WithoutDecisionAsync(rollout, prepared, cancellationToken);
            }
        }

        var (observation, look) = await parts.Creations.ReadAsync(ready.Observation, cancellationToken);
        ready = ready with { Observation = observation };
        var gates = Observer.GateContextOf(ready.Observation, await parts.Gates.BindAsync(ready.Policy, ready.Rules, cancellationToken));
        var (decision, reports) = await DecideAsync(ready, gates, cancellationToken);
        var target = EventTarget.Of(Kind, rollout);
        parts.Announcer.Announce(target, decision);

        var (written, delay) = await WriteStatusAsync(rollout, ready, decision, reports, cancellationToken);
        parts.Metrics.Passed(rollout, ready, decision, reports);
        var scope = new ActionScope(ready.Observation.Item, gates, decision.Memory.GoalOf(ready.Request));
        foreach (var action in decision.Actions)
        {
            var outcome = await parts.Actuator.ExecuteAsync(scope, action, cancellationToken);
            if (outcome.Result is not ActionResult.Done)
            {
                return await NotDoneAsync(written, ready, decision, action, outcome, cancellationToken);
            }

            refused.TryRemove(target.Uid, out _);
            Tell(target, ready, action);
        }

        // An action through a gate shows in no store: come back at once to ask about its effect.
        return decision.Actions.Any(action => action is PrepareGate)
            ? Again(written, TimeSpan.FromMilliseconds(1))
            : Again(written, Sooner(Sooner(delay, look), decision.WakeAfter));
    }

    /// <inheritdoc/>
    public Task<ReconciliationResult<V1Alpha1StatefulSetRollout>> DeletedAsync(V1Alpha1StatefulSetRollout entity, CancellationToken cancellationToken)
    {
        parts.Announcer.Forget(((IStoreItem)entity).Uid);
        parts.Statuses.Forget(((IStoreItem)entity).Uid);
        parts.Metrics.Forget(((IStoreItem)entity).Uid);
        parts.Creations.Forget(entity.Status.Targets is { Count: > 0 } targets ? targets[0].Uid ?? "" : "");
        refused.TryRemove(((IStoreItem)entity).Uid, out _);
        return Task.FromResult(ReconciliationResult<V1Alpha1StatefulSetRollout>.Success(entity));
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

    /// <summary>Writes the status if that is due. What must be durable is written before this returns, or an exception ends the pass.</summary>
    private async Task<(V1Alpha1StatefulSetRollout Rollout, TimeSpan? Delay)> WriteStatusAsync(
        V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame, Decision decision, ImmutableArray<GateReport> reports, CancellationToken cancellationToken)
    {
        var next = RolloutStatuses.Of(rollout, frame, decision, reports, Clock.Now(timeProvider));
        if (refused.TryGetValue(((IStoreItem)rollout).Uid, out var refusal) && decision.Actions.Any(action => ActionWords.Of(action) == refusal.Action))
        {
            next = RolloutStatuses.Refused(rollout, next, refusal.Message, Clock.Now(timeProvider));
        }

        if (frame.Memory.Version > RolloutMemory.CurrentVersion)
        {
            // What a newer operator remembers is not ours to write over; the conditions are.
            var conditions = rollout.Status with { Conditions = next.Conditions };
            return StatusComparison.Of(rollout.Status, conditions, MemoryChange.None) is StatusUrgency.None
                ? (rollout, null)
                : (await parts.Statuses.WriteAsync(rollout, conditions.Conditions!, parts.Stores.Rollouts.Informer, "conditions", cancellationToken), null);
        }

        var urgency = StatusComparison.Of(rollout.Status, next, decision.Change);
        if (urgency is not StatusUrgency.Now && !decision.Actions.IsEmpty)
        {
            // Words can wait, the action should not; the pass that sees its effect will tell.
            return (rollout, null);
        }

        return parts.Statuses.WaitOf(((IStoreItem)rollout).Uid, urgency) switch
        {
            null => (rollout, null),
            { } delay when delay > TimeSpan.Zero => (rollout, delay),
            _ => (await parts.Statuses.WriteAsync(rollout, next, parts.Stores.Rollouts.Informer, null, cancellationToken), null),
        };
    }

    private async Task<ReconciliationResult<V1Alpha1StatefulSetRollout>> WithoutDecisionAsync(V1Alpha1StatefulSetRollout rollout, RolloutFrame frame, CancellationToken cancellationToken)
    {
        var now = Clock.Now(timeProvider);
        var (status, again) = frame switch
        {
            RolloutFrame.Ended ended => (RolloutStatuses.Of(rollout, ended, now), (TimeSpan?)null),
            RolloutFrame.NotYet notYet => (RolloutStatuses.Of(rollout, notYet, now), TimeSpan.FromSeconds(5)),
            _ => throw new InvalidOperationException($"No way to go on from {frame.GetType().Name}."),
        };
        var before = rollout;
        if (StatusComparison.Of(rollout.Status, status, MemoryChange.None) is not StatusUrgency.None)
        {
            rollout = await parts.Statuses.WriteAsync(rollout, status, parts.Stores.Rollouts.Informer, null, cancellationToken);
        }

        if (frame is RolloutFrame.Ended end)
        {
            parts.Metrics.Ended(before, end.State);
            LogEnded(((IStoreItem)rollout).Key, end.Reason.Code, end.Message);
            parts.Announcer.AnnounceOnce(EventTarget.Of(Kind, rollout), end.Reason.NeedsHuman, end.Reason, "Finishing", end.Message);
        }

        return Again(rollout, again);
    }

    private async Task<ReconciliationResult<V1Alpha1StatefulSetRollout>> NotDoneAsync(
        V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame, Decision decision, PlannedAction action, ActionOutcome outcome, CancellationToken cancellationToken)
    {
        LogNotDone(((IStoreItem)rollout).Key, ActionWords.Of(action), outcome.Result, outcome.Message);
        switch (outcome.Result)
        {
            case ActionResult.Conflict when !frame.Observation.Snapshot.Budgets.IsEmpty:
                return await SettleAsync(rollout, frame, decision, TimeSpan.FromMinutes(2), cancellationToken);
            case ActionResult.BudgetBlocks:
                return await SettleAsync(rollout, frame, decision, outcome.RetryAfter ?? TimeSpan.FromSeconds(10), cancellationToken);
            case ActionResult.Refused:
                parts.Announcer.AnnounceOnce(EventTarget.Of(Kind, rollout), isWarning: true, ReasonCodes.ActionRefused, "Rolling", outcome.Message);
                refused[((IStoreItem)rollout).Uid] = (ActionWords.Of(action), outcome.Message);
                var status = RolloutStatuses.Refused(rollout, rollout.Status, outcome.Message, Clock.Now(timeProvider));
                if (StatusComparison.Of(rollout.Status, status, MemoryChange.None) is not StatusUrgency.None)
                {
                    rollout = await parts.Statuses.WriteAsync(rollout, status, parts.Stores.Rollouts.Informer, null, cancellationToken);
                }

                return Again(rollout, TimeSpan.FromSeconds(30));
            default:
                // With back-off: the stores may be a moment behind what the server just said.
                return ReconciliationResult<V1Alpha1StatefulSetRollout>.Failure(rollout, outcome.Message, new ApiException(ApiErrorKind.Conflict, outcome.Message));
        }
    }

    /// <summary>Remembers that the PodDisruptionBudget needs time. A refused eviction may have cost one of its allowed disruptions (T17).</summary>
    private async Task<ReconciliationResult<V1Alpha1StatefulSetRollout>> SettleAsync(
        V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame, Decision decision, TimeSpan settling, CancellationToken cancellationToken)
    {
        var memory = decision.Memory with { BudgetSettlingUntil = Clock.Now(timeProvider) + settling };
        rollout = await parts.Statuses.WriteAsync(rollout, RolloutMemories.Write(rollout.Status, memory, frame.Target), parts.Stores.Rollouts.Informer, null, cancellationToken);
        return Again(rollout, settling);
    }

    private void Tell(EventTarget target, RolloutFrame.Ready frame, PlannedAction action)
    {
        var set = frame.Observation.Item.Key;
        LogDone(set, ActionWords.Of(action));
        if (action is RemovePod or WriteStrategy)
        {
            var reason = action is RemovePod ? ReasonCodes.PodRemoved : ReasonCodes.StrategyWritten;
            parts.Announcer.Publish(target, isWarning: false, reason, "Rolling", $"{set}: {ActionWords.Of(action)}");
        }
    }

    private static ReconciliationResult<V1Alpha1StatefulSetRollout> Again(V1Alpha1StatefulSetRollout rollout, TimeSpan? after) =>
        ReconciliationResult<V1Alpha1StatefulSetRollout>.Success(rollout, after);

    private static TimeSpan? Sooner(TimeSpan? one, TimeSpan? other) => one is null ? other : other is null || one < other ? one : other;

    [LoggerMessage(3103, LogLevel.Information, "{Set}: {Action}")]
    private partial void LogDone(NamespacedName set, string action);

    [LoggerMessage(3104, LogLevel.Information, "{Rollout}: not done ({Result}): {Action}: {Reason}")]
    private partial void LogNotDone(NamespacedName rollout, string action, ActionResult result, string reason);

    [LoggerMessage(3105, LogLevel.Information, "{Rollout}: ended as {Reason}: {Message}")]
    private partial void LogEnded(NamespacedName rollout, string reason, string message);
}

using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Actuating;
using Ordinal.Operator.Api;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Events;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Brings one rollout forward. A pass observes, decides, asks the gates and decides again, writes what must be remembered, acts, and
/// says when to come back. The status comes before the actions: a crash between any two calls never leads to a second disruption
/// (rule 3). What a decision depends on is gathered in <see cref="TargetLooks"/>; what to do is decided in
/// <see cref="RolloutPlanner"/>; how to do it is known to <see cref="Actuator"/>. A rollout over several StatefulSets is a decision for each, and
/// one status for all.
/// </summary>
public sealed partial class RolloutController(RolloutParts parts, TimeProvider timeProvider, ILogger<RolloutController> logger) : IEntityController<V1Alpha1StatefulSetRollout>
{
    private static readonly ResourceKind Kind = ResourceKind.Of<V1Alpha1StatefulSetRollout>();

    private readonly TargetLooks looks = new(parts, timeProvider);

    /// <summary>What the server refused last, or goes on failing, by rollout and StatefulSet: said in every status until it goes through, or is not wanted any more.</summary>
    private readonly ConcurrentDictionary<(string Rollout, string Target), (string Action, ReasonCode Reason, string Message)> refused = new();

    /// <summary>What could not be looked at, by rollout and StatefulSet.</summary>
    private readonly LastingFailures failures = new(timeProvider);

    /// <inheritdoc/>
    public async Task<ReconciliationResult<V1Alpha1StatefulSetRollout>> ReconcileAsync(V1Alpha1StatefulSetRollout entity, CancellationToken cancellationToken)
    {
        var uid = ((IStoreItem)entity).Uid;
        try
        {
            var result = await PassAsync(entity, cancellationToken);
            failures.Remove(uid, "");
            return result;
        }
        catch (ApiException error)
        {
            if (failures.Add(uid, "", error) is { } lasting)
            {
                await TellAsync(entity, lasting, cancellationToken);
            }

            throw;
        }
    }

    /// <summary>Says in the status that passes fail.</summary>
    private async Task TellAsync(V1Alpha1StatefulSetRollout rollout, string lasting, CancellationToken cancellationToken)
    {
        var target = parts.Frames.TargetsOf(rollout).FirstOrDefault();
        var message = $"{rollout.Metadata.NamespaceProperty}/{target ?? rollout.Metadata.Name}: {lasting}";
        parts.Announcer.AnnounceOnce(EventTarget.Of(Kind, rollout), isWarning: true, ReasonCodes.ServerFails, "Rolling", message);
        var status = RolloutStatuses.Refused(rollout, rollout.Status, target ?? "", ReasonCodes.ServerFails, message, Clock.Now(timeProvider));
        if (parts.Statuses.WaitOf(((IStoreItem)rollout).Uid, StatusComparison.Of(rollout.Status, status, MemoryChange.None)) != TimeSpan.Zero)
        {
            return;
        }

        try
        {
            await parts.Statuses.WriteAsync(rollout, status, parts.Stores.Rollouts.Informer, null, cancellationToken);
        }
        catch (ApiException)
        {
            // It may be the status itself that cannot be written. The pass fails with what it failed with.
        }
    }

    private async Task<ReconciliationResult<V1Alpha1StatefulSetRollout>> PassAsync(V1Alpha1StatefulSetRollout entity, CancellationToken cancellationToken)
    {
        var (rollout, next) = await parts.Lifespan.BeginAsync(entity, cancellationToken);
        if (next is not null)
        {
            return next;
        }

        var targets = parts.Frames.TargetsOf(rollout);
        if (targets.Length > 1 && rollout.Status.Targets is not { Count: > 0 })
        {
            (rollout, var refusal) = await looks.AcceptAsync(rollout, targets, cancellationToken);
            if (refusal is not null)
            {
                return await WithoutDecisionAsync(rollout, refusal, cancellationToken);
            }
        }

        if (targets.Length > 1)
        {
            return await GroupAsync(rollout, targets, cancellationToken);
        }

        (rollout, var look) = await looks.LookAsync(rollout, targets.IsEmpty ? null : targets[0], cancellationToken);
        switch (look)
        {
            case TargetLook.Waits waits:
                return Again(rollout, waits.Delay);
            case TargetLook.Undecided undecided:
                return await WithoutDecisionAsync(rollout, undecided.Frame, cancellationToken);
            default:
                var decided = (TargetLook.Decided)look;
                parts.Announcer.Announce(EventTarget.Of(Kind, rollout), decided.Decision);
                var (written, delay) = await WriteStatusAsync(rollout, RolloutStatuses.Of(rollout, decided.Frame, decided.Decision, decided.Reports, Clock.Now(timeProvider)), [decided], cancellationToken);
                parts.Metrics.Passed(rollout, decided.Frame, decided.Decision, decided.Reports);
                if (decided.Decision.IsFinished)
                {
                    parts.Metrics.Ended(rollout, decided.Decision.Memory.State);
                }

                return await ActAsync(written, decided, delay, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task<ReconciliationResult<V1Alpha1StatefulSetRollout>> DeletedAsync(V1Alpha1StatefulSetRollout entity, CancellationToken cancellationToken)
    {
        var uid = ((IStoreItem)entity).Uid;
        parts.Announcer.Forget(uid);
        parts.Statuses.Forget(uid);
        parts.Metrics.Forget(uid);
        foreach (var target in entity.Status.Targets ?? [])
        {
            parts.Announcer.Forget($"{uid}/{target.Name}");
            parts.Creations.Forget(target.Uid ?? "");
            parts.Undone.Forget(target.Uid ?? "");
            refused.TryRemove((uid, target.Name), out _);
        }

        return Task.FromResult(ReconciliationResult<V1Alpha1StatefulSetRollout>.Success(entity));
    }

    /// <summary>
    /// A pass of a rollout over several StatefulSets: it looks at each as far as a decision, writes down in one status what must be remembered of all, and
    /// then acts on each. What keeps one from being carried out keeps no other.
    /// </summary>
    private async Task<ReconciliationResult<V1Alpha1StatefulSetRollout>> GroupAsync(V1Alpha1StatefulSetRollout rollout, ImmutableArray<string> targets, CancellationToken cancellationToken)
    {
        var open = targets.Where(target => !RolloutEnds.HasEnded(rollout, target) || HasClaim(rollout, target)).ToList();
        (rollout, var seen) = await looks.LookAsync(rollout, open, cancellationToken);
        var (before, now) = (rollout, Clock.Now(timeProvider));
        var decided = seen.OfType<TargetLook.Decided>().ToList();
        foreach (var each in decided)
        {
            parts.Announcer.Announce(EventTarget.Of(Kind, rollout), each.Decision, each.Target);
        }

        var next = parts.Reverts.AtEnd(rollout, GroupStatuses.Of(rollout, seen, now), now);
        foreach (var look in seen)
        {
            if (look is TargetLook.Failed failed)
            {
                next = failures.Add(((IStoreItem)rollout).Uid, failed.Target, failed.Error) is { } lasting ? RolloutStatuses.Refused(rollout, next, failed.Target, ReasonCodes.ServerFails, $"{rollout.Metadata.NamespaceProperty}/{failed.Target}: {lasting}", now) : next;
            }
            else
            {
                failures.Remove(((IStoreItem)rollout).Uid, look.Target);
            }
        }

        (rollout, var delay) = await WriteStatusAsync(rollout, next, decided, cancellationToken);
        decided.ForEach(each => parts.Metrics.Passed(before, each.Frame, each.Decision, each.Reports));
        if (before.Status.CompletionTime is null && RolloutGroup.EndOf(RolloutEnds.MembersOf(rollout.Status)) is { } end)
        {
            var words = Conditions.Find(rollout.Status.Conditions, "Succeeded")?.Message ?? end.Message;
            parts.Metrics.Ended(before, end.State);
            LogEnded(((IStoreItem)rollout).Key, end.Reason.Code, words);
            parts.Announcer.AnnounceOnce(EventTarget.Of(Kind, rollout), end.Reason.NeedsHuman, end.Reason, "Finishing", words);
        }

        foreach (var look in seen)
        {
            delay = Sooner(delay, look switch { TargetLook.Waits waits => waits.Delay, TargetLook.Undecided { Frame: RolloutFrame.NotYet notYet } => notYet.Again, _ => null });
        }

        var failure = seen.OfType<TargetLook.Failed>().FirstOrDefault()?.Error;
        foreach (var each in decided)
        {
            try
            {
                var result = await ActAsync(rollout, each, null, cancellationToken);
                rollout = result.Entity;
                failure ??= result.Error as ApiException;
                delay = Sooner(delay, result.RequeueAfter);
            }
            catch (ApiException error)
            {
                failure ??= error;
            }
        }

        return failure is null ? Again(rollout, delay) : ReconciliationResult<V1Alpha1StatefulSetRollout>.Failure(rollout, failure.Message, failure, delay);
    }

    private bool HasClaim(V1Alpha1StatefulSetRollout rollout, string target) =>
        parts.Stores.Sets.Items.Find(new NamespacedName(((IStoreItem)rollout).Key.Namespace, target)) is { } set && set.Snapshot.HeldBy.EndsWith($"/{rollout.Metadata.Uid}", StringComparison.Ordinal);

    /// <summary>Carries out what was decided about one StatefulSet, after the status was written.</summary>
    private async Task<ReconciliationResult<V1Alpha1StatefulSetRollout>> ActAsync(V1Alpha1StatefulSetRollout rollout, TargetLook.Decided look, TimeSpan? delay, CancellationToken cancellationToken)
    {
        var (frame, decision) = (look.Frame, look.Decision);
        var target = EventTarget.Of(Kind, rollout);
        var scope = new ActionScope(frame.Observation.Item, look.Gates, decision.Memory.GoalOf(frame.Request));
        foreach (var action in decision.Actions)
        {
            if (look.IsTooLate(action, Clock.Now(timeProvider)))
            {
                return Again(rollout, TimeSpan.FromMilliseconds(1));
            }

            var outcome = await parts.Actuator.ExecuteAsync(scope, action, cancellationToken);
            if (outcome.Result is not ActionResult.Done)
            {
                return await NotDoneAsync(rollout, look, action, outcome, delay, cancellationToken);
            }

            refused.TryRemove((target.Uid, look.Target), out _);
            Tell(target, frame, action);
        }

        // An action through a gate shows in no store: come back at once to ask about its effect.
        return decision.Actions.Any(action => action is PrepareGate)
            ? Again(rollout, TimeSpan.FromMilliseconds(1))
            : Again(rollout, Sooner(Sooner(delay, look.Next), decision.WakeAfter));
    }

    /// <summary>Writes the status if that is due. What must be durable is written before this returns, or an exception ends the pass.</summary>
    private async Task<(V1Alpha1StatefulSetRollout Rollout, TimeSpan? Delay)> WriteStatusAsync(
        V1Alpha1StatefulSetRollout rollout, StatefulSetRolloutStatus next, IReadOnlyList<TargetLook.Decided> decided, CancellationToken cancellationToken)
    {
        var uid = ((IStoreItem)rollout).Uid;
        foreach (var each in decided)
        {
            if (refused.TryGetValue((uid, each.Target), out var refusal) && each.Decision.Actions.Any(action => ActionWords.Of(action) == refusal.Action))
            {
                next = RolloutStatuses.Refused(rollout, next, each.Target, refusal.Reason, refusal.Message, Clock.Now(timeProvider));
            }
        }

        if (decided.Any(each => each.Frame.Memory.Version > RolloutMemory.CurrentVersion))
        {
            // What a newer operator remembers is not ours to write over; the conditions are.
            var conditions = rollout.Status with { Conditions = next.Conditions };
            return StatusComparison.Of(rollout.Status, conditions, MemoryChange.None) is StatusUrgency.None
                ? (rollout, null)
                : (await parts.Statuses.WriteAsync(rollout, conditions.Conditions!, parts.Stores.Rollouts.Informer, "conditions", cancellationToken), null);
        }

        var change = decided.Select(each => each.Decision.Change).DefaultIfEmpty(MemoryChange.None).Max();
        var urgency = StatusComparison.Of(rollout.Status, next, change);
        if (urgency is not StatusUrgency.Now && decided.Any(each => !each.Decision.Actions.IsEmpty))
        {
            // Words can wait, the action should not; the pass that sees its effect will tell.
            return (rollout, null);
        }

        return parts.Statuses.WaitOf(uid, urgency) switch
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
            RolloutFrame.NotYet notYet => (RolloutStatuses.Of(rollout, notYet, now), notYet.Again),
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
        V1Alpha1StatefulSetRollout rollout, TargetLook.Decided look, PlannedAction action, ActionOutcome outcome, TimeSpan? delay, CancellationToken cancellationToken)
    {
        var (frame, decision) = (look.Frame, look.Decision);
        var again = Sooner(outcome.RetryAfter, Sooner(Sooner(delay, look.Next), decision.WakeAfter));
        LogNotDone(((IStoreItem)rollout).Key, ActionWords.Of(action), outcome.Result, outcome.Message);
        switch (outcome.Result)
        {
            case ActionResult.Conflict when !frame.Observation.Snapshot.Budgets.IsEmpty:
                return await SettleAsync(rollout, frame, decision, TimeSpan.FromMinutes(2), cancellationToken);
            case ActionResult.BudgetBlocks:
                return await SettleAsync(rollout, frame, decision, outcome.RetryAfter ?? TimeSpan.FromSeconds(10), cancellationToken);
            case ActionResult.Refused or ActionResult.Failing:
                parts.Announcer.AnnounceOnce(EventTarget.Of(Kind, rollout), isWarning: true, outcome.Reason, "Rolling", outcome.Message);
                refused[(((IStoreItem)rollout).Uid, frame.Target)] = (ActionWords.Of(action), outcome.Reason, outcome.Message);
                var status = RolloutStatuses.Refused(rollout, rollout.Status, frame.Target, outcome.Reason, outcome.Message, Clock.Now(timeProvider));
                // A refusal may be worded anew each time (a webhook that tells a number of the request): then this is progress, which is written now and then.
                var wait = parts.Statuses.WaitOf(((IStoreItem)rollout).Uid, StatusComparison.Of(rollout.Status, status, MemoryChange.None));
                if (wait == TimeSpan.Zero)
                {
                    rollout = await parts.Statuses.WriteAsync(rollout, status, parts.Stores.Rollouts.Informer, null, cancellationToken);
                }

                return Again(rollout, again);
            default:
                // The stores may be a moment behind what the server just said; the actuator knows how often that was so.
                return Again(rollout, again);
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

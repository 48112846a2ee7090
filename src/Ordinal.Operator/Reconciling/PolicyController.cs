using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Actuating;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Events;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Looks after the StatefulSets of one policy while nothing is rolled: adopts them, keeps them held, starts a rollout when a template
/// drifts, asks the gates now and then, and gives everything back when the policy goes. A set that a rollout has claimed is left to
/// that rollout. Under a policy that is wrong it gives back claims of rollouts that are gone and opens the readiness gates that wait for nothing; it touches
/// nothing else, and says what is wrong.
/// </summary>
public sealed partial class PolicyController(PolicyParts parts, TimeProvider timeProvider, ILogger<PolicyController> logger) : IEntityController<V1Alpha1RolloutPolicy>
{
    private static readonly ResourceKind Kind = ResourceKind.Of<V1Alpha1RolloutPolicy>();

    private readonly FailedPasses failures = new(parts, timeProvider);

    /// <inheritdoc/>
    public async Task<ReconciliationResult<V1Alpha1RolloutPolicy>> ReconcileAsync(V1Alpha1RolloutPolicy entity, CancellationToken cancellationToken)
    {
        var isDeleted = entity.Metadata.DeletionTimestamp is not null;
        if (isDeleted && !PolicyFinalizers.IsOn(entity))
        {
            return ReconciliationResult<V1Alpha1RolloutPolicy>.Success(entity);
        }

        var reading = PolicyReader.Read(entity.Metadata.Name, entity.Spec);
        var targets = parts.Targets.Of(entity);
        var mayAct = isDeleted || reading.Problems.IsEmpty;
        var policy = mayAct && !isDeleted && targets.Any(target => target is { Set: not null, Contender: null })
            ? await parts.Finalizers.PutOnAsync(entity, cancellationToken)
            : entity;

        var states = ImmutableArray.CreateBuilder<TargetState>();
        TimeSpan? next = null;
        ApiException? failure = null;
        foreach (var target in targets)
        {
            try
            {
                var (state, again) = await LookAfterAsync(policy, reading, target, mayAct, cancellationToken);
                failures.Forget(policy, target);
                states.Add(state);
                next = Sooner(next, again);
            }
            catch (ApiException error)
            {
                // What keeps one from its pass keeps no other. What may be over in a moment says when to come back.
                failure = failure is null or { Class: ApiErrorClass.Terminal } ? error : failure;
                states.Add(failures.StateAfter(policy, target, error));
            }
        }

        if (isDeleted)
        {
            return await LetGoAsync(policy, reading, states.ToImmutable(), next, failure, cancellationToken);
        }

        var delay = await WriteStatusAsync(policy, reading, states.ToImmutable(), cancellationToken);
        await parts.Births.TidyAsync(policy, cancellationToken);
        return ResultOf(policy, Sooner(next, delay), failure);
    }

    /// <inheritdoc/>
    public Task<ReconciliationResult<V1Alpha1RolloutPolicy>> DeletedAsync(V1Alpha1RolloutPolicy entity, CancellationToken cancellationToken)
    {
        parts.Announcer.Forget(entity.Metadata.Uid);
        parts.Statuses.Forget(entity.Metadata.Uid);
        parts.Gates.Forget(entity.Metadata.Uid);
        parts.Metrics.ForgetPolicy(entity);
        foreach (var target in entity.Status.Targets ?? [])
        {
            parts.Probe.Forget(target.Uid ?? "");
            parts.Native.Forget(target.Uid ?? "");
        }

        return Task.FromResult(ReconciliationResult<V1Alpha1RolloutPolicy>.Success(entity));
    }

    /// <summary>Makes one target's pass.</summary>
    private async Task<(TargetState State, TimeSpan? Again)> LookAfterAsync(V1Alpha1RolloutPolicy policy, PolicyReading reading, PolicyTarget target, bool mayAct, CancellationToken cancellationToken)
    {
        var state = new TargetState { Target = target };
        if (target.Contender is { } contender)
        {
            return (state with { Concern = (ReasonCodes.TargetConflict, $"StatefulSet {policy.Metadata.NamespaceProperty}/{target.Name} belongs to RolloutPolicy {contender.Metadata.Name}, which is older; remove it from one of the two") }, null);
        }

        if (target.Set is null || parts.Observer.Observe(target.Set.Key) is not { } observation)
        {
            return (state with { Concern = (ReasonCodes.TargetsMissing, $"StatefulSet {policy.Metadata.NamespaceProperty}/{target.Name} does not exist; create it, or correct spec.targets") }, null);
        }

        state = state with { Observation = observation, Active = parts.Births.ActiveOf(policy, target.Name) is { Count: > 0 } active ? active[0] : null };
        if (await parts.SetExpectations.CheckAsync(observation.Item.Key, cancellationToken) is { } wait)
        {
            return (state with { Concern = state.Active is null ? (ReasonCodes.Adopting, $"{observation.Item.Key}: the operator waits to see its own last write") : InProgress(state.Active, target.Name) }, wait);
        }

        if (await ReleaseOrphanedClaimAsync(observation, cancellationToken) is { } released)
        {
            return (state with { Concern = Unsettled(policy, state, "the claim of a rollout that is gone was taken off") }, released.RetryAfter ?? TimeSpan.FromSeconds(1));
        }

        if (!mayAct)
        {
            return await RecoverAsync(policy, state, cancellationToken);
        }

        var isLeftAlone = policy.Metadata.DeletionTimestamp is not null || observation.Snapshot.Set.HeldBy.Length > 0;
        var (refusal, look) = isLeftAlone ? (null, null) : await parts.Native.JudgeAsync(reading.Policy, policy.Metadata.Generation ?? 0, observation, cancellationToken);
        var decision = HoldPlanner.Decide(new HoldInput
        {
            Snapshot = observation.Snapshot,
            Memory = HoldMemories.AtRest(policy, target.Name, observation.Item.Snapshot, parts.Births),
            IsPolicyDeleted = policy.Metadata.DeletionTimestamp is not null,
            Release = policy.Spec.Release is true,
            IsNative = reading.Policy.Driver is UpdateDriver.Native,
            NativeRefusal = refusal,
            ChangesNothing = parts.Observer.SayTheSame(observation, observation.Item.Snapshot.CurrentRevision, observation.Item.Snapshot.UpdateRevision),
        });
        foreach (var notice in decision.Notices)
        {
            parts.Announcer.AnnounceOnce(EventTarget.Of(Kind, policy), notice.IsWarning, notice.Reason, "Holding", notice.Message);
        }

        state = state with { Decision = decision };
        if (!decision.Actions.IsEmpty)
        {
            return await ActAsync(policy, state, reading, cancellationToken);
        }

        var (rested, next) = await RestAsync(policy, reading, state, refusal, cancellationToken);
        return (rested, Sooner(next, look));
    }

    /// <summary>Opens the readiness gates that wait for nothing, under a policy that is wrong: all else of the set is left alone.</summary>
    private async Task<(TargetState State, TimeSpan? Again)> RecoverAsync(V1Alpha1RolloutPolicy policy, TargetState state, CancellationToken cancellationToken)
    {
        var observation = state.Observation!;
        var scope = new ActionScope(observation.Item, Observer.GateContextOf(observation, []), observation.Item.Snapshot.UpdateRevision);
        foreach (var action in HoldPlanner.Recover(new HoldInput { Snapshot = observation.Snapshot, Memory = HoldMemories.AtRest(policy, state.Target.Name, observation.Item.Snapshot, parts.Births) }))
        {
            var outcome = await parts.Actuator.ExecuteAsync(scope, action, cancellationToken);
            LogDone(observation.Item.Key, $"{ActionWords.Of(action)}: {outcome.Result}");
            if (outcome.Result is not ActionResult.Done)
            {
                return (state, outcome.RetryAfter ?? TimeSpan.FromSeconds(5));
            }
        }

        return (state, null);
    }

    /// <summary>Writes what must be remembered, then acts.</summary>
    private async Task<(TargetState State, TimeSpan? Again)> ActAsync(V1Alpha1RolloutPolicy policy, TargetState state, PolicyReading reading, CancellationToken cancellationToken)
    {
        var (observation, decision) = (state.Observation!, state.Decision!);
        if (decision.Memory != HoldMemories.Of(policy, state.Target.Name) with { SetUid = decision.Memory.SetUid, Revision = decision.Memory.Revision, Original = decision.Memory.Original })
        {
            // Counted before it is done: a crash in between must not make the second foreign write look like the first.
            var seen = PolicyStatuses.Of(policy, reading, [state], null, parts.GatesMode, Clock.Now(timeProvider)).Targets![0];
            await parts.Statuses.WriteAsync(policy, HoldMemories.Remember(policy, seen), parts.Stores.Policies.Informer, null, cancellationToken);
            return (state with { Concern = Unsettled(policy, state, "spec.updateStrategy is about to be written") }, TimeSpan.FromMilliseconds(1));
        }

        var scope = new ActionScope(observation.Item, Observer.GateContextOf(observation, []), observation.Item.Snapshot.UpdateRevision);
        foreach (var action in decision.Actions)
        {
            var outcome = await parts.Actuator.ExecuteAsync(scope, action, cancellationToken);
            if (outcome.Result is ActionResult.Refused or ActionResult.Failing)
            {
                parts.Announcer.AnnounceOnce(EventTarget.Of(Kind, policy), isWarning: true, outcome.Reason, "Holding", outcome.Message);
                return (state with { Concern = (outcome.Reason, outcome.Message) }, outcome.RetryAfter);
            }

            if (outcome.Result is not ActionResult.Done)
            {
                LogNotDone(observation.Item.Key, ActionWords.Of(action), outcome.Message);
                return (state with { Concern = (ReasonCodes.Adopting, outcome.Message) }, outcome.RetryAfter ?? TimeSpan.FromSeconds(5));
            }

            LogDone(observation.Item.Key, ActionWords.Of(action));
            if (action is OpenGate)
            {
                continue;
            }

            parts.Announcer.Publish(EventTarget.Of(Kind, policy), isWarning: false, ReasonCodes.StrategyWritten, "Holding", $"{observation.Item.Key}: {ActionWords.Of(action)}");
        }

        if (decision.Actions.All(action => action is OpenGate))
        {
            var stands = state.Active is { } active ? InProgress(active, state.Target.Name) : decision.Holds.IsEmpty ? state.Concern : (decision.Holds[0].Reason, decision.Holds[0].Message);
            return (state with { Concern = stands }, TimeSpan.FromMilliseconds(1));
        }

        return (state with { Concern = Unsettled(policy, state, "spec.updateStrategy was written; waiting for the StatefulSet controller to see it") }, null);
    }

    /// <summary>Says that the set is between two states, so that no pass in between says that it is up to date and held.</summary>
    private static (ReasonCode Reason, string Message) Unsettled(V1Alpha1RolloutPolicy policy, TargetState state, string fact) =>
        state.Active is { } active ? InProgress(active, state.Target.Name)
        : (policy.Metadata.DeletionTimestamp is null ? ReasonCodes.Adopting : ReasonCodes.LettingGo, $"{state.Observation!.Item.Key}: {fact}");

    /// <summary>Judges a set about which nothing must be written: starts a rollout if one is due, or says why none is.</summary>
    private async Task<(TargetState State, TimeSpan? Again)> RestAsync(
        V1Alpha1RolloutPolicy policy, PolicyReading reading, TargetState state, (ReasonCode Reason, string Message)? refusal, CancellationToken cancellationToken)
    {
        var (observation, decision) = (state.Observation!, state.Decision!);
        if (state.Active is { } active)
        {
            return (state with { Concern = InProgress(active, state.Target.Name) }, null);
        }

        if (!decision.Holds.IsEmpty)
        {
            var hold = decision.Holds[0];
            var again = hold.Reason == ReasonCodes.StoresNotFresh ? TimeSpan.FromSeconds(5) : (TimeSpan?)null;
            if (hold.Reason.NeedsHuman || hold.Reason == ReasonCodes.AdoptionWaits)
            {
                parts.Announcer.AnnounceOnce(EventTarget.Of(Kind, policy), hold.Reason.NeedsHuman, hold.Reason, "Holding", hold.Message);
            }

            return (state with { Concern = (hold.Reason, hold.Message) }, again);
        }

        if (policy.Metadata.DeletionTimestamp is not null)
        {
            return (state, null);
        }

        var drift = decision.Drift is { } found && !parts.Observer.SayTheSame(observation, found.From, found.To) ? found : null;
        if (refusal is { } impossible)
        {
            // No rollout could start. Once it is put right the change rolls by itself: it was not tried, and did not fail.
            var waits = drift is null ? "" : $" {drift.Behind} of {observation.Snapshot.Set.Replicas} pods are not at {drift.To}.";
            refusal = (impossible.Reason, $"{impossible.Message} Until then it is held.{waits}");
            parts.Announcer.AnnounceOnce(EventTarget.Of(Kind, policy), isWarning: true, impossible.Reason, "Holding", refusal.Value.Message);
            if (drift is not null)
            {
                return (state with { Concern = refusal }, null);
            }
        }
        else if (drift is not null)
        {
            return await StartAsync(policy, reading, state, drift, cancellationToken);
        }

        ImmutableArray<GateReport> reports = [];
        TimeSpan? next = null;
        if (!reading.Policy.Gates.IsEmpty && parts.GatesMode is GatesMode.On)
        {
            (reports, next) = await parts.Probe.AskAsync(policy, reading.Policy, observation, cancellationToken);
            parts.Metrics.Asked(policy, reports);
        }

        var set = observation.Snapshot.Set;
        var ready = observation.Snapshot.Pods.Count(pod => pod.IsReady && !pod.IsTerminating && pod.Ordinal >= set.Ordinals.First && pod.Ordinal < set.Ordinals.End);
        return (
            state with
            {
                Reports = reports,
                Concern = refusal ?? (ready < set.Replicas ? (ReasonCodes.PodsNotReady, $"{observation.Item.Key}: {ready} of {set.Replicas} pods are ready") : null),
            },
            next);
    }

    private async Task<(TargetState State, TimeSpan? Again)> StartAsync(V1Alpha1RolloutPolicy policy, PolicyReading reading, TargetState state, Drift drift, CancellationToken cancellationToken)
    {
        var set = state.Observation!.Item;
        var behind = $"{set.Key}: {drift.Behind} of {set.Snapshot.Replicas} pods are not at {drift.To}";
        var last = parts.Births.LastOf(policy, state.Target.Name, drift.To);
        var remembered = policy.Status.Targets?.FirstOrDefault(each => each.Name == state.Target.Name && each.Uid == set.Uid)?.RejectedRevision;
        if (remembered == drift.To || (last is not null && !RolloutEnds.HasSucceeded(last, state.Target.Name) && !RolloutEnds.WasOvertaken(last, state.Target.Name)))
        {
            var why = last is null ? "" : $" ({last.Metadata.Name}: {RolloutEnds.MessageOf(last, state.Target.Name)})";
            return (state with { Rejected = drift.To, Concern = (ReasonCodes.RolloutFailed, $"{behind}, and a rollout of it did not succeed{why}; fix the template, or create a StatefulSetRollout to try again") }, null);
        }

        if (policy.Spec.Suspend is true)
        {
            return (state with { Concern = (ReasonCodes.DriftHeld, $"{behind}; spec.suspend is true") }, null);
        }

        if (policy.Spec.Trigger is "Manual")
        {
            return (state with { Concern = (ReasonCodes.DriftHeld, $"{behind}; spec.trigger is Manual: create a StatefulSetRollout of type Update") }, null);
        }

        if (parts.Zones.HoldOf(policy, reading, state.Target.Name) is { } zone)
        {
            var left = zone.Until - Clock.Now(timeProvider);
            return (state with { Concern = (zone.Reason.NeedsHuman ? zone.Reason : ReasonCodes.RolloutInProgress, $"{behind}; {zone.Message}") }, left > TimeSpan.Zero ? left : null);
        }

        if (parts.Observer.FindRevision(set, drift.To) is not { } revision)
        {
            return (state with { Concern = (ReasonCodes.StoresNotFresh, $"{behind}; ControllerRevision {drift.To} has not been seen yet") }, TimeSpan.FromSeconds(5));
        }

        if (!parts.Turns.IsNext(set.Key, policy.Metadata.Uid, Clock.Now(timeProvider)))
        {
            return (state with { Concern = (ReasonCodes.RolloutInProgress, $"{behind}; as many rollouts are under way in the cluster as the operator allows at a time ({parts.Turns.Most}), and {parts.Turns.Ahead(set.Key)} StatefulSets wait before this one") }, TimeSpan.FromSeconds(30));
        }

        var (name, isNew) = await parts.Births.CreateAsync(policy, set, revision, cancellationToken);
        if (!isNew)
        {
            return (state with { Concern = (ReasonCodes.DriftHeld, $"{behind}, and rollout {name} of the same revision exists already; create a StatefulSetRollout of type Update to go on") }, TimeSpan.FromSeconds(30));
        }

        parts.Turns.Taken(set.Key, name);
        LogStarted(set.Key, name, drift.From, drift.To);
        parts.Announcer.Publish(EventTarget.Of(Kind, policy), isWarning: false, ReasonCodes.RolloutStarted, "Starting", $"{behind}; rollout {name} takes it there");
        return (state with { IsStarting = true, Concern = (ReasonCodes.RolloutInProgress, $"{name}: {behind}") }, null);
    }

    /// <summary>Takes the finalizer off once nothing of ours is left on any target.</summary>
    private async Task<ReconciliationResult<V1Alpha1RolloutPolicy>> LetGoAsync(V1Alpha1RolloutPolicy policy, PolicyReading reading, ImmutableArray<TargetState> states, TimeSpan? next, ApiException? failure, CancellationToken cancellationToken)
    {
        var isDone = states.All(state => state.Observation is null || (state.Active is null && state.Decision is { IsLetGo: true }));
        if (isDone)
        {
            await parts.Finalizers.TakeOffAsync(policy, cancellationToken);
            return ReconciliationResult<V1Alpha1RolloutPolicy>.Success(policy);
        }

        var delay = await WriteStatusAsync(policy, reading, states, cancellationToken);
        return ResultOf(policy, Sooner(next, delay), failure);
    }

    private static ReconciliationResult<V1Alpha1RolloutPolicy> ResultOf(V1Alpha1RolloutPolicy policy, TimeSpan? next, ApiException? failure) => failure is null
        ? ReconciliationResult<V1Alpha1RolloutPolicy>.Success(policy, next)
        : ReconciliationResult<V1Alpha1RolloutPolicy>.Failure(policy, failure.Message, failure, next);

    /// <summary>Gives back a claim whose rollout is gone without having done so itself: its finalizer was removed by hand.</summary>
    /// <returns>How that went; null when there is none.</returns>
    private async Task<ActionOutcome?> ReleaseOrphanedClaimAsync(Observation observation, CancellationToken cancellationToken)
    {
        var claim = observation.Item.Snapshot.HeldBy;
        if (claim.Length == 0 || parts.Stores.Rollouts.Items.IsStale
            || parts.Stores.HasRollout(claim[(claim.LastIndexOf('/') + 1)..]))
        {
            return null;
        }

        var scope = new ActionScope(observation.Item, Observer.GateContextOf(observation, []), "");
        var outcome = await parts.Actuator.ExecuteAsync(scope, new ReleaseClaim(claim), cancellationToken);
        LogOrphan(observation.Item.Key, claim, outcome.Result);
        return outcome;
    }

    private async Task<TimeSpan?> WriteStatusAsync(V1Alpha1RolloutPolicy policy, PolicyReading reading, ImmutableArray<TargetState> states, CancellationToken cancellationToken)
    {
        var status = PolicyStatuses.Of(policy, reading, states, parts.Births.LastSuccessOf(policy), parts.GatesMode, Clock.Now(timeProvider));
        var urgency = states.Any(state => state.IsUntold) ? StatusUrgency.None : StatusComparison.Of(policy.Status, status);
        var wait = parts.Statuses.WaitOf(policy.Metadata.Uid, urgency);
        if (wait is null || wait > TimeSpan.Zero)
        {
            return wait;
        }

        await parts.Statuses.WriteAsync(policy, status, parts.Stores.Policies.Informer, null, cancellationToken);
        return null;
    }

    private static (ReasonCode Reason, string Message) InProgress(V1Alpha1StatefulSetRollout rollout, string target) => (
        ReasonCodes.RolloutInProgress,
        $"{rollout.Metadata.Name}: {(RolloutEnds.MessageOf(rollout, target) is { Length: > 0 } message ? message : "begins")}");

    private static TimeSpan? Sooner(TimeSpan? one, TimeSpan? other) => one is null ? other : other is null || one < other ? one : other;

    [LoggerMessage(3001, LogLevel.Information, "{Set}: {Action}")]
    private partial void LogDone(NamespacedName set, string action);

    [LoggerMessage(3002, LogLevel.Debug, "{Set}: {Action} was not carried out: {Reason}")]
    private partial void LogNotDone(NamespacedName set, string action, string reason);

    [LoggerMessage(3003, LogLevel.Information, "{Set}: rollout {Rollout} from {From} to {To}")]
    private partial void LogStarted(NamespacedName set, string rollout, string from, string to);

    [LoggerMessage(3004, LogLevel.Warning, "{Set}: the claim {Claim} belongs to no rollout; given back ({Result})")]
    private partial void LogOrphan(NamespacedName set, string claim, ActionResult result);
}

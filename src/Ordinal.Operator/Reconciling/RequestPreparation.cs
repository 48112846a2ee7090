using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Actuating;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Brings a rollout to the point from which the planner can take it: it is its turn, the guard of <c>update.revisions</c> holds, and the template says what was asked
/// for (images, a restart, an earlier revision). It is the only place where a request writes <c>spec.template</c> (rule 7), once, under the
/// hold, together with the claim. What the request chose is in the status before that: the previous revision is another one after the write.
/// </summary>
/// <param name="api">The API server.</param>
/// <param name="stores">Revisions, and the stores that must see the writes.</param>
/// <param name="queue">Says whose turn it is.</param>
/// <param name="statuses">Writes what is remembered.</param>
/// <param name="setExpectations">Keyed by StatefulSet.</param>
/// <param name="timeProvider">Now, for the planner's preflight.</param>
/// <param name="logger">Where it logs.</param>
public sealed partial class RequestPreparation(IKubernetesApi api, OperatorStores stores, RolloutPrecedence queue, StatusWriter statuses, WriteExpectations setExpectations, TimeProvider timeProvider, ILogger<RequestPreparation> logger)
{
    private static readonly ResourceKind SetKind = ResourceKind.Of<V1StatefulSet>();
    private static readonly ResourceKind RevisionKind = ResourceKind.Of<V1ControllerRevision>();

    /// <summary>How often in a row a write may fail a test of what was read just before, and the set be the same afterwards: then it is no race but a refusal that looks like one.</summary>
    private const int MostRaces = 3;

    private readonly RestingWrites rests = new(timeProvider);

    /// <summary>Tells whether a rollout is still before its start. What is cancelled by then is the planner's to end.</summary>
    public static bool IsDue(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame) =>
        frame.Memory is { StartedAt: null, Ending: null } && rollout.Status.CompletionTime is null && frame.Request is { Cancel: CancelRequest.None, SupersededBy: "", StoppedBy: "" };

    /// <summary>
    /// Judges one StatefulSet of a request over several before anything is done to the first: what cannot work on one of them is refused for all.
    /// </summary>
    /// <returns>Why it cannot work, or cannot be told yet; null when it can.</returns>
    public async Task<RolloutFrame?> JudgeAsync(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame, CancellationToken cancellationToken)
    {
        if (Guard(rollout, frame) is { } guard)
        {
            return guard;
        }

        if (queue.BeforeStart(rollout, frame.Policy, frame.Target, frame.Memory) is RolloutFrame.Ended turn)
        {
            return turn;
        }

        if (!frame.Observation.Snapshot.Freshness.IsFresh)
        {
            return NotYet(frame, ReasonCodes.StoresNotFresh, frame.Observation.Snapshot.Freshness.Message);
        }

        return RequestPreflight.Judge(InputOf(frame)) is { } refusal ? Ended(frame, refusal.Reason, refusal.Message)
            : WritesTemplate(rollout) ? (await PlanAsync(rollout, frame, null, cancellationToken)).Refusal
            : null;
    }

    /// <summary>Does what is due, one step a pass.</summary>
    /// <returns>The rollout as it is now, and the frame to go on with.</returns>
    public async Task<(V1Alpha1StatefulSetRollout Rollout, RolloutFrame Frame)> PrepareAsync(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame, CancellationToken cancellationToken)
    {
        var set = frame.Observation.Item;
        var known = Remembered(rollout, frame.Target);
        if (known?.Generation is null && !RequestedRevisions.IsByOperator(rollout) && Guard(rollout, frame) is { } guard)
        {
            return (rollout, guard);
        }

        if (queue.BeforeStart(rollout, frame.Policy, frame.Target, frame.Memory) is { } turn)
        {
            // A request is judged before it waits: under Replace its waiting ends the one that runs.
            return turn is RolloutFrame.NotYet && WritesTemplate(rollout) && !RolloutPrecedence.IsWaiting(rollout) && await PlanAsync(rollout, frame, known, cancellationToken) is { Refusal: { } refusal }
                ? (rollout, refusal)
                : (rollout, turn);
        }

        if (!WritesTemplate(rollout))
        {
            return (rollout, frame);
        }

        if (known?.Generation == set.Snapshot.Generation)
        {
            return (rollout, set.Snapshot.IsObserved ? frame : NotYet(frame, ReasonCodes.NotObserved, $"{set.Key}: the template is written; the StatefulSet controller has seen generation {set.Snapshot.ObservedGeneration} of {set.Snapshot.Generation}"));
        }

        if (Standing(frame) is { } standing)
        {
            return (rollout, standing);
        }

        if (rollout.Spec.Type == "Rollback" && known?.Revision is null)
        {
            if (ChooseRevision(rollout, frame, out var problem) is not { } chosen)
            {
                return (rollout, Ended(frame, ReasonCodes.RevisionUnknown, problem));
            }

            known = new TemplateRequestStatus { Revision = chosen };
            rollout = await RememberAsync(rollout, frame, known, cancellationToken);
        }

        return await WriteAsync(rollout, frame, known, cancellationToken);
    }

    /// <summary>Tells whether a rollout brings its own template. What the operator made itself follows one that is there already.</summary>
    internal static bool WritesTemplate(V1Alpha1StatefulSetRollout rollout) =>
        !RequestedRevisions.IsByOperator(rollout) && (rollout.Spec.Type is "Restart" or "Rollback" || rollout.Spec.Update?.Images is { Count: > 0 });

    private async Task<(V1Alpha1StatefulSetRollout Rollout, RolloutFrame Frame)> WriteAsync(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame, TemplateRequestStatus? known, CancellationToken cancellationToken)
    {
        // Somebody who corrects the request makes it another one.
        var write = $"template for {rollout.Metadata.Uid}/{rollout.Metadata.Generation}";
        if (rests.Find(frame.Observation.Item, write) is { } rest)
        {
            return (rollout, NotWritten(frame, rest));
        }

        var planned = await PlanAsync(rollout, frame, known, cancellationToken);
        if (planned.Refusal is { } refusal)
        {
            return (rollout, refusal);
        }

        var (item, live) = (planned.Item!, planned.Live!);
        if (Standing(frame with { Observation = frame.Observation with { Item = item, Snapshot = frame.Observation.Snapshot with { Set = item.Snapshot } } }) is { } standing)
        {
            return (rollout, standing);
        }

        var generation = item.Snapshot.Generation;
        if (planned.Plan!.Patch is not null && (known?.Generation is not null || item.Snapshot.HeldBy == frame.Request.ClaimId))
        {
            // Claim and template are one write, so whoever holds the claim has written. What stands there now is somebody's newer word (rule 7).
            return (rollout, new RolloutFrame.Ended(
                frame.Target,
                frame.Memory,
                RolloutState.Superseded,
                ReasonCodes.Superseded,
                $"StatefulSet {item.Key}: somebody changed the template after this request had written it and before it could start; the newer template is left alone, and is rolled out on its own"));
        }

        if (planned.Plan.Patch is { } patch)
        {
            if (ExpectedRevisions.Judge(rollout, frame, item) is { } unexpected)
            {
                return (rollout, unexpected);
            }

            try
            {
                generation = await SendAsync(item, TemplatePlans.Claim(patch, live, frame.Request.ClaimId), cancellationToken);
            }
            catch (ApiException error) when (error.Kind is ApiErrorKind.PatchTestFailed or ApiErrorKind.Conflict or ApiErrorKind.NotFound)
            {
                // By the set as it was read: one that is the same again cannot have changed in between.
                var words = $"{item.Key} changed in the moment in which its template was to be written; it is looked at again";
                var (outcome, inARow) = rests.Remember(item, write, ActionOutcome.Replan(words));
                return (rollout, NotWritten(frame, inARow < MostRaces || error.Kind is not ApiErrorKind.PatchTestFailed
                    ? outcome
                    : rests.Remember(item, write, new ActionOutcome(ActionResult.Refused, $"{item.Key}: {error.Message}")).Outcome));
            }
            catch (ApiException error) when (error.Kind is ApiErrorKind.Invalid)
            {
                return (rollout, Ended(frame, ReasonCodes.RequestImpossible, $"StatefulSet {item.Key}: the API server refuses the template of this request: {error.Message}; correct the request and create a new one"));
            }
            catch (ApiException error) when (error.Class is ApiErrorClass.Terminal)
            {
                return (rollout, NotWritten(frame, rests.Remember(item, write, new ActionOutcome(ActionResult.Refused, $"{item.Key}: {error.Message}")).Outcome));
            }

            rests.Remember(item, write, ActionOutcome.Done);

            LogWritten(item.Key, rollout.Metadata.Name, rollout.Spec.Type, generation);
        }

        rollout = await RememberAsync(rollout, frame, (known ?? new TemplateRequestStatus()) with { Generation = generation }, cancellationToken);
        return (rollout, NotYet(frame, ReasonCodes.NotObserved, $"{item.Key}: the template is as asked for; waiting for the StatefulSet controller to see it"));
    }

    /// <summary>Looks at the set as it is now, and works out what the request makes of its template.</summary>
    private async Task<Planned> PlanAsync(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame, TemplateRequestStatus? known, CancellationToken cancellationToken)
    {
        var key = frame.Observation.Item.Key;
        if (JsonNode.Parse((await api.GetRawAsync(SetKind, key, null, cancellationToken)).Span) is not JsonObject live || live["metadata"]?["uid"]?.ToString() != frame.Observation.Item.Uid)
        {
            return new Planned(NotYet(frame, ReasonCodes.StoresNotFresh, $"{key}: the StatefulSet is another one than the operator has seen"));
        }

        var revision = known?.Revision;
        if (rollout.Spec.Type == "Rollback" && revision is null && (revision = ChooseRevision(rollout, frame, out var unknown)) is null)
        {
            return new Planned(Ended(frame, ReasonCodes.RevisionUnknown, unknown));
        }

        var plan = rollout.Spec.Type switch
        {
            "Restart" => TemplatePlans.Restart(live, rollout.Metadata.CreationTimestamp ?? timeProvider.GetUtcNow().UtcDateTime),
            "Rollback" => TemplatePlans.Rollback(live, await DataAsync(key.Namespace, revision!, cancellationToken), revision!),
            _ => TemplatePlans.Images(live, rollout.Spec.Update!.Images!),
        };
        if (plan.Problem is { } problem)
        {
            return new Planned(Ended(frame, ReasonCodes.RequestImpossible, problem));
        }

        using var document = JsonDocument.Parse(live.ToJsonString());
        return plan.Patch is not null && rollout.Spec.Type is not "Restart" && GitOwnership.Of(document.RootElement) is { } tool
            ? new Planned(Ended(frame, ReasonCodes.GitOwnsTemplate, $"StatefulSet {key}: {tool} owns the template and would take back what this request writes; change it in Git, and the rollout starts on its own"))
            : new Planned(null, StatefulSetItem.Read(document.RootElement, new StringPool()), live, plan);
    }

    private async Task<long> SendAsync(StatefulSetItem set, JsonPatch patch, CancellationToken cancellationToken)
    {
        var body = await api.PatchRawAsync(SetKind, set.Key, null, PatchTypes.Json, patch.ToBytes(), cancellationToken);
        using var answer = JsonDocument.Parse(body);
        var metadata = answer.RootElement.Member("metadata");
        setExpectations.ExpectResourceVersion(set.Key, stores.Sets.Informer, set.Key, set.Uid, metadata.Text("resourceVersion"));
        return metadata.WholeNumber("generation");
    }

    /// <summary>What must be true of the set before its template may be written.</summary>
    private RolloutFrame? Standing(RolloutFrame.Ready frame)
    {
        var set = frame.Observation.Item.Snapshot;
        if (!frame.Observation.Snapshot.Freshness.IsFresh)
        {
            return NotYet(frame, ReasonCodes.StoresNotFresh, frame.Observation.Snapshot.Freshness.Message);
        }

        if (frame.Request.Suspend)
        {
            return frame.Problem is { } problem ? NotYet(frame, problem.Reason, problem.Message) : NotYet(frame, ReasonCodes.Suspended, $"{frame.Observation.Item.Key}: suspended before its start; the template is not written yet");
        }

        if (RequestPreflight.Judge(InputOf(frame)) is { } refusal)
        {
            return Ended(frame, refusal.Reason, refusal.Message);
        }

        if (frame.Request.Zone is { } zone && set.HeldBy != frame.Request.ClaimId)
        {
            return NotYet(frame, zone.Reason, $"{set.Namespace}/{zone.Message}");
        }

        if (set.HeldBy.Length > 0 && set.HeldBy != frame.Request.ClaimId)
        {
            return NotYet(frame, ReasonCodes.Queued, $"{frame.Observation.Item.Key}: claimed by {set.HeldBy}; this rollout waits for its end");
        }

        return set.Strategy.Holds(set.Replicas)
            ? null
            : NotYet(frame, ReasonCodes.AwaitingAdoption, $"{frame.Observation.Item.Key}: partition {set.Strategy.Partition ?? 0} of {set.Replicas} pods does not hold; the template is written when the policy has adopted it");
    }

    private RolloutInput InputOf(RolloutFrame.Ready frame) =>
        new() { Snapshot = frame.Observation.Snapshot, Policy = frame.Rules, Request = frame.Request, Memory = frame.Memory, Now = Clock.Now(timeProvider) };

    /// <summary>The guard against racing pipelines: the set must be about to roll to the revision that whoever asked has seen.</summary>
    private static RolloutFrame.Ended? Guard(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame)
    {
        var set = frame.Observation.Item.Snapshot;
        return rollout.Spec.Update?.Revisions?.FirstOrDefault(each => each.Target == frame.Target)?.Revision is { } expected && set.IsObserved && set.UpdateRevision != expected
            ? Ended(frame, ReasonCodes.RevisionNotExpected, $"StatefulSet {frame.Observation.Item.Key} is about to roll to {set.UpdateRevision}, and update.revisions expects {expected}: somebody changed the template meanwhile; look at the change, then ask again")
            : null;
    }

    /// <summary>The revision that is named, else the previous one, as kubectl counts: the second highest number.</summary>
    private string? ChooseRevision(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame, out string problem)
    {
        var set = frame.Observation.Item;
        var all = stores.Revisions.Items.ByIndex(RevisionItem.ByOwner, set.Uid).OrderByDescending(revision => revision.Number).ToList();
        var asked = rollout.Spec.Rollback?.Revisions?.FirstOrDefault(each => each.Target == frame.Target)?.Revision;
        problem = asked is not null
            ? $"StatefulSet {set.Key} has no ControllerRevision {asked}; it has {string.Join(", ", all.Select(revision => revision.Key.Name))}; name one of them in rollback.revisions"
            : $"StatefulSet {set.Key} has no revision before {set.Snapshot.UpdateRevision} to go back to; spec.revisionHistoryLimit may be too small";
        return asked is not null ? all.Find(revision => revision.Key.Name == asked)?.Key.Name : all.Count > 1 ? all[1].Key.Name : null;
    }

    private async Task<JsonObject?> DataAsync(string ns, string revision, CancellationToken cancellationToken)
    {
        try
        {
            return JsonNode.Parse((await api.GetRawAsync(RevisionKind, new NamespacedName(ns, revision), null, cancellationToken)).Span)?["data"] as JsonObject;
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound)
        {
            return null;
        }
    }

    private Task<V1Alpha1StatefulSetRollout> RememberAsync(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame, TemplateRequestStatus template, CancellationToken cancellationToken)
    {
        var status = RolloutMemories.Write(rollout.Status, frame.Memory, frame.Target);
        status = status with { Targets = [.. status.Targets!.Select(target => target.Name == frame.Target ? target with { Template = template } : target)] };
        return statuses.WriteAsync(rollout, status, stores.Rollouts.Informer, null, cancellationToken);
    }

    private static TemplateRequestStatus? Remembered(V1Alpha1StatefulSetRollout rollout, string target) => rollout.Status.Targets?.FirstOrDefault(each => each.Name == target)?.Template;

    private static RolloutFrame.NotYet NotYet(RolloutFrame.Ready frame, ReasonCode reason, string message) => new(frame.Target, frame.Memory, reason, message);

    private static RolloutFrame.NotYet NotWritten(RolloutFrame.Ready frame, ActionOutcome outcome)
    {
        var notYet = NotYet(frame, outcome.Result is ActionResult.Refused ? ReasonCodes.ActionRefused : ReasonCodes.StoresNotFresh, outcome.Message);
        return outcome.RetryAfter is { } again ? notYet with { Again = again } : notYet;
    }

    private static RolloutFrame.Ended Ended(RolloutFrame.Ready frame, ReasonCode reason, string message) => new(frame.Target, frame.Memory, RolloutState.PreflightFailed, reason, message);

    /// <summary>What came of planning: a refusal, or all of the rest.</summary>
    private sealed record Planned(RolloutFrame? Refusal, StatefulSetItem? Item = null, JsonObject? Live = null, TemplatePlan? Plan = null);

    [LoggerMessage(3301, LogLevel.Information, "{Set}: rollout {Rollout} ({Type}) wrote the template; generation {Generation}")]
    private partial void LogWritten(NamespacedName set, string rollout, string type, long generation);
}

using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Actuating;

/// <summary>On whose behalf actions are carried out, and on what.</summary>
/// <param name="Set">The StatefulSet as the plan saw it.</param>
/// <param name="Gates">The workload and its gates, for actions that go through a gate.</param>
/// <param name="TargetRevision">The revision that the rollout goes to.</param>
public sealed record ActionScope(StatefulSetItem Set, GateContext Gates, string TargetRevision);

/// <summary>
/// Carries out what the planner decided, one call each, every one with a precondition, and says what the stores must have seen
/// before this StatefulSet may be acted on again (rule 4).
/// </summary>
/// <param name="api">The API server.</param>
/// <param name="stores">The stores that must see the writes.</param>
/// <param name="expectations">Keyed by StatefulSet: both controllers wait on the same.</param>
/// <param name="keeper">Prepares disruptions.</param>
/// <param name="timeProvider">For the mark on a burnt intent.</param>
[EntityRbac(typeof(V1StatefulSet), Verbs = RbacVerb.Patch)]
[EntityRbac(typeof(V1Pod), Verbs = RbacVerb.Get | RbacVerb.Patch)]
[EntityRbac(typeof(V1Pod), Verbs = RbacVerb.Delete, Role = OrdinalNames.RemovalRole)]
[PolicyRule(Groups = [""], Resources = ["pods/eviction"], Verbs = RbacVerb.Create, Role = OrdinalNames.RemovalRole)]
[PolicyRule(Groups = [""], Resources = ["pods/status"], Verbs = RbacVerb.Patch, Role = OrdinalNames.NativeRole)]
public sealed class Actuator(IKubernetesApi api, OperatorStores stores, WriteExpectations expectations, GateKeeper keeper, TimeProvider timeProvider)
{
    private static readonly ResourceKind SetKind = ResourceKind.Of<V1StatefulSet>();
    private static readonly ResourceKind RevisionKind = ResourceKind.Of<V1ControllerRevision>();
    private static readonly ResourceKind PodKind = ResourceKind.Of<V1Pod>();

    private readonly RestingWrites rests = new(timeProvider);
    private readonly LastingFailures failures = new(timeProvider);

    /// <summary>Carries out one action. One that was refused, or was made for what is no more, is sent again after a pause, or when that has changed; not with every event.</summary>
    /// <exception cref="ApiException">A transient failure that has not lasted for long. If the request may have been carried out, the key waits until that is known.</exception>
    public async Task<ActionOutcome> ExecuteAsync(ActionScope scope, PlannedAction action, CancellationToken cancellationToken)
    {
        var words = ActionWords.Of(action);
        if (rests.Find(scope.Set, words, action) is { } rest)
        {
            return rest;
        }

        try
        {
            var outcome = await SendAsync(scope, action, cancellationToken);
            failures.Remove(scope.Set.Uid, words);
            return rests.Remember(scope.Set, words, outcome, action).Outcome;
        }
        catch (ApiException error)
        {
            if (failures.Add(scope.Set.Uid, words, error) is not { } lasting)
            {
                throw;
            }

            return new ActionOutcome(ActionResult.Failing, $"{scope.Set.Key}: {words}: {lasting}", error.RetryAfter ?? RestingWrites.Pause);
        }
    }

    private async Task<ActionOutcome> SendAsync(ActionScope scope, PlannedAction action, CancellationToken cancellationToken)
    {
        try
        {
            return action switch
            {
                TakeClaim claim => await PatchSetAsync(scope.Set, StrategyPatches.Claim(scope.Set, claim.ClaimId, claim.ExpectedHolder), cancellationToken),
                ReleaseClaim claim => await PatchSetAsync(scope.Set, StrategyPatches.Unclaim(scope.Set, claim.ClaimId), cancellationToken),
                WriteStrategy write when scope.Set.Snapshot.Strategy != write.Expected => ActionOutcome.Replan($"{scope.Set.Key}: spec.updateStrategy is not what the plan was made for"),
                WriteStrategy write => await WriteStrategyAsync(scope.Set, write, cancellationToken),
                AdoptSet adopt => await PatchSetAsync(scope.Set, StrategyPatches.Adopt(scope.Set, adopt.Next, adopt.Original, adopt.Generation), cancellationToken),
                LetGoSet letGo => await PatchSetAsync(scope.Set, StrategyPatches.LetGo(scope.Set, letGo.Next, letGo.Generation), cancellationToken),
                OpenGate open => await OpenGateAsync(scope.Set, open, cancellationToken),
                RestoreTemplate restore => await RestoreAsync(scope.Set, restore, cancellationToken),
                RemovePod remove => await RemovePodAsync(scope.Set, remove, cancellationToken),
                BurnIntent burn => await BurnAsync(scope.Set, burn, cancellationToken),
                PrepareGate prepare => await PrepareAsync(scope, prepare, cancellationToken),
                _ => throw new InvalidOperationException($"No way to carry out {action.GetType().Name}."),
            };
        }
        catch (ApiException error) when (error.Class is ApiErrorClass.Terminal)
        {
            return new ActionOutcome(ActionResult.Refused, error.Message);
        }
    }

    private async Task<ActionOutcome> PatchSetAsync(StatefulSetItem set, JsonPatch patch, CancellationToken cancellationToken)
    {
        try
        {
            var body = await api.PatchRawAsync(SetKind, set.Key, null, PatchTypes.Json, patch.ToBytes(), cancellationToken);
            using var answer = JsonDocument.Parse(body);
            expectations.ExpectResourceVersion(set.Key, stores.Sets.Informer, set.Key, set.Uid, answer.RootElement.Member("metadata").Text("resourceVersion"));
            return ActionOutcome.Done;
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.PatchTestFailed or ApiErrorKind.Conflict or ApiErrorKind.NotFound)
        {
            return ActionOutcome.Replan($"{set.Key} has changed since the plan was made: {error.Message}");
        }
    }

    /// <summary>
    /// Writes the strategy. Before a write that releases a pod comes one live look at it, as before an eviction: the pods' store may be behind, and the
    /// gates have answered for another incarnation then.
    /// </summary>
    private async Task<ActionOutcome> WriteStrategyAsync(StatefulSetItem set, WriteStrategy write, CancellationToken cancellationToken)
    {
        if (write.Releases is { } released)
        {
            var key = new NamespacedName(set.Key.Namespace, released.Pod);
            if (await GetPodAsync(key, cancellationToken) is not { IsTerminating: false } live || live.Uid != released.Uid)
            {
                return ActionOutcome.Replan($"{key} is not the pod that the intent names, or is going already");
            }
        }

        return await PatchSetAsync(set, StrategyPatches.Write(set, write.Next, write.Generation), cancellationToken);
    }

    /// <summary>Writes the template that a ControllerRevision keeps. Its data is a patch that replaces the template, and says so by a mark of its own.</summary>
    private async Task<ActionOutcome> RestoreAsync(StatefulSetItem set, RestoreTemplate restore, CancellationToken cancellationToken)
    {
        var key = new NamespacedName(set.Key.Namespace, restore.Revision);
        JsonNode? template;
        try
        {
            var body = await api.GetRawAsync(RevisionKind, key, null, cancellationToken);
            template = JsonNode.Parse(body.Span)?["data"]?["spec"]?["template"]?.DeepClone();
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound)
        {
            template = null;
        }

        if (template is not JsonObject whole)
        {
            return new ActionOutcome(ActionResult.Refused, $"ControllerRevision {key} is gone or holds no template, so there is nothing to write back; revisionHistoryLimit of {set.Key} may be too small");
        }

        whole.Remove("$patch");
        return await PatchSetAsync(set, StrategyPatches.Template(set, whole, restore.Generation), cancellationToken);
    }

    /// <summary>
    /// Turns the readiness gate's condition True. Tested are the UID and that the condition at its place is still ours: the kubelet and others
    /// write conditions too, and a test of the version would lose against them.
    /// </summary>
    private async Task<ActionOutcome> OpenGateAsync(StatefulSetItem set, OpenGate open, CancellationToken cancellationToken)
    {
        var key = new NamespacedName(set.Key.Namespace, open.Pod);
        try
        {
            var root = JsonNode.Parse((await api.GetRawAsync(PodKind, key, null, cancellationToken)).Span);
            if (root?["metadata"]?["uid"]?.GetValue<string>() != open.Uid)
            {
                return ActionOutcome.Replan($"{key} is another pod by now");
            }

            var condition = new JsonObject
            {
                ["type"] = OrdinalNames.ReadinessGate,
                ["status"] = "True",
                ["reason"] = "Opened",
                ["message"] = open.Why,
                ["lastTransitionTime"] = timeProvider.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
            };
            var conditions = root["status"]?["conditions"] as JsonArray;
            var at = conditions is null ? -1 : conditions.ToList().FindIndex(each => each?["type"]?.GetValue<string>() == OrdinalNames.ReadinessGate);
            if (at >= 0 && conditions![at]?["status"]?.GetValue<string>() == "True")
            {
                return ActionOutcome.Done;
            }

            var place = at.ToString(System.Globalization.CultureInfo.InvariantCulture);
            var patch = new JsonPatch().TestUid(open.Uid);
            patch = at >= 0
                ? patch.Test(OrdinalNames.ReadinessGate, "status", "conditions", place, "type").Replace(condition, "status", "conditions", place)
                : conditions is null ? patch.Add(new JsonArray(condition), "status", "conditions")
                : patch.Add(condition, "status", "conditions", "-");
            var answer = await api.PatchRawAsync(PodKind, key, "status", PatchTypes.Json, patch.ToBytes(), cancellationToken);
            using var written = JsonDocument.Parse(answer);
            expectations.ExpectResourceVersion(set.Key, stores.Pods.Informer, key, open.Uid, written.RootElement.Member("metadata").Text("resourceVersion"));
            return ActionOutcome.Done;
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.PatchTestFailed or ApiErrorKind.Conflict)
        {
            return ActionOutcome.Replan($"{key} changed while its readiness gate was opened");
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound)
        {
            return ActionOutcome.Done;
        }
    }

    private async Task<ActionOutcome> RemovePodAsync(StatefulSetItem set, RemovePod remove, CancellationToken cancellationToken)
    {
        var key = new NamespacedName(set.Key.Namespace, remove.Pod);
        if (await GetPodAsync(key, cancellationToken) is not { } live)
        {
            expectations.ExpectGoneOrTerminating(set.Key, stores.Pods.Informer, key, remove.Uid);
            return ActionOutcome.Done;
        }

        if (live.Uid != remove.Uid || live.ResourceVersion != remove.ResourceVersion)
        {
            return ActionOutcome.Replan($"{key} is not the pod, or not in the state, that the intent names");
        }

        if (live.IsTerminating)
        {
            expectations.ExpectGoneOrTerminating(set.Key, stores.Pods.Informer, key, remove.Uid);
            return ActionOutcome.Done;
        }

        var preconditions = new Preconditions(remove.Uid, remove.ResourceVersion);
        try
        {
            await (remove.Removal switch
            {
                PodRemoval.Evict => api.EvictAsync(key, preconditions, cancellationToken),
                PodRemoval.Delete => api.DeleteAsync<V1Pod>(key, preconditions, cancellationToken),
            });
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound)
        {
            // Gone between the look and the call: that is what was wanted.
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.Conflict)
        {
            // An eviction takes from the budget before it looks at its preconditions (T17); a deletion takes nothing, and can be planned again at once.
            var words = $"{key} changed just before it could be taken: {error.Message}";
            return remove.Removal is PodRemoval.Delete ? ActionOutcome.Replan(words) : new ActionOutcome(ActionResult.Conflict, words);
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.DisruptionBudget)
        {
            return new ActionOutcome(ActionResult.BudgetBlocks, error.Message, error.RetryAfter);
        }
        catch (ApiException error) when (error.IsOutcomeUnknown)
        {
            // Perhaps it was carried out. A live look in 5 s decides, not a second eviction.
            expectations.ExpectGoneOrTerminating(set.Key, stores.Pods.Informer, key, remove.Uid);
            throw;
        }

        expectations.ExpectGoneOrTerminating(set.Key, stores.Pods.Informer, key, remove.Uid);
        return ActionOutcome.Done;
    }

    private async Task<ActionOutcome> BurnAsync(StatefulSetItem set, BurnIntent burn, CancellationToken cancellationToken)
    {
        var key = new NamespacedName(set.Key.Namespace, burn.Pod);
        ReadOnlyMemory<byte> body;
        try
        {
            body = await api.GetRawAsync(PodKind, key, null, cancellationToken);
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound)
        {
            return ActionOutcome.Done;
        }

        using var live = JsonDocument.Parse(body);
        var metadata = live.RootElement.Member("metadata");
        if (metadata.Text("uid") != burn.Uid)
        {
            return ActionOutcome.Done;
        }

        var mark = timeProvider.GetUtcNow().ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        var patch = new JsonPatch().TestUid(burn.Uid);
        patch = metadata.Member("annotations").ValueKind is JsonValueKind.Object
            ? patch.Add(mark, "metadata", "annotations", OrdinalNames.BurntAnnotation)
            : patch.TestResourceVersion(metadata.Text("resourceVersion")).Add(new System.Text.Json.Nodes.JsonObject { [OrdinalNames.BurntAnnotation] = mark }, "metadata", "annotations");
        try
        {
            var answer = await api.PatchRawAsync(PodKind, key, null, PatchTypes.Json, patch.ToBytes(), cancellationToken);
            using var written = JsonDocument.Parse(answer);
            expectations.ExpectResourceVersion(set.Key, stores.Pods.Informer, key, burn.Uid, written.RootElement.Member("metadata").Text("resourceVersion"));
            return ActionOutcome.Done;
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.PatchTestFailed or ApiErrorKind.Conflict)
        {
            return ActionOutcome.Replan($"{key} changed while its intent was burnt");
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound)
        {
            return ActionOutcome.Done;
        }
    }

    private async Task<ActionOutcome> PrepareAsync(ActionScope scope, PrepareGate prepare, CancellationToken cancellationToken)
    {
        var result = await keeper.PrepareAsync(scope.Gates, prepare, scope.TargetRevision, cancellationToken);
        return result.IsDone ? ActionOutcome.Done : ActionOutcome.Replan(result.Message);
    }

    private async Task<PodItem?> GetPodAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        try
        {
            using var document = JsonDocument.Parse(await api.GetRawAsync(PodKind, key, null, cancellationToken));
            return PodItem.Read(document.RootElement, new StringPool());
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound)
        {
            return null;
        }
    }
}

using System.Text.Json.Nodes;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// A rollout object from its creation to its deletion: the finalizer before anything is done, its removal after the end, and the
/// deletion of what has outlived its time.
/// </summary>
[EntityRbac(typeof(V1Alpha1StatefulSetRollout), Verbs = RbacVerb.Patch | RbacVerb.Delete)]
public sealed class RolloutLifespan(IKubernetesApi api, OperatorStores stores, GroupReverts reverts, WriteExpectations expectations, TimeProvider timeProvider)
{
    /// <summary>Does what comes before a pass.</summary>
    /// <returns>The object to go on with, or a result when the pass is over already.</returns>
    public async Task<(V1Alpha1StatefulSetRollout Rollout, ReconciliationResult<V1Alpha1StatefulSetRollout>? Result)> BeginAsync(V1Alpha1StatefulSetRollout rollout, CancellationToken cancellationToken)
    {
        var has = rollout.Metadata.Finalizers?.Contains(OrdinalNames.SafeHaltFinalizer) ?? false;
        var isTerminating = rollout.Metadata.DeletionTimestamp is not null;
        if (IsOver(rollout))
        {
            return (rollout, await EndAsync(rollout, has, isTerminating, cancellationToken));
        }

        if (isTerminating && !has)
        {
            // Another finalizer keeps the object; ours was never there or is off: nothing of it is ours any more.
            return (rollout, ReconciliationResult<V1Alpha1StatefulSetRollout>.Success(rollout));
        }

        return has ? (rollout, null) : (await PatchFinalizersAsync(rollout, [.. rollout.Metadata.Finalizers ?? [], OrdinalNames.SafeHaltFinalizer], cancellationToken), null);
    }

    /// <summary>Tells whether a rollout has ended and has given its claims back, so that nothing is left to decide.</summary>
    private bool IsOver(V1Alpha1StatefulSetRollout rollout)
    {
        if (rollout.Status.CompletionTime is null)
        {
            return false;
        }

        return RolloutMemories.TargetsOf(rollout.Status).All(target =>
            stores.Sets.Items.Find(new NamespacedName(((IStoreItem)rollout).Key.Namespace, target)) is not { } set || !set.Snapshot.HeldBy.EndsWith($"/{rollout.Metadata.Uid}", StringComparison.Ordinal));
    }

    private async Task<ReconciliationResult<V1Alpha1StatefulSetRollout>> EndAsync(V1Alpha1StatefulSetRollout rollout, bool hasFinalizer, bool isTerminating, CancellationToken cancellationToken)
    {
        if (hasFinalizer)
        {
            await reverts.CreateAsync(rollout, cancellationToken);
            var rest = rollout.Metadata.Finalizers!.Where(finalizer => finalizer != OrdinalNames.SafeHaltFinalizer).ToArray();
            rollout = await PatchFinalizersAsync(rollout, rest, cancellationToken);
        }

        if (isTerminating || rollout.Spec.TtlSecondsAfterFinished is not { } ttl)
        {
            return ReconciliationResult<V1Alpha1StatefulSetRollout>.Success(rollout);
        }

        var left = rollout.Status.CompletionTime!.Value + TimeSpan.FromSeconds(ttl) - timeProvider.GetUtcNow();
        if (left > TimeSpan.Zero)
        {
            return ReconciliationResult<V1Alpha1StatefulSetRollout>.Success(rollout, left);
        }

        await api.DeleteAsync<V1Alpha1StatefulSetRollout>(((IStoreItem)rollout).Key, new Preconditions(rollout.Metadata.Uid, rollout.Metadata.ResourceVersion), cancellationToken);
        return ReconciliationResult<V1Alpha1StatefulSetRollout>.Success(rollout);
    }

    private async Task<V1Alpha1StatefulSetRollout> PatchFinalizersAsync(V1Alpha1StatefulSetRollout rollout, string[] finalizers, CancellationToken cancellationToken)
    {
        var key = ((IStoreItem)rollout).Key;
        var patch = new JsonPatch()
            .TestUid(rollout.Metadata.Uid)
            .TestResourceVersion(rollout.Metadata.ResourceVersion)
            .Add(new JsonArray([.. finalizers.Select(finalizer => JsonValue.Create(finalizer))]), "metadata", "finalizers");
        var answer = await api.PatchRawAsync(ResourceKind.Of<V1Alpha1StatefulSetRollout>(), key, null, PatchTypes.Json, patch.ToBytes(), cancellationToken);
        var written = EntityJson.Read<V1Alpha1StatefulSetRollout>(answer);
        if (written.Metadata.DeletionTimestamp is null || finalizers.Length > 0)
        {
            expectations.ExpectResourceVersion(key, stores.Rollouts.Informer, key, written.Metadata.Uid, written.Metadata.ResourceVersion);
        }

        return written;
    }
}

using System.Text.Json.Nodes;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Reconciling;

/// <summary>Puts the finalizer on a policy before it adopts anything, and takes it off when everything is given back.</summary>
[EntityRbac(typeof(V1Alpha1RolloutPolicy), Verbs = RbacVerb.Patch)]
[EntityRbac(typeof(V1Alpha1RolloutPolicy), Subresource = "finalizers", Verbs = RbacVerb.Update)]
public sealed class PolicyFinalizers(IKubernetesApi api, OperatorStores stores, WriteExpectations expectations)
{
    /// <summary>Tells whether the finalizer is there.</summary>
    public static bool IsOn(V1Alpha1RolloutPolicy policy) => policy.Metadata.Finalizers?.Contains(OrdinalNames.RestoreStrategyFinalizer) ?? false;

    /// <summary>Puts the finalizer on, if it is not there.</summary>
    public Task<V1Alpha1RolloutPolicy> PutOnAsync(V1Alpha1RolloutPolicy policy, CancellationToken cancellationToken) => IsOn(policy)
        ? Task.FromResult(policy)
        : PatchAsync(policy, [.. policy.Metadata.Finalizers ?? [], OrdinalNames.RestoreStrategyFinalizer], cancellationToken);

    /// <summary>Takes the finalizer off, if it is there.</summary>
    public Task<V1Alpha1RolloutPolicy> TakeOffAsync(V1Alpha1RolloutPolicy policy, CancellationToken cancellationToken) => IsOn(policy)
        ? PatchAsync(policy, [.. policy.Metadata.Finalizers!.Where(finalizer => finalizer != OrdinalNames.RestoreStrategyFinalizer)], cancellationToken)
        : Task.FromResult(policy);

    private async Task<V1Alpha1RolloutPolicy> PatchAsync(V1Alpha1RolloutPolicy policy, string[] finalizers, CancellationToken cancellationToken)
    {
        var key = ((IStoreItem)policy).Key;
        var patch = new JsonPatch()
            .TestUid(policy.Metadata.Uid)
            .TestResourceVersion(policy.Metadata.ResourceVersion)
            .Add(new JsonArray([.. finalizers.Select(finalizer => JsonValue.Create(finalizer))]), "metadata", "finalizers");
        var answer = await api.PatchRawAsync(ResourceKind.Of<V1Alpha1RolloutPolicy>(), key, null, PatchTypes.Json, patch.ToBytes(), cancellationToken);
        var written = EntityJson.Read<V1Alpha1RolloutPolicy>(answer);
        if (written.Metadata.DeletionTimestamp is null || finalizers.Length > 0)
        {
            expectations.ExpectResourceVersion(key, stores.Policies.Informer, key, written.Metadata.Uid, written.Metadata.ResourceVersion);
        }

        return written;
    }
}

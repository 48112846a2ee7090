using k8s.Models;
using Microsoft.Extensions.Logging;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Metrics;

namespace Ordinal.Operator.Hosting;

/// <summary>Builds the stores: projections where an object is big, whole objects where it is ours.</summary>
[EntityRbac(typeof(V1StatefulSet), typeof(V1Pod), typeof(V1ControllerRevision), typeof(V1PodDisruptionBudget), typeof(V1Alpha1RolloutPolicy), typeof(V1Alpha1StatefulSetRollout), Verbs = RbacVerb.Read)]
internal sealed class StoreBuilder(IKubernetesApi api, OperatorOptions options, TimeProvider timeProvider, Random random, RuntimeMetrics metrics, ILogger logger)
{
    public OperatorStores Build() => new()
    {
        Policies = new(Informer(typeof(V1Alpha1RolloutPolicy), Projections.Custom<V1Alpha1RolloutPolicy>(), StoreIndexes.OfPolicies)),
        Rollouts = new(Informer(typeof(V1Alpha1StatefulSetRollout), Projections.Custom<V1Alpha1StatefulSetRollout>(), StoreIndexes.OfRollouts)),
        Sets = new(Informer(typeof(V1StatefulSet), StatefulSetItem.Read, StoreIndexes.OfSets)),
        Pods = new(Informer(typeof(V1Pod), PodItem.Read, [PodItem.OwnerIndex])),
        Budgets = new(Informer(typeof(V1PodDisruptionBudget), BudgetItem.Read, StoreIndexes.OfBudgets)),
        Revisions = new(Informer(typeof(V1ControllerRevision), RevisionItem.Read, [RevisionItem.OwnerIndex])),
    };

    private Informer<TItem> Informer<TItem>(Type kind, Projection<TItem> projection, IEnumerable<StoreIndex<TItem>> indexes)
        where TItem : class, IStoreItem =>
        new(api, ResourceKind.Of(kind), projection, indexes, new InformerSettings { Namespaces = options.Namespaces }, timeProvider, random, metrics, logger);
}

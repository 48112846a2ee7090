using Ordinal.Operator.Api;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Observing;

/// <summary>Everything that the operator watches. Reading it sends no request.</summary>
public sealed record OperatorStores
{
    public required WatchedKind<V1Alpha1RolloutPolicy> Policies { get; init; }

    public required WatchedKind<V1Alpha1StatefulSetRollout> Rollouts { get; init; }

    public required WatchedKind<StatefulSetItem> Sets { get; init; }

    public required WatchedKind<PodItem> Pods { get; init; }

    public required WatchedKind<BudgetItem> Budgets { get; init; }

    public required WatchedKind<RevisionItem> Revisions { get; init; }
}

/// <summary>A store, and what keeps it fresh.</summary>
public sealed record WatchedKind<TItem>(IInformer Informer, IStore<TItem> Items)
    where TItem : class, IStoreItem
{
    /// <summary>Takes both from an informer.</summary>
    public WatchedKind(Informer<TItem> informer)
        : this(informer, informer.Store)
    {
    }
}

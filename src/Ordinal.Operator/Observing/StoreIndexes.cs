using Ordinal.Operator.Api;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Observing;

/// <summary>
/// The ways in which the operator looks things up. Each answers what a pass or an event asks in the time of its answer, so that the cost of one pass
/// does not grow with the number of policies in the cluster.
/// </summary>
internal static class StoreIndexes
{
    private const string Namespace = "namespace";
    private const string Uid = "uid";
    private const string Policy = "policy";
    private const string Target = "target";

    /// <summary>Stands for the sets that a selector takes; no StatefulSet can have this name.</summary>
    private const string Selected = "*";

    public static IEnumerable<StoreIndex<V1Alpha1RolloutPolicy>> OfPolicies { get; } = [InNamespace<V1Alpha1RolloutPolicy>(), new(Target, static policy => TargetsOf(policy).Distinct(StringComparer.Ordinal))];

    public static IEnumerable<StoreIndex<V1Alpha1StatefulSetRollout>> OfRollouts { get; } =
    [
        ByUid<V1Alpha1StatefulSetRollout>(),
        new(Policy, static rollout => [$"{rollout.Metadata.NamespaceProperty}/{rollout.Spec.PolicyRef.Name}"]),
        new(Target, static rollout => RolloutMemories.TargetsOf(rollout.Status).Select(target => $"{rollout.Metadata.NamespaceProperty}/{target}")),
    ];

    public static IEnumerable<StoreIndex<StatefulSetItem>> OfSets { get; } = [InNamespace<StatefulSetItem>(), ByUid<StatefulSetItem>()];

    public static IEnumerable<StoreIndex<BudgetItem>> OfBudgets { get; } = [InNamespace<BudgetItem>()];

    /// <summary>Returns the policies of a namespace, ordered by name.</summary>
    public static IReadOnlyList<V1Alpha1RolloutPolicy> PoliciesIn(this OperatorStores stores, string ns) => stores.Policies.Items.ByIndex(Namespace, ns);

    /// <summary>Returns the policies that list a StatefulSet by its name.</summary>
    public static IReadOnlyList<V1Alpha1RolloutPolicy> PoliciesThatList(this OperatorStores stores, NamespacedName set) => stores.Policies.Items.ByIndex(Target, $"{set.Namespace}/{set.Name}");

    /// <summary>Returns the policies of a namespace that select StatefulSets by labels; which ones is theirs to say.</summary>
    public static IReadOnlyList<V1Alpha1RolloutPolicy> PoliciesThatSelect(this OperatorStores stores, string ns) => stores.Policies.Items.ByIndex(Target, $"{ns}/{Selected}");

    /// <summary>Returns the rollouts of a policy, ended ones too, ordered by name.</summary>
    public static IReadOnlyList<V1Alpha1StatefulSetRollout> RolloutsOf(this OperatorStores stores, NamespacedName policy) => stores.Rollouts.Items.ByIndex(Policy, $"{policy.Namespace}/{policy.Name}");

    /// <summary>Returns the rollouts whose status names a StatefulSet among their targets, ended ones too, ordered by name.</summary>
    public static IReadOnlyList<V1Alpha1StatefulSetRollout> RolloutsAbout(this OperatorStores stores, NamespacedName set) => stores.Rollouts.Items.ByIndex(Target, $"{set.Namespace}/{set.Name}");

    /// <summary>Returns whether there is a rollout of this UID.</summary>
    public static bool HasRollout(this OperatorStores stores, string uid) => stores.Rollouts.Items.ByIndex(Uid, uid).Count > 0;

    /// <summary>Returns the StatefulSets of a namespace, ordered by name.</summary>
    public static IReadOnlyList<StatefulSetItem> SetsIn(this OperatorStores stores, string ns) => stores.Sets.Items.ByIndex(Namespace, ns);

    /// <summary>Returns the StatefulSet of this UID; none when it is not known.</summary>
    public static IReadOnlyList<StatefulSetItem> SetsOfUid(this OperatorStores stores, string uid) => stores.Sets.Items.ByIndex(Uid, uid);

    /// <summary>Returns the PodDisruptionBudgets of a namespace, ordered by name.</summary>
    public static IReadOnlyList<BudgetItem> BudgetsIn(this OperatorStores stores, string ns) => stores.Budgets.Items.ByIndex(Namespace, ns);

    private static StoreIndex<TItem> InNamespace<TItem>()
        where TItem : class, IStoreItem => new(Namespace, static item => [item.Key.Namespace]);

    private static StoreIndex<TItem> ByUid<TItem>()
        where TItem : class, IStoreItem => new(Uid, static item => [item.Uid]);

    private static IEnumerable<string> TargetsOf(V1Alpha1RolloutPolicy policy) => policy.Spec.Targets.Selector is not null
        ? [$"{policy.Metadata.NamespaceProperty}/{Selected}"]
        : (policy.Spec.Targets.StatefulSets ?? []).Select(target => $"{policy.Metadata.NamespaceProperty}/{target.Name}");
}

using System.Collections.Immutable;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Reconciling;

/// <summary>One target of a policy.</summary>
/// <param name="Name">Name of the StatefulSet.</param>
/// <param name="Set">The StatefulSet; null when there is none of this name.</param>
/// <param name="Contender">Another policy that selects the same set and goes first; null when there is none.</param>
public sealed record PolicyTarget(string Name, StatefulSetItem? Set, V1Alpha1RolloutPolicy? Contender);

/// <summary>Finds out which StatefulSets a policy is about, and which policies a StatefulSet belongs to.</summary>
public sealed class PolicyTargets(OperatorStores stores)
{
    /// <summary>Returns the targets by name. A listed one that does not exist is there without its set.</summary>
    public ImmutableArray<PolicyTarget> Of(V1Alpha1RolloutPolicy policy)
    {
        var key = ((IStoreItem)policy).Key;
        var names = policy.Spec.Targets.Selector is { } selector
            ? Selected(LabelSelector.From(selector), key.Namespace)
            : (policy.Spec.Targets.StatefulSets ?? []).Select(target => target.Name).Distinct(StringComparer.Ordinal);
        return [.. names.Order(StringComparer.Ordinal).Select(name => Target(policy, new NamespacedName(key.Namespace, name)))];
    }

    /// <summary>Returns the policies that select a StatefulSet, the one that keeps it first: the oldest, then the one with the lowest UID.</summary>
    public ImmutableArray<V1Alpha1RolloutPolicy> PoliciesOf(NamespacedName set) => PoliciesOf(set, stores.Sets.Items.Find(set));

    /// <summary>As above, for a set as it is or was: one that is gone is not in the store any more.</summary>
    public ImmutableArray<V1Alpha1RolloutPolicy> PoliciesOf(NamespacedName set, StatefulSetItem? item)
    {
        return [.. stores.PoliciesThatList(set)
            .Concat(item is null ? [] : stores.PoliciesThatSelect(set.Namespace).Where(policy => LabelSelector.From(policy.Spec.Targets.Selector!).Matches(item.Labels)))
            .OrderBy(policy => policy.Metadata.CreationTimestamp ?? DateTime.MaxValue)
            .ThenBy(policy => policy.Metadata.Uid, StringComparer.Ordinal)];
    }

    private PolicyTarget Target(V1Alpha1RolloutPolicy policy, NamespacedName set)
    {
        var first = PoliciesOf(set).FirstOrDefault();
        return new PolicyTarget(set.Name, stores.Sets.Items.Find(set), first is null || first.Metadata.Uid == policy.Metadata.Uid ? null : first);
    }

    private IEnumerable<string> Selected(LabelSelector selector, string ns) => stores.SetsIn(ns).Where(set => selector.Matches(set.Labels)).Select(set => set.Key.Name);
}

using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Hosting;

/// <summary>Says which changes concern which policies and rollouts. Nothing polls: a key that no change and no delay calls is at rest.</summary>
internal sealed class LoopWiring(OperatorStores stores, PolicyTargets targets)
{
    public void Connect(ControllerLoop<V1Alpha1RolloutPolicy> policies, ControllerLoop<V1Alpha1StatefulSetRollout> rollouts, WriteExpectations setExpectations)
    {
        policies
            .WatchesChanges(stores.Policies.Items, OthersOf)
            .Watches(stores.Rollouts.Items, rollout => [PolicyOf(rollout)])
            .Watches(stores.Sets.Items, set => targets.PoliciesOf(set.Key, set).Select(policy => ((IStoreItem)policy).Key))
            .Watches(stores.Pods.Items, pod => pod.OwnerUid.Length == 0 ? [] : PoliciesOf(new NamespacedName(pod.Namespace, pod.OwnerName)))
            .Watches(stores.Revisions.Items, revision => revision.OwnerUid.Length == 0 ? [] : stores.SetsOfUid(revision.OwnerUid).SelectMany(set => PoliciesOf(set.Key)));
        rollouts
            .Watches(stores.Policies.Items, policy => Unfinished(stores.RolloutsOf(((IStoreItem)policy).Key)))
            .Watches(stores.Rollouts.Items, rollout => rollout.Status.CompletionTime is null && !RolloutPrecedence.IsWaiting(rollout) && !RolloutEnds.IsGroup(rollout) ? [] : Unfinished(stores.RolloutsOf(PolicyOf(rollout))))
            .Watches(stores.Sets.Items, set => RolloutsOfSet(set.Key))
            .Watches(stores.Pods.Items, pod => pod.OwnerUid.Length == 0 ? [] : RolloutsOfSet(new NamespacedName(pod.Namespace, pod.OwnerName)))
            .Watches(stores.Budgets.Items, budget => stores.SetsIn(budget.Key.Namespace).Where(set => budget.Selector.Matches(set.PodLabels)).SelectMany(set => RolloutsOfSet(set.Key)));
        setExpectations.Satisfied += set =>
        {
            foreach (var key in PoliciesOf(set))
            {
                policies.Enqueue(key);
            }

            foreach (var key in RolloutsOfSet(set))
            {
                rollouts.Enqueue(key);
            }
        };
    }

    private static NamespacedName PolicyOf(V1Alpha1StatefulSetRollout rollout) => new(((IStoreItem)rollout).Key.Namespace, rollout.Spec.PolicyRef.Name);

    /// <summary>
    /// A policy that comes, goes or changes its targets may free a StatefulSet for another one. What it reports does not: with a thousand policies in a
    /// namespace, each status written would call all others.
    /// </summary>
    private IEnumerable<NamespacedName> OthersOf(StoreChange<V1Alpha1RolloutPolicy> change)
    {
        if (change is { Old: { } old, New: { } now } && old.Metadata.Uid == now.Metadata.Uid && old.Metadata.Generation == now.Metadata.Generation
            && ((IStoreItem)old).IsTerminating == ((IStoreItem)now).IsTerminating)
        {
            return [];
        }

        return new[] { change.Old, change.New }
            .OfType<V1Alpha1RolloutPolicy>()
            .SelectMany(Rivals)
            .Select(other => ((IStoreItem)other).Key)
            .Where(other => other != change.Key)
            .Distinct();
    }

    /// <summary>Policies that may be about the same StatefulSets: those that name one of them, and those that select by labels.</summary>
    private IEnumerable<V1Alpha1RolloutPolicy> Rivals(V1Alpha1RolloutPolicy policy)
    {
        var ns = ((IStoreItem)policy).Key.Namespace;
        return policy.Spec.Targets.Selector is not null
            ? stores.PoliciesIn(ns)
            : stores.PoliciesThatSelect(ns).Concat((policy.Spec.Targets.StatefulSets ?? []).SelectMany(target => stores.PoliciesThatList(new NamespacedName(ns, target.Name))));
    }

    private IEnumerable<NamespacedName> PoliciesOf(NamespacedName set) => targets.PoliciesOf(set).Select(policy => ((IStoreItem)policy).Key);

    /// <summary>The rollouts of the policies of a StatefulSet, all of them: what becomes of one set may hold, or free, the others of its group.</summary>
    private IEnumerable<NamespacedName> RolloutsOfSet(NamespacedName set) =>
        Unfinished(stores.RolloutsAbout(set).Concat(PoliciesOf(set).SelectMany(stores.RolloutsOf))).Distinct();

    /// <summary>Rollouts that are not over. Those that are wait for their time only.</summary>
    private static IEnumerable<NamespacedName> Unfinished(IEnumerable<V1Alpha1StatefulSetRollout> rollouts) => rollouts
        .Where(rollout => rollout.Status.CompletionTime is null || rollout.Metadata.Finalizers is { Count: > 0 })
        .Select(rollout => ((IStoreItem)rollout).Key);
}

using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Hosting;

/// <summary>Says which changes concern which policies and rollouts. Nothing polls: a key that no change and no delay calls is at rest.</summary>
internal sealed class LoopWiring(OperatorStores stores, PolicyTargets targets)
{
    public void Connect(ControllerLoop<V1Alpha1RolloutPolicy> policies, ControllerLoop<V1Alpha1StatefulSetRollout> rollouts, WriteExpectations setExpectations)
    {
        policies
            .Watches(stores.Policies.Items, OthersOf)
            .Watches(stores.Rollouts.Items, rollout => [PolicyOf(rollout)])
            .Watches(stores.Sets.Items, set => targets.PoliciesOf(set.Key, set).Select(policy => ((IStoreItem)policy).Key))
            .Watches(stores.Pods.Items, pod => pod.OwnerUid.Length == 0 ? [] : PoliciesOf(new NamespacedName(pod.Namespace, pod.OwnerName)))
            .Watches(stores.Revisions.Items, revision => SetsByUid(revision.OwnerUid, revision.Key.Namespace).SelectMany(PoliciesOf));
        rollouts
            .Watches(stores.Policies.Items, policy => RolloutsOf(((IStoreItem)policy).Key.Namespace, rollout => PolicyOf(rollout) == ((IStoreItem)policy).Key))
            .Watches(stores.Rollouts.Items, rollout => rollout.Status.CompletionTime is null && !RolloutPrecedence.IsWaiting(rollout) ? [] : RolloutsOf(((IStoreItem)rollout).Key.Namespace, other => PolicyOf(other) == PolicyOf(rollout)))
            .Watches(stores.Sets.Items, set => RolloutsOfSet(set.Key))
            .Watches(stores.Pods.Items, pod => pod.OwnerUid.Length == 0 ? [] : RolloutsOfSet(new NamespacedName(pod.Namespace, pod.OwnerName)))
            .Watches(stores.Budgets.Items, budget => stores.Sets.Items.List(budget.Key.Namespace).Where(set => budget.Selector.Matches(set.PodLabels)).SelectMany(set => RolloutsOfSet(set.Key)));
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

    /// <summary>A policy that comes, goes or changes its targets may free a StatefulSet for another one.</summary>
    private IEnumerable<NamespacedName> OthersOf(V1Alpha1RolloutPolicy policy) => stores.Policies.Items.List(((IStoreItem)policy).Key.Namespace)
        .Where(other => other.Metadata.Uid != policy.Metadata.Uid)
        .Select(other => ((IStoreItem)other).Key);

    private IEnumerable<NamespacedName> PoliciesOf(NamespacedName set) => targets.PoliciesOf(set).Select(policy => ((IStoreItem)policy).Key);

    private IEnumerable<NamespacedName> SetsByUid(string uid, string ns) => uid.Length == 0 ? [] : stores.Sets.Items.List(ns).Where(set => set.Uid == uid).Select(set => set.Key);

    private IEnumerable<NamespacedName> RolloutsOfSet(NamespacedName set)
    {
        var policies = targets.PoliciesOf(set).Select(policy => policy.Metadata.Name).ToHashSet(StringComparer.Ordinal);

        // All rollouts of the policy: what becomes of one StatefulSet may hold, or free, the others of its group.
        return RolloutsOf(set.Namespace, rollout => RolloutMemories.TargetOf(rollout.Status) == set.Name || policies.Contains(rollout.Spec.PolicyRef.Name));
    }

    /// <summary>Rollouts that are not over. Those that are wait for their time only.</summary>
    private IEnumerable<NamespacedName> RolloutsOf(string ns, Func<V1Alpha1StatefulSetRollout, bool> isMeant) => stores.Rollouts.Items.List(ns)
        .Where(rollout => isMeant(rollout) && (rollout.Status.CompletionTime is null || rollout.Metadata.Finalizers is { Count: > 0 }))
        .Select(rollout => ((IStoreItem)rollout).Key);
}

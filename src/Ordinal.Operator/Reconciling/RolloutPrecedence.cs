using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Says which of several rollouts of one StatefulSet goes first: the older one, by creation and then by name. What becomes of the other is the policy's
/// concurrencyPolicy. Under Replace the older one ends only when the newer one has passed its preflight and says that it waits: a request that is
/// refused must not end a rollout that works.
/// </summary>
public sealed class RolloutPrecedence(OperatorStores stores)
{
    /// <summary>Tells whether a rollout has been accepted and waits for another one's end. That is news for the other one.</summary>
    public static bool IsWaiting(V1Alpha1StatefulSetRollout rollout) =>
        rollout.Status.CompletionTime is null && Conditions.Find(rollout.Status.Conditions, "Succeeded")?.Reason == ReasonCodes.Queued.Code;

    /// <summary>Returns what keeps a rollout from its start; null when it is its turn.</summary>
    public RolloutFrame? BeforeStart(V1Alpha1StatefulSetRollout rollout, V1Alpha1RolloutPolicy policy, string target, RolloutMemory memory)
    {
        var key = ((IStoreItem)rollout).Key;
        if (Oldest(rollout, target) is not { } older)
        {
            return null;
        }

        if (NewestWaiting(rollout, policy, target) is { } newer)
        {
            return new RolloutFrame.Ended(target, memory, RolloutState.Superseded, ReasonCodes.Superseded, $"StatefulSet {key.Namespace}/{target}: the newer request {newer} takes this one's place; concurrencyPolicy is Replace");
        }

        return policy.Spec.ConcurrencyPolicy switch
        {
            "Forbid" => new RolloutFrame.Ended(target, memory, RolloutState.PreflightFailed, ReasonCodes.Forbidden, $"StatefulSet {key.Namespace}/{target}: rollout {older} is under way, and concurrencyPolicy of RolloutPolicy {policy.Metadata.Name} is Forbid; wait for its end, then ask again"),
            "Queue" => new RolloutFrame.NotYet(target, memory, ReasonCodes.Queued, $"StatefulSet {key.Namespace}/{target}: waits for the end of rollout {older}; concurrencyPolicy is Queue"),
            _ => new RolloutFrame.NotYet(target, memory, ReasonCodes.Queued, $"StatefulSet {key.Namespace}/{target}: waits until rollout {older} has put the hold back and ended; concurrencyPolicy is Replace"),
        };
    }

    /// <summary>Returns the name of the newer request that takes a rollout's place under Replace; empty when there is none.</summary>
    public string Successor(V1Alpha1StatefulSetRollout rollout, V1Alpha1RolloutPolicy? policy, string target) =>
        policy is null ? "" : NewestWaiting(rollout, policy, target) ?? "";

    private string? NewestWaiting(V1Alpha1StatefulSetRollout rollout, V1Alpha1RolloutPolicy policy, string target) => policy.Spec.ConcurrencyPolicy is not (null or "Replace")
        ? null
        : Others(rollout, target)
            .Where(other => IsWaiting(other) && other.Spec.Suspend is not true && other.Spec.Cancel is null or "None" && other.Metadata.DeletionTimestamp is null && IsOlder(rollout, other))
            .OrderBy(other => other.Metadata.CreationTimestamp ?? DateTime.MaxValue).ThenBy(other => other.Metadata.Name, StringComparer.Ordinal)
            .LastOrDefault()?.Metadata.Name;

    private string? Oldest(V1Alpha1StatefulSetRollout rollout, string target) => Others(rollout, target)
        .Where(other => IsOlder(other, rollout))
        .OrderBy(other => other.Metadata.CreationTimestamp ?? DateTime.MaxValue).ThenBy(other => other.Metadata.Name, StringComparer.Ordinal)
        .FirstOrDefault()?.Metadata.Name;

    /// <summary>The other rollouts of the same policy about the same StatefulSet that have not ended.</summary>
    private IEnumerable<V1Alpha1StatefulSetRollout> Others(V1Alpha1StatefulSetRollout rollout, string target) => stores.RolloutsOf(new NamespacedName(((IStoreItem)rollout).Key.Namespace, rollout.Spec.PolicyRef.Name))
        .Where(other => other.Metadata.Uid != rollout.Metadata.Uid && other.Status.CompletionTime is null)
        .Where(other => RolloutMemories.TargetOf(other.Status) is { } known ? known == target : other.Spec.Targets is not { Count: > 0 } named || named.Contains(target));

    private static bool IsOlder(V1Alpha1StatefulSetRollout one, V1Alpha1StatefulSetRollout other) =>
        ((one.Metadata.CreationTimestamp ?? DateTime.MaxValue).Ticks, one.Metadata.Name).CompareTo(((other.Metadata.CreationTimestamp ?? DateTime.MaxValue).Ticks, other.Metadata.Name)) < 0;
}

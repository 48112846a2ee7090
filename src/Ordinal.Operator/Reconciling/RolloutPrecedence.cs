using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Says which of several rollouts of one StatefulSet goes first: the older one. What becomes of the other is the policy's
/// concurrencyPolicy. Under Replace the older one ends only when the newer one has passed its preflight and says that it waits: a request that is
/// refused must not end a rollout that works.
/// </summary>
public sealed class RolloutPrecedence(OperatorStores stores)
{
    /// <summary>Tells whether a rollout has been accepted and waits for another one's end. That is news for the other one.</summary>
    public static bool IsWaiting(V1Alpha1StatefulSetRollout rollout) => RolloutEnds.IsGroup(rollout)
        ? rollout.Status.Targets!.Any(each => IsWaiting(rollout, each.Name))
        : IsWaiting(rollout, "");

    /// <summary>Tells whether it waits for the end of another one of this StatefulSet.</summary>
    public static bool IsWaiting(V1Alpha1StatefulSetRollout rollout, string target) =>
        !RolloutEnds.HasEnded(rollout, target) && RolloutEnds.ReasonOf(rollout, target) == ReasonCodes.Queued.Code;

    /// <summary>
    /// Compares by age, the older one first. Creation times have whole seconds: of the same second, one that somebody asked for is newer than one that the operator
    /// made, so that who writes a template and a request at once gets what was requested; then the name decides.
    /// </summary>
    public static int CompareAge(V1Alpha1StatefulSetRollout one, V1Alpha1StatefulSetRollout other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        var byTime = (one.Metadata.CreationTimestamp ?? DateTime.MaxValue).CompareTo(other.Metadata.CreationTimestamp ?? DateTime.MaxValue);
        var byMaker = byTime != 0 ? byTime : RequestedRevisions.IsByOperator(other).CompareTo(RequestedRevisions.IsByOperator(one));
        return byMaker != 0 ? byMaker : string.CompareOrdinal(one.Metadata.Name, other.Metadata.Name);
    }

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
            .Where(other => IsWaiting(other, target) && other.Spec.Suspend is not true && other.Spec.Cancel is null or "None" && other.Metadata.DeletionTimestamp is null && IsOlder(rollout, other))
            .Order(Comparer<V1Alpha1StatefulSetRollout>.Create(CompareAge))
            .LastOrDefault()?.Metadata.Name;

    private string? Oldest(V1Alpha1StatefulSetRollout rollout, string target) => Others(rollout, target)
        .Where(other => IsOlder(other, rollout))
        .Order(Comparer<V1Alpha1StatefulSetRollout>.Create(CompareAge))
        .FirstOrDefault()?.Metadata.Name;

    /// <summary>The other rollouts of the same policy about the same StatefulSet that are not over for it.</summary>
    private IEnumerable<V1Alpha1StatefulSetRollout> Others(V1Alpha1StatefulSetRollout rollout, string target) => stores.RolloutsOf(new NamespacedName(((IStoreItem)rollout).Key.Namespace, rollout.Spec.PolicyRef.Name))
        .Where(other => other.Metadata.Uid != rollout.Metadata.Uid && RolloutEnds.IsAbout(other, target) && !RolloutEnds.HasEnded(other, target));

    private static bool IsOlder(V1Alpha1StatefulSetRollout one, V1Alpha1StatefulSetRollout other) => CompareAge(one, other) < 0;
}

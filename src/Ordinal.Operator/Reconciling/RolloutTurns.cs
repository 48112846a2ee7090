using Ordinal.Operator.Api;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Serves the StatefulSets that wait for a rollout, as many at a time as the cluster may have (rule 8), fairly: a policy with fewer rollouts under
/// way goes before one with more, then who has waited longest. Who waits is not remembered over a restart; the wait then begins anew.
/// </summary>
/// <param name="rollouts">All rollouts of the cluster, as the store has them.</param>
/// <param name="most">How many may be under way at a time.</param>
public sealed class RolloutTurns(Func<IReadOnlyCollection<V1Alpha1StatefulSetRollout>> rollouts, int most)
{
    /// <summary>How long one that no longer asks keeps its place: three times the interval at which everybody asks again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Dictionary<NamespacedName, Waiting> waiting = [];
    private readonly Dictionary<NamespacedName, (string Rollout, string Policy)> taken = [];
    private readonly Lock gate = new();

    /// <summary>Gets how many rollouts may be under way at a time.</summary>
    public int Most => most;

    /// <summary>Tells whether a rollout of a StatefulSet may be made now; if not, it waits from its first question on.</summary>
    public bool IsNext(NamespacedName set, string policyUid, DateTimeOffset now)
    {
        lock (gate)
        {
            waiting[set] = waiting.TryGetValue(set, out var known) ? known with { AskedAt = now } : new Waiting(policyUid, now, now);
            foreach (var gone in waiting.Where(each => now - each.Value.AskedAt > Patience).Select(each => each.Key).ToList())
            {
                waiting.Remove(gone);
            }

            var active = Active();
            var room = most - active.Values.Sum();
            return room > 0 && Order(active).Take(room).Contains(set);
        }
    }

    /// <summary>Notes that a rollout was made; it counts before the store shows it.</summary>
    public void Taken(NamespacedName set, string rollout)
    {
        lock (gate)
        {
            if (waiting.Remove(set, out var known))
            {
                taken[set] = (rollout, known.PolicyUid);
            }
        }
    }

    /// <summary>Counts those that are served before a StatefulSet.</summary>
    public int Ahead(NamespacedName set)
    {
        lock (gate)
        {
            return Order(Active()).TakeWhile(each => each != set).Count();
        }
    }

    /// <summary>The rollouts under way by policy: those in the store, and those that were just made.</summary>
    private Dictionary<string, int> Active()
    {
        var byPolicy = new Dictionary<string, int>(StringComparer.Ordinal);
        var all = rollouts();
        foreach (var rollout in all.Where(rollout => rollout.Status.CompletionTime is null))
        {
            var owner = rollout.Metadata.OwnerReferences?.FirstOrDefault()?.Uid ?? rollout.Spec.PolicyRef.Name;
            byPolicy[owner] = byPolicy.GetValueOrDefault(owner) + SetsUnderWay(rollout);
        }

        foreach (var (set, (name, policy)) in taken.ToList())
        {
            if (all.Any(rollout => rollout.Metadata.Name == name && rollout.Metadata.NamespaceProperty == set.Namespace))
            {
                taken.Remove(set);
            }
            else
            {
                byPolicy[policy] = byPolicy.GetValueOrDefault(policy) + 1;
            }
        }

        return byPolicy;
    }

    /// <summary>A rollout over several StatefulSets takes as many places as it rolls at a time.</summary>
    private static int SetsUnderWay(V1Alpha1StatefulSetRollout rollout) => RolloutEnds.IsGroup(rollout)
        ? Math.Max(1, rollout.Status.Targets!.Count(each => each is { StartTime: not null, CompletionTime: null }))
        : 1;

    /// <summary>Deals places out one after the other, so that one policy with many StatefulSets does not take them all.</summary>
    private List<NamespacedName> Order(Dictionary<string, int> active)
    {
        var counts = new Dictionary<string, int>(active, StringComparer.Ordinal);
        var left = waiting.OrderBy(each => each.Value.Since).ThenBy(each => each.Key.ToString(), StringComparer.Ordinal).ToList();
        var order = new List<NamespacedName>(left.Count);
        while (left.Count > 0)
        {
            var next = left.MinBy(each => counts.GetValueOrDefault(each.Value.PolicyUid));
            left.Remove(next);
            order.Add(next.Key);
            counts[next.Value.PolicyUid] = counts.GetValueOrDefault(next.Value.PolicyUid) + 1;
        }

        return order;
    }

    private sealed record Waiting(string PolicyUid, DateTimeOffset Since, DateTimeOffset AskedAt);
}

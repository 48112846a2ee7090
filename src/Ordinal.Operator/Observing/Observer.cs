using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Observing;

/// <summary>One StatefulSet and all about it at one moment.</summary>
/// <param name="Item">The set as kept.</param>
/// <param name="Snapshot">The planner's view.</param>
public sealed record Observation(StatefulSetItem Item, WorkloadSnapshot Snapshot);

/// <summary>Puts snapshots together from the stores. It sends no request.</summary>
public sealed class Observer(OperatorStores stores)
{
    /// <summary>Returns what is known of a StatefulSet; null when there is none of this name.</summary>
    public Observation? Observe(NamespacedName key)
    {
        if (stores.Sets.Items.Find(key) is not { } set)
        {
            return null;
        }

        var budgets = stores.BudgetsIn(key.Namespace)
            .Where(budget => budget.Selector.Matches(set.PodLabels))
            .Select(budget => budget.Snapshot);
        return new Observation(set, new WorkloadSnapshot
        {
            Set = set.Snapshot,
            Pods = PodsOf(set),
            Budgets = [.. budgets],
            Freshness = Freshness(),
        });
    }

    /// <summary>Tells whether two revisions of a set say the same, whatever their names; false when one of them is not known.</summary>
    public bool MeanTheSame(StatefulSetItem set, string revision, string other)
    {
        if (revision == other)
        {
            return true;
        }

        var first = FindRevision(set, revision);
        var second = FindRevision(set, other);
        return first is { Meaning.Length: > 0 } && first.Meaning == second?.Meaning;
    }

    /// <summary>Tells whether all pods that are behind run a template that means the same (rule 8).</summary>
    public bool SayTheSame(Observation observation, string from, string to)
    {
        ArgumentNullException.ThrowIfNull(observation);
        return observation.Snapshot.Pods
            .Where(pod => pod.Revision != to)
            .Select(pod => pod.Revision)
            .Append(from)
            .Distinct(StringComparer.Ordinal)
            .All(revision => MeanTheSame(observation.Item, revision, to));
    }

    /// <summary>Returns a revision of a set by name; null when it is not known (yet).</summary>
    public RevisionItem? FindRevision(StatefulSetItem set, string name) =>
        stores.Revisions.Items.Find(new NamespacedName(set.Key.Namespace, name)) is { } found && found.OwnerUid == set.Uid ? found : null;

    /// <summary>Tells whether the stores may be acted on, and if not, which one is behind.</summary>
    public Freshness Freshness()
    {
        // Policies and rollouts too: somebody may have written there that nothing shall go on.
        foreach (var store in (ReadOnlySpan<IStore>)[stores.Sets.Items, stores.Pods.Items, stores.Budgets.Items, stores.Revisions.Items, stores.Policies.Items, stores.Rollouts.Items])
        {
            if (store.IsStale)
            {
                return new Freshness(false, ReasonCodes.StoresNotFresh, store.HasSynced
                    ? $"nothing was heard of {store.Kind.Resource} for {(int)store.SinceLastActivity.TotalSeconds} s, not even a bookmark"
                    : $"{store.Kind.Resource} have not been listed yet");
            }
        }

        return Core.Model.Freshness.Fresh;
    }

    /// <summary>Returns what gates may know of a workload: all expected pods, the missing ones too, and those that are being scaled away.</summary>
    public static GateContext GateContextOf(Observation observation, ImmutableArray<GateBinding> gates)
    {
        var set = observation.Item.Snapshot;
        var targets = observation.Snapshot.Pods.ToDictionary(pod => pod.Ordinal, pod => new GateTarget
        {
            Pod = pod.Name,
            Uid = pod.Uid,
            Ordinal = pod.Ordinal,
            Revision = pod.Revision,
            Address = pod.Address,

            // A pod that only our readiness gate keeps from being ready must be able to open it.
            IsReady = pod.IsReady || pod.IsReadyButForGate,
            IsTerminating = pod.IsTerminating,
        });
        for (var ordinal = set.Ordinals.First; ordinal < set.Ordinals.End; ordinal++)
        {
            targets.TryAdd(ordinal, new GateTarget { Pod = set.PodName(ordinal), Uid = "", Ordinal = ordinal, Revision = "", Address = "", IsReady = false });
        }

        return new GateContext
        {
            WorkloadUid = set.Uid,
            Namespace = set.Namespace,
            Name = set.Name,
            Service = observation.Item.ServiceName,
            GracePeriod = TimeSpan.FromSeconds(observation.Item.GracePeriodSeconds),
            TemplateContainers = observation.Item.Containers,
            TemplateRevision = set.IsObserved ? set.UpdateRevision : "",
            Pods = [.. targets.Values.OrderBy(target => target.Ordinal)],
            Gates = gates,
        };
    }

    private ImmutableArray<PodSnapshot> PodsOf(StatefulSetItem set)
    {
        var pods = stores.Pods.Items.ByIndex(PodItem.ByOwner, set.Uid);
        var found = ImmutableArray.CreateBuilder<PodSnapshot>(pods.Count);
        foreach (var pod in pods)
        {
            found.Add(pod.Snapshot);
        }

        // By number: the store orders by name, in which 10 comes before 2.
        found.Sort(static (left, right) => left.Ordinal.CompareTo(right.Ordinal));
        return found.MoveToImmutable();
    }
}

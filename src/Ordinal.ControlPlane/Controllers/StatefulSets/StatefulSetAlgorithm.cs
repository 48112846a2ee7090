using System.Collections.Immutable;

namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <summary>
/// Decides what one sync of a StatefulSet does: the algorithm of Kubernetes 1.36 (<c>stateful_set_control.go</c>, updateStatefulSet).
/// Pure: the same input gives the same plan.
/// <code>
/// replicas  = the pods of the wanted range by ordinal, holes filled with pods to create
/// condemned = all other pods, highest ordinal first
/// a set that is being deleted: nothing but the status
/// 1  each replica  ended: delete, stop | missing: create, stop | pending: its claims | repair what drifted
///                  OrderedReady stops at the first that is terminating, not ready or not available
/// 2  the owners of the condemned pods' claims
/// 3  each condemned: OrderedReady one at a time, and only while nothing else is unavailable; Parallel all at once
/// 4  OnDelete: done
/// 5  from the highest replica down to the partition: the first outdated pod is deleted; an unavailable one on the way stops
/// </code>
/// Scaling therefore comes before updating, and an OrderedReady update stops at any unhealthy pod, fixed template or not.
/// </summary>
public static class StatefulSetAlgorithm
{
    /// <summary>Decides one sync.</summary>
    public static StatefulSetPlan Plan(StatefulSetInput input)
    {
        StatefulSetView set = input.Set;
        ImmutableArray<PodFacts> replicas = Replicas(input);
        ImmutableArray<PodFacts> condemned = [.. input.Pods.Where(pod => pod.Ordinal >= 0 && !set.Wants(pod.Ordinal)).OrderByDescending(pod => pod.Ordinal)];
        if (set.IsTerminating)
        {
            return new StatefulSetPlan([], [], Count(input, input.Pods));
        }

        PodFacts? firstUnavailable = replicas.FirstOrDefault(Unavailable) ?? condemned.LastOrDefault(Unavailable);
        ImmutableArray<PlanStage>.Builder stages = ImmutableArray.CreateBuilder<PlanStage>();
        StatefulSetStatus status = Count(input, [.. replicas, .. condemned]);
        bool goesOn = PlanReplicas(input, replicas, stages);
        if (!goesOn)
        {
            return new StatefulSetPlan(stages.ToImmutable(), [], status);
        }

        stages.Add(new PlanStage(
            [.. condemned.Where(pod => !ClaimRetention.IsSettled(input, pod)).Select(pod => One(new StatefulSetOperation.RepairClaimOwners(pod)))],
            !set.IsMonotonic));
        goesOn = PlanCondemned(input, condemned, firstUnavailable, stages);
        bool looksAtUpdate = goesOn && set.StrategyType != "OnDelete";
        ImmutableArray<StatefulSetOperation.DeletePod> updates = looksAtUpdate
            ? input.Switches.MaxUnavailable ? UpdateSeveral(input, replicas) : UpdateOne(input, replicas)
            : [];
        return new StatefulSetPlan(stages.ToImmutable(), updates, status)
        {
            Unavailable = looksAtUpdate && input.Switches.MaxUnavailable ? replicas.Count(Unavailable) : null,
        };

        bool Unavailable(PodFacts pod) => pod.IsUnavailable(set.MinReadySeconds, input.Now);
    }

    /// <summary>
    /// Completes a rolling update in the status (completeRollingUpdate): when every wanted pod is updated and ready, the update revision
    /// becomes the current one. It looks at the counters only, not at the partition: a set scaled to 0 completes at once.
    /// </summary>
    public static StatefulSetStatus Complete(StatefulSetView set, StatefulSetStatus status, StatefulSetSwitches switches)
    {
        bool mayComplete = set.StrategyType == "RollingUpdate" || (set.StrategyType == "OnDelete" && switches.OnDeleteAdvancesCurrentRevision);
        return mayComplete && status.UpdatedReplicas == set.Replicas && status.ReadyReplicas == set.Replicas && status.Replicas == set.Replicas
            ? status with { CurrentReplicas = status.UpdatedReplicas, CurrentRevision = status.UpdateRevision }
            : status;
    }

    /// <summary>Decides which revision a pod that is about to be created gets (newVersionedStatefulSetPod).</summary>
    public static string RevisionOfNewPod(StatefulSetInput input, long ordinal)
    {
        StatefulSetView set = input.Set;
        bool isHeld = set.Partition is { } partition
            ? ordinal < set.Start + partition
            : set.StrategyType == "RollingUpdate" && ordinal < set.Start + set.Status.CurrentReplicas;
        return isHeld ? input.CurrentRevision : input.UpdateRevision;
    }

    /// <summary>Counts pods into a status (updateStatus, computeReplicaStatus).</summary>
    private static StatefulSetStatus Count(StatefulSetInput input, ImmutableArray<PodFacts> pods)
    {
        StatefulSetView set = input.Set;
        return new StatefulSetStatus
        {
            ObservedGeneration = set.Generation,
            CurrentRevision = input.CurrentRevision,
            UpdateRevision = input.UpdateRevision,
            CollisionCount = input.CollisionCount,
            Replicas = pods.Count(pod => pod.IsCreated),
            ReadyReplicas = pods.Count(pod => pod.IsRunningAndReady),
            AvailableReplicas = pods.Count(pod => pod.IsRunningAndReady && pod.IsAvailable(set.MinReadySeconds, input.Now)),
            CurrentReplicas = pods.Count(pod => pod.IsCreated && !pod.IsTerminating && pod.Revision == input.CurrentRevision),
            UpdatedReplicas = pods.Count(pod => pod.IsCreated && !pod.IsTerminating && pod.Revision == input.UpdateRevision),
        };
    }

    private static ImmutableArray<PodFacts> Replicas(StatefulSetInput input)
    {
        StatefulSetView set = input.Set;
        Dictionary<long, PodFacts> byOrdinal = input.Pods.Where(pod => set.Wants(pod.Ordinal)).ToDictionary(pod => pod.Ordinal);
        ImmutableArray<PodFacts>.Builder replicas = ImmutableArray.CreateBuilder<PodFacts>();
        for (long ordinal = set.Start; ordinal < set.Start + set.Replicas; ordinal++)
        {
            replicas.Add(byOrdinal.TryGetValue(ordinal, out PodFacts? pod)
                ? pod
                : new PodFacts { Name = set.PodName(ordinal), Parent = set.Name, Ordinal = ordinal, Revision = RevisionOfNewPod(input, ordinal) });
        }

        return replicas.ToImmutable();
    }

    private static bool PlanReplicas(StatefulSetInput input, ImmutableArray<PodFacts> replicas, ImmutableArray<PlanStage>.Builder stages)
    {
        StatefulSetView set = input.Set;
        ImmutableArray<ImmutableArray<StatefulSetOperation>>.Builder pods = ImmutableArray.CreateBuilder<ImmutableArray<StatefulSetOperation>>();
        bool stops = false;
        foreach (PodFacts pod in replicas)
        {
            (ImmutableArray<StatefulSetOperation> operations, stops) = PlanReplica(input, pod);
            if (operations.Length > 0)
            {
                pods.Add(operations);
            }

            if (stops && set.IsMonotonic)
            {
                break;
            }
        }

        stages.Add(new PlanStage(pods.ToImmutable(), !set.IsMonotonic));
        return !(stops && set.IsMonotonic);
    }

    private static (ImmutableArray<StatefulSetOperation> Operations, bool Stops) PlanReplica(StatefulSetInput input, PodFacts pod)
    {
        StatefulSetView set = input.Set;
        if (pod.HasEnded)
        {
            // The next sync creates it again, once it is gone.
            return (pod.IsTerminating ? [] : One(new StatefulSetOperation.DeletePod(pod)), true);
        }

        if (!pod.IsCreated)
        {
            // A claim that still belongs to the pod's predecessor will be collected; the new pod must not get hold of it.
            return ClaimRetention.HasStaleClaim(input, pod)
                ? ([], true)
                : (One(new StatefulSetOperation.CreatePod(pod)), set.IsMonotonic);
        }

        ImmutableArray<StatefulSetOperation>.Builder operations = ImmutableArray.CreateBuilder<StatefulSetOperation>();
        if (pod.IsPending && (set.ClaimTemplates.Any(template => !input.Claims.ContainsKey(set.ClaimName(template, pod.Ordinal))) || !ClaimRetention.IsSettled(input, pod)))
        {
            operations.Add(new StatefulSetOperation.CreateClaims(pod));
        }

        if (set.IsMonotonic && (pod.IsTerminating || !pod.IsRunningAndReady || !pod.IsAvailable(set.MinReadySeconds, input.Now)))
        {
            return (operations.ToImmutable(), true);
        }

        if (!PodIdentity.IsSettled(set, pod) || !ClaimRetention.IsSettled(input, pod))
        {
            operations.Add(new StatefulSetOperation.RepairPod(pod));
        }

        return (operations.ToImmutable(), false);
    }

    private static bool PlanCondemned(StatefulSetInput input, ImmutableArray<PodFacts> condemned, PodFacts? firstUnavailable, ImmutableArray<PlanStage>.Builder stages)
    {
        StatefulSetView set = input.Set;
        if (!set.IsMonotonic)
        {
            stages.Add(new PlanStage([.. condemned.Where(pod => !pod.IsTerminating).Select(pod => One(new StatefulSetOperation.DeletePod(pod)))], true));
            return true;
        }

        if (condemned.IsEmpty)
        {
            return true;
        }

        // One at a time, and an unhealthy pod other than the first one blocks: it may be what the healthy one is needed for.
        PodFacts target = condemned[0];
        bool isHealthy = target.IsRunningAndReady && target.IsAvailable(set.MinReadySeconds, input.Now);
        if (!target.IsTerminating && (isHealthy || ReferenceEquals(target, firstUnavailable)))
        {
            stages.Add(new PlanStage([One(new StatefulSetOperation.DeletePod(target))], false));
        }

        return false;
    }

    private static ImmutableArray<StatefulSetOperation.DeletePod> UpdateOne(StatefulSetInput input, ImmutableArray<PodFacts> replicas)
    {
        for (long target = replicas.Length - 1; target >= (input.Set.Partition ?? 0); target--)
        {
            PodFacts pod = replicas[(int)target];
            if (pod.Revision != input.UpdateRevision && !pod.IsTerminating)
            {
                return [new StatefulSetOperation.DeletePod(pod)];
            }

            if (pod.IsUnavailable(input.Set.MinReadySeconds, input.Now))
            {
                return [];
            }
        }

        return [];
    }

    private static ImmutableArray<StatefulSetOperation.DeletePod> UpdateSeveral(StatefulSetInput input, ImmutableArray<PodFacts> replicas)
    {
        StatefulSetView set = input.Set;
        long partition = set.Partition ?? 0;

        // kubernetes #137666: an old pod that is broken and waits for its own update would otherwise block it for ever.
        bool IsForgiven(PodFacts pod) => input.Switches.IgnoresOldBrokenPodsInParallel
            && !set.IsMonotonic
            && pod.IsCreated
            && !pod.IsTerminating
            && pod.Ordinal >= set.Start + partition
            && pod.Revision != input.UpdateRevision;

        bool IsAway(PodFacts pod) => pod.IsUnavailable(set.MinReadySeconds, input.Now);
        long room = set.EffectiveMaxUnavailable() - replicas.Count(pod => IsAway(pod) && !IsForgiven(pod));
        ImmutableArray<StatefulSetOperation.DeletePod>.Builder deletes = ImmutableArray.CreateBuilder<StatefulSetOperation.DeletePod>();
        for (long target = replicas.Length - 1; target >= partition && room > 0; target--)
        {
            PodFacts pod = replicas[(int)target];
            if (pod.Revision != input.UpdateRevision && !pod.IsTerminating)
            {
                deletes.Add(new StatefulSetOperation.DeletePod(pod));
                room--;
            }
        }

        return deletes.ToImmutable();
    }

    private static ImmutableArray<StatefulSetOperation> One(StatefulSetOperation operation) => [operation];
}

using System.Collections.Immutable;

namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <summary>One write to do for one pod of a set. A closed hierarchy.</summary>
public abstract record StatefulSetOperation
{
    private protected StatefulSetOperation(PodFacts pod) => Pod = pod;

    /// <summary>Gets the pod that it is about.</summary>
    public PodFacts Pod { get; }

    /// <summary>Creates the claims that are missing, then the pod, then sets the owners of its claims.</summary>
    public sealed record CreatePod(PodFacts Slot) : StatefulSetOperation(Slot);

    /// <summary>Creates the claims that a pending pod misses, and sets their owners.</summary>
    public sealed record CreateClaims(PodFacts Existing) : StatefulSetOperation(Existing);

    /// <summary>Repairs the identity labels, the volumes and the claims' owners of a pod.</summary>
    public sealed record RepairPod(PodFacts Existing) : StatefulSetOperation(Existing);

    /// <summary>Sets the owners of a pod's claims by the retention policy.</summary>
    public sealed record RepairClaimOwners(PodFacts Existing) : StatefulSetOperation(Existing);

    /// <summary>Deletes the pod, without precondition and grace of its own, as the built-in controller does.</summary>
    public sealed record DeletePod(PodFacts Existing) : StatefulSetOperation(Existing);
}

/// <summary>A part of a plan: the operations of several pods.</summary>
/// <param name="Pods">For each pod its operations, in order.</param>
/// <param name="IsBurst">Pods side by side in batches of 1, 2, 4… as long as all succeed; otherwise one after the other up to the first error.</param>
public sealed record PlanStage(ImmutableArray<ImmutableArray<StatefulSetOperation>> Pods, bool IsBurst);

/// <summary>What one sync of a set does, decided from what was seen before its first write.</summary>
/// <param name="Stages">Creation and repair, claims of condemned pods, scale-down: in this order, up to the first error.</param>
/// <param name="Updates">Pods to delete because they are outdated; each success takes one off <see cref="StatefulSetStatus.CurrentReplicas"/>.</param>
/// <param name="Status">The status to write, less <paramref name="Updates"/>; it is the same when a stage fails.</param>
public sealed record StatefulSetPlan(ImmutableArray<PlanStage> Stages, ImmutableArray<StatefulSetOperation.DeletePod> Updates, StatefulSetStatus Status)
{
    /// <summary>Gets how many replicas were unavailable when the update was looked at; null when it was not, or does not count them.</summary>
    public long? Unavailable { get; init; }
}

using System.Collections.Immutable;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Model;

/// <summary>A PodDisruptionBudget that selects the StatefulSet's pods.</summary>
/// <param name="DisruptionsAllowed"><c>status.disruptionsAllowed</c>.</param>
/// <param name="IsObserved">True when the disruption controller has seen the budget's last spec.</param>
public sealed record DisruptionBudgetSnapshot(string Name, int DisruptionsAllowed, bool IsObserved);

/// <summary>The governing Service of a StatefulSet.</summary>
/// <param name="Name"><c>spec.serviceName</c>; may be empty.</param>
/// <param name="Exists">Whether there is one.</param>
/// <param name="IsHeadless">Whether its clusterIP is None.</param>
/// <param name="PublishesNotReady">Its <c>publishNotReadyAddresses</c>: without it a gated pod has no DNS name, and may never be able to join.</param>
public sealed record ServiceSnapshot(string Name, bool Exists, bool IsHeadless, bool PublishesNotReady);

/// <summary>Whether the stores behind a snapshot may be acted on (DESIGN rule 4).</summary>
/// <param name="IsFresh">False when a store has not yet seen one of our own writes, or has been silent too long.</param>
/// <param name="Reason">Why not; null when fresh.</param>
/// <param name="Message">The object and the fact; empty when fresh.</param>
public sealed record Freshness(bool IsFresh, ReasonCode? Reason = null, string Message = "")
{
    /// <summary>The stores show everything that we wrote.</summary>
    public static Freshness Fresh { get; } = new(true);
}

/// <summary>All facts about one StatefulSet at one moment: the planner's view of the world.</summary>
public sealed record WorkloadSnapshot
{
    public required StatefulSetSnapshot Set { get; init; }

    /// <summary>Gets all pods that the set controls, by ascending ordinal; condemned ones (outside the range) included.</summary>
    public required ImmutableArray<PodSnapshot> Pods { get; init; }

    public ImmutableArray<DisruptionBudgetSnapshot> Budgets { get; init; } = [];

    public Freshness Freshness { get; init; } = Freshness.Fresh;

    /// <summary>Gets the words of the newest FailedCreate event of the set while a pod is missing; empty when there is none.</summary>
    public string CreateFailure { get; init; } = "";

    /// <summary>Gets the set's Service, looked up for driver Native only; null when it was not.</summary>
    public ServiceSnapshot? Service { get; init; }

    /// <summary>Gets a value indicating whether the API server keeps <c>rollingUpdate.maxUnavailable</c> (feature MaxUnavailableStatefulSet).</summary>
    public bool ServerHasMaxUnavailable { get; init; }
}

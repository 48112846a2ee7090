using Ordinal.Gates;
using Ordinal.Operator.Actuating;
using Ordinal.Operator.Metrics;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Controllers;

namespace Ordinal.Operator.Reconciling;

/// <summary>What a rollout's pass works with.</summary>
public sealed record RolloutParts
{
    public required OperatorStores Stores { get; init; }

    public required RolloutFrames Frames { get; init; }

    public required RolloutLifespan Lifespan { get; init; }

    public required GroupReverts Reverts { get; init; }

    public required RequestPreparation Requests { get; init; }

    public required OperatorMetrics Metrics { get; init; }

    public required GateBook Gates { get; init; }

    public required GateKeeper Keeper { get; init; }

    public required Actuator Actuator { get; init; }

    public required ServiceReader Services { get; init; }

    public required CreateFailures Creations { get; init; }

    public required UndoneReleases Undone { get; init; }

    public required StatusWriter Statuses { get; init; }

    public required Announcer Announcer { get; init; }

    /// <summary>Gets what the stores must have seen of each StatefulSet and its pods.</summary>
    public required WriteExpectations SetExpectations { get; init; }
}

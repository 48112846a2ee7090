using Ordinal.Gates;
using Ordinal.Operator.Actuating;
using Ordinal.Operator.Metrics;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Controllers;

namespace Ordinal.Operator.Reconciling;

/// <summary>What a policy's pass works with.</summary>
public sealed record PolicyParts
{
    public required OperatorStores Stores { get; init; }

    public required PolicyTargets Targets { get; init; }

    public required Observer Observer { get; init; }

    public required RestProbe Probe { get; init; }

    public required NativeCheck Native { get; init; }

    public required OperatorMetrics Metrics { get; init; }

    public required GateBook Gates { get; init; }

    public required GateKeeper Keeper { get; init; }

    public required Actuator Actuator { get; init; }

    public required StatusWriter Statuses { get; init; }

    public required Announcer Announcer { get; init; }

    public required RolloutBirths Births { get; init; }

    public required ZoneGroups Zones { get; init; }

    public required RolloutTurns Turns { get; init; }

    public required PolicyFinalizers Finalizers { get; init; }

    /// <summary>Gets what the stores must have seen of each StatefulSet and its pods.</summary>
    public required WriteExpectations SetExpectations { get; init; }

    public required GatesMode GatesMode { get; init; }
}

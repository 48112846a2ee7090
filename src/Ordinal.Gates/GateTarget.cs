namespace Ordinal.Gates;

/// <summary>One pod of the workload as a gate sees it. A target without a UID stands for an expected pod that does not exist now.</summary>
public sealed record GateTarget
{
    public required string Pod { get; init; }

    /// <summary>Gets the pod's UID; empty while the pod is missing.</summary>
    public required string Uid { get; init; }

    public required long Ordinal { get; init; }

    /// <summary>Gets the ControllerRevision's name that the pod runs; empty while the pod is missing.</summary>
    public required string Revision { get; init; }

    /// <summary>Gets <c>status.podIP</c>; empty while the pod has none.</summary>
    public required string Address { get; init; }

    /// <summary>
    /// Gets a value indicating whether Kubernetes calls the pod Ready. A member that is silent although its pod is Ready hides something and
    /// holds every other pod; one whose pod is not Ready is known to be down, and is only arithmetic.
    /// </summary>
    public required bool IsReady { get; init; }

    /// <summary>Gets a value indicating whether the pod has a deletionTimestamp: it counts as stopped already.</summary>
    public bool IsTerminating { get; init; }

    /// <summary>Gets a value indicating whether the pod does not exist now.</summary>
    public bool IsMissing => Uid.Length == 0;
}

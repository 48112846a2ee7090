namespace Ordinal.Core.Model;

/// <summary>What the planner needs to know of one pod, and nothing else (about 230 bytes, see DESIGN section 5).</summary>
public sealed record PodSnapshot
{
    public required string Name { get; init; }

    /// <summary>Gets the ordinal. 64-bit, because start ordinal plus a held partition overflows 32 bits (trap T21).</summary>
    public required long Ordinal { get; init; }

    public required string Uid { get; init; }

    public required string ResourceVersion { get; init; }

    /// <summary>Gets the ControllerRevision's name (label <c>controller-revision-hash</c>); empty when the label is missing.</summary>
    public required string Revision { get; init; }

    public PodPhase Phase { get; init; } = PodPhase.Running;

    /// <summary>Gets a value indicating whether the pod has a deletionTimestamp.</summary>
    public bool IsTerminating { get; init; }

    /// <summary>Gets when the Ready condition last turned True, on the kubelet's clock; null while it is not True.</summary>
    public DateTimeOffset? ReadySince { get; init; }

    /// <summary>Gets when the Ready condition last stopped being True, on the kubelet's clock; null while it is True or was never written.</summary>
    public DateTimeOffset? UnreadySince { get; init; }

    /// <summary>Gets when all containers were ready, on the kubelet's clock; null while they are not. The pod may still wait for its readiness gates.</summary>
    public DateTimeOffset? ContainersReadySince { get; init; }

    /// <summary>Gets where the operator's readiness gate stands.</summary>
    public PodGate Gate { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public PodTrouble Trouble { get; init; }

    /// <summary>Gets the words of the container or the scheduler about <see cref="Trouble"/>; empty when there is none.</summary>
    public string TroubleMessage { get; init; } = "";

    /// <summary>Gets a value indicating whether, for all its <see cref="Trouble"/>, another container of it runs, as far as its node has told.</summary>
    public bool HasRunningContainer { get; init; }

    /// <summary>Gets a value indicating whether a pod in trouble has run before and keeps data only in volumes that go with it: an emptyDir and the like, and no claim.</summary>
    public bool TakesDataAlong { get; init; }

    /// <summary>Gets the sum of the containers' restart counts.</summary>
    public int Restarts { get; init; }

    /// <summary>Gets <c>status.podIP</c>; empty while the pod has none.</summary>
    public string Address { get; init; } = "";

    public string Node { get; init; } = "";

    /// <summary>Gets a value indicating whether the pod is Running and its Ready condition is True.</summary>
    public bool IsReady => ReadySince is not null && Phase is PodPhase.Running;

    /// <summary>Gets a value indicating whether only the operator's readiness gate keeps the pod from being ready, as far as it can tell.</summary>
    public bool IsReadyButForGate => Gate is PodGate.Closed && ContainersReadySince is not null && Phase is PodPhase.Running && !IsTerminating;

    /// <summary>Tells whether the pod serves: ready for at least <paramref name="minReady"/> and not terminating.</summary>
    public bool IsAvailable(TimeSpan minReady, DateTimeOffset now) =>
        !IsTerminating && IsReady && (minReady <= TimeSpan.Zero || now - ReadySince >= minReady);
}

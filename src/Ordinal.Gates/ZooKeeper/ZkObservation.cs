using System.Collections.Immutable;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>What all servers said at one moment. Serialisable, and free of secrets: a verdict can be replayed from it.</summary>
/// <param name="Pods">One entry a pod that has an address, by ascending ordinal.</param>
public sealed record ZkObservation(ImmutableArray<ZkPodObservation> Pods) : GateObservation
{
    /// <summary>Finds what was seen of one incarnation of a pod; null when it was not asked.</summary>
    public ZkPodObservation? Of(GateTarget pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        return pod.IsMissing ? null : Pods.FirstOrDefault(p => p.Uid == pod.Uid);
    }
}

/// <summary>What one server said. Of the state and its failure exactly one is set.</summary>
public sealed record ZkPodObservation
{
    public required string Pod { get; init; }

    public required string Uid { get; init; }

    /// <summary>Gets the host that was asked.</summary>
    public required string Endpoint { get; init; }

    public ZkState? State { get; init; }

    public ZkFailure? Failure { get; init; }

    /// <summary>Gets the list of servers as this one has it; null when it does not tell.</summary>
    public ZkMembership? Members { get; init; }

    /// <summary>Gets why the list is not known; null when it is.</summary>
    public ZkFailure? MembersFailure { get; init; }

    /// <summary>Gets the committed configuration, read through a session (<c>/zookeeper/config</c>); null when it was not asked for or not to be had.</summary>
    public ZkMembership? Committed { get; init; }

    public ZkFailure? CommittedFailure { get; init; }

    /// <summary>Gets whether a write through this server succeeded; null when none was tried.</summary>
    public bool? HasWritten { get; init; }

    public ZkFailure? CanaryFailure { get; init; }

    /// <summary>Gets why the AdminServer was of no use although the server answered otherwise; null when it was, or was not asked.</summary>
    public ZkFailure? AdminFailure { get; init; }
}

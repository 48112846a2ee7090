using System.Collections.Immutable;

namespace Ordinal.Gates.Etcd;

/// <summary>What all members said at one moment. Serialisable, and free of secrets: a verdict can be replayed from it.</summary>
/// <param name="Pods">One entry a pod that has an address, by ascending ordinal.</param>
public sealed record EtcdObservation(ImmutableArray<EtcdPodObservation> Pods) : GateObservation
{
    /// <summary>Gets the snapshot that was taken last, or is being taken; null when there is none.</summary>
    public EtcdSnapshot? Snapshot { get; init; }

    /// <summary>Finds what was seen of one incarnation of a pod; null when it was not asked.</summary>
    public EtcdPodObservation? Of(GateTarget pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        return pod.IsMissing ? null : Pods.FirstOrDefault(p => p.Uid == pod.Uid);
    }
}

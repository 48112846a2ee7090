using System.Collections.Immutable;

namespace Ordinal.Gates.Etcd;

/// <summary>
/// Reads the version that a template brings off the image of the container that is the member. A pod may well have another one with etcd's image, for
/// <c>etcdctl</c> or backups, whose version says nothing. Pure.
/// </summary>
internal static class EtcdImage
{
    /// <summary>Finds the version; null when the member's image says none, or nobody can say which container is the member.</summary>
    /// <param name="containers">The template's containers, in its order.</param>
    /// <param name="workload">The StatefulSet's name.</param>
    /// <param name="port">The gate's port.</param>
    internal static EtcdVersion? Version(ImmutableArray<GateContainer> containers, string workload, int port)
    {
        // Who declares the client port; failing that, e.g. behind a proxy that has it, who is named etcd or as the workload is.
        ImmutableArray<GateContainer> byPort = [.. containers.Where(c => c.Ports.Contains(port))];
        ImmutableArray<GateContainer> byName = [.. containers.Where(c => c.Name is "etcd" || c.Name == workload)];
        if (Agreed(byPort) is { } declared)
        {
            return declared;
        }

        if (Agreed(byName) is { } named)
        {
            return named;
        }

        // Nobody stands out: what all say, else the first container, which is the one that kubectl takes a pod to be about.
        return byPort.IsEmpty && byName.IsEmpty ? Agreed(containers) ?? (containers.IsEmpty ? null : EtcdVersion.OfImage(containers[0].Image)) : null;
    }

    /// <summary>Gets the version that those name that name one; null when none does, or they differ.</summary>
    private static EtcdVersion? Agreed(ImmutableArray<GateContainer> containers) =>
        containers.Select(c => EtcdVersion.OfImage(c.Image)).OfType<EtcdVersion>().Distinct().ToList() is [var only] ? only : null;
}

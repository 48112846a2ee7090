using System.Collections.Immutable;

namespace Ordinal.Gates;

/// <summary>The workload that questions are about: everything that a gate may know of Kubernetes.</summary>
public sealed record GateContext
{
    /// <summary>Gets the StatefulSet's UID: what the keeper remembers is bound to it.</summary>
    public required string WorkloadUid { get; init; }

    public required string Namespace { get; init; }

    /// <summary>Gets the StatefulSet's name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the headless Service (<c>spec.serviceName</c>); empty when there is none.</summary>
    public required string Service { get; init; }

    /// <summary>Gets how long a pod may take to stop before it is killed, as the template has it; null when it is not known.</summary>
    public TimeSpan? GracePeriod { get; init; }

    /// <summary>Gets the template's containers, in its order; empty when they are not known.</summary>
    public ImmutableArray<GateContainer> TemplateContainers { get; init; } = [];

    /// <summary>Gets the ControllerRevision's name that the template stands for; empty while the StatefulSet controller has not seen it yet.</summary>
    public string TemplateRevision { get; init; } = "";

    /// <summary>Gets all expected pods by ascending ordinal, missing ones included (with an empty UID), condemned ones too as long as they exist.</summary>
    public required ImmutableArray<GateTarget> Pods { get; init; }

    /// <summary>Gets the gates that may be asked, by name.</summary>
    public required ImmutableArray<GateBinding> Gates { get; init; }

    /// <summary>Finds a pod by UID; null when this incarnation is gone.</summary>
    public GateTarget? FindByUid(string uid) => uid.Length == 0 ? null : Pods.FirstOrDefault(p => p.Uid == uid);
}

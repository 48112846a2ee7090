namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <summary>
/// Where Kubernetes versions differ. The default is 1.36; <see cref="Kubernetes137"/> is what its threads announce.
/// </summary>
public sealed record StatefulSetSwitches
{
    /// <summary>The behaviour of Kubernetes 1.36 with its default feature gates.</summary>
    public static readonly StatefulSetSwitches Kubernetes136 = new();

    /// <summary>The behaviour announced for Kubernetes 1.37.</summary>
    public static readonly StatefulSetSwitches Kubernetes137 = new()
    {
        MaxUnavailable = true,
        IgnoresOldBrokenPodsInParallel = true,
        OnDeleteAdvancesCurrentRevision = true,
    };

    /// <summary>Gets a value indicating whether the feature gate MaxUnavailableStatefulSet is on.</summary>
    public bool MaxUnavailable { get; init; }

    /// <summary>Gets a value indicating whether, under Parallel, unavailable pods that wait for their own update leave the budget alone (kubernetes #137666).</summary>
    public bool IgnoresOldBrokenPodsInParallel { get; init; }

    /// <summary>Gets a value indicating whether an OnDelete update completes (kubernetes #136833).</summary>
    public bool OnDeleteAdvancesCurrentRevision { get; init; }
}

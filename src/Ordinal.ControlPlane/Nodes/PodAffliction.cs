namespace Ordinal.ControlPlane.Nodes;

/// <summary>What may befall a pod that runs, whatever its script says.</summary>
public enum PodAffliction
{
    /// <summary>Its containers exit with 1.</summary>
    Crash,

    /// <summary>Its containers are killed: exit code 137.</summary>
    Kill,

    /// <summary>Its containers stand still: no probe passes, TERM is not heard. Lasts until <see cref="Recover"/>.</summary>
    Hang,

    /// <summary>Its readiness probe fails. Lasts until <see cref="Recover"/>.</summary>
    Unready,

    /// <summary>Ends <see cref="Hang"/> and <see cref="Unready"/>.</summary>
    Recover,
}

namespace Ordinal.Operator.Reconciling;

/// <summary>Whether gates are asked.</summary>
public enum GatesMode
{
    On,

    /// <summary>Never asked, and every pod is taken by Kubernetes' readiness alone. For the demonstration's counter-proof only.</summary>
    Off,
}

using Ordinal.Conformance.Clusters;

namespace Ordinal.Conformance.Rules;

/// <summary>Says that a test cannot run on a cluster, and why; the table shows the reason. A difference in behaviour is no reason: it is a bug.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public sealed class NotOnAttribute(ClusterKind kind, string because) : Attribute
{
    /// <summary>Gets the cluster.</summary>
    public ClusterKind Kind { get; } = kind;

    /// <summary>Gets the reason.</summary>
    public string Because { get; } = because;
}

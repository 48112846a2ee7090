using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Leadership;

namespace Ordinal.Operator.Hosting;

/// <summary>How the operator runs.</summary>
public sealed record OperatorOptions
{
    /// <summary>Gets the namespaces that are watched; empty for all.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>Gets how the lease is held; null runs without leader election, which suits a single process only.</summary>
    public LeaseElectorSettings? LeaderElection { get; init; }

    /// <summary>
    /// Gets the longest time for one request. Must be shorter than lease duration minus renew deadline: a write that a stalled leader sent has then come to
    /// an end before another may lead (rule 4).
    /// </summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Gets this process' name in events and in the lease.</summary>
    public required string Identity { get; init; }

    /// <summary>Gets whether gates are asked.</summary>
    public GatesMode Gates { get; init; }

    /// <summary>Gets how many rollouts, and how many policies, are worked on at a time.</summary>
    public int Workers { get; init; } = 4;

    /// <summary>Gets how many rollouts may be in flight in the whole cluster; further ones wait (rule 8).</summary>
    public int MaxActiveRollouts { get; init; } = 50;
}

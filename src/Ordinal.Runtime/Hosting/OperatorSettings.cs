using Ordinal.Runtime.Leadership;

namespace Ordinal.Runtime.Hosting;

/// <summary>How an operator runs.</summary>
public sealed record OperatorSettings
{
    /// <summary>Gets how the lease is held; null runs without leader election, which suits a single process only.</summary>
    public LeaseElectorSettings? LeaderElection { get; init; }

    /// <summary>Gets how long a stop may take before passes under way are given up.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

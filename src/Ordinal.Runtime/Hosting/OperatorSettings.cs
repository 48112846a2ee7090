using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Leadership;

namespace Ordinal.Runtime.Hosting;

/// <summary>How an operator runs.</summary>
/// <param name="Name">Name of the operator: its field manager, its reporting controller and the prefix of what it logs.</param>
public sealed record OperatorSettings(string Name)
{
    /// <summary>Gets how to reach the API server.</summary>
    public KubernetesConnection Connection { get; init; } = new();

    /// <summary>Gets the longest time for one request; shorter than lease duration minus renew deadline.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Gets how the lease is held; null runs without leader election, which suits a single process only.</summary>
    public LeaseElectorSettings? LeaderElection { get; init; }

    /// <summary>Gets how informers watch, unless one is added with settings of its own; also limits the operator to namespaces.</summary>
    public InformerSettings Informers { get; init; } = new();

    /// <summary>Gets this process's name in events and leases; unique among all replicas.</summary>
    public string Instance { get; init; } = Environment.MachineName;

    /// <summary>Gets the prefix of the operator's own metrics.</summary>
    public string MetricsPrefix { get; init; } = "operator";

    /// <summary>Gets the seed of all jitter.</summary>
    public int Seed { get; init; } = Environment.ProcessId;
}

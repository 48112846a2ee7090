using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Nodes;
using Ordinal.ControlPlane.Nodes.Network;
using Ordinal.ControlPlane.Nodes.Simulated;

namespace Ordinal.ControlPlane;

/// <summary>What an embedded cluster consists of.</summary>
public sealed record EmbeddedClusterOptions
{
    /// <summary>Gets how many nodes there are; they are named <c>node-0</c>, <c>node-1</c>…</summary>
    public int Nodes { get; init; } = 3;

    /// <summary>Gets the address of a node by its index; by default one that leads nowhere.</summary>
    public Func<int, string> NodeAddress { get; init; } = index => string.Create(CultureInfo.InvariantCulture, $"10.0.0.{index + 1}");

    /// <summary>Gets the zones; node i is in zone i modulo their number. Empty for none.</summary>
    public ImmutableArray<string> Zones { get; init; } = ["zone-a", "zone-b", "zone-c"];

    /// <summary>Gets the seed of everything random, uids included; null for a different one each time.</summary>
    public int? Seed { get; init; }

    /// <summary>Gets the settings of the API server; the seed and the feature gates are put in.</summary>
    public ApiServerOptions ApiServer { get; init; } = new();

    /// <summary>Gets which controllers run and which version they behave like.</summary>
    public ControllerManagerOptions Controllers { get; init; } = new();

    /// <summary>Gets how a simulated pod behaves that has no annotations.</summary>
    public SimulatedScript Pods { get; init; } = SimulatedRuntime.DefaultScript;

    /// <summary>Gets how the simulated pods of the cluster behave; a pod's annotations override it.</summary>
    public Scenario Scenario { get; init; } = Scenario.Empty;

    /// <summary>
    /// Gets a value indicating whether kubelets send heartbeats, and a node whose kubelet falls silent is declared unknown after
    /// <see cref="ControllerManagerOptions.NodeMonitorGracePeriod"/> (50 s when that is not set).
    /// </summary>
    public bool HasHeartbeats { get; init; }

    /// <summary>Gets what runs the pods of a node; null simulates them.</summary>
    public Func<NodeIdentity, IPodRuntime>? Runtime { get; init; }

    /// <summary>
    /// Gets the net for simulated pods that ask for an address of it or are the members of ensembles; null: there are no ensembles. The cluster does
    /// not own it.
    /// </summary>
    public LoopbackNet? Net { get; init; }

    /// <summary>Gets where controllers and kubelets log.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;
}

using System.Collections.Immutable;
using System.Globalization;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Nodes;
using Ordinal.ControlPlane.Nodes.Processes;
using Ordinal.ControlPlane.Nodes.Simulated;
using Ordinal.ControlPlane.Workloads;

namespace Ordinal.ControlPlane;

/// <summary>
/// A whole small Kubernetes in this process: API server, controllers and the kubelets of some nodes, all of which talk through the
/// door. It has no thread and no socket of its own; whoever wants HTTPS puts a host in front of <see cref="Server"/>.
/// </summary>
public sealed class EmbeddedCluster : IAsyncDisposable
{
    private static readonly TimeSpan NodeGrace = TimeSpan.FromSeconds(50);
    private readonly CancellationTokenSource stopping = new();
    private readonly List<NodeAgent> agents = [];
    private readonly TimeProvider timeProvider;
    private Task running = Task.CompletedTask;
    private Task? stopped;

    private EmbeddedCluster(EmbeddedClusterOptions options, TimeProvider timeProvider, int seed)
    {
        this.timeProvider = timeProvider;
        Ensembles = new Ensembles(timeProvider);
        Server = new ApiServer(timeProvider, options.ApiServer with { Seed = seed, KeepsMaxUnavailable = options.Controllers.StatefulSets.MaxUnavailable });
        Door = new InProcessDoor(Server);
        Nodes = [.. Enumerable.Range(0, options.Nodes).Select(index => new NodeIdentity(
            string.Create(CultureInfo.InvariantCulture, $"node-{index}"),
            options.NodeAddress(index))
        {
            Zone = options.Zones.Length > 0 ? options.Zones[index % options.Zones.Length] : "",
        })];
    }

    /// <summary>Gets the nodes as machines, which can be lost and come back.</summary>
    public IReadOnlyList<NodeAgent> Agents => agents;

    /// <summary>Gets the API server.</summary>
    public ApiServer Server { get; }

    /// <summary>Gets the way in, without a socket.</summary>
    public IClusterDoor Door { get; }

    /// <summary>Gets the ensembles that simulated pods are members of.</summary>
    public Ensembles Ensembles { get; }

    /// <summary>Gets the nodes.</summary>
    public ImmutableArray<NodeIdentity> Nodes { get; }

    /// <summary>Starts a cluster; when this returns the nodes are registered and everything runs.</summary>
    /// <param name="options">What it consists of.</param>
    /// <param name="timeProvider">Clock of everything in it.</param>
    /// <param name="cancellationToken">Ends the start, not the cluster.</param>
    public static async Task<EmbeddedCluster> StartAsync(EmbeddedClusterOptions options, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        Random random = options.Seed is { } given ? new Random(given) : new Random();
        EmbeddedCluster cluster = new(options, timeProvider, random.Next());
        try
        {
            await cluster.StartAsync(options, random, cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops kubelets and controllers and waits until they have ended. The store stays readable.</summary>
    public Task StopAsync()
    {
        return stopped ??= StopOnceAsync();

        async Task StopOnceAsync()
        {
            // Not CancelAsync: it runs the callbacks on the thread pool and so leaves a simulated thread.
            stopping.Cancel();
            await Task.WhenAll(agents.Select(agent => agent.StopAsync()));
            await running;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Ensembles.DisposeAsync();
        stopping.Dispose();
    }

    private async Task StartAsync(EmbeddedClusterOptions options, Random random, CancellationToken cancellationToken)
    {
        ControllerManagerOptions controllers = options.Controllers with
        {
            Scenario = options.Scenario,
            NodeMonitorGracePeriod = options.HasHeartbeats ? options.Controllers.NodeMonitorGracePeriod ?? NodeGrace : null,
        };
        ControllerManager manager = new(Door, controllers, timeProvider, new Random(random.Next()), options.Loggers.CreateLogger("Ordinal.ControlPlane.Controllers"));
        Server.AddMetrics(() =>
        {
            MetricsText text = new();
            manager.WriteMetrics(text);
            return text.ToString();
        });
        running = Task.WhenAll(manager.RunAsync(stopping.Token), Server.RunUpkeepAsync(stopping.Token));
        ClusterClient client = new(Door, "kubelet/v1.36.2");
        foreach ((int index, NodeIdentity node) in Nodes.Index())
        {
            IPodRuntime runtime = options.Runtime?.Invoke(node) ?? Simulated(options, index, client);
            if (runtime is SimulatedRuntime given)
            {
                Server.Logs.Register(given);
            }


            NodeAgent agent = new(
                node, client, runtime, options.HasHeartbeats, timeProvider, new Random(random.Next()), options.Loggers.CreateLogger("Ordinal.ControlPlane.Nodes"));
            agents.Add(agent);
            await agent.StartAsync(cancellationToken);
        }
    }

    private IPodRuntime Simulated(EmbeddedClusterOptions options, int node, ClusterClient client)
    {
        SimulatedRuntime pods = new(options.Pods, options.Scenario, pod => PodAddress(node, pod), timeProvider) { Net = options.Net };
        if (options.Net is null)
        {
            return pods;
        }

        Server.Logs.Register(pods);
        return new EnsembleRuntime(pods, Ensembles, new PodObjects(client));
    }

    /// <summary>A net of 16 × 250 addresses for each node; more pods than that share them.</summary>
    private static string PodAddress(int node, int pod) =>
        string.Create(CultureInfo.InvariantCulture, $"10.244.{(node * 16 % 256) + (pod / 250 % 16)}.{(pod % 250) + 2}");
}

using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers.Cluster;
using Ordinal.ControlPlane.Controllers.Disruption;
using Ordinal.ControlPlane.Controllers.Garbage;
using Ordinal.ControlPlane.Controllers.NodeLife;
using Ordinal.ControlPlane.Controllers.Scheduling;
using Ordinal.ControlPlane.Controllers.StatefulSets;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Nodes.Simulated;

namespace Ordinal.ControlPlane.Controllers;

/// <summary>Which controllers run, and how.</summary>
public sealed record ControllerManagerOptions
{
    /// <summary>Gets which version's StatefulSet behaviour is followed.</summary>
    public StatefulSetSwitches StatefulSets { get; init; } = StatefulSetSwitches.Kubernetes136;

    /// <summary>
    /// Gets a value indicating whether all controllers run. False leaves only the scheduler: beside a real kube-controller-manager it is
    /// all that is missing.
    /// </summary>
    public bool RunsControllers { get; init; } = true;

    /// <summary>
    /// Gets the controllers that do not run although the others do, by the names that <c>kube-controller-manager --controllers=*,-NAME</c> takes. The
    /// StatefulSet controller cannot be left out, and a name that no controller has here leaves nothing out.
    /// </summary>
    public ImmutableHashSet<string> Without { get; init; } = [];

    /// <summary>Gets how long a node may be silent before it is declared unknown; null for ever, for nodes without heartbeats. The real one waits 50 s.</summary>
    public TimeSpan? NodeMonitorGracePeriod { get; init; }

    /// <summary>Gets the scenario that says which pods no node takes.</summary>
    public Scenario Scenario { get; init; } = Scenario.Empty;

    /// <summary>Gets how many keys each controller works on side by side; the real one works on 5.</summary>
    public int Workers { get; init; } = 5;
}

/// <summary>The controllers of a cluster, sharing one set of caches, over any door.</summary>
public sealed class ControllerManager
{
    private readonly ControllerManagerOptions options;
    private readonly ClusterCache cache;
    private readonly Scheduler scheduler;
    private readonly List<KeyedController<ObjectKey>> controllers = [];
    private readonly StatefulSetController? statefulSets;
    private readonly GarbageCollector? garbage;

    /// <summary>Makes the controllers; nothing is sent before <see cref="RunAsync"/>.</summary>
    /// <param name="random">Seeded source of everything random in them.</param>
    public ControllerManager(IClusterDoor door, ControllerManagerOptions options, TimeProvider timeProvider, Random random, ILogger logger)
    {
        this.options = options;
        ClusterClient client = new(door, "kube-controller-manager/v1.36.2");
        cache = new ClusterCache(client, timeProvider, new Random(random.Next()));
        scheduler = new Scheduler(new ClusterClient(door, "kube-scheduler/v1.36.2"), cache, options.Scenario, timeProvider, logger);
        controllers.Add(scheduler);
        if (!options.RunsControllers)
        {
            return;
        }

        statefulSets = new StatefulSetController(client, cache, options.StatefulSets, timeProvider, new Random(random.Next()), logger);
        controllers.Add(statefulSets);
        Random collecting = new(random.Next());
        garbage = Runs("garbage-collector-controller") ? new GarbageCollector(client, cache, timeProvider, collecting, logger) : null;
        Add("disruption-controller", () => new DisruptionController(client, cache, timeProvider, logger));
        Add("endpoints-controller", () => new EndpointsController(client, cache, timeProvider, logger));
        Add("endpointslice-controller", () => new EndpointSliceController(client, cache, timeProvider, logger));
        Add("namespace-controller", () => new NamespaceController(client, cache, timeProvider, logger));
        Add("persistentvolume-binder-controller", () => new ClaimController(client, cache, timeProvider, logger));
        Add("node-lifecycle-controller", () => new NodeLifecycleController(client, cache, options.NodeMonitorGracePeriod, timeProvider, logger));
        Add("taint-eviction-controller", () => new TaintEvictionController(client, cache, timeProvider, logger));
        Add("pod-garbage-collector-controller", () => new PodGarbageController(client, cache, timeProvider, logger));
        Add("clusterrole-aggregation-controller", () => new RoleAggregationController(client, cache, timeProvider, logger));

        void Add(string name, Func<KeyedController<ObjectKey>> make)
        {
            if (Runs(name))
            {
                controllers.Add(make());
            }
        }

        bool Runs(string name) => !options.Without.Contains(name);
    }

    /// <summary>Writes what the controllers tell of themselves.</summary>
    public void WriteMetrics(MetricsText text) => controllers.ForEach(controller => controller.WriteMetrics(text));

    /// <summary>Runs the caches, then the controllers, until the token is cancelled; that is a normal return.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Task caches = cache.RunAsync(cancellationToken);
        try
        {
            await cache.WaitForSyncAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await caches;
            return;
        }

        List<Task> running = [caches, .. controllers.Select(controller => controller.RunAsync(options.Workers, cancellationToken))];
        if (statefulSets is not null)
        {
            running.Add(statefulSets.ResyncAsync(cancellationToken));
        }

        if (garbage is not null)
        {
            running.Add(garbage.RunAsync(options.Workers, cancellationToken));
            running.Add(garbage.WatchCustomKindsAsync(cancellationToken));
        }

        await Task.WhenAll(running);
        if (statefulSets is not null)
        {
            await statefulSets.Events.FlushAsync();
        }
    }
}

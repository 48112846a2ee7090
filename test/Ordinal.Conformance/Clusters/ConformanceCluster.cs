using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Controllers.StatefulSets;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Hosting;
using Ordinal.ControlPlane.Nodes;
using Ordinal.Conformance.Replay;
using Ordinal.TestSupport;

namespace Ordinal.Conformance.Clusters;

/// <summary>How a cluster differs from the shared one.</summary>
public sealed record ConformanceClusterOptions
{
    /// <summary>Gets the StatefulSet controller's behaviour. A real cluster knows only whether MaxUnavailableStatefulSet is on.</summary>
    public StatefulSetSwitches StatefulSets { get; init; } = StatefulSetSwitches.Kubernetes136;

    /// <summary>Gets the faults to inject. A real cluster knows none.</summary>
    public IApiFaults Faults { get; init; } = NoFaults.Instance;

    /// <summary>Gets the way of the controllers into the cluster, wrapped round the plain one. A real cluster's controllers take their own.</summary>
    public Func<IClusterDoor, IClusterDoor>? ControllersDoor { get; init; }

    /// <summary>Gets a value indicating whether pods are run by the kubelet of the recordings instead of the project's own.</summary>
    public bool UsesSmallKubelet { get; init; }
}

/// <summary>One running cluster and the way in. Its pods are simulated by the project's own kubelets, which are clients like others.</summary>
public sealed class ConformanceCluster : IAsyncDisposable
{
    private const int Nodes = 3;
    private readonly CancellationTokenSource stopping = new();
    private readonly Stack<Func<ValueTask>> parts = new();
    private readonly List<Task> running = [];

    private ConformanceCluster(ClusterKind kind) => Kind = kind;

    /// <summary>Gets which cluster this is.</summary>
    public ClusterKind Kind { get; }

    /// <summary>Gets the way in, as an administrator.</summary>
    public IClusterDoor Door { get; private set; } = null!;

    /// <summary>Gets the API server when it is ours.</summary>
    public ApiServer? Server { get; private set; }

    /// <summary>Gets the administrator's kubeconfig; null in process.</summary>
    public string? Kubeconfig { get; private set; }

    /// <summary>Gets a folder of its own, for kubectl's cache and the like.</summary>
    public string Folder { get; private set; } = "";

    /// <summary>Starts a cluster; when this returns, it serves, and its nodes are there.</summary>
    public static async Task<ConformanceCluster> StartAsync(ClusterKind kind, ConformanceClusterOptions? options = null)
    {
        var cluster = new ConformanceCluster(kind);
        try
        {
            await cluster.StartPartsAsync(options ?? new ConformanceClusterOptions());
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(running);
        while (parts.TryPop(out var end))
        {
            await end();
        }

        stopping.Dispose();
    }

    private async Task StartPartsAsync(ConformanceClusterOptions options)
    {
        var time = TimeProvider.System;
        Folder = Directory.CreateTempSubdirectory("ordinal-conformance-").FullName;
        parts.Push(() =>
        {
            Directory.Delete(Folder, recursive: true);
            return ValueTask.CompletedTask;
        });
        Door = Kind switch
        {
            ClusterKind.InProcess => new InProcessDoor(Server = NewServer(options), "conformance"),
            ClusterKind.Https => await OpenHttpsAsync(Server = NewServer(options)),
            ClusterKind.Real => await OpenRealAsync(options),
        };
        var manager = new ControllerManager(
            options.ControllersDoor is { } wrap ? wrap(Door) : Door,
            new ControllerManagerOptions { RunsControllers = Kind is not ClusterKind.Real, StatefulSets = options.StatefulSets },
            time, new Random(1), NullLogger.Instance);
        running.Add(manager.RunAsync(stopping.Token));
        var client = new ClusterClient(Door, "kubelet/v1.36.2");
        if (options.UsesSmallKubelet)
        {
            await NodeRegistrar.RegisterAsync(client, new NodeIdentity("fake-0", "10.0.0.1"), "", time, CancellationToken.None);
            running.Add(new SmallKubelet(client, time).RunAsync(stopping.Token));
            return;
        }

        for (var index = 0; index < Nodes; index++)
        {
            var node = new NodeIdentity(string.Create(CultureInfo.InvariantCulture, $"node-{index}"), string.Create(CultureInfo.InvariantCulture, $"10.0.0.{index + 1}"));
            await NodeRegistrar.RegisterAsync(client, node, "", time, CancellationToken.None);
            var runtime = new ImageRuntime(string.Create(CultureInfo.InvariantCulture, $"10.244.{index}"), time);
            running.Add(new Kubelet(node, client, runtime, time, new Random(index + 2), NullLogger.Instance).RunAsync(stopping.Token));
        }
    }

    private static ApiServer NewServer(ConformanceClusterOptions options) =>
        new(TimeProvider.System, new ApiServerOptions { Faults = options.Faults, KeepsMaxUnavailable = options.StatefulSets.MaxUnavailable });

    private async Task<IClusterDoor> OpenHttpsAsync(ApiServer server)
    {
        var host = await ControlPlaneHost.StartAsync(server, new ControlPlaneHostOptions(IPAddress.Loopback), TimeProvider.System, CancellationToken.None);
        parts.Push(host.DisposeAsync);
        Kubeconfig = Path.Combine(Folder, "private", "kubeconfig");
        await host.WriteKubeconfigAsync(Kubeconfig, "ordinal", CancellationToken.None);
        return OpenDoor(Kubeconfig);
    }

    private async Task<IClusterDoor> OpenRealAsync(ConformanceClusterOptions options)
    {
        var real = await RealControlPlane.StartAsync(CancellationToken.None, options.StatefulSets.MaxUnavailable ? "MaxUnavailableStatefulSet=true" : null);
        parts.Push(real.DisposeAsync);
        Kubeconfig = real.Kubeconfig;
        return OpenDoor(Kubeconfig);
    }

    private HttpDoor OpenDoor(string kubeconfig)
    {
        var door = new HttpDoor(HttpDoorOptions.FromKubeconfig(kubeconfig) with { UserAgent = "conformance" }, TimeProvider.System);
        parts.Push(() =>
        {
            door.Dispose();
            return ValueTask.CompletedTask;
        });
        return door;
    }
}

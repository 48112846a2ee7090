using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Faults;
using Ordinal.ControlPlane.Nodes.Network;
using Ordinal.ControlPlane.Nodes.Processes;
using Ordinal.ControlPlane.Nodes.Simulated;

namespace Ordinal.ControlPlane.Hosting;

/// <summary>What a local cluster consists of.</summary>
public sealed record LocalClusterOptions
{
    /// <summary>Gets how many nodes there are: 1 to 8, since host parts 2 to 9 are theirs.</summary>
    public int Nodes { get; init; } = 3;

    /// <summary>Gets the zones; node i is in zone i modulo their number. Empty for none.</summary>
    public ImmutableArray<string> Zones { get; init; } = ["zone-a", "zone-b", "zone-c"];

    /// <summary>Gets a value indicating whether pods are real processes; otherwise they are simulated.</summary>
    public bool RunsProcesses { get; init; }

    /// <summary>Gets the PATH of the pods' processes.</summary>
    public string Path { get; init; } = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin";

    /// <summary>Gets how simulated pods behave.</summary>
    public Scenario Scenario { get; init; } = Scenario.Empty;

    /// <summary>Gets how long a node may be silent before it is declared unknown.</summary>
    public TimeSpan NodeMonitorGracePeriod { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>Gets where the kubeconfig is written; null for the cluster's own directory.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>
    /// Gets the users beside the administrator: the text of a token file as kube-apiserver takes it, <c>token,user,uid,"group1,group2"</c>;
    /// empty for none.
    /// </summary>
    public string TokenFile { get; init; } = "";

    /// <summary>Gets the directory for pods, volumes and logs, which stays; null for a temporary one, which is deleted at the end.</summary>
    public string? KeepData { get; init; }

    /// <summary>Gets what is put around the faults of the API server, to see each call or to step in; null for nothing.</summary>
    public Func<IApiFaults, IApiFaults>? AroundFaults { get; init; }

    /// <summary>Gets where controllers and kubelets log.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;
}

/// <summary>
/// A whole small Kubernetes that stock <c>kubectl</c> can use: the embedded cluster, on a loopback net of its own, over HTTPS, with a
/// kubeconfig. Its data can be entered by this user alone. All of it ends with this process, in whatever way that ends.
/// </summary>
public sealed class LocalCluster : IAsyncDisposable
{
    private readonly Stack<Func<ValueTask>> _parts = new();

    private LocalCluster(LocalClusterOptions options, string directory)
    {
        Directory = directory;
        Kubeconfig = options.Kubeconfig is { } given ? System.IO.Path.GetFullPath(given) : System.IO.Path.Combine(directory, "kubeconfig");
    }

    /// <summary>Gets the directory of its data.</summary>
    public string Directory { get; }

    /// <summary>Gets the path of the kubeconfig.</summary>
    public string Kubeconfig { get; }

    /// <summary>Gets where its API server listens.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>Gets its net.</summary>
    public LoopbackNet Net { get; private set; } = null!;

    /// <summary>Gets the cluster, for a way in without a socket.</summary>
    public EmbeddedCluster Cluster { get; private set; } = null!;

    /// <summary>Gets the faults of its API server.</summary>
    public FaultPlan Faults { get; private set; } = null!;

    /// <summary>Gets a task that ends when <c>ordinal cluster down</c> has asked this cluster to end.</summary>
    public Task DownRequested { get; private set; } = null!;

    /// <summary>Starts a cluster; when this returns, it serves and the kubeconfig is there.</summary>
    /// <exception cref="FormatException">The token file has a line that is none.</exception>
    /// <exception cref="IOException">A file cannot be written, or no net is free.</exception>
    /// <exception cref="PlatformNotSupportedException">This is not Linux, or setsid or setpriv is missing.</exception>
    public static async Task<LocalCluster> StartAsync(LocalClusterOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Nodes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Nodes, 8);
        var directory = options.KeepData is { } keep
            ? System.IO.Path.GetFullPath(keep)
            : System.IO.Directory.CreateTempSubdirectory("ordinal-").FullName;
        PrivateDirectory.MakePrivate(directory);
        var cluster = new LocalCluster(options, directory);
        try
        {
            await cluster.StartPartsAsync(options, time, cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops everything, the last started first, and deletes what is temporary.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_parts.TryPop(out var end))
        {
            await end();
        }
    }

    private async Task StartPartsAsync(LocalClusterOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        if (options.KeepData is null)
        {
            _parts.Push(() => Delete(Directory));
        }

        Net = LoopbackNet.Claim();
        _parts.Push(() => Dispose(Net));
        var objects = new LateObjects();
        ProcessRuntime? processes = null;
        if (options.RunsProcesses)
        {
            processes = await ProcessRuntime.CreateAsync(
                new ProcessRuntimeOptions(Directory, Net) { Path = options.Path, HostIP = NodeAddress, DeletesRoot = options.KeepData is null },
                objects, time);
            _parts.Push(processes.DisposeAsync);
        }

        // Beside each other: what takes time in both is the first use of everything.
        TaskCompletionSource<ApiServer> server = new(TaskCreationOptions.RunContinuationsAsynchronously);
        FaultDesk? desk = null;
        Task<ControlPlaneHost> hosting = HostAsync(
            server.Task, new ControlPlaneHostOptions(IPAddress.Parse(Net.Address(1))) { Desk = (call, token) => desk!.AnswerAsync(call, token) }, time, cancellationToken);
        _parts.Push(() => EndAsync(hosting, server));
        Faults = new FaultPlan(time, new Random());
        Cluster = await EmbeddedCluster.StartAsync(
            new EmbeddedClusterOptions
            {
                Nodes = options.Nodes,
                NodeAddress = index => NodeAddress(index),
                Zones = options.Zones,
                Net = Net,
                Runtime = processes is null ? null : _ => processes,
                Scenario = options.Scenario,
                ApiServer = new ApiServerOptions { Faults = options.AroundFaults?.Invoke(Faults) ?? Faults },
                HasHeartbeats = true,
                Controllers = new ControllerManagerOptions { NodeMonitorGracePeriod = options.NodeMonitorGracePeriod },
                Loggers = options.Loggers,
            },
            time, cancellationToken);
        _parts.Push(Cluster.DisposeAsync);
        Cluster.Server.Tokens.AddFile(options.TokenFile);
        objects.Client = new ClusterClient(Cluster.Door, "kubelet");
        if (processes is not null)
        {
            Cluster.Server.Logs.Register(processes);
            Cluster.Server.Execs.Register(processes);
        }

        desk = new FaultDesk(Faults, Cluster, time);
        DownRequested = desk.DownRequested;
        server.SetResult(Cluster.Server);
        ControlPlaneHost host = await hosting;
        Url = host.Url;
        await host.WriteKubeconfigAsync(Kubeconfig, "ordinal", cancellationToken);
        _parts.Push(() => Delete(Kubeconfig));
    }

    private static async Task<ControlPlaneHost> HostAsync(Task<ApiServer> server, ControlPlaneHostOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        // A local cluster lives in real time: from here on another thread does this.
        await Task.Yield();
        return await ControlPlaneHost.StartAsync(server, options, time, cancellationToken);
    }

    private static async ValueTask EndAsync(Task<ControlPlaneHost> hosting, TaskCompletionSource<ApiServer> server)
    {
        server.TrySetCanceled();
        try
        {
            await (await hosting).DisposeAsync();
        }
        catch (Exception) when (!hosting.IsCompletedSuccessfully)
        {
            // It never came up, and whoever started the cluster hears why from the start itself.
        }
    }

    private static ValueTask Dispose(LoopbackNet net)
    {
        net.Dispose();
        return ValueTask.CompletedTask;
    }

    private static ValueTask Delete(string path)
    {
        if (System.IO.Directory.Exists(path))
        {
            System.IO.Directory.Delete(path, recursive: true);
        }
        else
        {
            File.Delete(path);
        }

        return ValueTask.CompletedTask;
    }

    private string NodeAddress(int index) => Net.Address(index + 2);

    private string NodeAddress(string node) =>
        Cluster?.Nodes.FirstOrDefault(n => n.Name == node)?.Address ?? Net.Address(2);

    /// <summary>What pods refer to, read through a door that opens only after the runtime is there.</summary>
    private sealed class LateObjects : IPodObjects
    {
        private readonly TaskCompletionSource<ClusterClient> _client = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ClusterClient Client
        {
            set => _client.SetResult(value);
        }

        public async Task<KubeObject?> GetAsync(ResourceKind kind, ObjectKey key, CancellationToken cancellationToken)
        {
            var client = await _client.Task.WaitAsync(cancellationToken);
            return await client.GetAsync(kind, key, cancellationToken);
        }
    }
}

using System.Net;
using System.Security.Cryptography.X509Certificates;
using Ordinal.ControlPlane;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Hosting;
using Ordinal.ControlPlane.Nodes.Network;
using Ordinal.ControlPlane.Nodes.Processes;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Operator.Demo;

/// <summary>
/// The demo's cluster: the embedded control plane over HTTPS on a loopback net of its own, with a kubeconfig in a folder that only this
/// user can enter. Everything of it is gone when it is disposed, and when this process dies.
/// </summary>
internal sealed class DemoCluster : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _parts = new();

    private DemoCluster(string folder) => Folder = folder;

    /// <summary>Gets the private folder of this run.</summary>
    public string Folder { get; }

    public string Kubeconfig => Path.Combine(Folder, "kubeconfig");

    /// <summary>Gets what starts processes that end with us.</summary>
    public required ProcessLauncher Launcher { get; init; }

    /// <summary>Gets the cluster itself, for witnesses of what no client can see.</summary>
    public EmbeddedCluster Embedded { get; private set; } = null!;

    /// <summary>Gets the witnesses' client.</summary>
    public PlainApi Api { get; private set; } = null!;

    /// <summary>Starts a cluster.</summary>
    /// <param name="runsProcesses">Whether pods are real processes; otherwise they are simulated.</param>
    /// <param name="path">The PATH of the pods' processes.</param>
    public static async Task<DemoCluster> StartAsync(bool runsProcesses, string path, TimeProvider time, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("ordinal-").FullName;
        // The launcher's guard deletes the folder, however we end.
        var launcher = await ProcessLauncher.CreateAsync(time, folder);
        var cluster = new DemoCluster(folder) { Launcher = launcher };
        cluster._parts.Push(launcher);
        try
        {
            await cluster.StartPartsAsync(runsProcesses, path, time, cancellationToken);
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
        while (_parts.TryPop(out var part))
        {
            await part.DisposeAsync();
        }
    }

    private async Task StartPartsAsync(bool runsProcesses, string path, TimeProvider time, CancellationToken cancellationToken)
    {
        var net = LoopbackNet.Claim();
        _parts.Push(new Disposing(net));
        var objects = new LateObjects();
        ProcessRuntime? processes = null;
        if (runsProcesses)
        {
            processes = await ProcessRuntime.CreateAsync(new ProcessRuntimeOptions(Path.Combine(Folder, "pods"), net) { Path = path, DeletesRoot = true }, objects, time);
            _parts.Push(processes);
        }

        var cluster = await EmbeddedCluster.StartAsync(
            new EmbeddedClusterOptions { Runtime = processes is null ? null : _ => processes, Net = net }, time, cancellationToken);
        _parts.Push(cluster);
        Embedded = cluster;
        objects.Client = new ClusterClient(cluster.Door, "kubelet");
        if (processes is not null)
        {
            cluster.Server.Logs.Register(processes);
        }

        var host = await ControlPlaneHost.StartAsync(cluster.Server, new ControlPlaneHostOptions(IPAddress.Parse(net.Address(1))), time, cancellationToken);
        _parts.Push(host);
        await host.WriteKubeconfigAsync(Kubeconfig, "ordinal-demo", cancellationToken);
        var authority = X509Certificate2.CreateFromPem(host.CertificateAuthorityPem);
        Api = new PlainApi(host.Url, authority, host.Token);
        _parts.Push(new Disposing(Api, authority));
    }

    /// <summary>What pods refer to, read through a door that opens only after the runtime exists.</summary>
    private sealed class LateObjects : IPodObjects
    {
        public ClusterClient? Client { get; set; }

        public Task<KubeObject?> GetAsync(ResourceKind kind, ObjectKey key, CancellationToken cancellationToken) =>
            (Client ?? throw new InvalidOperationException("a pod was started before the cluster")).GetAsync(kind, key, cancellationToken);
    }

    private sealed class Disposing(params IDisposable[] what) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            foreach (var each in what)
            {
                each.Dispose();
            }

            return ValueTask.CompletedTask;
        }
    }
}

using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Hosting;
using Ordinal.ControlPlane.Nodes;
using Ordinal.ControlPlane.Nodes.Network;
using Ordinal.ControlPlane.Nodes.Processes;
using Ordinal.Integration.Clusters;
using Ordinal.TestSupport;

namespace Ordinal.Integration.Kills;

/// <summary>A control plane, embedded or real, whose pods are processes and whose operators' requests pass by somebody who kills them.</summary>
internal sealed class KillPlane : IAsyncDisposable
{
    private const string Node = "node-1";
    private readonly Stack<Func<ValueTask>> parts = new();
    private readonly CancellationTokenSource stopping = new();
    private string kubeconfig = "";

    /// <summary>Gets the API, past the killer.</summary>
    public IClusterDoor Door { get; private set; } = null!;

    /// <summary>Gets the pods' net.</summary>
    public LoopbackNet Net { get; private set; } = null!;

    /// <summary>Gets who kills.</summary>
    public WriteKiller Killer { get; private set; } = null!;

    /// <summary>Gets a directory for this user alone.</summary>
    public string Directory { get; private set; } = "";

    /// <summary>Starts it.</summary>
    /// <param name="kind">Which control plane.</param>
    /// <param name="path">The PATH of the pods' processes.</param>
    /// <param name="users">The operators, by their tokens.</param>
    public static async Task<KillPlane> StartAsync(ClusterKind kind, string path, IReadOnlyDictionary<string, string> users, CancellationToken cancellationToken)
    {
        var plane = new KillPlane();
        try
        {
            await (kind is ClusterKind.Real ? plane.StartRealAsync(path, users, cancellationToken) : plane.StartEmbeddedAsync(path, users, cancellationToken));
            return plane;
        }
        catch
        {
            await plane.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes the kubeconfig of one operator.</summary>
    public string KubeconfigOf(string user, string token)
    {
        var file = Path.Combine(Directory, user);
        File.WriteAllText(file, TokenLine().Replace(kubeconfig, $"token: {token}"));
        return file;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        while (parts.TryPop(out var end))
        {
            await end();
        }

        stopping.Dispose();
    }

    private async Task StartEmbeddedAsync(string path, IReadOnlyDictionary<string, string> users, CancellationToken cancellationToken)
    {
        var cluster = await LocalCluster.StartAsync(
            new LocalClusterOptions
            {
                Nodes = 1,
                RunsProcesses = true,
                Path = path,
                TokenFile = string.Join('\n', users.Select((user, number) => $"{user.Key},{user.Value},{number + 1},\"system:masters\"")),
                AroundFaults = inner => Killer = new WriteKiller(inner),
            },
            TimeProvider.System,
            cancellationToken);
        parts.Push(cluster.DisposeAsync);
        (Door, Net, Directory) = (cluster.Cluster.Door, cluster.Net, cluster.Directory);
        kubeconfig = await File.ReadAllTextAsync(cluster.Kubeconfig, cancellationToken);
    }

    private async Task StartRealAsync(string path, IReadOnlyDictionary<string, string> users, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        Directory = System.IO.Directory.CreateTempSubdirectory("ordinal-kills-").FullName;
        parts.Push(() =>
        {
            System.IO.Directory.Delete(Directory, recursive: true);
            return ValueTask.CompletedTask;
        });
        var real = await RealControlPlane.StartAsync(cancellationToken);
        parts.Push(real.DisposeAsync);
        var door = new HttpDoor(HttpDoorOptions.FromKubeconfig(real.Kubeconfig), time);
        Push(door);
        Net = LoopbackNet.Claim();
        Push(Net);
        (Door, Killer) = (door, new WriteKiller(NoFaults.Instance));

        var kubelet = new ClusterClient(door, "kubelet/v1.36.2");
        var runtime = await ProcessRuntime.CreateAsync(
            new ProcessRuntimeOptions(Path.Combine(Directory, "pods"), Net) { Path = path, HostIP = _ => Net.Address(2), DeletesRoot = true }, new PodObjects(kubelet), time);
        parts.Push(runtime.DisposeAsync);
        var node = new NodeAgent(new NodeIdentity(Node, Net.Address(2)), kubelet, runtime, beats: false, time, new Random(1), NullLogger.Instance);
        await node.StartAsync(cancellationToken);
        parts.Push(() => new ValueTask(node.StopAsync()));
        var scheduling = new ControllerManager(door, new ControllerManagerOptions { RunsControllers = false }, time, new Random(2), NullLogger.Instance).RunAsync(stopping.Token);
        parts.Push(() => new ValueTask(scheduling));
        var proxy = await KillingProxy.StartAsync(door, Killer, token => users.GetValueOrDefault(token), cancellationToken);
        parts.Push(proxy.DisposeAsync);
        kubeconfig = $"""
            apiVersion: v1
            kind: Config
            current-context: kills
            clusters:
            - name: kills
              cluster: {"{"}server: {proxy.Url}{"}"}
            users:
            - name: operator
              user:
                token: none
            contexts:
            - name: kills
              context: {"{"}cluster: kills, user: operator{"}"}
            """;
    }

    private void Push(IDisposable part) => parts.Push(() =>
    {
        part.Dispose();
        return ValueTask.CompletedTask;
    });

    private static System.Text.RegularExpressions.Regex TokenLine() => new("token: \\S+");
}

using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Nodes;
using Ordinal.ControlPlane.Nodes.Network;
using Ordinal.ControlPlane.Nodes.Processes;
using Ordinal.ControlPlane.Nodes.Simulated;
using Ordinal.ControlPlane.Workloads;

namespace Ordinal.Operator.Cli;

/// <summary>
/// <c>ordinal cluster kubelet</c>: kubelets as ordinary clients of any API server, a real one included. One process may serve several
/// nodes, and then their pods share one net. A remote API server cannot ask it for logs: <c>kubectl logs</c> works with
/// <c>ordinal cluster up</c> only; the files are in the data directory.
/// </summary>
internal static class ClusterKubeletCommand
{
    private static readonly Option<string> Kubeconfig = new("--kubeconfig") { Description = "Path of the kubeconfig to use.", Required = true };

    private static readonly Option<string[]> Node = new("--node") { Description = "Name of the node to be; may be given several times.", Required = true };

    private static readonly Option<string> Zone = new("--zone") { Description = "Zone of the nodes.", DefaultValueFactory = _ => "" };

    private static readonly Option<string> Runtime = new("--runtime") { Description = "What a pod is: simulated or process.", DefaultValueFactory = _ => "simulated" };

    private static readonly Option<bool> Scheduler = new("--scheduler") { Description = "Also bind pods to nodes, for an API server without a scheduler." };

    private static readonly Option<string?> KeepData = new("--keep-data") { Description = "Directory for pods, volumes and logs, which stays. Default: a temporary one, deleted at the end." };

    private static readonly Option<string?> ScenarioFile = ScenarioOption.Create();

    public static Command Create()
    {
        Runtime.AcceptOnly("simulated", "process");
        var command = new Command("kubelet", "Run only the kubelet of one or more nodes, as a client of any cluster.") { Kubeconfig, Node, Zone, Runtime, ScenarioFile, Scheduler, KeepData };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var error = parsed.InvocationConfiguration.Error;
            var path = parsed.GetRequiredValue(Kubeconfig);
            try
            {
                using var door = new HttpDoor(HttpDoorOptions.FromKubeconfig(path), TimeProvider.System);
                await RunAsync(door, parsed, cancellationToken);
                return ExitCodes.Success;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return ExitCodes.Success;
            }
            catch (FormatException e)
            {
                await error.WriteLineAsync(e.Message);
                return ExitCodes.Usage;
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                await error.WriteLineAsync($"{path}: there is no such kubeconfig; give the file that kubectl uses.");
                return ExitCodes.Usage;
            }
            catch (Exception e) when (e is HttpRequestException or ApiFailureException)
            {
                await error.WriteLineAsync($"{path}: the API server does not take this node: {e.Message}");
                return ExitCodes.Unreachable;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
            {
                await error.WriteLineAsync($"The kubelet did not start: {e.Message}");
                return ExitCodes.Failed;
            }
        });
        return command;
    }

    private static async Task RunAsync(HttpDoor door, ParseResult parsed, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var random = new Random();
        var client = new ClusterClient(door, "kubelet/v1.36.2");
        var names = parsed.GetRequiredValue(Node).Distinct(StringComparer.Ordinal).ToList();
        var scenario = await ScenarioOption.ReadAsync(parsed.GetValue(ScenarioFile), cancellationToken);
        if (parsed.GetRequiredValue(Runtime) == "process" && parsed.GetValue(ScenarioFile) is not null)
        {
            throw new FormatException("--scenario is for simulated pods; leave it out, or give --runtime simulated.");
        }

        using var net = LoopbackNet.Claim();
        if (names.Count > 8)
        {
            throw new FormatException("--node: at most 8 nodes in one process.");
        }

        var nodes = names.Select((name, index) => new NodeIdentity(name, net.Address(index + 2)) { Zone = parsed.GetRequiredValue(Zone) }).ToList();
        await using var processes = parsed.GetRequiredValue(Runtime) == "process" ? await ProcessesAsync(client, net, nodes, parsed, time) : null;
        await using var ensembles = new Ensembles(time);
        IPodRuntime runtime = processes is not null
            ? processes
            : new EnsembleRuntime(new SimulatedRuntime(SimulatedRuntime.DefaultScript, scenario, pod => net.Address(10 + (pod % 240)), time) { Net = net }, ensembles, new PodObjects(client));
        var agents = nodes.Select(node => new NodeAgent(node, client, runtime, beats: true, time, new Random(random.Next()), NullLogger.Instance)).ToList();
        var running = new List<Task>();
        foreach (var agent in agents)
        {
            await agent.StartAsync(cancellationToken);
        }

        if (parsed.GetValue(Scheduler))
        {
            running.Add(new ControllerManager(door, new ControllerManagerOptions { RunsControllers = false, Scenario = scenario }, time, random, NullLogger.Instance).RunAsync(cancellationToken));
        }

        await parsed.InvocationConfiguration.Output.WriteLineAsync($"Nodes {string.Join(", ", names)} are up on {net.Prefix}.0/24. Ctrl-C stops them.");
        await parsed.InvocationConfiguration.Output.FlushAsync(CancellationToken.None);
        await UntilCancelled.WaitAsync(cancellationToken);
        await Task.WhenAll(running.Concat(agents.Select(agent => agent.StopAsync())));
    }

    private static Task<ProcessRuntime> ProcessesAsync(ClusterClient client, LoopbackNet net, List<NodeIdentity> nodes, ParseResult parsed, TimeProvider time)
    {
        var keep = parsed.GetValue(KeepData);
        var root = keep is null ? Directory.CreateTempSubdirectory("ordinal-kubelet-").FullName : Path.GetFullPath(keep);
        return ProcessRuntime.CreateAsync(
            new ProcessRuntimeOptions(root, net) { HostIP = name => nodes.First(n => n.Name == name).Address, DeletesRoot = keep is null },
            new PodObjects(client), time);
    }
}

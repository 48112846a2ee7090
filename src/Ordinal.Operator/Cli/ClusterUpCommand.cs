using System.CommandLine;
using Ordinal.ControlPlane.Hosting;
using Ordinal.ControlPlane.Nodes.Processes;
using Ordinal.ControlPlane.Nodes.Simulated;

namespace Ordinal.Operator.Cli;

/// <summary><c>ordinal cluster up</c>: API server, controllers and kubelets in this process, until Ctrl-C or SIGTERM.</summary>
internal static class ClusterUpCommand
{
    private static readonly Option<int> Nodes = new("--nodes") { Description = "How many nodes, 1 to 8.", DefaultValueFactory = _ => 3 };

    private static readonly Option<string> Zones = new("--zones") { Description = "Zones of the nodes in turn, separated by commas; empty for none.", DefaultValueFactory = _ => "zone-a,zone-b,zone-c" };

    private static readonly Option<string> Kubelet = new("--kubelet")
    {
        Description = "What a pod is: simulated (status only, boots as its annotations say) or process (its command as a process of this machine).",
        DefaultValueFactory = _ => "simulated",
    };

    private static readonly TimeSpan AnswerGrace = TimeSpan.FromMilliseconds(500);
    private static readonly Option<string?> Kubeconfig = new("--kubeconfig") { Description = "Where to write the kubeconfig; replaced if it is there, deleted at the end. Default: in the data directory." };

    private static readonly Option<string?> KeepData = new("--keep-data") { Description = "Directory for pods, volumes and logs, which stays. Default: a temporary one, deleted at the end." };

    private static readonly Option<string?> PodPath = new("--path") { Description = "PATH of the pods' processes. Default: this process's own." };

    private static readonly Option<string?> ScenarioFile = ScenarioOption.Create();

    private static readonly Option<string?> TokenFile = new("--token-auth-file")
    {
        Description = "Users beside the administrator: a CSV file as kube-apiserver takes it, with token,user,uid,\"group1,group2\" on each line.",
    };

    private static readonly Option<string> NodeGrace = new("--node-monitor-grace-period")
    {
        Description = "How long a node may be silent before it is declared not ready.",
        DefaultValueFactory = _ => "50s",
    };

    public static Command Create()
    {
        NodeGrace.AcceptDuration(takesZero: false, "50s");
        Kubelet.AcceptOnly("simulated", "process");
        Nodes.AcceptWhole(1, 8);
        var command = new Command("up", "Run a cluster in the foreground until Ctrl-C, SIGTERM or ordinal cluster down.") { Nodes, Zones, Kubelet, ScenarioFile, NodeGrace, TokenFile, Kubeconfig, KeepData, PodPath };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var error = parsed.InvocationConfiguration.Error;
            var runsProcesses = parsed.GetRequiredValue(Kubelet) == "process";
            if (runsProcesses && parsed.GetValue(ScenarioFile) is not null)
            {
                await error.WriteLineAsync("--scenario is for simulated pods; leave it out, or give --kubelet simulated.");
                return ExitCodes.Usage;
            }

            Scenario scenario;
            try
            {
                scenario = await ScenarioOption.ReadAsync(parsed.GetValue(ScenarioFile), cancellationToken);
            }
            catch (FormatException e)
            {
                await error.WriteLineAsync(e.Message);
                return ExitCodes.Usage;
            }

            string tokens;
            try
            {
                tokens = parsed.GetValue(TokenFile) is { } file ? await File.ReadAllTextAsync(file, cancellationToken) : "";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                await error.WriteLineAsync($"--token-auth-file: {e.Message}");
                return ExitCodes.Usage;
            }

            _ = GoDuration.TryParse(parsed.GetRequiredValue(NodeGrace), out var grace);
            var options = new LocalClusterOptions
            {
                Scenario = scenario,
                NodeMonitorGracePeriod = grace,
                Nodes = parsed.GetValue(Nodes),
                Zones = [.. parsed.GetRequiredValue(Zones).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)],
                RunsProcesses = runsProcesses,
                Kubeconfig = parsed.GetValue(Kubeconfig),
                TokenFile = tokens,
                KeepData = parsed.GetValue(KeepData),
            };
            if (parsed.GetValue(PodPath) is { } path)
            {
                options = options with { Path = path };
            }

            var output = parsed.InvocationConfiguration.Output;
            try
            {
                await using var cluster = await LocalCluster.StartAsync(options, TimeProvider.System, cancellationToken);
                await output.WriteLineAsync($"The cluster is up at {cluster.Url}: {options.Nodes} nodes, pods are {(options.RunsProcesses ? $"processes on {cluster.Net.Prefix}.0/24" : "simulated")}, data in {cluster.Directory}");
                await output.WriteLineAsync($"  kubectl --kubeconfig {cluster.Kubeconfig} get nodes");
                await output.WriteLineAsync("Ctrl-C stops it.");
                await output.FlushAsync(CancellationToken.None);
                await Task.WhenAny(UntilCancelled.WaitAsync(cancellationToken), cluster.DownRequested);
                if (cluster.DownRequested.IsCompleted)
                {
                    // The answer to whoever asked is still on its way: connections are cut when the server ends.
                    await Task.Delay(AnswerGrace, TimeProvider.System, CancellationToken.None);
                }
                return ExitCodes.Success;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return ExitCodes.Success;
            }
            catch (FormatException e)
            {
                await error.WriteLineAsync($"--token-auth-file: {e.Message}");
                return ExitCodes.Usage;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
            {
                await error.WriteLineAsync($"The cluster did not start: {e.Message}");
                return ExitCodes.Failed;
            }
        });
        return command;
    }
}

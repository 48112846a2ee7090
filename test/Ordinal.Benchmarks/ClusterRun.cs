using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Benchmarks;

/// <summary><c>ordinal cluster up</c> as a process of its own, with simulated pods. It is ended with this object.</summary>
internal sealed class ClusterRun : IAsyncDisposable
{
    private static readonly CompositeFormat Scenario = CompositeFormat.Parse("rules:\n- behave: {{start-delay: 0s, ready-delay: {0}, stop-delay: {0}}}\n");
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(1);
    private readonly string folder;
    private readonly Process process;

    private ClusterRun(string folder, Process process)
    {
        this.folder = folder;
        this.process = process;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Gets from the start of the process to the first <c>ok</c> of <c>/readyz</c> over HTTPS, as whoever has only the kubeconfig sees it.</summary>
    public TimeSpan ReadyAfter { get; private set; }

    /// <summary>Gets the path of its kubeconfig.</summary>
    public string Kubeconfig => Path.Combine(folder, "kubeconfig");

    /// <summary>Gets how to get in.</summary>
    public HttpDoorOptions Address { get; private set; } = null!;

    /// <summary>Gets a door over HTTPS.</summary>
    public HttpDoor Door { get; private set; } = null!;

    /// <summary>Gets the way in for whoever prepares and looks.</summary>
    public ClusterClient Client { get; private set; } = null!;

    /// <summary>Starts one and waits until it is ready. Neither start nor stop of a pod takes time: what is left is the control plane's own.</summary>
    public static Task<ClusterRun> StartAsync(int nodes, CancellationToken cancellationToken) => StartAsync(nodes, TimeSpan.Zero, cancellationToken);

    /// <summary>Starts one and waits until it is ready.</summary>
    /// <param name="nodes">How many nodes it has.</param>
    /// <param name="delay">How long a pod takes to become ready, and to stop.</param>
    public static async Task<ClusterRun> StartAsync(int nodes, TimeSpan delay, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("ordinal-bench-").FullName;
        var scenario = Path.Combine(folder, "scenario.yaml");
        await File.WriteAllTextAsync(scenario, string.Format(CultureInfo.InvariantCulture, Scenario, string.Create(CultureInfo.InvariantCulture, $"{delay.TotalMilliseconds:0}ms")), cancellationToken);
        var kubeconfig = Path.Combine(folder, "kubeconfig");
        var start = new ProcessStartInfo(OperatorRun.Program)
        {
            ArgumentList = { "cluster", "up", "--nodes", nodes.ToString(CultureInfo.InvariantCulture), "--kubeconfig", kubeconfig, "--scenario", scenario },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        var began = TimeProvider.System.GetTimestamp();
        var run = new ClusterRun(folder, Process.Start(start) ?? throw new InvalidOperationException($"{OperatorRun.Program} did not start"));
        try
        {
            while (!File.Exists(kubeconfig))
            {
                if (run.process.HasExited || TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMinutes(1))
                {
                    throw new InvalidOperationException("ordinal cluster up wrote no kubeconfig");
                }

                await Task.Delay(Poll, TimeProvider.System, cancellationToken);
            }

            run.Address = HttpDoorOptions.FromKubeconfig(kubeconfig) with { UserAgent = "bench/1", Timeout = TimeSpan.FromMinutes(2) };
            run.Door = new HttpDoor(run.Address, TimeProvider.System);
            run.Client = new ClusterClient(run.Door, "bench/1");
            var ready = await run.Door.SendAsync(new ApiCall("GET", "/readyz"), cancellationToken);
            run.ReadyAfter = TimeProvider.System.GetElapsedTime(began);
            return ready.StatusCode == 200 ? run : throw new InvalidOperationException($"/readyz answered {ready.StatusCode}");
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads a line of <c>/proc/PID/status</c> that is in kB: VmRSS, or VmHWM for the highest so far.</summary>
    /// <returns>MiB.</returns>
    public double Resident(string line = "VmRSS") => OperatorRun.Resident(process.Id, line);

    /// <summary>Returns how much processor time it has used.</summary>
    public TimeSpan ProcessorTime()
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    /// <summary>Creates a StatefulSet under Parallel.</summary>
    public Task CreateSetAsync(string name, int replicas, CancellationToken cancellationToken) => Client.CreateAsync(
        ResourceKind.StatefulSets,
        "default",
        new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "StatefulSet",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject
            {
                ["serviceName"] = name,
                ["replicas"] = replicas,
                ["podManagementPolicy"] = "Parallel",
                ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = name } },
                ["template"] = new JsonObject
                {
                    ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = name } },
                    ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = "app:v1" }) },
                },
            },
        },
        cancellationToken);

    /// <summary>Waits until every pod of a StatefulSet is available, as its status says.</summary>
    public Task UntilAvailableAsync(string name, int replicas, CancellationToken cancellationToken) => BenchCluster.UntilAsync(
        $"the pods of {name} are available",
        async () => await Client.GetAsync(ResourceKind.StatefulSets, new ObjectKey("default", name), cancellationToken) is { } set
            && set.Root.NumberAt("status", "availableReplicas") == replicas,
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Door?.Dispose();
        await Processes.EndAsync(process);
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}

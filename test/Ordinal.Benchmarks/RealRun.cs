using System.Diagnostics;
using System.Globalization;
using System.Text;
using Ordinal.TestSupport;

namespace Ordinal.Benchmarks;

/// <summary>
/// A real control plane, and <c>ordinal cluster kubelet</c> as a process of its own for its nodes and as its scheduler. Pods are simulated, so that they take the
/// same time as on the embedded one. All of it is ended with this object.
/// </summary>
internal sealed class RealRun : IAsyncDisposable
{
    private static readonly CompositeFormat Scenario = CompositeFormat.Parse("rules:\n- behave: {{start-delay: {0}, ready-delay: 0s, stop-delay: 20ms}}\n");
    private readonly string folder = Directory.CreateTempSubdirectory("ordinal-bench-").FullName;
    private readonly RealControlPlane plane;
    private Process? kubelet;

    private RealRun(RealControlPlane plane) => this.plane = plane;

    public string Kubeconfig => plane.Kubeconfig;

    /// <summary>Gets the path of the API server's audit log, if it writes one.</summary>
    public string AuditLog => plane.AuditLog;

    /// <summary>Starts it and waits until its nodes are there.</summary>
    /// <param name="bootTime">From binding to ready; a pod stops in 20 ms.</param>
    /// <param name="nodes">How many nodes; each has room for 5,000 pods.</param>
    /// <param name="isAudited">Whether requests are noted.</param>
    public static async Task<RealRun> StartAsync(TimeSpan bootTime, int nodes, bool isAudited, CancellationToken cancellationToken)
    {
        var run = new RealRun(await RealControlPlane.StartAsync(cancellationToken, isAudited: isAudited));
        try
        {
            await run.StartKubeletAsync(bootTime, nodes, cancellationToken);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (kubelet is not null)
        {
            await Processes.EndAsync(kubelet);
            kubelet.Dispose();
        }

        await plane.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task StartKubeletAsync(TimeSpan bootTime, int nodes, CancellationToken cancellationToken)
    {
        var scenario = Path.Combine(folder, "scenario.yaml");
        await File.WriteAllTextAsync(scenario, string.Format(CultureInfo.InvariantCulture, Scenario, string.Create(CultureInfo.InvariantCulture, $"{bootTime.TotalMilliseconds:0}ms")), cancellationToken);
        var start = new ProcessStartInfo(OperatorRun.Program)
        {
            ArgumentList = { "cluster", "kubelet", "--kubeconfig", Kubeconfig, "--scheduler", "--scenario", scenario },
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        for (var i = 0; i < nodes; i++)
        {
            start.ArgumentList.Add("--node");
            start.ArgumentList.Add(string.Create(CultureInfo.InvariantCulture, $"node-{i + 1}"));
        }

        kubelet = Process.Start(start) ?? throw new InvalidOperationException($"{OperatorRun.Program} did not start");
        if (await kubelet.StandardOutput.ReadLineAsync(cancellationToken) is not { } line || !line.Contains("are up", StringComparison.Ordinal))
        {
            throw new InvalidOperationException("ordinal cluster kubelet did not come up");
        }
    }
}

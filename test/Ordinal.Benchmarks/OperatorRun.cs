using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Ordinal.Benchmarks;

/// <summary><c>ordinal run</c> as a process of its own. It is ended with this object.</summary>
internal sealed class OperatorRun : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder log = new();
    private readonly TaskCompletionSource<Uri[]> addresses = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task reading;

    private OperatorRun(Process process)
    {
        this.process = process;
        reading = ReadAsync();
    }

    /// <summary>
    /// Gets the program: the one that ORDINAL names, which <c>make bench</c> sets to what is shipped (compiled ahead of time, as in the Dockerfile), else
    /// the one that was built beside this.
    /// </summary>
    public static string Program { get; } = Environment.GetEnvironmentVariable("ORDINAL") is { Length: > 0 } named
        ? Path.GetFullPath(named)
        : Path.Combine(AppContext.BaseDirectory, "ordinal");

    /// <summary>Starts it.</summary>
    /// <param name="kubeconfig">The cluster.</param>
    /// <param name="withMetrics">Whether it serves its metrics as well.</param>
    /// <param name="more">Further arguments.</param>
    public static OperatorRun Start(string kubeconfig, bool withMetrics = false, params string[] more)
    {
        var start = new ProcessStartInfo(Program)
        {
            ArgumentList = { "run", "--kubeconfig", kubeconfig, "--health-probe-bind-address", "127.0.0.1:0", "--metrics-bind-address", withMetrics ? "127.0.0.1:0" : "0" },
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var each in more)
        {
            start.ArgumentList.Add(each);
        }

        return new OperatorRun(Process.Start(start) ?? throw new InvalidOperationException($"{Program} did not start"));
    }

    /// <summary>Waits until all its stores are filled.</summary>
    public async Task UntilReadyAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        var address = (await AddressesAsync(cancellationToken))[0];
        await BenchCluster.UntilAsync(
            "the operator is ready",
            async () =>
            {
                using var answer = await http.GetAsync(new Uri(address, "/readyz"), cancellationToken);
                return answer.IsSuccessStatusCode;
            },
            cancellationToken);
    }

    /// <summary>Returns how many passes its controllers have made.</summary>
    public async Task<long> ReconcilesAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri((await AddressesAsync(cancellationToken))[1], "/metrics"), cancellationToken);
        return text.Split('\n')
            .Where(line => line.StartsWith("controller_runtime_reconcile_total{", StringComparison.Ordinal))
            .Sum(line => long.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));
    }

    /// <summary>Waits until it uses less than a twentieth of a processor for three seconds: whatever it has found is dealt with.</summary>
    public async Task UntilCalmAsync(CancellationToken cancellationToken)
    {
        var calm = 0;
        var before = ProcessorTime();
        await BenchCluster.UntilAsync(
            "the operator is calm",
            async () =>
            {
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancellationToken);
                var now = ProcessorTime();
                calm = now - before < TimeSpan.FromMilliseconds(50) ? calm + 1 : 0;
                before = now;
                return calm == 3;
            },
            cancellationToken);
    }

    /// <summary>Looks at its resident size once a second and returns the largest, in MiB: a small one just after a collection proves nothing.</summary>
    public async Task<double> LargestOfAsync(int looks, CancellationToken cancellationToken)
    {
        var largest = 0.0;
        for (var look = 0; look < looks; look++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancellationToken);
            largest = Math.Max(largest, Resident());
        }

        return largest;
    }

    /// <summary>Reads a line of <c>/proc/PID/status</c> that is in kB: VmRSS, or VmHWM for the highest so far.</summary>
    /// <returns>MiB.</returns>
    public double Resident(string line = "VmRSS") => Resident(process.Id, line);

    /// <summary>Reads a line of <c>/proc/PID/status</c> that is in kB, of any process.</summary>
    /// <returns>MiB.</returns>
    public static double Resident(int processId, string line)
    {
        var text = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/status")).First(each => each.StartsWith(line + ":", StringComparison.Ordinal));
        return double.Parse(text.AsSpan(line.Length + 1).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>Returns how much processor time it has used.</summary>
    public TimeSpan ProcessorTime()
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    public async ValueTask DisposeAsync()
    {
        // It gives its lease back, so that the next one need not wait.
        await Processes.EndAsync(process);
        await reading;
        process.Dispose();
    }

    /// <summary>Returns where it listens: for probes first, then for metrics.</summary>
    private Task<Uri[]> AddressesAsync(CancellationToken cancellationToken) => addresses.Task.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, cancellationToken);

    private async Task ReadAsync()
    {
        const string Listening = "probes and metrics on ";
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            // What it says helps when it does not start; only its beginning is kept.
            if (log.Length < 4000)
            {
                log.AppendLine(line);
            }

            if (line.IndexOf(Listening, StringComparison.Ordinal) is var at and >= 0)
            {
                addresses.TrySetResult([.. line[(at + Listening.Length)..].Split(", ").Select(each => new Uri(each))]);
            }
        }

        addresses.TrySetException(new InvalidOperationException($"the operator ended before it told where it listens:\n{log}"));
    }
}

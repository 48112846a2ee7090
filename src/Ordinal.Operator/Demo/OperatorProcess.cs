using System.Collections.Immutable;
using Ordinal.ControlPlane.Nodes.Processes;

namespace Ordinal.Operator.Demo;

/// <summary>
/// <c>ordinal run</c> as a process of its own: it sees the cluster through a kubeconfig and HTTPS only, like any operator.
/// It has a session of its own, so that Ctrl-C reaches the demo alone, which then stops it in order; and it ends with the demo.
/// </summary>
internal sealed class OperatorProcess : IAsyncDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(8);
    private readonly LaunchedProcess _process;
    private readonly Task _logging;
    private readonly TimeProvider _time;

    private OperatorProcess(LaunchedProcess process, string logFile, TimeProvider time)
    {
        _process = process;
        _time = time;
        LogFile = logFile;
        _logging = LogAsync(process, logFile);
    }

    public string LogFile { get; }

    public bool HasExited => _process.Exited.IsCompleted;

    public static async Task<OperatorProcess> StartAsync(ProcessLauncher launcher, string kubeconfig, bool hasGates, string folder, TimeProvider time)
    {
        // The same program: the native host when there is one, else dotnet with our assembly.
        var self = Environment.ProcessPath ?? throw new DemoFailedException("the path of this program is unknown", DemoFailedException.Failed);
        ImmutableArray<string> program = Path.GetFileNameWithoutExtension(self) == "dotnet"
            ? [self, Path.Combine(AppContext.BaseDirectory, "ordinal.dll")]
            : [self];
        var environment = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var name in (string[])["PATH", "HOME", "DOTNET_ROOT", "DOTNET_ROOT_X64", "LANG", "TMPDIR"])
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                environment[name] = value;
            }
        }

        // Small and short-lived: no profiler, no diagnostics socket in /tmp.
        environment["DOTNET_EnableDiagnostics"] = "0";
        var process = await launcher.StartAsync(new LaunchRequest(
            [
                .. program, "run", "--kubeconfig", kubeconfig, "--namespaces", "default",
                "--health-probe-bind-address", "0", "--metrics-bind-address", "0",
                .. hasGates ? ImmutableArray<string>.Empty : ["--gates", "off"],
            ],
            environment.ToImmutable(),
            folder));
        return new OperatorProcess(process, Path.Combine(folder, "operator.log"), time);
    }

    /// <summary>Returns the last lines of its log.</summary>
    public IReadOnlyList<string> LastLines(int count)
    {
        try
        {
            using var file = new StreamReader(new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return [.. file.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(count)];
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>Asks it to stop, which releases its lease; ends it when it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.Signal(Signals.Terminate);
        await Task.WhenAny(_process.Exited, Task.Delay(Grace, _time, CancellationToken.None));
        await _process.KillAllAsync();
        await _logging;
        _process.Dispose();
    }

    private static async Task LogAsync(LaunchedProcess process, string logFile)
    {
        await using var file = new FileStream(logFile, FileMode.Create, FileAccess.Write, FileShare.Read);
        var gate = new SemaphoreSlim(1);

        async Task CopyAsync(Stream from)
        {
            var buffer = new byte[4096];
            int read;
            while ((read = await from.ReadAsync(buffer)) > 0)
            {
                await gate.WaitAsync();
                try
                {
                    await file.WriteAsync(buffer.AsMemory(0, read));
                    await file.FlushAsync();
                }
                finally
                {
                    gate.Release();
                }
            }
        }

        await Task.WhenAll(CopyAsync(process.Output), CopyAsync(process.Errors));
        gate.Dispose();
    }
}

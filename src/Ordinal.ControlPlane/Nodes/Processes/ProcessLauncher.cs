using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using SystemProcess = System.Diagnostics.Process;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>What to start.</summary>
/// <param name="Words">The program and its arguments. A program without a slash is looked up in the PATH of <paramref name="Environment"/>.</param>
/// <param name="Environment">The whole environment: nothing of ours is inherited.</param>
/// <param name="WorkingDirectory">A directory that exists.</param>
public sealed record LaunchRequest(
    ImmutableArray<string> Words, ImmutableSortedDictionary<string, string> Environment, string WorkingDirectory)
{
    /// <summary>Gets a value indicating whether the process's input stays open; otherwise it is at its end from the start.</summary>
    public bool KeepsInput { get; init; }
}

/// <summary>
/// Starts processes that end with us, in whatever way we end:
/// <list type="bullet">
/// <item>each runs in a session of its own (<c>setsid</c>), so that Ctrl-C in our terminal is ours alone and a stop reaches what it forked;</item>
/// <item>the kernel kills it when we die (<c>setpriv --pdeathsig KILL</c>, from <see cref="ForkThread"/>);</item>
/// <item>what it forked does not inherit that, so a guard (a shell that waits for the end of a pipe which we hold)
/// then kills each process that carries our mark in its environment.</item>
/// </list>
/// Nothing is ever looked for by its name.
/// </summary>
public sealed class ProcessLauncher : IAsyncDisposable
{
    /// <summary>The environment variable that marks all processes of one container run.</summary>
    public const string MarkVariable = "ORDINAL_CONTAINER_ID";

    // read is built into the shell: there is no child whose death would look like ours. Three clean rounds, because a process that
    // was being forked while we died shows its mark only after its exec. Zombies have no environment any more.
    private const string GuardScript = """
        trap '' HUP INT TERM
        while read -r line; do :; done
        clean=0
        rounds=0
        while [ "$clean" -lt 3 ] && [ "$rounds" -lt 100 ]; do
            rounds=$((rounds + 1))
            clean=$((clean + 1))
            for file in $(grep -alsz "^ORDINAL_CONTAINER_ID=$1-" /proc/[0-9]*/environ); do
                pid=${file#/proc/}
                kill -KILL "${pid%/environ}" && clean=0
            done
            sleep 0.1
        done
        [ -z "$2" ] || rm -rf -- "$2"
        """;

    private readonly TimeProvider _time;
    private readonly string _setsid = Tool("setsid");
    private readonly string _setpriv = Tool("setpriv");
    private readonly SystemProcess _guard;
    private readonly string _token = Guid.NewGuid().ToString("N");
    private int _launched;

    private ProcessLauncher(TimeProvider time, string? deleteAtEnd)
    {
        _time = time;
        var start = new ProcessStartInfo(_setsid)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var word in (string[])["/bin/sh", "-c", GuardScript, "ordinal-guard", _token, deleteAtEnd ?? ""])
        {
            start.ArgumentList.Add(word);
        }

        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin:/bin";
        _guard = SystemProcess.Start(start) ?? throw new IOException($"{_setsid} did not start");
    }

    /// <summary>Gets a launcher with its guard running.</summary>
    /// <param name="time">Clock for waits.</param>
    /// <param name="deleteAtEnd">A directory that the guard deletes at the end, disposed or died; null for none.</param>
    /// <exception cref="PlatformNotSupportedException">A tool is missing, or this is not Linux.</exception>
    public static Task<ProcessLauncher> CreateAsync(TimeProvider time, string? deleteAtEnd) =>
        ForkThread.RunAsync(() => new ProcessLauncher(time, deleteAtEnd));

    /// <summary>Finds a program as <c>execvp</c> would; null when there is none that may be run.</summary>
    /// <param name="program">A name, or a path with a slash (relative to <paramref name="directory"/>).</param>
    /// <param name="path">Directories, separated by colons.</param>
    /// <param name="directory">The working directory.</param>
    public static string? Find(string program, string path, string directory)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(path);
        const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        if (program.Length == 0)
        {
            return null;
        }

        var folders = program.Contains('/', StringComparison.Ordinal) ? [""] : path.Split(':', StringSplitOptions.RemoveEmptyEntries);
        foreach (var folder in folders)
        {
            var file = Path.Combine(directory, folder, program);
            if (!OperatingSystem.IsWindows() && File.Exists(file) && (File.GetUnixFileMode(file) & Execute) != 0)
            {
                return file;
            }
        }

        return null;
    }

    /// <summary>Starts a process.</summary>
    /// <exception cref="FileNotFoundException">There is no such program.</exception>
    /// <exception cref="IOException">It could not be started for another reason.</exception>
    public Task<LaunchedProcess> StartAsync(LaunchRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (Find(request.Words[0], request.Environment.GetValueOrDefault("PATH", ""), request.WorkingDirectory) is null)
        {
            throw new FileNotFoundException($"\"{request.Words[0]}\": executable file not found in PATH", request.Words[0]);
        }

        var mark = $"{_token}-{Interlocked.Increment(ref _launched)}";
        var start = new ProcessStartInfo(_setsid)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = request.WorkingDirectory,
        };
        foreach (var word in (string[])[_setpriv, "--pdeathsig", "KILL", "--", .. request.Words])
        {
            start.ArgumentList.Add(word);
        }

        start.Environment.Clear();
        foreach (var (name, value) in request.Environment)
        {
            start.Environment[name] = value;
        }

        start.Environment[MarkVariable] = mark;
        return ForkThread.RunAsync(() =>
        {
            SystemProcess process;
            try
            {
                process = SystemProcess.Start(start) ?? throw new IOException($"{_setsid} did not start");
            }
            catch (Win32Exception e)
            {
                throw new IOException($"\"{request.Words[0]}\" in {request.WorkingDirectory}: {e.Message}", e);
            }

            var facts = ProcFs.Read(process.Id);
            if (!request.KeepsInput)
            {
                process.StandardInput.Close();
            }

            return new LaunchedProcess(process, facts, mark, _time);
        });
    }

    /// <summary>Lets the guard do its work now: it ends what is left, deletes the directory that it was given, and goes.</summary>
    public async ValueTask DisposeAsync()
    {
        _guard.StandardInput.Close();
        await _guard.WaitForExitAsync();
        _guard.Dispose();
    }

    private static string Tool(string name) =>
        Find(name, "/usr/bin:/bin:/usr/local/bin:" + Environment.GetEnvironmentVariable("PATH"), "/")
        ?? throw new PlatformNotSupportedException(
            $"The process runtime needs {name} on the PATH; on Debian it is in the package util-linux. Or use the runtime \"simulated\".");
}

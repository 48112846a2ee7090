using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>A process as <c>/proc</c> shows it.</summary>
/// <param name="StartTicks">Start time in clock ticks since boot; with the id it names one process for ever.</param>
public sealed record SeenProcess(int Pid, ulong StartTicks, ImmutableArray<string> CommandLine);

/// <summary>
/// Finds members' server processes by the address that they were told to listen on, straight from <c>/proc</c>:
/// what the cluster believes about its containers plays no part.
/// </summary>
public static class ServerProcesses
{
    /// <summary>Returns the running process of which some word is <paramref name="word"/>; null when there is none.</summary>
    /// <param name="word">A whole word of the command line, such as <c>--listen-client-urls=http://127.3.4.10:2379</c>.</param>
    public static SeenProcess? Find(string word)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            // The same word is in the command line of launchers (setsid, setpriv) only until they turn into the server by exec.
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && CommandLine(pid) is [var program, ..] words && IsServer(program) && words.Contains(word, StringComparer.Ordinal)
                && StartTicks(pid) is { } start)
            {
                return new SeenProcess(pid, start, words);
            }
        }

        return null;
    }

    /// <summary>Tells whether the very same process still runs. A stopped one runs; a zombie does not.</summary>
    public static bool IsRunning(SeenProcess process)
    {
        ArgumentNullException.ThrowIfNull(process);
        return StartTicks(process.Pid) == process.StartTicks;
    }

    /// <summary>Tells whether the very same process is stopped: it runs, and does nothing.</summary>
    public static bool IsStopped(SeenProcess process)
    {
        ArgumentNullException.ThrowIfNull(process);
        return Stat(process.Pid) is [var state, ..] fields && state is "T" or "t" && Ticks(fields) == process.StartTicks;
    }

    private static bool IsServer(string program) => Path.GetFileName(program.AsSpan()) is not ("setsid" or "setpriv" or "sh");

    private static ImmutableArray<string> CommandLine(int pid)
    {
        try
        {
            var text = Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/cmdline"));
            return text.Length == 0 ? [] : [.. text.TrimEnd('\0').Split('\0')];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static ulong? StartTicks(int pid) => Stat(pid) is [not ("Z" or "X"), ..] fields ? Ticks(fields) : null;

    private static ulong Ticks(string[] fields) => ulong.Parse(fields[19], CultureInfo.InvariantCulture);

    /// <summary>Reads <c>/proc/PID/stat</c> from field 3 (state) on; empty for a process that has ended.</summary>
    private static string[] Stat(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            // The name, field 2, is in brackets and may hold anything, brackets included.
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

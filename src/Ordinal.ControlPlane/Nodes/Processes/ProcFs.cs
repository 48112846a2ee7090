using System.Globalization;
using System.Text;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>One process as <c>/proc/PID/stat</c> shows it.</summary>
/// <param name="Pid">Its id, which the kernel gives again once nobody uses it as process, group or session.</param>
/// <param name="State">One letter: R, S, D, T (stopped), Z (ended, not yet reaped)…</param>
/// <param name="Session">The id of its session: for a container's processes, the pid of the first.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot. Pid and start together name a process for good.</param>
public sealed record ProcessFacts(int Pid, char State, int Session, ulong StartTicks)
{
    /// <summary>Gets a value indicating whether it can still run: not a zombie.</summary>
    public bool IsAlive => State is not ('Z' or 'X');
}

/// <summary>Reads what the kernel says of the processes of this machine. What is gone while it is read counts as gone.</summary>
public static class ProcFs
{
    /// <summary>Reads one process; null when there is none of that id.</summary>
    public static ProcessFacts? Read(int pid)
    {
        string stat;
        try
        {
            stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        // The second field is the name in parentheses, and may itself hold blanks and parentheses: count from the last one.
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19
               && int.TryParse(fields[3], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var session)
               && ulong.TryParse(fields[19], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            ? new ProcessFacts(pid, fields[0][0], session, start)
            : null;
    }

    /// <summary>Reads all processes, in the order of their ids.</summary>
    public static IEnumerable<ProcessFacts> All() =>
        Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0)
            .Order()
            .Select(Read)
            .OfType<ProcessFacts>();

    /// <summary>Says whether a process was started with an environment variable of this value.</summary>
    public static bool HasVariable(int pid, string name, string value)
    {
        try
        {
            var environment = Encoding.UTF8.GetString(File.ReadAllBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/environ")));
            return ("\0" + environment + "\0").Contains($"\0{name}={value}\0", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

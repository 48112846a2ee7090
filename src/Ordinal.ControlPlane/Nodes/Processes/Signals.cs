using System.Runtime.InteropServices;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>Sends signals, so that they meet the process that is meant and never one that inherited its id.</summary>
public static class Signals
{
    /// <summary>SIGKILL.</summary>
    public const int Kill = 9;

    /// <summary>SIGABRT.</summary>
    public const int Abort = 6;

    /// <summary>SIGCONT.</summary>
    public const int Continue = 18;

    /// <summary>SIGSTOP.</summary>
    public const int Stop = 19;

    /// <summary>SIGTERM.</summary>
    public const int Terminate = 15;

    // The same on every architecture, since Linux 5.1 and 5.3.
    private const long PidFdSendSignal = 424;
    private const long PidFdOpen = 434;

    /// <summary>Sends a signal to one process if it is still the one that was seen.</summary>
    /// <returns>True when it was sent.</returns>
    public static bool Send(ProcessFacts process, int signal)
    {
        ArgumentNullException.ThrowIfNull(process);

        // The descriptor pins the process: between the look at its start time and the signal, the id cannot pass to another.
        var descriptor = (int)SystemCall(PidFdOpen, process.Pid, 0, 0, 0);
        try
        {
            return ProcFs.Read(process.Pid)?.StartTicks == process.StartTicks
                   && (descriptor >= 0 ? SystemCall(PidFdSendSignal, descriptor, signal, 0, 0) : SendTo(process.Pid, signal)) == 0;
        }
        finally
        {
            if (descriptor >= 0)
            {
                _ = Close(descriptor);
            }
        }
    }

    /// <summary>
    /// Sends a signal to the whole process group of a leader that has not been reaped: until then the kernel gives the id to nobody else.
    /// </summary>
    /// <returns>True when it was sent.</returns>
    public static bool SendToGroup(ProcessFacts leader, int signal)
    {
        ArgumentNullException.ThrowIfNull(leader);
        return leader.Pid > 1 && ProcFs.Read(leader.Pid)?.StartTicks == leader.StartTicks && SendTo(-leader.Pid, signal) == 0;
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendTo(int pid, int signal);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);

    [DllImport("libc", EntryPoint = "syscall", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern long SystemCall(long number, long first, long second, long third, long fourth);
}

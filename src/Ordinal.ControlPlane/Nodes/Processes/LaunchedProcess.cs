using SystemProcess = System.Diagnostics.Process;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>A running process with all that it forks: a session of its own, found again by its id and by a mark in its environment.</summary>
public sealed class LaunchedProcess : IDisposable
{
    private static readonly TimeSpan KillRound = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(5);
    private readonly SystemProcess _process;
    private readonly ProcessFacts _facts;
    private readonly string _mark;
    private readonly TimeProvider _time;

    internal LaunchedProcess(SystemProcess process, ProcessFacts? facts, string mark, TimeProvider time)
    {
        _process = process;

        // A process that ended before it was looked at has been reaped: no start time fits, so no signal goes to its id.
        _facts = facts ?? new ProcessFacts(process.Id, 'X', process.Id, ulong.MaxValue);
        _mark = mark;
        _time = time;
        Exited = WaitAsync();
    }

    /// <summary>Gets the id of the first process, which is also the id of its group and session.</summary>
    public int Pid => _facts.Pid;

    /// <summary>Gets the exit code once the first process has ended: 128 + the signal's number if a signal ended it.</summary>
    public Task<int> Exited { get; }

    /// <summary>Gets where its input is written, if it was asked to be kept.</summary>
    public Stream Input => _process.StandardInput.BaseStream;

    /// <summary>Gets what the process prints.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>Gets what the process prints as errors.</summary>
    public Stream Errors => _process.StandardError.BaseStream;

    /// <summary>Sends a signal to the process group. Does nothing once the first process has ended.</summary>
    public void Signal(int signal)
    {
        if (!Exited.IsCompleted)
        {
            Signals.SendToGroup(_facts, signal);
        }
    }

    /// <summary>
    /// Kills every process of the session, and every one that left it but still carries the mark. Returns when none runs any more, or
    /// after 5 s (a process in an uninterruptible wait cannot be ended by anybody).
    /// </summary>
    /// <returns>The processes that are left; empty as a rule.</returns>
    public async Task<IReadOnlyList<ProcessFacts>> KillAllAsync()
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            var left = Members();
            if (left.Count == 0 || _time.GetElapsedTime(start) > KillLimit)
            {
                return left;
            }

            foreach (var member in left)
            {
                Signals.Send(member, Signals.Kill);
            }

            await Task.Delay(KillRound, _time, CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.StandardOutput.Dispose();
        _process.StandardError.Dispose();
        _process.Dispose();
    }

    private List<ProcessFacts> Members()
    {
        // While one member of the session lives, the kernel gives its id to no new process. So a process of that id
        // which is not the one we started means that the session is over and the number belongs to a stranger.
        var isOurs = ProcFs.Read(Pid) is not { } first || first.StartTicks == _facts.StartTicks;
        return [.. ProcFs.All().Where(p => p.IsAlive
            && ((isOurs && p.Session == Pid) || ProcFs.HasVariable(p.Pid, ProcessLauncher.MarkVariable, _mark)))];
    }

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }
}

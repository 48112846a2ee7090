using Ordinal.ControlPlane.Api;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>A command in a container, as a process of this machine.</summary>
internal sealed class ProcessExecution : IExecution
{
    private readonly LaunchedProcess process;
    private readonly Task watch;
    private readonly TaskCompletionSource disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Takes care of a process.</summary>
    /// <param name="containerEnded">Ends when the container does; the command ends with it.</param>
    public ProcessExecution(LaunchedProcess process, Task containerEnded)
    {
        this.process = process;
        watch = EndAsync(containerEnded);
    }

    public Stream Input => process.Input;

    public Stream Output => process.Output;

    public Stream Errors => process.Errors;

    public Task<int> Exited => process.Exited;

    public async ValueTask DisposeAsync()
    {
        disposed.TrySetResult();
        await watch;
        process.Dispose();
    }

    private async Task EndAsync(Task containerEnded)
    {
        await Task.WhenAny(containerEnded, disposed.Task);
        process.Signal(Signals.Kill);
        await process.KillAllAsync();
    }
}

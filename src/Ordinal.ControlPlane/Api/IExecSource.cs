namespace Ordinal.ControlPlane.Api;

/// <summary>What <c>kubectl exec</c> asks for.</summary>
/// <param name="Namespace">Namespace of the pod.</param>
/// <param name="Pod">Name of the pod.</param>
/// <param name="Container">Name of the container, already resolved.</param>
/// <param name="Command">The program and its arguments.</param>
public sealed record ExecRequest(string Namespace, string Pod, string Container, IReadOnlyList<string> Command)
{
    /// <summary>Gets a value indicating whether the caller sends input.</summary>
    public bool Stdin { get; init; }

    /// <summary>Gets a value indicating whether the caller wants the output.</summary>
    public bool Stdout { get; init; }

    /// <summary>Gets a value indicating whether the caller wants the errors.</summary>
    public bool Stderr { get; init; }

    /// <summary>Gets a value indicating whether the caller sits at a terminal. There is none here: errors go where the output goes.</summary>
    public bool Tty { get; init; }
}

/// <summary>What a source knows of a container.</summary>
public enum ExecState
{
    /// <summary>The source does not run the pod.</summary>
    Unknown,

    /// <summary>The container does not run now.</summary>
    NotRunning,
    Running,
}

/// <summary>Who runs commands in containers; a kubelet registers one.</summary>
public interface IExecSource
{
    /// <summary>Says whether a command could run now.</summary>
    ExecState Look(ExecRequest request);

    /// <summary>Starts a command.</summary>
    /// <exception cref="IOException">There is no such program, it cannot be run, or the container does not run any more.</exception>
    Task<IExecution> StartAsync(ExecRequest request, CancellationToken cancellationToken);
}

/// <summary>A command that runs. Disposed, it is killed with all that it has started.</summary>
public interface IExecution : IAsyncDisposable
{
    /// <summary>Gets where input is written; closing it is its end.</summary>
    Stream Input { get; }

    Stream Output { get; }

    Stream Errors { get; }

    /// <summary>Gets the exit code: 128 + the signal's number if a signal ended it.</summary>
    Task<int> Exited { get; }
}

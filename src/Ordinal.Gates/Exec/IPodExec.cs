using System.Collections.Immutable;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Exec;

/// <summary>Runs a command in a container: the seam between the gate and the API server.</summary>
public interface IPodExec
{
    /// <summary>Runs a command and waits for its end.</summary>
    /// <returns>How it ended, or why it did not run. Expected failures are values.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled. No other exception escapes.</exception>
    Task<ExecSample> RunAsync(ExecRequest request, CancellationToken cancellationToken);
}

/// <summary>A command for a container.</summary>
/// <param name="Namespace">Namespace of the pod.</param>
/// <param name="Pod">Name of the pod.</param>
/// <param name="Container">Name of the container; empty: the pod's only or default one.</param>
/// <param name="Command">The words, the program first. No shell reads them.</param>
/// <param name="MaxOutput">The most bytes of output to keep; what is more is read and dropped.</param>
public sealed record ExecRequest(string Namespace, string Pod, string Container, ImmutableArray<string> Command, int MaxOutput);

/// <summary>How a command ended, or why it did not run. At most one of the two is set; neither when the end was not told.</summary>
public sealed record ExecSample
{
    /// <summary>Gets the exit code; null when it is not known.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Gets what the command wrote to both outputs, as far as it was kept.</summary>
    public string Output { get; init; } = "";

    /// <summary>Gets the API server's refusal, as an HTTP status; 0 for none.</summary>
    public int Refusal { get; init; }

    /// <summary>Gets why nothing more is known, in words; empty with an exit code.</summary>
    public string Trouble { get; init; } = "";

    /// <summary>Gets a value indicating whether the container has no such program or may not run it, as the runtime says before any exit code.</summary>
    public bool IsCommandMissing { get; init; }

    internal static ExecSample Of(NetFailure failure) => new() { Trouble = failure.Text };
}

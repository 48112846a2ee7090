using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Api;

/// <summary>What <c>kubectl logs</c> asks for.</summary>
/// <param name="Namespace">Namespace of the pod.</param>
/// <param name="Pod">Name of the pod.</param>
/// <param name="Container">Name of the container, already resolved.</param>
public sealed record LogRequest(string Namespace, string Pod, string Container)
{
    /// <summary>Gets a value indicating whether the stream stays open for new lines.</summary>
    public bool Follow { get; init; }

    /// <summary>Gets a value indicating whether the log of the container's previous run is meant.</summary>
    public bool Previous { get; init; }

    /// <summary>Gets a value indicating whether each line starts with its time.</summary>
    public bool Timestamps { get; init; }

    /// <summary>Gets how many of the last lines are wanted; null for all.</summary>
    public long? TailLines { get; init; }

    /// <summary>Gets the time from which on lines are wanted; null for all.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Gets the most bytes to send; null for no limit.</summary>
    public long? LimitBytes { get; init; }
}

/// <summary>Where the API server gets containers' logs; the kubelet registers one.</summary>
public interface ILogSource
{
    /// <summary>Opens a container's log as a stream of raw chunks; it ends by itself unless it is followed.</summary>
    /// <returns>The stream, or null when this source does not know the pod.</returns>
    Task<IApiFeed?> OpenAsync(LogRequest request, CancellationToken cancellationToken);
}

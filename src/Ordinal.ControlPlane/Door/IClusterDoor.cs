namespace Ordinal.ControlPlane.Door;

/// <summary>
/// The only way into the cluster: for its own controllers and kubelets as for anybody else. One implementation calls the API
/// server in process (no sockets, no threads, so a simulation can own time and order), one goes over HTTPS to any Kubernetes API
/// server, a real one included.
/// </summary>
public interface IClusterDoor
{
    /// <summary>Sends one request and returns its whole answer. A refusal is an answer, not an exception.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="HttpRequestException">The connection was lost; the request may or may not have been carried out.</exception>
    Task<ApiAnswer> SendAsync(ApiCall apiCall, CancellationToken cancellationToken);

    /// <summary>Opens a watch (the query carries <c>watch=true</c>), or any other stream such as a followed log.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="HttpRequestException">The connection was lost.</exception>
    Task<StreamOpening> OpenAsync(ApiCall apiCall, CancellationToken cancellationToken);
}

/// <summary>What came of opening a stream: a stream, or the refusal.</summary>
/// <param name="Refused">The error answer; null when <paramref name="Feed"/> is there.</param>
/// <param name="Feed">The open stream; the caller disposes it.</param>
public sealed record StreamOpening(ApiAnswer? Refused, IApiFeed? Feed);

/// <summary>An open stream of frames: for a watch, each frame is one event as UTF-8 JSON without the line end.</summary>
public interface IApiFeed : IAsyncDisposable
{
    /// <summary>Waits for the next frame; null when the server closed the stream in good order.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="HttpRequestException">The connection was lost.</exception>
    ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken);
}

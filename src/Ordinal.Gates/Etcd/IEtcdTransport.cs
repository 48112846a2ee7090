namespace Ordinal.Gates.Etcd;

/// <summary>One HTTP exchange with one member: the seam between the gate and sockets.</summary>
public interface IEtcdTransport : IDisposable
{
    /// <summary>Posts JSON to one member and reads the whole answer.</summary>
    /// <param name="endpoint">The member. Never any other: an answer of another member would be a wrong answer.</param>
    /// <param name="path">The gateway's path.</param>
    /// <param name="body">The JSON.</param>
    /// <param name="token">The authorization token; null for none.</param>
    /// <param name="cancellationToken">The request's deadline, or the end of the observation.</param>
    /// <returns>The answer, or why there is none.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled. No other exception escapes.</exception>
    Task<EtcdHttpAnswer> PostAsync(EtcdEndpoint endpoint, string path, ReadOnlyMemory<byte> body, string? token, CancellationToken cancellationToken);
}

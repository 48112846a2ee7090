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

    /// <summary>Calls one gRPC method of one member, which is not all in the JSON gateway.</summary>
    /// <param name="endpoint">The member.</param>
    /// <param name="method">The method's path.</param>
    /// <param name="message">The request.</param>
    /// <param name="token">The authorization token; null for none.</param>
    /// <param name="cancellationToken">The request's deadline, or the end of the observation.</param>
    /// <returns>The answer's message as body, or why there is none.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled. No other exception escapes.</exception>
    Task<EtcdHttpAnswer> CallAsync(EtcdEndpoint endpoint, string method, ReadOnlyMemory<byte> message, string? token, CancellationToken cancellationToken) =>
        Task.FromResult(new EtcdHttpAnswer(0, default, new EtcdFailure(EtcdFailureKind.NotEtcd, "this connection cannot speak gRPC")));

    /// <summary>Posts JSON to one member and hands over each line of a long answer as it comes.</summary>
    /// <param name="endpoint">The member.</param>
    /// <param name="path">The gateway's path.</param>
    /// <param name="body">The JSON.</param>
    /// <param name="token">The authorization token; null for none.</param>
    /// <param name="line">Takes a line, valid during the call only; a failure ends the stream.</param>
    /// <param name="cancellationToken">The end.</param>
    /// <returns>Why the stream did not come to its end; null when it did.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled. Beside what <paramref name="line"/> throws no other exception escapes.</exception>
    Task<EtcdFailure?> StreamAsync(EtcdEndpoint endpoint, string path, ReadOnlyMemory<byte> body, string? token, Func<ReadOnlyMemory<byte>, ValueTask<EtcdFailure?>> line, CancellationToken cancellationToken) =>
        Task.FromResult<EtcdFailure?>(new(EtcdFailureKind.NotEtcd, "this connection cannot stream"));
}

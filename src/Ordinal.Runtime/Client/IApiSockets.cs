using System.Net.WebSockets;

namespace Ordinal.Runtime.Client;

/// <summary>WebSockets to the API server, which <c>pods/exec</c> needs. A transport that has none does not implement it.</summary>
public interface IApiSockets
{
    /// <summary>Opens a WebSocket.</summary>
    /// <param name="pathAndQuery">Absolute path with its query, percent-encoded.</param>
    /// <param name="protocols">The subprotocols, the preferred one first.</param>
    /// <param name="cancellationToken">The deadline.</param>
    /// <returns>The socket, which the caller disposes, or the server's refusal.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="HttpRequestException">The connection failed.</exception>
    /// <exception cref="WebSocketException">The server does not speak WebSocket.</exception>
    Task<ApiSocketOpening> ConnectAsync(string pathAndQuery, IReadOnlyList<string> protocols, CancellationToken cancellationToken);
}

/// <summary>What came of opening a WebSocket.</summary>
/// <param name="Refusal">The server's HTTP status instead of a socket; 0 with one.</param>
/// <param name="Socket">The open socket; null with a refusal.</param>
public sealed record ApiSocketOpening(int Refusal, WebSocket? Socket);

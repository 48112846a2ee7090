using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>Opens connections to client ports: TCP, and TLS where the gate is told to.</summary>
/// <param name="tls">Makes the TLS options for a server name; null for plain text.</param>
internal sealed class ZkDialer(Func<string, SslClientAuthenticationOptions>? tls)
{
    internal bool IsSecure => tls is not null;

    /// <summary>Connects.</summary>
    /// <returns>A stream that owns its socket, or why there is none.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled. No other exception escapes.</exception>
    internal async Task<ZkResult<Stream>> DialAsync(ZkEndpoint endpoint, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? secure = null;
        var inHandshake = false;
        try
        {
            await socket.ConnectAsync(endpoint.Host, port, cancellationToken);
            var plain = new NetworkStream(socket, ownsSocket: true);
            if (tls is null)
            {
                return plain;
            }

            inHandshake = true;
            secure = new SslStream(plain);
            await secure.AuthenticateAsClientAsync(tls(endpoint.ServerName), cancellationToken);
            return secure;
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or ArgumentException or InvalidOperationException)
        {
            Close();
            cancellationToken.ThrowIfCancellationRequested();
            return ZkFailures.Explain(endpoint.At(port), e, inHandshake);
        }
        catch (OperationCanceledException)
        {
            Close();
            throw;
        }

        void Close()
        {
            secure?.Dispose();
            socket.Dispose();
        }
    }
}

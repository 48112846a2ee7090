using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates;

/// <summary>
/// Finds out whether a port that closes plain connections without a word speaks TLS: then waiting will not help, and the answer is Misconfigured
/// rather than Unknown. The certificate that comes is looked at by nobody, and nothing is sent behind it.
/// </summary>
internal static class TlsGlance
{
    /// <summary>Looks at one port.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled. No other exception escapes.</exception>
    internal static async Task<bool> SpeaksTlsAsync(string host, int port, string serverName, CancellationToken cancellationToken)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var hasShown = false;
        try
        {
            await socket.ConnectAsync(host, port, cancellationToken);
            using var probe = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false);
            await probe.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = serverName,
                    RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                    {
                        hasShown = certificate is not null;
                        return false;
                    },
                },
                cancellationToken);
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or InvalidOperationException)
        {
            // It always ends so: what counts is how far it came.
        }

        return hasShown;
    }

    /// <summary>Looks closer at a server that took a plain HTTP request and broke off without an answer.</summary>
    /// <param name="address">What was asked.</param>
    /// <param name="failure">How it ended.</param>
    /// <param name="cancellationToken">The request's deadline.</param>
    /// <returns>That it expects TLS; null when it does not, or when the failure is another one.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled. No other exception escapes.</exception>
    internal static async Task<NetFailure?> ExplainAsync(Uri address, Exception failure, CancellationToken cancellationToken) =>
        address.Scheme == Uri.UriSchemeHttp && BrokeOff(failure) && await SpeaksTlsAsync(address.IdnHost, address.Port, address.IdnHost, cancellationToken)
            ? new NetFailure(NetFailureKind.Tls, $"{address.Authority} expects TLS: use https for it")
            : null;

    /// <summary>Whoever refused the connection, or has no address, said nothing of what it speaks.</summary>
    private static bool BrokeOff(Exception failure) =>
        failure is HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded or HttpRequestError.HttpProtocolError or HttpRequestError.InvalidResponse or HttpRequestError.Unknown } or IOException;
}

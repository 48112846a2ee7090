using System.Net.Sockets;
using System.Security.Authentication;

namespace Ordinal.Gates.Probing;

/// <summary>Tells the failures of the network, which pass, from those of the configuration, which do not.</summary>
internal static class NetFailures
{
    /// <summary>Tells whether an exception is one that a connection may throw; any other is a bug and must surface.</summary>
    internal static bool IsOfNetwork(Exception failure) =>
        failure is HttpRequestException or IOException or SocketException or AuthenticationException or ObjectDisposedException;

    /// <summary>Puts an exception of the network into words.</summary>
    /// <param name="where">Host and port, for the text.</param>
    /// <param name="failure">What was thrown.</param>
    internal static NetFailure Explain(string where, Exception failure)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case AuthenticationException:
                    return new(NetFailureKind.Tls, $"the TLS handshake with {where} failed: {Words(e)}");

                // Under TLS 1.3 a server refuses our certificate only after the handshake, on the first read.
                case Exception ssl when ssl.Message.Contains("alert", StringComparison.OrdinalIgnoreCase) && ssl.GetType().Name.Contains("Ssl", StringComparison.Ordinal):
                    return new(NetFailureKind.Tls, $"{where} refused the TLS connection: {Words(ssl)}");

                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain }:
                    return new(NetFailureKind.NameUnknown, $"the name of {where} has no address");

                case SocketException socket:
                    return new(NetFailureKind.Unreachable, $"{where}: {Words(socket)}");
            }
        }

        return failure is HttpRequestException http ? Http(http, where) : new(NetFailureKind.Unreachable, $"{where}: the connection broke");
    }

    private static NetFailure Http(HttpRequestException failure, string where) => failure.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => new(NetFailureKind.NameUnknown, $"the name of {where} has no address"),
        // Its own message is "see inner exception", which nobody can.
        HttpRequestError.SecureConnectionError when failure.InnerException is IOException =>
            new(NetFailureKind.Tls, $"{where} closed the connection in the middle of the TLS handshake (its port may be plain text, or want a client certificate)"),
        HttpRequestError.SecureConnectionError => new(NetFailureKind.Tls, $"the TLS handshake with {where} failed: {Words(failure.InnerException ?? failure)}"),
        HttpRequestError.InvalidResponse => new(NetFailureKind.Protocol, $"{where} does not answer in HTTP (does it expect TLS?)"),
        HttpRequestError.HttpProtocolError or HttpRequestError.VersionNegotiationError or HttpRequestError.ExtendedConnectNotSupported =>
            new(NetFailureKind.Protocol, $"{where} does not speak the version of HTTP that is needed"),
        HttpRequestError.ConfigurationLimitExceeded => new(NetFailureKind.Protocol, $"{where} sends more headers than a gate reads"),
        HttpRequestError.ResponseEnded => new(NetFailureKind.Unreachable, $"{where} closed the connection without an answer (it stops, or it expects TLS)"),
        _ => new(NetFailureKind.Unreachable, $"{where}: the connection broke"),
    };

    private static string Words(Exception e) => GateText.Clean(e.Message.TrimEnd('.'));
}

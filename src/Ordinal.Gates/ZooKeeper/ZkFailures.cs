using System.Net.Sockets;
using System.Security.Authentication;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>Tells the failures of the network, which pass, from those of the configuration, which do not.</summary>
internal static class ZkFailures
{
    /// <summary>Explains why a connection could not be made, or broke.</summary>
    /// <param name="where">Host and port.</param>
    /// <param name="failure">What was thrown.</param>
    /// <param name="inHandshake">Whether TLS was being negotiated.</param>
    internal static ZkFailure Explain(string where, Exception failure, bool inHandshake)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case AuthenticationException:
                    return new(ZkFailureKind.Tls, $"the TLS handshake with {where} failed: {Words(e)}");

                // Under TLS 1.3 a server refuses our certificate only after the handshake, on the first read.
                case Exception ssl when ssl.Message.Contains("alert", StringComparison.OrdinalIgnoreCase) && ssl.GetType().Name.Contains("Ssl", StringComparison.Ordinal):
                    return new(ZkFailureKind.Tls, $"{where} refused the TLS connection: {Words(ssl)}");

                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain }:
                    return new(ZkFailureKind.NameUnknown, $"the name of {where} has no address");

                case SocketException { SocketErrorCode: SocketError.ConnectionReset } when inHandshake:
                    return ClosedInHandshake(where);

                case SocketException socket:
                    return new(ZkFailureKind.Unreachable, $"{where}: {Words(socket)}");

                case HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError }:
                    return new(ZkFailureKind.NameUnknown, $"the name of {where} has no address");

                case HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: IOException }:
                    return ClosedInHandshake(where);

                case HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse }:
                    return new(ZkFailureKind.NotZooKeeper, $"{where} does not answer in HTTP (is it the AdminServer's port? does it expect https?)");
            }
        }

        return inHandshake ? ClosedInHandshake(where) : new(ZkFailureKind.Unreachable, $"{where}: the connection broke");
    }

    internal static ZkFailure Timeout(string where, TimeSpan limit) => new(ZkFailureKind.Timeout, $"no answer from {where} within {limit.TotalSeconds:0.##} s");

    private static ZkFailure ClosedInHandshake(string where) =>
        new(ZkFailureKind.Tls, $"{where} closed the connection in the middle of the TLS handshake (its port may be plain text, or want a client certificate)");

    private static string Words(Exception e) => ZkText.Clean(e.Message.TrimEnd('.'));
}

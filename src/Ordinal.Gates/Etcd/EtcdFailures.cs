using System.Net.Sockets;
using System.Security.Authentication;

namespace Ordinal.Gates.Etcd;

/// <summary>Tells the failures of the network, which pass, from those of the configuration, which do not.</summary>
internal static class EtcdFailures
{
    internal static EtcdHttpAnswer Explain(EtcdEndpoint endpoint, Exception failure)
    {
        var where = endpoint.Address.Authority;
        var (kind, text) = Classify(failure, where);
        return new(0, default, new EtcdFailure(kind, text));
    }

    private static (EtcdFailureKind Kind, string Text) Classify(Exception failure, string where)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case AuthenticationException:
                    return (EtcdFailureKind.Tls, $"the TLS handshake with {where} failed: {Words(e)}");

                // Under TLS 1.3 a server refuses our certificate only after the handshake, on the first read.
                case Exception ssl when ssl.Message.Contains("alert", StringComparison.OrdinalIgnoreCase) && ssl.GetType().Name.Contains("Ssl", StringComparison.Ordinal):
                    return (EtcdFailureKind.Tls, $"{where} refused the TLS connection: {Words(ssl)}");

                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain }:
                    return (EtcdFailureKind.NameUnknown, $"the name of {where} has no address");

                case SocketException socket:
                    return (EtcdFailureKind.Unreachable, $"{where}: {Words(socket)}");
            }
        }

        return failure is HttpRequestException http ? Http(http, where) : (EtcdFailureKind.Unreachable, $"{where}: the connection broke");
    }

    private static (EtcdFailureKind Kind, string Text) Http(HttpRequestException failure, string where) => failure.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => (EtcdFailureKind.NameUnknown, $"the name of {where} has no address"),
        HttpRequestError.SecureConnectionError => (EtcdFailureKind.Tls, $"the TLS handshake with {where} failed: {Words(failure)}"),
        HttpRequestError.InvalidResponse => (EtcdFailureKind.NotEtcd, $"{where} does not answer in HTTP (does it expect TLS?)"),
        HttpRequestError.ConfigurationLimitExceeded => (EtcdFailureKind.NotEtcd, $"{where} sends more headers than etcd's JSON gateway would"),
        HttpRequestError.ResponseEnded => (EtcdFailureKind.Unreachable, $"{where} closed the connection without an answer (it stops, or it expects TLS)"),
        _ => (EtcdFailureKind.Unreachable, $"{where}: the connection broke"),
    };

    private static string Words(Exception e) => EtcdWire.Clean(e.Message.TrimEnd('.'));
}

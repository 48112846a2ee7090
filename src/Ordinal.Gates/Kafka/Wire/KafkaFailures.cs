using System.Net.Sockets;
using System.Security.Authentication;

namespace Ordinal.Gates.Kafka.Wire;

/// <summary>Tells the failures of the network, which pass, from those of the configuration, which do not.</summary>
internal static class KafkaFailures
{
    /// <summary>Explains why a connection could not be made, or broke.</summary>
    /// <param name="where">The broker.</param>
    /// <param name="failure">What was thrown.</param>
    /// <param name="inHandshake">Whether TLS was being negotiated.</param>
    internal static KafkaFailure Explain(KafkaEndpoint where, Exception failure, bool inHandshake)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case AuthenticationException:
                    return new(KafkaFailureKind.Tls, $"the TLS handshake with {where} failed: {Words(e)}");

                // Under TLS 1.3 a server refuses our certificate only after the handshake, on the first read.
                case Exception ssl when ssl.Message.Contains("alert", StringComparison.OrdinalIgnoreCase) && ssl.GetType().Name.Contains("Ssl", StringComparison.Ordinal):
                    return new(KafkaFailureKind.Tls, $"{where} refused the TLS connection: {Words(ssl)}");

                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain }:
                    return new(KafkaFailureKind.NameUnknown, $"the name of {where} has no address");

                case SocketException { SocketErrorCode: SocketError.ConnectionReset } when inHandshake:
                    return ClosedInHandshake(where);

                case SocketException socket:
                    return new(KafkaFailureKind.Unreachable, $"{where}: {Words(socket)}");
            }
        }

        return inHandshake ? ClosedInHandshake(where) : new(KafkaFailureKind.Unreachable, $"{where}: the connection broke");
    }

    /// <summary>Looks at the length of a frame that is too long: other protocols give themselves away by it.</summary>
    internal static KafkaFailure NotAFrame(KafkaEndpoint where, int length, int limit)
    {
        var hint = length switch
        {
            0x48545450 => " (it speaks HTTP)",
            _ when (uint)length >> 16 is 0x1503 or 0x1603 => " (it expects TLS: add tls to the gate)",
            0x5353482D => " (it speaks SSH)",
            _ => "",
        };
        return new(KafkaFailureKind.NotKafka, $"{where} announces an answer of {(uint)length} bytes, at most {limit} are taken{hint}");
    }

    /// <summary>Makes foreign words fit for a message: printable, and not long.</summary>
    internal static string Clean(string text) => new string([.. text.Take(200).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c)]).Trim();

    private static KafkaFailure ClosedInHandshake(KafkaEndpoint where) =>
        new(KafkaFailureKind.Tls, $"{where} closed the connection in the middle of the TLS handshake (its listener may be plain text, or want a client certificate)");

    private static string Words(Exception e) => Clean(e.Message.TrimEnd('.'));
}

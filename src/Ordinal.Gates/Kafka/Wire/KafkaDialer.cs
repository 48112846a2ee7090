using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Ordinal.Gates.Kafka.Messages;
using Ordinal.Gates.Kafka.Sasl;

namespace Ordinal.Gates.Kafka.Wire;

/// <summary>Makes connections: TCP, TLS, the versions, SASL, in this order.</summary>
/// <param name="tls">Makes the TLS options for a server name; null for plain text.</param>
/// <param name="serverName">The name that certificates must carry; empty: the host that is dialled.</param>
/// <param name="sasl">Who we are; null for nobody.</param>
internal sealed class KafkaDialer(Func<string, SslClientAuthenticationOptions>? tls, string serverName, KafkaSasl? sasl)
{
    /// <summary>Connects to one broker.</summary>
    /// <returns>A connection that is ready for requests and when it must be replaced, or why there is none.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled. No other exception escapes.</exception>
    internal async Task<KafkaResult<KafkaSession>> DialAsync(KafkaEndpoint endpoint, CancellationToken cancellationToken)
    {
        var opened = await OpenAsync(endpoint, cancellationToken);
        if (opened.Value is not { } stream)
        {
            return opened.Failure!;
        }

        var connection = new KafkaConnection(endpoint, stream);
        var ready = false;
        try
        {
            if (await VersionsAsync(connection, endpoint, cancellationToken) is { } failure)
            {
                return failure.Kind is KafkaFailureKind.Unreachable && connection.Answered == 0 ? await LookAsync(endpoint, failure, cancellationToken) : failure;
            }

            var lifetime = TimeSpan.Zero;
            if (sasl is not null)
            {
                var (refused, granted) = await sasl.AuthenticateAsync(connection, endpoint, cancellationToken);
                if (refused is not null)
                {
                    return refused;
                }

                lifetime = granted;
            }

            ready = true;
            return new KafkaSession(connection, lifetime);
        }
        finally
        {
            if (!ready)
            {
                connection.Dispose();
            }
        }
    }

    /// <summary>A listener that took the connection and closed it without a word will not do better by waiting where it is TLS that keeps us apart.</summary>
    private async Task<KafkaFailure> LookAsync(KafkaEndpoint endpoint, KafkaFailure failure, CancellationToken cancellationToken)
    {
        if (tls is not null)
        {
            // Under TLS 1.3 the handshake is over for us before the broker has judged our certificate, and not every broker says why it closes.
            return new KafkaFailure(KafkaFailureKind.Tls, $"{endpoint} closed the connection right after the TLS handshake (it may want a client certificate, or another one)");
        }

        return await TlsGlance.SpeaksTlsAsync(endpoint.Host, endpoint.Port, endpoint.Host, cancellationToken)
            ? new KafkaFailure(KafkaFailureKind.Tls, $"{endpoint} expects TLS: add tls to the gate")
            : failure;
    }

    private async Task<KafkaResult<Stream>> OpenAsync(KafkaEndpoint endpoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? secure = null;
        var inHandshake = false;
        try
        {
            await socket.ConnectAsync(endpoint.Host, endpoint.Port, cancellationToken);
            var plain = new NetworkStream(socket, ownsSocket: true);
            if (tls is null)
            {
                return plain;
            }

            inHandshake = true;
            secure = new SslStream(plain);
            await secure.AuthenticateAsClientAsync(tls(serverName.Length > 0 ? serverName : endpoint.Host), cancellationToken);
            return secure;
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or ArgumentException or InvalidOperationException)
        {
            Close();
            cancellationToken.ThrowIfCancellationRequested();
            return KafkaFailures.Explain(endpoint, e, inHandshake);
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

    private static async Task<KafkaFailure?> VersionsAsync(KafkaConnection connection, KafkaEndpoint endpoint, CancellationToken cancellationToken)
    {
        var newest = KafkaApis.Of(KafkaApi.ApiVersions).Newest;
        var answer = await connection.AskAsync(ApiVersions.Request, newest, cancellationToken);
        if (answer.Value is { ErrorCode: KafkaError.UnsupportedVersion })
        {
            answer = await connection.AskAsync(ApiVersions.Request, 0, cancellationToken);
        }

        if (answer.Value is not { } versions)
        {
            return answer.Failure;
        }

        if (versions.ErrorCode != KafkaError.None)
        {
            return new KafkaFailure(KafkaFailureKind.Refused, $"{endpoint} does not tell what it speaks: {KafkaError.Name(versions.ErrorCode)}", versions.ErrorCode);
        }

        connection.Versions = versions;
        return null;
    }
}

using System.Globalization;
using System.Net;
using Ordinal.Gates.Grpc;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Etcd;

/// <content>What is not one JSON answer: a gRPC call, and a snapshot that comes in lines.</content>
internal sealed partial class EtcdTransport
{
    /// <summary>etcd sends a snapshot in pieces of 32 KiB, which are 44 KiB in JSON.</summary>
    private const int LongestLine = 4 << 20;

    /// <inheritdoc/>
    public async Task<EtcdHttpAnswer> CallAsync(EtcdEndpoint endpoint, string method, ReadOnlyMemory<byte> message, string? token, CancellationToken cancellationToken)
    {
        using var request = Request(endpoint, method, GrpcFrame.Write(message.Span), "application/grpc");
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Headers.TryAddWithoutValidation("TE", "trailers");
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("token", token);
        }

        try
        {
            using var response = await Invoker(endpoint).SendAsync(request, cancellationToken);
            using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await ReadAsync(content, endpoint, cancellationToken) is { } body
                ? Unframe(response, body, endpoint)
                : Failed(EtcdFailureKind.NotEtcd, $"{endpoint.Address.Authority} sends more than {EtcdHttpAnswer.MaxBody} bytes");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(EtcdFailureKind.Timeout, $"no connection to {endpoint.Address.Authority} within {dialTimeout.TotalSeconds:0.##} s");
        }
        catch (Exception e) when (NetFailures.IsOfNetwork(e))
        {
            cancellationToken.ThrowIfCancellationRequested();
            return await EtcdFailures.ExplainAsync(endpoint, e, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task<EtcdFailure?> StreamAsync(
        EtcdEndpoint endpoint, string path, ReadOnlyMemory<byte> body, string? token, Func<ReadOnlyMemory<byte>, ValueTask<EtcdFailure?>> line, CancellationToken cancellationToken)
    {
        using var request = Request(endpoint, path, body, "application/json");
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", token);
        }

        try
        {
            using var response = await Invoker(endpoint).SendAsync(request, cancellationToken);
            using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await LinesAsync(content, endpoint, line, cancellationToken)
                ?? (response.IsSuccessStatusCode ? null : new EtcdFailure(EtcdFailureKind.NotEtcd, $"{endpoint.Address.Authority} answers HTTP {(int)response.StatusCode} to a snapshot"));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(EtcdFailureKind.Timeout, $"no connection to {endpoint.Address.Authority} within {dialTimeout.TotalSeconds:0.##} s");
        }
        catch (Exception e) when (NetFailures.IsOfNetwork(e))
        {
            cancellationToken.ThrowIfCancellationRequested();
            return (await EtcdFailures.ExplainAsync(endpoint, e, cancellationToken)).Failure;
        }
    }

    private static async Task<EtcdFailure?> LinesAsync(Stream content, EtcdEndpoint endpoint, Func<ReadOnlyMemory<byte>, ValueTask<EtcdFailure?>> line, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        var filled = 0;
        while (true)
        {
            if (filled == buffer.Length)
            {
                if (filled >= LongestLine)
                {
                    return new(EtcdFailureKind.NotEtcd, $"{endpoint.Address.Authority} sends a line of more than {LongestLine} bytes");
                }

                Array.Resize(ref buffer, buffer.Length * 2);
            }

            var read = await content.ReadAsync(buffer.AsMemory(filled), cancellationToken);
            var searched = filled;
            filled += read;
            for (int at; (at = buffer.AsSpan(searched, filled - searched).IndexOf((byte)'\n')) >= 0;)
            {
                if (await line(buffer.AsMemory(0, searched + at)) is { } failure)
                {
                    return failure;
                }

                var taken = searched + at + 1;
                buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
                (filled, searched) = (filled - taken, 0);
            }

            if (read == 0)
            {
                return filled == 0 ? null : await line(buffer.AsMemory(0, filled));
            }
        }
    }

    private static EtcdHttpAnswer Unframe(HttpResponseMessage response, ReadOnlyMemory<byte> body, EtcdEndpoint endpoint)
    {
        var where = endpoint.Address.Authority;
        var status = Header(response, "grpc-status");
        if (!int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var code))
        {
            return Failed(EtcdFailureKind.NotEtcd, $"{where} answers HTTP {(int)response.StatusCode}, and not in gRPC");
        }

        if (code != 0)
        {
            var words = GateText.Clean(Uri.UnescapeDataString(Header(response, "grpc-message")));
            return new(0, default, new EtcdFailure(EtcdClient.KindOf(code, words), $"{where} says \"{words}\"", code));
        }

        return GrpcFrame.TryRead(body, out var message) ? new(200, message, null) : Failed(EtcdFailureKind.NotEtcd, $"{where} sends a broken gRPC frame");
    }

    private static string Header(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var trailers) ? trailers.First()
        : response.Headers.TryGetValues(name, out var headers) ? headers.First()
        : "";
}

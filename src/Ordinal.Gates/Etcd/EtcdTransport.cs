using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Ordinal.Gates.Etcd;

/// <summary>HTTP over sockets: one handler, hence one pool of connections, for each endpoint.</summary>
/// <param name="tls">Makes the TLS options for a server name; null for plain HTTP.</param>
/// <param name="dialTimeout">The longest time for TCP and TLS.</param>
/// <param name="time">The clock for idle endpoints.</param>
internal sealed partial class EtcdTransport(Func<string, SslClientAuthenticationOptions>? tls, TimeSpan dialTimeout, TimeProvider time) : IEtcdTransport
{
    /// <summary>An endpoint that was not asked for this long is dropped: its pod is gone, or nothing rolls.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(2);

    private readonly Lock guard = new();
    private readonly Dictionary<EtcdEndpoint, Connections> byEndpoint = [];
    private bool isDisposed;

    /// <inheritdoc/>
    public async Task<EtcdHttpAnswer> PostAsync(EtcdEndpoint endpoint, string path, ReadOnlyMemory<byte> body, string? token, CancellationToken cancellationToken)
    {
        using var request = Request(endpoint, path, body, "application/json");
        if (token is not null)
        {
            // Not a scheme and a value as HTTP has it, but the bare token.
            request.Headers.TryAddWithoutValidation("Authorization", token);
        }

        try
        {
            using var response = await Invoker(endpoint).SendAsync(request, cancellationToken);
            using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await ReadAsync(content, endpoint, cancellationToken) is { } bytes
                ? new((int)response.StatusCode, bytes, null)
                : Failed(EtcdFailureKind.NotEtcd, $"{endpoint.Address.Authority} sends more than {EtcdHttpAnswer.MaxBody} bytes, which is not etcd's JSON gateway");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(EtcdFailureKind.Timeout, $"no connection to {endpoint.Address.Authority} within {dialTimeout.TotalSeconds:0.##} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or AuthenticationException or ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return await EtcdFailures.ExplainAsync(endpoint, e, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (guard)
        {
            isDisposed = true;
            foreach (var connections in byEndpoint.Values)
            {
                connections.Invoker.Dispose();
            }

            byEndpoint.Clear();
        }
    }

    private HttpRequestMessage Request(EtcdEndpoint endpoint, string path, ReadOnlyMemory<byte> body, string type)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint.Address, path)) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (tls is not null && endpoint.ServerName != endpoint.Address.Host)
        {
            // The handler takes the name to check from the Host header, and overwrites what its TLS options say.
            request.Headers.Host = endpoint.ServerName;
        }

        return request;
    }

    private static EtcdHttpAnswer Failed(EtcdFailureKind kind, string text) => new(0, default, new EtcdFailure(kind, text));

    private static async Task<byte[]?> ReadAsync(Stream content, EtcdEndpoint endpoint, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        var buffer = new byte[8192];
        while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            if (all.Length + read > EtcdHttpAnswer.MaxBody)
            {
                return null;
            }

            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    private HttpMessageInvoker Invoker(EtcdEndpoint endpoint)
    {
        lock (guard)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            foreach (var (old, connections) in byEndpoint.Where(c => time.GetElapsedTime(c.Value.UsedAt) > Idle).ToList())
            {
                byEndpoint.Remove(old);
                connections.Invoker.Dispose();
            }

            if (!byEndpoint.TryGetValue(endpoint, out var found))
            {
                byEndpoint[endpoint] = found = new Connections(GateHttp.Connect(dialTimeout, connections: 8, tls?.Invoke(endpoint.ServerName)));
            }

            found.UsedAt = time.GetTimestamp();
            return found.Invoker;
        }
    }

    private sealed class Connections(HttpMessageInvoker invoker)
    {
        internal HttpMessageInvoker Invoker { get; } = invoker;

        internal long UsedAt { get; set; }
    }
}

using System.Net.Http.Headers;
using System.Net.Security;

namespace Ordinal.Gates.Probing;

/// <summary>An answer over HTTP: status, a few headers, and as much of the body as was wanted.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body; empty when it was not wanted.</param>
/// <param name="IsCut">Whether the body was longer than it may be.</param>
internal sealed record ProbeAnswer(int Status, ReadOnlyMemory<byte> Body, bool IsCut)
{
    /// <summary>Gets the Location header, made absolute; null when there is none.</summary>
    internal Uri? Location { get; init; }

    internal string ContentType { get; init; } = "";

    /// <summary>Gets a header or trailer; the trailers win. Empty when there is none.</summary>
    internal Func<string, string> Header { get; init; } = _ => "";
}

/// <summary>An answer, or why there is none; exactly one of the two.</summary>
internal readonly record struct ProbeExchange(ProbeAnswer? Answer, NetFailure? Failure);

/// <summary>HTTP for generic gates: one pool of connections a gate, credentials on every request, no redirects, no proxy, no cookies.</summary>
internal sealed class ProbeTransport : IDisposable
{
    /// <summary>The longest time for TCP and TLS.</summary>
    private static readonly TimeSpan Dial = TimeSpan.FromSeconds(2);

    private readonly HttpMessageInvoker invoker;
    private readonly AuthenticationHeaderValue? authorization;

    /// <summary>Makes a transport; nothing is sent yet.</summary>
    /// <param name="tls">Makes the TLS options for a server name; null for plain HTTP.</param>
    /// <param name="secrets">Credentials: a token goes before user name and password.</param>
    internal ProbeTransport(Func<string, SslClientAuthenticationOptions>? tls, IGateSecrets secrets)
    {
        invoker = GateHttp.Connect(Dial, connections: 16, tls?.Invoke(""));
        authorization = secrets.Token is { Length: > 0 } token ? new("Bearer", token.Trim())
            : secrets.Username is { Length: > 0 } ? new("Basic", Redaction.BasicOf(secrets))
            : null;
    }

    /// <inheritdoc/>
    public void Dispose() => invoker.Dispose();

    /// <summary>Sends one request and reads the answer.</summary>
    /// <param name="request">What to send; the transport disposes it.</param>
    /// <param name="serverName">The name that the server's certificate must carry; empty for the address' own.</param>
    /// <param name="maxBody">The most bytes to read; 0 leaves the body unread.</param>
    /// <param name="cancellationToken">The deadline.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled. No other exception escapes.</exception>
    internal async Task<ProbeExchange> SendAsync(HttpRequestMessage request, string serverName, int maxBody, CancellationToken cancellationToken)
    {
        using var sent = request;
        var address = request.RequestUri!;
        if (serverName.Length > 0 && serverName != address.Host)
        {
            request.Headers.Host = serverName;
        }

        request.Headers.Authorization ??= authorization;
        try
        {
            using var response = await invoker.SendAsync(request, cancellationToken);
            var (body, isCut) = maxBody == 0 ? (default, false) : await ReadAsync(response, maxBody, cancellationToken);
            return new(Answer(response, address, body, isCut), null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(null, new(NetFailureKind.Timeout, $"no connection to {address.Authority} within {Dial.TotalSeconds:0.##} s"));
        }
        catch (Exception e) when (NetFailures.IsOfNetwork(e))
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new(null, await TlsGlance.ExplainAsync(address, e, cancellationToken) ?? NetFailures.Explain(address.Authority, e));
        }
    }

    private static ProbeAnswer Answer(HttpResponseMessage response, Uri address, ReadOnlyMemory<byte> body, bool isCut)
    {
        var trailers = response.TrailingHeaders.ToDictionary(h => h.Key, h => h.Value.FirstOrDefault() ?? "", StringComparer.OrdinalIgnoreCase);
        var headers = response.Headers.ToDictionary(h => h.Key, h => h.Value.FirstOrDefault() ?? "", StringComparer.OrdinalIgnoreCase);
        return new((int)response.StatusCode, body, isCut)
        {
            Location = response.Headers.Location is { } location ? (location.IsAbsoluteUri ? location : new Uri(address, location)) : null,
            ContentType = response.Content.Headers.ContentType?.MediaType ?? "",
            Header = name => trailers.GetValueOrDefault(name) ?? headers.GetValueOrDefault(name) ?? "",
        };
    }

    private static async Task<(ReadOnlyMemory<byte> Body, bool IsCut)> ReadAsync(HttpResponseMessage response, int maxBody, CancellationToken cancellationToken)
    {
        using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var all = new MemoryStream();
        var buffer = new byte[8192];
        while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            if (all.Length + read > maxBody)
            {
                return (default, true);
            }

            all.Write(buffer, 0, read);
        }

        return (all.ToArray(), false);
    }
}

using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Text;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>Asks the AdminServers' commands with GET, over pooled connections.</summary>
internal sealed class AdminClient : IDisposable
{
    private readonly ZooKeeperGateOptions options;
    private readonly TimeProvider time;
    private readonly HttpMessageInvoker invoker;
    private readonly AuthenticationHeaderValue? authorization;

    /// <summary>Makes a client.</summary>
    /// <param name="options">Port, scheme, path, limits.</param>
    /// <param name="tls">Makes the TLS options for a server name; null for plain HTTP.</param>
    /// <param name="secrets">A bearer token, or a user name and password for basic authentication; neither is needed.</param>
    /// <param name="time">The clock for deadlines.</param>
    internal AdminClient(ZooKeeperGateOptions options, Func<string, SslClientAuthenticationOptions>? tls, ZkSecrets secrets, TimeProvider time)
    {
        this.options = options;
        this.time = time;
        authorization = secrets.AdminToken is { Length: > 0 } token ? new("Bearer", token.Trim())
            : secrets.AdminUsername is { Length: > 0 } user ? new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{secrets.AdminPassword}")))
            : null;
        invoker = GateHttp.Connect(options.RequestTimeout, connections: 4, tls?.Invoke(""));
    }

    /// <summary>Asks one command, e.g. <c>leader</c>.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled. No other exception escapes.</exception>
    internal async Task<ZkResult<AdminAnswer>> AskAsync(ZkEndpoint endpoint, string command, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(options.RequestTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        var where = endpoint.At(options.AdminPort);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{options.AdminScheme}://{where}{options.AdminPath}/{command}"));
            request.Headers.Authorization = authorization;
            if (options.AdminScheme == "https" && endpoint.ServerName != endpoint.Host)
            {
                request.Headers.Host = endpoint.ServerName;
            }

            using var response = await invoker.SendAsync(request, both.Token);
            using var content = await response.Content.ReadAsStreamAsync(both.Token);
            return await ReadAsync(content, both.Token) is { } bytes
                ? AdminAnswers.Read(where, command, (int)response.StatusCode, bytes)
                : new ZkFailure(ZkFailureKind.NotZooKeeper, $"{where} answers {command} with more than {options.MaxFrame} bytes");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ZkFailures.Timeout(where, options.RequestTimeout);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or AuthenticationException or ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return await ExplainAsync(endpoint, where, e, both.Token, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => invoker.Dispose();

    private async Task<byte[]?> ReadAsync(Stream content, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        var buffer = new byte[16 << 10];
        while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            if (all.Length + read > options.MaxFrame)
            {
                return null;
            }

            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    /// <summary>A port that closes without an answer is ZooKeeper's client port, or speaks TLS: both will not pass by waiting, so it is looked at.</summary>
    private async Task<ZkFailure> ExplainAsync(ZkEndpoint endpoint, string where, Exception failure, CancellationToken deadline, CancellationToken cancellationToken)
    {
        if (options.AdminScheme == "http" && failure is HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded })
        {
            try
            {
                if (await TlsGlance.SpeaksTlsAsync(endpoint.Host, options.AdminPort, endpoint.ServerName, deadline))
                {
                    return new(ZkFailureKind.Tls, $"{where} expects TLS: set adminServer.scheme to https");
                }

                var asWords = new FourLetterClient(new ZkDialer(null), options.AdminPort, options.MaxFrame, options.RequestTimeout, time);
                if ((await asWords.AskAsync(endpoint, "srvr", deadline)).Value is not null)
                {
                    return new(ZkFailureKind.NotZooKeeper, $"{where} is a client port, not the AdminServer's");
                }
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // No time left to look closer.
            }
        }

        return ZkFailures.Explain(where, failure, inHandshake: false);
    }
}

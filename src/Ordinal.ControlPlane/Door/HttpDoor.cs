using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Ordinal.ControlPlane.Api;

namespace Ordinal.ControlPlane.Door;

/// <summary>The door over HTTPS, to this project's API server or any other.</summary>
public sealed class HttpDoor : IClusterDoor, IDisposable
{
    private readonly HttpClient _client;
    private readonly SocketsHttpHandler _handler;
    private readonly HttpDoorOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly X509Certificate2Collection _authorities = [];
    private readonly X509Certificate2? _clientCertificate;

    /// <summary>Creates a door; nothing is sent yet.</summary>
    public HttpDoor(HttpDoorOptions options, TimeProvider timeProvider)
    {
        _options = options;
        _timeProvider = timeProvider;
        _handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = false,
            AllowAutoRedirect = false,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
        };
        if (options.CertificateAuthorityPem is { } pem)
        {
            _authorities.ImportFromPem(pem);
            _handler.SslOptions.RemoteCertificateValidationCallback = IsTrusted;
        }

        if (options is { ClientCertificatePem: { } certificate, ClientKeyPem: { } key })
        {
            _clientCertificate = X509Certificate2.CreateFromPem(certificate, key);
            _handler.SslOptions.ClientCertificates = [_clientCertificate];
        }

        _client = new HttpClient(_handler) { BaseAddress = options.Server, Timeout = Timeout.InfiniteTimeSpan };
    }

    public async Task<ApiAnswer> SendAsync(ApiCall apiCall, CancellationToken cancellationToken)
    {
        using var timedOut = new CancellationTokenSource(_options.Timeout, _timeProvider);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timedOut.Token);
        try
        {
            using HttpRequestMessage request = ToRequest(apiCall);
            using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ended.Token);
            return await ToAnswerAsync(response, ended.Token);
        }
        catch (OperationCanceledException e) when (timedOut.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException($"{apiCall.Method} {apiCall.Path}: no answer within {_options.Timeout}", e);
        }
        catch (IOException e)
        {
            throw new HttpRequestException($"{apiCall.Method} {apiCall.Path}: {e.Message}", e);
        }
    }

    public async Task<StreamOpening> OpenAsync(ApiCall apiCall, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = ToRequest(apiCall);
        HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            using (response)
            {
                return new StreamOpening(await ToAnswerAsync(response, cancellationToken), null);
            }
        }

        Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        bool isWatch = ApiServer.IsStream(apiCall) && !apiCall.Path.EndsWith("/log", StringComparison.Ordinal);
        return new StreamOpening(null, isWatch ? new LineFeed(response, body) : new ChunkFeed(response, body));
    }

    public void Dispose()
    {
        _client.Dispose();
        _handler.Dispose();
        _clientCertificate?.Dispose();
        foreach (X509Certificate2 authority in _authorities)
        {
            authority.Dispose();
        }
    }

    private static async Task<ApiAnswer> ToAnswerAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return new ApiAnswer((int)response.StatusCode, body)
        {
            ContentType = response.Content.Headers.ContentType?.ToString() ?? "application/json",
            RetryAfter = response.Headers.RetryAfter?.Delta,
            Warnings = [.. response.Headers.Warning.Select(w => Unquoted(w.Text))],
        };
    }

    private static string Unquoted(string text)
    {
        var plain = new StringBuilder(text.Length);
        for (int i = 1; i < text.Length - 1; i++)
        {
            plain.Append(text[i] == '\\' && i < text.Length - 2 ? text[++i] : text[i]);
        }

        return plain.ToString();
    }

    private HttpRequestMessage ToRequest(ApiCall apiCall)
    {
        string target = apiCall.Query.Length == 0 ? apiCall.Path : $"{apiCall.Path}?{apiCall.Query}";

        // As it is: tidying the path up would ask for something else.
        var address = new Uri($"{_options.Server.GetLeftPart(UriPartial.Authority)}{target}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var request = new HttpRequestMessage(new HttpMethod(apiCall.Method), address)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        if (!apiCall.Body.IsEmpty || apiCall.ContentType is not null)
        {
            request.Content = new ReadOnlyMemoryContent(apiCall.Body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", apiCall.ContentType ?? "application/json");
        }

        request.Headers.TryAddWithoutValidation("Accept", apiCall.Accept ?? "application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", apiCall.UserAgent ?? _options.UserAgent);
        if (_options.Token is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (apiCall.Impersonation is { } impersonation)
        {
            Impersonate(request, impersonation);
        }

        return request;
    }

    private static void Impersonate(HttpRequestMessage request, Impersonation impersonation)
    {
        request.Headers.TryAddWithoutValidation("Impersonate-User", impersonation.User);
        request.Headers.TryAddWithoutValidation("Impersonate-Group", impersonation.Groups);
        if (impersonation.Uid.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("Impersonate-Uid", impersonation.Uid);
        }
    }

    /// <summary>Trusts the cluster's own authority and no other, for the names in its certificate.</summary>
    private bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        using var copy = new X509Certificate2(certificate);
        return own.Build(copy);
    }
}

using System.Net.Http.Headers;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>
/// The witnesses' own way to the cluster's API: plain HTTPS and JSON, no client library, no cache and no watch, so that what the
/// operator believes about the cluster cannot colour what they see.
/// </summary>
public sealed class PlainApi : IDisposable
{
    private readonly HttpClient _http;

    /// <summary>Creates a client that trusts exactly one certificate authority.</summary>
    public PlainApi(Uri server, X509Certificate2 authority, string token)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { authority },
                },
            },
        };
        _http = new HttpClient(handler) { BaseAddress = server, Timeout = TimeSpan.FromSeconds(10) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("ordinal-demo/0.1");
    }

    /// <summary>Reads an object; null when there is none.</summary>
    /// <exception cref="HttpRequestException">The server refused or could not be reached.</exception>
    public async Task<JsonObject?> GetAsync(string path, CancellationToken cancellationToken)
    {
        var (status, answer) = await SendAsync(HttpMethod.Get, path, null, "", cancellationToken);
        return status == 404 ? null : Checked(status, answer, path);
    }

    /// <summary>Reads all objects of a collection; none when the collection itself is not there yet.</summary>
    /// <exception cref="HttpRequestException">As for <see cref="GetAsync"/>.</exception>
    public async Task<IReadOnlyList<JsonObject>> ListAsync(string path, CancellationToken cancellationToken) =>
        (await GetAsync(path, cancellationToken))?["items"] is JsonArray items ? [.. items.OfType<JsonObject>()] : [];

    /// <summary>
    /// Lists a collection, then tells every change of it, each exactly once and in order: first an <c>ADDED</c> for each object that is
    /// there. Ends when the server ends the watch.
    /// </summary>
    /// <exception cref="HttpRequestException">As for <see cref="GetAsync"/>.</exception>
    public async IAsyncEnumerable<(string Type, JsonObject Value)> WatchAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var list = await GetAsync(path, cancellationToken) ?? throw new HttpRequestException($"{path} is not there", null, System.Net.HttpStatusCode.NotFound);
        foreach (var item in list["items"] as JsonArray ?? [])
        {
            if (item is JsonObject value)
            {
                yield return ("ADDED", value);
            }
        }

        var uri = new Uri($"{path}?watch=true&timeoutSeconds=600&resourceVersion={list["metadata"]?["resourceVersion"]}", UriKind.Relative);
        using var response = await _http.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (JsonNode.Parse(line) is JsonObject happened && happened["object"] is JsonObject value)
            {
                yield return (happened["type"]?.ToString() ?? "", value);
            }
        }
    }

    /// <summary>Makes or changes an object by server-side apply: only what the document says is owned, defaults stay free.</summary>
    /// <exception cref="HttpRequestException">As for <see cref="GetAsync"/>; the message is the server's.</exception>
    public async Task ApplyAsync(string collection, JsonObject document, CancellationToken cancellationToken)
    {
        var path = $"{collection}/{document["metadata"]?["name"]}?fieldManager=ordinal-demo";
        var (status, answer) = await SendAsync(HttpMethod.Patch, path, document, "application/apply-patch+yaml", cancellationToken);
        Checked(status, answer, path);
    }

    /// <summary>Changes an object by JSON patch.</summary>
    /// <exception cref="HttpRequestException">As for <see cref="ApplyAsync"/>.</exception>
    public async Task PatchAsync(string path, JsonArray patch, CancellationToken cancellationToken)
    {
        var (status, answer) = await SendAsync(HttpMethod.Patch, path + "?fieldManager=ordinal-demo", patch, "application/json-patch+json", cancellationToken);
        Checked(status, answer, path);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static JsonObject Checked(int status, JsonNode? answer, string path) =>
        status is >= 200 and < 300 && answer is JsonObject value
            ? value
            : throw new HttpRequestException($"{path}: {answer?["message"]?.ToString() ?? "no message"}", null, (System.Net.HttpStatusCode)status);

    private async Task<(int Status, JsonNode? Answer)> SendAsync(HttpMethod method, string path, JsonNode? body, string mediaType, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue(mediaType));
        }

        using var response = await _http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            return ((int)response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
        }
        catch (JsonException)
        {
            return ((int)response.StatusCode, new JsonObject { ["message"] = text });
        }
    }
}

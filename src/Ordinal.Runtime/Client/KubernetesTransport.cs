using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using k8s;

namespace Ordinal.Runtime.Client;

/// <summary>Where the API server is and how to reach it.</summary>
public sealed record KubernetesConnection
{
    /// <summary>Gets the kubeconfig's path; null for KUBECONFIG, the home folder's, or the pod's own account, in this order.</summary>
    public string? KubeconfigPath { get; init; }

    /// <summary>Gets the context in the kubeconfig; null for its current one.</summary>
    public string? Context { get; init; }

    /// <summary>Gets the user to act as; null for oneself. The server asks whether one may impersonate it.</summary>
    public string? Impersonate { get; init; }

    /// <summary>Gets the groups to act as; only together with <see cref="Impersonate"/>.</summary>
    public IReadOnlyList<string> ImpersonateGroups { get; init; } = [];

    /// <summary>Gets the User-Agent, such as <c>ordinal/0.1.0</c>.</summary>
    public string UserAgent { get; init; } = "ordinal";

    /// <summary>Gets the longest time for a TCP and TLS connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Gets the silence after which an HTTP/2 connection is pinged; a dead one breaks its watches after that and the ping's own time.</summary>
    public TimeSpan KeepAlivePingDelay { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Gets the time for the answer to a ping.</summary>
    public TimeSpan KeepAlivePingTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>Carries requests with the official client's HttpClient: its kubeconfig, TLS and credentials, but not its watch.</summary>
public sealed partial class KubernetesTransport : IApiTransport, IApiSockets, IDisposable
{
    private readonly Kubernetes client;
    private readonly KubernetesConnection connection;
    private readonly TimeProvider timeProvider;

    private KubernetesTransport(KubernetesClientConfiguration configuration, KubernetesConnection connection, TimeProvider timeProvider)
    {
        configuration.UserAgent = connection.UserAgent;
        configuration.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        configuration.FirstMessageHandlerSetup = handler =>
        {
            handler.ConnectTimeout = connection.ConnectTimeout;
            handler.KeepAlivePingDelay = connection.KeepAlivePingDelay;
            handler.KeepAlivePingTimeout = connection.KeepAlivePingTimeout;
            handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
            // A new connection now and then finds API servers that were added, and leaves those that are going.
            handler.PooledConnectionLifetime = TimeSpan.FromMinutes(30);
            handler.EnableMultipleHttp2Connections = true;
            handler.AllowAutoRedirect = false;
        };
        client = new Kubernetes(configuration);
        Namespace = string.IsNullOrEmpty(configuration.Namespace) ? "default" : configuration.Namespace;
        this.connection = connection;
        this.timeProvider = timeProvider;
    }

    /// <summary>Gets the server's address, for people.</summary>
    public Uri Server => client.BaseUri;

    /// <summary>Gets the namespace that the kubeconfig's context, or the pod's own account, names; <c>default</c> when it names none.</summary>
    public string Namespace { get; }

    /// <summary>Prepares a transport; nothing is sent yet.</summary>
    /// <exception cref="InvalidOperationException">There is no usable kubeconfig; the message names the file and what is wrong with it.</exception>
    public static KubernetesTransport Connect(KubernetesConnection connection, TimeProvider timeProvider)
    {
        try
        {
            // The file is named by whoever runs this program: it may point at other files, such as certificates.
            var configuration = connection.KubeconfigPath is null && connection.Context is null
                ? KubernetesClientConfiguration.BuildDefaultConfig()
                : connection.KubeconfigPath is { } path && KubeconfigReader.TryRead(path) is { } read
                    ? KubernetesClientConfiguration.BuildConfigFromConfigObject(read, connection.Context)
                    : KubernetesClientConfiguration.BuildConfigFromConfigFile(connection.KubeconfigPath, connection.Context);
            return new KubernetesTransport(configuration, connection, timeProvider);
        }
#pragma warning disable CA1031 // The client's reader throws whatever a bad file makes it stumble over, NullReferenceException included.
        catch (Exception error)
#pragma warning restore CA1031
        {
            var what = error is NullReferenceException or InvalidCastException ? "the file is empty or no kubeconfig" : error.Message;
            throw new InvalidOperationException($"kubeconfig {connection.KubeconfigPath ?? "(default)"}: {what}", error);
        }
    }

    /// <inheritdoc/>
    public async Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        using var message = await MessageAsync(request, cancellationToken);
        using var response = await client.HttpClient.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return await ReadAsync(response, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        using var message = await MessageAsync(request, cancellationToken);
        var response = await client.HttpClient.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        try
        {
            if (!response.IsSuccessStatusCode)
            {
                var refusal = await ReadAsync(response, cancellationToken);
                response.Dispose();
                return new ApiStreamOpening(refusal, null);
            }

            return new ApiStreamOpening(null, new HttpLines(response, await response.Content.ReadAsStreamAsync(cancellationToken)));
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<ApiResponse?> ReadAsync(ApiRequest request, BodyReader readAsync, CancellationToken cancellationToken)
    {
        using var message = await MessageAsync(request, cancellationToken);
        using var response = await client.HttpClient.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return await ReadAsync(response, cancellationToken);
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await readAsync(body, cancellationToken);
        return null;
    }

    /// <summary>Closes all connections.</summary>
    public void Dispose() => client.Dispose();

    private async Task<HttpRequestMessage> MessageAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var message = new HttpRequestMessage(new HttpMethod(request.Method), new Uri(client.BaseUri.ToString().TrimEnd('/') + request.PathAndQuery))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Headers.TryAddWithoutValidation("Accept", request.Accept);
        if (connection.Impersonate is { Length: > 0 } user)
        {
            message.Headers.TryAddWithoutValidation("Impersonate-User", user);
            foreach (var group in connection.ImpersonateGroups)
            {
                message.Headers.TryAddWithoutValidation("Impersonate-Group", group);
            }
        }

        if (request.ContentType is not null)
        {
            message.Content = new ReadOnlyMemoryContent(request.Body);
            message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(request.ContentType);
        }

        if (client.Credentials is not null)
        {
            await client.Credentials.ProcessHttpRequestAsync(message, cancellationToken);
        }

        return message;
    }

    private async Task<ApiResponse> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return new ApiResponse((int)response.StatusCode, body) { RetryAfter = RetryAfter(response.Headers.RetryAfter) };
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header) => header switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date - timeProvider.GetUtcNow() is var left => left > TimeSpan.Zero ? left : TimeSpan.Zero,
        _ => null,
    };

    /// <summary>Splits a response into lines, reusing one buffer.</summary>
    private sealed class HttpLines(HttpResponseMessage response, Stream stream) : IApiLines
    {
        /// <summary>An API server's objects stay below 3 MiB; a line without an end must not take all memory.</summary>
        private const int LongestLine = 32 * 1024 * 1024;

        private byte[] buffer = new byte[16 * 1024];
        private int start;
        private int end;
        private int searched;

        public async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                var at = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n');
                if (at >= 0)
                {
                    var line = buffer.AsMemory(start, searched + at - start);
                    start = searched = searched + at + 1;
                    return line;
                }

                searched = end;
                MakeRoom();
                var count = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken);
                if (count == 0)
                {
                    // A last line without its end is a torn one: the connection was cut in the middle of an event.
                    return start == end ? null : throw new IOException(string.Create(CultureInfo.InvariantCulture, $"the stream ended inside a line, after {end - start} bytes"));
                }

                end += count;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await stream.DisposeAsync();
            response.Dispose();
        }

        private void MakeRoom()
        {
            if (start > 0)
            {
                buffer.AsSpan(start, end - start).CopyTo(buffer);
                end -= start;
                searched -= start;
                start = 0;
            }

            if (end == buffer.Length)
            {
                if (buffer.Length >= LongestLine)
                {
                    throw new IOException(string.Create(CultureInfo.InvariantCulture, $"the stream has a line of more than {LongestLine} bytes"));
                }

                Array.Resize(ref buffer, buffer.Length * 2);
            }
        }
    }
}

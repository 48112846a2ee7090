using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Benchmarks;

/// <summary>
/// One watcher of pods on a connection of its own, that does as little as a client can: it looks for the time stamp in each event and notes how old it is.
/// </summary>
internal sealed class PodWatcher : IDisposable
{
    /// <summary>How many digits a stamp has.</summary>
    public const int Digits = 19;

    /// <summary>The annotation that carries the stamp; in managed fields its name stands after <c>f:</c>.</summary>
    public const string Annotation = "sent";
    private const int Window = 4 * 1024 * 1024;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);
    private readonly SocketsHttpHandler handler;
    private readonly HttpClient client;
    private readonly X509Certificate2 authority;
    private readonly List<long> ages = [];
    private readonly int expected;

    /// <summary>Makes a watcher.</summary>
    /// <param name="expected">After so many stamped events it is done.</param>
    public PodWatcher(HttpDoorOptions address, int expected)
    {
        this.expected = expected;
        authority = X509Certificate2.CreateFromPem(address.CertificateAuthorityPem);
        handler = new SocketsHttpHandler
        {
            // As much as client-go's transport takes unasked. The platform's 64 KiB would have each watcher acknowledge every twentieth event.
            InitialHttp2StreamWindowSize = Window,
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { authority }, RevocationMode = X509RevocationMode.NoCheck },
            },
        };
        client = new HttpClient(handler)
        {
            BaseAddress = address.Server,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Longest,
        };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", address.Token);
    }

    /// <summary>Gets the ages of the events, in ticks of the system's time stamps; complete when the watch has ended.</summary>
    public IReadOnlyList<long> Ages => ages;

    /// <summary>Opens the watch; the task in it ends when all events have come.</summary>
    public async Task<Task> OpenAsync(string resourceVersion, CancellationToken cancellationToken)
    {
        var response = await client.GetAsync(
            new Uri($"/api/v1/namespaces/default/pods?watch=true&resourceVersion={resourceVersion}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        return ReadAsync(response, cancellationToken);
    }

    public void Dispose()
    {
        client.Dispose();
        handler.Dispose();
        authority.Dispose();
    }

    private async Task ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using (response)
        {
            var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var buffer = new byte[256 * 1024];
            var kept = 0;
            while (ages.Count < expected)
            {
                var read = await body.ReadAsync(buffer.AsMemory(kept), cancellationToken);
                if (read == 0)
                {
                    throw new InvalidOperationException($"the watch ended after {ages.Count} of {expected} events");
                }

                kept = Note(buffer, kept + read);
            }
        }
    }

    /// <summary>Notes every whole stamp and moves the rest to the front.</summary>
    private int Note(byte[] buffer, int length)
    {
        var marker = "\"sent\":\""u8;
        var now = TimeProvider.System.GetTimestamp();
        var at = 0;
        while (buffer.AsSpan(at, length - at).IndexOf(marker) is var found and >= 0 && at + found + marker.Length + Digits <= length)
        {
            at += found + marker.Length;
            if (Utf8Parser.TryParse(buffer.AsSpan(at, Digits), out long sent, out _))
            {
                ages.Add(now - sent);
            }
        }

        // A stamp may have come in half.
        at = Math.Max(at, length - marker.Length - Digits);
        buffer.AsSpan(at, length - at).CopyTo(buffer);
        return length - at;
    }
}

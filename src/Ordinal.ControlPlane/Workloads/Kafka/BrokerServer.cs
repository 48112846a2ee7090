using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Ordinal.ControlPlane.Workloads.Wire;

namespace Ordinal.ControlPlane.Workloads.Kafka;

/// <summary>One broker's listener: it speaks Kafka's protocol about an ensemble. Disposing it is the end of its process.</summary>
public sealed class BrokerServer : IAsyncDisposable
{
    private const int MaxRequest = 8 << 20;

    private readonly KafkaEnsemble ensemble;
    private readonly int id;
    private readonly BrokerOptions options;
    private readonly TimeProvider time;
    private readonly Lock guard = new();
    private readonly List<(short Api, short Version)> requests = [];
    private readonly SmallServer server;
    private int connections;
    private int disposed;

    private BrokerServer(KafkaEnsemble ensemble, int id, IPAddress address, int port, BrokerOptions options, TimeProvider time)
    {
        (this.ensemble, this.id, this.options, this.time) = (ensemble, id, options, time);
        server = new SmallServer(address, port, ServeAsync);
    }

    public int Port => server.Port;

    /// <summary>Gets the requests so far, oldest first.</summary>
    public IReadOnlyList<(short Api, short Version)> Requests
    {
        get
        {
            lock (guard)
            {
                return [.. requests];
            }
        }
    }

    /// <summary>Gets how many connections were made so far.</summary>
    public int Connections => Volatile.Read(ref connections);

    /// <summary>Starts to listen, and puts host and port into the ensemble.</summary>
    /// <param name="ensemble">The cluster.</param>
    /// <param name="id">Which of its nodes this is.</param>
    /// <param name="address">Where to listen.</param>
    /// <param name="port">0: any free one.</param>
    /// <param name="options">How to listen.</param>
    /// <param name="time">The clock for delays.</param>
    public static BrokerServer Start(KafkaEnsemble ensemble, int id, IPAddress address, int port = 0, BrokerOptions? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(ensemble);
        ArgumentNullException.ThrowIfNull(address);
        var server = new BrokerServer(ensemble, id, address, port, options ?? new BrokerOptions(), time ?? TimeProvider.System);
        ensemble.Change(e =>
        {
            e.Nodes[id].Host = address.ToString();
            if (server.options.IsController)
            {
                e.Nodes[id].ControllerPort = server.Port;
            }
            else
            {
                e.Nodes[id].Port = server.Port;
            }
        });
        return server;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Interlocked.Exchange(ref disposed, 1) == 0 ? server.DisposeAsync() : ValueTask.CompletedTask;

    private async Task ServeAsync(NetworkStream plain, CancellationToken stop)
    {
        Interlocked.Increment(ref connections);
        try
        {
            using var stream = await OpenAsync(plain, stop);
            await TalkAsync(stream, stop);
        }
        catch (AuthenticationException)
        {
            // What the other side said was not TLS, or not with a certificate of ours: a broker closes the connection then.
        }
    }

    private async Task<Stream> OpenAsync(NetworkStream plain, CancellationToken stop)
    {
        if (options.Certificate is null)
        {
            return plain;
        }

        var secure = new SslStream(plain);
        await secure.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = options.Certificate,
                ClientCertificateRequired = options.ClientAuthority is not null,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => options.ClientAuthority is null || (certificate is X509Certificate2 own && IsOurs(own)),
            },
            stop);
        return secure;
    }

    private bool IsOurs(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(options.ClientAuthority!);
        return chain.Build(certificate);
    }

    private async Task TalkAsync(Stream stream, CancellationToken stop)
    {
        var conversation = new BrokerConversation(ensemble, id, options);
        var head = new byte[4];
        while (true)
        {
            await stream.ReadExactlyAsync(head, stop);
            var length = (head[0] << 24) | (head[1] << 16) | (head[2] << 8) | head[3];
            if (length is < 8 or > MaxRequest)
            {
                return;
            }

            var frame = new byte[length];
            await stream.ReadExactlyAsync(frame, stop);
            var (api, version) = ((short)((frame[0] << 8) | frame[1]), (short)((frame[2] << 8) | frame[3]));
            lock (guard)
            {
                requests.Add((api, version));
            }

            if (options.Before is { } before)
            {
                await before(stop);
            }

            var fault = options.Fault?.Invoke(api, version);
            if (fault is { IsSilent: true })
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, time, stop);
            }

            if (fault is { Delay: var delay } && delay > TimeSpan.Zero)
            {
                await Task.Delay(delay, time, stop);
            }

            if (fault is { Closes: true } || (fault?.Raw ?? conversation.Answer(frame, fault?.ErrorCode ?? 0)) is not { } answer)
            {
                return;
            }

            await stream.WriteAsync(answer, stop);
            await stream.FlushAsync(stop);
        }
    }
}

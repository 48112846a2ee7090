using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ordinal.Integration.Gates;

/// <summary>A server on loopback that treats every connection as the test wants.</summary>
internal sealed class BadServer : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly CancellationTokenSource stop = new();
    private readonly Func<NetworkStream, CancellationToken, Task> serve;
    private readonly Task loop;

    private BadServer(Func<NetworkStream, CancellationToken, Task> serve, IPAddress? address = null)
    {
        this.serve = serve;
        listener = new(address ?? IPAddress.Loopback, 0);
        listener.Start();
        loop = AcceptAsync();
    }

    internal int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Connects, and then says nothing.</summary>
    internal static BadServer Silent() => new((_, token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token));

    /// <summary>Answers every request with these bytes.</summary>
    internal static BadServer Says(byte[] answer) => new(async (stream, token) =>
    {
        _ = await stream.ReadAsync(new byte[4096], token);
        await stream.WriteAsync(answer, token);
    });

    /// <summary>Answers every request with the bytes of the moment.</summary>
    internal static BadServer Asks(IPAddress address, Func<byte[]> answer) => new(async (stream, token) =>
    {
        _ = await stream.ReadAsync(new byte[4096], token);
        await stream.WriteAsync(answer(), token);
    }, address);

    /// <summary>Speaks TLS.</summary>
    internal static BadServer Tls(X509Certificate2 certificate, byte[] answer) => new(async (stream, token) =>
    {
        using var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, token);
        _ = await tls.ReadAsync(new byte[4096], token);
        await tls.WriteAsync(answer, token);
    });

    internal static byte[] Http(string status, string body) =>
        System.Text.Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");

    internal static X509Certificate2 Certificate(string name) => Certificate(name, TimeSpan.FromDays(1));

    /// <summary>Makes a certificate that is its own authority; a validity below zero has passed.</summary>
    internal static X509Certificate2 Certificate(string name, TimeSpan validity)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var signed = request.CreateSelfSigned(now.AddDays(-2), now + validity);
        return X509CertificateLoader.LoadPkcs12(signed.Export(X509ContentType.Pfx), null);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await loop;
        stop.Dispose();
        listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await serve(client.GetStream(), stop.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or AuthenticationException or SocketException)
            {
                // The other side gave up, as it should.
            }
        }
    }
}

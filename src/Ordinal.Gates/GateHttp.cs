using System.Net;
using System.Net.Security;

namespace Ordinal.Gates;

/// <summary>
/// The one way in which gates speak HTTP: nothing leaves by a proxy, nothing follows a redirect or keeps a cookie, nothing is unpacked, and what a
/// server can make us read is bounded.
/// </summary>
internal static class GateHttp
{
    /// <summary>Makes an invoker with a pool of its own; nothing is sent yet.</summary>
    /// <param name="dialTimeout">The longest time for TCP and TLS.</param>
    /// <param name="connections">The most connections to one server, at least 1.</param>
    /// <param name="tls">TLS options; null for plain HTTP. An empty target host takes the name to check from the Host header, else from the address.</param>
    internal static HttpMessageInvoker Connect(TimeSpan dialTimeout, int connections, SslClientAuthenticationOptions? tls)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = dialTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxConnectionsPerServer = connections,
            MaxResponseHeadersLength = 16,
            MaxResponseDrainSize = 0,
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
        };
        if (tls is not null)
        {
            handler.SslOptions = tls;
        }

        return new HttpMessageInvoker(handler);
    }
}

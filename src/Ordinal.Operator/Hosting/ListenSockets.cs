using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Ordinal.Operator.Hosting;

/// <summary>Opens the listeners for probes and metrics. One that cannot be opened is named by its flag, with what to do.</summary>
internal sealed class ListenSockets(OperatorHostSettings settings)
{
    /// <summary>Binds one of them.</summary>
    /// <param name="endpoint">Where.</param>
    /// <exception cref="IOException">It cannot be; the message is for whoever typed the command.</exception>
    public Socket Bind(EndPoint endpoint)
    {
        try
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        }
        catch (SocketException error) when (!IsFirstTryOfAll(endpoint, error.SocketErrorCode))
        {
            throw new IOException(Words((IPEndPoint)endpoint, error), error);
        }
    }

    /// <summary>All addresses are first tried as IPv6, which serves both; a machine without it gets IPv4 next.</summary>
    private static bool IsFirstTryOfAll(EndPoint endpoint, SocketError error) =>
        endpoint is IPEndPoint { Address: var ip } && ip.Equals(IPAddress.IPv6Any) && error is SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable or SocketError.ProtocolNotSupported;

    private static bool Is(BindAddress? address, IPEndPoint endpoint) => address is not null && address.Port == endpoint.Port
        && (address.Address is { } ip ? ip.Equals(endpoint.Address) : endpoint.Address.Equals(IPAddress.IPv6Any) || endpoint.Address.Equals(IPAddress.Any));

    private string Words(IPEndPoint endpoint, SocketException error)
    {
        // Both may name the same place; then health, which is opened first, stands for both.
        var (flag, address) = Is(settings.Health, endpoint) ? ("--health-probe-bind-address", settings.Health) : ("--metrics-bind-address", settings.Metrics);
        var port = endpoint.Port.ToString(CultureInfo.InvariantCulture);
        return $"{flag} {address}: " + error.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => "something listens there already; choose another port, or write 0 to serve nothing.",
            SocketError.AddressNotAvailable => $"this machine has no such address; choose one of its own, or :{port} for all of them.",
            SocketError.AccessDenied => $"this process may not listen on port {port}; choose one from 1024 on.",
            _ => $"{error.Message}; choose another address, or write 0 to serve nothing.",
        };
    }
}

using System.Globalization;
using System.Net;

namespace Ordinal.Operator.Hosting;

/// <summary>Where to listen.</summary>
/// <param name="Address">Null for all addresses.</param>
/// <param name="Port">0 lets the system choose.</param>
public sealed record BindAddress(IPAddress? Address, int Port)
{
    /// <summary>What may be written, for whoever wrote something else.</summary>
    public const string Forms = "write IP:PORT such as 127.0.0.1:8081 or [::1]:8081, :PORT for all addresses of the machine, or 0 to serve nothing";

    /// <summary>Reads <c>:8081</c>, <c>127.0.0.1:8081</c> or <c>[::1]:8081</c>. The text <c>0</c> means not to listen, and gives null.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="address">The address; null when there is none, or it cannot be read.</param>
    /// <param name="problem">What is wrong with the text; null when it can be read.</param>
    /// <returns>False when the text is none of these.</returns>
    public static bool TryParse(string text, out BindAddress? address, out string? problem)
    {
        address = null;
        problem = null;
        if (text == "0")
        {
            return true;
        }

        var colon = text.LastIndexOf(':');
        if (colon < 0)
        {
            problem = "there is no colon before a port";
            return false;
        }

        var digits = text[(colon + 1)..];
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > IPEndPoint.MaxPort)
        {
            problem = $"\"{digits}\" is no port from 0 to {IPEndPoint.MaxPort}";
            return false;
        }

        var host = text[..colon];
        if (host.Length == 0)
        {
            address = new BindAddress(null, port);
            return true;
        }

        // Without brackets nobody could tell where an IPv6 address ends.
        var isBracketed = host.StartsWith('[') && host.EndsWith(']');
        if (host == "localhost")
        {
            address = new BindAddress(IPAddress.Loopback, port);
        }
        else if (IPAddress.TryParse(isBracketed ? host[1..^1] : host, out var ip) && host.Contains(':', StringComparison.Ordinal) == isBracketed)
        {
            address = new BindAddress(ip, port);
        }
        else
        {
            problem = $"\"{host}\" is no IP address";
            return false;
        }

        return true;
    }

    /// <summary>Writes it as it is read.</summary>
    public override string ToString() => Address is null ? string.Create(CultureInfo.InvariantCulture, $":{Port}") : new IPEndPoint(Address, Port).ToString();
}

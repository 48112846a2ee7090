using System.Globalization;
using System.Net;

namespace Ordinal.Operator.Hosting;

/// <summary>Where to listen.</summary>
/// <param name="Address">Null for all addresses.</param>
/// <param name="Port">0 lets the system choose.</param>
public sealed record BindAddress(IPAddress? Address, int Port)
{
    /// <summary>Reads <c>:8081</c>, <c>127.0.0.1:8081</c> or <c>[::1]:8081</c>. The text <c>0</c> means not to listen, and gives null.</summary>
    /// <returns>False when the text is none of these.</returns>
    public static bool TryParse(string text, out BindAddress? address)
    {
        address = null;
        if (text == "0")
        {
            return true;
        }

        var colon = text.LastIndexOf(':');
        if (colon < 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > 65535)
        {
            return false;
        }

        var host = text[..colon].Trim('[', ']');
        if (host.Length == 0)
        {
            address = new BindAddress(null, port);
            return true;
        }

        if (!IPAddress.TryParse(host == "localhost" ? "127.0.0.1" : host, out var ip))
        {
            return false;
        }

        address = new BindAddress(ip, port);
        return true;
    }
}

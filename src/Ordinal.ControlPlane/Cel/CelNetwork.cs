using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Ordinal.ControlPlane.Cel;

/// <summary>An IP address.</summary>
internal sealed record CelIP(IPAddress Address) : CelValue
{
    public override string TypeName => "net.IP";
}

/// <summary>A network: an address, as it was written, and how many of its bits are the network's.</summary>
internal sealed record CelCidr(IPAddress Address, int Bits) : CelValue
{
    public override string TypeName => "net.CIDR";

    /// <summary>Gets the same network with an address whose other bits are 0.</summary>
    public CelCidr Masked
    {
        get
        {
            byte[] bytes = Address.GetAddressBytes();
            for (int bit = Bits; bit < bytes.Length * 8; bit++)
            {
                bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
            }

            return new CelCidr(new IPAddress(bytes), Bits);
        }
    }

    /// <summary>Tells whether an address is in the network.</summary>
    public bool Contains(IPAddress address) => address.AddressFamily == Address.AddressFamily && new CelCidr(address, Bits).Masked.Address.Equals(Masked.Address);

    /// <summary>Tells whether a whole network is in this one.</summary>
    public bool Contains(CelCidr other) => other.Bits >= Bits && Contains(other.Address);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address}/{Bits}");
}

/// <summary>The functions of Kubernetes about IP addresses and networks.</summary>
internal static class CelNetwork
{
    /// <summary>Calls a function; null when it is none of these or does not take these arguments.</summary>
    public static CelValue? Call(string function, CelValue[] arguments) => (function, arguments) switch
    {
        ("isIP", [CelText text]) => CelBool.Of(ParseAddress(text.Value, out _) is not null),
        ("ip", [CelText text]) => ParseAddress(text.Value, out string? problem) is { } address ? new CelIP(address) : new CelError(problem!),
        ("ip", [CelCidr network]) => new CelIP(network.Address),
        ("ip.isCanonical", [CelText text]) => ParseAddress(text.Value, out string? problem) is { } address ? CelBool.Of(address.ToString() == text.Value) : new CelError(problem!),
        ("family", [CelIP ip]) => new CelInt(ip.Address.AddressFamily == AddressFamily.InterNetwork ? 4 : 6),
        ("isUnspecified", [CelIP ip]) => CelBool.Of(ip.Address.Equals(IPAddress.Any) || ip.Address.Equals(IPAddress.IPv6Any)),
        ("isLoopback", [CelIP ip]) => CelBool.Of(IPAddress.IsLoopback(ip.Address)),
        ("isLinkLocalMulticast", [CelIP ip]) => CelBool.Of(IsLinkLocalMulticast(ip.Address)),
        ("isLinkLocalUnicast", [CelIP ip]) => CelBool.Of(IsLinkLocalUnicast(ip.Address)),
        ("isGlobalUnicast", [CelIP ip]) => CelBool.Of(IsGlobalUnicast(ip.Address)),
        ("isCIDR", [CelText text]) => CelBool.Of(ParseNetwork(text.Value) is not null),
        ("cidr", [CelText text]) => ParseNetwork(text.Value) is { } network ? network : NoNetwork(text.Value),
        ("containsIP", [CelCidr network, CelIP ip]) => CelBool.Of(network.Contains(ip.Address)),
        ("containsIP", [CelCidr network, CelText text]) => ParseAddress(text.Value, out string? problem) is { } address ? CelBool.Of(network.Contains(address)) : new CelError(problem!),
        ("containsCIDR", [CelCidr network, CelCidr other]) => CelBool.Of(network.Contains(other)),
        ("containsCIDR", [CelCidr network, CelText text]) => ParseNetwork(text.Value) is { } other ? CelBool.Of(network.Contains(other)) : NoNetwork(text.Value),
        ("prefixLength", [CelCidr network]) => new CelInt(network.Bits),
        ("masked", [CelCidr network]) => network.Masked,
        ("string", [CelIP ip]) => new CelText(ip.Address.ToString()),
        ("string", [CelCidr network]) => new CelText(network.ToString()),
        _ => null,
    };

    private static CelError NoNetwork(string text) => new($"network address parse error during conversion from string: CIDR {Quoted(text)} is not valid");

    private static string Quoted(string text) => Text.JsonText.WriteString(text);

    /// <summary>Reads an address as Go's netip does: no zone, no IPv4 in IPv6, no leading zeros, no short forms of IPv4.</summary>
    public static IPAddress? ParseAddress(string text, out string? problem)
    {
        problem = null;
        if (text.Contains('%', StringComparison.Ordinal))
        {
            problem = $"IP address {Quoted(text)} with zone value is not allowed";
            return null;
        }

        bool isFour = !text.Contains(':', StringComparison.Ordinal);
        if (!IPAddress.TryParse(text, out IPAddress? address) || text.Contains('[', StringComparison.Ordinal) || text.Contains('/', StringComparison.Ordinal)
            || (isFour && (text.Split('.') is not { Length: 4 } parts || parts.Any(part => part.Length is 0 or > 3 || (part.Length > 1 && part[0] == '0')))))
        {
            problem = $"IP Address {Quoted(text)} parse error during conversion from string: ParseAddr({Quoted(text)}): unable to parse IP";
            return null;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            problem = $"IPv4-mapped IPv6 address {Quoted(text)} is not allowed";
            return null;
        }

        return address;
    }

    /// <summary>Reads a network; null when it is none.</summary>
    public static CelCidr? ParseNetwork(string text)
    {
        int slash = text.LastIndexOf('/');
        if (slash < 0 || ParseAddress(text[..slash], out _) is not { } address)
        {
            return null;
        }

        string bits = text[(slash + 1)..];
        int longest = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        return int.TryParse(bits, NumberStyles.None, CultureInfo.InvariantCulture, out int length) && length <= longest && (bits == "0" || bits[0] != '0') ? new CelCidr(address, length) : null;
    }

    private static bool IsLinkLocalMulticast(IPAddress address) => address.GetAddressBytes() switch
    {
        [224, 0, 0, _] => true,
        { Length: 16 } bytes => bytes[0] == 0xff && (bytes[1] & 0x0f) == 2,
        _ => false,
    };

    private static bool IsLinkLocalUnicast(IPAddress address) => address.GetAddressBytes() is [169, 254, _, _] || address.IsIPv6LinkLocal;

    private static bool IsGlobalUnicast(IPAddress address) =>
        !IPAddress.IsLoopback(address) && !IsLinkLocalUnicast(address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
        && !address.Equals(IPAddress.Broadcast) && !address.IsIPv6Multicast && !(address.GetAddressBytes() is [>= 224 and < 240, _, _, _]);
}

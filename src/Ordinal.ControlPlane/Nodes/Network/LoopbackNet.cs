using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Ordinal.ControlPlane.Nodes.Network;

/// <summary>
/// A /24 of the loopback network (127.64.0.0 to 127.250.255.0) that belongs to one cluster until it is disposed, so that two
/// clusters on a machine never meet.
/// </summary>
/// <remarks>
/// The claim is a socket bound to a name in Linux' abstract namespace. That namespace has exactly the scope of the loopback
/// addresses themselves (one network namespace, all its users and containers), a name can be bound once, and the kernel frees it when
/// its owner ends in whatever way: a claim cannot be stale, and there is no lock file to clean up or to plant. A net on which
/// anybody listens or is connected already is passed over, be it a stranger or a process of a cluster that has just been killed.
/// </remarks>
public sealed class LoopbackNet : IDisposable
{
    private const int FirstSecondByte = 64;
    private const int LastSecondByte = 250;
    private const int Count = (LastSecondByte - FirstSecondByte + 1) * 256;
    private readonly Socket _claim;
    private readonly HostParts _hosts = new();
    private readonly Lock _lock = new();

    private LoopbackNet(string prefix, Socket claim)
    {
        Prefix = prefix;
        _claim = claim;
    }

    /// <summary>Gets the first three numbers, such as <c>127.83.12</c>.</summary>
    public string Prefix { get; }

    /// <summary>Claims a net that nobody uses.</summary>
    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    /// <exception cref="IOException">Every net is taken.</exception>
    public static LoopbackNet Claim()
    {
        // Neighbouring process ids start far apart, so that a net which was just given back is not the next one taken:
        // a client of the last cluster may still be dialling its addresses.
        var start = (int)((uint)Environment.ProcessId * 2654435761u % Count);
        for (var i = 0; i < Count; i++)
        {
            var n = (start + i) % Count;
            var prefix = string.Create(CultureInfo.InvariantCulture, $"127.{FirstSecondByte + (n / 256)}.{n % 256}");
            if (TryClaim(prefix) is { } net)
            {
                return net;
            }
        }

        throw new IOException($"All {Count} nets from 127.{FirstSecondByte}.0.0/24 to 127.{LastSecondByte}.255.0/24 are taken; stop a cluster.");
    }

    /// <summary>Claims one net, or answers null when a cluster has it or something uses one of its addresses.</summary>
    /// <param name="prefix">Three numbers: <c>127.83.12</c>.</param>
    /// <exception cref="FormatException"><paramref name="prefix"/> is not the prefix of a net in the range.</exception>
    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    public static LoopbackNet? TryClaim(string prefix)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("A cluster's own loopback network needs Linux: elsewhere only 127.0.0.1 answers.");
        }

        if (!IPAddress.TryParse(prefix + ".0", out var address)
            || address.ToString() != prefix + ".0"
            || address.GetAddressBytes() is not [127, >= FirstSecondByte and <= LastSecondByte, _, _])
        {
            throw new FormatException($"\"{prefix}\" is not a cluster's net; give three numbers from 127.{FirstSecondByte}.0 to 127.{LastSecondByte}.255.");
        }

        var claim = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            claim.Bind(new UnixDomainSocketEndPoint("\0ordinal-net-" + prefix));
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse)
        {
            claim.Dispose();
            return null;
        }

        if (IsInUse(address))
        {
            claim.Dispose();
            return null;
        }

        return new LoopbackNet(prefix, claim);
    }

    /// <summary>Returns the address with a host part.</summary>
    /// <param name="hostPart">1 to 254.</param>
    public string Address(int hostPart)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hostPart, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hostPart, HostParts.Highest);
        return string.Create(CultureInfo.InvariantCulture, $"{Prefix}.{hostPart}");
    }

    /// <summary>Takes an address for a pod: the wanted one, or a free one. See <see cref="HostParts.Take"/>.</summary>
    /// <returns>The address, or null when it is taken or none is free.</returns>
    public string? TakeAddress(string podUid, int? wanted)
    {
        lock (_lock)
        {
            return _hosts.Take(podUid, wanted) is { } host ? Address(host) : null;
        }
    }

    /// <summary>Gives a pod's address back. Does nothing when it has none.</summary>
    public void ReleaseAddress(string podUid)
    {
        lock (_lock)
        {
            _hosts.Release(podUid);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _claim.Dispose();

    /// <summary>Says whether a TCP socket of this machine has a local address in the /24. The table shows those of all users.</summary>
    private static bool IsInUse(IPAddress net)
    {
        var bytes = net.GetAddressBytes();

        // The kernel prints the address as one number in the machine's byte order: 0C53FF7F-like text on a little-endian machine.
        var text = BitConverter.IsLittleEndian
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes[2]:X2}{bytes[1]:X2}{bytes[0]:X2}:")
            : string.Create(CultureInfo.InvariantCulture, $"{bytes[0]:X2}{bytes[1]:X2}{bytes[2]:X2}");
        foreach (var line in File.ReadLines("/proc/net/tcp").Skip(1))
        {
            var local = line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1).TrimStart();
            if (local.Length < 9)
            {
                continue;
            }

            // State 06 is TIME_WAIT: a connection that is over and belongs to nobody.
            var state = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
            var match = BitConverter.IsLittleEndian ? local[2..9].SequenceEqual(text) : local[..6].SequenceEqual(text);
            if (match && state != "06")
            {
                return true;
            }
        }

        return false;
    }
}

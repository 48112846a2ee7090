using System.Globalization;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>One server's host.</summary>
/// <param name="Pod">The pod.</param>
/// <param name="Uid">Its incarnation.</param>
/// <param name="Host">What is dialled.</param>
/// <param name="ServerName">The name that its certificate must carry.</param>
internal sealed record ZkEndpoint(string Pod, string Uid, string Host, string ServerName)
{
    /// <summary>Writes host and port for messages, an IPv6 address in brackets.</summary>
    internal string At(int port) => string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{port}");
}

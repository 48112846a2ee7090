using System.Collections.Immutable;
using System.Globalization;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>One <c>server.N</c> line.</summary>
/// <param name="Id">N, the server's myid.</param>
/// <param name="Hosts">The hosts of its quorum addresses; a server may call itself 0.0.0.0.</param>
/// <param name="IsVoter">Whether it is a participant; an observer is not.</param>
public sealed record ZkServer(long Id, ImmutableArray<string> Hosts, bool IsVoter);

/// <summary>A list of servers as one server has it.</summary>
/// <param name="Servers">By ascending id.</param>
/// <param name="Version">The configuration's version (the zxid that made it); null where it is not told.</param>
/// <param name="IsHierarchical">Whether it has groups or weights: then the quorum is no majority of servers.</param>
/// <param name="HasObservers">Whether observers would be in the list.</param>
public sealed record ZkMembership(ImmutableArray<ZkServer> Servers, ulong? Version, bool IsHierarchical, bool HasObservers)
{
    /// <summary>More servers than any ensemble has; a longer list is cut off.</summary>
    private const int Most = 256;

    /// <summary>Gets the voters' ids as text, to compare two lists: addresses differ legitimately (0.0.0.0), ids do not.</summary>
    internal string Voters => string.Join(',', Servers.Where(s => s.IsVoter).Select(s => s.Id.ToString(CultureInfo.InvariantCulture)));

    internal ZkServer? Find(long id) => Servers.FirstOrDefault(s => s.Id == id);

    /// <summary>
    /// Reads the lines of a configuration, as <c>conf</c> and <c>/zookeeper/config</c> have them:
    /// <c>server.1=host:2888:3888:participant;host:2181</c>, several addresses separated by <c>|</c>, and <c>version=100000000</c>.
    /// </summary>
    /// <returns>Null when there is no server line.</returns>
    internal static ZkMembership? Parse(string text)
    {
        var servers = new SortedDictionary<long, ZkServer>();
        ulong? version = null;
        var isHierarchical = false;
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var (key, value) = line.Split('=', 2) is [var k, var v] ? (k.Trim(), v.Trim()) : ("", "");
            if (key == "version" && ulong.TryParse(value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number))
            {
                version = number;
            }

            isHierarchical |= key.StartsWith("group.", StringComparison.Ordinal) || key.StartsWith("weight.", StringComparison.Ordinal);
            if (servers.Count < Most && key.StartsWith("server.", StringComparison.Ordinal)
                && long.TryParse(key.AsSpan(7), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                servers[id] = Server(id, value);
            }
        }

        return servers.Count == 0 ? null : new ZkMembership([.. servers.Values], version, isHierarchical, true);
    }

    /// <summary>Reads the host of <c>host:port</c>, <c>[v6]:port</c> or a bare host.</summary>
    internal static string HostOf(string address)
    {
        if (address.StartsWith('['))
        {
            return address.IndexOf(']', StringComparison.Ordinal) is > 0 and var end ? address[1..end] : "";
        }

        var colon = address.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? address : address[..colon];
    }

    private static ZkServer Server(long id, string value)
    {
        var quorum = value.Split(';', 2)[0];
        var isVoter = !quorum.EndsWith(":observer", StringComparison.OrdinalIgnoreCase);
        return new ZkServer(id, [.. quorum.Split('|').Take(8).Select(HostOf).Where(h => h.Length > 0)], isVoter);
    }
}

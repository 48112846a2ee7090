using System.Globalization;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>Reads the words that ZooKeeper uses on every way of asking.</summary>
internal static class ZkText
{
    /// <summary>What four-letter words and the AdminServer say while a server has no quorum.</summary>
    internal const string NotServing = "not currently serving requests";

    private const string NotExecuted = " is not executed because it is not in the whitelist";

    internal static bool IsNotServing(string text) => text.Contains(NotServing, StringComparison.Ordinal);

    internal static bool IsNotWhitelisted(string text) => text.Contains(NotExecuted, StringComparison.Ordinal);

    internal static ZkMode Mode(string text) => text.Trim() switch
    {
        "leader" => ZkMode.Leader,
        "follower" => ZkMode.Follower,
        "observer" => ZkMode.Observer,
        "standalone" => ZkMode.Standalone,
        "read-only" => ZkMode.ReadOnly,
        _ => ZkMode.None,
    };

    /// <summary>Reads <c>broadcast</c>, or the last but one part of <c>following - synchronization - snap</c>.</summary>
    internal static ZkPhase Phase(string text) =>
        text.Contains("broadcast", StringComparison.OrdinalIgnoreCase) ? ZkPhase.Broadcast
        : text.Contains("synchronization", StringComparison.OrdinalIgnoreCase) ? ZkPhase.Synchronization
        : text.Contains("discovery", StringComparison.OrdinalIgnoreCase) ? ZkPhase.Discovery
        : text.Contains("election", StringComparison.OrdinalIgnoreCase) || text.Contains("looking", StringComparison.OrdinalIgnoreCase) ? ZkPhase.Election
        : ZkPhase.None;

    internal static bool IsSnapshot(string text) => text.Contains("synchronization - snap", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a zxid as ZooKeeper prints it: <c>0x100000002</c>; null when it is not one.</summary>
    internal static ulong? Zxid(string? text) =>
        text is not null && text.StartsWith("0x", StringComparison.Ordinal) && ulong.TryParse(text.AsSpan(2).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var zxid)
            ? zxid
            : null;

    internal static string Zxid(ulong zxid) => $"0x{zxid.ToString("x", CultureInfo.InvariantCulture)}";

    /// <summary>Makes foreign words fit for a message: printable, and not long.</summary>
    internal static string Clean(string text) => new string([.. text.Take(200).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c)]).Trim();
}

using System.Globalization;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>What the four-letter words <c>srvr</c>, <c>mntr</c> and <c>conf</c> amount to.</summary>
internal static class WordAnswers
{
    /// <summary>Judges one answer before it is read: not in the whitelist, or not ZooKeeper's at all.</summary>
    /// <returns>Why it cannot be used; null when it can (also when the server says that it does not serve).</returns>
    internal static ZkFailure? Problem(string where, string word, string text)
    {
        if (ZkText.IsNotWhitelisted(text))
        {
            return new(ZkFailureKind.NotWhitelisted, $"{where} does not answer {word}: it is not in 4lw.commands.whitelist");
        }

        if (ZkText.IsNotServing(text) || text.StartsWith("null", StringComparison.Ordinal))
        {
            return null;
        }

        var isOurs = word switch
        {
            "srvr" => text.Contains("\nMode: ", StringComparison.Ordinal),
            "mntr" => text.Contains("zk_version\t", StringComparison.Ordinal) || text.Contains("zk_server_state\t", StringComparison.Ordinal),
            _ => text.Contains("clientPort=", StringComparison.Ordinal) || text.Contains("serverId=", StringComparison.Ordinal),
        };
        var hint = text.StartsWith("HTTP/", StringComparison.Ordinal) ? " (it speaks HTTP: is it the AdminServer's port?)"
            : text.Length > 0 && text[0] is '\x15' or '\x16' ? " (it expects TLS: add tls to the gate)" : "";
        return isOurs ? null : new(ZkFailureKind.NotZooKeeper, $"{where} did not answer {word} as ZooKeeper would{hint}");
    }

    /// <summary>Puts the answers together; one that is missing is null.</summary>
    /// <returns>Null when they tell nothing.</returns>
    internal static ZkState? State(string? srvr, string? mntr, string? conf)
    {
        if (srvr is null && mntr is null)
        {
            return null;
        }

        if ((srvr is not null && ZkText.IsNotServing(srvr)) || (mntr is not null && ZkText.IsNotServing(mntr)))
        {
            return new ZkState { IsServing = false };
        }

        var lines = Pairs(srvr, ':');
        var monitor = Pairs(mntr, '\t');
        var peer = monitor.GetValueOrDefault("zk_peer_state", "");
        var mode = ZkText.Mode(monitor.GetValueOrDefault("zk_server_state", lines.GetValueOrDefault("Mode", "")));
        return new ZkState
        {
            IsServing = mode is not ZkMode.None,
            Mode = mode,
            Phase = ZkText.Phase(peer),
            IsTakingSnapshot = ZkText.IsSnapshot(peer),
            ServerId = ServerId(conf),
            Zxid = ZkText.Zxid(lines.GetValueOrDefault("Zxid")),
            Version = ZkText.Clean(monitor.GetValueOrDefault("zk_version", lines.GetValueOrDefault("Zookeeper version", ""))),
            SyncedFollowers = Number(monitor, "zk_synced_followers"),
            SyncedNonVoting = Number(monitor, "zk_synced_non_voting_followers"),
            Learners = Number(monitor, "zk_learners"),
            PendingSyncs = Number(monitor, "zk_pending_syncs"),
            Outstanding = Number(monitor, "zk_outstanding_requests") ?? Number(lines, "Outstanding"),
        };
    }

    /// <summary>Reads the server's id off <c>conf</c>; null where it is not told.</summary>
    internal static long? ServerId(string? conf) => Number(Pairs(conf, '='), "serverId");

    private static Dictionary<string, string> Pairs(string? text, char separator)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text?.Split('\n') ?? [])
        {
            var at = line.IndexOf(separator, StringComparison.Ordinal);
            if (at > 0)
            {
                found.TryAdd(line[..at].Trim(), line[(at + 1)..].Trim());
            }
        }

        return found;
    }

    /// <summary>Some releases write whole numbers as 2.0.</summary>
    private static long? Number(Dictionary<string, string> from, string name) =>
        from.GetValueOrDefault(name) is { } text && double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && Math.Abs(number) < 1e15 ? (long)number : null;
}

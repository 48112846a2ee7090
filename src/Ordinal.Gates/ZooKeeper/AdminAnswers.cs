using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>
/// What the AdminServer's commands amount to. Status codes say little there: a server without a quorum answers 200 with an <c>error</c>,
/// and <c>monitor</c> answers 500 in HTML (3.8.0). So bodies are read, and one command that fails leaves the others' facts.
/// </summary>
internal static class AdminAnswers
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16 };

    /// <summary>Reads one answer's body.</summary>
    /// <returns>Its members, or why it is none. A server that does not serve is not a failure: it says <c>error</c>.</returns>
    internal static ZkResult<AdminAnswer> Read(string where, string command, int status, ReadOnlyMemory<byte> body)
    {
        switch (status)
        {
            case 401 or 403:
                return new ZkFailure(ZkFailureKind.AccessDenied, $"{where} refused {command} with HTTP {status}");
            case 502 or 503 or 504:
                return new ZkFailure(ZkFailureKind.Unreachable, $"{where} answered {command} with HTTP {status}");
            case 500:
                return new ZkFailure(ZkFailureKind.Refused, $"{where} failed at {command} (HTTP 500)");
            case not 200:
                return new ZkFailure(ZkFailureKind.NotZooKeeper, $"{where} answered {command} with HTTP {status}, which ZooKeeper's AdminServer would not");
        }

        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            var root = document.RootElement;
            if (root.ValueKind is not JsonValueKind.Object || !root.TryGetProperty("command", out _) || !root.TryGetProperty("error", out var error))
            {
                return new ZkFailure(ZkFailureKind.NotZooKeeper, $"{where} answered {command} in JSON that is not an AdminServer's");
            }

            return new AdminAnswer(root.Clone(), error.ValueKind is JsonValueKind.String ? error.GetString() ?? "" : "");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new ZkFailure(ZkFailureKind.NotZooKeeper, $"{where} did not answer {command} in JSON");
        }
    }

    /// <summary>Puts the four commands' answers together; a missing one is null.</summary>
    /// <returns>Null when they tell nothing.</returns>
    internal static ZkState? State(AdminAnswer? leader, AdminAnswer? zab, AdminAnswer? monitor)
    {
        if (leader is null && monitor is null)
        {
            return null;
        }

        if ((leader?.IsNotServing ?? false) || (monitor?.IsNotServing ?? false))
        {
            return new ZkState { IsServing = false, Phase = ZkText.Phase(zab?.Text("zabstate") ?? "") };
        }

        var isTold = leader is { Error.Length: 0 } || monitor is { Error.Length: 0 };
        if (!isTold)
        {
            return null;
        }

        var peer = monitor?.Text("peer_state") ?? "";
        var mode = ZkText.Mode(monitor?.Text("server_state") ?? "");
        var leads = leader?.Flag("is_leader");
        return new ZkState
        {
            IsServing = true,
            Mode = mode is not ZkMode.None ? mode : leads is true ? ZkMode.Leader : leads is false ? ZkMode.Follower : ZkMode.None,
            Phase = zab?.Text("zabstate") is { Length: > 0 } phase ? ZkText.Phase(phase) : ZkText.Phase(peer),
            IsTakingSnapshot = ZkText.IsSnapshot(peer),
            ServerId = zab?.Number("myid"),
            LeaderId = leader?.Number("leader_id"),
            IsVoting = zab is { Error.Length: 0 } ? zab.Flag("voting") : null,
            Zxid = ZkText.Zxid(zab?.Text("last_zxid")),
            Version = ZkText.Clean(monitor?.Text("version") ?? ""),
            SyncedFollowers = monitor?.Number("synced_followers"),
            SyncedNonVoting = monitor?.Number("synced_non_voting_followers"),
            Learners = monitor?.Number("learners"),
            PendingSyncs = monitor?.Number("pending_syncs"),
            Outstanding = monitor?.Number("outstanding_requests"),
        };
    }

    /// <summary>Reads <c>voting_view</c>: voters only; null when it tells none.</summary>
    internal static ZkMembership? Members(AdminAnswer? view)
    {
        if (view is null || !view.Body.TryGetProperty("current_config", out var config) || config.ValueKind is not JsonValueKind.Object)
        {
            return null;
        }

        var servers = ImmutableArray.CreateBuilder<ZkServer>();
        foreach (var entry in config.EnumerateObject().Take(256))
        {
            if (!long.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || entry.Value.ValueKind is not JsonValueKind.Object)
            {
                return null;
            }

            var hosts = entry.Value.TryGetProperty("server_addresses", out var addresses) && addresses.ValueKind is JsonValueKind.Array
                ? addresses.EnumerateArray().Take(8).Where(a => a.ValueKind is JsonValueKind.String).Select(a => ZkMembership.HostOf(a.GetString()!)).Where(h => h.Length > 0)
                : [];
            servers.Add(new ZkServer(id, [.. hosts], IsVoter: true));
        }

        return servers.Count == 0 ? null : new ZkMembership([.. servers.OrderBy(s => s.Id)], null, false, false);
    }
}

/// <summary>One answer of the AdminServer.</summary>
/// <param name="Body">The whole object.</param>
/// <param name="Error">Its <c>error</c>; empty for none.</param>
internal sealed record AdminAnswer(JsonElement Body, string Error)
{
    internal bool IsNotServing => ZkText.IsNotServing(Error);

    internal string? Text(string name) => Body.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    internal bool? Flag(string name) => Body.TryGetProperty(name, out var value) ? value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    } : null;

    internal long? Number(string name) => Body.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;
}

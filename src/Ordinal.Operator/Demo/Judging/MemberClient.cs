using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>What one member says of itself.</summary>
/// <param name="MemberId">Its id.</param>
/// <param name="LeaderId">The id of the member that it follows, its own when it leads; 0 when it knows none.</param>
/// <param name="Term">Its raft term.</param>
public readonly record struct MemberStatus(ulong MemberId, ulong LeaderId, ulong Term);

/// <summary>One page of a range read.</summary>
/// <param name="Revision">The store's revision that was read.</param>
/// <param name="Pairs">Keys and values, ascending by key.</param>
/// <param name="HasMore">True when there are keys behind the last one.</param>
public sealed record RangePage(long Revision, IReadOnlyList<KeyValuePair<string, string>> Pairs, bool HasMore);

/// <summary>
/// Talks to exactly one etcd member over its JSON gateway. The judge's own: it shares nothing with the gate whose work it judges.
/// No method retries; each throws <see cref="HttpRequestException"/> when the member refuses or cannot be reached,
/// and <see cref="OperationCanceledException"/> when the token ends first.
/// </summary>
public sealed class MemberClient : IMember
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private readonly HttpClient _http;

    /// <summary>Creates a client. It connects when it is first used.</summary>
    /// <param name="name">The member's name, for messages.</param>
    /// <param name="endpoint">The client URL, e.g. <c>http://127.3.4.10:2379</c>.</param>
    public MemberClient(string name, Uri endpoint)
    {
        Name = name;
        Endpoint = endpoint;
        // No proxy: a member is on loopback. Idle connections go soon, because a restarted member has closed them.
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(2) })
        {
            BaseAddress = endpoint,
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public string Name { get; }

    public Uri Endpoint { get; }

    /// <inheritdoc/>
    public string ListenWord => "--listen-client-urls=" + Endpoint.GetLeftPart(UriPartial.Authority);

    /// <summary>Writes one key.</summary>
    public Task PutAsync(string key, string value, CancellationToken cancellationToken) =>
        SendAsync("/v3/kv/put", new JsonObject { ["key"] = Encode(key), ["value"] = Encode(value) }, cancellationToken);

    /// <summary>Makes one linearizable read: it succeeds only when a majority of the members takes part.</summary>
    public Task ReadLinearizablyAsync(CancellationToken cancellationToken) =>
        SendAsync("/v3/kv/range", new JsonObject { ["key"] = Encode("/"), ["limit"] = "1", ["keys_only"] = true }, cancellationToken);

    /// <summary>Reads keys from <paramref name="from"/> (inclusive) to <paramref name="end"/> (exclusive), linearizably.</summary>
    /// <param name="revision">The revision to read; 0 for the newest.</param>
    public async Task<RangePage> RangeAsync(string from, string end, int limit, long revision, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["key"] = Encode(from),
            ["range_end"] = Encode(end),
            ["limit"] = limit.ToString(CultureInfo.InvariantCulture),
            ["revision"] = revision.ToString(CultureInfo.InvariantCulture),
        };
        using var answer = await SendAsync("/v3/kv/range", body, cancellationToken);
        var root = answer.RootElement;
        var pairs = new List<KeyValuePair<string, string>>();
        if (root.TryGetProperty("kvs", out var kvs))
        {
            foreach (var kv in kvs.EnumerateArray())
            {
                pairs.Add(new(Decode(kv, "key"), Decode(kv, "value")));
            }
        }

        return new RangePage((long)Number(root.GetProperty("header"), "revision"), pairs, root.TryGetProperty("more", out var more) && more.GetBoolean());
    }

    /// <summary>Asks the member how it is; answered without the other members.</summary>
    public async Task<MemberStatus> StatusAsync(CancellationToken cancellationToken)
    {
        using var answer = await SendAsync("/v3/maintenance/status", [], cancellationToken);
        var root = answer.RootElement;
        // The gateway leaves out what is zero: a member without a leader has no "leader".
        return new MemberStatus(Number(root.GetProperty("header"), "member_id"), Number(root, "leader"), Number(root, "raftTerm"));
    }

    /// <summary>Moves leadership; only the leader itself does that.</summary>
    public Task MoveLeaderAsync(ulong toMember, CancellationToken cancellationToken) =>
        SendAsync("/v3/maintenance/transfer-leadership", new JsonObject { ["targetID"] = toMember.ToString(CultureInfo.InvariantCulture) }, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Decode(JsonElement pair, string name) =>
        pair.TryGetProperty(name, out var value) ? Encoding.UTF8.GetString(value.GetBytesFromBase64()) : "";

    /// <summary>The gateway writes 64-bit numbers as strings.</summary>
    private static ulong Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? ulong.Parse(value.GetString() ?? "0", CultureInfo.InvariantCulture) : 0;

    private async Task<JsonDocument> SendAsync(string path, JsonObject body, CancellationToken cancellationToken)
    {
        using var content = new StringContent(body.ToJsonString(), Json);
        using var response = await _http.PostAsync(new Uri(path, UriKind.Relative), content, cancellationToken);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"{Name}: {path} answered {(int)response.StatusCode}: {Encoding.UTF8.GetString(bytes)}", null, response.StatusCode);
        }

        try
        {
            return JsonDocument.Parse(bytes);
        }
        catch (JsonException e)
        {
            throw new HttpRequestException($"{Name}: {path} answered something that is not JSON", e);
        }
    }
}

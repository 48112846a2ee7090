using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Workloads.Wire;

namespace Ordinal.ControlPlane.Workloads.Quorum;

/// <summary>
/// The JSON gateway of etcd 3.5: status, members, alarms, moving leadership, and keys that can be put and read. What goes through the quorum waits
/// for it, and gives up as etcd does. Of gRPC itself it speaks <see cref="EtcdHashKv"/>. No watches, no leases.
/// </summary>
internal sealed class EtcdProtocol : IQuorumProtocol
{
    private const ulong ClusterId = 0xcdf818194e3a8c32;
    private const string Version = "3.5.21";

    /// <summary>etcd gives a request 5 s and two election timeouts.</summary>
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(7);

    private readonly EtcdHashKv hashes = new();
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, (string Value, long Revision)> keys = new(StringComparer.Ordinal);

    public int DefaultPort => 2379;

    public bool HandsOver => true;

    /// <summary>As etcd does: its peers believe that it has what it acknowledged, and what they send does not follow on what it has.</summary>
    public string? DiesWithoutData => "tocommit is out of range [lastIndex(0)]. Was the raft log corrupted, truncated, or lost?";

    public IReadOnlyList<IAsyncDisposable> Listen(QuorumCluster cluster, QuorumMember member, IPAddress address, int port)
    {
        var grpc = new SmallGrpc(async (path, message, deadline) =>
        {
            await member.GoingOnAsync(deadline);
            return hashes.Answer(path, message, cluster.View(member), member.IsCorrupt);
        });
        return
        [
            new SmallServer(address, port, async (stream, token) => await (await SmallGrpc.IsSpokenAsync(stream, token)
                ? grpc.TalkAsync(stream, token)
                : SmallHttp.TalkAsync(stream, (asked, deadline) => AnswerAsync(cluster, member, asked, deadline), token))),
            grpc,
        ];
    }

    private async Task<HttpSaid> AnswerAsync(QuorumCluster cluster, QuorumMember member, HttpAsked asked, CancellationToken cancellationToken)
    {
        await member.GoingOnAsync(cancellationToken);
        try
        {
            return await RouteAsync(cluster, member, asked, cancellationToken);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return Failed(400, 3, "bad request");
        }
    }

    private async Task<HttpSaid> RouteAsync(QuorumCluster cluster, QuorumMember member, HttpAsked asked, CancellationToken cancellationToken)
    {
        switch (asked.Path)
        {
            case "/v3/maintenance/status":
                return Said(Status(cluster.View(member)));
            case "/v3/cluster/member/list":
                return Said(Members(cluster.Options, cluster.View(member)));
            case "/health":
                return cluster.View(member).IsServing ? new(200, """{"health":"true"}""") : new(503, """{"health":"false"}""");
        }

        var body = JsonNode.Parse(asked.Body.Length == 0 ? "{}"u8.ToArray() : asked.Body)!.AsObject();
        if (asked.Path == "/v3/maintenance/transfer-leadership")
        {
            var target = ulong.Parse((string)body["targetID"]!, CultureInfo.InvariantCulture) - IdOf(0);
            return cluster.Transfer(member, (int)Math.Min(target, int.MaxValue)) ? Said(Header(cluster.View(member))) : Failed(400, 9, "etcdserver: not leader");
        }

        Func<HttpSaid?>? act = asked.Path switch
        {
            "/v3/maintenance/alarm" => () => Said(Header(cluster.View(member))),
            "/v3/kv/range" => () => Said(Range(cluster.View(member), body)),
            "/v3/kv/put" => () => Put(cluster, member, body),
            _ => null,
        };
        if (act is null)
        {
            return new(404, "404 page not found\n", "text/plain");
        }

        return await cluster.ServesAsync(member, RequestTimeout, cancellationToken) && act() is { } said ? said : Failed(503, 14, "etcdserver: request timed out");
    }

    private static JsonObject Header(QuorumView view) => new()
    {
        ["header"] = new JsonObject { ["cluster_id"] = Text(ClusterId), ["member_id"] = Text(IdOf(view.Ordinal)), ["revision"] = Text((ulong)view.Applied), ["raft_term"] = Text((ulong)view.Term) },
    };

    private static JsonObject Status(QuorumView view)
    {
        var status = Header(view);
        status["version"] = Version;
        (status["dbSize"], status["dbSizeInUse"]) = ("1048576", "524288");
        (status["raftTerm"], status["raftIndex"], status["raftAppliedIndex"]) = (Text((ulong)view.Term), Text((ulong)view.Applied), Text((ulong)view.Applied));

        // The gateway leaves out what is zero.
        if (view.Leader >= 0)
        {
            status["leader"] = Text(IdOf(view.Leader));
        }
        else
        {
            status["errors"] = new JsonArray("etcdserver: no leader");
        }

        return status;
    }

    private static JsonObject Members(QuorumOptions options, QuorumView view)
    {
        var list = Header(view);
        list["members"] = new JsonArray([.. Enumerable.Range(0, options.Size).Select(i => (JsonNode)new JsonObject
        {
            ["ID"] = Text(IdOf(i)),
            ["name"] = $"{options.Name}-{i.ToString(CultureInfo.InvariantCulture)}",
            ["peerURLs"] = new JsonArray($"http://{options.HostOf(i)}:2380"),
            ["clientURLs"] = new JsonArray($"http://{options.HostOf(i)}:2379"),
        })]);
        return list;
    }

    private HttpSaid? Put(QuorumCluster cluster, QuorumMember member, JsonObject body)
    {
        var (key, value) = (Decode(body, "key"), Decode(body, "value"));
        var place = cluster.Write(member, revision =>
        {
            lock (gate)
            {
                keys[key] = (value, revision);
            }

            hashes.Add(key, value, revision);
        });
        return place == 0 ? null : Said(Header(cluster.View(member)));
    }

    private JsonObject Range(QuorumView view, JsonObject body)
    {
        var (from, end) = (Decode(body, "key"), Decode(body, "range_end"));
        var limit = body["limit"] is { } text ? int.Parse((string)text!, CultureInfo.InvariantCulture) : 0;
        List<KeyValuePair<string, (string Value, long Revision)>> found;
        lock (gate)
        {
            found = [.. keys.Where(k => end.Length == 0 ? k.Key == from : string.CompareOrdinal(k.Key, from) >= 0 && (end == "\0" || string.CompareOrdinal(k.Key, end) < 0))];
        }

        var some = limit > 0 ? found.Take(limit) : found;
        var answer = Header(view);
        answer["kvs"] = new JsonArray([.. some.Select(k => (JsonNode)new JsonObject { ["key"] = Encode(k.Key), ["value"] = Encode(k.Value.Value), ["mod_revision"] = Text((ulong)k.Value.Revision) })]);
        answer["more"] = limit > 0 && found.Count > limit;
        answer["count"] = Text((ulong)found.Count);
        return answer;
    }

    private static ulong IdOf(int ordinal) => 0x8e9e05c52164694d + (ulong)ordinal;

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Decode(JsonObject body, string name) => body[name] is { } text ? Encoding.UTF8.GetString(Convert.FromBase64String((string)text!)) : "";

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static HttpSaid Said(JsonObject body) => new(200, body.ToJsonString());

    private static HttpSaid Failed(int status, int code, string message) => new(status, new JsonObject { ["error"] = message, ["code"] = code, ["message"] = message }.ToJsonString());
}

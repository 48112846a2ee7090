using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Workloads.Wire;

namespace Ordinal.ControlPlane.Workloads.Quorum;

/// <summary>
/// ZooKeeper's four-letter words on the client port and its AdminServer on 8080, as 3.8 was seen to answer, traps included. It opens no sessions:
/// nothing can be stored.
/// </summary>
internal sealed class ZooKeeperProtocol : IQuorumProtocol
{
    private const int AdminPort = 8080;
    private const string NotServing = "This ZooKeeper instance is not currently serving requests";
    private const string Version = "3.8.0-simulated, built on 2022-02-25 08:49 UTC";

    public int DefaultPort => 2181;

    public bool HandsOver => false;

    public string? DiesWithoutData => null;

    public IReadOnlyList<IAsyncDisposable> Listen(QuorumCluster cluster, QuorumMember member, IPAddress address, int port)
    {
        var words = new SmallServer(address, port, async (stream, token) =>
        {
            var word = new byte[4];
            await stream.ReadExactlyAsync(word, token);
            await member.GoingOnAsync(token);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(Word(cluster.Options, cluster.View(member), Encoding.ASCII.GetString(word))), token);
        });
        try
        {
            return
            [
                words,
                new SmallServer(address, port == 0 ? 0 : AdminPort, (stream, token) => SmallHttp.TalkAsync(
                    stream,
                    async (asked, deadline) =>
                    {
                        await member.GoingOnAsync(deadline);
                        return Admin(cluster.Options, cluster.View(member), asked.Path);
                    },
                    token)),
            ];
        }
        catch
        {
            _ = words.DisposeAsync().AsTask();
            throw;
        }
    }

    private static string Word(QuorumOptions options, QuorumView view, string word) => word switch
    {
        // It knows nothing of a quorum.
        "ruok" => "imok",
        "conf" => $"clientPort=2181\ntickTime=2000\nserverId={Id(view.Ordinal)}\nmembership: \n{Membership(options)}version=0",
        "isro" => view.IsServing ? "rw" : "null",
        "srvr" or "mntr" when !view.IsServing => NotServing + "\n",
        "srvr" => $"Zookeeper version: {Version}\nLatency min/avg/max: 0/0.0/0\nReceived: 1\nSent: 1\nConnections: 1\nOutstanding: 0\nZxid: {Zxid(view)}\nMode: {Mode(view)}\nNode count: 5\n",
        "mntr" => $"zk_version\t{Version}\nzk_server_state\t{Mode(view)}\nzk_peer_state\t{Peer(view)}\nzk_outstanding_requests\t0\n"
            + (view.Phase is QuorumPhase.Leading
                ? string.Create(CultureInfo.InvariantCulture, $"zk_learners\t{view.Followers.Length + view.Joining.Length}\nzk_synced_followers\t{view.Followers.Length}\nzk_synced_non_voting_followers\t0\nzk_pending_syncs\t0\n")
                : ""),
        _ => $"{word} is not executed because it is not in the whitelist.\n",
    };

    private static HttpSaid Admin(QuorumOptions options, QuorumView view, string path)
    {
        var command = path[(path.LastIndexOf('/') + 1)..];
        JsonObject? body = command switch
        {
            "leader" => new() { ["is_leader"] = view.Phase is QuorumPhase.Leading, ["leader_id"] = Id(view.Leader), ["leader_ip"] = view.Leader < 0 ? "" : options.HostOf(view.Leader) },
            "zabstate" => new() { ["myid"] = Id(view.Ordinal), ["voting"] = view.IsServing, ["last_zxid"] = Zxid(view), ["zab_epoch"] = view.Term, ["zabstate"] = Zab(view) },
            "monitor" => Monitor(view),
            "voting_view" => new()
            {
                ["current_config"] = new JsonObject(Enumerable.Range(0, options.Size).Select(i => KeyValuePair.Create(
                    Id(i).ToString(CultureInfo.InvariantCulture), (JsonNode?)new JsonObject { ["server_addresses"] = new JsonArray($"{options.HostOf(i)}:2888"), ["learner_type"] = "PARTICIPANT" }))),
            },
            "ruok" => [],
            _ => null,
        };
        if (body is null)
        {
            return new(404, "<html><body><h2>HTTP ERROR 404 Not Found</h2></body></html>", "text/html");
        }

        // As 3.8.0 does: one command fails over what is not there, one says nothing, and all others answer 200.
        if (command == "monitor" && !view.IsServing)
        {
            return new(500, "<html><body><h2>HTTP ERROR 500 java.lang.NullPointerException</h2></body></html>", "text/html");
        }

        var answer = view.IsServing || command == "zabstate" ? body : [];
        (answer["command"], answer["error"]) = (command, view.IsServing || command == "zabstate" ? null : NotServing);
        return new(200, answer.ToJsonString());
    }

    private static JsonObject Monitor(QuorumView view)
    {
        var monitor = new JsonObject { ["version"] = Version, ["server_state"] = Mode(view), ["peer_state"] = Peer(view), ["outstanding_requests"] = 0 };
        if (view.Phase is QuorumPhase.Leading)
        {
            monitor["learners"] = view.Followers.Length + view.Joining.Length;
            monitor["synced_followers"] = view.Followers.Length;
            monitor["synced_non_voting_followers"] = 0;
            monitor["pending_syncs"] = 0;
        }

        return monitor;
    }

    private static string Membership(QuorumOptions options) =>
        string.Concat(Enumerable.Range(0, options.Size).Select(i => $"server.{Id(i)}={options.HostOf(i)}:2888:3888:participant\n"));

    /// <summary>A server's id is never 0.</summary>
    private static int Id(int ordinal) => ordinal + 1;

    private static string Mode(QuorumView view) => view.Phase is QuorumPhase.Leading ? "leader" : "follower";

    private static string Peer(QuorumView view) => view.Phase is QuorumPhase.Leading ? "leading - broadcast" : "following - broadcast";

    private static string Zab(QuorumView view) => view.Phase switch
    {
        QuorumPhase.Looking => "",
        QuorumPhase.Synchronizing => "synchronization",
        QuorumPhase.Following or QuorumPhase.Leading => "broadcast",
    };

    private static string Zxid(QuorumView view) => string.Create(CultureInfo.InvariantCulture, $"0x{(view.Term << 32) | (view.Applied & 0xffffffff):x}");
}

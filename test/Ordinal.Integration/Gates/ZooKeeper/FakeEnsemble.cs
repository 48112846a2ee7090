using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.ControlPlane.Nodes.Network;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Gates.ZooKeeper;

namespace Ordinal.Integration.Gates.ZooKeeper;

/// <summary>Servers on a loopback net of their own, zk-0 and so on, that answer as a healthy ensemble would until the test says otherwise.</summary>
internal sealed class FakeEnsemble : IAsyncDisposable
{
    internal const string NotServing = "This ZooKeeper instance is not currently serving requests";

    private readonly LoopbackNet net = LoopbackNet.Claim();
    private readonly int leader;
    private IGate gate;

    internal FakeEnsemble(int servers, int leader = 0)
    {
        this.leader = leader;
        Servers = [.. Enumerable.Range(0, servers).Select(i => new FakeZkServer(IPAddress.Parse(Address(i))))];
        for (var i = 0; i < servers; i++)
        {
            var ordinal = i;
            Servers[i].Admin = command => (200, Admin(ordinal, command));
            Servers[i].Words = word => Word(ordinal, word);
            Servers[i].Nodes["/zookeeper/config"] = System.Text.Encoding.UTF8.GetBytes(Config + "version=100000000");
        }

        gate = null!;
        Configure(new ZooKeeperGateOptions { RequestTimeout = TimeSpan.FromSeconds(20) });
    }

    internal IReadOnlyList<FakeZkServer> Servers { get; }

    /// <summary>Gets the facts that a test changes before it asks: by server and name, e.g. <c>0/synced_followers</c>.</summary>
    internal Dictionary<string, string> Facts { get; } = [];

    /// <summary>Gets the pods that are not Ready.</summary>
    internal HashSet<int> Unready { get; } = [];

    internal string Config => string.Concat(Enumerable.Range(0, Servers.Count).Select(i => $"server.{i + 1}={Address(i)}:2888:3888:participant;{Address(i)}:2181\n"));

    internal string Address(int ordinal) => net.Address(HostParts.Lowest + ordinal);

    internal void Configure(ZooKeeperGateOptions options, ZkSecrets? secrets = null)
    {
        gate?.Dispose();
        gate = new ZooKeeperGateFactory(TimeProvider.System).Create(options, secrets ?? ZkSecrets.None);
    }

    internal Task<GateReport> MayStopAsync(int ordinal) => AskAsync(GatePhase.BeforePod, ordinal, "new");

    internal Task<GateReport> IsBackAsync(int ordinal) => AskAsync(GatePhase.AfterPod, ordinal, "old");

    public async ValueTask DisposeAsync()
    {
        gate.Dispose();
        foreach (var server in Servers)
        {
            await server.DisposeAsync();
        }

        net.Dispose();
    }

    /// <summary>Answers a four-letter word as 3.8.0 does.</summary>
    internal string Word(int ordinal, string word) => word switch
    {
        "srvr" => $"Zookeeper version: 3.8.0, built on 2024\nLatency min/avg/max: 0/0.0/0\nOutstanding: 0\nZxid: {Fact(ordinal, "zxid", "0x100000010")}\nMode: {Fact(ordinal, "mode", Mode(ordinal))}\nNode count: 5\n",
        "mntr" => $"zk_version\t3.8.0\nzk_server_state\t{Fact(ordinal, "mode", Mode(ordinal))}\nzk_peer_state\t{(ordinal == leader ? "leading" : "following")} - {Fact(ordinal, "phase", "broadcast")}\nzk_outstanding_requests\t0\n"
            + (ordinal == leader ? $"zk_synced_followers\t{Synced(ordinal)}\nzk_synced_non_voting_followers\t0\nzk_learners\t{Servers.Count - 1}\nzk_pending_syncs\t0\n" : ""),
        "conf" => $"clientPort=2181\nserverId={ordinal + 1}\nmembership: \n{Config}version=100000000",
        _ => $"{word} is not executed because it is not in the whitelist.\n",
    };

    /// <summary>Answers a command of the AdminServer as 3.8.0 does.</summary>
    internal string Admin(int ordinal, string command)
    {
        JsonObject body = command switch
        {
            "leader" => new() { ["is_leader"] = ordinal == leader, ["leader_id"] = int.Parse(Fact(ordinal, "leader_id", $"{leader + 1}"), CultureInfo.InvariantCulture), ["leader_ip"] = Address(leader) },
            "zabstate" => new() { ["myid"] = ordinal + 1, ["voting"] = true, ["last_zxid"] = Fact(ordinal, "zxid", "0x100000010"), ["zabstate"] = Fact(ordinal, "phase", "broadcast") },
            "monitor" => new() { ["version"] = "3.8.0", ["server_state"] = Fact(ordinal, "mode", Mode(ordinal)), ["peer_state"] = $"x - {Fact(ordinal, "phase", "broadcast")}", ["outstanding_requests"] = 0 },
            "voting_view" => new() { ["current_config"] = new JsonObject(Enumerable.Range(0, Servers.Count).Select(i => KeyValuePair.Create($"{i + 1}", (JsonNode?)new JsonObject { ["server_addresses"] = new JsonArray($"{Address(i)}:2888") }))) },
            _ => [],
        };
        if (command == "monitor" && ordinal == leader)
        {
            body["synced_followers"] = int.Parse(Synced(ordinal), CultureInfo.InvariantCulture);
            body["synced_non_voting_followers"] = 0;
            body["learners"] = Servers.Count - 1;
            body["pending_syncs"] = 0;
        }

        body["command"] = command;
        body["error"] = null;
        return body.ToJsonString();
    }

    private string Mode(int ordinal) => ordinal == leader ? "leader" : "follower";

    private string Synced(int ordinal) => Fact(ordinal, "synced_followers", $"{Servers.Count - 1}");

    private string Fact(int ordinal, string name, string otherwise) => Facts.GetValueOrDefault($"{ordinal}/{name}", otherwise);

    private async Task<GateReport> AskAsync(GatePhase phase, int ordinal, string revision)
    {
        var context = new GateContext
        {
            WorkloadUid = "w",
            Namespace = "prod",
            Name = "zk",
            Service = "zk",
            Pods =
            [
                .. Enumerable.Range(0, Servers.Count).Select(i => new GateTarget
                {
                    Pod = $"zk-{i}",
                    Uid = $"uid-{i}",
                    Ordinal = i,
                    Revision = "old",
                    Address = Address(i),
                    IsReady = !Unready.Contains(i),
                }),
            ],
            Gates = [new GateBinding(new GatePolicy { Name = "zk", Type = "ZooKeeper" }, gate)],
        };
        var keeper = new GateKeeper(TimeProvider.System, NullLogger<GateKeeper>.Instance);
        return (await keeper.AskAsync(context, [new GateQuestion("zk", phase, [$"uid-{ordinal}"], revision)], CancellationToken.None)).Single();
    }
}

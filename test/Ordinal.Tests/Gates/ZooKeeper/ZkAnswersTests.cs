using System.Text;
using NUnit.Framework;
using Ordinal.Gates.ZooKeeper;
using Ordinal.Gates.ZooKeeper.Jute;

namespace Ordinal.Tests.Gates.ZooKeeper;

/// <summary>What servers say, read. The texts are ZooKeeper 3.8.0's own, recorded.</summary>
public sealed class ZkAnswersTests
{
    private const string NotServing = "This ZooKeeper instance is not currently serving requests\n";

    private const string Conf = """
        clientPort=2181
        secureClientPort=-1
        tickTime=500
        serverId=3
        initLimit=20
        peerType=0
        membership: 
        server.1=127.77.7.11:2888:3888:participant;127.77.7.11:2181
        server.2=zk-1.zk.prod.svc:2888:3888|zk-1b:2888:3888:participant;2181
        server.3=[::1]:2888:3888:observer;[::1]:2181
        version=100000000
        """;

    [Test]
    public void Four_letter_words_tell_mode_counts_and_identity()
    {
        const string Srvr = "Zookeeper version: 3.8.0, built on 2024-12-29 17:54 UTC\nLatency min/avg/max: 0/0.0/0\nOutstanding: 2\nZxid: 0x10000001f\nMode: leader\nNode count: 5\n";
        const string Mntr = "zk_version\t3.8.0, built on 2024-12-29\nzk_server_state\tleader\nzk_peer_state\tleading - broadcast\nzk_outstanding_requests\t7\nzk_synced_followers\t3\nzk_synced_non_voting_followers\t1\nzk_learners\t3\nzk_pending_syncs\t0\n";
        var state = WordAnswers.State(Srvr, Mntr, Conf)!;
        Assert.That(state, Is.EqualTo(new ZkState
        {
            IsServing = true,
            Mode = ZkMode.Leader,
            Phase = ZkPhase.Broadcast,
            ServerId = 3,
            Zxid = 0x10000001f,
            Version = "3.8.0, built on 2024-12-29",
            SyncedFollowers = 3,
            SyncedNonVoting = 1,
            Learners = 3,
            PendingSyncs = 0,
            Outstanding = 7,
        }));
        Assert.That(state.SyncedVoters, Is.EqualTo(2), "ZK6");
        Assert.That(WordAnswers.State(Srvr, null, null), Has.Property("Mode").EqualTo(ZkMode.Leader).And.Property("Outstanding").EqualTo(2));
    }

    [Test]
    public void ZK1_not_serving_is_a_state_and_not_an_error()
    {
        Assert.That(WordAnswers.Problem("zk:2181", "mntr", NotServing), Is.Null);
        Assert.That(WordAnswers.State(NotServing, NotServing, null), Has.Property("IsServing").False);
    }

    [Test]
    public void ZK7_a_word_that_is_not_in_the_whitelist_is_said_so()
    {
        var problem = WordAnswers.Problem("zk:2181", "mntr", "mntr is not executed because it is not in the whitelist.\n")!;
        Assert.That((problem.Kind, problem.IsConfiguration), Is.EqualTo((ZkFailureKind.NotWhitelisted, true)));
    }

    [TestCase("HTTP/1.1 400 Bad Request\r\n", "it speaks HTTP")]
    [TestCase("\u0015\u0003\u0001", "it expects TLS")]
    [TestCase("hello", "as ZooKeeper would")]
    public void What_is_not_ZooKeeper_is_told_by_its_first_words(string text, string hint)
    {
        var problem = WordAnswers.Problem("zk:2181", "srvr", text)!;
        Assert.That(problem.Kind, Is.EqualTo(ZkFailureKind.NotZooKeeper));
        Assert.That(problem.Text, Does.Contain(hint));
    }

    [Test]
    public void ZK2_an_AdminServer_that_answers_200_with_an_error_does_not_serve()
    {
        var leader = Admin("""{"command":"leader","error":"This ZooKeeper instance is not currently serving requests"}""");
        var zab = Admin("""{"voting":false,"zabstate":"","command":"zabstate","error":null}""");
        Assert.That(AdminAnswers.State(leader, zab, null), Has.Property("IsServing").False);
    }

    [Test]
    public void ZK3_monitor_with_500_in_HTML_leaves_what_the_others_say()
    {
        var failed = AdminAnswers.Read("zk:8080", "monitor", 500, "<html><body>java.lang.NullPointerException</body></html>"u8.ToArray());
        Assert.That(failed.Failure!.Kind, Is.EqualTo(ZkFailureKind.Refused));
        var state = AdminAnswers.State(Admin("""{"is_leader":false,"leader_id":3,"leader_ip":"127.77.7.13","command":"leader","error":null}"""), Zab, null)!;
        Assert.That((state.Mode, state.LeaderId, state.ServerId, state.Zxid, state.IsVoting, state.Phase), Is.EqualTo((ZkMode.Follower, 3L, 2L, 0x10000001fUL, true, ZkPhase.Broadcast)));
    }

    [Test]
    public void An_AdminServer_tells_all_that_the_rule_needs()
    {
        var monitor = Admin("""
            {"version":"3.8.0, built on 2024","server_state":"leader","peer_state":"leading - broadcast","outstanding_requests":0,"synced_followers":2,
             "synced_non_voting_followers":0,"pending_syncs":0,"learners":2,"quorum_size":3,"command":"monitor","error":null}
            """);
        var state = AdminAnswers.State(Admin("""{"is_leader":true,"leader_id":3,"leader_ip":"h","command":"leader","error":null}"""), Zab, monitor)!;
        Assert.That((state.Mode, state.SyncedVoters, state.PendingSyncs, state.Learners), Is.EqualTo((ZkMode.Leader, 2L, 0L, 2L)));
        var members = AdminAnswers.Members(Admin("""
            {"current_config":{"1":{"server_addresses":["127.77.7.11:2888"],"election_addresses":["127.77.7.11:3888"],"client_address":"127.77.7.11:2181","learner_type":"participant"},
             "2":{"server_addresses":["[::1]:2888"]}},"command":"voting_view","error":null}
            """))!;
        Assert.That((members.Voters, members.Find(1)!.Hosts[0], members.Find(2)!.Hosts[0], members.HasObservers), Is.EqualTo(("1,2", "127.77.7.11", "::1", false)));
    }

    [TestCase(401, ZkFailureKind.AccessDenied)]
    [TestCase(403, ZkFailureKind.AccessDenied)]
    [TestCase(404, ZkFailureKind.NotZooKeeper)]
    [TestCase(301, ZkFailureKind.NotZooKeeper)]
    [TestCase(503, ZkFailureKind.Unreachable)]
    public void A_status_tells_configuration_from_what_passes(int status, ZkFailureKind kind) =>
        Assert.That(AdminAnswers.Read("zk:8080", "leader", status, "{}"u8.ToArray()).Failure!.Kind, Is.EqualTo(kind));

    [Test]
    public void An_unknown_command_of_an_old_AdminServer_tells_nothing() =>
        Assert.That(AdminAnswers.State(Admin("""{"command":"leader","error":"Unknown command: leader"}"""), null, null), Is.Null);

    [Test]
    public void A_configuration_is_read_with_observers_several_addresses_and_its_version()
    {
        var members = ZkMembership.Parse(Conf)!;
        Assert.That((members.Voters, members.Version, members.IsHierarchical, members.Find(3)!.IsVoter), Is.EqualTo(("1,2", 0x100000000UL, false, false)));
        Assert.That(members.Find(2)!.Hosts, Is.EqualTo(new[] { "zk-1.zk.prod.svc", "zk-1b" }));
        Assert.That(ZkMembership.Parse("server.1=a:1:2\ngroup.1=1\nweight.1=2")!.IsHierarchical, Is.True);
        Assert.That(ZkMembership.Parse(NotServing), Is.Null);
    }

    [TestCase("following - synchronization - snap", ZkPhase.Synchronization, true)]
    [TestCase("following - synchronization - diff", ZkPhase.Synchronization, false)]
    [TestCase("following - broadcast", ZkPhase.Broadcast, false)]
    [TestCase("leading - discovery", ZkPhase.Discovery, false)]
    [TestCase("looking", ZkPhase.Election, false)]
    public void Phases_are_read_off_the_peer_state(string text, ZkPhase phase, bool isSnapshot) =>
        Assert.That((ZkText.Phase(text), ZkText.IsSnapshot(text)), Is.EqualTo((phase, isSnapshot)));

    [Test]
    public void Frames_are_laid_out_as_the_protocol_has_them()
    {
        // create "/a" [01] with one ACL (all rights, world:anyone), ephemeral: as ZooKeeper.jute defines it.
        var frame = new JuteWriter().Int32(2).Int32(1).Text("/a").Buffer([1]).Int32(1).Int32(31).Text("world").Text("anyone").Int32(1).Frame();
        Assert.That(Convert.ToHexStringLower(frame), Is.EqualTo("00000032" + "00000002" + "00000001" + "000000022f61" + "0000000101" + "00000001" + "0000001f" + "00000005776f726c64" + "00000006616e796f6e65" + "00000001"));
        Assert.That(JuteSession.Granted(Convert.FromHexString("00000000" + "00000fa0" + "0100000000000001" + "00000010" + "00112233445566778899aabbccddeeff")), Is.EqualTo(4000));
        var (xid, error, body) = JuteSession.ReplyOf(Convert.FromHexString("00000003" + "000000010000001f" + "00000000" + "00000002" + "6869"));
        Assert.That((xid, error, Encoding.UTF8.GetString(JuteSession.DataOf(body))), Is.EqualTo((3, 0, "hi")));
    }

    private static AdminAnswer Zab => Admin("""{"myid":2,"is_leader":false,"voting":true,"last_zxid":"0x10000001f","zab_epoch":1,"zab_counter":31,"zabstate":"broadcast","command":"zabstate","error":null}""");

    private static AdminAnswer Admin(string body) => AdminAnswers.Read("zk:8080", "x", 200, Encoding.UTF8.GetBytes(body)).Value!;
}

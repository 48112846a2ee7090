using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.ZooKeeper;

namespace Ordinal.Integration.Gates.ZooKeeper;

/// <summary>The gate over sockets, against servers of our own that answer as 3.8.0 does. The catalogue's ids are in the names.</summary>
public sealed class ZkGateTests
{
    private static readonly ZooKeeperGateOptions Patient = new() { RequestTimeout = TimeSpan.FromSeconds(10) };

    [TestCase(ZkTransport.Auto)]
    [TestCase(ZkTransport.AdminServer)]
    [TestCase(ZkTransport.FourLetterWords)]
    public async Task A_healthy_ensemble_opens_on_every_way_of_asking(ZkTransport transport)
    {
        await using var ensemble = Start(5, Patient with { Transport = transport });
        var report = await ensemble.MayStopAsync(3);
        Expect(report, GateVerdict.Allow, ReasonCodes.GateOpen, "4 of 5 voters remain");
        Assert.That(report.Baseline, Is.EqualTo("v1 voters=1,2,3,4,5 zk-3=4"));
        Assert.That(report.Roles["zk-0"], Is.EqualTo(MemberRole.Leader));
        Expect(await ensemble.IsBackAsync(3), GateVerdict.Allow, ReasonCodes.GateOpen, "zk-3 is back");
        Assert.That(ensemble.Servers.Sum(s => s.SessionsOpened), Is.Zero, "ZK22: nothing that outlives the question");
    }

    [Test]
    public async Task ZK1_ZK2_an_ensemble_that_answers_200_with_an_error_serves_nobody()
    {
        await using var ensemble = Start(3, Patient);
        foreach (var server in ensemble.Servers)
        {
            // As seen on 3.8.0: zabstate says nothing is wrong, ruok would say imok, monitor fails in HTML.
            server.Admin = command => command switch
            {
                "zabstate" => (200, """{"voting":false,"zabstate":"","command":"zabstate","error":null}"""),
                "monitor" => (500, "<html><body><h2>HTTP ERROR 500 java.lang.NullPointerException</h2></body></html>"),
                _ => (200, $$"""{"command":"{{command}}","error":"{{FakeEnsemble.NotServing}}"}"""),
            };
            server.Words = word => word == "ruok" ? "imok" : FakeEnsemble.NotServing + "\n";
        }

        Expect(await ensemble.MayStopAsync(1), GateVerdict.Deny, ReasonCodes.ZkNotServing, "zk-0 (not serving)");
    }

    [Test]
    public async Task ZK3_a_monitor_that_fails_in_HTML_is_made_up_for_by_four_letter_words()
    {
        await using var ensemble = Start(3, Patient);
        ensemble.Servers[0].Admin = command => command == "monitor" ? (500, "<html>NPE</html>") : (200, ensemble.Admin(0, command));
        var report = await ensemble.MayStopAsync(1);
        Expect(report, GateVerdict.Allow, ReasonCodes.GateOpen);
        Assert.That(report.Warnings, Has.Some.StartsWith("ZkAdminServerUnusable: zk-0 was asked by four-letter words"));
    }

    [Test]
    public async Task ZK3_without_words_to_make_up_for_it_nobody_knows()
    {
        await using var ensemble = Start(3, Patient with { Transport = ZkTransport.AdminServer });
        ensemble.Servers[0].Admin = command => command == "monitor" ? (500, "<html>NPE</html>") : (200, ensemble.Admin(0, command));
        var report = await ensemble.MayStopAsync(1);
        Assert.That(report.Verdict, Is.Not.EqualTo(GateVerdict.Allow), report.Message);
        Assert.That(report.Message, Does.Contain("HTTP 500"));
    }

    [Test]
    public async Task ZK5_a_follower_in_synchronization_is_seen()
    {
        await using var ensemble = Start(5, Patient);
        ensemble.Facts["2/phase"] = "synchronization - snap";
        Expect(await ensemble.MayStopAsync(1), GateVerdict.Deny, ReasonCodes.ZkSnapshotInFlight, "zk-2", "a whole snapshot");
    }

    [Test]
    public async Task ZK7_a_word_that_is_not_in_the_whitelist_names_the_remedy()
    {
        await using var ensemble = Start(3, Patient);
        foreach (var (server, i) in ensemble.Servers.Select((s, i) => (s, i)))
        {
            server.Admin = _ => (404, "");
            server.Words = word => word is "srvr" or "conf" ? ensemble.Word(i, word) : $"{word} is not executed because it is not in the whitelist.\n";
        }

        Expect(await ensemble.MayStopAsync(1), GateVerdict.Misconfigured, ReasonCodes.ZkCommandNotWhitelisted, "mntr", "4lw.commands.whitelist=srvr,mntr,conf");
    }

    [Test]
    public async Task ZK8_ZK9_a_server_alone_and_a_second_leader_are_seen()
    {
        await using var ensemble = Start(5, Patient);
        ensemble.Facts["4/mode"] = "standalone";
        Expect(await ensemble.MayStopAsync(1), GateVerdict.Deny, ReasonCodes.ZkStandaloneMember, "zk-4");
        ensemble.Facts["4/mode"] = "leader";
        ensemble.Facts["4/leader_id"] = "5";
        Expect(await ensemble.MayStopAsync(1), GateVerdict.Deny, ReasonCodes.ZkTwoLeaders, "zk-0 and zk-4");
    }

    [Test]
    public async Task ZK22_every_session_that_is_opened_is_closed()
    {
        await using var ensemble = Start(3, Patient with { CanaryPath = "/ordinal", ReadCommittedConfig = true });
        Expect(await ensemble.IsBackAsync(1), GateVerdict.Allow, ReasonCodes.GateOpen);
        Assert.That(ensemble.Servers.Select(s => s.SessionsOpened), Is.EqualTo(new[] { 1, 1, 0 }), "the leader for its list, the pod for the write");
        Assert.That(ensemble.Servers.Select(s => s.SessionsClosed), Is.EqualTo(new[] { 1, 1, 0 }));
        Assert.That(ensemble.Servers[1].Nodes.Keys, Is.EqualTo(new[] { "/zookeeper/config" }), "the canary is gone");
        Expect(await ensemble.MayStopAsync(2), GateVerdict.Allow, ReasonCodes.GateOpen);
        Assert.That(ensemble.Servers[2].SessionsOpened, Is.Zero, "nothing is written before a pod stops");
    }

    [Test]
    public async Task ZK23_the_leaders_own_count_is_believed_over_what_followers_say()
    {
        await using var ensemble = Start(5, Patient);
        ensemble.Facts["0/synced_followers"] = "3";
        Expect(await ensemble.MayStopAsync(1), GateVerdict.Deny, ReasonCodes.ZkLeaderNotSynced, "counts 3");
    }

    [TestCase(-101, GateVerdict.Deny, "ZkCanaryFailed", "NoNode")]
    [TestCase(-102, GateVerdict.Misconfigured, "ZkAccessDenied", "NoAuth")]
    public async Task A_write_that_is_refused_is_told_with_its_cause(int error, GateVerdict verdict, string code, string word)
    {
        await using var ensemble = Start(3, Patient with { CanaryPath = "/ordinal" }, new ZkSecrets { Gate = new GateSecrets { Username = "gate", Password = "hunter2" } });
        ensemble.Servers[1].Errors = (operation, _) => operation == 1 ? error : 0;
        var report = await ensemble.IsBackAsync(1);
        Expect(report, verdict, ReasonCodes.Find(code)!, word, "/ordinal");
        Assert.That(ensemble.Servers[1].Authenticated, Is.EqualTo(new[] { "gate:hunter2" }));
        Assert.That($"{report}", Does.Not.Contain("hunter2"));
    }

    [Test]
    public async Task Groups_and_weights_are_seen_in_the_committed_configuration()
    {
        await using var ensemble = Start(3, Patient with { ReadCommittedConfig = true });
        ensemble.Servers[0].Nodes["/zookeeper/config"] = System.Text.Encoding.UTF8.GetBytes(ensemble.Config + "group.1=1:2:3\nversion=100000000");
        Expect(await ensemble.MayStopAsync(1), GateVerdict.Misconfigured, ReasonCodes.ZkHierarchicalQuorum);
    }

    [Test]
    public async Task A_frame_beyond_the_limit_is_refused_unread()
    {
        await using var ensemble = Start(3, Patient with { ReadCommittedConfig = true });
        ensemble.Servers[0].Announces = (1 << 20) + 1;
        Expect(await ensemble.MayStopAsync(1), GateVerdict.Misconfigured, ReasonCodes.ZkNotZooKeeper, "announces a frame of 1048577 bytes, at most 1048576", "jute.maxbuffer");
    }

    private static FakeEnsemble Start(int servers, ZooKeeperGateOptions options, ZkSecrets? secrets = null)
    {
        var ensemble = new FakeEnsemble(servers);
        ensemble.Configure(options, secrets);
        return ensemble;
    }

    private static void Expect(GateReport report, GateVerdict verdict, ReasonCode reason, params string[] words)
    {
        Assert.That((report.Verdict, report.Reason.Code), Is.EqualTo((verdict, reason.Code)), report.Message);
        foreach (var word in words)
        {
            Assert.That(report.Message, Does.Contain(word));
        }
    }
}

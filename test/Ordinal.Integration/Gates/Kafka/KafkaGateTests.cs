using System.Net;
using NUnit.Framework;
using Ordinal.ControlPlane.Workloads.Kafka;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Kafka;
using Ordinal.Gates.Kafka.Messages;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Integration.Gates.Kafka;

/// <summary>The gate against an ensemble over sockets. Rows of the failure catalogue by their ids.</summary>
public sealed class KafkaGateTests
{
    [Test]
    public async Task A_rolling_restart_of_a_healthy_cluster_goes_through_all_its_steps()
    {
        await using var kafka = TestKafka.Three();
        foreach (var id in (int[])[2, 1, 0])
        {
            var before = await kafka.MayStopAsync(id);
            Expect(before, GateVerdict.Allow, ReasonCodes.GateOpen, $"kafka-{id} may stop");
            await kafka.StopAsync(id);
            Assert.That((await kafka.MayStopAsync((id + 1) % 3)).Verdict, Is.Not.EqualTo(GateVerdict.Allow), "one is away");

            kafka.StartAgain(id);
            Expect(await kafka.IsBackAsync(id, before.Baseline), GateVerdict.Deny, ReasonCodes.KafkaCatchingUp, "6 of 6 partitions");
            kafka.Ensemble.CatchUp(id);
            Expect(await kafka.IsBackAsync(id, before.Baseline), GateVerdict.Allow, ReasonCodes.GateOpen, $"kafka-{id} is back");
        }

        Assert.That((await kafka.AskAsync(GatePhase.AfterRollout, [], null)).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public async Task Connections_are_kept_between_questions_and_closed_with_the_gate()
    {
        await using var kafka = TestKafka.Three();
        for (var i = 0; i < 5; i++)
        {
            Assert.That((await kafka.MayStopAsync(2)).Verdict, Is.EqualTo(GateVerdict.Allow));
        }

        Assert.That(kafka.Servers.Values.Select(s => s.Connections), Is.All.EqualTo(1));
        kafka.Gate.Dispose();
        Assert.That((await kafka.MayStopAsync(2)).Verdict, Is.EqualTo(GateVerdict.Unknown));
    }

    [Test]
    public async Task K1_a_replica_that_is_needed_waits_for_the_third()
    {
        await using var kafka = TestKafka.Three();
        kafka.Ensemble.Change(e => e.Topics["orders"].Partitions[0].Isr = [0, 1]);
        Expect(await kafka.MayStopAsync(1), GateVerdict.Deny, ReasonCodes.KafkaWouldGoUnderMinIsr, "orders-0", "2 of 3 replicas in sync (0, 1)");
        kafka.Ensemble.CatchUp(2);
        Assert.That((await kafka.MayStopAsync(1)).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public async Task K2_a_broker_that_crashed_a_moment_ago_and_is_still_listed_does_not_count()
    {
        var ensemble = KafkaEnsemble.Of(4);
        ensemble.AddTopic("orders", 4, 3, minIsr: 2);
        await using var kafka = TestKafka.Start(ensemble);
        await kafka.KillAsync(3);
        Expect(await kafka.MayStopAsync(2), GateVerdict.Deny, ReasonCodes.KafkaWouldGoUnderMinIsr, "kafka-2");
    }

    [Test]
    public async Task K7_catching_up_is_waited_for_and_its_number_falls()
    {
        await using var kafka = TestKafka.Three();
        var baseline = (await kafka.MayStopAsync(2)).Baseline;
        await kafka.StopAsync(2);
        kafka.StartAgain(2);
        Assert.That((await kafka.IsBackAsync(2, baseline)).Remaining, Is.EqualTo(6));
        kafka.Ensemble.CatchUp(2, partitions: 4);
        Assert.That((await kafka.IsBackAsync(2, baseline)).Remaining, Is.EqualTo(2));
    }

    [Test]
    public async Task K8_a_rollout_does_not_end_before_its_last_broker_is_in_sync()
    {
        await using var kafka = TestKafka.Three();
        await kafka.StopAsync(0);
        kafka.StartAgain(0);
        Expect(await kafka.AskAsync(GatePhase.AfterRollout, [], null), GateVerdict.Deny, ReasonCodes.KafkaUnderReplicated, "6 partitions");
    }

    [Test]
    public async Task K9_K10_the_brokers_own_state_is_read_off_its_metrics()
    {
        var state = "2.0";
        BadServer? server = null;
        await using var kafka = TestKafka.Three(metrics: address =>
        {
            server = BadServer.Asks(IPAddress.Parse(address), () => BadServer.Http("200 OK", $"# HELP kafka_server_KafkaServer_BrokerState x\nkafka_server_KafkaServer_BrokerState {state}\nkafka_log_LogManager_remainingSegmentsToRecover{{dir=\"/d\",threadNum=\"0\"}} 40\nkafka_log_LogManager_remainingSegmentsToRecover{{dir=\"/d\",threadNum=\"1\"}} 2\n"));
            return server.Port;
        });
        await using var metrics = server;
        Expect(await kafka.MayStopAsync(2), GateVerdict.Deny, ReasonCodes.KafkaLogRecovery, "42 segments left");
        state = "3.0";
        Assert.That((await kafka.MayStopAsync(2)).Verdict, Is.EqualTo(GateVerdict.Allow));
        await kafka.StopAsync(2);
        kafka.StartAgain(2);
        kafka.Ensemble.CatchUp(2);
        state = "7.0";
        Expect(await kafka.IsBackAsync(2, null), GateVerdict.Deny, ReasonCodes.KafkaBrokerNotRunning, "BrokerState 7");
        state = "3.0";
        Assert.That((await kafka.IsBackAsync(2, null)).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public async Task K11_K13_under_KRaft_the_quorum_tells_who_leads_each_time_anew()
    {
        await using var kafka = TestKafka.Three();
        Assert.That((await kafka.AskAsync(GatePhase.Roles, [], null)).Roles["kafka-0"], Is.EqualTo(MemberRole.Leader));
        kafka.Ensemble.Change(e => (e.Controller, e.ControllerEpoch) = (1, 8));
        var report = await kafka.AskAsync(GatePhase.Roles, [], null);
        Assert.That(report.Roles["kafka-1"], Is.EqualTo(MemberRole.Leader), report.Message);
        Assert.That(report.Roles["kafka-2"], Is.EqualTo(MemberRole.Follower), "the controller that Metadata names");
    }

    [Test]
    public async Task In_ZooKeeper_mode_the_controller_of_Metadata_is_true()
    {
        var ensemble = KafkaEnsemble.Of(3, isKraft: false);
        ensemble.AddTopic("orders", 3, 3, minIsr: 2);
        await using var kafka = TestKafka.Start(ensemble);
        ensemble.Change(e => e.Controller = 1);
        Assert.That((await kafka.AskAsync(GatePhase.Roles, [], null)).Roles["kafka-1"], Is.EqualTo(MemberRole.Leader));
        Assert.That((await kafka.MayStopAsync(2)).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public async Task K12_K16_a_controller_that_lags_holds_the_others_and_is_not_back_itself()
    {
        await using var kafka = TestKafka.Three();
        kafka.Ensemble.Change(e => e.Nodes[1].CaughtUpAgo = TimeSpan.FromSeconds(5));
        Expect(await kafka.MayStopAsync(2), GateVerdict.Deny, ReasonCodes.KraftQuorumWouldBreak, "controller 1 caught up 5 s ago");
        Expect(await kafka.AskAsync(GatePhase.AfterRollout, [], null), GateVerdict.Deny, ReasonCodes.KraftControllerLagging, "kafka-1");
    }

    [Test]
    public async Task K14_K15_voters_that_are_missing_or_left_behind_count()
    {
        await using var kafka = TestKafka.Three(options: o => o with { Controllers = [0, 1, 2, 3] });
        Expect(await kafka.MayStopAsync(2), GateVerdict.Deny, ReasonCodes.KraftVoterMissing, "controller 3");
        kafka.Ensemble.Change(e => e.DeadVoters.Add(3));
        Expect(await kafka.MayStopAsync(2), GateVerdict.Deny, ReasonCodes.KraftQuorumWouldBreak, "2 of 4 controllers");
    }

    [Test]
    public async Task K17_topics_that_the_principal_may_not_describe_are_found_on_the_disks()
    {
        await using var kafka = TestKafka.Three();
        kafka.Ensemble.Change(e => e.Topics["orders"].IsHidden = true);
        Expect(await kafka.MayStopAsync(2), GateVerdict.Misconfigured, ReasonCodes.KafkaAccessDenied, "may not describe 1 topics that exist: orders");
    }

    [Test]
    public async Task K17_rights_that_are_taken_away_in_the_middle_are_noticed()
    {
        await using var kafka = TestKafka.Start(KafkaEnsemble.Of(3));
        kafka.Ensemble.AddTopic("orders", 3, 3, minIsr: 2);
        Assert.That((await kafka.MayStopAsync(2)).Verdict, Is.EqualTo(GateVerdict.Allow));
        kafka.Ensemble.Change(e => e.AuthorizedOperations = 1 << 8);
        Expect(await kafka.MayStopAsync(2), GateVerdict.Misconfigured, ReasonCodes.KafkaAccessDenied, "lacks DescribeConfigs");
        kafka.Ensemble.Change(e => e.AuthorizedOperations = 0);
        Expect(await kafka.MayStopAsync(2), GateVerdict.Misconfigured, ReasonCodes.KafkaAccessDenied, "lacks Describe");
    }

    [Test]
    public async Task K18_a_broker_that_is_cut_off_and_knows_an_old_state_is_not_believed_alone()
    {
        await using var kafka = TestKafka.Three();
        kafka.Ensemble.Freeze(0);
        kafka.Ensemble.Change(e => e.Topics["orders"].Partitions.ForEach(p => p.Isr = [0, 1]));
        Expect(await kafka.MayStopAsync(1), GateVerdict.Deny, ReasonCodes.KafkaWouldGoUnderMinIsr, "(0, 1)");
    }

    [Test]
    public async Task K18_a_broker_whose_metadata_is_old_is_not_asked_about_the_cluster()
    {
        var ensemble = KafkaEnsemble.Of(5);
        ensemble.AddTopic("orders", 5, 3, minIsr: 2);
        await using var kafka = TestKafka.Start(ensemble);
        ensemble.Change(e => e.Nodes[0].CaughtUpAgo = TimeSpan.FromSeconds(11));
        ensemble.Change(e => e.Controller = 1);
        var seen = (KafkaObservation)await kafka.Gate.ObserveAsync(kafka.Context(), [kafka.Question(GatePhase.BeforePod, [4], null)], CancellationToken.None);
        Assert.That(seen.Snapshots.Select(s => s.Responder), Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public async Task K19_a_deleted_topic_is_forgotten()
    {
        await using var kafka = TestKafka.Three();
        kafka.Ensemble.AddTopic("old", 3, 3, minIsr: 2);
        Assert.That((await kafka.MayStopAsync(2)).Verdict, Is.EqualTo(GateVerdict.Allow));
        kafka.Ensemble.Change(e => e.Topics.Remove("old"));
        Assert.That((await kafka.MayStopAsync(2)).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public async Task K19_a_topic_that_is_deleted_between_the_two_looks_does_not_matter()
    {
        var ensemble = KafkaEnsemble.Of(3);
        ensemble.AddTopic("orders", 3, 3, minIsr: 2);
        ensemble.AddTopic("old", 3, 3, minIsr: 2);
        await using var kafka = TestKafka.Start(ensemble);
        ensemble.Freeze(0);
        ensemble.Change(e => e.Topics.Remove("old"));
        Assert.That((await kafka.MayStopAsync(2)).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public async Task K20_when_nobody_answers_nothing_is_restarted()
    {
        await using var kafka = TestKafka.Three();
        Assert.That((await kafka.MayStopAsync(2)).Verdict, Is.EqualTo(GateVerdict.Allow));
        foreach (var id in (int[])[0, 1, 2])
        {
            await kafka.Servers[id].DisposeAsync();
        }

        Expect(await kafka.MayStopAsync(2), GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, "2 more bootstrap servers failed");
    }

    [Test]
    public async Task K21_K22_a_pod_that_does_not_come_back_keeps_every_other_pod()
    {
        await using var kafka = TestKafka.Three();
        await kafka.StopAsync(2);
        Expect(await kafka.MayStopAsync(1), GateVerdict.Deny, ReasonCodes.KraftQuorumWouldBreak, "kafka-1");
        Expect(await kafka.AskAsync(GatePhase.AfterRollout, [], null), GateVerdict.Deny, ReasonCodes.KraftControllerLagging, "kafka-2");
    }

    [Test]
    public async Task K29_partitions_go_back_to_the_leader_that_they_prefer()
    {
        await using var kafka = TestKafka.Three(options: o => o with { Leadership = KafkaLeadership.Preferred, LeadershipWait = TimeSpan.Zero });
        await kafka.StopAsync(2);
        kafka.StartAgain(2);
        kafka.Ensemble.CatchUp(2);
        var waits = await kafka.IsBackAsync(2, null);
        Expect(waits, GateVerdict.Deny, ReasonCodes.KafkaLeadersAway, "2 partitions");
        Assert.That(waits.Preparation, Is.EqualTo(GatePreparation.Needed));
        var done = await kafka.PrepareAsync(2);
        Assert.That((done.IsDone, done.Reason.Code), Is.EqualTo((true, "GatePrepared")), done.Message);
        Assert.That((await kafka.IsBackAsync(2, null)).Verdict, Is.EqualTo(GateVerdict.Allow));
        Assert.That(kafka.Ensemble.Topics["orders"].Partitions.Where(p => p.Replicas[0] == 2).Select(p => p.Leader), Is.All.EqualTo(2));
        Assert.That(kafka.Ensemble.Topics["orders"].Partitions.Where(p => p.Replicas[0] != 2).Select(p => p.Leader), Has.None.EqualTo(2));
    }

    [Test]
    public async Task K31_what_was_remembered_before_the_restart_outlives_the_operator()
    {
        string? baseline;
        var ensemble = KafkaEnsemble.Of(3);
        ensemble.AddTopic("orders", 3, 3, minIsr: 1);
        ensemble.Topics["orders"].Partitions[0].Isr = [0, 1];
        await using (var first = TestKafka.Start(ensemble))
        {
            baseline = (await first.MayStopAsync(2)).Baseline;
            Assert.That(baseline, Does.Contain("out=orders-0"));
        }

        await using var second = TestKafka.Start(ensemble);
        await second.StopAsync(2);
        second.StartAgain(2);
        Expect(await second.IsBackAsync(2, baseline), GateVerdict.Deny, ReasonCodes.KafkaCatchingUp, "2 of 3 partitions");
    }

    [Test]
    public async Task K33_partitions_that_are_being_moved_are_seen()
    {
        await using var kafka = TestKafka.Three(options: o => o with { Guarantee = KafkaGuarantee.AllPartitionsInSync });
        kafka.Ensemble.Change(e => e.Topics["orders"].Partitions[3].Adding.Add(2));
        Expect(await kafka.MayStopAsync(2), GateVerdict.Deny, ReasonCodes.KafkaReassignmentInProgress, "orders-3");
    }

    [Test]
    public async Task Kafka_2_8_in_ZooKeeper_mode_is_spoken()
    {
        // The newest versions of 2.8.0, as its release lists them.
        var old = new BrokerOptions { Newest = new Dictionary<short, short> { [3] = 11, [18] = 3, [32] = 4, [35] = 2, [36] = 2, [43] = 2, [44] = 1, [46] = 0, [60] = 0, [64] = -1 } };
        var ensemble = KafkaEnsemble.Of(3, isKraft: false);
        ensemble.AddTopic("orders", 3, 3, minIsr: 2);
        await using var kafka = TestKafka.Start(ensemble, old);
        Expect(await kafka.MayStopAsync(2), GateVerdict.Allow, ReasonCodes.GateOpen);
        Assert.That(kafka.Servers[0].Requests, Has.Some.EqualTo(((short)3, (short)11)).And.None.EqualTo(((short)3, (short)12)));
    }

    [Test]
    public async Task A_broker_that_knows_only_the_first_version_of_ApiVersions_is_asked_again_in_it()
    {
        await using var kafka = TestKafka.Three(new BrokerOptions { Newest = new Dictionary<short, short> { [18] = 0, [3] = 5 } });
        Expect(await kafka.MayStopAsync(2), GateVerdict.Allow, ReasonCodes.GateOpen);
        Assert.That(kafka.Servers[0].Requests.Take(2), Is.EqualTo(new[] { ((short)18, (short)3), ((short)18, (short)0) }));
    }

    [Test]
    public async Task A_broker_without_the_requests_that_the_gate_needs_is_too_old()
    {
        await using var kafka = TestKafka.Three(new BrokerOptions { Newest = new Dictionary<short, short> { [3] = 2 } });
        Expect(await kafka.MayStopAsync(2), GateVerdict.Misconfigured, ReasonCodes.KafkaVersionUnsupported, "Metadata");
    }

    [Test]
    public async Task Many_gates_at_once_are_fine()
    {
        await using var kafka = TestKafka.Three();
        var reports = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => kafka.MayStopAsync(2)));
        Assert.That(reports.Select(r => r.Verdict), Is.All.EqualTo(GateVerdict.Allow));
        Assert.That(kafka.Servers.Values.Select(s => s.Connections), Is.All.EqualTo(1));
    }

    [Test]
    public async Task The_requests_that_change_something_are_understood()
    {
        await using var kafka = TestKafka.Three();
        using var connections = new KafkaConnections(new KafkaDialer(null, "", null), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(20), TimeProvider.System);
        var broker = KafkaEndpoint.Parse(kafka.Options.BootstrapServers.Split(',')[0])!;
        kafka.Ensemble.Leave(2);
        Assert.That((await connections.AskAsync(broker, UnregisterBroker.Request(2), CancellationToken.None)).Value!.ErrorCode, Is.Zero);
        Assert.That(kafka.Ensemble.Nodes[2].IsRegistered, Is.False);
        Assert.That((await connections.AskAsync(broker, UnregisterBroker.Request(2), CancellationToken.None)).Value!.ErrorCode, Is.EqualTo(102), "BROKER_ID_NOT_REGISTERED");
        var altered = await connections.AskAsync(broker, IncrementalAlterConfigs.Request(0, new Dictionary<string, string?> { ["cordoned.log.dirs"] = "*" }, validateOnly: true), CancellationToken.None);
        Assert.That(altered.Value, Is.EqualTo(new IncrementalAlterConfigs(0, null)));
        var self = (await connections.AskAsync(broker, DescribeConfigs.OfBroker(0, "broker.id"), CancellationToken.None)).Value!.Resources.Single();
        Assert.That((self.Name, self.Values["broker.id"]), Is.EqualTo(("0", "0")));
    }

    internal static void Expect(GateReport report, GateVerdict verdict, ReasonCode reason, params string[] words)
    {
        Assert.That((report.Verdict, report.Reason.Code), Is.EqualTo((verdict, reason.Code)), report.Message);
        foreach (var word in words)
        {
            Assert.That(report.Message, Does.Contain(word));
        }
    }
}

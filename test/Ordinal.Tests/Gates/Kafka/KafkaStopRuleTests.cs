using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.Kafka;

namespace Ordinal.Tests.Gates.Kafka;

/// <summary>May this pod stop? Rows of the failure catalogue by their ids.</summary>
public sealed class KafkaStopRuleTests
{
    private static readonly int[] Three = [0, 1, 2];

    [Test]
    public void A_broker_of_a_healthy_cluster_may_stop()
    {
        var answer = KafkaWorld.Of(3).Topic("orders", 2, Three).MayStop(2);
        Expect(answer, GateVerdict.Allow, ReasonCodes.GateOpen, "kafka-2 may stop", "1 partitions");
        Assert.That(answer.Warnings, Is.Empty);
        Assert.That(answer.Baseline, Is.EqualTo("v1 cluster=cluster-1 out= off="));
    }

    [Test]
    public void K1_an_in_sync_replica_of_a_partition_that_has_just_enough_waits_until_the_third_is_back()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three);
        world.InSync("orders", 0, 1);
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.KafkaWouldGoUnderMinIsr, "kafka-1", "orders-0", "2 of 3 replicas in sync (0, 1)", "2 needed");
        world.InSync("orders", 0, 1, 2);
        Assert.That(world.MayStop(1).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public void K2_a_broker_that_crashed_a_moment_ago_does_not_count_as_in_sync()
    {
        var world = KafkaWorld.Of(4).Topic("orders", 2, Three);
        world[1].Crash();
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaWouldGoUnderMinIsr, "orders-0", "(0, 2)");
    }

    [Test]
    public void K3_the_last_in_sync_copy_is_never_taken()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 3, Three);
        world.InSync("orders", 0);
        Expect(world.MayStop(0), GateVerdict.Deny, ReasonCodes.KafkaLastInSyncReplica, "orders-0");
        world.With(o => o with { Guarantee = KafkaGuarantee.ReadyForRequests, FullIsrTopics = KafkaTopicPolicy.Allow, SingleReplicaTopics = KafkaTopicPolicy.Allow });
        Expect(world.MayStop(0), GateVerdict.Deny, ReasonCodes.KafkaLastInSyncReplica);
    }

    [Test]
    public void K3_unclean_election_makes_it_a_loss_and_says_so()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 1, Three);
        world.InSync("orders", 0);
        world.Configs["orders"] = new KafkaTopicConfig { MinIsr = 1, AllowsUnclean = true };
        Expect(world.MayStop(0), GateVerdict.Deny, ReasonCodes.KafkaLastInSyncReplica, "unclean leader election is on, so data would be lost");
    }

    [Test]
    public void K4_topics_with_one_replica_are_counted_in_a_warning_and_denied_where_the_policy_says_so()
    {
        var world = KafkaWorld.Of(3).Topic("logs", 2, [2], [2], [0]).Topic("orders", 2, Three);
        var answer = world.MayStop(2);
        Assert.That(answer.Verdict, Is.EqualTo(GateVerdict.Allow), answer.Message);
        Assert.That(answer.Warnings, Has.One.StartsWith("KafkaSingleReplica: are down while it is away: 2 partitions, e.g. logs-0"));
        world.With(o => o with { SingleReplicaTopics = KafkaTopicPolicy.Deny });
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaSingleReplica, "2 partitions");
        Assert.That(world.MayStop(1).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public void K5_a_topic_that_needs_every_replica_is_interrupted_with_a_warning_when_all_are_in_sync()
    {
        var world = KafkaWorld.Of(3).Topic("audit", 2, [0, 1]);
        var answer = world.MayStop(1);
        Assert.That(answer.Verdict, Is.EqualTo(GateVerdict.Allow), answer.Message);
        Assert.That(answer.Warnings, Has.One.StartsWith("KafkaFullIsrTopic"));
        world.With(o => o with { FullIsrTopics = KafkaTopicPolicy.Deny });
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.KafkaFullIsrTopic, "audit-0");
    }

    [Test]
    public void K5_a_topic_that_needs_every_replica_and_lacks_one_keeps_the_others()
    {
        var world = KafkaWorld.Of(4).Topic("audit", 3, Three);
        world.InSync("audit", 0, 1);
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.KafkaFullIsrTopicDegraded, "audit-0");
        Expect(KafkaWorld.Of(4, voters: 0, isKraft: false).Topic("audit", 3, Three).MayStop(0, 1), GateVerdict.Deny, ReasonCodes.KafkaFullIsrTopicDegraded);
    }

    [Test]
    public void K6_a_replica_that_its_partition_waits_for_is_left_alone_until_it_has_made_no_progress_for_long()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three, Three);
        world.InSync("orders", 0);
        var first = world.MayStop(2);
        Expect(first, GateVerdict.Deny, ReasonCodes.KafkaTargetCatchingUp, "2 partitions", "no progress for 0 s of 900 s");

        world.Now += TimeSpan.FromMinutes(10);
        world.Part("orders", 1).Isr = [0, 1, 2];
        var progress = world.MayStop(first.Memo, 2);
        Expect(progress, GateVerdict.Deny, ReasonCodes.KafkaTargetCatchingUp, "1 partition", "no progress for 0 s");

        world.Now += TimeSpan.FromMinutes(14);
        Expect(world.MayStop(progress.Memo, 2), GateVerdict.Deny, ReasonCodes.KafkaTargetCatchingUp, "no progress for 840 s");
        world.Now += TimeSpan.FromMinutes(1);
        world.Part("orders", 1).Isr = [2];
        Expect(world.MayStop(progress.Memo, 2), GateVerdict.Deny, ReasonCodes.KafkaLastInSyncReplica, "orders-1");
        world.Part("orders", 1).Isr = [0, 1, 2];
        var answer = world.MayStop(progress.Memo, 2);
        Expect(answer, GateVerdict.Allow, ReasonCodes.GateOpen);
        Assert.That(answer.Warnings, Has.One.StartsWith("KafkaStuckReplica"));
    }

    [Test]
    public void K9_a_broker_that_recovers_its_logs_is_not_restarted()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three);
        world.With(o => o with { MetricsPort = 9404 });
        world[2].Die();
        (world[2].BrokerState, world[2].RemainingSegments) = (2, 120);
        world.InSync("orders", 0, 1);
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaLogRecovery, "kafka-2", "120 segments left");
        world[2].MetricsFailure = new KafkaFailure(KafkaFailureKind.Timeout, "no metrics from 10.0.0.3:9404 within 10 s");
        Expect(world.MayStop(2), GateVerdict.Unknown, ReasonCodes.KafkaMetricsUnreadable, "no metrics");
        world[2].MetricsFailure = new KafkaFailure(KafkaFailureKind.Unreachable, "10.0.0.3:9404: Connection refused");
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow), "its process is down: nothing is recovering");
    }

    [Test]
    public void K18_of_two_brokers_that_know_different_things_the_worse_is_believed()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three);
        world.Part("orders").OtherIsr = [0, 1];
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.KafkaWouldGoUnderMinIsr, "(0, 1)");
    }

    [Test]
    public void K18_of_a_broker_that_shall_stop_the_worse_is_that_it_is_in_sync()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 1, Three);
        world.Part("orders").Isr = [2];
        world.Part("orders").OtherIsr = [0];
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaLastInSyncReplica, "orders-0");
    }

    [Test]
    public void K19_a_topic_that_was_deleted_in_between_is_left_out()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three).Topic("old", 2, Three);
        world.Configs["old"] = new KafkaTopicConfig { ErrorCode = 3 };
        var seen = world.Observe();
        seen = seen with { Snapshots = [seen.Snapshots[0], seen.Snapshots[1] with { Topics = [.. seen.Snapshots[1].Topics.Where(t => t.Name != "old")] }], Unlisted = seen.Unlisted };
        Assert.That(KafkaRule.Evaluate(world.Input(GatePhase.BeforePod, [2]), seen, world.Options).Verdict, Is.EqualTo(GateVerdict.Allow));

        var stillListed = KafkaRule.Evaluate(world.Input(GatePhase.BeforePod, [2]), world.Observe(), world.Options);
        Expect(stillListed, GateVerdict.Unknown, ReasonCodes.KafkaTopicUnreadable, "old", "UNKNOWN_TOPIC_OR_PARTITION");
    }

    [Test]
    public void K19_a_topic_that_only_one_broker_knows_is_waited_for()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three).Topic("fresh", 2, Three);
        var seen = world.Observe();
        seen = seen with { Snapshots = [seen.Snapshots[0], seen.Snapshots[1] with { Topics = [.. seen.Snapshots[1].Topics.Where(t => t.Name != "fresh")] }] };
        Expect(KafkaRule.Evaluate(world.Input(GatePhase.BeforePod, [2]), seen, world.Options), GateVerdict.Unknown, ReasonCodes.KafkaSnapshotsDiffer, "fresh");
    }

    [TestCase(29, GateVerdict.Misconfigured, "KafkaAccessDenied")]
    [TestCase(5, GateVerdict.Unknown, "KafkaTopicUnreadable")]
    public void An_error_of_a_topic_is_never_read_as_health(int code, GateVerdict verdict, string reason)
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three);
        world.Configs["orders"] = new KafkaTopicConfig { ErrorCode = (short)code };
        Expect(world.MayStop(2), verdict, ReasonCodes.Find(reason)!, "orders");
    }

    [Test]
    public void A_topic_whose_minimum_was_not_told_is_unknown()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three);
        world.Configs["orders"] = new KafkaTopicConfig();
        Expect(world.MayStop(2), GateVerdict.Unknown, ReasonCodes.KafkaTopicUnreadable, "min.insync.replicas");
        world.Configs.Clear();
        Expect(world.MayStop(2), GateVerdict.Unknown, ReasonCodes.KafkaTopicUnreadable, "orders");
    }

    [Test]
    public void K24_two_pairwise_safe_sets_need_not_be_safe_together()
    {
        var world = KafkaWorld.Of(6, voters: 0, isKraft: false).Topic("orders", 3, [0, 1, 2, 3, 4]);
        foreach (var (a, b) in new[] { (0, 1), (0, 2), (1, 2) })
        {
            Assert.That(world.MayStop(a, b).Verdict, Is.EqualTo(GateVerdict.Allow), $"{a} and {b}");
        }

        Expect(world.MayStop(0, 1, 2), GateVerdict.Deny, ReasonCodes.KafkaWouldGoUnderMinIsr, "kafka-0, kafka-1, kafka-2");
    }

    [Test]
    public void K30_a_pod_that_is_being_evicted_counts_as_one_that_stops()
    {
        var world = KafkaWorld.Of(4, voters: 0, isKraft: false).Topic("orders", 2, Three);
        world[1].IsTerminating = true;
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaWouldGoUnderMinIsr, "kafka-1, kafka-2");
        Assert.That(world.MayStop(3).Verdict, Is.EqualTo(GateVerdict.Allow), "broker 3 shares nothing with the one that goes");
    }

    [Test]
    public void K32_a_grace_period_that_is_too_short_for_a_clean_stop_is_warned_of()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three);
        world.GracePeriod = TimeSpan.FromSeconds(5);
        Assert.That(world.MayStop(2).Warnings, Has.One.StartsWith("KafkaGracePeriodTooShort: terminationGracePeriodSeconds is 5, at least 30"));
        world.GracePeriod = TimeSpan.FromSeconds(30);
        Assert.That(world.MayStop(2).Warnings, Is.Empty);
    }

    [Test]
    public void K33_partitions_that_are_being_moved_hold_at_the_strict_level_only()
    {
        var world = KafkaWorld.Of(4).Topic("orders", 2, Three);
        world.Moving.Add(new KafkaReassignment { Topic = "orders", Partition = 0, Replicas = [0, 1, 2], Adding = [3], Removing = [0] });
        Assert.That(world.MayStop(2).Warnings, Has.One.StartsWith("KafkaReassignmentInProgress"));
        world.With(o => o with { Guarantee = KafkaGuarantee.AllPartitionsInSync });
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaReassignmentInProgress, "orders-0");
    }

    [Test]
    public void K34_no_set_of_brokers_goes_that_holds_all_in_sync_copies_of_a_partition()
    {
        var world = KafkaWorld.Of(6, voters: 0, isKraft: false).Topic("orders", 1, [0, 2, 4]);
        Expect(world.MayStop(0, 2, 4), GateVerdict.Deny, ReasonCodes.KafkaLastInSyncReplica);
        Assert.That(world.MayStop(0, 2).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public void The_strict_level_waits_for_every_partition_of_the_cluster()
    {
        var world = KafkaWorld.Of(6).Topic("orders", 1, Three).Topic("far", 1, [3, 4]);
        world.InSync("far", 3);
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow));
        world.With(o => o with { Guarantee = KafkaGuarantee.AllPartitionsInSync });
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaUnderReplicated, "far-0");
    }

    [Test]
    public void Headroom_keeps_a_spare_where_there_are_replicas_for_one()
    {
        var world = KafkaWorld.Of(6, voters: 0, isKraft: false).Topic("orders", 2, [0, 1, 2, 3]).Topic("small", 2, Three);
        world.InSync("orders", 0, 1, 2);
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow));
        world.With(o => o with { MinIsrHeadroom = 1 });
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaNoHeadroom, "orders-0");
        world.InSync("orders", 0, 1, 2, 3);
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow), "three replicas and two needed: there cannot be a spare");
    }

    [Test]
    public void A_pod_that_is_down_already_may_be_replaced_although_partitions_suffer()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three).Topic("one", 1, [2]);
        world[2].Die();
        world.InSync("orders", 0, 1);
        world.Part("one").Leader = -1;
        var answer = world.MayStop(2);
        Expect(answer, GateVerdict.Allow, ReasonCodes.GateOpen);
        Assert.That(answer.Warnings, Has.One.StartsWith("KafkaOfflinePartition: are offline, and it is down already"));
    }

    [Test]
    public void That_the_gate_reaches_no_broker_of_a_partition_does_not_make_it_offline()
    {
        var world = KafkaWorld.Of(4, voters: 0, isKraft: false).Topic("orders", 2, [2, 3]);
        world[2].Die();
        world.InSync("orders", 3);
        world[3].Crash();
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaTargetCatchingUp, "orders-0");
        world[3].Die();
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow), "both are down for certain: a restart may be the cure");
    }

    [Test]
    public void A_live_broker_that_might_bring_an_offline_partition_back_is_kept()
    {
        var world = KafkaWorld.Of(4).Topic("orders", 2, [2, 3]);
        world[3].Die();
        world.InSync("orders", 3);
        world.Part("orders").Leader = -1;
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaOfflinePartition, "orders-0");
    }

    [Test]
    public void A_target_that_the_gate_alone_cannot_reach_still_counts_as_alive()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 1, Three);
        world.InSync("orders", 2);
        world[2].Silence = new KafkaFailure(KafkaFailureKind.Timeout, "no answer from kafka-2:9092 within 10 s");
        Assert.That(world.MayStop(2).Verdict, Is.Not.EqualTo(GateVerdict.Allow));
    }

    internal static void Expect(GateAnswer answer, GateVerdict verdict, ReasonCode reason, params string[] words)
    {
        Assert.That((answer.Verdict, answer.Reason.Code), Is.EqualTo((verdict, reason.Code)), answer.Message);
        foreach (var word in words)
        {
            Assert.That(answer.Message, Does.Contain(word));
        }

        if (verdict is not GateVerdict.Allow)
        {
            Assert.That(answer.Message, Does.EndWith(reason.Remedy));
        }
    }
}

using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Kafka;
using static Ordinal.Tests.Gates.Kafka.KafkaStopRuleTests;

namespace Ordinal.Tests.Gates.Kafka;

/// <summary>Is this broker back?</summary>
public sealed class KafkaReturnRuleTests
{
    private const string Clean = "v1 cluster=cluster-1 out= off=";

    private static readonly int[] Three = [0, 1, 2];

    [Test]
    public void K7_a_broker_is_back_only_when_it_is_in_sync_with_all_that_it_was_in_sync_with_and_the_number_tells_the_progress()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three, Three, Three);
        world.InSync("orders", 0, 1);
        var first = world.IsBack(2, Clean);
        Expect(first, GateVerdict.Deny, ReasonCodes.KafkaCatchingUp, "kafka-2 is out of sync with 3 of 3 partitions, e.g. orders-0");
        Assert.That(first.Remaining, Is.EqualTo(3));
        world.Part("orders", 0).Isr.Add(2);
        Assert.That(world.IsBack(2, Clean).Remaining, Is.EqualTo(2));
        world.Parts.ForEach(p => p.Isr = [0, 1, 2]);
        Expect(world.IsBack(2, Clean), GateVerdict.Allow, ReasonCodes.GateOpen, "back and in sync with 3 partitions");
    }

    [Test]
    public void K8_a_rollout_whose_last_broker_never_gets_in_sync_cannot_finish()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 1, Three);
        world.InSync("orders", 0, 1);
        Expect(world.MayEnd(), GateVerdict.Deny, ReasonCodes.KafkaUnderReplicated, "orders-0 with 2 of 3");
        world.InSync("orders", 0, 1, 2);
        Assert.That(world.MayEnd().Verdict, Is.EqualTo(GateVerdict.Allow));
        world[1].Crash();
        Expect(world.MayEnd(), GateVerdict.Deny, ReasonCodes.KafkaBrokerNotBack, "kafka-1");
    }

    [Test]
    public void K9_log_recovery_is_progress_with_a_number_and_not_a_failure()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three);
        world.With(o => o with { MetricsPort = 9404 });
        world.InSync("orders", 0, 1);
        (world[2].IsListed, world[2].BrokerState, world[2].RemainingSegments) = (false, 2, 480);
        var answer = world.IsBack(2, Clean);
        Expect(answer, GateVerdict.Deny, ReasonCodes.KafkaLogRecovery, "2 logs left, 480 segments left");
        Assert.That(answer.Remaining, Is.EqualTo(480));
    }

    [TestCase(6)]
    [TestCase(7)]
    [TestCase(1)]
    [TestCase(0)]
    [TestCase(127)]
    public void K10_only_state_3_is_running(int state)
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three);
        world.With(o => o with { MetricsPort = 9404 });
        world[2].BrokerState = state;
        Expect(world.IsBack(2, Clean), GateVerdict.Deny, ReasonCodes.KafkaBrokerNotRunning, $"BrokerState {state}");
        world[2].BrokerState = 3;
        Assert.That(world.IsBack(2, Clean).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public void Metrics_that_are_wanted_and_cannot_be_read_are_not_a_pass()
    {
        var world = KafkaWorld.Of(3);
        world.With(o => o with { MetricsPort = 9404 });
        world[2].BrokerState = null;
        Expect(world.IsBack(2, Clean), GateVerdict.Misconfigured, ReasonCodes.KafkaMetricsUnreadable, "no BrokerState");
        world[2].MetricsFailure = new KafkaFailure(KafkaFailureKind.Unreachable, "10.0.0.3:9404: Connection refused");
        Expect(world.IsBack(2, Clean), GateVerdict.Unknown, ReasonCodes.KafkaMetricsUnreadable, "refused");
    }

    [Test]
    public void K10_the_new_incarnation_must_be_the_one_that_is_asked_about()
    {
        var world = KafkaWorld.Of(3);
        Expect(world.Ask(world.Input(GatePhase.AfterPod, [2], Clean)), GateVerdict.Unknown, ReasonCodes.GatePodChanged);
    }

    [Test]
    public void A_broker_that_has_not_registered_is_not_back()
    {
        var world = KafkaWorld.Of(4);
        world[3].IsListed = false;
        world[3].IsReady = false;
        Expect(world.IsBack(3, Clean), GateVerdict.Deny, ReasonCodes.KafkaBrokerNotBack, "broker 3 has not registered");
        (world[3].IsListed, world[3].IsFenced, world[3].IsReady) = (true, true, true);
        Expect(world.IsBack(3, Clean), GateVerdict.Deny, ReasonCodes.KafkaBrokerNotBack, "fenced");
    }

    [Test]
    public void A_registration_of_the_old_pod_is_not_the_new_one()
    {
        var world = KafkaWorld.Of(4);
        world[3].Host = "10.0.0.99";
        Expect(world.IsBack(3, Clean), GateVerdict.Deny, ReasonCodes.KafkaBrokerNotBack, "registered at 10.0.0.99, not at the pod's address 10.0.0.4");
    }

    [Test]
    public void A_broker_that_is_listed_but_does_not_answer_is_not_back()
    {
        var world = KafkaWorld.Of(4);
        world[3].Silence = new KafkaFailure(KafkaFailureKind.Timeout, "no answer from kafka-3:9092 within 10 s");
        Expect(world.IsBack(3, Clean), GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, "kafka-3 does not answer");
    }

    [Test]
    public void A_broken_disk_is_not_back()
    {
        var world = KafkaWorld.Of(3);
        world[2].LogDirError = 56;
        Expect(world.IsBack(2, Clean), GateVerdict.Deny, ReasonCodes.KafkaLogDirFailed, "/data", "KAFKA_STORAGE_ERROR");
    }

    [Test]
    public void What_was_out_of_sync_before_need_not_be_in_sync_after()
    {
        var world = KafkaWorld.Of(4).Topic("orders", 1, Three).Topic("sick", 1, Three);
        world.InSync("sick", 0, 1);
        var before = world.MayStop(2);
        Assert.That(before.Baseline, Is.EqualTo("v1 cluster=cluster-1 out=sick-0 off="));
        var answer = world.IsBack(2, before.Baseline);
        Expect(answer, GateVerdict.Allow, ReasonCodes.GateOpen);
        Assert.That(answer.Warnings, Has.One.StartsWith("KafkaUnderReplicated"));
        world.InSync("orders", 0, 1);
        Expect(world.IsBack(2, before.Baseline), GateVerdict.Deny, ReasonCodes.KafkaCatchingUp, "1 of 2 partitions, e.g. orders-0");
        world.InSync("orders", 0, 1, 2);
        world.With(o => o with { Guarantee = KafkaGuarantee.AllPartitionsInSync });
        Expect(world.IsBack(2, before.Baseline), GateVerdict.Deny, ReasonCodes.KafkaUnderReplicated, "sick-0");
    }

    [Test]
    public void What_went_offline_meanwhile_holds()
    {
        var world = KafkaWorld.Of(4).Topic("orders", 1, Three).Topic("far", 1, [3]);
        world.Part("far").Leader = -1;
        Expect(world.IsBack(2, Clean), GateVerdict.Deny, ReasonCodes.KafkaOfflinePartition, "far-0");
        Assert.That(world.IsBack(2, "v1 cluster=cluster-1 out= off=far-0").Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public void Without_a_baseline_everything_must_be_in_sync_and_a_warning_says_why()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 1, Three);
        Assert.That(world.IsBack(2, null).Warnings, Has.One.StartsWith("KafkaNoBaseline"));
        world.InSync("orders", 0, 1);
        Expect(world.IsBack(2, null), GateVerdict.Deny, ReasonCodes.KafkaCatchingUp);
    }

    [TestCase("v2 cluster=x out= off=")]
    [TestCase("garbage")]
    [TestCase("v1 cluster=x out=")]
    public void A_baseline_that_cannot_be_read_is_unknown(string baseline) =>
        Expect(KafkaWorld.Of(3).IsBack(2, baseline), GateVerdict.Unknown, ReasonCodes.KafkaBaselineUnreadable);

    [Test]
    public void Another_cluster_than_before_is_not_back() =>
        Expect(KafkaWorld.Of(3).IsBack(2, "v1 cluster=other out= off="), GateVerdict.Misconfigured, ReasonCodes.KafkaClusterMismatch, "before the restart it was other");

    [Test]
    public void K29_leaders_that_do_not_come_back_are_elected_after_a_while_and_not_for_ever()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 1, [2, 0, 1], [0, 1, 2]);
        world.Part("orders").Leader = 0;
        Assert.That(world.IsBack(2, Clean).Verdict, Is.EqualTo(GateVerdict.Allow), "nobody asked for it");
        world.With(o => o with { Leadership = KafkaLeadership.Preferred });
        var first = world.IsBack(2, Clean);
        Expect(first, GateVerdict.Deny, ReasonCodes.KafkaLeadersAway, "1 partition");
        Assert.That(first.Preparation, Is.EqualTo(GatePreparation.None));
        world.Now += TimeSpan.FromSeconds(30);
        Assert.That(world.IsBack(2, Clean, first.Memo).Preparation, Is.EqualTo(GatePreparation.Needed));
        Assert.That(world.IsBack(2, Clean, first.Memo, tries: 5).Verdict, Is.EqualTo(GateVerdict.Allow), "five elections are enough");
        world.Part("orders").Leader = 2;
        Assert.That(world.IsBack(2, Clean, first.Memo).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public void A_rollout_begins_only_on_a_cluster_that_takes_writes()
    {
        var world = KafkaWorld.Of(4).Topic("orders", 2, Three);
        Assert.That(world.MayBegin().Verdict, Is.EqualTo(GateVerdict.Allow));
        world.InSync("orders", 0);
        Expect(world.MayBegin(), GateVerdict.Deny, ReasonCodes.KafkaAlreadyUnderMinIsr, "orders-0");
        world.InSync("orders");
        Expect(world.MayBegin(), GateVerdict.Deny, ReasonCodes.KafkaOfflinePartition);
    }
}

using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using static Ordinal.Tests.Gates.Kafka.KafkaStopRuleTests;

namespace Ordinal.Tests.Gates.Kafka;

/// <summary>Replicas that may lead although not in sync (KIP-966): they never count as in sync, and nobody takes the last of them.</summary>
public sealed class KafkaEligibleTests
{
    [Test]
    public void K3_where_nobody_is_in_sync_the_last_that_may_lead_is_the_last_copy()
    {
        var world = Offline(2);
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaLastInSyncReplica, "orders-0 with 0 of 3 replicas in sync", "eligible to lead: 2");
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.KafkaOfflinePartition, "orders-0", "eligible to lead: 2");
        Assert.That(world.MayStop(3).Verdict, Is.EqualTo(GateVerdict.Allow), "has nothing to do with it");
    }

    [Test]
    public void K3_of_two_that_may_lead_each_leaves_one_and_both_together_none()
    {
        var world = Offline(1, 2);
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaOfflinePartition, "eligible to lead: 1, 2");
        Expect(world.MayStop(1, 2), GateVerdict.Deny, ReasonCodes.KafkaLastInSyncReplica);
        world[1].Crash();
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaLastInSyncReplica, "eligible to lead: 2");
    }

    [Test]
    public void K18_of_those_that_stay_both_brokers_must_say_that_they_may_lead()
    {
        var world = Offline(1, 2);
        world.Part("orders").OtherEligible = [2];
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaLastInSyncReplica);
        world.Part("orders").OtherEligible = [1];
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaOfflinePartition);
        Expect(world.MayStop(1, 2), GateVerdict.Deny, ReasonCodes.KafkaLastInSyncReplica, "eligible to lead: 1, 2");
    }

    [Test]
    public void Where_none_may_lead_any_more_those_that_could_last_are_the_best_copies()
    {
        var world = Offline();
        world.Part("orders").LastEligible = [2];
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaLastInSyncReplica, "eligible to lead: 2");
        world.Part("orders").Eligible = [1];
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaOfflinePartition);
    }

    [Test]
    public void Those_that_may_lead_do_not_count_as_in_sync()
    {
        var world = Offline(1, 2);
        (world.Part("orders").Isr, world.Part("orders").Leader) = ([0], 0);
        Expect(world.MayStop(0), GateVerdict.Deny, ReasonCodes.KafkaLastInSyncReplica, "1 of 3 replicas in sync (0)");
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.KafkaTargetCatchingUp);
        Expect(world.MayBegin(), GateVerdict.Deny, ReasonCodes.KafkaAlreadyUnderMinIsr);
    }

    [Test]
    public void A_broker_that_is_down_is_restarted_also_when_it_is_the_last_that_may_lead()
    {
        var world = Offline(2);
        world[2].Die();
        var answer = world.MayStop(2);
        Expect(answer, GateVerdict.Allow, ReasonCodes.GateOpen);
        Assert.That(answer.Warnings, Has.One.StartsWith("KafkaOfflinePartition"), "its volume is what counts");
    }

    /// <summary>Four brokers, and a topic on the first three of which nobody is in sync.</summary>
    private static KafkaWorld Offline(params int[] eligible)
    {
        var world = KafkaWorld.Of(4, voters: 0, isKraft: false).Topic("orders", 2, [0, 1, 2]);
        world.InSync("orders");
        world.Part("orders").Eligible = [.. eligible];
        return world;
    }
}

using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Gates.Kafka;

namespace Ordinal.Tests.Gates.Kafka;

/// <summary>How many may go together: the largest set, in the rollout's order, that is safe as a whole.</summary>
public sealed class KafkaBatchTests
{
    [Test]
    public void K23_brokers_of_one_rack_that_share_a_partition_do_not_go_together()
    {
        // Rack a is 6, 3, 0; but the assignment does not follow the racks: 6 and 3 share a partition.
        var world = KafkaWorld.Of(9, voters: 0, isKraft: false).Topic("orders", 2, [0, 1, 2], [3, 4, 5], [6, 3, 8]);
        Assert.That(Batch(world, 6), Is.EqualTo(new[] { 6, 7, 5, 2 }), "7 holds nothing; 8 and 3 share a partition with 6, 4 with 5, 1 and 0 with 2");
    }

    [Test]
    public void K24_a_third_broker_of_a_partition_is_left_out_where_two_are_all_that_it_can_spare()
    {
        var world = KafkaWorld.Of(5, voters: 0, isKraft: false).Topic("orders", 3, [0, 1, 2, 3, 4]);
        Assert.That(Batch(world, 4), Is.EqualTo(new[] { 4, 3 }));
    }

    [Test]
    public void Brokers_that_share_nothing_go_together()
    {
        var world = KafkaWorld.Of(6, voters: 0, isKraft: false).Topic("a", 1, [0, 1]).Topic("b", 1, [2, 3]).Topic("c", 1, [4, 5]);
        Assert.That(Batch(world, 5), Is.EqualTo(new[] { 5, 3, 1 }));
    }

    [Test]
    public void K23_while_one_is_away_another_that_may_go_is_offered_in_place_of_one_that_may_not()
    {
        var world = KafkaWorld.Of(9, voters: 0, isKraft: false).Topic("orders", 2, [0, 1, 2], [3, 4, 5], [6, 3, 8]);
        world[6].IsTerminating = true;
        var answer = world.MayStop(8);
        Assert.That((answer.Verdict, answer.Reason.Code), Is.EqualTo((GateVerdict.Deny, "KafkaWouldGoUnderMinIsr")), answer.Message);
        Assert.That(answer.Batch, Is.EqualTo(new[] { "uid-7", "uid-5", "uid-2" }));
        world[6].IsTerminating = false;
        world.InSync("orders", 6, 8);
        Assert.That(world.MayStop(8).Batch, Is.Empty, "nothing is away: what is sick is waited for");
    }

    [Test]
    public void Where_replicas_are_spread_over_racks_the_rest_of_the_first_ones_rack_goes_with_it()
    {
        // Rack 2 is 8, 5, 2. By ordinals alone 8, 7 and 4 would go: as many, but of two racks.
        var world = Racks(KafkaWorld.Of(9, voters: 0, isKraft: false).Topic("orders", 2, [0, 1, 2], [3, 4, 5], [6, 1, 8], [3, 7, 2], [0, 7, 5]));
        Assert.That(Batch(world, 8), Is.EqualTo(new[] { 8, 5, 2 }));
        world.Nodes.ForEach(n => n.Rack = null);
        Assert.That(Batch(world, 8), Is.EqualTo(new[] { 8, 7, 4 }), "no racks are told");
    }

    [Test]
    public void K23_a_rack_is_no_promise_who_shares_a_partition_with_its_mate_stays()
    {
        var world = Racks(KafkaWorld.Of(9, voters: 0, isKraft: false).Topic("orders", 2, [8, 5, 1], [2, 0, 1], [6, 7, 4], [3, 4, 7]));
        Assert.That(Batch(world, 8), Is.EqualTo(new[] { 8, 2 }), "5 shares a partition with 8");
    }

    [Test]
    public void The_larger_set_goes_where_a_rack_gives_fewer()
    {
        var world = Racks(KafkaWorld.Of(9, voters: 0, isKraft: false).Topic("a", 1, [5, 7]).Topic("b", 1, [5, 6]));
        world.Nodes.ForEach(n => n.Revision = n.Id < 5 ? "new" : "old");
        Assert.That(Batch(world, 8), Is.EqualTo(new[] { 8, 7, 6 }), "with 5 in it neither 7 nor 6 could go");
    }

    [Test]
    public void The_rest_of_a_rack_goes_before_any_of_another_also_while_one_of_it_is_away()
    {
        var world = Racks(KafkaWorld.Of(6, voters: 0, isKraft: false));
        Assert.That(Batch(world, 5), Is.EqualTo(new[] { 5, 2 }), "nobody holds anything, so all could go");
        world[2].Revision = "new";
        Assert.That(Batch(world, 5), Is.EqualTo(new[] { 5, 4, 3, 1, 0 }), "none of its rack is left");
        world = Racks(KafkaWorld.Of(9, voters: 0, isKraft: false).Topic("orders", 2, [6, 1, 8], [7, 0, 2]));
        world[8].IsTerminating = true;
        Assert.That(world.MayStop(6).Batch, Is.EqualTo(new[] { "uid-5", "uid-2" }), "in place of 6, which shares a partition with 8");
    }

    [Test]
    public void Controllers_go_alone()
    {
        var world = KafkaWorld.Of(6, voters: 3);
        Assert.That(Batch(world, 1), Is.EqualTo(new[] { 1 }));
        Assert.That(Batch(world, 5), Is.EqualTo(new[] { 5, 4, 3 }), "brokers without a partition, and no controller with them");
    }

    [Test]
    public void Pods_that_are_updated_or_not_ready_or_gone_are_not_in_a_batch()
    {
        var world = KafkaWorld.Of(6, voters: 0, isKraft: false);
        world[4].Revision = "new";
        world[3].IsReady = false;
        world[2].Crash();
        Assert.That(Batch(world, 5), Is.EqualTo(new[] { 5, 1, 0 }));
    }

    [Test]
    public void Topics_with_one_replica_keep_their_brokers_out_where_the_policy_protects_them()
    {
        var world = KafkaWorld.Of(3, voters: 0, isKraft: false).Topic("one", 1, [1]);
        Assert.That(Batch(world, 2), Is.EqualTo(new[] { 2, 1, 0 }));
        world.With(o => o with { SingleReplicaTopics = KafkaTopicPolicy.Deny });
        Assert.That(Batch(world, 2), Is.EqualTo(new[] { 2, 0 }));
    }

    [Test]
    public void At_the_strict_level_one_goes_at_a_time()
    {
        var world = KafkaWorld.Of(4, voters: 0, isKraft: false);
        world.With(o => o with { Guarantee = KafkaGuarantee.AllPartitionsInSync });
        Assert.That(Batch(world, 3), Is.EqualTo(new[] { 3 }));
    }

    private static KafkaWorld Racks(KafkaWorld world)
    {
        world.Nodes.ForEach(n => n.Rack = $"rack-{n.Id % 3}");
        return world;
    }

    private static IEnumerable<int> Batch(KafkaWorld world, int first)
    {
        var answer = world.MayStop(first);
        Assert.That(answer.Verdict, Is.EqualTo(GateVerdict.Allow), answer.Message);
        return answer.Batch.Select(uid => world.Nodes.First(n => n.Uid == uid).Id);
    }
}

using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Gates.Etcd;

namespace Ordinal.Tests.Gates;

/// <summary>Leader last, and who leads next (catalogue rows E3 and E4).</summary>
public sealed class EtcdLeadershipTests
{
    [Test]
    public void E3_before_the_leader_stops_leadership_must_move_and_before_a_follower_stops_it_must_not()
    {
        var world = EtcdWorld.Healthy(3, leader: 1);
        Assert.That(world.MayStop(1).Preparation, Is.EqualTo(GatePreparation.Needed));
        Assert.That(world.MayStop(2).Preparation, Is.EqualTo(GatePreparation.None));
        world.Options = world.Options with { MoveLeaderBeforeStop = false };
        Assert.That(world.MayStop(1).Preparation, Is.EqualTo(GatePreparation.None));
    }

    [TestCase(0, GatePreparation.Needed)]
    [TestCase(2, GatePreparation.Needed)]
    [TestCase(3, GatePreparation.Exhausted)]
    public void E3_after_three_tries_the_pod_may_go_with_a_warning(int tries, GatePreparation expected)
    {
        var world = EtcdWorld.Healthy(3, leader: 1);
        var answer = world.Ask(world.Input(GatePhase.BeforePod, [1], tries: tries));
        Assert.That((answer.Verdict, answer.Preparation), Is.EqualTo((GateVerdict.Allow, expected)));
        Assert.That(answer.Warnings.Any(w => w.StartsWith("EtcdMoveLeaderFailed", StringComparison.Ordinal)), Is.EqualTo(expected is GatePreparation.Exhausted));
    }

    [Test]
    public void A_leader_that_may_not_stop_needs_no_preparation()
    {
        var world = EtcdWorld.Healthy(3, leader: 1);
        world[2].Die();
        Assert.That(world.MayStop(1).Preparation, Is.EqualTo(GatePreparation.None));
    }

    [Test]
    public void E4_the_heir_runs_the_target_revision_and_is_the_least_behind()
    {
        var world = EtcdWorld.Healthy(5, leader: 0);
        world[3].Revision = world[4].Revision = "new";
        world[3].Applied = 990;
        Assert.That(Heir(world, 0), Is.EqualTo("etcd-4"));
        world[4].Applied = 980;
        Assert.That(Heir(world, 0), Is.EqualTo("etcd-3"));
    }

    [Test]
    public void E4_without_an_updated_voter_the_heir_is_the_one_that_goes_last()
    {
        var world = EtcdWorld.Healthy(3, leader: 2);
        Assert.That(Heir(world, 2), Is.EqualTo("etcd-0"));
    }

    [Test]
    public void The_heir_is_never_a_learner_nor_a_member_that_takes_no_part()
    {
        var world = EtcdWorld.Healthy(4, leader: 0);
        world.Nodes.ForEach(n => n.Revision = "new");
        world[1].IsLearner = true;
        world[2].Reads = false;
        Assert.That(Heir(world, 0), Is.EqualTo("etcd-3"));
        world[3].Hang();
        Assert.That(Heir(world, 0), Is.Null);
    }

    private static string? Heir(EtcdWorld world, int target)
    {
        var uid = world[target].Uid;
        var (view, _) = EtcdClusterView.Build(world.Context(), world.Observe(), new HashSet<string> { uid }, world.Options);
        return EtcdTransferee.Choose(view!.Seats.Where(s => s.Pod!.Uid != uid), "new")?.Name;
    }
}

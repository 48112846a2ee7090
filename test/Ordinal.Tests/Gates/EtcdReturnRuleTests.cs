using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Etcd;
using static Ordinal.Tests.Gates.EtcdStopRuleTests;

namespace Ordinal.Tests.Gates;

/// <summary>Is this pod's member back? Rows of the failure catalogue by their ids.</summary>
public sealed class EtcdReturnRuleTests
{
    [Test]
    public void The_same_member_caught_up_and_serving_is_back()
    {
        var (world, baseline) = Restarted();
        var answer = world.IsBack(2, baseline);
        Assert.That(answer.Verdict, Is.EqualTo(GateVerdict.Allow), answer.Message);
        Assert.That(answer.Warnings, Is.Empty);
    }

    [Test]
    public void Without_a_baseline_a_warning_says_that_a_change_of_identity_cannot_be_seen() =>
        Assert.That(Restarted().World.IsBack(2, null).Warnings, Has.One.StartsWith("EtcdNoBaseline"));

    [Test]
    public void E6_another_member_id_stops_the_rollout()
    {
        var (world, baseline) = Restarted();
        world[2].Id = 0xdead;
        Expect(world.IsBack(2, baseline), GateVerdict.Deny, ReasonCodes.EtcdIdentityChanged, "etcd-2", "dead", "a2");
    }

    [Test]
    public void E6_a_member_that_founded_a_cluster_of_its_own_stops_the_rollout()
    {
        var (world, baseline) = Restarted();
        (world[2].Cluster, world[2].Leader) = (0xbad, world[2].Id);
        Expect(world.IsBack(2, baseline), GateVerdict.Deny, ReasonCodes.EtcdIdentityChanged, "cluster bad", "cluster cdf8");
    }

    [Test]
    public void E6_a_member_that_crashes_on_its_empty_directory_is_unknown_and_named()
    {
        var (world, baseline) = Restarted();
        world[2].Die();
        Expect(world.IsBack(2, baseline), GateVerdict.Unknown, ReasonCodes.EtcdMemberSilent, "etcd-2", "Connection refused");
    }

    [Test]
    public void E25_catching_up_aims_at_a_fixed_index_and_so_ends_under_load()
    {
        var (world, baseline) = Restarted();
        (world[2].Applied, world[0].Commit) = (400, 1000);
        var first = world.IsBack(2, baseline);
        Expect(first, GateVerdict.Deny, ReasonCodes.EtcdCatchingUp, "has applied 400, 600 short of 1000");

        // The leader goes on; the member follows at a distance and never has it all.
        (world[2].Applied, world[0].Commit) = (1000, 1500);
        var second = world.IsBack(2, baseline, first.Memo);
        Assert.That(second.Verdict, Is.EqualTo(GateVerdict.Allow), second.Message);
        Assert.That(world.IsBack(2, baseline).Verdict, Is.EqualTo(GateVerdict.Deny), "without the memo the target would have moved on");
    }

    [Test]
    public void A_memo_of_another_cluster_is_no_target()
    {
        var (world, baseline) = Restarted();
        world[2].Applied = 400;
        Expect(world.IsBack(2, baseline, "beef 1"), GateVerdict.Deny, ReasonCodes.EtcdCatchingUp, "short of 1000");
    }

    [Test]
    public void A_member_that_came_back_as_a_learner_is_not_back()
    {
        var (world, baseline) = Restarted();
        world[2].IsLearner = true;
        Expect(world.IsBack(2, baseline), GateVerdict.Deny, ReasonCodes.EtcdStillLearner, "etcd-2");
    }

    [Test]
    public void A_member_that_serves_no_linearizable_read_is_not_back()
    {
        var (world, baseline) = Restarted();
        world[2].Reads = false;
        Expect(world.IsBack(2, baseline), GateVerdict.Deny, ReasonCodes.EtcdMemberNotParticipating, "etcd-2");
    }

    [Test]
    public void A_member_in_another_term_is_not_back()
    {
        var (world, baseline) = Restarted();
        world[2].Term = 7;
        Expect(world.IsBack(2, baseline), GateVerdict.Deny, ReasonCodes.EtcdLeaderDisagreement, "term 7");
    }

    [Test]
    public void E20_a_member_that_came_back_two_minor_versions_on_is_not_back()
    {
        var (world, baseline) = Restarted();
        world.Nodes.ForEach(n => n.Version = "3.4.23");
        world[2].Version = "3.6.0";
        Expect(world.IsBack(2, baseline), GateVerdict.Deny, ReasonCodes.EtcdVersionSkew, "3.6.0");
    }

    [Test]
    public void A_new_alarm_denies_and_a_known_one_does_not()
    {
        var (world, baseline) = Restarted();
        world.Nodes.ForEach(n => n.Alarms.Add(new EtcdAlarm(world[2].Id, EtcdAlarm.NoSpace)));
        Expect(world.IsBack(2, baseline), GateVerdict.Deny, ReasonCodes.EtcdNewAlarm, "etcd-2", "NOSPACE");
        world.Options = world.Options with { AllowNoSpace = true };
        var known = world.MayStop(2).Baseline;
        world.Options = world.Options with { AllowNoSpace = false };
        Assert.That(world.IsBack(2, known).Verdict, Is.EqualTo(GateVerdict.Allow));
        world.Nodes.ForEach(n => n.Alarms.Add(new EtcdAlarm(world[2].Id, EtcdAlarm.Corrupt)));
        Expect(world.IsBack(2, known), GateVerdict.Deny, ReasonCodes.EtcdAlarmCorrupt, "etcd-2");
    }

    [Test]
    public void A_pod_of_another_revision_is_unknown()
    {
        var (world, baseline) = Restarted();
        world[2].Revision = "old";
        Expect(world.IsBack(2, baseline), GateVerdict.Unknown, ReasonCodes.GatePodChanged, "old", "new");
    }

    [TestCase("")]
    [TestCase("v2 cluster=cdf8 etcd-2=a2 alarms=")]
    [TestCase("v1 cluster=xyz etcd-2=a2 alarms=")]
    [TestCase("v1 etcd-2=a2 alarms=")]
    [TestCase("v1 cluster=cdf8 etcd-2=a2")]
    [TestCase("v1 cluster=cdf8 etcd-2 alarms=")]
    public void A_baseline_that_cannot_be_read_never_permits(string baseline) =>
        Expect(Restarted().World.IsBack(2, baseline), GateVerdict.Unknown, ReasonCodes.EtcdBaselineUnreadable);

    [Test]
    public void A_baseline_reads_back_as_it_was_written()
    {
        var text = Restarted().Baseline;
        Assert.That(text, Is.EqualTo("v1 cluster=cdf8 etcd-2=a2 size=3 alarms="));
        Assert.That(EtcdBaseline.Parse(text)!.ToString(), Is.EqualTo(text));
        Assert.That(EtcdBaseline.Parse("v1 cluster=cdf8 etcd-2=a2 alarms=")!.Size, Is.Null, "of an older operator");
    }

    private static (EtcdWorld World, string Baseline) Restarted()
    {
        var world = EtcdWorld.Healthy(3);
        var baseline = world.MayStop(2).Baseline!;
        (world[2].Uid, world[2].Revision) = ("uid-2b", "new");
        return (world, baseline);
    }
}

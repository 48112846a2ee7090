using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.ZooKeeper;

namespace Ordinal.Tests.Gates.ZooKeeper;

/// <summary>May a server stop? Rule by rule; the catalogue's ids are in the names.</summary>
public sealed class ZkStopRuleTests
{
    [TestCase(3)]
    [TestCase(4)]
    [TestCase(5)]
    [TestCase(7)]
    public void A_healthy_ensemble_lets_any_one_server_stop(int servers)
    {
        for (var i = 0; i < servers; i++)
        {
            var answer = ZkWorld.Healthy(servers, leader: 1).MayStop(i);
            Expect(answer, GateVerdict.Allow, ReasonCodes.GateOpen, $"{servers - 1} of {servers} voters remain");
        }
    }

    [Test]
    public void ZK1_a_server_that_answers_but_does_not_serve_is_not_healthy()
    {
        var world = ZkWorld.Healthy(3);
        world.Nodes.ForEach(n => n.LoseQuorum());
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.ZkNotServing, "zk-0 (not serving)");
    }

    [Test]
    public void ZK1_with_the_quorum_lost_even_the_unready_pod_is_held()
    {
        var world = ZkWorld.Healthy(3);
        world[1].Die();
        world[2].Die();
        world[0].LoseQuorum();
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.ZkNotServing);
    }

    [Test]
    public void ZK4_the_leader_is_told_so_that_it_goes_last()
    {
        var answer = ZkWorld.Healthy(3, leader: 2).Ask(ZkWorld.Healthy(3, leader: 2).Input(GatePhase.Roles, []));
        Expect(answer, GateVerdict.Allow, ReasonCodes.GateOpen, "zk-2 leads");
        Assert.That(answer.Roles.Values, Is.EqualTo(new[] { MemberRole.Follower, MemberRole.Follower, MemberRole.Leader }));
    }

    [Test]
    public void ZK4_who_leads_is_not_known_without_a_quorum_behind_it()
    {
        var world = ZkWorld.Healthy(3, leader: 2);
        world[0].Die();
        world[1].Die();
        Assert.That(world.Ask(world.Input(GatePhase.Roles, [])).Verdict, Is.EqualTo(GateVerdict.Deny));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void ZK5_a_follower_that_is_being_synchronized_does_not_count(bool isServing)
    {
        var world = ZkWorld.Healthy(3);
        (world[2].Phase, world[2].TakesSnapshot, world[2].IsServing) = (ZkPhase.Synchronization, true, isServing);
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.ZkQuorumWouldBreak, "zk-2 takes no part", "synchroniz");

        // With five servers the arithmetic would allow it; that it is in flight still holds.
        var five = ZkWorld.Healthy(5);
        (five[2].Phase, five[2].IsServing) = (ZkPhase.Synchronization, isServing);
        Expect(five.MayStop(1), GateVerdict.Deny, ReasonCodes.ZkSnapshotInFlight, "zk-2");
    }

    [Test]
    public void ZK6_a_joiner_that_does_not_vote_is_not_counted_as_a_synced_follower()
    {
        // Leader, one follower, one dead voter, and a joiner: synced_followers says 2, of which one has no vote.
        var world = ZkWorld.Healthy(4);
        world[2].Die();
        (world[3].IsListed, world[3].HasPod) = (false, false);
        var answer = world.MayStop(1);
        Expect(answer, GateVerdict.Deny, ReasonCodes.ZkQuorumWouldBreak, "1 of 3 voters");
        Assert.That(answer.Facts, Has.Some.EqualTo(new GateFact("syncedVoters", "1")));
    }

    [Test]
    public void ZK6_a_joiner_with_a_pod_is_named()
    {
        var world = ZkWorld.Healthy(4);
        world[3].IsListed = false;
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.ZkNotVoting, "zk-3 follows the leader but is not among the 3 voters");
    }

    [Test]
    public void ZK7_without_the_leaders_counts_the_whitelist_is_the_remedy()
    {
        var world = ZkWorld.Healthy(3);
        world[0].CountsFailure = new ZkFailure(ZkFailureKind.NotWhitelisted, "zk-0:2181 does not answer mntr: it is not in 4lw.commands.whitelist");
        Expect(world.MayStop(1), GateVerdict.Misconfigured, ReasonCodes.ZkCommandNotWhitelisted, "mntr", "4lw.commands.whitelist=srvr,mntr,conf");

        // srvr alone still tells who leads.
        Assert.That(world.Ask(world.Input(GatePhase.Roles, [])).Roles["zk-0"], Is.EqualTo(MemberRole.Leader));
    }

    [Test]
    public void ZK8_a_server_in_standalone_mode_stops_everything()
    {
        var world = ZkWorld.Healthy(5);
        world[3].Mode = ZkMode.Standalone;
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.ZkStandaloneMember, "zk-3");
        Assert.That(ReasonCodes.ZkStandaloneMember.NeedsHuman, Is.True);
    }

    [Test]
    public void ZK8_standalone_servers_without_any_leader_stop_everything()
    {
        var world = ZkWorld.Healthy(3);
        world.Nodes.ForEach(n => n.Mode = ZkMode.Standalone);
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.ZkStandaloneMember, "zk-0 runs in standalone mode beside 2 others");
    }

    [Test]
    public void ZK9_two_leaders_stop_everything()
    {
        var world = ZkWorld.Healthy(5);
        (world[4].Mode, world[4].Leader) = (ZkMode.Leader, 5);
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.ZkTwoLeaders, "zk-0 and zk-4 both say that they lead");
    }

    [Test]
    public void ZK9_a_follower_of_another_leader_holds()
    {
        var world = ZkWorld.Healthy(5);
        world[4].Leader = 2;
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.ZkLeaderDisagreement, "zk-4 takes no part: follows server 2, the others server 1");
    }

    [Test]
    public void ZK18_an_ensemble_of_two_is_held_with_the_reason_unless_the_policy_accepts_the_outage()
    {
        var world = ZkWorld.Healthy(2);
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.ZkTwoMembers, "needs both");
        var begin = world.Ask(world.Input(GatePhase.BeforeRollout, []));
        Expect(begin, GateVerdict.Allow, ReasonCodes.GateOpen);
        Assert.That(begin.Warnings, Has.Some.StartsWith("ZkTwoMembers"), "it is the pods that are held: only a pod can be forced");
        world.Options = world.Options with { AllowTwoMembers = true };
        var allowed = world.MayStop(1);
        Expect(allowed, GateVerdict.Allow, ReasonCodes.GateOpen);
        Assert.That(allowed.Warnings, Has.Some.StartsWith("ZkTwoMembers"));
        Assert.That(world.MayStop(0, 1).Verdict, Is.EqualTo(GateVerdict.Deny), "never both");
    }

    [Test]
    public void ZK23_a_follower_that_lost_its_leader_without_knowing_is_found_by_the_leaders_own_count()
    {
        var world = ZkWorld.Healthy(5);
        world[0].Counts = 3;
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.ZkLeaderNotSynced, "counts 3 voters in sync, but 4 say that they follow it");
    }

    [Test]
    public void ZK21_a_ready_pod_that_hangs_holds_the_others_and_is_named()
    {
        var world = ZkWorld.Healthy(5);
        world[3].Hang();
        Expect(world.MayStop(1), GateVerdict.Unknown, ReasonCodes.ZkMemberSilent, "zk-3 takes no part: no answer from zk-3:8080 within 2 s");
        Expect(ThreeWith(w => w[2].Hang()).MayStop(1), GateVerdict.Deny, ReasonCodes.ZkQuorumWouldBreak, "zk-2");
    }

    [Test]
    public void ZK21_the_broken_pod_itself_may_be_replaced_while_the_others_are_a_quorum()
    {
        var world = ThreeWith(w => w[1].Die());
        Expect(world.MayStop(1), GateVerdict.Allow, ReasonCodes.GateOpen, "2 of 3 voters remain");
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.ZkQuorumWouldBreak, "zk-1 takes no part");
    }

    [Test]
    public void A_leader_that_cannot_be_asked_is_unknown_and_a_lost_one_is_an_election()
    {
        Expect(ThreeWith(w => w[0].Hang()).MayStop(1), GateVerdict.Unknown, ReasonCodes.ZkLeaderUnreachable, "zk-0: no answer");
        Expect(ThreeWith(w => w[0].Mode = ZkMode.Follower).MayStop(1), GateVerdict.Deny, ReasonCodes.ZkNoLeader, "zk-0 (follower)");
    }

    [Test]
    public void Nobody_answers_is_unknown_or_misconfigured_by_its_cause()
    {
        Expect(ThreeWith(w => w.Nodes.ForEach(n => n.Hang())).MayStop(1), GateVerdict.Unknown, ReasonCodes.ZkUnreachable);
        Expect(ThreeWith(w => w.Nodes.ForEach(n => n.Silence = new ZkFailure(ZkFailureKind.Tls, "expects TLS"))).MayStop(1), GateVerdict.Misconfigured, ReasonCodes.ZkTlsFailed, "expects TLS");
        Expect(ThreeWith(w => w.Nodes.ForEach(n => n.IsMissing = true)).Ask(ThreeWith(w => w.Nodes.ForEach(n => n.IsMissing = true)).Input(GatePhase.BeforeRollout, [])), GateVerdict.Unknown, ReasonCodes.ZkUnreachable);
    }

    [Test]
    public void A_read_only_server_has_lost_the_quorum() =>
        Expect(FiveWith(w => w[3].Mode = ZkMode.ReadOnly).MayStop(1), GateVerdict.Deny, ReasonCodes.ZkReadOnly, "zk-3");

    [Test]
    public void Different_lists_of_voters_hold() =>
        Expect(FiveWith(w => w[3].ListsDifferently = true).MayStop(1), GateVerdict.Deny, ReasonCodes.ZkConfigDisagreement, "lists the voters 1,2,3,4, the leader 1,2,3,4,5");

    [Test]
    public void A_voter_without_a_pod_and_a_pod_without_a_server_hold()
    {
        Expect(FiveWith(w => w[4].HasPod = false).MayStop(1), GateVerdict.Deny, ReasonCodes.ZkMemberWithoutPod, "server.5");
        Expect(FiveWith(w => (w[4].IsListed, w[4].IsServing) = (false, false)).MayStop(1), GateVerdict.Deny, ReasonCodes.ZkPodWithoutMember, "zk-4");
    }

    [Test]
    public void A_server_that_answers_as_another_holds() =>
        Expect(FiveWith(w => w[4].AnswersAs = 2).MayStop(1), GateVerdict.Deny, ReasonCodes.ZkIdentityMismatch, "answers as server 2, not as server 5");

    [Test]
    public void A_follower_far_behind_does_not_count_and_one_in_the_epoch_before_does()
    {
        Expect(ThreeWith(w => w[0].Zxid = w[1].Zxid = w[2].Zxid + 10_001).MayStop(1), GateVerdict.Deny, ReasonCodes.ZkQuorumWouldBreak, "10001 behind");

        // After an election without writes the leader alone is in the new epoch (seen on 3.8.0).
        Expect(FiveWith(w => w[0].Zxid = 0x2_0000_0000).MayStop(1), GateVerdict.Allow, ReasonCodes.GateOpen);
    }

    [Test]
    public void Pending_syncs_hold_only_from_the_third_check_on()
    {
        var world = ThreeWith(w => w[0].PendingSyncs = 4);
        var first = world.MayStop(1);
        Assert.That(first.Verdict, Is.EqualTo(GateVerdict.Allow));
        var second = world.Ask(world.Input(GatePhase.BeforePod, [1], memo: first.Memo));
        var third = world.Ask(world.Input(GatePhase.BeforePod, [1], memo: second.Memo));
        Assert.That(second.Verdict, Is.EqualTo(GateVerdict.Allow));
        Expect(third, GateVerdict.Deny, ReasonCodes.ZkPendingSyncs, "4 syncs pending, for 3 checks");
        world[0].PendingSyncs = 0;
        var fourth = world.Ask(world.Input(GatePhase.BeforePod, [1], memo: third.Memo));
        Assert.That((fourth.Verdict, fourth.Memo), Is.EqualTo((GateVerdict.Allow, (string?)null)));
    }

    [Test]
    public void A_queue_at_the_leader_holds() =>
        Expect(ThreeWith(w => w[0].Outstanding = 1001).MayStop(1), GateVerdict.Deny, ReasonCodes.ZkOutstanding, "1001 requests queued");

    [Test]
    public void Observers_do_not_count_and_may_stop_while_the_voters_are_a_quorum()
    {
        var world = ZkWorld.Healthy(4);
        (world[3].IsObserver, world[3].Mode) = (true, ZkMode.Observer);
        Expect(world.MayStop(3), GateVerdict.Allow, ReasonCodes.GateOpen, "3 of 3 voters remain");
        Assert.That(world.MayStop(1).Roles["zk-3"], Is.EqualTo(MemberRole.Learner));
        world[3].Die();
        Expect(world.MayStop(1), GateVerdict.Allow, ReasonCodes.GateOpen, "2 of 3 voters remain");
    }

    [Test]
    public void Groups_and_weights_are_not_counted_as_a_majority()
    {
        var world = ZkWorld.Healthy(3);
        var known = world.Observe();
        var grouped = new ZkObservation([.. known.Pods.Select(p => p with { Members = p.Members! with { IsHierarchical = true } })]);
        Expect(ZkRule.Evaluate(world.Input(GatePhase.BeforePod, [1]), grouped, world.Options), GateVerdict.Misconfigured, ReasonCodes.ZkHierarchicalQuorum);
    }

    [Test]
    public void One_server_alone_may_stop_with_a_warning()
    {
        var answer = ZkWorld.Healthy(1).MayStop(0);
        Expect(answer, GateVerdict.Allow, ReasonCodes.GateOpen);
        Assert.That(answer.Warnings, Has.Some.StartsWith("ZkSingleServer"));
    }

    [Test]
    public void Headroom_is_kept_where_the_ensemble_is_big_enough_for_it()
    {
        Expect(FiveWith(w => w.Options = w.Options with { Headroom = 1 }).MayStop(1), GateVerdict.Allow, ReasonCodes.GateOpen);
        var oneDown = FiveWith(w => w.Options = w.Options with { Headroom = 1 });
        oneDown[4].Die();
        Expect(oneDown.MayStop(1), GateVerdict.Deny, ReasonCodes.ZkNoHeadroom, "headroom wants 4");
        Expect(ThreeWith(w => w.Options = w.Options with { Headroom = 1 }).MayStop(1), GateVerdict.Allow, ReasonCodes.GateOpen);
    }

    [Test]
    public void A_batch_is_judged_as_one_set_and_the_leader_is_in_none()
    {
        var answer = ZkWorld.Healthy(5, leader: 4).MayStop(3);
        Assert.That(answer.Batch, Is.EqualTo(new[] { "uid-3", "uid-2" }), "a third would break the quorum, and the leader goes alone");
        Assert.That(ZkWorld.Healthy(5, leader: 4).MayStop(2, 3).Verdict, Is.EqualTo(GateVerdict.Allow));
        Expect(ZkWorld.Healthy(5, leader: 4).MayStop(1, 2, 3), GateVerdict.Deny, ReasonCodes.ZkQuorumWouldBreak, "2 of 5 voters");
        Assert.That(ZkWorld.Healthy(5, leader: 4).MayStop(4).Batch, Is.EqualTo(new[] { "uid-4" }));
    }

    [Test]
    public void A_terminating_pod_counts_as_stopped() =>
        Expect(ThreeWith(w => w[2].IsTerminating = true).MayStop(1), GateVerdict.Deny, ReasonCodes.ZkQuorumWouldBreak, "stopping zk-1, zk-2");

    [Test]
    public void After_the_rollout_every_server_must_take_part() =>
        Expect(FiveWith(w => w[4].Die()) is var world ? world.Ask(world.Input(GatePhase.AfterRollout, [])) : null!, GateVerdict.Unknown, ReasonCodes.ZkMemberSilent, "zk-4");

    private static ZkWorld ThreeWith(Action<ZkWorld> illness) => With(3, illness);

    private static ZkWorld FiveWith(Action<ZkWorld> illness) => With(5, illness);

    private static ZkWorld With(int servers, Action<ZkWorld> illness)
    {
        var world = ZkWorld.Healthy(servers);
        illness(world);
        return world;
    }

    private static void Expect(GateAnswer answer, GateVerdict verdict, ReasonCode reason, params string[] words)
    {
        Assert.That((answer.Verdict, answer.Reason.Code), Is.EqualTo((verdict, reason.Code)), answer.Message);
        foreach (var word in words)
        {
            Assert.That(answer.Message, Does.Contain(word));
        }
    }
}

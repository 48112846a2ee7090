using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Etcd;

namespace Ordinal.Tests.Gates;

/// <summary>May this pod stop? Rows of the failure catalogue by their ids.</summary>
public sealed class EtcdStopRuleTests
{
    [Test]
    public void One_of_three_healthy_members_may_stop_with_a_warning_that_nothing_is_to_spare()
    {
        var answer = EtcdWorld.Healthy(3).MayStop(2);
        Assert.That(answer.Verdict, Is.EqualTo(GateVerdict.Allow), answer.Message);
        Assert.That(answer.Warnings, Has.One.StartsWith("EtcdNoHeadroom"));
        Assert.That(answer.Preparation, Is.EqualTo(GatePreparation.None));
        Assert.That(answer.Message, Is.EqualTo("prod/etcd: etcd-2 may stop: 2 of 3 voters remain, quorum is 2"));
    }

    [Test]
    public void One_of_five_healthy_members_may_stop_without_a_warning() =>
        Assert.That(EtcdWorld.Healthy(5).MayStop(2).Warnings, Is.Empty);

    [Test]
    public void Two_of_three_may_not_stop_together() =>
        Expect(EtcdWorld.Healthy(3).MayStop(1, 2), GateVerdict.Deny, ReasonCodes.EtcdQuorumWouldBreak, "1 of 3", "quorum is 2");

    [Test]
    public void A_terminating_pod_counts_as_stopped()
    {
        var world = EtcdWorld.Healthy(3);
        world[0].IsTerminating = true;
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdQuorumWouldBreak, "1 of 3");
    }

    [Test]
    public void E1_the_sick_member_may_be_restarted_and_a_healthy_one_may_not()
    {
        var world = EtcdWorld.Healthy(3, leader: 1);
        world[0].Die();
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdQuorumWouldBreak, "etcd-0", "Connection refused");
        Assert.That(world.MayStop(0).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public void A_hung_member_holds_the_others_and_is_named()
    {
        var world = EtcdWorld.Healthy(3);
        world[1].Hang();
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdQuorumWouldBreak, "etcd-1", "no answer from etcd-1:2379 within 5 s");
    }

    [Test]
    public void A_hung_member_holds_the_others_even_where_the_arithmetic_would_allow_it()
    {
        var world = EtcdWorld.Healthy(5);
        world[1].Hang();
        Expect(world.MayStop(2), GateVerdict.Unknown, ReasonCodes.EtcdMemberSilent, "etcd-1", "no answer");
    }

    [Test]
    public void A_member_that_Kubernetes_knows_to_be_down_is_only_arithmetic()
    {
        var world = EtcdWorld.Healthy(5);
        world[1].Die();
        var answer = world.MayStop(2);
        Assert.That(answer.Verdict, Is.EqualTo(GateVerdict.Allow), answer.Message);
        Assert.That(answer.Warnings, Has.Some.Contains("etcd-1"));
    }

    [Test]
    public void E2_a_member_that_answers_Status_but_serves_no_linearizable_read_takes_no_part()
    {
        var world = EtcdWorld.Healthy(3);
        world[1].Reads = false;
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdQuorumWouldBreak, "etcd-1", "linearizable");
    }

    [Test]
    public void E2_members_without_a_leader_deny_though_each_answers()
    {
        var world = EtcdWorld.Healthy(3);
        world.Nodes.ForEach(n => n.Leader = 0);
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdNoLeader, "etcd-0");
    }

    [Test]
    public void E5_the_leader_is_the_one_that_leads_now()
    {
        var world = EtcdWorld.Healthy(3, leader: 2);
        var roles = world.Ask(world.Input(GatePhase.Roles, []));
        Assert.That(roles.Verdict, Is.EqualTo(GateVerdict.Allow), roles.Message);
        Assert.That(roles.Roles["etcd-2"], Is.EqualTo(MemberRole.Leader));
        Assert.That(roles.Roles["etcd-0"], Is.EqualTo(MemberRole.Follower));
        world.Nodes.ForEach(n => (n.Leader, n.Term) = (world[0].Id, 3));
        Assert.That(world.Ask(world.Input(GatePhase.Roles, [])).Roles["etcd-0"], Is.EqualTo(MemberRole.Leader));
    }

    [Test]
    public void Roles_are_not_known_while_the_leader_has_no_quorum()
    {
        var world = EtcdWorld.Healthy(3);
        world[1].Hang();
        world[2].Hang();
        Expect(world.Ask(world.Input(GatePhase.Roles, [])), GateVerdict.Deny, ReasonCodes.EtcdQuorumLost, "etcd-1", "etcd-2");
    }

    [Test]
    public void E17_NOSPACE_denies_with_the_remedy_unless_the_policy_lets_the_quota_be_raised()
    {
        var world = EtcdWorld.Healthy(3, leader: 2);
        world.Nodes.ForEach(n => n.Alarms.Add(new EtcdAlarm(world[1].Id, EtcdAlarm.NoSpace)));
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdAlarmNoSpace, "etcd-1", "disarm");
        world.Options = world.Options with { AllowNoSpace = true };
        var allowed = world.MayStop(2);
        Assert.That(allowed.Verdict, Is.EqualTo(GateVerdict.Allow), allowed.Message);
        Assert.That(allowed.Preparation, Is.EqualTo(GatePreparation.Needed), "NOSPACE does not keep leadership from moving");
    }

    [Test]
    public void E18_CORRUPT_denies_whatever_the_policy_says()
    {
        var world = EtcdWorld.Healthy(5);
        world.Options = world.Options with { AllowNoSpace = true, AllowLearner = true };
        world.Nodes.ForEach(n => n.Alarms.Add(new EtcdAlarm(world[3].Id, EtcdAlarm.Corrupt)));
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdAlarmCorrupt, "etcd-3");
        Expect(world.MayStop(3), GateVerdict.Deny, ReasonCodes.EtcdAlarmCorrupt, "etcd-3");
    }

    [Test]
    public void An_alarm_that_nobody_here_knows_denies()
    {
        var world = EtcdWorld.Healthy(3);
        world[0].Alarms.Add(new EtcdAlarm(world[0].Id, "SUNSPOTS"));
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdAlarmUnknown, "SUNSPOTS");
    }

    [TestCase("3.3.27")]
    [TestCase("3.7.0")]
    [TestCase("4.5.0")]
    [TestCase("")]
    public void E20_more_than_one_minor_version_apart_denies(string version)
    {
        var world = EtcdWorld.Healthy(5);
        world[1].Version = version;
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdVersionSkew, "etcd-1");
    }

    [TestCase("3.4.23")]
    [TestCase("3.6.1")]
    public void E20_one_minor_version_apart_is_an_upgrade_on_its_way(string version)
    {
        var world = EtcdWorld.Healthy(3);
        world[1].Version = version;
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public void E22_a_learner_is_no_voter_and_holds_the_others()
    {
        var world = EtcdWorld.Healthy(4);
        world[3].IsLearner = true;
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdLearnerPending, "etcd-3");
        world.Options = world.Options with { AllowLearner = true };
        Assert.That(world.MayStop(2).Message, Does.Contain("2 of 3 voters remain"));
        world[1].Die();
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdQuorumWouldBreak, "1 of 3");
    }

    [Test]
    public void E22_a_learner_itself_may_stop_while_the_voters_are_a_quorum()
    {
        var world = EtcdWorld.Healthy(3);
        world[2].IsLearner = true;
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow));
        world[1].Die();
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdQuorumLost, "etcd-1");
    }

    [Test]
    public void E8_a_member_that_never_started_counts_for_the_quorum()
    {
        var world = EtcdWorld.Healthy(4);
        world[3].IsStarted = false;
        world[3].Die();
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdUnstartedMember, "etcd-3");
        Assert.That(world.MayStop(3).Verdict, Is.EqualTo(GateVerdict.Allow), "restarting it is the cure");
    }

    [Test]
    public void E23_a_lost_quorum_denies_and_says_never_to_delete_volumes()
    {
        var world = EtcdWorld.Healthy(3);
        world[1].Die();
        world[2].Die();
        Expect(world.MayStop(0), GateVerdict.Deny, ReasonCodes.EtcdQuorumLost, "1 of 3", "never delete their volumes");
        Expect(world.MayStop(1), GateVerdict.Deny, ReasonCodes.EtcdQuorumLost, "etcd-1", "etcd-2");
    }

    [Test]
    public void E24_an_endpoint_that_answers_as_another_member_takes_no_part()
    {
        var world = EtcdWorld.Healthy(3);
        world[1].AnswersAs = world[0].Id;
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdQuorumWouldBreak, "etcd-1:2379 answers as member a0");
        Expect(EtcdWorld5With(w => w[1].AnswersAs = w[0].Id).MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdIdentityMismatch, "etcd-1");
    }

    [Test]
    public void E27_a_member_without_a_pod_denies()
    {
        var world = EtcdWorld.Healthy(5);
        (world[4].HasPod, world[4].Pod) = (false, "stranger");
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdMemberWithoutPod, "stranger");
    }

    [Test]
    public void E27_a_pod_without_a_member_denies()
    {
        var world = EtcdWorld.Healthy(3);
        var context = world.Context();
        var extra = context.Pods[2] with { Pod = "etcd-3", Uid = "uid-3", Ordinal = 3, Address = "10.0.0.9" };
        var input = world.Input(GatePhase.BeforePod, [2]) with { Context = context with { Pods = context.Pods.Add(extra) } };
        Expect(world.Ask(input), GateVerdict.Deny, ReasonCodes.EtcdPodWithoutMember, "etcd-3");
    }

    [Test]
    public void E27_a_member_keeps_its_pod_while_that_is_being_replaced()
    {
        var world = EtcdWorld.Healthy(5);
        world[4].IsMissing = true;
        var answer = world.MayStop(2);
        Assert.That(answer.Verdict, Is.EqualTo(GateVerdict.Allow), answer.Message);
        Assert.That(answer.Message, Does.Contain("3 of 5 voters remain"));
    }

    [Test]
    public void A_lagging_member_takes_no_part()
    {
        var world = EtcdWorld.Healthy(3);
        world.Nodes.ForEach(n => (n.Commit, n.Applied) = (10_000, 10_000));
        world[1].Applied = 9_000;
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow), "1000 behind is allowed");
        world[1].Applied = 8_999;
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdQuorumWouldBreak, "etcd-1", "1001 behind");
    }

    [Test]
    public void Members_that_follow_different_leaders_deny()
    {
        var world = EtcdWorld.Healthy(5);
        (world[4].Leader, world[4].Term) = (world[3].Id, 9);
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdLeaderDisagreement, "etcd-4");
        world = EtcdWorld.Healthy(3);
        (world[1].Leader, world[1].Term) = (world[2].Id, 3);
        world[2].Term = 3;
        world[2].Leader = 0;
        world[0].Hang();
        Assert.That(world.MayStop(2).Verdict, Is.Not.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public void Members_that_list_different_memberships_deny() =>
        Expect(EtcdWorld5With(w => w[1].ListsDifferently = true).MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdMembershipUnsettled, "etcd-1");

    [Test]
    public void A_leader_that_only_the_members_can_reach_is_unknown()
    {
        var world = EtcdWorld.Healthy(5);
        world[0].Hang();
        Expect(world.MayStop(2), GateVerdict.Unknown, ReasonCodes.EtcdLeaderUnreachable, "etcd-0", "no answer");
    }

    [Test]
    public void A_single_member_may_stop_with_a_warning()
    {
        var answer = EtcdWorld.Healthy(1).MayStop(0);
        Assert.That(answer.Verdict, Is.EqualTo(GateVerdict.Allow), answer.Message);
        Assert.That(answer.Warnings, Has.One.StartsWith("EtcdSingleMember"));
        Assert.That(answer.Preparation, Is.EqualTo(GatePreparation.None));
    }

    [TestCase(0)]
    [TestCase(1)]
    public void Neither_of_two_members_may_stop(int target) =>
        Expect(EtcdWorld.Healthy(2).MayStop(target), GateVerdict.Deny, ReasonCodes.EtcdTwoMembers, "2 voters");

    [Test]
    public void A_rollout_of_two_members_may_begin_with_a_warning_for_only_a_pod_can_be_forced()
    {
        var world = EtcdWorld.Healthy(2);
        var answer = world.Ask(world.Input(GatePhase.BeforeRollout, []));
        Assert.That(answer.Verdict, Is.EqualTo(GateVerdict.Allow), answer.Message);
        Assert.That(answer.Warnings, Has.One.StartsWith("EtcdTwoMembers"));
        world[1].Die();
        Expect(world.Ask(world.Input(GatePhase.BeforeRollout, [])), GateVerdict.Deny, ReasonCodes.EtcdQuorumLost);
    }

    [Test]
    public void G6_refused_credentials_are_a_matter_for_a_human()
    {
        var world = EtcdWorld.Healthy(3);
        world.Nodes.ForEach(n => n.Silence = new EtcdFailure(EtcdFailureKind.AccessDenied, $"{n.Pod}:2379 says \"invalid auth token\"", 16));
        Expect(world.MayStop(2), GateVerdict.Misconfigured, ReasonCodes.EtcdAccessDenied, "etcd-0:2379");
        world = EtcdWorld.Healthy(3);
        world[1].Silence = new EtcdFailure(EtcdFailureKind.Tls, "the TLS handshake with etcd-1:2379 failed: expired");
        Expect(world.MayStop(2), GateVerdict.Misconfigured, ReasonCodes.EtcdTlsFailed, "etcd-1", "expired");
    }

    [Test]
    public void G7_with_every_pod_down_nothing_can_be_said()
    {
        var world = EtcdWorld.Healthy(3);
        world.Nodes.ForEach(n => n.Die());
        Expect(world.MayStop(2), GateVerdict.Unknown, ReasonCodes.EtcdUnreachable, "none of 3");
    }

    [Test]
    public void A_pod_that_is_gone_is_unknown()
    {
        var world = EtcdWorld.Healthy(3);
        var input = world.Input(GatePhase.BeforePod, [2]);
        world[2].Uid = "its-successor";
        Expect(world.Ask(input with { Context = world.Context() }), GateVerdict.Unknown, ReasonCodes.GatePodChanged, "uid-2");
    }

    [Test]
    public void A_rollout_is_complete_only_when_every_member_takes_part()
    {
        var world = EtcdWorld.Healthy(5);
        Assert.That(world.Ask(world.Input(GatePhase.AfterRollout, [])).Verdict, Is.EqualTo(GateVerdict.Allow));
        world[1].Die();
        Expect(world.Ask(world.Input(GatePhase.AfterRollout, [])), GateVerdict.Unknown, ReasonCodes.EtcdMemberSilent, "etcd-1");
        Assert.That(world.Ask(world.Input(GatePhase.BeforeRollout, [])).Verdict, Is.EqualTo(GateVerdict.Allow), "the rollout may be the cure");
    }

    [Test]
    public void A_database_near_its_quota_and_one_full_of_holes_are_warned_of()
    {
        var world = EtcdWorld.Healthy(3);
        (world[0].DbSize, world[0].DbSizeInUse, world[0].DbSizeQuota) = (900_000_000, 100_000_000, 1_000_000_000);
        Assert.That(world.MayStop(2).Warnings, Has.One.StartsWith("EtcdDbNearQuota: etcd-0").And.One.StartsWith("EtcdFragmented: etcd-0"));
    }

    internal static void Expect(Ordinal.Gates.GateAnswer answer, GateVerdict verdict, ReasonCode reason, params string[] words)
    {
        Assert.That((answer.Verdict, answer.Reason.Code), Is.EqualTo((verdict, reason.Code)), answer.Message);
        Assert.That(answer.Message, Does.StartWith("prod/etcd: ").And.Contain(reason.Remedy));
        foreach (var word in words)
        {
            Assert.That(answer.Message, Does.Contain(word));
        }
    }

    private static EtcdWorld EtcdWorld5With(Action<EtcdWorld> change)
    {
        var world = EtcdWorld.Healthy(5);
        change(world);
        return world;
    }
}

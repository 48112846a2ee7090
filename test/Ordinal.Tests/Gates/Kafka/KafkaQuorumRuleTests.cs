using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Kafka;
using static Ordinal.Tests.Gates.Kafka.KafkaStopRuleTests;

namespace Ordinal.Tests.Gates.Kafka;

/// <summary>Controllers: the majority, and who goes last.</summary>
public sealed class KafkaQuorumRuleTests
{
    [Test]
    public void K11_under_KRaft_the_leader_of_the_quorum_leads_and_the_controller_of_Metadata_is_ignored()
    {
        var world = KafkaWorld.Of(3);
        world.Controller = 1;
        var answer = world.Roles();
        Assert.That(world.Observe().Snapshots[0].ControllerId, Is.EqualTo(2), "what Metadata says");
        Assert.That(answer.Roles, Is.EqualTo(new Dictionary<string, MemberRole> { ["kafka-0"] = MemberRole.Follower, ["kafka-1"] = MemberRole.Leader, ["kafka-2"] = MemberRole.Follower }));
        Expect(answer, GateVerdict.Allow, ReasonCodes.GateOpen, "kafka-1 is the active controller");
    }

    [Test]
    public void In_ZooKeeper_mode_the_controller_of_Metadata_leads()
    {
        var world = KafkaWorld.Of(3, isKraft: false);
        world.Controller = 2;
        Assert.That(world.Roles().Roles["kafka-2"], Is.EqualTo(MemberRole.Leader));
        world.Controller = -1;
        Expect(world.Roles(), GateVerdict.Unknown, ReasonCodes.KafkaControllerUnknown);
    }

    [Test]
    public void Brokers_without_a_controller_among_them_are_all_followers()
    {
        var world = KafkaWorld.Of(3, voters: 0);
        world.DeadVoters.AddRange([100, 101, 102]);
        world.Controller = 100;
        var seen = world.Observe();
        seen = seen with { Quorums = [.. seen.Quorums.Select(q => q with { Voters = [.. q.Voters.Select(v => v with { LastCaughtUp = KafkaWorld.ClockMs, LogEndOffset = 5000 })] })] };
        Assert.That(KafkaRule.Evaluate(world.Input(GatePhase.Roles, []), seen, world.Options).Roles.Values, Is.All.EqualTo(MemberRole.Follower));
        Assert.That(KafkaRule.Evaluate(world.Input(GatePhase.BeforePod, [1]), seen, world.Options).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public void K12_a_follower_may_not_stop_while_the_other_one_is_five_seconds_behind()
    {
        var world = KafkaWorld.Of(3);
        world[1].CaughtUpAgo = 5000;
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KraftQuorumWouldBreak, "kafka-2", "1 of 3 controllers", "majority is 2", "controller 1 caught up 5 s ago");
        Assert.That(world.MayStop(1).Verdict, Is.EqualTo(GateVerdict.Allow), "the one that is behind is no loss");
    }

    [Test]
    public void K13_the_leader_is_read_anew_each_time()
    {
        var world = KafkaWorld.Of(3);
        Assert.That(world.Roles().Roles["kafka-0"], Is.EqualTo(MemberRole.Leader));
        (world.Controller, world.Epoch) = (2, 8);
        Assert.That(world.MayStop(1).Roles["kafka-2"], Is.EqualTo(MemberRole.Leader));
    }

    [Test]
    public void K14_a_controller_that_never_joined_holds_the_others()
    {
        var world = KafkaWorld.Of(5, voters: 3);
        world.With(o => o with { Controllers = [0, 1, 2, 3, 4] });
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KraftVoterMissing, "controller 3", "3 voters (0, 1, 2)");
        Expect(world.IsBack(4, null), GateVerdict.Deny, ReasonCodes.KraftVoterMissing, "kafka-4");
    }

    [Test]
    public void K15_a_dead_voter_that_was_left_behind_counts_for_the_majority()
    {
        var world = KafkaWorld.Of(3);
        world.DeadVoters.Add(3);
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KraftQuorumWouldBreak, "2 of 4 controllers", "majority is 3", "controller 3 has never caught up");
    }

    [Test]
    public void K15_a_voter_that_nobody_expects_is_warned_of()
    {
        var world = KafkaWorld.Of(5, voters: 5);
        world.With(o => o with { Controllers = [0, 1, 2, 3] });
        Assert.That(world.MayStop(1).Warnings, Has.One.StartsWith("KraftUnexpectedVoter: controller 4"));
    }

    [Test]
    public void K16_a_controller_whose_port_is_open_but_that_does_not_keep_up_is_not_back()
    {
        var world = KafkaWorld.Of(3);
        world[2].CaughtUpAgo = 30_000;
        world[2].Lag = 400;
        Expect(world.IsBack(2, null), GateVerdict.Deny, ReasonCodes.KraftControllerLagging, "kafka-2", "caught up 30 s ago", "400 records behind");
        (world[2].CaughtUpAgo, world[2].Lag) = (0, 0);
        Assert.That(world.IsBack(2, null).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public void A_controller_and_nothing_else_is_judged_by_the_quorum_alone()
    {
        var world = KafkaWorld.Of(6).Topic("orders", 2, [3, 4, 5]);
        foreach (var controller in new[] { 0, 1, 2 })
        {
            world[controller].IsBroker = false;
        }

        Assert.That(world.MayStop(1).Verdict, Is.EqualTo(GateVerdict.Allow));
        Assert.That(world.IsBack(1, null).Verdict, Is.EqualTo(GateVerdict.Allow));
        world[1].CaughtUpAgo = -1;
        Expect(world.IsBack(1, null), GateVerdict.Deny, ReasonCodes.KraftControllerLagging, "never caught up");
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KraftQuorumWouldBreak);
    }

    [Test]
    public void Without_a_leader_nothing_stops()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 1, [0, 1, 2]);
        world.Controller = -1;
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KraftNoLeader, "no leader in epoch 7");
    }

    [Test]
    public void While_the_leader_changes_nothing_stops()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 1, [0, 1, 2]);
        world.OtherEpoch = 8;
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KraftLeaderEpochMoved, "0 in epoch 7, then 0 in epoch 8");
    }

    [Test]
    public void The_only_controller_may_stop_with_a_warning_or_not_as_the_policy_says()
    {
        var world = KafkaWorld.Of(3, voters: 1);
        Assert.That(world.MayStop(0).Warnings, Has.One.StartsWith("KraftSingleController"));
        world.With(o => o with { AllowSingleController = false });
        Expect(world.MayStop(0), GateVerdict.Deny, ReasonCodes.KraftSingleController);
        Assert.That(world.MayStop(1).Verdict, Is.EqualTo(GateVerdict.Allow), "a broker is no controller");
    }

    [Test]
    public void Of_two_controllers_one_may_stop_with_a_warning_when_the_other_has_everything()
    {
        var world = KafkaWorld.Of(3, voters: 2);
        Assert.That(world.MayStop(1).Warnings, Has.One.StartsWith("KraftSingleController"));
        world[1].CaughtUpAgo = 5000;
        Expect(world.MayStop(0), GateVerdict.Deny, ReasonCodes.KraftQuorumWouldBreak);
    }

    [Test]
    public void Controllers_that_do_not_tell_when_they_caught_up_are_not_guessed_about()
    {
        var world = KafkaWorld.Of(3);
        var seen = world.Observe();
        seen = seen with { Quorums = [.. seen.Quorums.Select(q => q with { Voters = [.. q.Voters.Select(v => v with { LastCaughtUp = -1, LastFetch = -1 })] })] };
        Expect(KafkaRule.Evaluate(world.Input(GatePhase.BeforePod, [2]), seen, world.Options), GateVerdict.Misconfigured, ReasonCodes.KafkaVersionUnsupported);
    }

    [Test]
    public void A_quorum_that_nobody_can_tell_about_is_unknown()
    {
        var world = KafkaWorld.Of(3);
        var seen = world.Observe() with { Quorums = [], QuorumFailure = new KafkaFailure(KafkaFailureKind.Timeout, "no answer from kafka-0:9092 within 10 s") };
        Expect(KafkaRule.Evaluate(world.Input(GatePhase.BeforePod, [2]), seen, world.Options), GateVerdict.Unknown, ReasonCodes.KraftQuorumUnreadable, "no answer");
    }

    [Test]
    public void Where_controllers_may_be_asked_themselves_their_word_is_wanted_and_one_that_is_silent_is_not_back()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, [0, 1, 2]);
        var baseline = world.MayStop(2).Baseline;
        world.With(o => o with { ControllerServers = "kafka:9093" });
        Expect(world.IsBack(2, baseline), GateVerdict.Allow, ReasonCodes.GateOpen);

        // Its port is open, its leader hears from it, and it answers nobody (K16).
        world[2].ControllerSilence = new KafkaFailure(KafkaFailureKind.Timeout, "no answer from kafka-2:9093 within 10 s");
        Expect(world.IsBack(2, baseline), GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, "kafka-2 does not answer as a controller", "kafka-2:9093");
        Expect(world.MayEnd(), GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, "kafka-2");
        world[2].ControllerSilence = null;

        var seen = world.Observe();
        var input = world.Input(GatePhase.BeforePod, [1]);
        Assert.That(KafkaRule.Evaluate(input, seen, world.Options).Verdict, Is.EqualTo(GateVerdict.Allow));
        seen = seen with { Quorums = [seen.Quorums[0]], QuorumFailure = new KafkaFailure(KafkaFailureKind.Refused, "the controllers know none of them that is active") };
        Expect(KafkaRule.Evaluate(input, seen, world.Options), GateVerdict.Unknown, ReasonCodes.KraftQuorumUnreadable, "none of them that is active");
        seen = world.Observe();
        seen = seen with { Quorums = [seen.Quorums[0], seen.Quorums[1] with { LeaderId = 1 }] };
        Expect(KafkaRule.Evaluate(input, seen, world.Options), GateVerdict.Deny, ReasonCodes.KraftLeaderEpochMoved, "0 in epoch 7, then 1 in epoch 7");
    }

    [Test]
    public void K16_a_controller_that_was_not_asked_or_answered_from_an_address_that_is_not_its_pods_is_not_back()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, [0, 1, 2]);
        var baseline = world.MayStop(2).Baseline;
        world[2].ControllerHost = "";
        Expect(world.IsBack(2, baseline), GateVerdict.Allow, ReasonCodes.GateOpen);

        world.With(o => o with { ControllerServers = "kafka:9093" });
        Expect(world.IsBack(2, baseline), GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, "kafka-2 was not asked as a controller", "controller 2 is not registered at the controllers' listener");
        Expect(world.MayEnd(), GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, "kafka-2 was not asked");
        world[2].CaughtUpAgo = 60_000;
        Expect(world.IsBack(2, baseline), GateVerdict.Deny, ReasonCodes.KraftControllerLagging, "controller 2");
        world[2].CaughtUpAgo = 0;

        // The old pod's address may be another controller's by now, which answers well.
        world[2].ControllerHost = "10.0.0.2";
        Expect(world.IsBack(2, baseline), GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, "controller 2 is registered at 10.0.0.2, not at the pod's address 10.0.0.3");
        world[2].ControllerHost = "10.0.0.3";
        Expect(world.IsBack(2, baseline), GateVerdict.Allow, ReasonCodes.GateOpen);

        // A broker that is no voter is not asked, and need not be.
        (world[2].IsVoter, world[2].ControllerHost) = (false, "");
        Expect(world.IsBack(2, baseline), GateVerdict.Allow, ReasonCodes.GateOpen);
    }

    [Test]
    public void A_controller_that_came_back_on_an_empty_volume_is_told_from_one_that_lags()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, [0, 1, 2]);
        world[2].CaughtUpAgo = 60_000;
        world[2].Revision = "new";
        var seen = world.Observe();
        KafkaObservation With(Guid voter, params Guid[] observers) => seen with
        {
            Quorums = [.. seen.Quorums.Select(q => q with
            {
                Voters = [.. q.Voters.Select(v => v.Id == 2 ? v with { Directory = voter } : v)],
                Observers = [.. observers.Select(o => q.Voters[2] with { Directory = o, LastCaughtUp = KafkaWorld.ClockMs })],
            })],
        };
        var input = world.Input(GatePhase.AfterPod, [2]);
        var (old, young) = (new Guid(1, 0, 0, new byte[8]), new Guid(2, 0, 0, new byte[8]));
        Expect(KafkaRule.Evaluate(input, With(old, young), world.Options), GateVerdict.Deny, ReasonCodes.KraftVoterReplaced, "kafka-2", $"{young:N}", $"{old:N}");
        Expect(KafkaRule.Evaluate(input, With(old), world.Options), GateVerdict.Deny, ReasonCodes.KraftControllerLagging);
        Expect(KafkaRule.Evaluate(input, With(old, Guid.Empty), world.Options), GateVerdict.Deny, ReasonCodes.KraftControllerLagging, "caught up 60 s ago");
        Expect(KafkaRule.Evaluate(input, With(Guid.Empty, young), world.Options), GateVerdict.Deny, ReasonCodes.KraftControllerLagging);
    }
}

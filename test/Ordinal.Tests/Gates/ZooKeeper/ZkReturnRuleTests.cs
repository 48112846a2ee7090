using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.ZooKeeper;

namespace Ordinal.Tests.Gates.ZooKeeper;

/// <summary>Is a server back?</summary>
public sealed class ZkReturnRuleTests
{
    [Test]
    public void A_server_is_back_when_it_serves_votes_and_has_caught_up_to_a_fixed_point()
    {
        var world = ZkWorld.Healthy(3);
        world[1].Zxid = world[0].Zxid - 5;
        var first = world.IsBack(1);
        Expect(first, GateVerdict.Deny, ReasonCodes.ZkCatchingUp, "has applied 0x1000003fb, not yet 0x100000400");
        Assert.That(first.Remaining, Is.EqualTo(5));

        // The leader goes on; the target stays.
        world[0].Zxid += 1000;
        world[1].Zxid += 5;
        Expect(world.IsBack(1, memo: first.Memo), GateVerdict.Allow, ReasonCodes.GateOpen, "zk-1 is back", "caught up to 0x100000400");
    }

    [Test]
    public void The_baseline_of_before_is_what_is_compared_after()
    {
        var world = ZkWorld.Healthy(3);
        var baseline = world.MayStop(1).Baseline;
        Assert.That(baseline, Is.EqualTo("v1 voters=1,2,3 zk-1=2"));
        Expect(world.IsBack(1, baseline), GateVerdict.Allow, ReasonCodes.GateOpen);
        Assert.That(world.IsBack(1, null).Warnings, Has.Some.StartsWith("ZkNoBaseline"));
    }

    [Test]
    public void In_an_epoch_without_writes_a_follower_in_broadcast_has_caught_up()
    {
        var world = ZkWorld.Healthy(3);
        world[0].Zxid = 0x2_0000_0000;
        Expect(world.IsBack(1), GateVerdict.Allow, ReasonCodes.GateOpen);
    }

    [Test]
    public void ZK8_a_server_that_comes_back_alone_is_not_back()
    {
        var world = ZkWorld.Healthy(3);
        world[1].Mode = ZkMode.Standalone;
        Expect(world.IsBack(1), GateVerdict.Deny, ReasonCodes.ZkStandaloneMember, "zk-1 came back in standalone mode");
    }

    [Test]
    public void A_server_with_another_id_or_another_list_is_not_back()
    {
        var world = ZkWorld.Healthy(3);
        world[1].AnswersAs = 9;
        Expect(world.IsBack(1), GateVerdict.Deny, ReasonCodes.ZkIdentityChanged, "zk-1 came back as server 9, it was server 2");
        Expect(ZkWorld.Healthy(3).IsBack(1, "v1 voters=1,2,3,4 zk-1=2"), GateVerdict.Deny, ReasonCodes.ZkIdentityChanged, "were 1,2,3,4 before");
        Expect(ZkWorld.Healthy(3).IsBack(1, "v2 something"), GateVerdict.Unknown, ReasonCodes.ZkBaselineUnreadable);
    }

    [Test]
    public void ZK19_a_snapshot_that_begins_again_and_again_means_a_short_initLimit()
    {
        var world = ZkWorld.Healthy(3);
        string? memo = null;
        GateAnswer answer = null!;
        for (var round = 0; round < 4; round++)
        {
            (world[1].Phase, world[1].TakesSnapshot) = (ZkPhase.Synchronization, true);
            answer = world.IsBack(1, memo: memo);
            answer = world.IsBack(1, memo: answer.Memo);
            Assert.That(answer.Reason, Is.EqualTo(round < 3 ? ReasonCodes.ZkSnapshotInFlight : ReasonCodes.ZkInitLimitTooSmall), $"round {round}");
            (world[1].Phase, world[1].TakesSnapshot, world[1].IsServing) = (ZkPhase.Election, false, false);
            memo = world.IsBack(1, memo: answer.Memo).Memo;
            world[1].IsServing = true;
        }

        Expect(answer, GateVerdict.Deny, ReasonCodes.ZkInitLimitTooSmall, "4 times", "initLimit");
        (world[1].Phase, world[1].TakesSnapshot) = (ZkPhase.Broadcast, false);
        Expect(world.IsBack(1, memo: memo), GateVerdict.Allow, ReasonCodes.GateOpen);
    }

    [Test]
    public void The_leader_must_count_it()
    {
        var world = ZkWorld.Healthy(3);
        world[0].Counts = 1;
        Expect(world.IsBack(1), GateVerdict.Deny, ReasonCodes.ZkLeaderNotSynced);
    }

    [Test]
    public void A_server_that_has_yet_to_answer_is_unknown()
    {
        var world = ZkWorld.Healthy(3);
        world[1].Die();
        Expect(world.IsBack(1), GateVerdict.Unknown, ReasonCodes.ZkMemberSilent, "zk-1 is not back");
    }

    [Test]
    public void The_canary_must_have_gone_through_it()
    {
        var world = ZkWorld.Healthy(3);
        world.Options = world.Options with { CanaryPath = "/ordinal" };
        Expect(world.IsBack(1), GateVerdict.Allow, ReasonCodes.GateOpen);
        world[1].CanaryFailure = new ZkFailure(ZkFailureKind.Refused, "there is no such node (NoNode)");
        Expect(world.IsBack(1), GateVerdict.Deny, ReasonCodes.ZkCanaryFailed, "below /ordinal", "NoNode");
        world[1].CanaryFailure = new ZkFailure(ZkFailureKind.AccessDenied, "no right to it (NoAuth)");
        Expect(world.IsBack(1), GateVerdict.Misconfigured, ReasonCodes.ZkAccessDenied, "NoAuth");
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

using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>Rule 3: intent before action, once, burnt before it is forgotten.</summary>
public sealed class IntentTests
{
    [Test]
    public void The_intent_is_in_the_memory_of_the_decision_that_removes()
    {
        var decision = Picture.Running("o o o").Decide();
        var removal = decision.Actions.OfType<RemovePod>().Single();
        var intent = decision.Memory.InFlight.Single();
        Assert.Multiple(() =>
        {
            Assert.That((intent.Uid, intent.ResourceVersion), Is.EqualTo((removal.Uid, removal.ResourceVersion)));
            Assert.That((intent.Uid, intent.ResourceVersion), Is.EqualTo(("uid-2", "3")));
            Assert.That(decision.Change, Is.EqualTo(MemoryChange.Durable));
        });
    }

    [Test]
    public void U40_an_intent_whose_pod_still_stands_is_carried_out_again_for_the_same_pod()
    {
        var decision = Picture.Running("o o o").InFlight(2).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.EqualTo("web-2"));
            Assert.That(decision.Memory.InFlight, Has.Length.EqualTo(1));
            Assert.That(decision.Change, Is.EqualTo(MemoryChange.None));
        });
    }

    [Test]
    public void U40_after_the_deletion_was_seen_nothing_is_deleted_again() =>
        Assert.That(Picture.Running("o o t").InFlight(2).Decide().Actions, Is.Empty);

    [Test]
    public void An_intent_is_rewritten_with_the_resourceVersion_under_which_it_acts()
    {
        var decision = Picture.Running("o o o").InFlight(2, version: "1").Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions.OfType<RemovePod>().Single().ResourceVersion, Is.EqualTo("3"));
            Assert.That(decision.Memory.InFlight.Single().ResourceVersion, Is.EqualTo("3"));
            Assert.That(decision.Change, Is.EqualTo(MemoryChange.Durable));
        });
    }

    [Test]
    public void U38_a_pod_replaced_by_somebody_else_is_adopted_and_no_second_one_is_lost()
    {
        var decision = Picture.Running("o o s").InFlight(2, uid: "another").Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Memory.InFlight.Single().Stage, Is.EqualTo(PodStage.Starting));
        });
    }

    [Test]
    public void An_intent_that_is_no_longer_allowed_is_burnt_before_it_is_forgotten()
    {
        var suspended = Picture.Running("o o o").InFlight(2).WithRequest(r => r with { Suspend = true });
        var first = suspended.Decide();
        var second = suspended.Then(first).WithPod(2, p => p with { ResourceVersion = "99" }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Actions.Single(), Is.EqualTo(new BurnIntent("web-2", "uid-2")));
            Assert.That(first.Memory.InFlight, Has.Length.EqualTo(1), "forgotten only when it can no longer act");
            Assert.That(second.Actions, Is.Empty);
            Assert.That(second.Memory.InFlight, Is.Empty);
        });
    }

    [Test]
    public void While_an_intent_is_burnt_nothing_new_begins()
    {
        var decision = Picture.Running("o o o").LeaderLast().InFlight(2)
            .WithReports(Picture.Report(GatePhase.Roles, leader: "web-2"), Picture.Report(GatePhase.BeforePod, "uid-1")).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions.Single(), Is.InstanceOf<BurnIntent>());
            Assert.That(decision.HoldOf("web-1"), Is.EqualTo(ReasonCodes.IntentBurning));
        });
    }

    [Test]
    public void An_intent_is_not_repeated_when_its_gate_closed()
    {
        var decision = Picture.Running("o o o").Gated().InFlight(2)
            .WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", GateVerdict.Deny)).Decide();
        Assert.That(decision.Actions.Single(), Is.InstanceOf<BurnIntent>());
    }

    [Test]
    public void An_intent_whose_gate_is_still_being_asked_is_neither_carried_out_nor_burnt()
    {
        var unasked = Picture.Running("o o o").Gated(successes: 2).InFlight(2).Decide();
        var counting = Picture.Running("o o o").Gated(successes: 2).InFlight(2).WithReports(Picture.Report(GatePhase.BeforePod, "uid-2")).Decide();
        var open = Picture.Running("o o o").Gated(successes: 2).InFlight(2).WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", successes: 2)).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(unasked.Actions, Is.Empty);
            Assert.That(unasked.HoldOf("web-2"), Is.EqualTo(ReasonCodes.GateNotAsked));
            Assert.That(counting.Actions, Is.Empty);
            Assert.That(counting.HoldOf("web-2"), Is.EqualTo(ReasonCodes.GateCounting));
            Assert.That(open.Removed(), Is.EqualTo("web-2"));
        });
    }

    [Test]
    public void An_intent_is_not_burnt_because_a_new_leader_knows_no_roles_yet()
    {
        var picture = Picture.Running("o o o").LeaderLast().InFlight(2);
        Assert.Multiple(() =>
        {
            Assert.That(picture.Decide().Actions, Is.Empty);
            Assert.That(picture.Decide().Questions.Select(question => question.Phase), Does.Contain(GatePhase.BeforePod));
            Assert.That(picture.WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", leader: "web-0")).Decide().Removed(), Is.EqualTo("web-2"));
            Assert.That(picture.WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", leader: "web-2")).Decide().Actions.Single(), Is.InstanceOf<BurnIntent>());
        });
    }

    [Test]
    public void A_pod_that_returns_at_another_revision_is_no_longer_in_flight_and_waits_again()
    {
        var decision = Picture.Running("o o o").InFlight(2, PodStage.Missing, uid: "gone").Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.EqualTo("web-2"));
            Assert.That(decision.Memory.InFlight.Single().Uid, Is.EqualTo("uid-2"));
        });
    }

    [Test]
    public void A_new_pod_that_is_deleted_by_hand_is_adopted_and_reported()
    {
        var decision = Picture.Running("o o T").InFlight(2, PodStage.Starting, uid: "gone").Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Notices.Select(n => n.Reason), Does.Contain(ReasonCodes.UnexpectedTransition));
            Assert.That(decision.Memory.InFlight.Single().Stage, Is.EqualTo(PodStage.Terminating));
        });
    }

    [Test]
    public void Progress_alone_need_not_be_written_before_anything()
    {
        var decision = Picture.Running("o o s").InFlight(2, PodStage.Missing, uid: "gone").Decide();
        Assert.That(decision.Change, Is.EqualTo(MemoryChange.Progress));
    }
}

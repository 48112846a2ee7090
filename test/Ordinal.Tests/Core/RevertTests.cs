using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>Going back: by pods under the hold, or by the template.</summary>
public sealed class RevertTests
{
    private static readonly StrategyValue Hold = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition);

    [Test]
    public void A_failure_under_RevertPods_puts_the_hold_back_before_any_pod_goes_back()
    {
        var first = Failing("o o s").Decide();
        var unseen = Failing("o o s").Then(first).WithSet(s => s with { Strategy = Hold, Generation = 6 }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Written()!.IsOurHold, Is.True);
            Assert.That(first.Memory.State, Is.EqualTo(RolloutState.Reverting));
            Assert.That(first.Memory.Revert!.Reason, Is.EqualTo("DeadlineExceeded"));
            Assert.That(first.Reason, Is.EqualTo(ReasonCodes.Reverting));
            Assert.That(first.Message, Does.Contain("goes back to web-old").And.Contain("podDeadline is"));
            Assert.That(first.Removed(), Is.Empty);
            Assert.That(unseen.Removed(), Is.Empty, "the built-in controller has not seen the hold");
        });
    }

    [Test]
    public void Under_the_hold_a_pod_that_failed_goes_first_and_costs_no_budget()
    {
        var decision = Reverting("o U s").Decide();
        Assert.That(decision.Removed(), Is.EqualTo("web-2"), "web-1 serves, and waits for it");
    }

    [Test]
    public void A_pod_that_failed_is_deleted_when_its_PodDisruptionBudget_would_keep_it()
    {
        var removal = Reverting("o U s").WithFacts(f => f with { Budgets = [new("web", 0, true)] }).Decide().Actions.OfType<RemovePod>().Single();
        Assert.Multiple(() =>
        {
            Assert.That(removal.Removal, Is.EqualTo(PodRemoval.Delete));
            Assert.That((removal.Uid, removal.ResourceVersion), Is.EqualTo(("uid-2", "3")));
        });
    }

    [Test]
    public void Pods_that_serve_go_back_within_the_budget([Values(1, 2)] int max) =>
        Assert.That(Reverting("o U U U").WithMax(max).Decide().Removed(), Is.EqualTo(max == 1 ? "web-3" : "web-3,web-2"));

    [Test]
    public void When_every_pod_is_back_the_rollout_is_RolledBack_with_its_reason()
    {
        var decision = Reverting("o o o").Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.RolledBack));
            Assert.That(decision.Reason, Is.EqualTo(ReasonCodes.RolledBack));
            Assert.That(decision.Message, Does.Contain("web-2 was late").And.Contain("All 3 pods are back at web-old"));
            Assert.That(decision.Actions.Single(), Is.InstanceOf<ReleaseClaim>());
        });
    }

    [Test]
    public void T13_once_the_new_revision_is_current_pods_are_not_taken_back()
    {
        var late = Failing("U U s").WithSet(s => s with { CurrentRevision = Picture.New }).Decide();
        var meanwhile = Reverting("U U U").WithSet(s => s with { CurrentRevision = Picture.New }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(late.Memory.Revert, Is.Null);
            Assert.That(late.Memory.Ending!.State, Is.EqualTo(RolloutState.Failed));
            Assert.That(late.Memory.Ending.Message, Does.Contain("web-new is the StatefulSet's current revision by now"));
            Assert.That(meanwhile.Removed(), Is.Empty);
            Assert.That(meanwhile.Memory.State, Is.EqualTo(RolloutState.Failed));
        });
    }

    [Test]
    public void T14_from_half_an_OnDelete_run_all_new_but_one_the_hold_brings_pods_back()
    {
        // All at the new revision, one of them unready: the old one is current still, so a removed pod comes back at it.
        var decision = Reverting("U U s").WithMax(3).Decide();
        Assert.That(decision.Removed(), Is.EqualTo("web-2,web-1,web-0"));
    }

    [Test]
    public void The_pods_that_never_moved_need_not_prove_themselves()
    {
        var first = Failing("o o s").Gated().Decide();
        Assert.That(first.Memory.Passed.Select(p => p.Ordinal), Is.EqualTo([0L, 1L]));
    }

    [Test]
    public void Gates_are_asked_on_the_way_back_for_the_revision_that_pods_go_to()
    {
        var question = Reverting("o o U").Gated().With(m => m with { Passed = [new(0, "uid-0"), new(1, "uid-1")] }).Decide().Questions.Single();
        Assert.Multiple(() =>
        {
            Assert.That(question.Phase, Is.EqualTo(GatePhase.BeforePod));
            Assert.That(question.Revision, Is.EqualTo(Picture.Old));
        });
    }

    [Test]
    public void A_pod_that_fails_on_the_way_back_ends_the_rollout()
    {
        var picture = Reverting("o o n").InFlight(2, PodStage.Starting, uid: "gone").WithPolicy(p => p with { PodDeadline = TimeSpan.FromSeconds(15) });
        var decision = picture.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.Failed));
            Assert.That(decision.Message, Does.Contain("on its way back to web-old"));
        });
    }

    [Test]
    public void Cancel_Revert_goes_back_and_Halt_stops_that()
    {
        var picture = Picture.Running("o o U").WithRequest(r => r with { Cancel = CancelRequest.Revert });
        var first = picture.Decide();
        var halted = Reverting("o o U").WithRequest(r => r with { Cancel = CancelRequest.Halt }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Memory.Revert!.Kind, Is.EqualTo(FailureAction.RevertPods));
            Assert.That(first.Written()!.IsOurHold, Is.True);
            Assert.That(halted.Memory.State, Is.EqualTo(RolloutState.Cancelled));
            Assert.That(halted.Removed(), Is.Empty);
        });
    }

    [Test]
    public void Halt_then_Revert_before_the_end_goes_back()
    {
        var picture = Picture.Running("o o U").WithRequest(r => r with { Cancel = CancelRequest.Halt });
        var halting = picture.Decide();
        var decision = picture.Then(halting).WithRequest(r => r with { Cancel = CancelRequest.Revert }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(halting.Memory.Ending, Is.Not.Null);
            Assert.That(decision.Memory.Ending, Is.Null);
            Assert.That(decision.Memory.Revert, Is.Not.Null);
        });
    }

    [Test]
    public void Deciding_again_on_the_same_facts_takes_no_further_pod_back()
    {
        var picture = Picture.Running("o U U", UpdateDriver.Partition).WithSet(s => s with { Strategy = Hold }).WithRequest(r => r with { Cancel = CancelRequest.Revert });
        var first = picture.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Removed(), Is.EqualTo("web-2"));
            Assert.That(picture.Then(first).Decide().Removed(), Is.EqualTo("web-2"));
        });
    }

    [Test]
    public void An_intent_for_an_old_pod_is_burnt_and_not_carried_out_again()
    {
        var decision = Reverting("o o U").InFlight(0).Decide();
        Assert.That(decision.Actions, Does.Contain(new BurnIntent("web-0", "uid-0")).And.None.InstanceOf<RemovePod>());
    }

    [Test]
    public void RevertTemplate_writes_the_template_back_under_the_hold_as_the_only_action()
    {
        var picture = Failing("o o s").WithPolicy(p => p with { OnFailure = FailureAction.RevertTemplate });
        var first = picture.Decide();
        var held = picture.Then(first).WithSet(s => s with { Strategy = Hold, Generation = 6, ObservedGeneration = 6 });
        var restore = held.Decide();
        var restored = held.Then(restore).WithSet(s => s with { Generation = 7, ObservedGeneration = 7, UpdateRevision = Picture.Old });
        var rolling = restored.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Written()!.IsOurHold, Is.True);
            Assert.That(restore.Actions.Single(), Is.EqualTo(new RestoreTemplate(Picture.Old, 6)));
            Assert.That(rolling.Memory.Ending, Is.Null, "the revision is the expected one");
            Assert.That(rolling.Written()!.Type, Is.EqualTo(UpdateStrategyType.OnDelete));
        });
    }

    [Test]
    public void RevertTemplate_works_though_the_new_revision_is_current()
    {
        var picture = Failing("U U s").WithPolicy(p => p with { OnFailure = FailureAction.RevertTemplate }).WithSet(s => s with { CurrentRevision = Picture.New });
        Assert.That(picture.Decide().Memory.Revert!.Kind, Is.EqualTo(FailureAction.RevertTemplate));
    }

    [Test]
    public void A_template_that_changes_on_the_way_back_supersedes()
    {
        var decision = Reverting("o o U").WithSet(s => s with { UpdateRevision = "web-newer" }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.Superseded));
            Assert.That(decision.Removed(), Is.Empty);
        });
    }

    [Test]
    public void RevertPods_is_refused_for_a_set_that_declares_OnDelete()
    {
        var decision = Picture.Resting("o o o").WithSet(s => s with { OriginalStrategy = null, Strategy = new(UpdateStrategyType.OnDelete), HeldBy = Picture.Claim })
            .WithPolicy(p => p with { OnFailure = FailureAction.RevertPods }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.PreflightFailed));
            Assert.That(decision.Message, Does.Contain("Halt or RevertTemplate"));
        });
    }

    [Test]
    public void U37_the_rollout_as_a_whole_has_a_deadline_too()
    {
        var decision = Picture.Running("o o U").WithPolicy(p => p with { RolloutDeadline = TimeSpan.FromSeconds(30), OnFailure = FailureAction.RevertPods }).Decide();
        Assert.That(decision.Memory.Revert!.Message, Does.Contain("rolloutDeadline is 30s"));
    }

    [TestCase(59, RolloutState.Reverting)]
    [TestCase(60, RolloutState.Failed)]
    public void U37_the_way_back_may_take_twice_as_long_as_the_way_there(int seconds, RolloutState expected)
    {
        var decision = Reverting("o U U").WithPolicy(p => p with { RolloutDeadline = TimeSpan.FromSeconds(30) })
            .With(m => m with { Revert = m.Revert! with { Since = Picture.Noon - TimeSpan.FromSeconds(seconds) } }).Decide();
        Assert.That(decision.Memory.State, Is.EqualTo(expected), decision.Message);
        Assert.That(decision.Message.Contains("may take twice rolloutDeadline, 1m0s", StringComparison.Ordinal), Is.EqualTo(expected is RolloutState.Failed));
    }

    /// <summary>A rollout whose pod in flight misses its deadline in this pass.</summary>
    private static Picture Failing(string pods) => Picture.Running(pods).InFlight(2, PodStage.Starting, uid: "gone")
        .WithPolicy(p => p with { OnFailure = FailureAction.RevertPods, PodDeadline = TimeSpan.FromSeconds(15) });

    /// <summary>A rollout that goes back by pods: the hold is there and seen.</summary>
    [Test]
    public void A_pod_that_never_passed_its_gates_goes_back_before_all_others_even_if_it_leads([Values] bool leads)
    {
        var picture = Reverting("o U U").LeaderLast().With(m => m with { Passed = [new(0, "uid-0"), new(2, "uid-2")] });
        Assert.That(picture.Decide().Questions.Where(q => q.Phase is GatePhase.BeforePod).SelectMany(q => q.Pods), Is.EqualTo(new[] { "uid-1" }), "web-2 is proven, and with it two would be away");

        var open = picture.WithReports(Back(Picture.Report(GatePhase.BeforePod, "uid-1"), "uid-1"), Back(Picture.Report(GatePhase.Roles, leader: leads ? "web-1" : "web-0")));
        var decision = open.Decide();
        var again = open.Then(decision).WithSet(s => s with { Strategy = Hold }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.EqualTo("web-1"));
            Assert.That(again.Removed(), Is.EqualTo("web-1"), "its intent is still right when it is repeated");
        });
    }

    [Test]
    public void A_release_that_the_hold_has_undone_is_never_carried_out_as_a_removal()
    {
        // Its pod runs a third revision: neither what the rollout goes back from nor to. The partition let it go, nobody took it, and then it turned round.
        var picture = Reverting("o o o").With(m => m with { Driver = UpdateDriver.Partition }).WithPod(2, p => p with { Revision = Picture.Bad }).InFlight(2, action: InFlightAction.Release);
        var first = picture.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.HoldOf(null), Is.Not.EqualTo(ReasonCodes.SafetyTripped));
            Assert.That(first.Memory.InFlight.Select(p => p.Action), Has.None.EqualTo(InFlightAction.Release));
            Assert.That(picture.Then(first).Decide().Removed(), Is.EqualTo("web-2"), "under an intent of its own");
        });
    }

    [Test]
    public void Of_more_unproven_pods_than_there_are_places_one_goes_back_at_a_time()
    {
        var picture = Reverting("o U U U").Gated().With(m => m with { Passed = [new(0, "uid-0")] })
            .WithReports([.. new[] { "uid-1", "uid-2", "uid-3" }.Select(uid => Back(Picture.Report(GatePhase.BeforePod, uid), uid))]);
        var decision = picture.Decide();
        var gone = picture.InFlight(3, PodStage.Starting, uid: "gone").WithSet(s => s with { AvailableReplicas = 3 }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.EqualTo("web-3"));
            Assert.That(gone.Removed(), Is.Empty);
        });
    }

    [Test]
    public void A_proven_pod_waits_while_an_unproven_one_may_not_go()
    {
        var picture = Reverting("o U U").Gated().With(m => m with { Passed = [new(0, "uid-0"), new(2, "uid-2")] })
            .WithReports(Back(Picture.Report(GatePhase.BeforePod, "uid-1", GateVerdict.Deny), "uid-1"), Back(Picture.Report(GatePhase.BeforePod, "uid-2"), "uid-2"));
        Assert.That(picture.Decide().Removed(), Is.Empty);
    }

    /// <summary>A report about the way back.</summary>
    private static GateReport Back(GateReport report, params string[] uids) => report with { Key = new GateQuestion("etcd", report.Phase, [.. uids], Picture.Old).Key };

    private static Picture Reverting(string pods) => Picture.Running(pods)
        .WithPolicy(p => p with { OnFailure = FailureAction.RevertPods })
        .WithSet(s => s with { Strategy = Hold })
        .With(m => m with { State = RolloutState.Reverting, Revert = new(FailureAction.RevertPods, Picture.Noon.AddSeconds(-30), TimeSpan.Zero, "DeadlineExceeded", "prod/web: web-2 was late.") });
}

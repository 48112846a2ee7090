using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>Rule 8, stuck pods, and the end of an OnDelete run.</summary>
public sealed class ForeignWriteTests
{
    [Test]
    public void U34_a_foreign_release_is_undone_once_and_the_second_ends_it()
    {
        var released = Picture.Running("o o U").WithSet(s => Reset(s) with { PartitionOwnedBy = ["argocd"] });
        var first = released.Decide();
        var second = released.Then(first).WithSet(s => s with { Generation = 9, ObservedGeneration = 9 }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Written()!.IsOurHold, Is.True);
            Assert.That(first.Notices.Single().Reason, Is.EqualTo(ReasonCodes.ForeignRelease));
            Assert.That(first.Notices.Single().Message, Does.Contain("argocd"));
            Assert.That(second.Written(), Is.Null, "no fight");
            Assert.That(second.Memory.State, Is.EqualTo(RolloutState.Failed));
            Assert.That(second.Reason, Is.EqualTo(ReasonCodes.FieldConflict));
            Assert.That(second.Message, Does.Contain("argocd").And.Contain("rolling ungated"));
        });
    }

    [Test]
    public void T10_a_foreign_release_is_undone_before_the_controller_has_seen_it() =>
        Assert.That(Picture.Running("o o U").WithSet(s => Reset(s) with { ObservedGeneration = 5 }).Decide().Written()!.IsOurHold, Is.True);

    [Test]
    public void The_hold_that_undoes_a_release_is_written_again_until_it_is_there()
    {
        var released = Picture.Running("o o U").WithSet(Reset);
        var again = released.Then(released.Decide()).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(again.Written()!.IsOurHold, Is.True);
            Assert.That(again.Memory.ForeignReleases, Is.EqualTo(1), "the same release is not counted twice");
        });
    }

    [Test]
    public void T23_a_foreign_change_that_releases_nothing_is_adopted()
    {
        var decision = Picture.Running("o o U").WithSet(s => s with { Generation = 8, ObservedGeneration = 8 }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.Generation, Is.EqualTo(8));
            Assert.That(decision.Memory.ForeignReleases, Is.Zero);
            Assert.That(decision.Removed(), Is.EqualTo("web-1"));
        });
    }

    [Test]
    public void A_type_that_somebody_declares_in_mid_run_is_not_switched_again()
    {
        var picture = Picture.Running("o o U").WithSet(s => Reset(s) with { StrategyTypeDeclaredBy = ["flux"] });
        var held = picture.Then(picture.Decide()).WithSet(s => s with { Generation = 7, ObservedGeneration = 7, Strategy = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition) });
        var decision = held.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Written(), Is.Null);
            Assert.That(decision.Memory.Ending!.Reason, Is.EqualTo("StrategyDeclaredElsewhere"));
            Assert.That(decision.Memory.Ending.Message, Does.Contain("flux"));
        });
    }

    [Test]
    public void T24_an_OnDelete_that_somebody_declares_in_mid_run_is_not_fought()
    {
        var switched = Picture.Running("o o U", UpdateDriver.Partition).WithSet(s => s with { Generation = 6, ObservedGeneration = 6, Strategy = new(UpdateStrategyType.OnDelete), OnDeleteDeclaredBy = ["flux"] });
        var decision = switched.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Written(), Is.Null);
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.Failed));
            Assert.That(decision.Reason, Is.EqualTo(ReasonCodes.FieldConflict));
            Assert.That(decision.Message, Does.Contain("flux declares updateStrategy OnDelete"));
            Assert.That(switched.WithSet(s => s with { OnDeleteDeclaredBy = [] }).Decide().Written()!.IsOurHold, Is.True, "left by nobody: hold first, then plan");
        });
    }

    [Test]
    public void U08_a_stuck_stale_pod_goes_first_and_costs_no_budget()
    {
        var decision = Picture.Running("x o o").Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.EqualTo("web-0"));
            Assert.That(decision.Memory.InFlight.Single().Action, Is.EqualTo(InFlightAction.ReplaceStuck));
        });
    }

    [Test]
    public void E28_a_stuck_pod_that_its_PodDisruptionBudget_would_keep_for_ever_is_deleted_and_not_evicted()
    {
        var removal = Picture.Running("x o o").WithFacts(f => f with { Budgets = [new("web", 0, true)] }).Decide().Actions.OfType<RemovePod>().Single();
        Assert.That((removal.Removal, removal.Uid, removal.ResourceVersion.Length > 0), Is.EqualTo((PodRemoval.Delete, "uid-0", true)));
    }

    [Test]
    public void Kept_stuck_pods_hold_everything()
    {
        var decision = Picture.Running("x o o").WithMax(2).WithPolicy(p => p with { StuckPods = StuckPodAction.Keep }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.HoldOf("web-0"), Is.EqualTo(ReasonCodes.StuckPodKept));
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.StuckPodKept));
        });
    }

    [Test]
    public void A_stale_pod_that_is_merely_unready_is_waited_for()
    {
        var decision = Picture.Running("n o o").Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.HoldOf("web-0"), Is.EqualTo(ReasonCodes.PodNotReady));
            Assert.That(decision.MessageOf("web-2"), Does.Contain("web-0"));
        });
    }

    [TestCase(899, 0)]
    [TestCase(900, 1)]
    public void A_stale_pod_that_runs_unready_for_as_long_as_podDeadline_is_stuck(int seconds, int removals)
    {
        var decision = Picture.Running("n o o").WithPod(0, p => p with { UnreadySince = Picture.Noon - TimeSpan.FromSeconds(seconds) }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions.OfType<RemovePod>().Count(), Is.EqualTo(removals), "the fix of a revision whose probe never passes must be rolled some time");
            Assert.That(removals > 0 || decision.WakeAfter <= TimeSpan.FromSeconds(1), Is.True, "nothing else would call the rollout then");
        });
    }

    [TestCase(2, 0)]
    [TestCase(3, 1)]
    public void A_crash_loop_counts_as_stuck_after_three_restarts(int restarts, int removals)
    {
        var decision = Picture.Running("x o o").WithPod(0, p => p with { Trouble = PodTrouble.CrashLoop, Restarts = restarts }).Decide();
        Assert.That(decision.Actions.OfType<RemovePod>().Count(), Is.EqualTo(removals));
    }

    [Test]
    public void A_stuck_pod_that_runs_is_asked_about_too()
    {
        var decision = Picture.Running("n o o").WithPod(0, p => p with { UnreadySince = Picture.Noon.AddHours(-1) }).Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-0", GateVerdict.Unknown)).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.HoldOf("web-0"), Is.EqualTo(ReasonCodes.EtcdQuorumLost));
        });
    }

    [Test]
    public void U27_a_pod_that_does_not_run_at_all_is_not_asked_about()
    {
        var decision = Picture.Running("x x x").Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", GateVerdict.Unknown)).Decide();
        Assert.That(decision.Removed(), Is.EqualTo("web-2"), "no gate would ever open while all are down");
    }

    [TestCase(true, false)]
    [TestCase(false, true)]
    public void U27_one_of_which_another_container_runs_or_whose_data_would_go_with_it_is_asked_about(bool runs, bool takesData)
    {
        var picture = Picture.Running("x x x").Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", GateVerdict.Unknown))
            .WithPod(2, pod => pod with { HasRunningContainer = runs, TakesDataAlong = takesData });
        Assert.That(picture.Decide().Removed(), Is.Empty, "a gate that cannot tell holds");
    }

    [Test]
    public void U27_everything_unhealthy_is_replaced_within_the_budgets_width()
    {
        var decision = Picture.Running("x x x x").WithMax(2).Decide();
        Assert.That(decision.Removed(), Is.EqualTo("web-3,web-2"));
    }

    [Test]
    public void U33_OnDelete_is_done_when_the_hold_is_back_and_the_revision_is_current()
    {
        var done = Picture.Running("U U U");
        var first = done.Decide();
        var held = done.Then(first).WithSet(s => s with { Generation = 6, ObservedGeneration = 6, Strategy = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition) });
        var lagging = held.Decide();
        var completed = held.WithSet(s => s with { CurrentRevision = Picture.New }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Written()!.IsOurHold, Is.True);
            Assert.That(lagging.HoldOf(null), Is.EqualTo(ReasonCodes.CurrentRevisionLags));
            Assert.That(completed.Memory.State, Is.EqualTo(RolloutState.Completed));
            Assert.That(completed.Actions.Single(), Is.InstanceOf<ReleaseClaim>());
        });
    }

    [Test]
    public void U33_a_declared_OnDelete_is_done_with_a_stale_currentRevision()
    {
        var decision = Picture.Running("U U U").With(m => m with { RestType = UpdateStrategyType.OnDelete }).WithSet(s => s with { OriginalStrategy = null }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.Completed));
            Assert.That(decision.Written(), Is.Null);
        });
    }

    [TestCase(UpdateDriver.OnDelete)]
    [TestCase(UpdateDriver.Partition)]
    public void U33_a_pod_outside_the_range_is_not_done_and_is_what_is_waited_for(UpdateDriver driver)
    {
        var decision = Picture.Running("U U U U", driver).WithSet(s => s with { Replicas = 3 }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.IsFinished, Is.False);
            Assert.That(decision.Holds.Single().Reason, Is.EqualTo(ReasonCodes.ScalingInProgress));
        });
    }

    [Test]
    public void T14_a_pod_that_falls_back_while_the_hold_returns_reopens_the_run()
    {
        var held = Picture.Running("U U o").With(m => m with { AfterRolloutPassed = true, LastWrite = new(5, new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition)) })
            .WithSet(s => s with { Generation = 6, ObservedGeneration = 6, Strategy = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition) });
        var decision = held.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Written()!.Type, Is.EqualTo(UpdateStrategyType.OnDelete));
            Assert.That(decision.Memory.AfterRolloutPassed, Is.False);
            Assert.That(decision.IsFinished, Is.False);
        });
    }

    [Test]
    public void AfterRollout_gates_come_before_the_hold_returns()
    {
        var decision = Picture.Running("U U U").Gated(GatePhases.AfterRollout).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Questions.Single().Phase, Is.EqualTo(GatePhase.AfterRollout));
        });
    }

    private static StatefulSetSnapshot Reset(StatefulSetSnapshot set) => set with
    {
        Generation = 6,
        ObservedGeneration = 6,
        Strategy = new(UpdateStrategyType.RollingUpdate),
    };
}

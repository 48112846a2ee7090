using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>Acceptance scenarios that are about the planner as a whole, by their ids.</summary>
public sealed class ScenarioTests
{
    private static readonly StrategyValue Hold = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition);

    [Test]
    public void U05_a_template_that_is_taken_back_in_mid_rollout_rolls_only_the_updated_pods_back()
    {
        // The template equals the old one again: the old revision is the target, and it is the current one.
        var picture = Picture.Running("U U o").WithRequest(r => r with { TargetRevision = Picture.New })
            .WithSet(s => s with { CurrentRevision = Picture.New, UpdateRevision = Picture.New });
        Assert.Multiple(() =>
        {
            Assert.That(picture.Decide().Removed(), Is.EqualTo("web-2"));
            Assert.That(Picture.Running("U U U").WithSet(s => s with { CurrentRevision = Picture.New }).Decide().Removed(), Is.Empty);
            Assert.That(HoldPlanner.DriftOf(picture.Input.Snapshot), Is.EqualTo(new Drift(Picture.Old, Picture.New, 1)), "pods that are behind are a change that waits");
        });
    }

    [TestCase("b o o", "web-0")]
    [TestCase("o o b", "web-2")]
    public void U06_a_broken_pod_of_the_revision_before_is_replaced_without_a_hand(string pods, string taken)
    {
        var decision = Picture.Running(pods).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.EqualTo(taken));
            Assert.That(decision.Memory.InFlight.Single().Action, Is.EqualTo(InFlightAction.ReplaceStuck));
        });
    }

    [Test]
    public void U07_a_broken_pod_under_OrderedReady_recovers_at_the_old_revision_when_the_template_goes_back()
    {
        // The target is the old revision, which is current; web-2 hangs at the bad one, and the built-in controller waits for it.
        var decision = Picture.Running("U U b", UpdateDriver.Partition).WithSet(s => s with { PodManagement = PodManagementPolicy.OrderedReady, CurrentRevision = Picture.New }).Decide();
        Assert.That(decision.Removed(), Is.EqualTo("web-2"), "under the hold it comes back at the current revision");
    }

    [Test]
    public void U15_a_policy_that_goes_while_a_change_waits_leaves_the_hold_and_says_so()
    {
        var held = new HoldInput { Snapshot = Picture.Resting("o o U").Input.Snapshot, Memory = new(), IsPolicyDeleted = true };
        var decision = HoldPlanner.Decide(held);
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Holds.Single().Reason, Is.EqualTo(ReasonCodes.LeftHeld));
            Assert.That(HoldPlanner.Decide(held with { Release = true }).Actions.Single(), Is.InstanceOf<LetGoSet>());
        });
    }

    [Test]
    public void U31_a_restart_annotation_is_a_change_like_any_other_and_passes_through_the_gates()
    {
        var decision = Picture.Running("o o o").Gated().Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.Questions.Single().Phase, Is.EqualTo(GatePhase.BeforePod));
            Assert.That(decision.Actions, Has.None.InstanceOf<RestoreTemplate>(), "the template is the user's");
        });
    }

    [Test]
    public void U39_an_eviction_that_was_refused_is_not_followed_by_a_deletion()
    {
        var decision = Picture.Running("o o o").InFlight(2).With(m => m with { BudgetSettlingUntil = Picture.Noon.AddMinutes(2) }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.HoldOf("web-1"), Is.EqualTo(ReasonCodes.DisruptionBudgetSettling));
            Assert.That(decision.WakeAfter, Is.LessThanOrEqualTo(TimeSpan.FromMinutes(2)));
        });
    }

    [Test]
    public void U41_another_leader_goes_on_from_what_is_remembered_and_disrupts_nothing_twice()
    {
        var picture = Picture.Running("o o o").WithMax(2);
        var first = picture.Decide();

        // The next leader knows the memory only; the first eviction was carried out, the second was not sent.
        var second = picture.Then(first).WithPod(2, p => p with { IsTerminating = true, ResourceVersion = "9" }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Removed(), Is.EqualTo("web-2,web-1"));
            Assert.That(second.Removed(), Is.EqualTo("web-1"));
        });
    }

    [Test]
    public void U42_a_pod_that_a_drain_took_under_OnDelete_comes_back_updated_out_of_order_and_is_gated_before_the_next()
    {
        var decision = Picture.Running("o U o").Gated().Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.Questions.Single().Key, Does.StartWith("etcd|AfterPod|uid-1"));
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.WaitsTurn));
        });
    }

    [Test]
    public void U12_T8_scaled_to_zero_in_mid_rollout_completes_at_the_new_revision()
    {
        // With no pod left the built-in controller makes the update revision current.
        var zero = Picture.Running("", UpdateDriver.Partition).WithSet(s => s with { Strategy = Hold, CurrentRevision = Picture.New, AvailableReplicas = 0 }).WithFacts(f => f with { Pods = [] });
        var decision = zero.Decide();
        Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.Completed));
        Assert.That(decision.Notices.Select(notice => notice.Reason), Is.EqualTo(new[] { ReasonCodes.HoldLostAtZero }), "its pods will come up ungated, which is told");
        Assert.That(decision.Message, Does.Contain("ungated").And.Not.Contain("passed their gates"));
    }

    [Test]
    public void U11_T11_pods_that_a_scale_up_made_at_the_update_revision_are_gated_like_any_other()
    {
        var decision = Picture.Running("o o o U U").Gated().WithMax(5).With(m => m with { Passed = [new(3, "uid-3")] }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.Questions.Single().Key, Does.StartWith("etcd|AfterPod|uid-4"));
        });
    }

    [Test]
    public void U32_nothing_is_taken_while_the_StatefulSet_controller_has_not_seen_the_last_spec()
    {
        var decision = Picture.Running("o o o").WithSet(s => s with { ObservedGeneration = 4 }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.NotObserved));
        });
    }

    [Test]
    public void U36_the_greater_of_minReadySeconds_and_minReadyDuration_counts_in_a_batch_too()
    {
        var decision = Picture.Running("o o o r").WithMax(2).WithSet(s => s with { MinReadySeconds = 30 }).InFlight(3, PodStage.Settling, uid: "gone").Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.EqualTo("web-2"), "web-3 counts as away until it was ready for 30 s");
            Assert.That(decision.WakeAfter, Is.EqualTo(TimeSpan.FromSeconds(26)));
        });
    }

    [TestCase(PodManagementPolicy.Parallel, 2)]
    [TestCase(PodManagementPolicy.OrderedReady, 4)]
    public void Stuck_pods_go_at_once_under_OrderedReady_where_one_may_block_the_others(PodManagementPolicy management, int taken) =>
        Assert.That(Picture.Running("x x x x").WithMax(2).WithSet(s => s with { PodManagement = management }).Decide().Actions.OfType<RemovePod>().Count(), Is.EqualTo(taken));

    [TestCase("25%", 8, 2)]
    [TestCase("50%", 8, 4)]
    [TestCase("10%", 8, 1)]
    public void U17_U18_a_percentage_is_a_batch_of_pods_of_the_present_size(string max, int pods, int taken)
    {
        Assert.That(IntOrPercent.TryParse(max, out var budget), Is.True);
        var picture = Picture.Running(string.Join(' ', Enumerable.Repeat("o", pods))).WithPolicy(p => p with { MaxUnavailable = budget }).WithFacts(f => f with { Budgets = [] });
        Assert.That(picture.Decide().Actions.OfType<RemovePod>().Count(), Is.EqualTo(taken));
    }
}

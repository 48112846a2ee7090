using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>The Partition driver of DESIGN section 3.</summary>
public sealed class PartitionDriverTests
{
    /// <summary>How long a release stands when no gate says how long its answer is good for.</summary>
    private static readonly TimeSpan UngatedRelease = TimeSpan.FromSeconds(30);

    [Test]
    public void The_partition_is_lowered_over_one_pod_with_its_intent()
    {
        var decision = Running("o o o").Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Written(), Is.EqualTo(new StrategyValue(UpdateStrategyType.RollingUpdate, 2)));
            Assert.That(decision.Actions.OfType<WriteStrategy>().Single().Generation, Is.EqualTo(5));
            Assert.That(decision.Memory.InFlight.Single().Pod, Is.EqualTo("web-2"));
            Assert.That(decision.Memory.InFlight.Single().Action, Is.EqualTo(InFlightAction.Release));
            Assert.That(decision.Change, Is.EqualTo(MemoryChange.Durable));
        });
    }

    [Test]
    public void U35_the_partition_counts_from_the_start_ordinal()
    {
        var picture = Running("o o o").WithSet(s => s with { StartOrdinal = 5 })
            .WithFacts(s => s with { Pods = [.. s.Pods.Select(p => p with { Ordinal = p.Ordinal + 5, Name = $"web-{p.Ordinal + 5}" })] });
        var decision = picture.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Written()!.Partition, Is.EqualTo(2));
            Assert.That(decision.Memory.InFlight.Single().Pod, Is.EqualTo("web-7"));
        });
    }

    [TestCase("n o o", TestName = "U25_an_unready_pod_anywhere_holds")]
    [TestCase("o - o", TestName = "A_missing_pod_holds")]
    [TestCase("o o s", TestName = "A_pod_above_that_is_not_back_holds")]
    [TestCase("o o n", TestName = "The_highest_pod_unready_is_waited_for")]
    public void Nothing_is_released_unless_all_are_there_and_available(string pods) => Assert.That(Running(pods).Decide().Actions, Is.Empty);

    [Test]
    public void T12_nothing_is_released_while_a_PodDisruptionBudget_allows_none()
    {
        var decision = Running("o o o").WithFacts(s => s with { Budgets = [new("web-pdb", 0, true)] }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.DisruptionBudgetBlocks));
            Assert.That(decision.MessageOf("web-2"), Does.Contain("web-pdb allows 0"));
        });
    }

    [Test]
    public void U32_nothing_is_released_until_the_controller_has_seen_the_last_spec()
    {
        var decision = Running("o o o").WithSet(s => s with { ObservedGeneration = 4 }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.HoldOf("web-0"), Is.EqualTo(ReasonCodes.NotObserved));
        });
    }

    [Test]
    public void A_pod_above_without_its_AfterPod_pass_is_gated_first()
    {
        var decision = Running("o o U").Gated().Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Questions.Single().Phase, Is.EqualTo(GatePhase.AfterPod));
            Assert.That(decision.HoldOf("web-1"), Is.EqualTo(ReasonCodes.WaitsTurn));
        });
    }

    [Test]
    public void A_released_pod_counts_as_away_from_the_write()
    {
        var decision = Released("o o o").Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.WaitsTurn));
            Assert.That(decision.WakeAfter, Is.LessThanOrEqualTo(UngatedRelease));
        });
    }

    [Test]
    public void T9_a_release_that_is_not_taken_in_time_is_pulled_back()
    {
        var decision = Released("o o o").At(UngatedRelease).Decide();
        Assert.That(decision.Written()!.Partition, Is.EqualTo(StrategyValue.HeldPartition));
    }

    [Test]
    public void A_release_above_which_pods_are_done_goes_up_by_one_ordinal_only()
    {
        var picture = Released("o o U", index: 1).At(UngatedRelease);
        Assert.That(picture.Decide().Written()!.Partition, Is.EqualTo(2));
    }

    [Test]
    public void A_gate_that_closes_pulls_the_release_back()
    {
        var open = Released("o o o").Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-2"));
        var closed = Released("o o o").Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", GateVerdict.Unknown));
        Assert.Multiple(() =>
        {
            Assert.That(open.Decide().Actions, Is.Empty);
            Assert.That(closed.Decide().Written()!.Partition, Is.EqualTo(StrategyValue.HeldPartition));
        });
    }

    [Test]
    public void Another_pod_that_falls_pulls_the_release_back() =>
        Assert.That(Released("n o o").Decide().Written()!.Partition, Is.EqualTo(StrategyValue.HeldPartition));

    [Test]
    public void A_pulled_back_release_waits_for_observedGeneration_and_is_then_counted_again()
    {
        var pulled = Released("o o o").WithSet(s => s with { Generation = 7, Strategy = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition) })
            .With(m => m with { Generation = 6, LastWrite = new(6, new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition)) });
        var unseen = pulled.WithSet(s => s with { ObservedGeneration = 6 }).Decide();
        var seen = pulled.WithSet(s => s with { ObservedGeneration = 7 }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(unseen.Actions, Is.Empty);
            Assert.That(unseen.Memory.InFlight, Has.Length.EqualTo(1));
            Assert.That(seen.Written()!.Partition, Is.EqualTo(2), "released anew, with a new intent");
            Assert.That(seen.Memory.InFlight.Single().Since, Is.EqualTo(Picture.Noon));
        });
    }

    [Test]
    public void A_release_that_never_happened_stays_in_memory_while_it_may_still_arrive()
    {
        var lost = Running("o o o").Gated().InFlight(2, action: InFlightAction.Release)
            .With(m => m with { LastWrite = new(5, new(UpdateStrategyType.RollingUpdate, 2)) })
            .WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", GateVerdict.Deny));
        var decision = lost.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Memory.InFlight, Has.Length.EqualTo(1));
        });
    }

    [Test]
    public void A_cancelled_release_that_may_still_arrive_is_outrun_by_another_hold()
    {
        var lost = Running("o o o").InFlight(2, action: InFlightAction.Release)
            .With(m => m with { LastWrite = new(5, new(UpdateStrategyType.RollingUpdate, 2)) }).WithRequest(r => r with { Cancel = CancelRequest.Halt });
        var decision = lost.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Written()!.Partition, Is.EqualTo(StrategyValue.HeldPartition - 1), "a write that moves the generation");
            Assert.That(decision.IsFinished, Is.False);
            Assert.That(decision.Memory.InFlight, Has.Length.EqualTo(1), "until the hold is seen it may arrive first");
        });
    }

    [Test]
    public void A_release_is_remembered_until_the_controller_has_seen_the_hold_that_ends_the_rollout()
    {
        var cancelled = Released("o o o").WithRequest(r => r with { Cancel = CancelRequest.Halt });
        var first = cancelled.Decide();
        var held = cancelled.Then(first).WithSet(s => s with { Generation = 7, Strategy = first.Written()! });
        var unseen = held.WithSet(s => s with { ObservedGeneration = 6 }).Decide();
        var last = held.WithSet(s => s with { ObservedGeneration = 7 }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Written()!.IsOurHold, Is.True);
            Assert.That(first.Memory.InFlight, Has.Length.EqualTo(1), "the pod may be taken before the hold is seen");
            Assert.That(unseen.Memory.InFlight, Has.Length.EqualTo(1));
            Assert.That(last.Memory.InFlight, Is.Empty);
            Assert.That(last.Memory.State, Is.EqualTo(RolloutState.Cancelled));
        });
    }

    [Test]
    public void A_release_that_is_begun_anew_writes_nothing_before_its_write()
    {
        var late = Running("o o o").InFlight(2, action: InFlightAction.Release).At(TimeSpan.FromMinutes(3))
            .With(m => m with { LastWrite = new(5, new(UpdateStrategyType.RollingUpdate, 2)) }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(late.Written()!.Partition, Is.EqualTo(2));
            Assert.That(late.Change, Is.Not.EqualTo(MemoryChange.Durable), "an operator that dies after each of its writes would write that for ever");
        });
    }

    [Test]
    public void A_foreign_change_of_generation_holds_first()
    {
        var decision = Running("o o U").WithSet(s => s with { Generation = 9, ObservedGeneration = 9, Strategy = new(UpdateStrategyType.RollingUpdate, 2) })
            .With(m => m with { LastWrite = new(5, new(UpdateStrategyType.RollingUpdate, 2)) }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Written()!.Partition, Is.EqualTo(StrategyValue.HeldPartition));
            Assert.That(decision.Memory.ForeignReleases, Is.Zero);
        });
    }

    [Test]
    public void S21_a_stuck_pod_of_a_bad_revision_is_removed_and_comes_back_at_the_current_one()
    {
        var decision = Running("o o b").Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.EqualTo("web-2"));
            Assert.That(decision.Memory.InFlight.Single().Action, Is.EqualTo(InFlightAction.ReplaceStuck));
        });
    }

    [Test]
    public void A_stuck_pod_at_the_current_revision_is_released_before_it_is_removed()
    {
        var first = Running("o o x").WithSet(s => s with { PodManagement = PodManagementPolicy.OrderedReady }).Decide();
        var second = Released("o o x").WithSet(s => s with { PodManagement = PodManagementPolicy.OrderedReady }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Removed(), Is.Empty);
            Assert.That(first.Written()!.Partition, Is.EqualTo(2));
            Assert.That(second.Removed(), Is.EqualTo("web-2"));
        });
    }

    [TestCase("x - -", PodManagementPolicy.OrderedReady, 0L)]
    [TestCase("x - U", PodManagementPolicy.OrderedReady, 0L)]
    [TestCase("o x -", PodManagementPolicy.OrderedReady, 1L)]
    [TestCase("x o -", PodManagementPolicy.OrderedReady, null)]
    [TestCase("x - -", PodManagementPolicy.Parallel, null)]
    public void U27_a_stuck_pod_is_released_when_those_above_it_are_only_made_once_it_is_ready(string pods, PodManagementPolicy management, long? partition)
    {
        var decision = Running(pods).WithSet(s => s with { PodManagement = management }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Written()?.Partition, Is.EqualTo(partition));
            Assert.That(decision.Memory.InFlight, Has.Length.EqualTo(partition is null ? 0 : 1));
            Assert.That(decision.Holds.Any(hold => hold.Reason == ReasonCodes.StuckPodUnreachable), Is.EqualTo(partition is null));
        });
    }

    [Test]
    public void A_stuck_pod_that_cannot_be_reached_asks_a_human() =>
        Assert.That(Running("x o o").Decide().HoldOf("web-0"), Is.EqualTo(ReasonCodes.StuckPodUnreachable));

    [Test]
    public void The_hold_comes_back_after_the_revision_is_current_and_then_it_is_completed()
    {
        var done = Released("U U U", index: 0).With(m => m with { InFlight = [] });
        var lagging = done.Decide();
        var current = done.WithSet(s => s with { CurrentRevision = Picture.New }).Decide();
        var held = done.WithSet(s => s with { CurrentRevision = Picture.New, Generation = 7, ObservedGeneration = 7, Strategy = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition) })
            .With(_ => current.Memory).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(lagging.HoldOf(null), Is.EqualTo(ReasonCodes.CurrentRevisionLags));
            Assert.That(lagging.Actions, Is.Empty);
            Assert.That(current.Written()!.Partition, Is.EqualTo(StrategyValue.HeldPartition));
            Assert.That(held.Memory.State, Is.EqualTo(RolloutState.Completed));
            Assert.That(held.Actions.Single(), Is.InstanceOf<ReleaseClaim>());
        });
    }

    private static Picture Running(string pods) =>
        Picture.Running(pods, UpdateDriver.Partition).WithPolicy(p => p with { Driver = UpdateDriver.Partition });

    /// <summary>The partition was lowered to a pod at noon, and the controller has seen it.</summary>
    private static Picture Released(string pods, int index = 2) => Running(pods)
        .InFlight(index, action: InFlightAction.Release)
        .With(m => m with
        {
            InFlight = [.. m.InFlight.Select(e => e with { Since = Picture.Noon, StageSince = Picture.Noon })],
            LastWrite = new(5, new(UpdateStrategyType.RollingUpdate, index)),
        })
        .WithSet(s => s with { Generation = 6, ObservedGeneration = 6, Strategy = new(UpdateStrategyType.RollingUpdate, index) });
}

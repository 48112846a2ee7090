using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>Driver Native: partition 0, and a readiness gate on each new pod. In pictures <c>s</c> with a gate has its containers ready.</summary>
public sealed class NativeDriverTests
{
    private static readonly ServiceSnapshot Headless = new("web", true, true, true);

    [Test]
    public void A_pod_whose_AfterPod_gate_passed_opens_when_the_next_may_go()
    {
        var picture = Gated("o o s").WithReports(Picture.Report(GatePhase.AfterPod, "uid-2"));
        var asks = picture.Decide();
        var opens = picture.WithReports(Picture.Report(GatePhase.BeforePod, "uid-1")).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(asks.Actions, Is.Empty);
            Assert.That(asks.Questions.Single().Key, Does.StartWith("etcd|BeforePod|uid-1"));
            Assert.That(asks.HoldOf("web-2"), Is.EqualTo(ReasonCodes.ReadinessGateClosed));
            Assert.That(asks.MessageOf("web-2"), Does.Contain("opens when web-1 may go"));
            Assert.That(opens.Actions.Single(), Is.EqualTo(new OpenGate("web-2", "uid-2", "its gates passed")));
            Assert.That(opens.Memory.Passed.Single().Ordinal, Is.EqualTo(2));
        });
    }

    [Test]
    public void The_gate_stays_closed_while_AfterPod_does_not_pass()
    {
        var decision = Gated("o o s").WithReports(Picture.Report(GatePhase.AfterPod, "uid-2", GateVerdict.Unknown)).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.GateWaiting));
        });
    }

    [Test]
    public void A_pod_whose_containers_are_not_ready_for_long_enough_is_not_asked_about()
    {
        var decision = Gated("o o s").WithPod(2, p => p with { ContainersReadySince = Picture.Noon.AddSeconds(-4) }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Questions, Is.Empty);
            Assert.That(decision.WakeAfter, Is.EqualTo(TimeSpan.FromSeconds(6)), "its readiness does not change while it waits");
        });
    }

    [Test]
    public void The_last_pod_has_no_next()
    {
        var decision = Gated("s U U").With(m => m with { Passed = [new(1, "uid-1"), new(2, "uid-2")] }).WithReports(Picture.Report(GatePhase.AfterPod, "uid-0")).Decide();
        Assert.That(decision.Actions.Single(), Is.InstanceOf<OpenGate>());
    }

    [Test]
    public void A_pod_that_no_rollout_is_about_opens_at_once()
    {
        var decision = Gated("o n s").WithPod(1, Closed).Decide();
        Assert.That(decision.Actions.Single(), Is.EqualTo(new OpenGate("web-1", "uid-1", "no rollout is about this pod")));
    }

    [Test]
    public void T15_G5_all_gates_open_while_an_expected_pod_is_missing()
    {
        var decision = Gated("o - s").Decide();
        Assert.That(decision.Actions.Single(), Is.EqualTo(new OpenGate("web-2", "uid-2", "an expected pod is missing")));
    }

    [Test]
    public void T16_OrderedReady_and_all_that_Native_cannot_work_without_is_refused()
    {
        Refused(s => s with { Set = s.Set with { PodManagement = PodManagementPolicy.OrderedReady } }, "podManagementPolicy is OrderedReady");
        Refused(s => s with { Set = s.Set with { HasReadinessGate = false } }, "readinessGates");
        Refused(s => s with { Service = null }, "does not exist");
        Refused(s => s with { Service = Headless with { Exists = false } }, "does not exist");
        Refused(s => s with { Service = Headless with { IsHeadless = false } }, "clusterIP: None");
        Refused(s => s with { Service = Headless with { PublishesNotReady = false } }, "publishNotReadyAddresses: true");
    }

    [Test]
    public void A_set_that_is_held_is_opened_by_the_rollout()
    {
        var decision = Picture.Resting("o o o").WithSet(s => s with { HeldBy = Picture.Claim, HasReadinessGate = true }).WithFacts(f => f with { Service = Headless })
            .WithPolicy(p => p with { Driver = UpdateDriver.Native }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.Driver, Is.EqualTo(UpdateDriver.Native));
            Assert.That(decision.Written()!.EffectivePartition, Is.Zero);
        });
    }

    [Test]
    public void A_pause_stops_the_StatefulSet_controller_before_the_gate_of_the_pod_in_flight_opens()
    {
        var picture = Gated("o o s").With(m => m with { Passed = [new(2, "uid-2")] }).WithRequest(r => r with { Suspend = true });
        var first = picture.Decide();
        var stopped = picture.Then(first).WithSet(s => s with { Strategy = new(UpdateStrategyType.RollingUpdate, 2), Generation = 6 });
        Assert.Multiple(() =>
        {
            Assert.That(first.Written()!.Partition, Is.EqualTo(2));
            Assert.That(first.Actions, Has.None.InstanceOf<OpenGate>());
            Assert.That(stopped.Decide().Actions, Is.Empty, "not seen yet");
            Assert.That(stopped.WithSet(s => s with { ObservedGeneration = 6 }).Decide().Actions.Single(), Is.InstanceOf<OpenGate>());
            Assert.That(first.HoldOf("web-1"), Is.EqualTo(ReasonCodes.NotObserved).Or.EqualTo(ReasonCodes.Suspended));
        });
    }

    [Test]
    public void A_step_stops_it_too()
    {
        var decision = Gated("o o s").WithPolicy(p => p with { Steps = [new(IntOrPercent.Of(1)) { Pause = new(null) }] }).Decide();
        Assert.That(decision.Written()!.Partition, Is.EqualTo(2));
    }

    [Test]
    public void It_completes_with_partition_0_once_the_revision_is_current()
    {
        var decision = Gated("U U U").With(m => m with { Passed = [new(0, "uid-0"), new(1, "uid-1"), new(2, "uid-2")] }).WithSet(s => s with { CurrentRevision = Picture.New }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.Completed));
            Assert.That(decision.Written(), Is.Null);
        });
    }

    [Test]
    public void A_pod_past_its_deadline_ends_it_and_the_set_is_held()
    {
        var decision = Gated("o o s").WithPolicy(p => p with { PodDeadline = TimeSpan.FromSeconds(30) }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.Ending!.State, Is.EqualTo(RolloutState.Failed));
            Assert.That(decision.Written()!.IsOurHold, Is.True);
        });
    }

    [Test]
    public void A_stuck_pod_below_is_replaced_out_of_turn_and_nobody_goes_beside_it()
    {
        var picture = Gated("x o s").With(m => m with { Passed = [new(2, "uid-2")] });
        var first = picture.Decide();
        var next = picture.Then(first).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Removed(), Is.EqualTo("web-0"));
            Assert.That(first.Memory.InFlight.Single().Action, Is.EqualTo(InFlightAction.ReplaceStuck));
            Assert.That(first.Actions, Has.None.InstanceOf<OpenGate>());
            Assert.That(first.MessageOf("web-2"), Does.EndWith("opens when web-0 is back: until then web-1 may not go."));
            Assert.That(next.Removed(), Is.EqualTo("web-0"), "as long as it stands");
        });
    }

    [TestCase("n o s")]
    [TestCase("s o s")]
    [TestCase("t o s")]
    [TestCase("- o s")]
    public void No_gate_opens_that_lets_the_next_pod_go_beside_one_that_is_away(string pods)
    {
        var picture = Gated(pods).WithPod(2, Closed).With(m => m with { Passed = [new(2, "uid-2")] })
            .WithReports(Picture.Report(GatePhase.BeforePod, "uid-1"), Picture.Report(GatePhase.AfterPod, "uid-0", GateVerdict.Deny));
        var decision = picture.Decide();
        Assert.That(decision.Actions, Has.None.InstanceOf<OpenGate>());
        Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.ReadinessGateClosed));
    }

    [Test]
    public void A_pod_below_the_next_one_keeps_nobody_back_and_opens_when_its_own_gates_passed()
    {
        var decision = Gated("s o s").With(m => m with { Passed = [new(0, "uid-0")] }).WithReports(Picture.Report(GatePhase.AfterPod, "uid-2", GateVerdict.Deny)).Decide();
        Assert.That(decision.Actions.Single(), Is.EqualTo(new OpenGate("web-0", "uid-0", "its gates passed")));
    }

    [Test]
    public void A_pod_that_opened_while_another_was_missing_is_proven_before_the_next_one_may_go()
    {
        var picture = Gated("o s s").WithPod(2, p => p with { Gate = PodGate.Open, ReadySince = Picture.Noon.AddMinutes(-1) }).With(m => m with { Passed = [new(1, "uid-1")] })
            .WithReports(Picture.Report(GatePhase.BeforePod, "uid-0"), Picture.Report(GatePhase.AfterPod, "uid-2", GateVerdict.Deny));
        var decision = picture.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.MessageOf("web-1"), Does.EndWith("opens when the AfterPod gates of web-2 passed: until then web-0 may not go."));
            Assert.That(picture.With(m => m with { Passed = [new(1, "uid-1"), new(2, "uid-2")] }).Decide().Actions.Single(), Is.InstanceOf<OpenGate>());
        });
    }

    [Test]
    public void What_is_not_released_and_would_come_back_at_the_revision_that_it_is_stuck_at_stays()
    {
        var stopped = Gated("x o s").WithSet(s => s with { Strategy = new(UpdateStrategyType.RollingUpdate, 2) }).WithPolicy(p => p with { Steps = [new(IntOrPercent.Of(1)) { Pause = new(null) }] });
        var middle = Gated("b o s").WithRequest(r => r with { Suspend = true });
        Assert.Multiple(() =>
        {
            Assert.That(stopped.Decide().Removed(), Is.Empty);
            Assert.That(middle.Decide().Removed(), Is.Empty, "under a pause nothing is taken");
        });
    }

    [Test]
    public void A_replacement_that_a_pause_overtakes_is_made_harmless()
    {
        var decision = Gated("x o s").InFlight(0, action: InFlightAction.ReplaceStuck).WithRequest(r => r with { Suspend = true }).Decide();
        Assert.That(decision.Actions.OfType<BurnIntent>().Single().Pod, Is.EqualTo("web-0"));
    }

    [TestCase("o o s", true, TestName = "A_pod_that_is_through_and_waits_for_the_next_to_be_allowed_is_not_late")]
    [TestCase("o o r", true, TestName = "A_pod_that_is_through_and_settles_behind_its_open_gate_is_not_late")]
    [TestCase("o o r", false, TestName = "A_pod_without_gates_that_settles_behind_its_open_gate_is_not_late")]
    public void Through(string pods, bool hasGates)
    {
        var picture = Gated(pods).WithPolicy(p => p with { PodDeadline = TimeSpan.FromSeconds(30), Gates = hasGates ? p.Gates : [] }).With(m => m with { Passed = hasGates ? [new(2, "uid-2")] : [] });
        picture = pods.EndsWith('r') ? picture.WithPod(2, p => p with { Gate = PodGate.Open, ContainersReadySince = Picture.Noon.AddMinutes(-1) }) : picture;
        Assert.That(picture.Decide().Memory.Ending, Is.Null);
    }

    [Test]
    public void A_newer_template_supersedes_without_a_hold()
    {
        var decision = Gated("o o s").WithSet(s => s with { UpdateRevision = "web-newer" }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.Superseded));
            Assert.That(decision.Written(), Is.Null);
        });
    }

    [Test]
    public void Going_back_holds_removes_and_opens_what_comes_back()
    {
        var picture = Gated("o U n").WithPod(2, Closed).WithPolicy(p => p with { OnFailure = FailureAction.RevertPods })
            .WithSet(s => s with { Strategy = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition) })
            .With(m => m with { State = RolloutState.Reverting, Revert = new(FailureAction.RevertPods, Picture.Noon, TimeSpan.Zero, "DeadlineExceeded", "late.") })
            .WithReports(Picture.Report(GatePhase.AfterPod, "uid-2") with { Key = new GateQuestion("etcd", GatePhase.AfterPod, ["uid-2"], Picture.Old).Key });
        Assert.That(picture.Decide().Actions, Does.Contain(new OpenGate("web-2", "uid-2", "its gates passed")));
    }

    [Test]
    public void At_rest_a_Native_set_is_open_and_its_gates_open_at_once()
    {
        var rest = new HoldInput { Snapshot = Gated("U U s").WithSet(s => s with { HeldBy = "", CurrentRevision = Picture.New }).Input.Snapshot, Memory = new(), IsNative = true };
        var decision = HoldPlanner.Decide(rest);
        Assert.That(decision.Actions.Single(), Is.InstanceOf<OpenGate>());
    }

    [Test]
    public void At_rest_the_gate_of_a_pod_that_a_rollout_will_be_about_stays_closed_and_one_that_is_held_opens()
    {
        var drift = new HoldInput { Snapshot = Gated("o o s").WithSet(s => s with { HeldBy = "" }).Input.Snapshot, Memory = new(), IsNative = true };
        var held = drift with { Snapshot = drift.Snapshot with { Set = drift.Snapshot.Set with { Strategy = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition) } } };
        var missing = drift with { Snapshot = Gated("- o s").WithSet(s => s with { HeldBy = "" }).Input.Snapshot };
        Assert.Multiple(() =>
        {
            Assert.That(HoldPlanner.Decide(drift).Actions, Is.Empty);
            Assert.That(HoldPlanner.Decide(drift).Drift, Is.Not.Null);
            Assert.That(HoldPlanner.Decide(missing).Actions, Is.Empty, "the pod that is missing is created all the same, and web-1 does not go beside it");
            Assert.That(HoldPlanner.Decide(held).Actions.Single(), Is.InstanceOf<OpenGate>());
            Assert.That(HoldPlanner.Decide(drift with { ChangesNothing = true }).Actions.Single(), Is.InstanceOf<OpenGate>());
        });
    }

    [Test]
    public void Adopting_under_Native_keeps_the_original_and_writes_partition_0()
    {
        var snapshot = Gated("o o o").WithSet(s => s with { HeldBy = "", OriginalStrategy = null, UpdateRevision = Picture.Old, Strategy = new(UpdateStrategyType.RollingUpdate, 0) }).Input.Snapshot;
        var action = HoldPlanner.Decide(new HoldInput { Snapshot = snapshot, Memory = new(), IsNative = true }).Actions.Single();
        Assert.That(action, Is.EqualTo(new AdoptSet(new(UpdateStrategyType.RollingUpdate, 0), new(UpdateStrategyType.RollingUpdate, 0), 5)));
    }

    [TestCase(3L, false, TestName = "Under_Native_a_set_that_its_maker_held_over_a_change_is_adopted_held")]
    [TestCase(2L, false, TestName = "Under_Native_a_parked_canary_is_adopted_held")]
    [TestCase(StrategyValue.HeldPartition, true, TestName = "Under_Native_a_hold_that_lost_its_annotation_stays_while_a_change_waits")]
    public void Adopted(long partition, bool wasAdopted)
    {
        // Opened, its next pod would go at once, before any rollout has asked the gates about it.
        var original = new StrategyValue(UpdateStrategyType.RollingUpdate, partition);
        var set = Gated(partition == 2 ? "o o U" : "o o o").WithSet(s => s with { HeldBy = "", OriginalStrategy = null, Strategy = original }).Input.Snapshot;
        var input = new HoldInput { Snapshot = set, Memory = wasAdopted ? new() { SetUid = "set-uid", Original = new(UpdateStrategyType.RollingUpdate, 0) } : new(), IsNative = true };
        Assert.Multiple(() =>
        {
            Assert.That(((AdoptSet)HoldPlanner.Decide(input).Actions.Single()).Next.IsOurHold, Is.True);
            Assert.That(((AdoptSet)HoldPlanner.Decide(input with { ChangesNothing = true }).Actions.Single()).Next.Partition, Is.Zero, "nothing waits");
        });
    }

    [Test]
    public void A_set_on_which_Native_cannot_work_is_adopted_held()
    {
        var open = new StrategyValue(UpdateStrategyType.RollingUpdate, 0);
        var snapshot = Gated("o o o").WithSet(s => s with { HeldBy = "", OriginalStrategy = null, UpdateRevision = Picture.Old, Strategy = open }).Input.Snapshot;
        Assert.That(HoldPlanner.Decide(Refused(snapshot)).Actions.Single(), Is.EqualTo(new AdoptSet(new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition), open, 5)));
    }

    [TestCase("o o o", TestName = "A_set_on_which_Native_can_work_no_more_is_held_at_rest")]
    [TestCase("o o n", TestName = "A_set_on_which_Native_can_work_no_more_is_held_while_a_change_rolls")]
    public void Held(string pods)
    {
        var snapshot = Gated(pods).WithSet(s => s with { HeldBy = "" }).Input.Snapshot;
        var first = HoldPlanner.Decide(Refused(snapshot));
        Assert.Multiple(() =>
        {
            Assert.That(first.Actions.Single(), Is.InstanceOf<WriteStrategy>());
            Assert.That(((WriteStrategy)first.Actions.Single()).Next.Partition, Is.EqualTo(StrategyValue.HeldPartition));
            Assert.That(HoldPlanner.Decide(Refused(snapshot) with { Memory = first.Memory }).Actions, Is.EqualTo(first.Actions), "the same generation: it was not carried out yet");
        });

        // Somebody opens it again: that is not fought for (rule 8).
        var opened = snapshot with { Set = snapshot.Set with { Generation = snapshot.Set.Generation + 2, ObservedGeneration = snapshot.Set.Generation + 2 } };
        var second = HoldPlanner.Decide(Refused(opened) with { Memory = first.Memory });
        Assert.Multiple(() =>
        {
            Assert.That(second.Actions, Is.Empty);
            Assert.That(second.Holds.Single().Reason, Is.EqualTo(ReasonCodes.FieldConflict));
        });

        // Put right: what was held is no longer held against anybody, and a next time is a first time.
        var right = HoldPlanner.Decide(new HoldInput { Snapshot = opened, Memory = first.Memory, IsNative = true });
        Assert.That(right.Memory.ForeignReleases, Is.Zero);
    }

    [Test]
    public void What_was_held_because_Native_could_not_work_opens_once_it_can_and_nothing_waits()
    {
        var held = Gated("U U U").WithSet(s => s with { HeldBy = "", CurrentRevision = Picture.New, Strategy = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition) }).Input.Snapshot;
        var action = (WriteStrategy)HoldPlanner.Decide(new HoldInput { Snapshot = held, Memory = new(), IsNative = true }).Actions.Single();
        Assert.Multiple(() =>
        {
            Assert.That(action.Next.Partition, Is.Zero);
            Assert.That(HoldPlanner.Decide(Refused(held)).Actions, Is.Empty);
        });
    }

    [Test]
    public void The_gates_of_a_held_set_open_though_Native_cannot_work()
    {
        var held = Gated("o s o").WithSet(s => s with { HeldBy = "", Strategy = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition) }).Input.Snapshot;
        Assert.That(HoldPlanner.Decide(Refused(held)).Actions.Single(), Is.InstanceOf<OpenGate>());
    }

    [Test]
    public void Under_a_policy_that_is_wrong_a_lost_pod_serves_again_and_the_gates_of_an_open_change_stay_shut()
    {
        var lost = Gated("U U s").WithSet(s => s with { HeldBy = "", CurrentRevision = Picture.New }).Input.Snapshot;
        var change = Gated("o o s").WithSet(s => s with { HeldBy = "" }).Input.Snapshot;
        Assert.Multiple(() =>
        {
            Assert.That(HoldPlanner.Recover(new HoldInput { Snapshot = lost, Memory = new() }).Single(), Is.InstanceOf<OpenGate>());
            Assert.That(HoldPlanner.Recover(new HoldInput { Snapshot = change, Memory = new() }), Is.Empty);
            Assert.That(HoldPlanner.Recover(new HoldInput { Snapshot = lost with { Set = lost.Set with { HeldBy = "somebody" } }, Memory = new() }), Is.Empty);
            Assert.That(HoldPlanner.Recover(new HoldInput { Snapshot = Gated("U U U").WithSet(s => s with { HeldBy = "", Strategy = new(UpdateStrategyType.RollingUpdate, 5) }).Input.Snapshot, Memory = new() }), Is.Empty, "nothing but gates");
        });
    }

    private static HoldInput Refused(WorkloadSnapshot snapshot) =>
        new() { Snapshot = snapshot, Memory = new(), IsNative = true, NativeRefusal = (ReasonCodes.NativeMisconfigured, "shop/web: driver Native cannot work.") };

    private static PodSnapshot Closed(PodSnapshot pod) => pod with { Gate = PodGate.Closed, ContainersReadySince = Picture.Noon.AddMinutes(-1) };

    /// <summary>A rollout under Native, gated: each pod that starts at the target waits for its readiness gate only.</summary>
    private static Picture Gated(string pods)
    {
        var picture = Picture.Running(pods, UpdateDriver.Native).Gated().WithPolicy(p => p with { Driver = UpdateDriver.Native })
            .WithSet(s => s with { Strategy = new(UpdateStrategyType.RollingUpdate, 0), HasReadinessGate = true }).WithFacts(f => f with { Service = Headless });
        var words = pods.Split(' ');
        for (var i = 0; i < words.Length; i++)
        {
            picture = words[i] == "s" ? picture.WithPod(i, Closed) : picture;
        }

        return picture;
    }

    private static void Refused(Func<WorkloadSnapshot, WorkloadSnapshot> change, string fact)
    {
        var decision = Picture.Resting("o o o").WithPolicy(p => p with { Driver = UpdateDriver.Native })
            .WithFacts(s => s with { Service = Headless, Set = s.Set with { HasReadinessGate = true } }).WithFacts(change).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.PreflightFailed));
            Assert.That(decision.HoldOf(null), Is.EqualTo(ReasonCodes.NativeMisconfigured));
            Assert.That(decision.Message, Does.Contain(fact).And.Contain("or use driver Partition"));
            Assert.That(decision.Actions, Is.Empty);
        });
    }
}

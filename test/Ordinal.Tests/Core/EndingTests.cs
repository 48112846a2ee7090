using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>How a rollout stops, for now or for good.</summary>
public sealed class EndingTests
{
    [Test]
    public void Halt_puts_the_hold_back_then_ends_then_gives_the_claim_back()
    {
        var picture = Picture.Running("o o U").WithRequest(r => r with { Cancel = CancelRequest.Halt });
        var first = picture.Decide();
        var back = picture.Then(first).WithSet(Held(6, 5));
        var unseen = back.Decide();
        var last = back.WithSet(s => s with { ObservedGeneration = 6 }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Written()!.IsOurHold, Is.True);
            Assert.That(first.IsFinished, Is.False);
            Assert.That(first.HoldOf(null), Is.EqualTo(ReasonCodes.HoldReturning));
            Assert.That(unseen.Actions, Is.Empty);
            Assert.That(unseen.IsFinished, Is.False);
            Assert.That(last.Memory.State, Is.EqualTo(RolloutState.Cancelled));
            Assert.That(last.Actions.Single(), Is.EqualTo(new ReleaseClaim(Picture.Claim)));
        });
    }

    [Test]
    public void The_claim_is_given_back_after_the_end_even_if_the_first_call_was_lost()
    {
        var ended = Picture.Running("o o o").With(m => m with { State = RolloutState.Cancelled, Ending = new(RolloutState.Cancelled, "Cancelled", "cancelled") });
        Assert.Multiple(() =>
        {
            Assert.That(ended.Decide().Actions.Single(), Is.EqualTo(new ReleaseClaim(Picture.Claim)));
            Assert.That(ended.WithSet(s => s with { HeldBy = "" }).Decide().Actions, Is.Empty);
            Assert.That(ended.WithSet(s => s with { HeldBy = "policy/other" }).Decide().Actions, Is.Empty);
        });
    }

    [TestCase(CancelRequest.Halt, Picture.New)]
    [TestCase(CancelRequest.None, "web-newer", TestName = "A_rollout_that_is_overtaken_by_a_replace_which_took_its_claim_off")]
    public void A_rollout_whose_claim_somebody_took_off_takes_it_back_to_burn_and_to_hold_before_it_ends(CancelRequest cancel, string update)
    {
        var picture = Picture.Running("o o o").InFlight(2).WithRequest(r => r with { Cancel = cancel })
            .WithSet(s => s with { HeldBy = "", OriginalStrategy = null, UpdateRevision = update, Strategy = new(UpdateStrategyType.RollingUpdate, 0) });
        var first = picture.Decide();
        var second = picture.Then(first).WithSet(s => s with { HeldBy = Picture.Claim }).Decide();
        var taken = picture.Then(first).WithSet(s => s with { HeldBy = "policy/other" }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Actions.Single(), Is.EqualTo(new TakeClaim(Picture.Claim, "")));
            Assert.That(first.IsFinished, Is.False);
            Assert.That(second.Actions, Does.Contain(new BurnIntent("web-2", "uid-2")));
            Assert.That(second.Written()!.IsOurHold, Is.True);
            Assert.That(second.IsFinished, Is.False);
            Assert.That(taken.IsFinished, Is.True, "somebody else's by now");
        });
    }

    [Test]
    public void A_cancelled_rollout_leaves_no_intent_that_can_act()
    {
        var picture = Picture.Running("o o o").InFlight(2).WithRequest(r => r with { Cancel = CancelRequest.Halt }).WithSet(s => s with { Strategy = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition) });
        var first = picture.Decide();
        var second = picture.Then(first).WithPod(2, p => p with { ResourceVersion = "77" }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Actions, Does.Contain(new BurnIntent("web-2", "uid-2")));
            Assert.That(first.IsFinished, Is.False);
            Assert.That(second.Memory.State, Is.EqualTo(RolloutState.Cancelled));
            Assert.That(second.Memory.InFlight, Is.Empty);
        });
    }

    [Test]
    public void G3_a_template_that_changes_again_supersedes_once_the_hold_is_back()
    {
        var picture = Picture.Running("o o s").InFlight(2, PodStage.Starting, uid: "gone").WithSet(s => s with { UpdateRevision = "web-newer", Generation = 6, ObservedGeneration = 6 });
        var first = picture.Decide();
        var last = picture.Then(first).WithSet(s => Held(7, 7)(s) with { UpdateRevision = "web-newer" }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Written()!.IsOurHold, Is.True);
            Assert.That(first.Removed(), Is.Empty);
            Assert.That(last.Memory.State, Is.EqualTo(RolloutState.Superseded));
            Assert.That(last.Message, Does.Contain("web-newer"));
        });
    }

    [Test]
    public void A_revision_that_is_no_longer_wanted_before_the_start_ends_without_a_touch()
    {
        var decision = Picture.Resting("o o o").WithSet(s => s with { UpdateRevision = "web-newer" }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.Superseded));
            Assert.That(decision.Actions, Is.Empty);
        });
    }

    [Test]
    public void U37_a_pod_past_its_deadline_halts_and_is_named_with_its_fact()
    {
        var late = Late(Picture.Running("o o s").InFlight(2, PodStage.Starting, uid: "gone"), 15)
            .WithPod(2, p => p with { Trouble = PodTrouble.ImagePull, TroubleMessage = "no such image web:2", ReadySince = null });
        var first = late.Decide();
        var last = late.Then(first).WithSet(Held(6, 6)).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Written()!.IsOurHold, Is.True);
            Assert.That(last.Memory.State, Is.EqualTo(RolloutState.Failed));
            Assert.That(last.Reason, Is.EqualTo(ReasonCodes.DeadlineExceeded));
            Assert.That(last.Message, Does.Contain("prod/web-2").And.Contain("15m0s").And.Contain("no such image web:2"));
            Assert.That(last.Pods.Single().Stage, Is.EqualTo(PodStage.Failed));
            Assert.That(last.Actions.Single(), Is.InstanceOf<ReleaseClaim>());
        });
    }

    [TestCase(PodTrouble.CrashLoop, "back-off 5m0s restarting failed container")]
    [TestCase(PodTrouble.Unschedulable, "0/3 nodes are available: 3 Insufficient cpu.")]
    public void K21_K22_a_first_pod_that_cannot_start_keeps_every_other_ends_the_rollout_and_is_what_a_fix_replaces_first(PodTrouble trouble, string words)
    {
        PodSnapshot Sick(PodSnapshot pod) => pod with { Trouble = trouble, TroubleMessage = words, Restarts = 9, ReadySince = null };
        var waiting = Late(Picture.Running("o o s").InFlight(2, PodStage.Starting, uid: "gone"), 14).WithPod(2, Sick).Decide();
        var late = Late(Picture.Running("o o s").InFlight(2, PodStage.Starting, uid: "gone"), 15).WithPod(2, Sick);
        var first = late.Decide();
        var last = late.Then(first).WithSet(Held(6, 6)).Decide();
        var fix = Picture.Running("o o b").WithPod(2, Sick).Decide();
        Assert.Multiple(() =>
        {
            Assert.That((waiting.Removed(), first.Removed(), last.Removed()), Is.EqualTo(("", "", "")), "nobody else goes");
            Assert.That((last.Memory.State, last.Reason), Is.EqualTo((RolloutState.Failed, ReasonCodes.DeadlineExceeded)));
            Assert.That(last.Message, Does.Contain("prod/web-2").And.Contain(trouble.ToString()).And.Contain(words));
            Assert.That(fix.Removed(), Is.EqualTo("web-2"));
        });
    }

    [Test]
    public void A_pod_just_before_its_deadline_is_waited_for_and_the_deadline_wakes()
    {
        var decision = Late(Picture.Running("o o s").InFlight(2, PodStage.Starting, uid: "gone"), 14).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.Ending, Is.Null);
            Assert.That(decision.WakeAfter, Is.EqualTo(TimeSpan.FromMinutes(1)));
        });
    }

    [Test]
    public void Deadlines_stop_while_paused()
    {
        var paused = Late(Picture.Running("o o s").InFlight(2, PodStage.Starting, uid: "gone"), 20)
            .With(m => m with { State = RolloutState.Suspended, PausedSince = Picture.Noon.AddMinutes(-10) }).WithRequest(r => r with { Suspend = true });
        var resumed = paused.WithRequest(r => r with { Suspend = false }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(paused.Decide().Memory.Ending, Is.Null);
            Assert.That(resumed.Memory.Ending, Is.Null);
            Assert.That(resumed.Memory.PausedFor, Is.EqualTo(TimeSpan.FromMinutes(10)));
            Assert.That(resumed.Memory.PausedSince, Is.Null);
            Assert.That(Late(Picture.Running("o o s").InFlight(2, PodStage.Starting, uid: "gone"), 20).Decide().Memory.Ending, Is.Not.Null, "without the pause it would be late");
        });
    }

    [Test]
    public void The_rollouts_own_deadline_ends_it()
    {
        var decision = Picture.Running("o o o").With(m => m with { StartedAt = Picture.Noon.AddHours(-6) }).Decide();
        Assert.That(decision.Memory.Ending!.Reason, Is.EqualTo("DeadlineExceeded"));
        Assert.That(decision.Removed(), Is.Empty);
    }

    [Test]
    public void U09_U10_suspended_the_pod_in_flight_finishes_and_none_is_started()
    {
        var picture = Picture.Running("o o U").Gated().InFlight(2, PodStage.AfterPodGate, uid: "gone").WithRequest(r => r with { Suspend = true })
            .WithReports(Picture.Report(GatePhase.AfterPod, "uid-2"), Picture.Report(GatePhase.BeforePod, "uid-1"));
        var decision = picture.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Memory.Passed, Has.Length.EqualTo(1), "it finished");
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.Suspended));
            Assert.That(decision.HoldOf("web-1"), Is.EqualTo(ReasonCodes.Suspended));
            Assert.That(picture.Then(decision).WithRequest(r => r with { Suspend = false }).Decide().Removed(), Is.EqualTo("web-1"));
        });
    }

    [TestCase(true, "set-uid", TestName = "A_set_that_is_being_deleted_fails_the_rollout")]
    [TestCase(false, "another", TestName = "A_set_made_again_under_the_name_fails_the_rollout")]
    public void A_target_that_is_gone(bool terminating, string uid)
    {
        var decision = Picture.Running("o o o").WithSet(s => s with { IsTerminating = terminating, Uid = uid }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.Failed));
            Assert.That(decision.Reason, Is.EqualTo(ReasonCodes.TargetGone));
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.Written(), Is.Null);
        });
    }

    [Test]
    public void Without_any_set_the_rollout_fails_too()
    {
        var decision = RolloutPlanner.DecideGone("prod/web", new() { State = RolloutState.Running }, Picture.Noon);
        Assert.Multiple(() =>
        {
            Assert.That(decision.IsFinished, Is.True);
            Assert.That(decision.Reason, Is.EqualTo(ReasonCodes.TargetGone));
            Assert.That(decision.Change, Is.EqualTo(MemoryChange.Durable));
        });
    }

    [Test]
    public void Memory_of_a_newer_format_holds_and_is_not_touched()
    {
        var picture = Picture.Running("o o o").With(m => m with { Version = RolloutMemory.CurrentVersion + 1 });
        var decision = picture.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.HoldOf(null), Is.EqualTo(ReasonCodes.FormatTooNew));
            Assert.That(decision.Memory, Is.SameAs(picture.Input.Memory));
        });
    }

    [Test]
    public void Stores_that_lag_hold_and_nothing_is_decided()
    {
        var picture = Picture.Running("o o o").WithFacts(s => s with { Freshness = new(false, ReasonCodes.StoresNotFresh, "pod web-2 was evicted and is still shown") });
        var decision = picture.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Questions, Is.Empty);
            Assert.That(decision.MessageOf(null), Does.Contain("web-2 was evicted"));
            Assert.That(decision.Memory, Is.SameAs(picture.Input.Memory));
        });
    }

    [Test]
    public void T18_two_PodDisruptionBudgets_are_named_and_nothing_is_evicted()
    {
        var decision = Picture.Running("o o o").WithFacts(s => s with { Budgets = [new("a", 1, true), new("b", 1, true)] }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.HoldOf("web-0"), Is.EqualTo(ReasonCodes.TwoDisruptionBudgets));
            Assert.That(decision.MessageOf("web-0"), Does.Contain("a, b"));
        });
    }

    [Test]
    public void T17_a_budget_that_was_burnt_settles_first()
    {
        var decision = Picture.Running("o o o").With(m => m with { BudgetSettlingUntil = Picture.Noon.AddSeconds(90) }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.DisruptionBudgetSettling));
            Assert.That(decision.WakeAfter, Is.EqualTo(TimeSpan.FromSeconds(90)));
        });
    }

    [Test]
    public void U39_a_budget_that_allows_fewer_than_maxUnavailable_wins()
    {
        var decision = Picture.Running("o o o o").WithMax(3).WithFacts(s => s with { Budgets = [new("web", 2, true)] }).Decide();
        Assert.That(decision.Removed(), Is.EqualTo("web-3,web-2"));
    }

    private static Picture Late(Picture picture, int minutes) => picture.With(m => m with
    {
        StartedAt = Picture.Noon.AddMinutes(-minutes),
        InFlight = [.. m.InFlight.Select(e => e with { Since = Picture.Noon.AddMinutes(-minutes) })],
    });

    private static Func<StatefulSetSnapshot, StatefulSetSnapshot> Held(long generation, long observed) => s => s with
    {
        Generation = generation,
        ObservedGeneration = observed,
        Strategy = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition),
    };
}

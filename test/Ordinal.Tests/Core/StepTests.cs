using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>Stages of a rollout, their pauses, and the order of pods from the lowest up.</summary>
public sealed class StepTests
{
    [TestCase("o o o o o", "web-4", 1)]
    [TestCase("o o o o U", "", 1)]
    public void U02_a_step_takes_no_more_pods_than_it_says(string pods, string taken, int step)
    {
        var decision = Stepped(pods, Approved("20%"), Approved("60%"), Free("100%")).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.EqualTo(taken));
            Assert.That(decision.Step, Is.EqualTo(step));
        });
    }

    [TestCase("o o o o o", 0, 1)]
    [TestCase("o o o o U", 1, 3)]
    [TestCase("o o U U U", 2, 5)]
    public void U02_approving_steps_releases_one_three_and_five_of_five(string pods, int approved, int expected)
    {
        var picture = Stepped(pods, Approved("20%"), Approved("60%"), Free("100%")).WithMax(5).WithRequest(r => r with { ApprovedStep = approved });
        var taken = picture.Decide().Actions.OfType<RemovePod>().Count();
        Assert.That(taken + pods.Count(c => c == 'U'), Is.EqualTo(expected));
    }

    [Test]
    public void U02_a_step_that_is_done_waits_for_its_approval_and_says_how()
    {
        var decision = Stepped("o o o o U", Approved("20%"), Free("100%")).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.AwaitingApproval));
            Assert.That(decision.Reason, Is.EqualTo(ReasonCodes.AwaitingApproval));
            Assert.That(decision.HoldOf("web-3"), Is.EqualTo(ReasonCodes.AwaitingApproval));
            Assert.That(decision.MessageOf("web-3"), Does.Contain("step 1 of 2").And.Contain("1 of 5 pods").And.Contain("set spec.approvedStep to 1"));
            Assert.That(decision.Memory.PausedSince, Is.EqualTo(Picture.Noon), "deadlines stand still");
        });
    }

    [Test]
    public void U03_five_steps_of_one_pod_each_take_one_pod_each([Values(0, 1, 2, 3, 4)] int done)
    {
        var pods = string.Join(' ', Enumerable.Repeat("o", 5 - done).Concat(Enumerable.Repeat("U", done)));
        var decision = Stepped(pods, Free("20%"), Free("40%"), Free("60%"), Free("80%"), Free("100%")).WithMax(5).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.EqualTo($"web-{4 - done}"));
            Assert.That(decision.Step, Is.EqualTo(done + 1));
        });
    }

    [Test]
    public void U04_a_new_rollout_starts_at_step_one_and_counts_pods_of_a_middle_revision_as_old()
    {
        // web-4 runs the revision that was overtaken: it goes first, as the one pod of step one.
        var decision = Stepped("o o o o o", Approved("20%"), Free("100%")).WithPod(4, p => p with { Revision = Picture.Bad }).WithMax(5).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Step, Is.EqualTo(1));
            Assert.That(decision.Removed(), Is.EqualTo("web-4"));
        });
    }

    [Test]
    public void A_timed_pause_begins_when_the_step_is_done_and_wakes_when_it_is_over()
    {
        var picture = Stepped("o o U", Timed("1", 10), Free("100%"));
        var first = picture.Decide();
        var halfway = picture.Then(first).At(TimeSpan.FromMinutes(4)).Decide();
        var over = picture.Then(first).At(TimeSpan.FromMinutes(10)).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Memory.State, Is.EqualTo(RolloutState.StepPausing));
            Assert.That(first.Memory.Steps, Is.EqualTo(new StepProgress(0, 1, Picture.Noon)));
            Assert.That(first.Removed(), Is.Empty);
            Assert.That(halfway.Removed(), Is.Empty);
            Assert.That(halfway.WakeAfter, Is.EqualTo(TimeSpan.FromMinutes(6)));
            Assert.That(halfway.MessageOf("web-1"), Does.Contain("begins in 6m0s"));
            Assert.That(over.Removed(), Is.EqualTo("web-1"));
            Assert.That(over.Memory.Steps.Passed, Is.EqualTo(1));
            Assert.That(over.Memory.PausedFor, Is.EqualTo(TimeSpan.FromMinutes(10)));
        });
    }

    [Test]
    public void Approval_ends_a_timed_pause_early()
    {
        var picture = Stepped("o o U", Timed("1", 10), Free("100%"));
        var decision = picture.Then(picture.Decide()).WithRequest(r => r with { ApprovedStep = 1 }).Decide();
        Assert.That(decision.Removed(), Is.EqualTo("web-1"));
    }

    [Test]
    public void U14_approving_a_later_step_goes_past_all_before_it()
    {
        var decision = Stepped("o o U", Approved("1"), Approved("2"), Approved("3")).WithMax(3).WithRequest(r => r with { ApprovedStep = 2 }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Step, Is.EqualTo(2));
            Assert.That(decision.Removed(), Is.EqualTo("web-1"), "steps are still done one after the other");
        });
    }

    [Test]
    public void U13_a_plan_that_is_edited_moves_no_pod_back()
    {
        var decision = Stepped("o o U U U", Approved("1"), Free("100%")).With(m => m with { Steps = new(2, 2, Picture.Noon) }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.EqualTo("web-1"), "step 1 was passed");
            Assert.That(decision.Written(), Is.Null);
        });

        var stricter = Stepped("o o U U U", Approved("60%"), Free("100%")).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(stricter.Actions, Is.Empty);
            Assert.That(stricter.Memory.State, Is.EqualTo(RolloutState.AwaitingApproval));
        });
    }

    [Test]
    public void U11_a_set_that_grows_resolves_its_percentages_anew()
    {
        // 40 % of 5 are 2, and done; of 10 they are 4, so two more go before the pause.
        var small = Stepped("o o o U U", Approved("40%"), Free("100%")).WithMax(10);
        var large = Stepped("o o o o o o o o U U", Approved("40%"), Free("100%")).WithMax(10);
        Assert.Multiple(() =>
        {
            Assert.That(small.Decide().Removed(), Is.Empty);
            Assert.That(large.Decide().Removed(), Is.EqualTo("web-7,web-6"));
        });
    }

    [Test]
    public void U12_a_set_that_shrinks_below_its_updated_pods_is_not_complete_by_accident()
    {
        var decision = Stepped("o o o o o", Timed("40%", 5), Free("100%")).With(m => m with { Steps = new(1, 1, Picture.Noon.AddHours(-1)) }).WithMax(5).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.IsFinished, Is.False);
            Assert.That(decision.Removed(), Is.EqualTo("web-4,web-3"));
            Assert.That(decision.Memory.Steps.Passed, Is.Zero, "its pause is held again");
        });
    }

    [Test]
    public void The_pause_of_the_last_step_is_held_before_the_end()
    {
        var picture = Stepped("U U U", Timed("100%", 5));
        var first = picture.Decide();
        var over = picture.Then(first).At(TimeSpan.FromMinutes(5)).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Memory.State, Is.EqualTo(RolloutState.StepPausing));
            Assert.That(first.Actions, Is.Empty);
            Assert.That(over.Written()!.IsOurHold, Is.True);
        });
    }

    [Test]
    public void After_the_last_step_the_rest_goes_too() =>
        Assert.That(Stepped("o o U", Free("1")).Decide().Removed(), Is.EqualTo("web-1"));

    [Test]
    public void U02_the_partition_follows_the_steps()
    {
        var steps = Picture.Running("o o o o U", UpdateDriver.Partition).WithPolicy(p => p with { Steps = [Approved("20%"), Free("60%"), Free("100%")] });
        Assert.Multiple(() =>
        {
            Assert.That(steps.Decide().Written(), Is.Null);
            Assert.That(steps.WithRequest(r => r with { ApprovedStep = 1 }).Decide().Written()!.Partition, Is.EqualTo(3));
        });
    }

    [Test]
    public void A_stuck_pod_does_not_go_to_the_new_revision_while_a_step_waits_for_approval()
    {
        var decision = Stepped("x o U", Approved("1"), Free("100%")).Decide();
        Assert.That(decision.Removed(), Is.Empty);
    }

    [Test]
    public void U09_paused_takes_nothing_and_scaling_still_works()
    {
        var paused = Picture.Running("o o o o").WithRequest(r => r with { Suspend = true }).WithSet(s => s with { Replicas = 3 }).Decide();
        var resumed = Picture.Running("o o o").WithRequest(r => r with { Suspend = false }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(paused.Actions, Is.Empty, "the built-in controller scales; we are not in its way");
            Assert.That(paused.Memory.State, Is.EqualTo(RolloutState.Suspended));
            Assert.That(resumed.Removed(), Is.EqualTo("web-2"));
        });
    }

    [Test]
    public void U10_the_pod_in_flight_finishes_while_paused_and_no_further_one_starts()
    {
        var picture = Picture.Running("o o U").Gated().InFlight(2, PodStage.AfterPodGate, uid: "gone").WithRequest(r => r with { Suspend = true })
            .WithReports(Picture.Report(GatePhase.AfterPod, "uid-2"));
        var decision = picture.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.InFlight, Is.Empty);
            Assert.That(decision.Memory.Passed.Single().Ordinal, Is.EqualTo(2));
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.HoldOf("web-1"), Is.EqualTo(ReasonCodes.Suspended));
        });
    }

    [TestCase("o o o", "web-0")]
    [TestCase("U o o", "web-1")]
    [TestCase("U U o", "web-2")]
    public void OrdinalAscending_takes_the_lowest_pod_first(string pods, string taken) =>
        Assert.That(Picture.Running(pods).WithPolicy(p => p with { Order = PodOrderKind.OrdinalAscending }).Decide().Removed(), Is.EqualTo(taken));

    [Test]
    public void Auto_takes_OnDelete_for_OrdinalAscending_and_Partition_refuses_it()
    {
        var auto = Picture.Resting("o o o").WithSet(s => s with { HeldBy = Picture.Claim }).WithPolicy(p => p with { Driver = UpdateDriver.Auto, Order = PodOrderKind.OrdinalAscending }).Decide();
        var partition = Picture.Resting("o o o").WithPolicy(p => p with { Driver = UpdateDriver.Partition, Order = PodOrderKind.OrdinalAscending }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(auto.Memory.Driver, Is.EqualTo(UpdateDriver.OnDelete));
            Assert.That(partition.HoldOf(null), Is.EqualTo(ReasonCodes.DriverImpossible));
        });
    }

    [Test]
    public void Force_counts_on_for_the_intent_that_used_it_and_for_no_other()
    {
        var closed = Picture.Running("o o o").Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", GateVerdict.Deny))
            .WithRequest(r => r with { Force = [new("uid-2", ReasonCodes.EtcdQuorumLost.Code, "agreed with the data team")] });
        var first = closed.Decide();
        var again = closed.Then(first).Decide();
        var dropped = closed.Then(first).With(m => m with { InFlight = [] }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Removed(), Is.EqualTo("web-2"));
            Assert.That(first.Memory.UsedForce.Single(), Is.EqualTo("uid-2/EtcdQuorumLost"));
            Assert.That(again.Removed(), Is.EqualTo("web-2"), "the eviction may have been refused");
            Assert.That(again.Memory.UsedForce, Has.Length.EqualTo(1));
            Assert.That(dropped.Removed(), Is.Empty, "once");
        });
    }

    [Test]
    public void Force_goes_past_a_role_that_nobody_knows_for_this_pod_once()
    {
        var unknown = Picture.Running("o o o").LeaderLast()
            .WithReports(Picture.Report(GatePhase.Roles, verdict: GateVerdict.Unknown), Picture.Report(GatePhase.BeforePod, "uid-1"))
            .WithRequest(r => r with { Force = [new("uid-1", ReasonCodes.RoleUnknown.Code, "web-1 is a follower, I looked")] });
        var held = unknown.WithRequest(r => r with { Force = [] }).Decide();
        var forced = unknown.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(held.Removed(), Is.Empty);
            Assert.That(forced.Removed(), Is.EqualTo("web-1"));
            Assert.That(forced.Memory.UsedForce.Single(), Is.EqualTo("uid-1/RoleUnknown"));
            Assert.That(unknown.With(m => m with { UsedForce = forced.Memory.UsedForce }).Decide().Removed(), Is.Empty, "once");
        });
    }

    [Test]
    public void A_pause_begins_anew_when_its_step_was_not_done_meanwhile()
    {
        var began = Stepped("o o o o U", Timed("20%", 10), Free("100%"));
        var first = began.Decide();
        var fell = began.Then(first).WithPod(4, p => p with { ReadySince = null }).At(TimeSpan.FromMinutes(5)).Decide();
        var back = began.Then(fell).At(TimeSpan.FromMinutes(6)).Decide();
        var early = began.Then(back).At(TimeSpan.FromMinutes(11)).Decide();
        var over = began.Then(back).At(TimeSpan.FromMinutes(16)).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Memory.Steps.ReachedAt, Is.EqualTo(Picture.Noon));
            Assert.That(fell.Memory.Steps.ReachedAt, Is.Null);
            Assert.That(back.Memory.Steps.ReachedAt, Is.EqualTo(Picture.Noon.AddMinutes(6)));
            Assert.That(early.Removed(), Is.Empty, "the pods of the step have been there for five minutes only");
            Assert.That(over.Removed(), Is.EqualTo("web-3"));
        });
    }

    [Test]
    public void A_pause_that_an_earlier_step_got_meanwhile_begins_and_ends()
    {
        // The second step's pause is running; then pods fall behind it, and the policy gives the first one a pause.
        var began = Stepped("o o o U U", Free("20%"), Timed("40%", 10), Free("100%"));
        var first = began.Decide();
        var fell = began.Then(first).WithPod(3, p => p with { ReadySince = null }).At(TimeSpan.FromMinutes(5)).Decide();
        var paused = began.Then(fell).WithPod(3, p => p with { ReadySince = null })
            .WithPolicy(p => p with { Steps = [Timed("20%", 10), Timed("40%", 10), Free("100%")] });
        var held = paused.At(TimeSpan.FromMinutes(6)).Decide();
        var over = paused.Then(held).At(TimeSpan.FromMinutes(16)).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Memory.Steps.Reached, Is.EqualTo(2));
            Assert.That(fell.Memory.Steps.ReachedAt, Is.Null);
            Assert.That(held.Memory.Steps.ReachedAt, Is.EqualTo(Picture.Noon.AddMinutes(6)));
            Assert.That(over.Memory.Steps.Passed, Is.EqualTo(1), "ten minutes later it is over");
        });
    }

    private static RolloutStep Approved(string pods) => Free(pods) with { Pause = new(null) };

    private static RolloutStep Timed(string pods, int minutes) => Free(pods) with { Pause = new(TimeSpan.FromMinutes(minutes)) };

    private static RolloutStep Free(string pods) => IntOrPercent.TryParse(pods, out var value) ? new(value) : throw new ArgumentException(pods);

    private static Picture Stepped(string pods, params RolloutStep[] steps) => Picture.Running(pods).WithPolicy(p => p with { Steps = [.. steps] });
}

using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>Preflight, claim, hold: what happens before any pod is touched.</summary>
public sealed class StartTests
{
    [Test]
    public void The_claim_is_the_only_action_of_the_first_pass()
    {
        var decision = Picture.Resting("o o o").Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions.Single(), Is.EqualTo(new TakeClaim(Picture.Claim, "")));
            Assert.That(decision.Memory.StartedAt, Is.Null);
            Assert.That(decision.HoldOf(null), Is.EqualTo(ReasonCodes.TakingClaim));
        });
    }

    [Test]
    public void A_set_that_another_rollout_holds_is_queued_for()
    {
        var decision = Picture.Resting("o o o").WithSet(s => s with { HeldBy = "policy/other" }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.HoldOf(null), Is.EqualTo(ReasonCodes.Queued));
            Assert.That(decision.MessageOf(null), Does.Contain("policy/other"));
        });
    }

    [Test]
    public void A_claim_lost_in_mid_rollout_stops_everything()
    {
        var decision = Picture.Running("o o o").WithSet(s => s with { HeldBy = "policy/other" }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.HoldOf(null), Is.EqualTo(ReasonCodes.ClaimLost));
        });
    }

    [Test]
    public void U01_the_hold_is_put_on_before_any_pod_moves()
    {
        var decision = Claimed().WithSet(s => s with { Strategy = new(UpdateStrategyType.RollingUpdate, 0) }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Written()!.IsOurHold, Is.True);
            Assert.That(decision.Memory.ForeignReleases, Is.EqualTo(1));
            Assert.That(decision.Memory.StartedAt, Is.Null);
        });
    }

    [Test]
    public void A_set_that_nobody_adopted_is_waited_for()
    {
        var decision = Claimed().WithSet(s => s with { OriginalStrategy = null, Strategy = new(UpdateStrategyType.RollingUpdate, 0) }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.HoldOf(null), Is.EqualTo(ReasonCodes.AwaitingAdoption));
        });
    }

    [Test]
    public void The_OnDelete_driver_switches_the_strategy_and_waits_until_it_is_seen()
    {
        var first = Claimed().Decide();
        var unseen = Claimed().Then(first).WithSet(s => s with { Generation = 6, Strategy = new(UpdateStrategyType.OnDelete) }).Decide();
        var seen = Claimed().Then(first).WithSet(s => s with { Generation = 6, ObservedGeneration = 6, Strategy = new(UpdateStrategyType.OnDelete) }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Written(), Is.EqualTo(new StrategyValue(UpdateStrategyType.OnDelete)));
            Assert.That(unseen.Actions, Is.Empty);
            Assert.That(seen.Removed(), Is.EqualTo("web-2"));
        });
    }

    [Test]
    public void No_PodDisruptionBudget_is_warned_of_under_OnDelete_once()
    {
        var first = Claimed().WithFacts(s => s with { Budgets = [] }).Decide();
        Assert.That(first.Notices.Select(n => n.Reason), Does.Contain(ReasonCodes.NoDisruptionBudget));
        Assert.That(Claimed().WithFacts(s => s with { Budgets = [] }).Then(first).Decide().Notices, Is.Empty);
    }

    [TestCase(PodOrderKind.OrdinalDescending, "1", UpdateDriver.Partition)]
    [TestCase(PodOrderKind.OrdinalDescending, "34%", UpdateDriver.Partition)]
    [TestCase(PodOrderKind.OrdinalDescending, "2", UpdateDriver.OnDelete)]
    [TestCase(PodOrderKind.LeaderLast, "1", UpdateDriver.OnDelete)]
    public void Auto_is_Partition_for_one_pod_in_descending_order_and_else_OnDelete(PodOrderKind order, string max, UpdateDriver expected)
    {
        Assert.That(IntOrPercent.TryParse(max, out var budget), Is.True);
        var decision = Claimed().Gated().WithPolicy(p => p with { Driver = UpdateDriver.Auto, Order = order, MaxUnavailable = budget }).Decide();
        Assert.That(decision.Memory.Driver, Is.EqualTo(expected));
    }

    [Test]
    public void Auto_leaves_a_declared_OnDelete_as_it_is()
    {
        var decision = Claimed().WithSet(s => s with { OriginalStrategy = null, Strategy = new(UpdateStrategyType.OnDelete), StrategyTypeDeclaredBy = ["helm"] })
            .WithPolicy(p => p with { Driver = UpdateDriver.Auto }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.Driver, Is.EqualTo(UpdateDriver.OnDelete));
            Assert.That(decision.Removed(), Is.EqualTo("web-2"));
        });
    }

    [Test]
    public void What_this_version_cannot_do_is_refused_with_a_remedy_and_without_a_touch()
    {
        Refused(p => p with { Driver = UpdateDriver.Native, MaxUnavailable = IntOrPercent.Of(2) }, ReasonCodes.DriverImpossible, "driver Native takes one pod");
        Refused(p => p with { Order = PodOrderKind.LeaderLast }, ReasonCodes.NoRoles, "LeaderLast");
        Refused(p => p with { Driver = UpdateDriver.Partition, MaxUnavailable = IntOrPercent.Of(2) }, ReasonCodes.DriverImpossible, "2 of 3 pods");
    }

    [Test]
    public void Partition_cannot_do_leader_last()
    {
        var decision = Picture.Resting("o o o").Gated().WithPolicy(p => p with { Driver = UpdateDriver.Partition, Order = PodOrderKind.LeaderLast }).Decide();
        Assert.That(decision.HoldOf(null), Is.EqualTo(ReasonCodes.DriverImpossible));
    }

    [Test]
    public void T1_OnDelete_is_refused_while_another_manager_declares_the_type()
    {
        var decision = Picture.Resting("o o o").WithSet(s => s with { StrategyTypeDeclaredBy = ["argocd-controller"] }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.PreflightFailed));
            Assert.That(decision.Message, Does.Contain("argocd-controller"));
            Assert.That(decision.Actions, Is.Empty);
        });
    }

    [Test]
    public void Nothing_to_do_ends_as_NoChange_and_gives_the_claim_back()
    {
        var decision = Picture.Resting("U U U").WithSet(s => s with { HeldBy = Picture.Claim, CurrentRevision = Picture.New }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.NoChange));
            Assert.That(decision.Actions.Single(), Is.EqualTo(new ReleaseClaim(Picture.Claim)));
        });
    }

    [Test]
    public void A_set_at_zero_is_nothing_to_do_and_says_what_the_controller_did()
    {
        var decision = Picture.Resting("").WithSet(s => s with { HeldBy = Picture.Claim, CurrentRevision = Picture.New }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.NoChange));
            Assert.That(decision.Notices.Single().Reason, Is.EqualTo(ReasonCodes.HoldLostAtZero));
        });
    }

    [Test]
    public void BeforeRollout_gates_are_asked_before_the_strategy_is_touched()
    {
        var picture = Claimed().Gated(GatePhases.BeforeRollout);
        var asked = picture.Decide();
        var open = picture.WithReports(Picture.Report(GatePhase.BeforeRollout)).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(asked.Questions.Single().Phase, Is.EqualTo(GatePhase.BeforeRollout));
            Assert.That(asked.Actions, Is.Empty);
            Assert.That(asked.Memory.StartedAt, Is.Null);
            Assert.That(open.Written()!.Type, Is.EqualTo(UpdateStrategyType.OnDelete));
        });
    }

    [Test]
    public void A_rollout_that_is_suspended_from_the_start_takes_nothing_not_even_the_claim()
    {
        var decision = Picture.Resting("o o o").WithRequest(r => r with { Suspend = true }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.Suspended));
            Assert.That(decision.HoldOf(null), Is.EqualTo(ReasonCodes.Suspended));
        });
    }

    private static Picture Claimed() => Picture.Resting("o o o").WithSet(s => s with { HeldBy = Picture.Claim });

    private static void Refused(Func<UpdatePolicy, UpdatePolicy> change, ReasonCode reason, string fact)
    {
        var decision = Picture.Resting("o o o").WithPolicy(change).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.PreflightFailed));
            Assert.That(decision.Reason, Is.EqualTo(ReasonCodes.PreflightFailed));
            Assert.That(decision.HoldOf(null), Is.EqualTo(reason));
            Assert.That(decision.Message, Does.Contain(fact).And.StartsWith("prod/web: "));
            Assert.That(decision.Actions, Is.Empty);
        });
    }
}

using CsCheck;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Probing;

namespace Ordinal.Tests.Gates.Probing;

/// <summary>Whom a generic gate asks, and how many must pass.</summary>
public sealed class ProbeRuleTests
{
    [TestCase(ProbeScope.Pod, GatePhase.BeforePod, "db-1")]
    [TestCase(ProbeScope.Pod, GatePhase.AfterPod, "db-1")]
    [TestCase(ProbeScope.OtherPods, GatePhase.BeforePod, "db-0,db-2")]
    [TestCase(ProbeScope.AllPods, GatePhase.BeforePod, "db-0,db-1,db-2")]
    [TestCase(ProbeScope.Once, GatePhase.BeforePod, "")]
    public void The_scope_says_whom_a_question_about_one_pod_asks(ProbeScope scope, GatePhase phase, string expected)
    {
        var world = new ProbeWorld(3) { Plan = ProbePlan.Default with { Scope = scope } };
        Assert.That(string.Join(',', world.Asked(phase, 1)), Is.EqualTo(expected));
    }

    [TestCase(ProbeScope.Pod)]
    [TestCase(ProbeScope.OtherPods)]
    [TestCase(ProbeScope.AllPods)]
    public void A_question_about_the_workload_asks_every_pod(ProbeScope scope)
    {
        var world = new ProbeWorld(3) { Plan = ProbePlan.Default with { Scope = scope } };
        Assert.That(world.Asked(GatePhase.BeforeRollout), Is.EqualTo(["db-0", "db-1", "db-2"]));
    }

    [TestCase(ProbeQuorum.All, 3, true)]
    [TestCase(ProbeQuorum.All, 2, false)]
    [TestCase(ProbeQuorum.Majority, 2, true)]
    [TestCase(ProbeQuorum.Majority, 1, false)]
    [TestCase(ProbeQuorum.Any, 1, true)]
    [TestCase(ProbeQuorum.Any, 0, false)]
    public void The_quorum_says_how_many_must_pass(ProbeQuorum quorum, int passing, bool opens)
    {
        var world = new ProbeWorld(3) { Plan = ProbePlan.Default with { Scope = ProbeScope.AllPods, Quorum = quorum } };
        foreach (var pod in world.Pods.Skip(passing))
        {
            world.Says[pod.Pod] = ProbeWorld.No;
        }

        var answer = world.Ask(GatePhase.AfterPod, 0);
        Assert.That(answer.Verdict, Is.EqualTo(opens ? GateVerdict.Allow : GateVerdict.Deny), answer.Message);
        Assert.That(answer.Facts, Does.Contain(new GateFact("passed", $"{passing} of 3")));
        Assert.That(answer.Warnings, Has.Length.EqualTo(opens ? 3 - passing : 0));
    }

    [Test]
    public void A_message_names_the_pod_the_fact_how_many_are_missing_and_the_remedy()
    {
        var world = new ProbeWorld(3) { Plan = ProbePlan.Default with { Scope = ProbeScope.AllPods } };
        world.Says["db-2"] = ProbeWorld.No;
        world.Says["db-1"] = ProbeWorld.Silent;
        var answer = world.Ask(GatePhase.BeforePod, 0);
        Assert.That(answer.Message, Is.EqualTo($"prod/db: db-2: it answers HTTP 503 (and 1 more); 1 of 3 pods pass, 3 must. {ReasonCodes.HttpStatusRefused.Remedy}"));
    }

    [Test]
    public void What_a_human_must_change_is_told_first()
    {
        var world = new ProbeWorld(3) { Plan = ProbePlan.Default with { Scope = ProbeScope.AllPods } };
        (world.Says["db-0"], world.Says["db-1"], world.Says["db-2"]) = (ProbeWorld.Silent, ProbeWorld.No, ProbeWorld.Refused);
        Assert.That(world.Ask(GatePhase.BeforeRollout).Verdict, Is.EqualTo(GateVerdict.Misconfigured));
    }

    [Test]
    public void G7_a_pod_that_is_not_ready_does_not_hold_its_own_repair_but_a_silent_other_does()
    {
        var world = new ProbeWorld(3) { Plan = ProbePlan.Default with { Scope = ProbeScope.AllPods } };
        world.Pods[1] = world.Pods[1] with { IsReady = false };
        world.Says["db-1"] = ProbeWorld.Silent;
        Assert.That(world.Ask(GatePhase.BeforePod, 1).Verdict, Is.EqualTo(GateVerdict.Allow));
        Assert.That(world.Ask(GatePhase.BeforePod, 0).Verdict, Is.EqualTo(GateVerdict.Unknown));
        Assert.That(world.Ask(GatePhase.AfterPod, 1).Verdict, Is.EqualTo(GateVerdict.Unknown), "after the restart it must speak for itself");
    }

    [Test]
    public void G7_the_only_pod_that_is_not_ready_may_be_repaired()
    {
        var world = new ProbeWorld(1) { Plan = ProbePlan.Default with { Scope = ProbeScope.AllPods } };
        world.Pods[0] = world.Pods[0] with { IsReady = false };
        Assert.That(world.Ask(GatePhase.BeforePod, 0).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public void A_scope_that_leaves_nobody_to_ask_never_passes_by_itself()
    {
        var world = new ProbeWorld(1) { Plan = ProbePlan.Default with { Scope = ProbeScope.OtherPods } };
        var answer = world.Ask(GatePhase.BeforePod, 0);
        Assert.That((answer.Verdict, answer.Reason), Is.EqualTo((GateVerdict.Misconfigured, ReasonCodes.ProbeNobodyToAsk)));
    }

    [Test]
    public void A_pod_that_is_gone_is_unknown()
    {
        var world = new ProbeWorld(2);
        var input = world.Input(GatePhase.AfterPod, 0);
        var answer = ProbeRule.Evaluate(input with { Question = input.Question with { Pods = ["another"] } }, world.Plan, _ => ProbeWorld.Yes);
        Assert.That((answer.Verdict, answer.Reason), Is.EqualTo((GateVerdict.Unknown, ReasonCodes.GatePodChanged)));
    }

    [Test]
    public void Losing_an_answer_never_opens() => Gen.Select(
        Gen.Int[1, 5], Gen.Enum<ProbeScope>(), Gen.Enum<ProbeQuorum>(), Gen.Enum<GatePhase>(), Gen.Int[0, 3].Array[5], Gen.Int[0, 4]).Sample((pods, scope, quorum, phase, says, lost) =>
    {
        var world = new ProbeWorld(pods) { Plan = ProbePlan.Default with { Scope = scope, Quorum = quorum } };
        for (var i = 0; i < pods; i++)
        {
            world.Says[$"db-{i}"] = new[] { ProbeWorld.Yes, ProbeWorld.No, ProbeWorld.Silent, ProbeWorld.Refused }[says[i]];
        }

        int[] about = phase is GatePhase.BeforePod or GatePhase.AfterPod ? [0] : [];
        var before = world.Ask(phase, about);
        world.Says[$"db-{lost % pods}"] = ProbeWorld.Silent;
        return before.Verdict is GateVerdict.Allow || world.Ask(phase, about).Verdict is not GateVerdict.Allow;
    });
}

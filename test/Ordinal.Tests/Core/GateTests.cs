using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>Rule 2: unknown never opens. And leader last.</summary>
public sealed class GateTests
{
    [TestCase(GateVerdict.Unknown)]
    [TestCase(GateVerdict.Misconfigured)]
    [TestCase(GateVerdict.Deny)]
    public void A_gate_that_does_not_allow_holds_its_pod_with_the_gates_own_reason(GateVerdict verdict)
    {
        var decision = Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", verdict)).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.EtcdQuorumLost));
            Assert.That(decision.MessageOf("web-2"), Does.Contain("1 of 3 voters answers"));
            Assert.That(decision.HoldOf("web-1"), Is.EqualTo(ReasonCodes.WaitsTurn));
            Assert.That(decision.Reason, Is.EqualTo(ReasonCodes.GateWaiting));
            Assert.That(decision.WakeAfter, Is.EqualTo(TimeSpan.FromSeconds(5)));
        });
    }

    [Test]
    public void A_gate_that_was_never_asked_is_asked_and_holds()
    {
        var decision = Gated().Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.Questions.Single().Key, Is.EqualTo("etcd|BeforePod|uid-2|web-new"));
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.GateNotAsked));
        });
    }

    [Test]
    public void A_gate_that_denies_is_named_before_one_that_has_not_answered()
    {
        var two = Gated().WithPolicy(p => p with { Gates = [p.Gates[0] with { Name = "first" }, .. p.Gates] });
        var decision = two.WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", GateVerdict.Deny)).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.EtcdQuorumLost));
            Assert.That(decision.MessageOf("web-2"), Does.Contain("gate etcd"));
            Assert.That(decision.Questions.Select(question => question.Gate), Does.Contain("first"), "it is asked all the same");
        });
    }

    [TestCase("another-uid", TestName = "A_report_about_another_incarnation_does_not_open")]
    [TestCase("uid-1", TestName = "A_report_about_another_pod_does_not_open")]
    [TestCase("uid-1,uid-2", TestName = "A_report_about_more_pods_does_not_open")]
    public void Reports_are_bound_to_their_question(string uids) =>
        Assert.That(Gated().WithReports(Picture.Report(GatePhase.BeforePod, uids)).Decide().Removed(), Is.Empty);

    [Test]
    public void A_report_about_another_revision_does_not_open()
    {
        var report = Picture.Report(GatePhase.BeforePod, "uid-2") with { Key = "etcd|BeforePod|uid-2|web-newer" };
        Assert.That(Gated().WithReports(report).Decide().Removed(), Is.Empty);
    }

    [Test]
    public void A_report_of_another_phase_does_not_open()
    {
        var report = Picture.Report(GatePhase.AfterPod, "uid-2") with { Key = "etcd|BeforePod|uid-2|web-new" };
        Assert.That(Gated().WithReports(report).Decide().Removed(), Is.Empty);
    }

    [TestCase(11, TestName = "An_answer_that_is_too_old_does_not_open")]
    [TestCase(-1, TestName = "An_answer_from_the_future_does_not_open")]
    public void Time_bounds_an_answer(int ageSeconds)
    {
        var decision = Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", age: TimeSpan.FromSeconds(ageSeconds))).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.GateAnswerTooOld));
            Assert.That(decision.Questions, Has.Length.EqualTo(1));
        });
    }

    [Test]
    public void A_newer_denial_outweighs_an_older_permission()
    {
        var decision = Gated().WithReports(
            Picture.Report(GatePhase.BeforePod, "uid-2", age: TimeSpan.FromSeconds(3)),
            Picture.Report(GatePhase.BeforePod, "uid-2", GateVerdict.Deny)).Decide();
        Assert.That(decision.Removed(), Is.Empty);
    }

    [Test]
    public void Successes_are_counted_and_shown()
    {
        var decision = Picture.Running("o o o").Gated(successes: 3).WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", successes: 2)).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.GateCounting));
            Assert.That(decision.MessageOf("web-2"), Does.Contain("2 of 3"));
        });
    }

    [Test]
    public void A_denial_is_asked_again_after_the_gates_interval_though_it_is_still_current()
    {
        var early = Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", GateVerdict.Deny, age: TimeSpan.FromSeconds(4))).Decide();
        var due = Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", GateVerdict.Deny, age: TimeSpan.FromSeconds(5))).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(early.Questions, Is.Empty);
            Assert.That(early.WakeAfter, Is.EqualTo(TimeSpan.FromSeconds(1)));
            Assert.That(due.Questions, Has.Length.EqualTo(1));
        });
    }

    [Test]
    public void The_baseline_of_BeforePod_is_handed_to_AfterPod()
    {
        var taken = Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", baseline: "member 7")).Decide();
        var back = Gated("o o U").With(_ => taken.Memory with { InFlight = [taken.Memory.InFlight[0] with { Uid = "gone", Stage = PodStage.Settling }] }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(taken.Memory.InFlight.Single().Baselines, Is.EqualTo(new[] { new GateBaseline("etcd", "member 7") }));
            Assert.That(back.Questions.Single().Baseline, Is.EqualTo("member 7"));
        });
    }

    [Test]
    public void What_passed_AfterPod_is_remembered_by_UID_and_makes_room()
    {
        var picture = Gated("o o U").InFlight(2, PodStage.AfterPodGate, uid: "gone")
            .WithReports(Picture.Report(GatePhase.AfterPod, "uid-2"), Picture.Report(GatePhase.BeforePod, "uid-1"));
        var decision = picture.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.Passed.Single(), Is.EqualTo(new PassedPod(2, "uid-2")));
            Assert.That(decision.Removed(), Is.EqualTo("web-1"));
            Assert.That(decision.Updated, Is.EqualTo(1));
        });
    }

    [Test]
    public void A_pod_that_passed_and_was_replaced_by_others_is_gated_again_before_the_next()
    {
        var decision = Gated("o o U").With(m => m with { Passed = [new(2, "earlier-")] }).WithReports(Picture.Report(GatePhase.BeforePod, "uid-1")).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.Questions.Single().Key, Is.EqualTo("etcd|AfterPod|uid-2|web-new"));
        });
    }

    [Test]
    public void G8_a_forced_bypass_opens_one_reason_for_one_pod_once()
    {
        var denied = Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", GateVerdict.Deny));
        Picture Forced(string uid, string reason) => denied.WithRequest(r => r with { Force = [new(uid, reason, "CHG-1")] });
        var used = Forced("uid-2", "EtcdQuorumLost").Decide();
        Assert.Multiple(() =>
        {
            Assert.That(used.Removed(), Is.EqualTo("web-2"));
            Assert.That(used.Memory.UsedForce.Single(), Is.EqualTo("uid-2/EtcdQuorumLost"));
            Assert.That(used.Notices.Single().Reason, Is.EqualTo(ReasonCodes.ForceUsed));
            Assert.That(used.Notices.Single().Message, Does.Contain("CHG-1"));
            Assert.That(Forced("uid-1", "EtcdQuorumLost").Decide().Removed(), Is.Empty, "another pod");
            Assert.That(Forced("uid-2", "EtcdNoLeader").Decide().Removed(), Is.Empty, "another reason");
            Assert.That(Forced("uid-2", "EtcdQuorumLost").With(m => m with { UsedForce = used.Memory.UsedForce }).Decide().Removed(), Is.Empty, "used up");
        });
    }

    [Test]
    public void A_gate_that_times_out_pauses_with_a_human_or_fails()
    {
        var late = Gated().With(m => m with { State = RolloutState.GateWaiting, StateSince = Picture.Noon.AddMinutes(-11) })
            .WithReports(Picture.Report(GatePhase.AfterPod, "uid-2", GateVerdict.Deny));
        var paused = late.WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", GateVerdict.Deny)).Decide();
        var failed = Gated("o o U").Gated(onTimeout: GateTimeoutAction.Fail).InFlight(2, PodStage.AfterPodGate, uid: "gone").With(m => m with
        {
            InFlight = [m.InFlight[0] with { Since = Picture.Noon.AddMinutes(-11) }],
        }).WithReports(Picture.Report(GatePhase.AfterPod, "uid-2", GateVerdict.Deny)).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(paused.HoldOf("web-2"), Is.EqualTo(ReasonCodes.GateOverdue));
            Assert.That(paused.IsFinished, Is.False);
            Assert.That(failed.Memory.Ending!.State, Is.EqualTo(RolloutState.Failed));
            Assert.That(failed.Memory.Ending.Reason, Is.EqualTo("GateOverdue"));
            Assert.That(failed.Written()!.IsOurHold, Is.True);
        });
    }

    [TestCase("o o o", "web-2", "web-1")]
    [TestCase("o o o", "web-1", "web-2")]
    [TestCase("o o U", "web-1", "web-0")]
    public void U28_followers_go_by_descending_ordinal_and_the_leader_last(string pods, string leader, string expected) =>
        Assert.That(Led(pods, leader).Decide().Removed(), Is.EqualTo(expected));

    [Test]
    public void The_leader_goes_when_all_others_are_proven()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Led("U o U", "web-1").Decide().Removed(), Is.EqualTo("web-1"));
            Assert.That(Led("r o U", "web-1").Decide().Removed(), Is.Empty);
        });
    }

    [Test]
    public void Leadership_is_moved_away_before_the_leader_is_taken()
    {
        var picture = Led("U o U", "web-1");
        var needed = picture with { Input = picture.Input with { Reports = [.. picture.Input.Reports.Select(r => r with { Preparation = GatePreparation.Needed })] } };
        var exhausted = picture with { Input = picture.Input with { Reports = [.. picture.Input.Reports.Select(r => r with { Preparation = GatePreparation.Exhausted })] } };
        Assert.Multiple(() =>
        {
            Assert.That(needed.Decide().Actions.Single(), Is.EqualTo(new PrepareGate("etcd", "web-1", "uid-1")));
            Assert.That(needed.Decide().HoldOf("web-1"), Is.EqualTo(ReasonCodes.GatePreparing));
            Assert.That(exhausted.Decide().Removed(), Is.EqualTo("web-1"));
            Assert.That(exhausted.Decide().Notices.Select(n => n.Reason), Does.Contain(ReasonCodes.PreparationExhausted));
        });
    }

    [Test]
    public void An_unknown_role_holds_and_names_the_pod()
    {
        var decision = Led("o o o", "web-2", members: 2).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.RoleUnknown));
        });
    }

    [Test]
    public void U29_the_gates_newer_answer_decides_who_leads()
    {
        // Roles said web-0 leads; the answer about web-2, given later, says that web-2 does by now.
        var decision = Picture.Running("o o o").LeaderLast().WithReports(
            Picture.Report(GatePhase.Roles, leader: "web-0", age: TimeSpan.FromSeconds(2)),
            Picture.Report(GatePhase.BeforePod, "uid-2", leader: "web-2"),
            Picture.Report(GatePhase.BeforePod, "uid-1", leader: "web-2")).Decide();
        Assert.That(decision.Removed(), Is.EqualTo("web-1"));
    }

    [Test]
    public void Two_pods_that_go_together_are_asked_about_together()
    {
        var picture = Picture.Running("o o o o o").WithMax(2).Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-4"));
        var first = picture.Decide();
        var both = picture.WithReports(Picture.Report(GatePhase.BeforePod, "uid-3,uid-4")).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(first.Removed(), Is.EqualTo("web-4"));
            Assert.That(first.Questions.Single().Key, Is.EqualTo("etcd|BeforePod|uid-3,uid-4|web-new"));
            Assert.That(both.Removed(), Is.EqualTo("web-4,web-3"));
        });
    }

    private static Picture Gated(string pods = "o o o") => Picture.Running(pods).Gated();

    /// <summary>Every gate is open; this pod leads, and the roles of the first pods are known.</summary>
    private static Picture Led(string pods, string leader, int members = 3) => Picture.Running(pods).LeaderLast()
        .With(m => m with { Passed = [.. Enumerable.Range(0, 3).Select(i => new PassedPod(i, $"uid-{i}"))] })
        .WithReports(Picture.Report(GatePhase.Roles, leader: leader, members: members))
        .WithReports([.. Enumerable.Range(0, 3).Select(i => Picture.Report(GatePhase.BeforePod, $"uid-{i}"))]);
}

using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>A gate that knows all members says which may go together; and what makes progress is waited for.</summary>
public sealed class GateBatchTests
{
    [Test]
    public void K23_a_pod_that_may_not_go_with_the_first_is_passed_over_for_one_that_may()
    {
        var picture = Picture.Running("o o o o").WithMax(2).Gated().WithReports(
            Picture.Report(GatePhase.BeforePod, "uid-3") with { Batch = ["uid-3", "uid-1"] }, Picture.Report(GatePhase.BeforePod, "uid-1,uid-3"));
        var decision = picture.Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.EqualTo("web-3,web-1"));
            Assert.That(decision.Holds.Select(h => h.Pod), Is.EquivalentTo(new[] { "web-0", "web-2" }));
        });
    }

    [Test]
    public void Without_a_batch_the_order_stands()
    {
        var decision = Picture.Running("o o o o").WithMax(2).Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-3")).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.EqualTo("web-3"));
            Assert.That(decision.Questions.Select(q => q.Key), Does.Contain("etcd|BeforePod|uid-2,uid-3|web-new"));
        });
    }

    [Test]
    public void K23_while_one_is_away_the_next_that_may_go_is_asked_about()
    {
        var decision = Picture.Running("o o o s").InFlight(3, PodStage.Starting, uid: "gone").WithMax(2).Gated().WithReports(
            Picture.Report(GatePhase.BeforePod, "uid-2", GateVerdict.Deny) with { Batch = ["uid-0"] }, Picture.Report(GatePhase.BeforePod, "uid-0")).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.EqualTo("web-0"));
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.EtcdQuorumLost));
        });
    }

    [Test]
    public void While_nothing_is_away_a_denied_pod_is_waited_for()
    {
        var decision = Picture.Running("o o o").WithMax(2).Gated().WithReports(
            Picture.Report(GatePhase.BeforePod, "uid-2", GateVerdict.Deny) with { Batch = ["uid-0"] }, Picture.Report(GatePhase.BeforePod, "uid-0")).Decide();
        Assert.That(decision.Removed(), Is.Empty);
    }

    [Test]
    public void Unknown_offers_nothing()
    {
        var decision = Picture.Running("o o o s").InFlight(3, PodStage.Starting, uid: "gone").WithMax(2).Gated().WithReports(
            Picture.Report(GatePhase.BeforePod, "uid-2", GateVerdict.Unknown) with { Batch = ["uid-0"] }, Picture.Report(GatePhase.BeforePod, "uid-0")).Decide();
        Assert.That(decision.Removed(), Is.Empty);
    }

    [Test]
    public void A_batch_of_one_gate_is_nothing_against_the_no_of_another()
    {
        var picture = Picture.Running("o o o s").InFlight(3, PodStage.Starting, uid: "gone").WithMax(2).Gated();
        GatePolicy[] gates = [.. picture.Input.Policy.Gates.Select(g => g with { Name = "http" }), .. picture.Input.Policy.Gates];
        GateReport Http(string uid, GateVerdict verdict) => Picture.Report(GatePhase.BeforePod, uid, verdict) with { Gate = "http", Key = new GateQuestion("http", GatePhase.BeforePod, [uid], Picture.New).Key };
        var decision = picture.WithPolicy(p => p with { Gates = [.. gates] }).WithReports(
            Http("uid-2", GateVerdict.Unknown),
            Picture.Report(GatePhase.BeforePod, "uid-2") with { Batch = ["uid-2", "uid-0"] },
            Http("uid-0", GateVerdict.Allow),
            Picture.Report(GatePhase.BeforePod, "uid-0")).Decide();
        Assert.That(decision.Removed(), Is.Empty);
    }

    [Test]
    public void K29_what_an_AfterPod_gate_wants_done_is_done_while_it_denies()
    {
        var report = Picture.Report(GatePhase.AfterPod, "uid-2", GateVerdict.Deny, preparation: GatePreparation.Needed);
        var decision = Picture.Running("o o U").InFlight(2, PodStage.Settling, uid: "gone").Gated().WithReports(report).Decide();
        Assert.That(decision.Actions, Has.One.EqualTo(new PrepareGate("etcd", "web-2", "uid-2")));
    }

    [Test]
    public void K7_progress_extends_the_deadline_of_a_pod_and_silence_does_not()
    {
        var picture = Picture.Running("o o U").InFlight(2, PodStage.Settling, uid: "gone").Gated().At(TimeSpan.FromMinutes(16));
        GateReport Catching(TimeSpan ago) => Picture.Report(GatePhase.AfterPod, "uid-2", GateVerdict.Deny, age: -TimeSpan.FromMinutes(16)) with
        {
            Remaining = 5, ProgressedAt = Picture.Noon + TimeSpan.FromMinutes(16) - ago,
        };
        Assert.Multiple(() =>
        {
            Assert.That(picture.WithReports(Catching(TimeSpan.FromMinutes(1))).Decide().Memory.Ending, Is.Null);
            Assert.That(picture.WithReports(Catching(TimeSpan.FromMinutes(15))).Decide().Memory.Ending?.State, Is.EqualTo(RolloutState.Failed));
            Assert.That(picture.Decide().Memory.Ending?.State, Is.EqualTo(RolloutState.Failed));
        });
    }
}

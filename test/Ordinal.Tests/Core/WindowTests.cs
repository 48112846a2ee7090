using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>Maintenance windows: the planner gets evaluated facts.</summary>
public sealed class WindowTests
{
    private static readonly WindowStanding Closed = new(false, Picture.Noon.AddHours(2));

    [Test]
    public void Outside_a_window_no_pod_is_taken_and_the_next_opening_wakes()
    {
        var decision = Picture.Running("o o o").WithRequest(r => r with { Window = Closed }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.OutsideWindow));
            Assert.That(decision.Reason, Is.EqualTo(ReasonCodes.OutsideWindow));
            Assert.That(decision.MessageOf("web-2"), Does.Contain("opens at 2026-09-14 14:00 UTC, in 2h0m0s"));
            Assert.That(decision.WakeAfter, Is.EqualTo(TimeSpan.FromHours(2)));
        });
    }

    [Test]
    public void A_rollout_does_not_start_outside_a_window()
    {
        var decision = Picture.Resting("o o o").WithRequest(r => r with { Window = Closed }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.OutsideWindow));
        });
    }

    [Test]
    public void Facts_past_their_change_never_open()
    {
        var open = new WindowStanding(true, Picture.Noon.AddMinutes(1));
        var picture = Picture.Running("o o o").WithRequest(r => r with { Window = open });
        Assert.Multiple(() =>
        {
            Assert.That(picture.Decide().Removed(), Is.EqualTo("web-2"));
            Assert.That(picture.At(TimeSpan.FromMinutes(1)).Decide().Removed(), Is.Empty);
        });
    }

    [Test]
    public void Deadlines_stand_still_outside_a_window()
    {
        var picture = Picture.Running("o o s").InFlight(2, PodStage.Starting, uid: "gone").WithRequest(r => r with { Window = Closed });
        var late = picture.Then(picture.Decide()).At(TimeSpan.FromMinutes(90)).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(late.Memory.Ending, Is.Null);
            Assert.That(late.Memory.PausedSince, Is.EqualTo(Picture.Noon));
        });
    }

    [Test]
    public void The_pod_in_flight_finishes_after_the_window_has_closed()
    {
        var decision = Picture.Running("o o U").Gated().InFlight(2, PodStage.AfterPodGate, uid: "gone").WithRequest(r => r with { Window = Closed })
            .WithReports(Picture.Report(GatePhase.AfterPod, "uid-2")).Decide();
        Assert.That(decision.Memory.InFlight, Is.Empty);
    }

    [Test]
    public void The_way_back_does_not_wait_for_a_window()
    {
        var decision = Picture.Running("o o s").InFlight(2, PodStage.Starting, uid: "gone").WithRequest(r => r with { Window = Closed, Cancel = CancelRequest.Revert }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.Reverting));
            Assert.That(decision.Written()!.IsOurHold, Is.True);
        });
    }
}

using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>A StatefulSet that is stopped because another one of its request went wrong; and what ends before its start.</summary>
public sealed class GroupStopTests
{
    private const string Why = "db, of the same request, ended as Failed (DeadlineExceeded)";

    [Test]
    public void One_that_has_not_begun_ends_without_a_call_and_what_waits_counts_as_tried()
    {
        var decision = Picture.Resting("o o o").WithRequest(r => r with { StoppedBy = Why }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Memory.State, Is.EqualTo(RolloutState.Cancelled));
            Assert.That(decision.Reason, Is.EqualTo(ReasonCodes.GroupStopped));
            Assert.That(decision.Message, Is.EqualTo($"prod/web: not begun, since {Why}."));
            Assert.That(decision.Memory.TargetRevision, Is.EqualTo(Picture.New), "the policy does not start it by itself");
        });
    }

    [Test]
    public void One_that_has_nothing_waiting_remembers_no_revision_as_tried()
    {
        var decision = Picture.Resting("o o o").WithSet(s => s with { UpdateRevision = Picture.Old }).WithRequest(r => r with { StoppedBy = Why, TargetRevision = Picture.Old }).Decide();
        Assert.That(decision.Memory.TargetRevision, Is.Empty);
    }

    [Test]
    public void One_that_runs_is_halted_and_one_that_goes_back_is_not()
    {
        var halted = Picture.Running("o o U").WithRequest(r => r with { StoppedBy = Why }).Decide();
        var back = Picture.Running("o o U").With(m => m with { State = RolloutState.Reverting, Revert = new(FailureAction.RevertPods, Picture.Noon, TimeSpan.Zero, "PodStuck", "web-2: not done.") }).WithRequest(r => r with { StoppedBy = Why }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(halted.Memory.Ending, Is.Not.Null);
            Assert.That(halted.Memory.Ending!.Message, Does.Contain("stopped with 1 of 3 pods updated, the hold is back, since db"));
            Assert.That(halted.Actions.OfType<WriteStrategy>().Single().Next.IsOurHold, Is.True);
            Assert.That(back.Memory.Ending, Is.Null);
        });
    }

    [Test]
    public void One_that_is_cancelled_after_its_template_was_written_counts_as_tried_once_the_controller_has_seen_it()
    {
        var claimed = Picture.Resting("o o o").WithSet(s => s with { HeldBy = Picture.Claim }).WithRequest(r => r with { Cancel = CancelRequest.Halt });
        var unseen = claimed.WithSet(s => s with { ObservedGeneration = s.Generation - 1 }).Decide();
        var seen = claimed.Decide();
        var foreign = Picture.Resting("o o o").WithRequest(r => r with { Cancel = CancelRequest.Halt }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(unseen.IsFinished, Is.False);
            Assert.That(unseen.Holds.Single().Reason, Is.EqualTo(ReasonCodes.NotObserved));
            Assert.That((seen.Memory.State, seen.Memory.TargetRevision), Is.EqualTo((RolloutState.Cancelled, Picture.New)));
            Assert.That((foreign.Memory.State, foreign.Memory.TargetRevision), Is.EqualTo((RolloutState.Cancelled, "")), "it had not done anything");
        });
    }

    [Test]
    public void Of_several_each_takes_no_more_pods_than_its_share_of_the_places()
    {
        var decision = Picture.Running("o o o o o o").WithMax(6).WithRequest(r => r with { MostInFlight = 2 }).Decide();
        Assert.That(decision.Actions.OfType<RemovePod>().Count(), Is.EqualTo(2));
        Assert.That(decision.Holds.Select(hold => hold.Reason), Has.Some.EqualTo(ReasonCodes.BudgetUsed));
    }
}

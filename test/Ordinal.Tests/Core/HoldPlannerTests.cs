using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>A StatefulSet at rest: adoption, the hold, drift, letting go.</summary>
public sealed class HoldPlannerTests
{
    private static readonly StrategyValue Rolling = new(UpdateStrategyType.RollingUpdate, 0, "25%");

    [Test]
    public void Adoption_keeps_the_whole_strategy_and_writes_the_hold_in_one_patch()
    {
        var decision = Decide(Quiet("U U U").WithSet(s => s with { OriginalStrategy = null, Strategy = Rolling }));
        Assert.That(decision.Actions.Single(), Is.EqualTo(new AdoptSet(new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition, "25%"), Rolling, 5)));
    }

    [Test]
    public void A_declared_OnDelete_is_left_as_it_is()
    {
        var decision = Decide(Quiet("U U U").WithSet(s => s with { OriginalStrategy = null, Strategy = new(UpdateStrategyType.OnDelete) }));
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.IsHeld, Is.True);
        });
    }

    [TestCase("o o U", 0L, TestName = "A_rollout_with_pods_to_go")]
    [TestCase("o o s", 2L, TestName = "A_canary_that_is_not_ready")]
    [TestCase("o o -", 2L, TestName = "A_canary_that_is_missing")]
    public void Adoption_waits_for_a_rollout_of_the_controller(string pods, long partition)
    {
        var decision = Decide(Picture.Resting(pods).WithSet(s => s with { OriginalStrategy = null, Strategy = new(UpdateStrategyType.RollingUpdate, partition) }));
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Holds.Single().Reason, Is.EqualTo(ReasonCodes.AdoptionWaits));
            Assert.That(decision.Drift, Is.Null, "no rollout of ours begins before");
            Assert.That(decision.Holds.Single().Message, Does.EndWith(" it is adopted when that ends."));
        });
    }

    [Test]
    public void Adoption_that_waits_names_the_pods_that_the_controller_waits_for_in_vain_and_takes_none()
    {
        var decision = Decide(Picture.Resting("o x b U").WithSet(s => s with { OriginalStrategy = null, Strategy = new(UpdateStrategyType.RollingUpdate, 0), PodManagement = PodManagementPolicy.OrderedReady }));
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Holds.Single().Message, Does.Contain("adopted when that ends. Under").And.EndsWith("not ready: web-1, web-2; if they cannot become ready, delete them."));
        });
        var parallel = Decide(Picture.Resting("o x b U").WithSet(s => s with { OriginalStrategy = null, Strategy = new(UpdateStrategyType.RollingUpdate, 0) }));
        Assert.That(parallel.Holds.Single().Message, Does.Not.Contain("delete"), "under Parallel it goes on by itself");
    }

    [Test]
    public void A_parked_canary_is_adopted_with_its_change_waiting()
    {
        var decision = Decide(Picture.Resting("o o U").WithSet(s => s with { OriginalStrategy = null, Strategy = new(UpdateStrategyType.RollingUpdate, 2) }));
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions.Single(), Is.InstanceOf<AdoptSet>());
            Assert.That(decision.Drift, Is.EqualTo(new Drift(Picture.Old, Picture.New, 2)));
        });
    }

    [Test]
    public void At_rest_with_nothing_waiting_nothing_is_done()
    {
        var decision = Decide(Quiet("U U U"));
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Holds, Is.Empty);
            Assert.That(decision.Drift, Is.Null);
            Assert.That(decision.IsHeld, Is.True);
        });
    }

    [TestCase("o o o", Picture.Old, 3)]
    [TestCase("U U o", Picture.Old, 1)]
    [TestCase("U U U", Picture.Old, 0, TestName = "Pods_are_there_but_the_revision_is_not_current")]
    [TestCase("U U o", Picture.New, 1, TestName = "The_revision_is_current_but_a_pod_is_behind")]
    public void A_change_that_waits_is_drift(string pods, string current, int behind) =>
        Assert.That(Decide(Picture.Resting(pods).WithSet(s => s with { CurrentRevision = current })).Drift, Is.EqualTo(new Drift(Picture.Old, Picture.New, behind)));

    [Test]
    public void Pods_that_the_store_still_shows_at_the_old_revision_are_no_drift_once_the_status_says_that_all_are_updated()
    {
        var late = Picture.Resting("o o U").WithSet(s => s with { CurrentRevision = Picture.New, UpdatedReplicas = 3 });
        var drift = new Drift(Picture.Old, Picture.New, 2);
        Assert.Multiple(() =>
        {
            Assert.That(Decide(late).Drift, Is.Null);
            Assert.That(Decide(late.WithSet(s => s with { UpdatedReplicas = 2 })).Drift, Is.EqualTo(drift), "one is not");
            Assert.That(Decide(late.WithSet(s => s with { StatusReplicas = 4 })).Drift, Is.EqualTo(drift), "one that is updated may be another one, which goes");
            Assert.That(Decide(late.WithSet(s => s with { CurrentRevision = Picture.Old })).Drift, Is.EqualTo(drift), "a lost pod would come back as it was");
        });
    }

    [Test]
    public void Under_a_declared_OnDelete_the_pods_are_the_judge()
    {
        Picture Declared(string pods) => Picture.Resting(pods).WithSet(s => s with { OriginalStrategy = null, Strategy = new(UpdateStrategyType.OnDelete) });
        Assert.Multiple(() =>
        {
            Assert.That(Decide(Declared("U U U")).Drift, Is.Null);
            Assert.That(Decide(Declared("U o U")).Drift, Is.EqualTo(new Drift(Picture.Old, Picture.New, 1)));
        });
    }

    [Test]
    public void A_foreign_release_at_rest_is_undone_once_and_the_second_is_a_conflict()
    {
        var released = Picture.Resting("o o o").WithSet(s => s with { Strategy = new(UpdateStrategyType.RollingUpdate), PartitionOwnedBy = ["helm"] });
        var first = Decide(released);
        var retried = Decide(released, first.Memory);
        var second = Decide(released.WithSet(s => s with { Generation = 7, ObservedGeneration = 7 }), first.Memory);
        var nextChange = Decide(released.WithSet(s => s with { Generation = 7, ObservedGeneration = 7, UpdateRevision = "web-newer" }), first.Memory);
        Assert.Multiple(() =>
        {
            Assert.That(first.Actions.OfType<WriteStrategy>().Single().Next.IsOurHold, Is.True);
            Assert.That(first.Notices.Single().Message, Does.Contain("helm"));
            Assert.That(retried.Actions, Is.EqualTo(first.Actions), "the same release: the write did not arrive");
            Assert.That(retried.Memory.ForeignReleases, Is.EqualTo(1));
            Assert.That(second.Actions, Is.Empty);
            Assert.That(second.Holds.Single().Reason, Is.EqualTo(ReasonCodes.FieldConflict));
            Assert.That(second.Holds.Single().Message, Does.Contain("rolling ungated"));
            Assert.That(nextChange.Actions, Has.Length.EqualTo(1), "another change counts anew");
        });
    }

    [Test]
    public void A_foreign_release_at_rest_is_undone_before_the_StatefulSet_controller_sees_it()
    {
        var unseen = Picture.Resting("o o o").WithSet(s => s with { Strategy = new(UpdateStrategyType.RollingUpdate), Generation = 6, ObservedGeneration = 5 });
        var replaced = unseen.WithSet(s => s with { OriginalStrategy = null });
        var first = Decide(unseen);
        Assert.Multiple(() =>
        {
            Assert.That(first.Actions.OfType<WriteStrategy>().Single().Next.IsOurHold, Is.True);
            Assert.That(first.Memory, Is.EqualTo(new HoldMemory { SetUid = "set-uid", Revision = Picture.New, ForeignReleases = 1, Generation = 6, Original = first.Memory.Original }));
            Assert.That(Decide(unseen, first.Memory).Actions, Is.EqualTo(first.Actions), "the same release: the write did not arrive");
            Assert.That(Decide(unseen.WithSet(s => s with { Generation = 7 }), first.Memory).Holds.Single().Reason, Is.EqualTo(ReasonCodes.NotObserved), "the second is judged by the revision that comes of it");
            Assert.That(Decide(replaced, new HoldMemory { SetUid = "set-uid", Original = Rolling }).Actions.Single(), Is.InstanceOf<AdoptSet>(), "an older manifest took the annotation too");
            Assert.That(Decide(replaced).Holds.Single().Reason, Is.EqualTo(ReasonCodes.NotObserved), "one that was never adopted may be in the middle of a rollout");
            Assert.That(Decide(unseen, deleted: true).Actions, Is.Empty, "it is let go");
            Assert.That(HoldPlanner.Decide(new() { Snapshot = unseen.Input.Snapshot, Memory = new(), IsNative = true }).Actions, Is.Empty, "it rests open");
        });
    }

    [Test]
    public void T22_a_set_that_was_adopted_and_lost_its_annotation_with_the_hold_is_held_at_once_and_only_once()
    {
        var replaced = Picture.Resting("o o o").WithSet(s => s with { OriginalStrategy = null, Strategy = new(UpdateStrategyType.RollingUpdate, 0) });
        var known = new HoldMemory { SetUid = "set-uid", Original = Rolling };
        var first = Decide(replaced, known);
        var second = Decide(replaced.WithSet(s => s with { Generation = 7, ObservedGeneration = 7 }), first.Memory);
        Assert.Multiple(() =>
        {
            Assert.That(first.Actions.Single(), Is.EqualTo(new AdoptSet(new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition), new(UpdateStrategyType.RollingUpdate, 0), 5)));
            Assert.That(first.Notices.Single().Reason, Is.EqualTo(ReasonCodes.ForeignRelease));
            Assert.That(Decide(replaced, first.Memory).Actions, Is.EqualTo(first.Actions), "the same release: the write did not arrive");
            Assert.That(second.Actions, Is.Empty);
            Assert.That(second.Holds.Single().Reason, Is.EqualTo(ReasonCodes.FieldConflict));
            Assert.That(second.Memory.Original, Is.EqualTo(Rolling), "the next change is held again");
            Assert.That(Decide(replaced, known with { SetUid = "another" }).Holds.Single().Reason, Is.EqualTo(ReasonCodes.AdoptionWaits), "another set is a stranger");
        });
    }

    [Test]
    public void T22_a_hold_without_its_annotation_is_not_taken_for_the_original()
    {
        var bare = Quiet("U U U").WithSet(s => s with { OriginalStrategy = null });
        var known = new HoldMemory { SetUid = "set-uid", Original = Rolling };
        Assert.Multiple(() =>
        {
            Assert.That(Decide(bare, known).Actions.OfType<AdoptSet>().Single().Original, Is.EqualTo(Rolling));
            Assert.That(Decide(bare, known).Notices, Is.Empty, "nothing was released");
            Assert.That(Decide(bare, known, deleted: true).Actions.OfType<LetGoSet>().Single().Next, Is.EqualTo(Rolling));
            Assert.That(Decide(Quiet("U U U").WithSet(s => s with { OriginalStrategy = Rolling })).Memory.Original, Is.EqualTo(Rolling), "remembered as long as it is there");
        });
    }

    [Test]
    public void T22_under_Native_a_set_that_lost_its_annotation_is_adopted_while_its_change_rolls_and_no_gate_opens()
    {
        var rolling = Picture.Resting("o o s").WithSet(s => s with { OriginalStrategy = null, Strategy = new(UpdateStrategyType.RollingUpdate, 0) }).WithPod(2, p => p with { Gate = PodGate.Closed });
        var decision = HoldPlanner.Decide(new() { Snapshot = rolling.Input.Snapshot, Memory = new() { SetUid = "set-uid", Original = Rolling }, IsNative = true });
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions.Single(), Is.InstanceOf<AdoptSet>());
            Assert.That(((AdoptSet)decision.Actions.Single()).Next.EffectivePartition, Is.Zero);
            Assert.That(decision.Drift, Is.Not.Null, "a rollout will be about it");
        });
    }

    [Test]
    public void T24_an_OnDelete_that_a_dead_rollout_left_behind_is_held_again_and_one_that_somebody_declares_is_not()
    {
        var left = Quiet("U U U").WithSet(s => s with { Strategy = new(UpdateStrategyType.OnDelete) });
        var declared = left.WithSet(s => s with { OnDeleteDeclaredBy = ["kubectl"] });
        Assert.Multiple(() =>
        {
            Assert.That(Decide(left).Actions.OfType<WriteStrategy>().Single().Next.IsOurHold, Is.True);
            Assert.That(Decide(declared).Actions, Is.Empty);
            Assert.That(Decide(declared).Holds.Single().Reason, Is.EqualTo(ReasonCodes.FieldConflict));
        });
    }

    [Test]
    public void T7_letting_go_restores_the_strategy_only_when_no_change_waits()
    {
        Picture Deleted(string pods) => (pods == "U U U" ? Quiet(pods) : Picture.Resting(pods)).WithSet(s => s with { OriginalStrategy = Rolling });
        var quiet = Decide(Deleted("U U U"), deleted: true);
        var waiting = Decide(Deleted("o o o"), deleted: true);
        var released = Decide(Deleted("o o o"), deleted: true, release: true);
        var gone = Decide(Quiet("U U U").WithSet(s => s with { OriginalStrategy = null, Strategy = Rolling }), deleted: true);
        Assert.Multiple(() =>
        {
            Assert.That(quiet.Actions.OfType<LetGoSet>().Single().Next, Is.EqualTo(Rolling));
            Assert.That(quiet.IsLetGo, Is.False, "not before the patch is seen");
            Assert.That(waiting.Actions, Is.Empty);
            Assert.That(waiting.Holds.Single().Reason, Is.EqualTo(ReasonCodes.LeftHeld));
            Assert.That(waiting.Holds.Single().Message, Does.Contain("3 of 3 pods").And.Contain("spec.release"));
            Assert.That(released.Actions.OfType<LetGoSet>().Single().Next, Is.EqualTo(Rolling));
            Assert.That(gone.IsLetGo, Is.True);
            Assert.That(gone.Actions, Is.Empty);
        });
    }

    [Test]
    public void T8_a_set_at_zero_with_a_change_waiting_is_reported_and_not_rolled()
    {
        var decision = Decide(Picture.Resting(""));
        Assert.Multiple(() =>
        {
            Assert.That(decision.Notices.Single().Reason, Is.EqualTo(ReasonCodes.HoldLostAtZero));
            Assert.That(decision.Drift, Is.Null);
        });
    }

    [Test]
    public void What_is_not_observed_not_fresh_or_claimed_is_left_alone()
    {
        var released = Picture.Resting("o o o").WithSet(s => s with { Strategy = Rolling });
        Assert.Multiple(() =>
        {
            Assert.That(Decide(Picture.Resting("o o o").WithSet(s => s with { ObservedGeneration = 4 })).Holds.Single().Reason, Is.EqualTo(ReasonCodes.NotObserved));
            Assert.That(Decide(released.WithFacts(s => s with { Freshness = new(false, null, "no event for 90 s") })).Holds.Single().Reason, Is.EqualTo(ReasonCodes.StoresNotFresh));
            var claimed = Decide(released.WithSet(s => s with { HeldBy = "policy/rollout" }));
            Assert.That(claimed.Actions, Is.Empty);
            Assert.That(claimed.Drift, Is.Null);
        });
    }

    private static Picture Quiet(string pods) => Picture.Resting(pods).WithSet(s => s with { CurrentRevision = Picture.New });

    private static HoldDecision Decide(Picture picture, HoldMemory? memory = null, bool deleted = false, bool release = false) => HoldPlanner.Decide(new()
    {
        Snapshot = picture.Input.Snapshot,
        Memory = memory ?? new(),
        IsPolicyDeleted = deleted,
        Release = release,
    });
}

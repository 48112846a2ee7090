using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.Simulation.Operating;

namespace Ordinal.Simulation.Scenes;

/// <summary><c>rolloutDeadline</c> and <c>podDeadline</c>: what ends a rollout, and what makes them stand still.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Children)]
public sealed class DeadlineTests
{
    private static readonly SetPlan Plan = new() { Name = "s0", Replicas = 6, IsParallel = true, StartDelay = TimeSpan.FromSeconds(1), MinReadyDuration = TimeSpan.FromSeconds(30) };

    [Test]
    public void U37_A_rollout_that_takes_longer_than_rolloutDeadline_halts_says_how_far_it_came_and_is_not_tried_again([Values("Partition", "OnDelete")] string driver)
    {
        SetPlan plan = Plan with { Driver = driver, RolloutDeadline = TimeSpan.FromSeconds(100) };
        using OperatorWorld stage = Begin(plan);
        stage.Until(() => stage.HasEnded(plan.Name, "DeadlineExceeded"), TimeSpan.FromMinutes(3), "the rollout to end");

        // Half a minute for each: three are done, and the fourth is in flight.
        Assert.That(stage.Rollout(plan.Name).Condition("Succeeded"), Is.EqualTo((
            "False", "DeadlineExceeded", "default/s0: 3 of 6 pods done 1m40s after the start, rolloutDeadline is 1m40s; create a new rollout to go on.")));
        SetTruth set = stage.Truth.Find(plan.Name)!;
        stage.RunFor(TimeSpan.FromSeconds(5));
        Assert.That(set.Claim, Is.Empty);
        Assert.That(set.EffectivePartition, Is.GreaterThanOrEqualTo(plan.Replicas).And.Not.EqualTo(long.MaxValue), "the hold is back");
        Assert.That(set.Pods.Values.Count(pod => pod.Revision == set.UpdateRevision), Is.EqualTo(4), "pods stay as they are");
        List<string> pods = [.. set.Pods.Values.Select(pod => pod.Uid)];

        stage.RunFor(TimeSpan.FromMinutes(10));
        Assert.That(set.Pods.Values.Select(pod => pod.Uid), Is.EqualTo(pods), "its revision is not tried again by itself");
        Assert.That(stage.Policy(plan, "Ready"), Is.EqualTo(("False", "RolloutFailed", stage.Policy(plan, "Ready").Message)));

        // Two more of half a minute each are well within it.
        stage.Ask(plan, new() { ["type"] = "Update" });
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(3), "the rollout that somebody asks for to end");
        Assert.That(set.Pods.Values.Select(pod => pod.Uid).Skip(2), Is.EqualTo(pods.Skip(2)), "what was done stays");
    }

    [TestCase("Partition", "RevertPods")]
    [TestCase("OnDelete", "RevertPods")]
    [TestCase("Partition", "RevertTemplate")]
    public void U37_A_rollout_that_takes_longer_than_rolloutDeadline_brings_all_its_pods_back(string driver, string onFailure)
    {
        SetPlan plan = Plan with { Driver = driver, OnFailure = onFailure, RolloutDeadline = TimeSpan.FromSeconds(100) };
        using OperatorWorld stage = Begin(plan);
        SetTruth set = stage.Truth.Find(plan.Name)!;
        string old = set.CurrentRevision;
        stage.Until(() => stage.Rollout(plan.Name).Condition("Finished").Status == "True", TimeSpan.FromMinutes(10), "the rollout to end");
        Assert.That(stage.Rollout(plan.Name).Condition("Succeeded").Reason, Is.EqualTo("RolledBack"), stage.Rollout(plan.Name).Condition("Succeeded").Message);
        Assert.That(stage.Rollout(plan.Name).Condition("Succeeded").Message, Does.Contain("rolloutDeadline is 1m40s"));
        Assert.That(set.Pods.Values.Select(pod => pod.Revision), Is.All.EqualTo(old));
        stage.RunFor(TimeSpan.FromMinutes(10));
        Assert.That(set.Pods.Values.Select(pod => pod.Revision), Is.All.EqualTo(old), "and they stay");
    }

    [Test]
    public void U09_U37_rolloutDeadline_stands_still_while_a_step_waits_for_its_approval([Values("Partition", "OnDelete")] string driver)
    {
        // A hundred seconds for three pods of half a minute each, and twenty minutes before the second.
        SetPlan plan = Plan with { Driver = driver, Replicas = 3, RolloutDeadline = TimeSpan.FromSeconds(100), Steps = [("1", -1)] };
        using OperatorWorld stage = Begin(plan);
        stage.Until(() => stage.Rollout(plan.Name).Condition("Paused") is ("True", "AwaitingApproval", _), TimeSpan.FromMinutes(1), "the step to be done");
        stage.RunFor(TimeSpan.FromMinutes(20));
        Assert.That(stage.Rollout(plan.Name).Condition("Finished").Status, Is.EqualTo("False"));
        stage.Approve(plan);
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(3), "everything to come to rest");
        Assert.That(stage.HasEnded(plan.Name, "Completed"), Is.True);
    }

    [TestCase("Partition", "policy")]
    [TestCase("OnDelete", "rollout")]
    [TestCase("Native", "policy")]
    public void U10_U37_podDeadline_stands_still_while_suspended_and_goes_on_after_it(string driver, string what)
    {
        SetPlan plan = Plan with { Driver = driver, Replicas = 3, PodDeadline = TimeSpan.FromMinutes(2) };
        using OperatorWorld stage = Begin(plan, "NeverReady");
        SetTruth set = stage.Truth.Find(plan.Name)!;
        stage.Until(() => set.Pods[2].Uid.Length > 0 && set.Pods[2].Revision == set.UpdateRevision, TimeSpan.FromMinutes(1), "the first pod to be in flight");
        stage.RunFor(TimeSpan.FromMinutes(1));
        Suspend(true);
        stage.RunFor(TimeSpan.FromMinutes(20));
        Assert.That(stage.Rollout(plan.Name).Condition("Paused"), Is.EqualTo(("True", "Suspended", "")));
        Assert.That(stage.Rollout(plan.Name).Condition("Finished").Status, Is.EqualTo("False"), "twenty minutes, and it has two");

        Suspend(false);
        stage.RunFor(TimeSpan.FromSeconds(50));
        Assert.That(stage.Rollout(plan.Name).Condition("Finished").Status, Is.EqualTo("False"), "ten seconds are left of its time");
        stage.Until(() => stage.HasEnded(plan.Name, "DeadlineExceeded"), TimeSpan.FromSeconds(20), "the rollout to end");
        Assert.That(stage.Rollout(plan.Name).Condition("Succeeded").Message, Does.Contain("s0-2: not done 2m0s after").And.Contain("podDeadline is 2m0s"));

        void Suspend(bool isOn)
        {
            if (what == "policy")
            {
                stage.PatchSpec(OperatorWorld.Policies, plan.PolicyName, new() { ["suspend"] = isOn });
            }
            else
            {
                stage.PatchRollouts(plan, new() { ["suspend"] = isOn });
            }
        }
    }

    [Test]
    public void U10_U37_podDeadline_stands_still_outside_a_window_and_goes_on_in_the_next([Values("Partition", "OnDelete")] string driver)
    {
        // Open for the first ten minutes of the day, and from half past for twenty.
        SetPlan plan = Plan with { Driver = driver, Replicas = 3, PodDeadline = TimeSpan.FromMinutes(5), Windows = [(0, 10), (30, 20)] };
        using OperatorWorld stage = Begin(plan, "NeverReady", TimeSpan.FromMinutes(8));
        SetTruth set = stage.Truth.Find(plan.Name)!;
        stage.Until(() => set.Pods[2].Uid.Length > 0 && set.Pods[2].Revision == set.UpdateRevision, TimeSpan.FromMinutes(1), "the first pod to be in flight");
        RunTo(TimeSpan.FromMinutes(29));
        Assert.That(stage.Rollout(plan.Name).Condition("Paused"), Is.EqualTo(("True", "OutsideWindow", "")));
        Assert.That(stage.Rollout(plan.Name).Condition("Finished").Status, Is.EqualTo("False"), "twenty minutes, and it has five");

        RunTo(TimeSpan.FromMinutes(32.5));
        Assert.That(stage.Rollout(plan.Name).Condition("Finished").Status, Is.EqualTo("False"), "half a minute is left of its time");
        stage.Until(() => stage.HasEnded(plan.Name, "DeadlineExceeded"), TimeSpan.FromMinutes(1), "the rollout to end");
        Assert.That(stage.Rollout(plan.Name).Condition("Succeeded").Message, Does.Contain("s0-2: not done 5m0s after").And.Contain("podDeadline is 5m0s"));

        void RunTo(TimeSpan timeOfDay) => stage.RunFor(timeOfDay - stage.World.Time.GetUtcNow().TimeOfDay);
    }

    /// <summary>A rollout that has just been begun.</summary>
    /// <param name="fail">How the new pods fail; null when they do not.</param>
    /// <param name="at">The time of the day at which the template changes; null: soon.</param>
    private static OperatorWorld Begin(SetPlan plan, string? fail = null, TimeSpan? at = null)
    {
        OperatorWorld stage = new(3, _ => [plan]);
        stage.AddPolicies();
        stage.StartOperator();
        stage.RunFor(at is { } time ? time - stage.World.Time.GetUtcNow().TimeOfDay : TimeSpan.FromSeconds(10));
        stage.ChangeTemplate(plan.Name, "app:v2", fail);
        stage.Until(() => stage.Rollout(plan.Name).TextAt("status", "startTime") is not null, TimeSpan.FromSeconds(30), "the rollout to begin");
        return stage;
    }
}

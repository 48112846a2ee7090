using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.Simulation.Operating;

namespace Ordinal.Simulation.Scenes;

/// <summary><c>stuckPods</c>: a rollout left a pod behind that cannot become ready, and its fix is rolled (kubernetes #67250).</summary>
[TestFixture]
[Parallelizable(ParallelScope.Children)]
public sealed class StuckPodsTests
{
    private static readonly SetPlan Plan = new() { Name = "s0", Replicas = 4, StartDelay = TimeSpan.FromSeconds(1), MinReadyDuration = TimeSpan.FromSeconds(5), PodDeadline = TimeSpan.FromMinutes(2) };

    [Test]
    public void U06_U08_Under_Keep_a_stuck_pod_is_left_alone_and_named_with_both_remedies_and_each_of_them_works(
        [Values("Partition", "OnDelete")] string driver, [Values] bool isParallel)
    {
        bool deletes = isParallel == (driver == "Partition");
        SetPlan plan = Plan with { Driver = driver, IsParallel = isParallel, StuckPods = "Keep" };
        using OperatorWorld stage = AfterARolloutWithABrokenPod(plan);
        SetTruth set = stage.Truth.Find(plan.Name)!;
        List<string> pods = [.. set.Pods.Values.Select(pod => pod.Uid)];

        stage.ChangeTemplate(plan.Name, "app:v3");
        stage.Until(() => stage.Waits(plan.Name).Reason == "StuckPodKept", TimeSpan.FromMinutes(1), "the fix to wait for the stuck pod");
        stage.RunFor(TimeSpan.FromMinutes(20));
        Assert.That(set.Pods.Values.Select(pod => pod.Uid), Is.EqualTo(pods), "neither the stuck pod nor one that serves was taken");
        Assert.That(stage.Waits(plan.Name).Words, Does.StartWith("default/s0-3: cannot become ready at ").And.Contain("ImagePull").And.EndWith("and stuckPods is Keep; delete it by hand, or set stuckPods to ReplaceStale."));
        Assert.That(stage.Rollout(plan.Name).Condition("Stalled"), Is.EqualTo(("True", "StuckPodKept", stage.Waits(plan.Name).Words)));

        if (deletes)
        {
            stage.Somebody("deletes s0-3", client => client.DeleteAsync(ResourceKind.Pods, OperatorWorld.Key("s0-3"), null, null, null, CancellationToken.None));
        }
        else
        {
            stage.PatchSpec(OperatorWorld.Policies, plan.PolicyName, new() { ["update"] = new JsonObject { ["stuckPods"] = "ReplaceStale" } });
        }

        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(5), "everything to come to rest");
        Assert.That(stage.HasEnded(plan.Name, "Completed"), Is.True);
    }

    [Test]
    public void U06_Under_ReplaceStale_the_stuck_pod_goes_first_and_nobody_is_needed([Values("Partition", "OnDelete")] string driver, [Values] bool isParallel)
    {
        SetPlan plan = Plan with { Driver = driver, IsParallel = isParallel, StuckPods = "ReplaceStale" };
        using OperatorWorld stage = AfterARolloutWithABrokenPod(plan);
        SetTruth set = stage.Truth.Find(plan.Name)!;
        List<string> serving = [.. set.Pods.Values.Take(3).Select(pod => pod.Uid)];
        string stuck = set.Pods[3].Uid;

        stage.ChangeTemplate(plan.Name, "app:v3");
        stage.Until(() => set.Pods[3].Uid != stuck && set.Pods[3].ReadySince is not null, TimeSpan.FromMinutes(1), "the stuck pod to be replaced");
        Assert.That(set.Pods.Values.Take(3).Select(pod => pod.Uid), Is.EqualTo(serving), "before any that serves");
        Assert.That(stage.Rollout(plan.Name).Condition("Stalled").Status, Is.EqualTo("False"));
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(5), "everything to come to rest");
    }

    [Test]
    public void U07_Under_Keep_the_way_back_replaces_the_pod_that_failed_all_the_same([Values("Partition", "OnDelete")] string driver)
    {
        SetPlan plan = Plan with { Driver = driver, StuckPods = "Keep", OnFailure = "RevertPods" };
        using OperatorWorld stage = WithABrokenPod(plan);
        SetTruth set = stage.Truth.Find(plan.Name)!;
        stage.Until(() => stage.HasEnded(plan.Name, "RolledBack"), TimeSpan.FromMinutes(5), "the rollout to go back");
        Assert.That(set.Pods[3].Revision, Is.EqualTo(set.CurrentRevision));
        Assert.That(set.Pods[3].ReadySince, Is.Not.Null);
    }

    /// <summary>
    /// A rollout whose first pod cannot pull its image, and that has ended for it: while it is under way the partition is open for that pod, and the built-in controller
    /// itself would bring it to the next template.
    /// </summary>
    private static OperatorWorld AfterARolloutWithABrokenPod(SetPlan plan)
    {
        OperatorWorld stage = WithABrokenPod(plan);
        stage.Until(() => stage.HasEnded(plan.Name, "DeadlineExceeded"), TimeSpan.FromMinutes(3), "the rollout to fail");
        return stage;
    }

    private static OperatorWorld WithABrokenPod(SetPlan plan)
    {
        OperatorWorld stage = new(4, _ => [plan]);
        stage.AddPolicies();
        stage.StartOperator();
        stage.RunFor(TimeSpan.FromSeconds(10));
        stage.ChangeTemplate(plan.Name, "app:v2", "ImagePullBackOff");
        stage.Until(() => stage.Checker.Taken == 1, TimeSpan.FromMinutes(1), "the first pod to be taken");
        stage.RunFor(TimeSpan.FromSeconds(30));
        Assert.That(stage.Truth.Find(plan.Name)!.Pods[3], Has.Property(nameof(PodTruth.ReadySince)).Null);
        return stage;
    }
}

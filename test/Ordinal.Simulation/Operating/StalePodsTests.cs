using NUnit.Framework;

namespace Ordinal.Simulation.Operating;

/// <summary>What the pods' store does not show yet is away all the same (rules 1 and 4): the chain behind seed 1487, and its relatives.</summary>
[TestFixture]
public sealed class StalePodsTests
{
    /// <summary>
    /// A pod is released through the partition, and the built-in controller takes it; at that moment the pods' watch falls silent. The release is undone, for
    /// whatever reason, and the template changes again.
    /// The StatefulSets' watch shows the hold that ends the rollout, and soon that as many pods as before are ready; the pods' store still shows the pod that
    /// went, and its successor is not proven. The next rollout begins at the top.
    /// </summary>
    [Test]
    public void A_pod_that_was_taken_before_its_release_was_undone_counts_as_away([Values(1, 2, 3)] int seed, [Values("cancelled", "another pod fell")] string why)
    {
        SetPlan plan = new() { Name = "s0", Replicas = 5, IsParallel = true, Driver = "Partition", StartDelay = TimeSpan.FromMilliseconds(300), MinReadyDuration = TimeSpan.FromSeconds(20) };
        using OperatorWorld stage = new(seed, _ => [plan]);
        HaltedWatch? pods = null;
        stage.AddPolicies();
        stage.StartOperator(setup => setup with { Around = network => pods = new HaltedWatch(network, stage.World.Time, "pods") });
        stage.RunFor(TimeSpan.FromSeconds(10));
        SetTruth set = stage.Truth.Find(plan.Name)!;
        stage.ChangeTemplate(plan.Name, "app:v2");
        stage.Until(() => set.EffectivePartition <= 4, TimeSpan.FromMinutes(1), "the top pod to be released");
        string uid = set.Pods[3].Uid;
        stage.World.RunUntil(() => set.EffectivePartition <= 3, TimeSpan.FromMinutes(1), "the next pod to be released");
        pods!.Halt();
        stage.World.RunUntil(() => set.Pods[3].IsTerminating || set.Pods[3].Uid != uid, TimeSpan.FromMinutes(1), "it to be taken");

        if (why == "cancelled")
        {
            stage.PatchRollouts(plan, new() { ["cancel"] = "Halt" });
        }
        else
        {
            stage.Annotate("s0-0", "sim.ordinal.dev/ready", "false");
        }

        stage.World.RunUntil(() => set.EffectivePartition >= 4, TimeSpan.FromMinutes(1), "the release to be undone");
        stage.Annotate("s0-0", "sim.ordinal.dev/ready", null);
        stage.ChangeTemplate(plan.Name, "app:v3");
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(10), "everything to come to rest");
        Assert.That(stage.Checker.Taken, Is.GreaterThanOrEqualTo(6));
    }
}

using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Operating;

/// <summary>Adopting, foreign writes and letting go.</summary>
[TestFixtureSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
public sealed class OwnershipTests(ClusterKind kind)
{
    [Test]
    public async Task U15_A_policy_that_goes_gives_the_strategy_back()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync(strategy: new JsonObject { ["type"] = "RollingUpdate", ["rollingUpdate"] = new JsonObject { ["partition"] = 0 } });
        var before = await web.PodsAsync();
        await web.AddPolicyAsync();
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilHeldAsync();

        await web.DeletePolicyAsync();
        await cluster.UntilAsync("the policy is gone", async () => (await web.PolicyAsync()).ValueKind is System.Text.Json.JsonValueKind.Undefined, web.DescribeAsync);
        Assert.That(await web.PartitionAsync(), Is.Zero);
        Assert.That((await web.SetAsync()).Member("metadata").Member("annotations").Text("ordinal.dev/original-strategy"), Is.Empty);
        Assert.That(await web.PodsAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task A_policy_that_goes_while_a_change_waits_leaves_the_hold_until_it_is_told_to_release()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilHeldAsync();
        await web.PatchPolicyAsync(new JsonObject { ["trigger"] = "Manual" });
        await web.ChangeTemplateAsync("app:v2");
        await web.UntilPolicyAsync("Ready", "False", "DriftHeld");

        await web.DeletePolicyAsync();
        await web.UntilPolicyAsync("Ready", "False", "LeftHeld");
        Assert.That(Workload.Condition(await web.PolicyAsync(), "Ready").Message, Does.Contain("spec.release"));
        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v1"));

        await web.PatchPolicyAsync(new JsonObject { ["release"] = true });
        await cluster.UntilAsync("all pods are rolled, ungated", async () => (await web.PodsAsync()).Values.Count(pod => pod.Image == "app:v2") == 3, web.DescribeAsync);
        await cluster.UntilAsync("the policy is gone", async () => (await web.PolicyAsync()).ValueKind is System.Text.Json.JsonValueKind.Undefined, web.DescribeAsync);
    }

    [Test]
    public async Task A_foreign_release_at_rest_is_undone_once_and_then_reported()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilHeldAsync();

        await web.ReleaseAsync("gitops");
        await web.UntilHeldAsync();
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await web.ReleaseAsync("gitops");
        await web.UntilPolicyAsync("Ready", "False", "FieldConflict");
        Assert.That(Workload.Condition(await web.PolicyAsync(), "Ready").Message, Does.Contain("gitops").And.Contain("second time"));
        Assert.That(await web.PartitionAsync(), Is.Zero, "no fight");
    }

    [Test]
    public async Task A_set_that_declares_OnDelete_is_left_so_and_rolled_by_eviction()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync(strategy: new JsonObject { ["type"] = "OnDelete" });
        await web.AddPolicyAsync();
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await using var witness = await PodWitness.StartAsync(cluster.Api, "web", 3);

        await web.ChangeTemplateAsync("app:v2");
        await web.UntilRolloutAsync("True", "Completed");
        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v2"));
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
        Assert.That((await web.SetAsync()).Member("spec").Member("updateStrategy").Text("type"), Is.EqualTo("OnDelete"));
    }

    [Test]
    public async Task A_set_is_adopted_only_when_its_own_rollout_has_ended()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.ChangeTemplateAsync("app:v2", Workload.Slow());
        await web.AddPolicyAsync();
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "False", "AdoptionWaits");
        await web.LetUpAsync("app:v2", "web-2", "web-1", "web-0");
        await web.UntilHeldAsync();
        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v2"));
        Assert.That(await web.RolloutsAsync(), Is.Empty);
    }
}

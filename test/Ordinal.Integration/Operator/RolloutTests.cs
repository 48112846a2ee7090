using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Operating;

/// <summary>The operator on an embedded cluster over HTTPS: from a changed template to the end of its rollout.</summary>
[TestFixtureSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
public sealed class RolloutTests(ClusterKind kind)
{
    [Test]
    public async Task A_changed_template_is_rolled_from_the_highest_ordinal_down()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilHeldAsync();
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await using var witness = await PodWitness.StartAsync(cluster.Api, "web", 3);

        await web.ChangeTemplateAsync("app:v2");
        await web.UntilRolloutAsync("True", "Completed");

        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v2"));
        Assert.That(await witness.GoneAsync(), Is.EqualTo(["web-2", "web-1", "web-0"]));
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
        Assert.That((await witness.IncarnationsAsync()).Values, Is.All.EqualTo(2));
        await web.UntilHeldAsync();
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        var set = await web.SetAsync();
        Assert.That(set.Member("status").Text("currentRevision"), Is.EqualTo(set.Member("status").Text("updateRevision")));
        await web.UntilUnclaimedAsync();
        Assert.That(await web.RolloutsAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Several_pods_at_a_time_go_through_evictions_and_within_the_budget()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync(replicas: 5, management: "Parallel");
        await web.AddBudgetAsync(maxUnavailable: 2);
        await web.AddPolicyAsync(Workload.Quick(maxUnavailable: 2));
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await using var witness = await PodWitness.StartAsync(cluster.Api, "web", 5);

        await web.ChangeTemplateAsync("app:v2", Workload.Slow());
        await cluster.UntilAsync("two are on their way", async () => (await web.PodsAsync()).Values.Count(pod => pod.Image == "app:v2") == 2, web.DescribeAsync);
        await web.LetUpAsync("app:v2", "web-4", "web-3", "web-2", "web-1", "web-0");
        await web.UntilRolloutAsync("True", "Completed");

        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v2"));
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(2));
        Assert.That((await witness.IncarnationsAsync()).Values, Is.All.EqualTo(2));
        await web.UntilHeldAsync();
        Assert.That((await web.SetAsync()).Member("spec").Member("updateStrategy").Text("type"), Is.EqualTo("RollingUpdate"), "OnDelete is for the rollout only");
    }

    [TestCase(Death.BeforeTheAnswer, "Partition")]
    [TestCase(Death.AfterTheAnswer, "Partition")]
    [TestCase(Death.BeforeTheAnswer, "OnDelete")]
    [TestCase(Death.AfterTheAnswer, "OnDelete")]
    public async Task U40_An_operator_that_is_killed_at_every_write_disrupts_each_pod_once(object death, string driver)
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddBudgetAsync(maxUnavailable: 1);
        await web.AddPolicyAsync(Workload.Quick(driver));
        await using (new RunningOperator(cluster))
        {
            await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        }

        await using var witness = await PodWitness.StartAsync(cluster.Api, "web", 3);
        await web.ChangeTemplateAsync("app:v2");
        var lives = 0;
        while (await web.RolloutsAsync() is var rollouts && (rollouts.Count == 0 || Workload.Condition(rollouts[^1], "Succeeded").Status != "True"))
        {
            Assert.That(++lives, Is.LessThan(100), await web.DescribeAsync());
            DyingTransport? transport = null;

            // By turns at its first and at its second write. A pass may have to write its memory anew before it repeats an action, so one
            // write a life would be no life at all.
            var atWrite = 1 + (lives % 2);
            await using (new RunningOperator(cluster, inner => transport = new DyingTransport(inner, (Death)death, atWrite)))
            {
                await cluster.UntilAsync("the operator has died", () => Task.FromResult(transport!.Died.Task.IsCompleted), web.DescribeAsync);
            }
        }

        Assert.That(lives, Is.GreaterThan(6), "it was killed more than once a pod");
        Assert.That(await web.RolloutsAsync(), Has.Count.EqualTo(1));
        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v2"));
        Assert.That((await witness.IncarnationsAsync()).Values, Is.All.EqualTo(2), "each pod was replaced exactly once");
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_pod_that_does_not_become_ready_stops_the_rollout_and_is_named()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");

        await web.ChangeTemplateAsync("app:v2", new JsonObject { ["sim.ordinal.dev/fail"] = "NeverReady" });
        await cluster.UntilAsync("the first pod is released", async () => (await web.PodsAsync()).Values.Any(pod => pod.Image == "app:v2"), web.DescribeAsync);

        // From now on: on a machine that stood still, the time could be over before the pod is made anew, and it would come back at the old revision.
        await web.PatchPolicyAsync(new JsonObject { ["update"] = new JsonObject { ["podDeadline"] = "3s" } });
        await web.UntilRolloutAsync("False", "DeadlineExceeded");

        Assert.That(Workload.Condition((await web.RolloutsAsync())[0], "Succeeded").Message, Does.Contain("web-2"));
        Assert.That((await web.PodsAsync()).Select(pod => $"{pod.Key}={pod.Value.Image}"), Is.EqualTo(["web-0=app:v1", "web-1=app:v1", "web-2=app:v2"]));
        await web.UntilHeldAsync();
        await web.UntilPolicyAsync("Ready", "False", "RolloutFailed");
        Assert.That(await web.RolloutsAsync(), Has.Count.EqualTo(1), "the rejected revision is not tried again");
    }

    [Test]
    public async Task A_suspended_rollout_starts_no_pod_and_goes_on_when_it_is_resumed()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await web.PatchPolicyAsync(new JsonObject { ["suspend"] = true });
        await web.ChangeTemplateAsync("app:v2");
        await web.UntilPolicyAsync("Ready", "False", "DriftHeld");
        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v1"));

        await web.PatchPolicyAsync(new JsonObject { ["suspend"] = false });
        await web.UntilRolloutAsync("True", "Completed");
        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v2"));
    }

    [Test]
    public async Task A_cancelled_rollout_puts_the_hold_back()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilHeldAsync();
        await web.ChangeTemplateAsync("app:v2", new JsonObject { ["sim.ordinal.dev/fail"] = "NeverReady" });
        await cluster.UntilAsync("the first pod is released", async () => (await web.PodsAsync()).Values.Any(pod => pod.Image == "app:v2"), web.DescribeAsync);

        await web.PatchRolloutAsync((await web.RolloutsAsync())[0].Member("metadata").Text("name"), new JsonObject { ["cancel"] = "Halt" });
        await web.UntilRolloutAsync("False", "Cancelled");

        await web.UntilHeldAsync();
        Assert.That((await web.PodsAsync()).Values.Count(pod => pod.Image == "app:v2"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_deleted_rollout_halts_before_it_goes()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilHeldAsync();
        await web.ChangeTemplateAsync("app:v2", new JsonObject { ["sim.ordinal.dev/fail"] = "NeverReady" });
        await cluster.UntilAsync("the first pod is released", async () => (await web.PodsAsync()).Values.Any(pod => pod.Image == "app:v2"), web.DescribeAsync);
        await web.PatchPolicyAsync(new JsonObject { ["trigger"] = "Manual" });

        await web.DeleteRolloutAsync((await web.RolloutsAsync())[0].Member("metadata").Text("name"));

        await cluster.UntilAsync("the rollout is gone", async () => (await web.RolloutsAsync()).Count == 0, web.DescribeAsync);
        Assert.That(await web.PartitionAsync(), Is.GreaterThan(3));
        Assert.That((await web.SetAsync()).Member("metadata").Member("annotations").Text("ordinal.dev/held-by"), Is.Empty);
    }
}

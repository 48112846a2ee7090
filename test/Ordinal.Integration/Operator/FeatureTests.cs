using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Runtime.Client;
using Ordinal.TestSupport;

namespace Ordinal.Integration.Operating;

/// <summary>Steps, going back, and driver Native, from the API to the pods.</summary>
[TestFixtureSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
public sealed class FeatureTests(ClusterKind kind)
{
    [Test]
    public async Task U02_a_rollout_waits_after_its_step_until_it_is_approved()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        var update = Workload.Quick();
        update["steps"] = new JsonArray(new JsonObject { ["pods"] = 1, ["pause"] = new JsonObject() }, new JsonObject { ["pods"] = "100%" });
        await web.AddPolicyAsync(update);
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilHeldAsync();
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");

        await web.ChangeTemplateAsync("app:v2");
        await web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.EqualTo(["app:v1", "app:v1", "app:v2"]));
        var rollout = (await web.RolloutsAsync())[^1];
        Assert.That(Workload.Condition(rollout, "Paused"), Is.EqualTo(("True", "AwaitingApproval", "")));
        Assert.That(Workload.Condition(rollout, "Stalled").Status, Is.EqualTo("False"), "to wait for a person is not to be stuck");

        await web.PatchRolloutAsync(rollout.Member("metadata").Text("name"), new JsonObject { ["approvedStep"] = 1 });
        await web.UntilRolloutAsync("True", "Completed");
        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v2"));
    }

    [TestCase("RevertPods")]
    [TestCase("RevertTemplate")]
    public async Task A_pod_that_never_gets_ready_is_taken_back_and_its_revision_is_not_tried_again(string onFailure)
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        var update = Workload.Quick();
        update["onFailure"] = onFailure;
        update["podDeadline"] = "3s";
        await web.AddPolicyAsync(update);
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilHeldAsync();
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        var before = await web.PodsAsync();

        await web.ChangeTemplateAsync("app:v2", new JsonObject { ["sim.ordinal.dev/fail"] = "NeverReady" });
        await web.UntilRolloutAsync("False", "RolledBack");

        var after = await web.PodsAsync();
        Assert.That(after.Values.Select(pod => pod.Image), Is.All.EqualTo("app:v1"));
        Assert.That(after.Where(pod => pod.Key != "web-2"), Is.EqualTo(before.Where(pod => pod.Key != "web-2")), "the others were not touched");
        var image = (await web.SetAsync()).Member("spec").Member("template").Member("spec").Member("containers")[0].Text("image");
        Assert.That(image, Is.EqualTo(onFailure == "RevertPods" ? "app:v2" : "app:v1"), "only RevertTemplate writes the template");
        await web.UntilHeldAsync();
        if (onFailure == "RevertPods")
        {
            await web.UntilPolicyAsync("Ready", "False", "RolloutFailed");
        }
        else
        {
            await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        }
    }

    [Test]
    public async Task Under_Native_plain_kubectl_rollout_status_waits_for_the_last_gate_and_then_says_complete()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        await OperatorAccount.LetRollNativelyAsync(cluster);
        await cluster.CreateAsync("/api/v1/namespaces/default/services", new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Service",
            ["metadata"] = new JsonObject { ["name"] = "web" },
            ["spec"] = new JsonObject
            {
                ["clusterIP"] = "None",
                ["publishNotReadyAddresses"] = true,
                ["selector"] = new JsonObject { ["app"] = "web" },
                ["ports"] = new JsonArray(new JsonObject { ["port"] = 80 }),
            },
        });
        var web = new Workload(cluster, "web");
        await web.CreateAsync(management: "Parallel", hasGate: true);
        var update = Workload.Quick("Native");
        update["minReadyDuration"] = "1s";
        await web.AddPolicyAsync(update);
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        Assert.That(await web.PartitionAsync(), Is.Zero, "nothing is held at rest");

        var folder = Directory.CreateTempSubdirectory("ordinal-native-").FullName;
        try
        {
            await web.ChangeTemplateAsync("app:v2");
            var said = await new Kubectl(folder, cluster.KubeconfigPath).RunAsync("rollout status sts/web");
            Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v2"), said);
            await web.UntilRolloutAsync("True", "Completed");
            Assert.That(await web.PartitionAsync(), Is.Zero);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task Native_without_what_it_needs_is_held_with_the_remedy_and_goes_on_once_it_has_it()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await OperatorAccount.LetRollNativelyAsync(cluster);
        var service = "/api/v1/namespaces/default/services/web";
        await cluster.CreateAsync("/api/v1/namespaces/default/services", new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Service",
            ["metadata"] = new JsonObject { ["name"] = "web" },
            ["spec"] = new JsonObject { ["clusterIP"] = "None", ["selector"] = new JsonObject { ["app"] = "web" }, ["ports"] = new JsonArray(new JsonObject { ["port"] = 80 }) },
        });
        await web.CreateAsync(management: "Parallel", hasGate: true);
        await web.AddPolicyAsync(Workload.Quick("Native"));
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "False", "NativeMisconfigured");
        Assert.That(Workload.Condition(await web.PolicyAsync(), "Stalled").Message, Does.Contain("its Service web hides pods that are not ready").And.Contain("publishNotReadyAddresses"), "told before any change");
        await web.UntilHeldAsync();
        await cluster.UntilAsync("an event tells of it", async () => (await cluster.FindAsync("/apis/events.k8s.io/v1/namespaces/default/events")).GetValueOrDefault().Member("items").Items()
            .Any(each => each.Text("reason") == "NativeMisconfigured" && each.Member("regarding").Text("kind") == "RolloutPolicy" && each.Text("note").Contains("publishNotReadyAddresses", StringComparison.Ordinal)));

        // The change waits, and its pods serve.
        await web.ChangeTemplateAsync("app:v2");
        await cluster.UntilAsync("the policy tells of the change", async () => Workload.Condition(await web.PolicyAsync(), "Ready").Message.Contains("3 of 3 pods are not at", StringComparison.Ordinal), web.DescribeAsync);
        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v1"));
        Assert.That(await web.RolloutsAsync(), Is.Empty, "a rollout that could only fail is not begun");
        await cluster.UntilAsync("its gates are open", async () => (await web.SetAsync()).Member("status").WholeNumber("readyReplicas") == 3, web.DescribeAsync);

        // The Service is not watched: a change of the policy has it looked up at once.
        await cluster.PatchAsync(service, new JsonObject { ["spec"] = new JsonObject { ["publishNotReadyAddresses"] = true } });
        await web.PatchPolicyAsync(new JsonObject { ["update"] = new JsonObject { ["minReadyDuration"] = "1s" } });
        await web.UntilRolloutAsync("True", "Completed");
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        Assert.That(await web.PartitionAsync(), Is.Zero, "it rests open again");
    }
}

using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Operating;
using Ordinal.Runtime.Client;
using Ordinal.TestSupport;

namespace Ordinal.Integration.Scenarios;

/// <summary>Pauses, order, what others write, going back and letting go.</summary>
public sealed class ControlScenarios(ClusterKind kind) : ScenarioTests(kind)
{
    [Test]
    public async Task U09_Paused_nothing_moves_and_scaling_still_works()
    {
        await using var scene = await SceneAsync();
        await scene.Web.PatchPolicyAsync(new JsonObject { ["suspend"] = true });
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilPolicyAsync("Ready", "False", "DriftHeld");
        var before = await scene.Web.PodsAsync();
        await scene.ScaleAsync(4);
        await scene.UntilImagesAsync("v1 v1 v1 v1");
        await scene.UntilReadyAsync("web-3", true);
        await scene.ScaleAsync(2);
        await scene.UntilImagesAsync("v1 v1");
        Assert.That(await scene.Web.PodsAsync(), Is.EqualTo(before.Where(pod => pod.Key != "web-2")), "none of them was made anew");
        Assert.That(await scene.Web.RolloutsAsync(), Is.Empty);

        await scene.Web.PatchPolicyAsync(new JsonObject { ["suspend"] = false });
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v2 v2"));
    }

    [TestCase("Partition")]
    [TestCase("OnDelete")]
    public async Task U10_Paused_in_mid_step_the_pod_in_flight_finishes_and_no_further_one_is_started(string driver)
    {
        await using var scene = await SceneAsync(update: Workload.Quick(driver));
        await using var witness = await scene.WitnessAsync(3);
        await scene.Web.ChangeTemplateAsync("app:v2", Workload.Slow());
        await scene.UntilImagesAsync("v1 v1 v2");
        var rollout = await LastRolloutAsync(scene);
        await scene.Web.PatchRolloutAsync(rollout, new JsonObject { ["suspend"] = true });
        await scene.Cluster.UntilSeenAsync($"{scene.Web.Rollouts}/{rollout}");

        await scene.Web.LetUpAsync("app:v2", "web-2");
        await scene.UntilReadyAsync("web-2", true);
        await scene.Web.UntilRolloutAsync("Unknown", "Suspended");
        await scene.Cluster.UntilAsync("the operator has seen it finish", async () => (await scene.Web.RolloutsAsync())[^1].Member("status").Text("progress") == "1/3", scene.Web.DescribeAsync);
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v1 v1 v2"));
        if (driver == "Partition")
        {
            Assert.That(await scene.Web.PartitionAsync(), Is.GreaterThanOrEqualTo(2), "no further pod is released either");
        }

        await scene.Web.PatchRolloutAsync(rollout, new JsonObject { ["suspend"] = false });
        await scene.Web.LetUpAsync("app:v2", "web-1", "web-0");
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await witness.GoneAsync(), Is.EqualTo(["web-2", "web-1", "web-0"]));
    }

    [Test]
    public async Task U15_T7_A_policy_that_goes_in_mid_rollout_leaves_the_hold_and_the_pods_as_they_are()
    {
        var update = Workload.Quick();
        update["steps"] = Steps(1, "100%");
        await using var scene = await SceneAsync(update: update);
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        var before = await scene.Web.PodsAsync();

        await scene.Web.DeletePolicyAsync();
        await scene.Web.UntilPolicyAsync("Ready", "False", "LeftHeld");
        Assert.That(Workload.Condition(await scene.Web.PolicyAsync(), "Ready").Message, Does.Contain("spec.release"));
        Assert.That(await scene.Web.PartitionAsync(), Is.GreaterThan(3), "to restore partition 0 would roll every pod at once");
        Assert.That(await scene.Web.PodsAsync(), Is.EqualTo(before));
    }

    [TestCase("Partition")]
    [TestCase("OnDelete")]
    public async Task U15_A_policy_that_goes_while_a_pod_is_in_flight_takes_no_further_one_and_gives_its_claim_back(string driver)
    {
        await using var scene = await SceneAsync(update: Workload.Quick(driver), management: "Parallel");
        var before = await scene.Web.PodsAsync();
        await scene.Web.ChangeTemplateAsync("app:v2", new JsonObject { ["sim.ordinal.dev/ready-delay"] = "10m" });
        await scene.UntilImagesAsync("v1 v1 v2");

        await scene.Web.DeletePolicyAsync();
        await scene.Web.UntilPolicyAsync("Ready", "False", "LeftHeld");
        await scene.Web.UntilHeldAsync();
        await scene.Cluster.UntilAsync("the claim is given back", async () => (await scene.Web.SetAsync()).Member("metadata").Member("annotations").Text("ordinal.dev/held-by").Length == 0, scene.Web.DescribeAsync);
        Assert.That((await scene.Web.SetAsync()).Member("spec").Member("updateStrategy").Text("type"), Is.EqualTo("RollingUpdate"), "under OnDelete a lost pod would come back updated");
        Assert.That(Workload.Condition((await scene.Web.RolloutsAsync())[^1], "Finished").Status, Is.EqualTo("True"));

        // What is in flight comes back when it can, and nothing follows it: one that is lost comes back as it was.
        await scene.ScriptPodAsync("web-2", "ready-delay", "1ms");
        await scene.UntilReadyAsync("web-2", true);
        await scene.Cluster.DeleteAsync($"{scene.Web.Pods}/web-1");
        await scene.Cluster.UntilAsync("web-1 is made anew", async () => await scene.UidAsync("web-1") is { Length: > 0 } uid && uid != before["web-1"].Uid, scene.Web.DescribeAsync);
        await scene.UntilReadyAsync("web-1", true);
        Assert.That((await scene.ImagesAsync(), await scene.UidAsync("web-0")), Is.EqualTo(("v1 v1 v2", before["web-0"].Uid)));
    }

    [Test]
    public async Task U28_LeaderLast_takes_the_followers_by_descending_ordinal_and_the_leader_last()
    {
        await using var scene = await LedAsync(3, "web-2");
        await using var witness = await scene.WitnessAsync(3);
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await witness.GoneAsync(), Is.EqualTo(["web-1", "web-0", "web-2"]));
    }

    [Test]
    public async Task U29_Leadership_that_moves_in_mid_rollout_changes_who_is_next()
    {
        await using var scene = await LedAsync(3, "web-2");
        scene.Script.MayPass = (phase, _) => phase is not GatePhase.AfterPod;
        await using var witness = await scene.WitnessAsync(3);
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Cluster.UntilAsync("web-1 is back and gated", async () => await scene.ImagesAsync() == "v1 v2 v1" && scene.Script.Asked.Contains((GatePhase.AfterPod, "web-1")), scene.Web.DescribeAsync);

        // web-0, who would be next, is elected.
        scene.Script.Leader = "web-0";
        scene.Script.MayPass = (_, _) => true;
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await witness.GoneAsync(), Is.EqualTo(["web-1", "web-2", "web-0"]));
    }

    [Test]
    public async Task U33_A_declared_OnDelete_is_done_when_all_pods_are_at_the_target_though_currentRevision_is_stale()
    {
        await using var scene = await EmptySceneAsync();
        await scene.Web.CreateAsync(strategy: new JsonObject { ["type"] = "OnDelete" });
        await scene.Web.AddPolicyAsync();
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v2 v2 v2"));
        var set = await scene.Web.SetAsync();
        Assert.That(set.Member("status").Text("currentRevision"), Is.Not.EqualTo(set.Member("status").Text("updateRevision")), "under OnDelete the built-in controller leaves it stale");
        Assert.That(set.Member("spec").Member("updateStrategy").Text("type"), Is.EqualTo("OnDelete"), "it is left as it was declared");
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
    }

    [Test]
    public async Task U33_It_is_not_done_while_a_pod_is_not_ready_or_one_too_many_is_there()
    {
        await using var scene = await SceneAsync(4, management: "Parallel", gates: Gates("AfterRollout"));
        scene.Script.MayPass = (phase, _) => phase is not GatePhase.AfterRollout;
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Cluster.UntilAsync("all is asked about", () => Task.FromResult(scene.Script.Asked.Contains((GatePhase.AfterRollout, ""))), scene.Web.DescribeAsync);

        // All are at the target. One falls, and of another one the node does not let go.
        await scene.ScriptPodAsync("web-1", "ready", "false");
        await scene.ScriptPodAsync("web-3", "fail", "NeverStops");
        await scene.UntilReadyAsync("web-1", false);
        await scene.ScaleAsync(3);
        await scene.Cluster.UntilAsync("web-3 is to go", async () => (await scene.Cluster.FindAsync($"{scene.Web.Pods}/web-3")).GetValueOrDefault().Member("metadata").Text("deletionTimestamp").Length > 0, scene.Web.DescribeAsync);
        scene.Script.MayPass = (_, _) => true;
        Assert.That(await scene.UntilWaitsAsync("PodNotReady"), Does.Contain("web-1"));
        await scene.ScriptPodAsync("web-1", "ready", "true");
        Assert.That(await scene.UntilWaitsAsync("ScalingInProgress"), Does.Contain("1 pods outside the 3 wanted ones still exist"));
        Assert.That(Workload.Condition((await scene.Web.RolloutsAsync())[^1], "Finished").Status, Is.EqualTo("False"));

        await scene.Cluster.DeleteAsync($"{scene.Web.Pods}/web-3?gracePeriodSeconds=0");
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v2 v2 v2"));
    }

    [Test]
    public async Task U34_A_partition_that_others_lower_in_mid_rollout_is_put_back_once_and_then_reported()
    {
        var update = Workload.Quick();
        update["steps"] = Steps(1, "100%");
        await using var scene = await SceneAsync(5, update);
        await scene.Web.ChangeTemplateAsync("app:v2", Workload.Slow());
        await scene.Web.LetUpAsync("app:v2", "web-4");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");

        await scene.Web.ReleaseAsync("gitops");
        await scene.Cluster.UntilAsync("the hold is back", async () => await scene.Web.PartitionAsync() > 4, scene.Web.DescribeAsync);
        Assert.That(Workload.Condition((await scene.Web.RolloutsAsync())[^1], "Finished").Status, Is.EqualTo("False"));

        // The one pod that the built-in controller may have taken meanwhile is back before the second write. It took no second one, however late the hold came: it waits for the first.
        await scene.Cluster.UntilAsync(
            "all pods are back under the hold",
            async () =>
            {
                foreach (var (pod, _) in (await scene.Web.PodsAsync()).Where(pod => pod.Value.Image == "app:v2"))
                {
                    await scene.ScriptPodAsync(pod, "ready-delay", "1ms");
                }

                return await scene.Web.SetAsync() is var set && set.Member("status").WholeNumber("observedGeneration") == set.Member("metadata").WholeNumber("generation") && set.Member("status").WholeNumber("readyReplicas") == 5;
            },
            scene.Web.DescribeAsync);
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        await scene.Web.ReleaseAsync("gitops");
        await scene.Web.UntilRolloutAsync("False", "FieldConflict");
        Assert.That(Workload.Condition((await scene.Web.RolloutsAsync())[^1], "Finished").Message, Does.Contain("gitops").And.Contain("rolling ungated"));
        Assert.That(await scene.Web.PartitionAsync(), Is.Zero, "no fight");
    }

    [Test]
    public async Task U35_T21_With_a_start_ordinal_the_partition_counts_from_it()
    {
        var update = Workload.Quick();
        update["steps"] = Steps(1, "100%");
        await using var scene = await SceneAsync(update: update, set: set => set["spec"]!["ordinals"] = new JsonObject { ["start"] = 5 });
        var before = await scene.Web.PodsAsync();
        Assert.That(before.Keys, Is.EqualTo(["web-5", "web-6", "web-7"]));
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        Assert.That((await scene.ImagesAsync(), await scene.Web.PartitionAsync()), Is.EqualTo(("v1 v1 v2", 2L)));
        await ApproveAsync(scene, 1);
        await scene.Web.UntilRolloutAsync("True", "Completed");
        await scene.Web.UntilHeldAsync();
    }

    [TestCase("Partition")]
    [TestCase("OnDelete")]
    public async Task U36_The_next_pod_goes_when_the_last_one_was_ready_for_minReadySeconds(string driver)
    {
        await using var scene = await SceneAsync(2, Workload.Quick(driver), set: set => set["spec"]!["minReadySeconds"] = 3);
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilRolloutAsync("True", "Completed");
        var (first, second) = (await PodAsync(scene, "web-1"), await PodAsync(scene, "web-0"));

        // By the times that node and server wrote down, which have whole seconds.
        Assert.That(second.CreatedAt - first.ReadyAt, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(2)));
    }

    [Test]
    public async Task U42_A_pod_that_a_drain_takes_under_OnDelete_comes_back_updated_and_is_gated_before_the_next()
    {
        await using var scene = await SceneAsync(update: ByEviction(), gates: Gates("AfterPod"));
        scene.Script.MayPass = (_, pod) => pod != "web-2";
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.UntilImagesAsync("v1 v1 v2");
        await scene.UntilReadyAsync("web-2", true);

        // Neither may pass until web-0 is back: a gate that has passed once is not asked again.
        scene.Script.MayPass = (_, pod) => pod is not ("web-2" or "web-0");
        await scene.Cluster.CreateAsync($"{scene.Web.Pods}/web-0/eviction", new JsonObject { ["apiVersion"] = "policy/v1", ["kind"] = "Eviction", ["metadata"] = new JsonObject { ["name"] = "web-0" } });
        await scene.UntilImagesAsync("v2 v1 v2");
        await scene.UntilReadyAsync("web-0", true);
        scene.Script.MayPass = (_, pod) => pod != "web-0";
        scene.Script.Asked.Clear();
        await scene.Cluster.UntilAsync("web-0 is asked about", () => Task.FromResult(scene.Script.Asked.Contains((GatePhase.AfterPod, "web-0"))), scene.Web.DescribeAsync);
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v2 v1 v2"), "web-1 waits for it");
        scene.Script.MayPass = (_, _) => true;
        await scene.Web.UntilRolloutAsync("True", "Completed");
    }

    [Test]
    public async Task U45_T25_kubectl_rollout_status_calls_a_held_change_complete_and_our_conditions_do_not()
    {
        await using var scene = await SceneAsync();
        await scene.Web.PatchPolicyAsync(new JsonObject { ["trigger"] = "Manual" });
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilPolicyAsync("Ready", "False", "DriftHeld");

        var folder = Directory.CreateTempSubdirectory("ordinal-held-").FullName;
        try
        {
            var kubectl = new Kubectl(folder, scene.Cluster.KubeconfigPath);
            Assert.That(await kubectl.RunAsync($"rollout status sts/web -n {scene.Namespace}"), Does.Contain("partitioned roll out complete: 0 new pods have been updated"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        Assert.That(Workload.Condition(await scene.Web.PolicyAsync(), "Ready").Message, Does.Contain("3 of 3 pods are not at"));
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v1 v1 v1"));
    }

    private async Task<Scene> LedAsync(int replicas, string leader)
    {
        var scene = await EmptySceneAsync();
        scene.Script.Leader = leader;
        await scene.Web.CreateAsync(replicas);
        var update = ByEviction();
        update["podOrder"] = "LeaderLast";
        await scene.Web.AddPolicyAsync(update, gates: Gates());
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
        return scene;
    }

    private static async Task<(DateTimeOffset CreatedAt, DateTimeOffset ReadyAt)> PodAsync(Scene scene, string name)
    {
        var pod = (await scene.Cluster.FindAsync($"{scene.Web.Pods}/{name}")).GetValueOrDefault();
        var ready = pod.Member("status").Member("conditions").Items().First(each => each.Text("type") == "Ready");
        return (Time(pod.Member("metadata").Text("creationTimestamp")), Time(ready.Text("lastTransitionTime")));
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}

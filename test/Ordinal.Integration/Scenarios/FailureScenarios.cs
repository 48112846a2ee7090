using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Operating;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Scenarios;

/// <summary>Pods that fail, and the ways out.</summary>
public sealed class FailureScenarios(ClusterKind kind) : ScenarioTests(kind)
{
    private const string Fail = "sim.ordinal.dev/fail";
    private const string Classes = "/apis/scheduling.k8s.io/v1/priorityclasses";

    [TestCase("OrderedReady", "Partition")]
    [TestCase("Parallel", "OnDelete")]
    public async Task U06_A_broken_image_is_replaced_by_its_fix_without_a_hand(string management, string driver)
    {
        await using var scene = await SceneAsync(update: Workload.Quick(driver), management: management);
        await using var witness = scene.Witness(3);
        await scene.Web.ChangeTemplateAsync("app:v2", new JsonObject { [Fail] = "ImagePullBackOff" });
        await scene.UntilImagesAsync("v1 v1 v2");
        await scene.UntilReadyAsync("web-2", false);

        await scene.Web.ChangeTemplateAsync("app:v3", new JsonObject { [Fail] = null });
        await scene.UntilImagesAsync("v3 v3 v3");
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(witness.MostAway, Is.EqualTo(1));
        Assert.That(witness.Incarnations["web-0"], Is.EqualTo(2), "no healthy pod is touched for the broken one's sake");
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
    }

    [Test]
    public async Task U07_A_broken_pod_under_OrderedReady_recovers_at_the_old_revision_when_the_template_goes_back()
    {
        await using var scene = await SceneAsync();
        var before = await scene.Web.PodsAsync();
        await scene.Web.ChangeTemplateAsync("app:v2", new JsonObject { [Fail] = "CreateContainerConfigError" });
        await scene.UntilImagesAsync("v1 v1 v2");
        await scene.UntilReadyAsync("web-2", false);

        await scene.Web.ChangeTemplateAsync("app:v1", new JsonObject { [Fail] = null });
        await scene.UntilImagesAsync("v1 v1 v1");
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
        var after = await scene.Web.PodsAsync();
        Assert.That(after.Where(pod => pod.Key != "web-2"), Is.EqualTo(before.Where(pod => pod.Key != "web-2")), "the others were not touched");
    }

    [Test]
    public async Task U08_A_crashing_old_pod_goes_first_and_the_used_up_budget_does_not_keep_it()
    {
        await using var scene = await SceneAsync(update: ByEviction(), management: "Parallel");
        await scene.ScriptPodAsync("web-0", "crash-after", "100ms");
        await scene.ScriptPodAsync("web-0", "fail", "CrashLoopBackOff");
        await scene.UntilReadyAsync("web-0", false);
        await using var witness = scene.Witness(3);

        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.UntilImagesAsync("v2 v2 v2");
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(witness.Gone, Is.EqualTo(["web-2", "web-1"]), "the healthy ones went one after the other");
        Assert.That(witness.MostAway, Is.EqualTo(1), "and none of them before the broken one was back");
    }

    [Test]
    public async Task U16_One_bad_pod_of_a_budget_of_two_lets_the_rollout_go_on_and_the_second_holds_it()
    {
        // There is no threshold of failed pods beside the budget: a pod that does not come back uses one of its places.
        await using var scene = await SceneAsync(5, ByEviction(2), "Parallel");
        await using var witness = scene.Witness(5);
        await scene.Web.ChangeTemplateAsync("app:v2", new JsonObject { ["sim.ordinal.dev/ready-delay"] = "10m" });
        await scene.UntilImagesAsync("v1 v1 v1 v2 v2");
        await scene.ScriptPodAsync("web-3", "ready-delay", "1ms");
        await scene.UntilImagesAsync("v1 v1 v2 v2 v2");

        // web-3 is done, and with web-4 and web-2 away no further pod may go.
        await scene.Cluster.UntilAsync(
            "the operator has seen that one is done and two are away",
            async () => (await scene.Web.RolloutsAsync())[^1].Member("status") is var status && status.Text("progress") == "1/5" && status.Member("counts").WholeNumber("available") == 3
                && status.Member("pods").Items().Select(each => each.Text("name")).SequenceEqual(["web-4", "web-2"]),
            scene.Web.DescribeAsync);
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v1 v1 v2 v2 v2"));
        Assert.That(witness.MostAway, Is.EqualTo(2));
    }

    [Test]
    public async Task U27_T20_Everything_unhealthy_is_replaced_by_the_fix_though_the_budget_lets_no_eviction_and_the_gate_is_shut()
    {
        await using var scene = await EmptySceneAsync();
        await scene.Web.CreateAsync(management: "Parallel", comesUp: false, change: set => set["spec"]!["template"]!["metadata"]!["annotations"] = new JsonObject { [Fail] = "CreateContainerConfigError" });
        await scene.Web.AddBudgetAsync(1);
        scene.Script.MayPass = (phase, _) => phase is not Core.Model.GatePhase.BeforePod;
        await scene.Web.AddPolicyAsync(ByEviction(), gates: Gates("BeforePod"));
        await scene.UntilImagesAsync("v1 v1 v1");
        await scene.Web.UntilHeldAsync();

        await scene.Web.ChangeTemplateAsync("app:v2", new JsonObject { [Fail] = null });
        await scene.UntilImagesAsync("v2 v2 v2");
        await scene.Web.UntilRolloutAsync("True", "Completed");
    }

    [Test]
    public async Task U37_A_pod_past_its_deadline_halts_the_rollout_and_is_named()
    {
        await using var scene = await SceneAsync(update: new JsonObject { ["minReadyDuration"] = "0s", ["podDeadline"] = "2s" });
        await scene.Web.ChangeTemplateAsync("app:v2", new JsonObject { [Fail] = "NeverReady" });
        await scene.Web.UntilRolloutAsync("False", "DeadlineExceeded");
        Assert.That(Workload.Condition((await scene.Web.RolloutsAsync())[0], "Succeeded").Message, Does.Contain("web-2").And.Contain("podDeadline is 2s"));
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v1 v1 v2"));
        await scene.Web.UntilHeldAsync();
        await scene.Web.UntilPolicyAsync("Ready", "False", "RolloutFailed");
    }

    [Test]
    public async Task U22_U43_A_pod_that_cannot_be_created_counts_as_away_and_the_servers_words_are_shown()
    {
        await using var scene = await EmptySceneAsync();
        await CreateClassAsync(scene);
        await scene.Web.CreateAsync(management: "Parallel", change: set => set["spec"]!["template"]!["spec"]!["priorityClassName"] = scene.Namespace);
        await scene.Web.AddPolicyAsync();
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");

        // A class that is gone: the server refuses the pod, as it would for a quota or a webhook.
        await scene.Cluster.DeleteAsync($"{Classes}/{scene.Namespace}");
        await scene.Cluster.DeleteAsync($"{scene.Web.Pods}/web-1");
        await scene.Cluster.UntilAsync("web-1 is gone", async () => !(await scene.Web.PodsAsync()).ContainsKey("web-1"), scene.Web.DescribeAsync);
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Cluster.UntilAsync(
            "the rollout quotes the refusal",
            async () => await scene.Web.RolloutsAsync() is { Count: > 0 } all && Workload.Condition(all[^1], "Reconciling").Message is var words
                && words.Contains("web-1: the pod does not exist", StringComparison.Ordinal) && words.Contains($"no PriorityClass with name {scene.Namespace} was found", StringComparison.Ordinal),
            scene.Web.DescribeAsync);
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v1 v1"), "no pod was taken while one is missing");

        await CreateClassAsync(scene);
        await scene.UntilImagesAsync("v2 v2 v2");
        await scene.Web.UntilRolloutAsync("True", "Completed");
    }

    [Test]
    public async Task U21_U44_A_pod_stuck_terminating_is_named_with_its_node_and_no_other_is_taken()
    {
        await using var scene = await SceneAsync(update: ByEviction(), management: "Parallel");
        await scene.ScriptPodAsync("web-2", "fail", "NeverStops");
        var before = await scene.Web.PodsAsync();
        await scene.Web.ChangeTemplateAsync("app:v2");
        Assert.That(await scene.UntilWaitsAsync("PodTerminating"), Does.Contain("web-2").And.Contain("on node node-1").And.Contain("force its deletion"));
        Assert.That(await scene.Web.PodsAsync(), Is.EqualTo(before), "no other pod, and the same one not twice");

        await scene.Cluster.DeleteAsync($"{scene.Web.Pods}/web-2?gracePeriodSeconds=0");
        await scene.UntilImagesAsync("v2 v2 v2");
        await scene.Web.UntilRolloutAsync("True", "Completed");
    }

    private static async Task CreateClassAsync(Scene scene) => await scene.Cluster.CreateAsync(Classes, new JsonObject
    {
        ["apiVersion"] = "scheduling.k8s.io/v1", ["kind"] = "PriorityClass", ["metadata"] = new JsonObject { ["name"] = scene.Namespace }, ["value"] = 1000,
    });
}

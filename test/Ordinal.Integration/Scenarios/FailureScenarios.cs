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

    [TestCase("OrderedReady", "Partition")]
    [TestCase("Parallel", "OnDelete")]
    public async Task U06_A_broken_image_is_replaced_by_its_fix_without_a_hand(string management, string driver)
    {
        await using var scene = await SceneAsync(update: Workload.Quick(driver), management: management);
        await using var witness = await scene.WitnessAsync(3);
        await scene.Web.ChangeTemplateAsync("app:v2", new JsonObject { [Fail] = "ImagePullBackOff" });
        await scene.UntilImagesAsync("v1 v1 v2");
        await scene.UntilReadyAsync("web-2", false);

        await scene.Web.ChangeTemplateAsync("app:v3", new JsonObject { [Fail] = null });
        await scene.UntilImagesAsync("v3 v3 v3");
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
        var made = await witness.IncarnationsAsync();
        Assert.That((made["web-0"], made["web-1"]), Is.EqualTo((2, 2)), "no healthy pod is touched for the broken one's sake");
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

    [TestCase("Parallel", "OnDelete", 0)]
    [TestCase("Parallel", "Partition", 2)]
    [TestCase("OrderedReady", "Partition", 2)]
    public async Task U08_A_crashing_old_pod_goes_first_and_the_used_up_budget_does_not_keep_it(string management, string driver, int broken)
    {
        // Driver Partition can reach the highest pod only, and says so of a lower one (StuckPodUnreachable).
        await using var scene = await SceneAsync(update: Workload.Quick(driver), management: management);
        var name = $"web-{broken}";
        await scene.ScriptPodAsync(name, "crash-after", "100ms");
        await scene.ScriptPodAsync(name, "back-off", "100ms");
        await scene.ScriptPodAsync(name, "fail", "CrashLoopBackOff");
        await scene.UntilReadyAsync(name, false);
        await using var witness = await scene.WitnessAsync(3);

        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.UntilImagesAsync("v2 v2 v2");
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await witness.GoneAsync(), Is.EqualTo(new[] { "web-2", "web-1", "web-0" }.Where(pod => pod != name)), "the healthy ones went one after the other");
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1), "and none of them before the broken one was back");
    }

    [Test]
    public async Task U16_One_bad_pod_of_a_budget_of_two_lets_the_rollout_go_on_and_the_second_holds_it()
    {
        // There is no threshold of failed pods beside the budget: a pod that does not come back uses one of its places.
        await using var scene = await SceneAsync(5, ByEviction(2), "Parallel");
        await using var witness = await scene.WitnessAsync(5);
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
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(2));
    }

    [TestCase("Parallel", "OnDelete", "v1 v1 v1")]
    [TestCase("OrderedReady", "OnDelete", "v1")]
    [TestCase("Parallel", "Partition", "v1 v1 v1")]
    [TestCase("OrderedReady", "Partition", "v1")]
    public async Task U27_T20_Everything_unhealthy_is_replaced_by_the_fix_though_the_budget_lets_no_eviction_and_the_gate_is_shut(string management, string driver, string broken)
    {
        await using var scene = await EmptySceneAsync();
        await scene.Web.CreateAsync(management: management, comesUp: false, change: set => set["spec"]!["template"]!["metadata"]!["annotations"] = new JsonObject { [Fail] = "CreateContainerConfigError" });
        await scene.Web.AddBudgetAsync(1);
        scene.Script.MayPass = (phase, _) => phase is not Core.Model.GatePhase.BeforePod;
        await scene.Web.AddPolicyAsync(Workload.Quick(driver), gates: Gates("BeforePod"));
        await scene.UntilImagesAsync(broken);
        await scene.Web.UntilHeldAsync();

        await scene.Web.ChangeTemplateAsync("app:v2", new JsonObject { [Fail] = null });
        await scene.UntilImagesAsync("v2 v2 v2");
        await scene.Web.UntilRolloutAsync("True", "Completed");
    }

    [Test]
    public async Task U37_A_pod_past_its_deadline_halts_the_rollout_and_is_named()
    {
        await using var scene = await SceneAsync();
        await scene.Web.ChangeTemplateAsync("app:v2", new JsonObject { [Fail] = "NeverReady" });
        await scene.UntilImagesAsync("v1 v1 v2");

        // From now on: on a machine that stood still, the time could be over before the pod is made anew, and it would come back at the old revision.
        await scene.Web.PatchPolicyAsync(new JsonObject { ["update"] = new JsonObject { ["podDeadline"] = "2s" } });
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
        await Scene.CreateClassAsync(scene);
        await scene.Web.CreateAsync(management: "Parallel", change: set => set["spec"]!["template"]!["spec"]!["priorityClassName"] = scene.Namespace);
        await scene.Web.AddPolicyAsync();
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");

        // A class that is gone: the server refuses the pod, as it would for a quota or a webhook.
        await Scene.DeleteClassAsync(scene);
        await scene.Cluster.DeleteAsync($"{scene.Web.Pods}/web-1");
        await scene.Cluster.UntilAsync("web-1 is gone", async () => !(await scene.Web.PodsAsync()).ContainsKey("web-1"), scene.Web.DescribeAsync);
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Cluster.UntilAsync(
            "the rollout quotes the refusal",
            async () => await scene.Web.RolloutsAsync() is { Count: > 0 } all && Workload.Condition(all[^1], "Reconciling").Message is var words
                && words.Contains("web-1: the pod does not exist", StringComparison.Ordinal) && words.Contains($"no PriorityClass with name {scene.Namespace} was found", StringComparison.Ordinal),
            scene.Web.DescribeAsync);
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v1 v1"), "no pod was taken while one is missing");

        await Scene.CreateClassAsync(scene);
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

        // Its node ran it on all the time, so a second request to take it away would not show in the pods.
        await scene.Cluster.UntilAsync("an event tells of each eviction", async () => (await EvictionsAsync(scene)).Count == 3, scene.Web.DescribeAsync);
        Assert.That(await EvictionsAsync(scene), Is.Unique.And.All.EndsWith("once"));
    }

    /// <summary>The pods of whose removal the operator told, and whether it did so once.</summary>
    private static async Task<List<string>> EvictionsAsync(Scene scene) =>
        [.. (await scene.Cluster.FindAsync($"/apis/events.k8s.io/v1/namespaces/{scene.Namespace}/events")).GetValueOrDefault().Member("items").Items()
            .Where(each => each.Text("reason") == "PodRemoved")
            .Select(each => $"{each.Text("note").Split(' ')[1]} {(each.Member("series").ValueKind is System.Text.Json.JsonValueKind.Object ? "again" : "once")}")];
}

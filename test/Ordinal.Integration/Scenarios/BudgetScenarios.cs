using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Operating;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Scenarios;

/// <summary>How many pods may be away, whoever took them.</summary>
public sealed class BudgetScenarios(ClusterKind kind) : ScenarioTests(kind)
{
    [Test]
    public async Task U17_Of_six_pods_no_more_than_two_are_away_at_a_time()
    {
        await using var scene = await SceneAsync(6, ByEviction(2), "Parallel");
        await using var witness = await scene.WitnessAsync(6);
        await scene.Web.ChangeTemplateAsync("app:v2", Workload.Slow());
        await scene.UntilImagesAsync("v1 v1 v1 v1 v2 v2");
        await scene.Web.LetUpAsync("app:v2", "web-5", "web-4", "web-3", "web-2", "web-1", "web-0");
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v2 v2 v2 v2 v2 v2"));
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(2));
        Assert.That((await witness.IncarnationsAsync()).Values, Is.All.EqualTo(2));
    }

    [Test]
    public async Task U18_20_percent_of_three_pods_is_one_pod()
    {
        await using var scene = await SceneAsync(3, ByEviction("20%"), "Parallel");
        await using var witness = await scene.WitnessAsync(3);
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
    }

    [TestCase("\"foo\"")]
    [TestCase("\"0%\"")]
    [TestCase("\"101%\"")]
    [TestCase("\"-1\"")]
    [TestCase("0")]
    public async Task U19_A_budget_that_is_none_is_refused(string value)
    {
        await using var scene = await EmptySceneAsync();
        await scene.Web.CreateAsync(1);
        var error = await Assert.ThrowsAsync<ApiException>(() => scene.Web.AddPolicyAsync(Workload.Quick(maxUnavailable: JsonNode.Parse(value))));
        Assert.That(error!.Message, Does.Contain("maxUnavailable is a whole number of at least 1, or a percentage"));
    }

    [TestCase("OrderedReady", "Partition", TestName = "U20_A_budget_that_unready_pods_use_up_holds_and_names_them")]
    [TestCase("Parallel", "Partition", TestName = "U25_A_lower_pod_that_is_not_ready_holds_under_Parallel_too")]
    public async Task Unready_pods_hold(string management, string driver)
    {
        await using var scene = await SceneAsync(update: Workload.Quick(driver), management: management);
        await scene.ScriptPodAsync("web-0", "ready", "false");
        await scene.UntilReadyAsync("web-0", false);
        var before = await scene.Web.PodsAsync();
        await scene.Web.ChangeTemplateAsync("app:v2");
        Assert.That(await scene.UntilWaitsAsync("PodNotReady"), Does.Contain("web-0"));
        Assert.That(await scene.Web.PodsAsync(), Is.EqualTo(before));
        Assert.That(await scene.Web.PartitionAsync(), Is.GreaterThan(3), "the permit is not given either");

        await scene.ScriptPodAsync("web-0", "ready", "true");
        await scene.Web.UntilRolloutAsync("True", "Completed");
    }

    [Test]
    public async Task A_pod_that_falls_while_a_gate_is_asked_about_another_holds_that_one()
    {
        await using var scene = await SceneAsync(management: "Parallel", gates: Gates("BeforePod"));
        var before = await scene.Web.PodsAsync();
        var hasFallen = 0;
        scene.Script.MayPass = (phase, _) =>
        {
            if (phase is GatePhase.BeforePod && Interlocked.Exchange(ref hasFallen, 1) == 0)
            {
                FallAsync(scene).GetAwaiter().GetResult();
            }

            return true;
        };
        await scene.Web.ChangeTemplateAsync("app:v2");
        Assert.That(await scene.UntilWaitsAsync("PodNotReady"), Does.Contain("web-0"));
        Assert.That(await scene.Web.PodsAsync(), Is.EqualTo(before), "the gate lets it, and the budget does not");

        await scene.ScriptPodAsync("web-0", "ready", "true");
        await scene.Web.UntilRolloutAsync("True", "Completed");

        static async Task FallAsync(Scene scene)
        {
            await scene.ScriptPodAsync("web-0", "ready", "false");
            await scene.UntilReadyAsync("web-0", false);
            await scene.Cluster.UntilSeenAsync($"/api/v1/namespaces/{scene.Namespace}/pods/web-0");
        }
    }

    [Test]
    public async Task U26_With_one_pod_terminating_one_more_goes_and_with_two_none()
    {
        await using var scene = await SceneAsync(6, ByEviction(2), "Parallel");
        await scene.ScriptPodAsync("web-0", "fail", "NeverStops");
        await scene.ScriptPodAsync("web-5", "fail", "NeverStops");
        await scene.Cluster.DeleteAsync($"{scene.Web.Pods}/web-0");
        await scene.Cluster.UntilSeenAsync($"{scene.Web.Pods}/web-0");
        var before = await scene.Web.PodsAsync();

        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Cluster.UntilAsync("web-5 is taken", async () => IsTerminating((await scene.Cluster.FindAsync($"{scene.Web.Pods}/web-5")).GetValueOrDefault()), scene.Web.DescribeAsync);
        await scene.Cluster.UntilAsync("the operator has seen both go", async () => (await scene.Web.RolloutsAsync())[^1].Member("status").Member("counts").WholeNumber("available") == 4, scene.Web.DescribeAsync);
        Assert.That(await scene.Web.PodsAsync(), Is.EqualTo(before), "the other four stand");

        await scene.Cluster.DeleteAsync($"{scene.Web.Pods}/web-0?gracePeriodSeconds=0");
        await scene.Cluster.DeleteAsync($"{scene.Web.Pods}/web-5?gracePeriodSeconds=0");
        await scene.Web.UntilRolloutAsync("True", "Completed");
    }

    [TestCase("Partition", TestName = "U39_T12_A_PodDisruptionBudget_that_allows_none_keeps_the_partition_up")]
    [TestCase("OnDelete", TestName = "U39_A_PodDisruptionBudget_that_allows_none_holds_and_nothing_is_deleted_past_it")]
    public async Task A_budget_of_none_holds(string driver)
    {
        await using var scene = await SceneAsync(update: Workload.Quick(driver));
        await scene.Web.AddBudgetAsync(0);
        var before = await scene.Web.PodsAsync();
        await scene.Web.ChangeTemplateAsync("app:v2");
        Assert.That(await scene.UntilWaitsAsync("DisruptionBudgetBlocks"), Does.Contain("PodDisruptionBudget web allows 0 disruptions"));
        Assert.That(await scene.Web.PodsAsync(), Is.EqualTo(before));

        await scene.Cluster.PatchAsync($"/apis/policy/v1/namespaces/{scene.Namespace}/poddisruptionbudgets/web", new JsonObject { ["spec"] = new JsonObject { ["maxUnavailable"] = 1 } });
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v2 v2 v2"));
    }

    [Test]
    public async Task T18_Two_PodDisruptionBudgets_on_one_pod_are_named_and_nothing_is_evicted()
    {
        await using var scene = await SceneAsync(update: ByEviction());
        await scene.Web.AddBudgetAsync(1);
        var budgets = $"/apis/policy/v1/namespaces/{scene.Namespace}/poddisruptionbudgets";
        var second = await scene.Cluster.CreateAsync(budgets, new JsonObject
        {
            ["apiVersion"] = "policy/v1",
            ["kind"] = "PodDisruptionBudget",
            ["metadata"] = new JsonObject { ["name"] = "second" },
            ["spec"] = new JsonObject { ["maxUnavailable"] = 1, ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = "web" } } },
        });
        await scene.Cluster.UntilSeenAsync($"{budgets}/second", second);
        var before = await scene.Web.PodsAsync();
        await scene.Web.ChangeTemplateAsync("app:v2");
        Assert.That(await scene.UntilWaitsAsync("TwoDisruptionBudgets"), Does.Contain("second, web"));
        Assert.That(await scene.Web.PodsAsync(), Is.EqualTo(before));
        await scene.Cluster.DeleteAsync($"{budgets}/second");
        await scene.Web.UntilRolloutAsync("True", "Completed");
    }

    [Test]
    public async Task U30_A_pod_that_a_person_evicts_in_mid_rollout_comes_back_at_its_revision_and_counts_in_the_budget()
    {
        // The operator has no mark by which one pod is restarted out of order: that is an eviction, and this is what comes of one.
        var update = Workload.Quick();
        update["steps"] = Steps(1, "100%");
        await using var scene = await SceneAsync(update: update);
        await scene.Web.ChangeTemplateAsync("app:v2", new JsonObject { ["sim.ordinal.dev/ready-delay"] = "1s" });
        await scene.UntilImagesAsync("v1 v1 v2");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        var (uid, others) = (await scene.UidAsync("web-0"), (await scene.Web.PodsAsync()).Where(pod => pod.Key != "web-0").ToList());
        await using var witness = await scene.WitnessAsync(3);

        await scene.ScriptPodAsync("web-0", "fail", "NeverStops");
        await scene.Cluster.CreateAsync($"{scene.Web.Pods}/web-0/eviction", new JsonObject { ["apiVersion"] = "policy/v1", ["kind"] = "Eviction", ["metadata"] = new JsonObject { ["name"] = "web-0" } });
        await scene.Cluster.UntilSeenAsync($"{scene.Web.Pods}/web-0");
        await ApproveAsync(scene, 1);
        Assert.That(await scene.UntilWaitsAsync("PodTerminating"), Does.Contain("web-0"));
        Assert.That((await scene.Web.PodsAsync()).Where(pod => pod.Key != "web-0"), Is.EqualTo(others), "no other pod goes while it is away");
        await scene.Cluster.DeleteAsync($"{scene.Web.Pods}/web-0?gracePeriodSeconds=0");
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That((await witness.GoneAsync())[0], Is.EqualTo("web-0"));
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
        Assert.That((await witness.IncarnationsAsync())["web-0"], Is.EqualTo(3), "at its own revision first, then at the new one in its turn");
        Assert.That(await scene.UidAsync("web-0"), Is.Not.EqualTo(uid));
    }

    private static bool IsTerminating(System.Text.Json.JsonElement pod) => pod.Member("metadata").Member("deletionTimestamp").ValueKind is System.Text.Json.JsonValueKind.String;
}

using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Operating;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Scenarios;

/// <summary>Holding, steps, and what becomes of them when template, size or plan change in mid-rollout.</summary>
public sealed class StepScenarios(ClusterKind kind) : ScenarioTests(kind)
{
    [Test]
    public async Task U01_A_new_template_moves_no_pod_before_a_rollout_takes_it()
    {
        await using var scene = await SceneAsync();
        await scene.Web.PatchPolicyAsync(new JsonObject { ["trigger"] = "Manual" });
        var before = await scene.Web.PodsAsync();

        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilPolicyAsync("Ready", "False", "DriftHeld");
        Assert.That(await scene.Web.PartitionAsync(), Is.EqualTo(1_000_000_000));
        Assert.That(await scene.Web.PodsAsync(), Is.EqualTo(before));

        await using var witness = await scene.WitnessAsync(3);
        await scene.Web.PatchPolicyAsync(new JsonObject { ["trigger"] = "OnTemplateChange" });
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await witness.GoneAsync(), Is.EqualTo(["web-2", "web-1", "web-0"]));
    }

    [Test]
    public async Task U02_Steps_of_20_60_and_100_percent_take_one_three_and_five_of_five_pods()
    {
        await using var scene = await SteppedAsync(5, "20%", "60%", "100%");

        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        Assert.That((await scene.ImagesAsync(), await scene.Web.PartitionAsync()), Is.EqualTo(("v1 v1 v1 v1 v2", 4L)));
        await ApproveAsync(scene, 1);
        await scene.UntilImagesAsync("v1 v1 v2 v2 v2");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        Assert.That((await scene.ImagesAsync(), await scene.Web.PartitionAsync()), Is.EqualTo(("v1 v1 v2 v2 v2", 2L)));
        await ApproveAsync(scene, 2);
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v2 v2 v2 v2 v2"));
        await scene.Web.UntilHeldAsync();
    }

    [Test]
    public async Task U03_Five_steps_take_one_pod_each_and_the_new_revision_is_current_at_the_end()
    {
        await using var scene = await SteppedAsync(5, "20%", "40%", "60%", "80%", "100%");
        await using var witness = await scene.WitnessAsync(5);

        await scene.Web.ChangeTemplateAsync("app:v2");
        for (var step = 1; step <= 4; step++)
        {
            await scene.UntilImagesAsync(string.Join(' ', Enumerable.Repeat("v1", 5 - step).Concat(Enumerable.Repeat("v2", step))));
            await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
            await ApproveAsync(scene, step);
        }

        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await witness.GoneAsync(), Is.EqualTo(["web-4", "web-3", "web-2", "web-1", "web-0"]));
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
        var status = (await scene.Web.SetAsync()).GetProperty("status");
        Assert.That(status.GetProperty("currentRevision").GetString(), Is.EqualTo(status.GetProperty("updateRevision").GetString()));
    }

    [Test]
    public async Task U04_T10_A_template_pushed_in_mid_rollout_starts_over_at_step_one_and_leaves_no_pod_behind()
    {
        await using var scene = await SteppedAsync(5, "40%", "100%");
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.UntilImagesAsync("v1 v1 v1 v2 v2");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        var first = await LastRolloutAsync(scene);
        await using var witness = await scene.WitnessAsync(5);

        await scene.Web.ChangeTemplateAsync("app:v3");
        await scene.Web.UntilRolloutAsync(first, "False", "Superseded");
        await scene.UntilImagesAsync("v1 v1 v1 v3 v3");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        await ApproveAsync(scene, 1);
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v3 v3 v3 v3 v3"));
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
        Assert.That(await scene.Web.RolloutsAsync(), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task U11_T11_A_set_that_grows_in_mid_rollout_takes_no_pod_back_and_counts_its_steps_anew()
    {
        await using var scene = await SteppedAsync(5, "40%", "100%");
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.UntilImagesAsync("v1 v1 v1 v2 v2");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");

        var before = await scene.Web.PodsAsync();
        await scene.ScaleAsync(10);

        // The partition is at 3 and the new ordinals are above it: the built-in controller makes them at the update revision.
        await scene.UntilImagesAsync("v1 v1 v1 v2 v2 v2 v2 v2 v2 v2");
        await scene.Cluster.UntilAsync("the operator has counted anew", async () => (await scene.Web.RolloutsAsync())[^1].Member("status").Text("progress") == "7/10", scene.Web.DescribeAsync);
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        Assert.That((await scene.Web.PodsAsync()).Where(pod => before.ContainsKey(pod.Key)), Is.EqualTo(before), "those that were there stand");
        await ApproveAsync(scene, 1);
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v2 v2 v2 v2 v2 v2 v2 v2 v2 v2"));
    }

    [Test]
    public async Task U12_A_set_that_shrinks_below_its_updated_pods_is_not_complete_by_accident()
    {
        await using var scene = await SteppedAsync(6, "50%", "100%");
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.UntilImagesAsync("v1 v1 v1 v2 v2 v2");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");

        await scene.ScaleAsync(2);
        await scene.UntilImagesAsync("v1 v2");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v1 v2"), "half of two is one");
        Assert.That(Workload.Condition((await scene.Web.RolloutsAsync())[^1], "Finished").Status, Is.EqualTo("False"));
        await ApproveAsync(scene, 1);
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v2 v2"));
    }

    [Test]
    public async Task U13_A_plan_that_is_edited_in_mid_rollout_moves_no_pod_back()
    {
        await using var scene = await SteppedAsync(5, "40%", "100%");
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.UntilImagesAsync("v1 v1 v1 v2 v2");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        var before = await scene.Web.PodsAsync();

        await scene.Web.PatchPolicyAsync(new JsonObject { ["update"] = new JsonObject { ["steps"] = Steps("20%", "60%", "100%") } });
        await ApproveAsync(scene, 1);
        await scene.UntilImagesAsync("v1 v1 v2 v2 v2");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        var after = await scene.Web.PodsAsync();
        Assert.That(after.Where(pod => pod.Key != "web-2"), Is.EqualTo(before.Where(pod => pod.Key != "web-2")), "the two that were updated stay");
        await ApproveAsync(scene, 2);
        await scene.Web.UntilRolloutAsync("True", "Completed");
    }

    [Test]
    public async Task U14_Approving_a_later_step_goes_past_all_before_it()
    {
        await using var scene = await SteppedAsync(5, 1, 2, 3, "100%");
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v1 v1 v1 v1 v2"));

        await ApproveAsync(scene, 2);
        await scene.UntilImagesAsync("v1 v1 v2 v2 v2");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v1 v1 v2 v2 v2"), "step three is not approved");
        Assert.That((await Assert.ThrowsAsync<ApiException>(() => ApproveAsync(scene, 1)))!.Message, Does.Contain("approvedStep can only go up"), "there is no way back to a step");
        await ApproveAsync(scene, 3);
        await scene.Web.UntilRolloutAsync("True", "Completed");
    }

    [Test]
    public async Task U12_T8_Scaled_to_zero_under_a_waiting_change_the_new_revision_is_current_and_that_is_told()
    {
        await using var scene = await SceneAsync();
        await scene.Web.PatchPolicyAsync(new JsonObject { ["trigger"] = "Manual" });
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilPolicyAsync("Ready", "False", "DriftHeld");

        // The last pod goes when the operator has told of it: once all are gone there is nothing left to see.
        await scene.ScriptPodAsync("web-0", "fail", "NeverStops");
        await scene.ScaleAsync(0);
        await scene.Cluster.UntilAsync(
            "an event tells of it",
            async () => (await scene.Cluster.FindAsync($"/apis/events.k8s.io/v1/namespaces/{scene.Namespace}/events")).GetValueOrDefault().GetRawText().Contains("HoldLostAtZero", StringComparison.Ordinal),
            scene.Web.DescribeAsync);
        await scene.UntilImagesAsync("v1");
        await scene.Cluster.DeleteAsync($"{scene.Web.Pods}/web-0?gracePeriodSeconds=0");
        await scene.UntilImagesAsync("");
        await scene.ScaleAsync(3);
        await scene.UntilImagesAsync("v2 v2 v2");
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
    }

    private Task<Scene> SteppedAsync(int replicas, params JsonNode[] pods)
    {
        var update = Workload.Quick();
        update["steps"] = Steps(pods);
        return SceneAsync(replicas, update, "Parallel");
    }
}

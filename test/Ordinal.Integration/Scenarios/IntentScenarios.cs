using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Operating;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Scenarios;

/// <summary>What people write into a rollout that is under way, and what keeps it waiting beside its pods: force, windows, pauses, the two kinds of cancel.</summary>
public sealed class IntentScenarios(ClusterKind kind) : ScenarioTests(kind)
{
    private static readonly string[] Days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

    [Test]
    public async Task Force_takes_the_one_pod_that_it_names_past_the_one_reason_and_is_recorded()
    {
        await using var scene = await SceneAsync(gates: Gates("BeforePod"));
        scene.Script.MayPass = (phase, _) => phase is not GatePhase.BeforePod;
        var before = await scene.Web.PodsAsync();
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.UntilWaitsAsync("EtcdQuorumWouldBreak");
        var rollout = await LastRolloutAsync(scene);

        // For another reason than the one that holds it, and for a pod whose turn it is not: neither moves anything.
        await scene.Web.PatchRolloutAsync(rollout, new JsonObject
        {
            ["force"] = new JsonArray(Force(before["web-2"].Uid, "EtcdNoLeader"), Force("00000000-0000-0000-0000-000000000000", "EtcdQuorumWouldBreak")),
        });
        await scene.Cluster.UntilAsync("the operator has seen it", async () => (await scene.Web.RolloutAsync(rollout)).Member("status").WholeNumber("observedGeneration") == 2, scene.Web.DescribeAsync);
        Assert.That(await scene.Web.PodsAsync(), Is.EqualTo(before));

        await scene.Web.PatchRolloutAsync(rollout, new JsonObject
        {
            ["force"] = new JsonArray(
                Force(before["web-2"].Uid, "EtcdNoLeader"),
                Force("00000000-0000-0000-0000-000000000000", "EtcdQuorumWouldBreak"),
                Force(before["web-2"].Uid, "EtcdQuorumWouldBreak")),
        });
        await scene.UntilImagesAsync("v1 v1 v2");
        await scene.Cluster.UntilAsync(
            "the next one waits for the gate",
            async () => (await scene.Web.RolloutAsync(rollout)).Member("status").Member("current") is var current && current.Text("pod") == "web-1" && current.Text("reason") == "EtcdQuorumWouldBreak",
            scene.Web.DescribeAsync);
        Assert.That((await scene.Web.RolloutAsync(rollout)).Member("status").Member("usedForce").Items().Select(each => each.GetString()), Is.EqualTo([$"{before["web-2"].Uid}/EtcdQuorumWouldBreak"]));
        Assert.That((await scene.Web.PodsAsync()).Where(pod => pod.Key != "web-2"), Is.EqualTo(before.Where(pod => pod.Key != "web-2")), "once, for one pod");
        await scene.Cluster.UntilAsync(
            "an event tells of it",
            async () => (await scene.Cluster.FindAsync($"/apis/events.k8s.io/v1/namespaces/{scene.Namespace}/events")).GetValueOrDefault().Member("items").Items()
                .Any(each => each.Text("reason") == "ForceUsed" && each.Text("note").Contains("the member's disk is gone", StringComparison.Ordinal)),
            scene.Web.DescribeAsync);
        scene.Script.MayPass = (_, _) => true;
        await scene.Web.UntilRolloutAsync("True", "Completed");

        static JsonObject Force(string uid, string reason) => new() { ["podUID"] = uid, ["reason"] = reason, ["justification"] = "the member's disk is gone" };
    }

    [Test]
    public async Task Outside_its_window_by_the_clocks_of_its_zone_nothing_moves_but_for_a_request_that_says_why()
    {
        await using var scene = await SceneAsync();
        var before = await scene.Web.PodsAsync();

        // There it is two days from now: far enough for any clock, and near enough for a week.
        var there = TimeZoneInfo.ConvertTime(TimeProvider.System.GetUtcNow(), TimeZoneInfo.FindSystemTimeZoneById("Pacific/Auckland")).AddDays(2);
        await scene.Web.PatchPolicyAsync(new JsonObject
        {
            ["windows"] = new JsonObject
            {
                ["timeZone"] = "Pacific/Auckland",
                ["allow"] = new JsonArray(new JsonObject { ["days"] = new JsonArray(Days[(int)there.DayOfWeek]), ["start"] = there.ToString("HH:00", CultureInfo.InvariantCulture), ["duration"] = "1h" }),
            },
        });
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilRolloutAsync("Unknown", "OutsideWindow");
        var opens = new DateTimeOffset(there.Year, there.Month, there.Day, there.Hour, 0, 0, there.Offset).ToUniversalTime();
        Assert.That((await scene.Web.RolloutsAsync())[^1].Member("status").GetRawText(), Does.Contain(opens.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)), "it says when it goes on");
        Assert.That(Workload.Condition((await scene.Web.RolloutsAsync())[^1], "Stalled").Status, Is.EqualTo("False"));
        Assert.That((await scene.Web.PodsAsync(), await scene.Web.PartitionAsync()), Is.EqualTo((before, 1_000_000_000L)));

        await scene.Web.CreateRolloutAsync("now", new JsonObject
        {
            ["policyRef"] = new JsonObject { ["name"] = "web" },
            ["type"] = "Update",
            ["overrides"] = new JsonObject { ["ignoreWindows"] = true, ["justification"] = "a security fix" },
        });
        await scene.Web.UntilRolloutAsync("now", "True", "Completed");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v2 v2 v2"));
    }

    [Test]
    public async Task A_step_that_pauses_for_a_time_goes_on_by_itself()
    {
        static JsonArray Pausing(string duration) => new(new JsonObject { ["pods"] = 1, ["pause"] = new JsonObject { ["duration"] = duration } }, new JsonObject { ["pods"] = "100%" });
        var update = Workload.Quick();
        update["steps"] = Pausing("1h");
        await using var scene = await SceneAsync(2, update);
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilRolloutAsync("Unknown", "StepPausing");
        Assert.That((await scene.ImagesAsync(), await scene.Web.PartitionAsync()), Is.EqualTo(("v1 v2", 1L)));

        // Only now short: a slow machine could miss a pause of seconds.
        await scene.Web.PatchPolicyAsync(new JsonObject { ["update"] = new JsonObject { ["steps"] = Pausing("3s") } });
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v2 v2"));
    }

    [TestCase("Partition")]
    [TestCase("OnDelete")]
    public async Task A_revert_brings_the_updated_pods_back_one_after_the_other_behind_the_gates_and_leaves_the_template(string driver)
    {
        var update = Workload.Quick(driver);
        update["steps"] = Steps(2, "100%");
        await using var scene = await SceneAsync(4, update, gates: Gates("BeforePod"));
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        var before = await scene.Web.PodsAsync();
        await using var witness = await scene.WitnessAsync(4);
        var rollout = await LastRolloutAsync(scene);
        scene.Script.MayPass = (_, pod) => pod != "web-3";

        await scene.Web.PatchRolloutAsync(rollout, new JsonObject { ["cancel"] = "Revert" });
        await scene.UntilWaitsAsync("EtcdQuorumWouldBreak");
        await scene.Web.UntilHeldAsync();
        Assert.That(await scene.UidAsync("web-3"), Is.EqualTo(before["web-3"].Uid), "on the way back the gates are asked too");
        scene.Script.MayPass = (_, _) => true;
        await scene.Web.UntilRolloutAsync(rollout, "False", "RolledBack");

        var after = await scene.Web.PodsAsync();
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v1 v1 v1 v1"));
        Assert.That(after.Where(pod => pod.Key is "web-0" or "web-1"), Is.EqualTo(before.Where(pod => pod.Key is "web-0" or "web-1")), "those that never moved");
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
        Assert.That((await scene.Web.SetAsync()).Member("spec").Member("template").Member("spec").Member("containers")[0].Text("image"), Is.EqualTo("app:v2"), "the template is the user's");
        await scene.Web.UntilHeldAsync();
    }
}

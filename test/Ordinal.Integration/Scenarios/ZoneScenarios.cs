using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Operating;
using Ordinal.Operator.Metrics;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Metrics;

namespace Ordinal.Integration.Scenarios;

/// <summary>Several StatefulSets under one policy, by label, each in a zone.</summary>
public sealed class ZoneScenarios(ClusterKind kind) : GroupTests(kind)
{
    [Test]
    public async Task Z01_Zone_by_zone_each_to_its_end()
    {
        await using var scene = await GroupAsync("a", "b", "c");
        await using var witness = await scene.WitnessAsync(6, "group");
        await ChangeAllAsync(scene, "a", "b", "c");
        await UntilAllAsync(scene, "v2 v2", "a", "b", "c");
        Assert.That(await witness.GoneAsync(), Is.EqualTo(["a-1", "a-0", "b-1", "b-0", "c-1", "c-0"]));
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
    }

    [Test]
    public async Task Z02_Pods_away_in_two_zones_stop_everything_and_are_named()
    {
        await using var scene = await GroupAsync("a", "b", "c");
        await scene.ScriptPodAsync("a-0", "ready", "false");
        await scene.ScriptPodAsync("b-1", "ready", "false");
        await scene.UntilReadyAsync("a-0", false);
        await scene.UntilReadyAsync("b-1", false);
        var before = await scene.Set("group").PodsAsync();

        await ChangeAllAsync(scene, "a", "b", "c");
        await scene.Web.UntilPolicyAsync("Ready", "False", "TwoZonesAway");
        Assert.That(Workload.Condition(await scene.Web.PolicyAsync(), "Ready").Message, Does.Contain("a-0, b-1"));
        Assert.That(await scene.Set("group").PodsAsync(), Is.EqualTo(before), "nothing is deleted, of the whole zone neither");

        await scene.ScriptPodAsync("a-0", "ready", "true");
        await scene.ScriptPodAsync("b-1", "ready", "true");
        await UntilAllAsync(scene, "v2 v2", "a", "b", "c");
    }

    [Test]
    public async Task Z03_A_zone_with_pods_away_goes_first()
    {
        await using var scene = await GroupAsync("a", "b", "c");
        await scene.ScriptPodAsync("b-1", "ready", "false");
        await scene.UntilReadyAsync("b-1", false);
        var before = await scene.Set("group").PodsAsync();
        await using var witness = await scene.WitnessAsync(6, "group");
        await ChangeAllAsync(scene, "a", "b", "c");
        List<string?> begun = [];
        await scene.Cluster.UntilAsync(
            "one begins",
            async () =>
            {
                var all = await scene.Web.RolloutsAsync();
                begun = [.. all.Where(each => each.Member("status").Text("startTime").Length > 0).Select(each => each.Member("spec").Member("targets")[0].GetString())];
                return begun.Count > 0;
            },
            scene.Web.DescribeAsync);
        Assert.That(begun, Is.EqualTo(["b"]), "while the others wait");

        // Its own budget is used up by that pod; when it is whole it goes on, and the others after it.
        await scene.Cluster.UntilAsync(
            "b waits for b-1",
            async () => (await scene.Web.RolloutsAsync()).Select(each => each.Member("status").Member("current")).Any(each => each.Text("reason") == "PodNotReady" && each.Text("pod") == "b-1"),
            scene.Web.DescribeAsync);
        Assert.That(await scene.Set("group").PodsAsync(), Is.EqualTo(before));
        await scene.ScriptPodAsync("b-1", "ready", "true");
        await UntilAllAsync(scene, "v2 v2", "a", "b", "c");
        Assert.That(await witness.GoneAsync(), Is.EqualTo(["b-1", "b-0", "a-1", "a-0", "c-1", "c-0"]));
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task Z04_A_zone_that_is_updated_and_not_whole_keeps_the_next_one_waiting()
    {
        await using var scene = await GroupAsync("a", "b");
        await ChangeAllAsync(scene, "a");
        await UntilAllAsync(scene, "v2 v2", "a");
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await scene.ScriptPodAsync("a-1", "ready", "false");
        await scene.UntilReadyAsync("a-1", false);

        await ChangeAllAsync(scene, "b");
        await scene.Cluster.UntilAsync("b waits", async () => (await scene.Web.PolicyAsync()).Member("status").GetRawText().Contains("pods of zone zone-a are away (a-1)", StringComparison.Ordinal), scene.Web.DescribeAsync);
        Assert.That(await ImagesAsync(scene, "b"), Is.EqualTo("v1 v1"));
        await scene.ScriptPodAsync("a-1", "ready", "true");
        await UntilAllAsync(scene, "v2 v2", "b");
    }

    [Test]
    public async Task Z05_A_paused_zone_is_passed_over_while_it_is_whole()
    {
        await using var scene = await GroupAsync(["a", "b"], gates: Gates("BeforePod"));
        scene.Script.MayPass = (_, pod) => pod != "a-0";
        await ChangeAllAsync(scene, "a", "b");
        await UntilAllAsync(scene, "v1 v2", "a");
        var first = (await scene.Web.RolloutsAsync()).Single(each => each.Member("spec").Member("targets")[0].GetString() == "a").Member("metadata").Text("name");
        await scene.Web.PatchRolloutAsync(first, new JsonObject { ["suspend"] = true });
        await scene.Web.UntilRolloutAsync(first, "Unknown", "Suspended");
        scene.Script.MayPass = (_, _) => true;

        await UntilAllAsync(scene, "v2 v2", "b");
        Assert.That(await ImagesAsync(scene, "a"), Is.EqualTo("v1 v2"));
        await scene.Web.PatchRolloutAsync(first, new JsonObject { ["suspend"] = false });
        await UntilAllAsync(scene, "v2 v2", "a");
    }

    [Test]
    public async Task Z06_A_set_that_cannot_be_rolled_as_asked_stops_its_group_and_is_named()
    {
        await using var scene = await GroupAsync("a", "b");
        await scene.Cluster.Api.SendAsync(
            new ApiRequest("PATCH", $"{scene.Set("b").Path}?fieldManager=gitops&force=true")
            {
                ContentType = "application/apply-patch+yaml",
                Body = System.Text.Encoding.UTF8.GetBytes("""{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"b"},"spec":{"updateStrategy":{"type":"RollingUpdate"}}}"""),
            },
            CancellationToken.None);
        var before = await scene.Set("group").PodsAsync();
        await ChangeAllAsync(scene, "a", "b");
        await scene.Web.UntilPolicyAsync("Ready", "False", "ZoneProblem");
        Assert.That(Workload.Condition(await scene.Web.PolicyAsync(), "Ready").Message, Does.Contain("stopped by b").And.Contain("gitops"));
        Assert.That(await scene.Set("group").PodsAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task Z07_A_set_without_the_groups_label_is_left_alone()
    {
        await using var scene = await GroupAsync("a", "b");
        var other = scene.Set("other");
        await other.CreateAsync(1);
        await other.ChangeTemplateAsync("app:v2");
        await ChangeAllAsync(scene, "a", "b");
        await UntilAllAsync(scene, "v2 v2", "a", "b");
        Assert.That((await scene.Web.PolicyAsync()).Member("status").Member("targets").Items().Select(each => each.Text("name")), Is.EqualTo(["a", "b"]));
        Assert.That(await other.PartitionAsync(), Is.Zero, "not held");
    }

    [Test]
    public async Task Z08_A_budget_that_denies_one_zone_keeps_no_other_one_and_is_tried_again()
    {
        await using var scene = await GroupAsync("a", "b");
        await scene.Web.PatchPolicyAsync(new JsonObject { ["update"] = new JsonObject { ["zoneStrategy"] = "Parallel" } });
        var budgets = $"/apis/policy/v1/namespaces/{scene.Namespace}/poddisruptionbudgets";
        await scene.Cluster.CreateAsync(budgets, new JsonObject
        {
            ["apiVersion"] = "policy/v1",
            ["kind"] = "PodDisruptionBudget",
            ["metadata"] = new JsonObject { ["name"] = "a" },
            ["spec"] = new JsonObject { ["maxUnavailable"] = 0, ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["set"] = "a" } } },
        });
        await ChangeAllAsync(scene, "a", "b");
        await UntilAllAsync(scene, "v2 v2", "b");
        await scene.Cluster.UntilAsync("a waits for its budget", async () => (await scene.Web.RolloutsAsync()).Any(each => each.Member("status").Member("current").Text("reason") == "DisruptionBudgetBlocks"), scene.Web.DescribeAsync);
        Assert.That(await ImagesAsync(scene, "a"), Is.EqualTo("v1 v1"));

        await scene.Cluster.PatchAsync($"{budgets}/a", new JsonObject { ["spec"] = new JsonObject { ["maxUnavailable"] = 1 } });
        await UntilAllAsync(scene, "v2 v2", "a");
    }

    [Test]
    public async Task Z09_The_series_of_a_group_go_with_its_last_set_and_its_policy()
    {
        await using var scene = await GroupAsync("a", "b");
        var running = (await Stages.GetAsync(Kind)).Operator;
        using var exporter = new PrometheusExporter(running.Meters.Contains);
        running.Measures.PolicyForgotten += (ns, name) => exporter.Forget(new("target_namespace", ns), new("policy", name));
        await ChangeAllAsync(scene, "a", "b");
        await UntilAllAsync(scene, "v2 v2", "a", "b");
        string Sets() => string.Join(' ', exporter.Write().Split('\n').Where(line => line.Contains($"target_namespace=\"{scene.Namespace}\"", StringComparison.Ordinal) && line.StartsWith(MetricRegistry.Partition.Name, StringComparison.Ordinal)).Select(line => line.Split("statefulset=\"")[1].Split('"')[0]));
        await scene.Cluster.UntilAsync("both sets have their series", () => Task.FromResult(Sets() == "a b"), () => Task.FromResult(exporter.Write()));

        await scene.Cluster.DeleteAsync(scene.Set("a").Path);
        await scene.Cluster.UntilAsync("one set is left", () => Task.FromResult(Sets() == "b"), () => Task.FromResult(exporter.Write()));
        await scene.Cluster.DeleteAsync(scene.Set("b").Path);
        await scene.Cluster.UntilAsync("no set is left", () => Task.FromResult(Sets().Length == 0), () => Task.FromResult(exporter.Write()));
        await scene.Web.DeletePolicyAsync();
        await scene.Cluster.UntilAsync("no series of the policy is left", () => Task.FromResult(!exporter.Write().Contains($"policy=\"web\",target_namespace=\"{scene.Namespace}\"", StringComparison.Ordinal)
            && !exporter.Write().Split('\n').Any(line => line.Contains($"target_namespace=\"{scene.Namespace}\"", StringComparison.Ordinal) && line.Contains("policy=\"web\"", StringComparison.Ordinal))), () => Task.FromResult(exporter.Write()));
    }
}

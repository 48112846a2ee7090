using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Operating;
using Ordinal.Runtime.Client;
using Ordinal.TestSupport;

namespace Ordinal.Integration.Scenarios;

/// <summary>One request over several StatefulSets: order, one status, what one of them does to the others, and how it ends.</summary>
public sealed class GroupScenarios(ClusterKind kind) : GroupTests(kind)
{
    [Test]
    public async Task Z01_A_request_over_a_group_goes_zone_by_zone_and_is_one_rollout()
    {
        await using var scene = await GroupAsync("a", "b");
        await using var witness = await scene.WitnessAsync(4, "group");
        await AskAsync(scene, "again", new JsonObject { ["type"] = "Restart", ["reason"] = "CHG-1" });
        await scene.Web.UntilRolloutAsync("again", "True", "Completed");

        var rollout = await scene.Web.RolloutAsync("again");
        Assert.That(await witness.GoneAsync(), Is.EqualTo(["a-1", "a-0", "b-1", "b-0"]));
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
        Assert.That((await witness.IncarnationsAsync()).Values, Is.All.EqualTo(2));
        Assert.That(await scene.Web.RolloutsAsync(), Has.Count.EqualTo(1), "its own template changes start no rollout");
        Assert.That(rollout.Member("status").Text("progress"), Is.EqualTo("4/4"));
        Assert.That(Entries(rollout), Is.EqualTo(["a zone-a Completed 2/2", "b zone-b Completed 2/2"]));
        Assert.That(Workload.Condition(rollout, "Succeeded").Message, Is.EqualTo("2 StatefulSets; Completed: a, b"));
        foreach (var name in new[] { "a", "b" })
        {
            await scene.Set(name).UntilUnclaimedAsync();
            await scene.Set(name).UntilHeldAsync();
        }

        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
        var line = new CommandLine(scene.Cluster);
        Assert.That(await line.RunAsync($"status stsr/again -n {scene.Namespace}"), Is.EqualTo((0, "again: 2 StatefulSets; Completed: a, b", "")).Using<(int Code, string Output, string Error)>((is_, be) => is_.Code == be.Code && is_.Output.StartsWith(be.Output, StringComparison.Ordinal)));
        Assert.That((await line.RunAsync($"history web -n {scene.Namespace}")).Output, Does.Match(@"again +Restart +Completed +2 StatefulSets +4/4").And.Match(@"  a +Completed +\S+ -> \S+ +restartedAt +2/2").And.Match(@"  b +Completed +\S+ -> \S+ +restartedAt +2/2"));
        Assert.That((await line.RunAsync($"get stsr/again -n {scene.Namespace}")).Output, Does.Contain("2 StatefulSets, 2 ended").And.Match("a +StatefulSet +Updated").And.Match("b +StatefulSet +Updated"));
    }

    [Test]
    public async Task A_request_that_names_some_leaves_the_others_alone()
    {
        await using var scene = await GroupAsync("a", "b", "c");
        await AskAsync(scene, "two", Images("app:v2", "a", "c"));
        await scene.Web.UntilRolloutAsync("two", "True", "Completed");
        Assert.That(await ImagesAsync(scene, "a"), Is.EqualTo("v2 v2"));
        Assert.That(await ImagesAsync(scene, "b"), Is.EqualTo("v1 v1"));
        Assert.That(await ImagesAsync(scene, "c"), Is.EqualTo("v2 v2"));
        Assert.That(Entries(await scene.Web.RolloutAsync("two")), Is.EqualTo(["a zone-a Completed 2/2", "c zone-c Completed 2/2"]));
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
    }

    [Test]
    public async Task What_cannot_work_on_one_of_them_is_refused_before_anything_is_done_to_the_first()
    {
        await using var scene = await GroupAsync(["a", "b"], Workload.Quick());
        var marked = await scene.Cluster.PatchAsync(scene.Set("b").Path, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["argocd.argoproj.io/tracking-id"] = "shop:apps/StatefulSet:x/b" } } });
        await scene.Cluster.UntilSeenAsync(scene.Set("b").Path, marked);
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
        var before = (await scene.Set("a").SetAsync()).Member("metadata").WholeNumber("generation");
        await AskAsync(scene, "beside-git", Images("app:v2"));
        await scene.Web.UntilRolloutAsync("beside-git", "False", "GitOwnsTemplate");
        Assert.That(Workload.Condition(await scene.Web.RolloutAsync("beside-git"), "Finished").Message, Does.Contain($"StatefulSet {scene.Namespace}/b").And.Contain("none of the 2 StatefulSets of the request was touched"));

        await AskAsync(scene, "stranger", new JsonObject { ["type"] = "Restart", ["targets"] = new JsonArray("a", "db") });
        await scene.Web.UntilRolloutAsync("stranger", "False", "TargetsMissing");
        Assert.That((await scene.Set("a").SetAsync()).Member("metadata").WholeNumber("generation"), Is.EqualTo(before), "no template was written");
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
    }

    [Test]
    public async Task One_that_fails_stops_the_others_and_what_waits_on_them_is_not_started_by_itself()
    {
        var update = ByEviction();
        update["podDeadline"] = "3s";
        await using var scene = await GroupAsync(["a", "b"], update, trigger: "Manual");
        await scene.Set("a").ChangeTemplateAsync("app:v2", new JsonObject { ["sim.ordinal.dev/fail"] = "NeverReady" });
        await scene.Set("b").ChangeTemplateAsync("app:v2");
        await scene.Web.UntilPolicyAsync("Ready", "False", "DriftHeld");
        await AskAsync(scene, "all", new JsonObject { ["type"] = "Update" });
        await scene.Web.UntilRolloutAsync("all", "False", "DeadlineExceeded");

        var rollout = await scene.Web.RolloutAsync("all");
        Assert.That(Entries(rollout), Is.EqualTo(["a zone-a Failed 0/2", "b zone-b Cancelled 0/2"]));
        Assert.That(Workload.Condition(rollout, "Succeeded").Message, Does.Contain("a-1").And.EndWith("Of 2 StatefulSets Cancelled: b, Failed: a."));
        Assert.That(rollout.Member("status").Member("targets")[1].Text("message"), Does.Contain("not begun, since a, of the same request, ended as Failed"));
        await scene.Web.PatchPolicyAsync(new JsonObject { ["trigger"] = "OnTemplateChange" });
        await scene.Cluster.UntilAsync("what waits on b counts as tried", async () => (await scene.Web.PolicyAsync()).Member("status").Member("targets")[1].Text("message").Contains("did not succeed", StringComparison.Ordinal), scene.Web.DescribeAsync);
        Assert.That(await ImagesAsync(scene, "b"), Is.EqualTo("v1 v1"));
        Assert.That(await scene.Web.RolloutsAsync(), Has.Count.EqualTo(1));
        var (code, output, _) = await new CommandLine(scene.Cluster).RunAsync($"status sts/b -n {scene.Namespace}");
        Assert.That((code, output), Is.EqualTo((4, output)));
        Assert.That(output, Does.StartWith("all, b: GroupStopped"));
        Assert.That((await new CommandLine(scene.Cluster).RunAsync($"explain stsr/all -n {scene.Namespace}")).Output, Does.Contain("GroupStopped, 0/2 pods"));
    }

    [Test]
    public async Task A_hold_of_one_holds_the_others_and_a_pause_stops_all()
    {
        await using var scene = await GroupAsync(["a", "b"], gates: Gates("BeforePod"));
        scene.Script.MayPass = (_, pod) => pod != "a-0";
        await AskAsync(scene, "again", new JsonObject { ["type"] = "Restart" });
        await scene.UntilWaitsAsync("EtcdQuorumWouldBreak");

        // Until a moment ago a-1 was not back, and b waited for that. Its status is told of the change in time, not at once.
        await scene.Cluster.UntilAsync(
            "b waits for its turn only",
            async () => (await scene.Web.RolloutAsync("again")).Member("status").Member("targets")[1].Member("current").Text("reason") == "ZoneWaitsTurn",
            scene.Web.DescribeAsync);
        var rollout = await scene.Web.RolloutAsync("again");
        Assert.That(rollout.Member("status").Text("progress"), Is.EqualTo("1/4"));
        Assert.That(rollout.Member("status").Member("current").Text("pod"), Is.EqualTo("a-0"));
        Assert.That(rollout.Member("status").Member("current").Text("target"), Is.EqualTo("a"));
        Assert.That((await scene.Set("b").SetAsync()).Member("spec").Member("template").Member("metadata").Member("annotations").ValueKind, Is.EqualTo(JsonValueKind.Undefined), "b's template waits for its turn too");

        await scene.Web.PatchRolloutAsync("again", new JsonObject { ["suspend"] = true });
        await scene.Web.UntilRolloutAsync("again", "Unknown", "Suspended");
        scene.Script.MayPass = (_, _) => true;
        await scene.Cluster.UntilAsync("both say that they are paused", async () => (await scene.Web.RolloutAsync("again")).Member("status").Member("targets").Items().All(each => each.Text("reason") == "Suspended"), scene.Web.DescribeAsync);
        await scene.Web.PatchRolloutAsync("again", new JsonObject { ["suspend"] = false });
        await scene.Web.UntilRolloutAsync("again", "True", "Completed");
    }

    [Test]
    public async Task A_cancel_with_revert_takes_back_the_one_that_is_under_way_and_those_that_had_ended_and_begins_no_other()
    {
        var update = Workload.Quick();
        update["steps"] = Steps(1, "100%");
        await using var scene = await GroupAsync(["a", "b", "c"], update, gates: Gates("BeforePod"));
        scene.Script.MayPass = (_, pod) => pod != "b-0";
        await AskAsync(scene, "all", Images("app:v2"));
        await scene.Web.UntilRolloutAsync("all", "Unknown", "AwaitingApproval");
        var (code, output, error) = await new CommandLine(scene.Cluster).RunAsync($"approve stsr/all --step 1 -n {scene.Namespace}");
        Assert.That(code, Is.Zero, output + error);
        await UntilAllAsync(scene, "v2 v2", "a");
        await UntilAllAsync(scene, "v1 v2", "b");

        await new CommandLine(scene.Cluster).RunAsync($"cancel stsr/all --revert -n {scene.Namespace}");
        await scene.Cluster.UntilAsync("it has ended", async () => Workload.Condition(await scene.Web.RolloutAsync("all"), "Finished").Status == "True", scene.Web.DescribeAsync);
        var ended = await scene.Web.RolloutAsync("all");
        Assert.That(Entries(ended).Select(each => each[..each.LastIndexOf(' ')]), Is.EqualTo(["a zone-a Completed", "b zone-b RolledBack", "c zone-c Cancelled"]));
        var back = ended.Member("status").Member("targets")[0].Text("revertedBy");
        Assert.That(Workload.Condition(ended, "Succeeded").Message, Does.EndWith($"a had ended and goes back by rollout {back}."));

        Assert.That((await new CommandLine(scene.Cluster).RunAsync($"explain stsr/all -n {scene.Namespace}")).Output, Does.Contain($"It goes back by rollout {back}."));

        // The one that had ended goes back by a rollout of its own, which waits for no approval of the steps.
        await scene.Web.UntilRolloutAsync(back, "True", "Completed");
        await UntilAllAsync(scene, "v1 v1", "a", "b", "c");
        Assert.That((await scene.Web.RolloutAsync(back)).Member("metadata").Member("annotations").Text("ordinal.dev/revert-of"), Is.EqualTo("all"));
        Assert.That(await scene.Web.RolloutsAsync(), Has.Count.EqualTo(2), "no other rollout was begun");
        foreach (var name in new[] { "a", "b", "c" })
        {
            await scene.Set(name).UntilHeldAsync();
        }
    }

    [Test]
    public async Task In_parallel_each_keeps_its_own_budget_and_one_status_tells_of_all()
    {
        var update = ByEviction();
        update["zoneStrategy"] = "Parallel";
        await using var scene = await GroupAsync(["a", "b"], update, gates: Gates("BeforePod"));
        scene.Script.MayPass = (_, pod) => !pod.EndsWith("-0", StringComparison.Ordinal);
        await AskAsync(scene, "all", Images("app:v2"));
        await UntilAllAsync(scene, "v1 v2", "a", "b");
        await scene.Cluster.UntilAsync("both wait for their gate", async () => (await scene.Web.RolloutAsync("all")).Member("status").Member("targets").Items().All(each => each.Member("current").Text("reason") == "EtcdQuorumWouldBreak"), scene.Web.DescribeAsync);
        scene.Script.MayPass = (_, _) => true;
        await scene.Web.UntilRolloutAsync("all", "True", "Completed");
        Assert.That(Entries(await scene.Web.RolloutAsync("all")), Is.EqualTo(["a zone-a Completed 2/2", "b zone-b Completed 2/2"]));
    }

    [TestCase(false, TestName = "One_on_which_the_server_fails_keeps_no_other_from_its_rollout")]
    [TestCase(true, TestName = "One_whose_template_the_server_fails_to_write_keeps_no_other_from_its_rollout")]
    public async Task One_fails(bool writesTemplate)
    {
        await using var cluster = await SimulatedCluster.StartAsync(Kind);
        HookedTransport? hooks = null;
        await using var running = new RunningOperator(cluster, inner => hooks = new HookedTransport(inner));
        var update = ByEviction();
        update["zoneStrategy"] = "Parallel";
        await using var scene = await GroupAsync(await Scene.EmptyAsync(cluster, new ScriptedGates()), ["a", "b"], update, "Manual");
        hooks!.BeforeWrite = request => request.Path == scene.Set("a").Path ? Task.FromException(new ApiException(ApiErrorKind.InternalError, "a webhook does not answer", 500)) : Task.CompletedTask;
        if (!writesTemplate)
        {
            await ChangeAllAsync(scene, "a", "b");
            await scene.Web.UntilPolicyAsync("Ready", "False", "DriftHeld");
        }

        await AskAsync(scene, "all", writesTemplate ? Images("app:v2") : new JsonObject { ["type"] = "Update" });
        await UntilAllAsync(scene, "v2 v2", "b");
        Assert.That(await ImagesAsync(scene, "a"), Is.EqualTo("v1 v1"));
        hooks.BeforeWrite = _ => Task.CompletedTask;
        await scene.Web.UntilRolloutAsync("all", "True", "Completed");
    }

    [Test]
    public async Task A_newer_request_takes_one_of_them_over_and_the_others_go_on()
    {
        await using var scene = await GroupAsync(["a", "b", "c"], gates: Gates("BeforePod"));
        scene.Script.MayPass = (_, pod) => pod != "a-0";
        await AskAsync(scene, "all", Images("app:v2"));
        await UntilAllAsync(scene, "v1 v2", "a");

        // Ages have whole seconds.
        await Task.Delay(TimeSpan.FromSeconds(1.1), TimeProvider.System);
        await AskAsync(scene, "b-only", Images("app:v3", "b"));
        await scene.Cluster.UntilAsync("b is taken over", async () => (await scene.Web.RolloutAsync("all")).Member("status").Member("targets")[1].Text("state") == "Superseded", scene.Web.DescribeAsync);
        scene.Script.MayPass = (_, _) => true;
        await scene.Web.UntilRolloutAsync("all", "False", "Superseded");
        await scene.Web.UntilRolloutAsync("b-only", "True", "Completed");
        await UntilAllAsync(scene, "v2 v2", "a", "c");
        await UntilAllAsync(scene, "v3 v3", "b");
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
    }

    [Test]
    public async Task A_deleted_request_halts_all_before_it_goes()
    {
        await using var scene = await GroupAsync(["a", "b"], trigger: "Manual", gates: Gates("BeforePod"));
        scene.Script.MayPass = (_, pod) => pod != "a-0";
        await AskAsync(scene, "all", Images("app:v2"));
        await UntilAllAsync(scene, "v1 v2", "a");
        await scene.Web.DeleteRolloutAsync("all");
        await scene.Cluster.UntilAsync("it is gone", async () => (await scene.Web.RolloutAsync("all")).ValueKind is JsonValueKind.Undefined, scene.Web.DescribeAsync);
        foreach (var name in new[] { "a", "b" })
        {
            await scene.Set(name).UntilHeldAsync();
            Assert.That((await scene.Set(name).SetAsync()).Member("metadata").Member("annotations").Text("ordinal.dev/held-by"), Is.Empty);
        }

        Assert.That(await ImagesAsync(scene, "b"), Is.EqualTo("v1 v1"));
        Assert.That((await scene.Set("b").SetAsync()).Member("spec").Member("template").Member("spec").Member("containers")[0].Text("image"), Is.EqualTo("app:v1"));
    }

    [Test]
    public async Task Stock_kubectl_asks_pauses_waits_and_shows_the_sum()
    {
        await using var scene = await GroupAsync(["a", "b"], gates: Gates("BeforePod"));
        scene.Script.MayPass = (_, pod) => pod != "b-0";
        var folder = Directory.CreateTempSubdirectory("ordinal-group-").FullName;
        try
        {
            var kubectl = new Kubectl(folder, scene.Cluster.KubeconfigPath);
            await kubectl.RunAsync($"apply -n {scene.Namespace} -f -", """
                {"apiVersion":"ordinal.dev/v1alpha1","kind":"StatefulSetRollout","metadata":{"name":"all"},"spec":{"policyRef":{"name":"web"},"type":"Restart","targets":["b","a"]}}
                """);
            await scene.Cluster.UntilAsync(
                "b waits for its gate",
                async () => System.Text.RegularExpressions.Regex.IsMatch(await kubectl.RunAsync($"get stsr all -n {scene.Namespace}"), "all +web +Restart +3/4 +b-0 +GateWaiting"),
                scene.Web.DescribeAsync);
            await kubectl.RunAsync($"patch stsr all -n {scene.Namespace} --type=merge -p {{\"spec\":{{\"suspend\":true}}}}");
            await kubectl.RunAsync($"wait stsr/all -n {scene.Namespace} --for=condition=Paused --timeout=170s");
            scene.Script.MayPass = (_, _) => true;
            await kubectl.RunAsync($"patch stsr all -n {scene.Namespace} --type=merge -p {{\"spec\":{{\"suspend\":false}}}}");
            await kubectl.RunAsync($"wait stsr/all -n {scene.Namespace} --for=condition=Finished --timeout=170s");
            Assert.That(await kubectl.RunAsync($"get stsr all -n {scene.Namespace}"), Does.Match(@"all +web +Restart +4/4 +Completed"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task AskAsync(Scene scene, string name, JsonObject spec)
    {
        spec["policyRef"] = new JsonObject { ["name"] = "web" };
        return scene.Web.CreateRolloutAsync(name, spec);
    }

    private static JsonObject Images(string image, params string[] targets)
    {
        var spec = new JsonObject { ["type"] = "Update", ["update"] = new JsonObject { ["images"] = new JsonArray(new JsonObject { ["container"] = "c", ["image"] = image }) } };
        if (targets.Length > 0)
        {
            spec["targets"] = new JsonArray([.. targets.Select(each => JsonValue.Create(each))]);
        }

        return spec;
    }

    /// <summary>Each StatefulSet of a rollout: name, zone, state, and how many of its pods are updated.</summary>
    private static IEnumerable<string> Entries(JsonElement rollout) => rollout.Member("status").Member("targets").Items()
        .Select(each => $"{each.Text("name")} {each.Text("zone")} {each.Text("state")} {each.Member("counts").WholeNumber("updated")}/{each.Member("counts").WholeNumber("total")}");
}

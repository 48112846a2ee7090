using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Operating;

/// <summary>What people and pipelines ask for: images, restarts, going back, guards, and what becomes of two requests at once.</summary>
[TestFixtureSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
public sealed class RequestTests(ClusterKind kind)
{
    private const string RestartedAt = "kubectl.kubernetes.io/restartedAt";

    [Test]
    public async Task An_update_with_images_writes_them_and_rolls_behind_the_hold()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = await HeldAsync(cluster);
        await using var running = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await using var witness = await PodWitness.StartAsync(cluster.Api, "web", 3);

        var (code, output, error) = await new CommandLine(cluster).RunAsync("start update web --image c=registry:5000/app@sha256:abc=1 --reason CHG-20413-Überprüfung-✔ --wait --timeout 170s");
        Assert.That(code, Is.Zero, error + output + await web.DescribeAsync());

        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("registry:5000/app@sha256:abc=1"));
        Assert.That(await witness.GoneAsync(), Is.EqualTo(["web-2", "web-1", "web-0"]));
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
        await web.UntilHeldAsync();
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        var rollouts = await web.RolloutsAsync();
        Assert.That(rollouts, Has.Count.EqualTo(1), "the request's own template change starts no second rollout");
        Assert.That(rollouts[0].Member("spec").Text("reason"), Is.EqualTo("CHG-20413-Überprüfung-✔"));
        await web.UntilUnclaimedAsync();
        Assert.That((await new CommandLine(cluster).RunAsync("history web")).Output, Does.Contain("CHG-20413-Überprüfung-✔"));
    }

    [Test]
    public async Task A_request_that_cannot_be_is_refused_and_the_template_stays()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = await HeldAsync(cluster);
        await using var running = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        var before = (await web.SetAsync()).Member("metadata").WholeNumber("generation");

        await RefusedAsync("unknown-container", Images("other", "app:v2"), "RequestImpossible", "StatefulSet default/web has no container other; its containers are c");
        await RefusedAsync("unknown-revision", new JsonObject { ["type"] = "Rollback", ["rollback"] = new JsonObject { ["revisions"] = Revisions("web-0000000000") } }, "RevisionUnknown", "StatefulSet default/web has no ControllerRevision web-0000000000; it has web-");
        await RefusedAsync("no-previous", new JsonObject { ["type"] = "Rollback", ["rollback"] = new JsonObject() }, "RevisionUnknown", "StatefulSet default/web has no revision before web-");
        await RefusedAsync("guarded", new JsonObject { ["type"] = "Update", ["update"] = new JsonObject { ["revisions"] = Revisions("web-0000000000") } }, "RevisionNotExpected", "update.revisions expects web-0000000000");
        await RefusedAsync("stranger", new JsonObject { ["type"] = "Restart", ["targets"] = new JsonArray("db") }, "TargetsMissing", "StatefulSet default/db is no target of RolloutPolicy web");
        var marked = await cluster.PatchAsync(web.Path, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["argocd.argoproj.io/tracking-id"] = "shop:apps/StatefulSet:default/web" } } });
        await cluster.UntilSeenAsync(web.Path, marked);
        await RefusedAsync("beside-git", Images("c", "app:v2"), "GitOwnsTemplate", "Argo CD (annotation argocd.argoproj.io/tracking-id) owns the template");

        Assert.That((await web.SetAsync()).Member("metadata").WholeNumber("generation"), Is.EqualTo(before), "no template was written");
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");

        async Task RefusedAsync(string name, JsonObject spec, string reason, string words)
        {
            await AskAsync(web, name, spec);
            await web.UntilRolloutAsync(name, "False", reason);
            Assert.That(Workload.Condition(await web.RolloutAsync(name), "Finished").Message, Does.Contain(words));
        }
    }

    [Test]
    public async Task A_restart_is_what_kubectl_writes_and_goes_through_the_gates()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = await HeldAsync(cluster);
        await using var running = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await using var witness = await PodWitness.StartAsync(cluster.Api, "web", 3);

        await AskAsync(web, "again", new JsonObject { ["type"] = "Restart" });
        await web.UntilRolloutAsync("again", "True", "Completed");

        var rollout = await web.RolloutAsync("again");
        Assert.That(TemplateOf(await web.SetAsync()).Member("metadata").Member("annotations").Text(RestartedAt), Is.EqualTo(rollout.Member("metadata").Text("creationTimestamp")));
        Assert.That(await witness.GoneAsync(), Is.EqualTo(["web-2", "web-1", "web-0"]));
        Assert.That((await witness.IncarnationsAsync()).Values, Is.All.EqualTo(2));
        Assert.That(await web.RolloutsAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task U31_A_restart_by_kubectl_is_recognised_and_goes_through_the_gates()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = await HeldAsync(cluster);
        await using var running = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await using var witness = await PodWitness.StartAsync(cluster.Api, "web", 3);
        var mark = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

        await cluster.PatchAsync(web.Path, new JsonObject { ["spec"] = new JsonObject { ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [RestartedAt] = mark } } } } }, "kubectl-rollout");
        await web.UntilRolloutAsync("True", "Completed");

        var rollout = (await web.RolloutsAsync()).Single();
        Assert.That(rollout.Member("spec").Text("type"), Is.EqualTo("Restart"));
        Assert.That(rollout.Member("metadata").Member("labels").Text("ordinal.dev/type"), Is.EqualTo("Restart"));
        Assert.That(TemplateOf(await web.SetAsync()).Member("metadata").Member("annotations").Text(RestartedAt), Is.EqualTo(mark), "the annotation is not touched");
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
        Assert.That((await witness.IncarnationsAsync()).Values, Is.All.EqualTo(2));
    }

    [Test]
    public async Task A_rollback_goes_to_the_previous_revision_or_to_the_one_that_is_named()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = await HeldAsync(cluster);
        await using var running = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        var first = (await web.SetAsync()).Member("status").Text("updateRevision");
        foreach (var image in new[] { "app:v2", "app:v3" })
        {
            await web.ChangeTemplateAsync(image);
            await cluster.UntilAsync($"all pods run {image}", async () => (await web.PodsAsync()).Values.All(pod => pod.Image == image), web.DescribeAsync);
            await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        }

        await AskAsync(web, "back", new JsonObject { ["type"] = "Rollback", ["rollback"] = new JsonObject() });
        await web.UntilRolloutAsync("back", "True", "Completed");
        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v2"));
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");

        var (code, output, error) = await new CommandLine(cluster).RunAsync($"start rollback web --to-revision {first} --wait --timeout 170s");
        Assert.That(code, Is.Zero, error + output);
        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v1"));
        Assert.That((await web.SetAsync()).Member("status").Text("currentRevision"), Is.EqualTo(first), "the revision's name is as before");
        Assert.That(await web.RolloutsAsync(), Has.Count.EqualTo(4), "two changes, two requests, and nothing on top of them");
    }

    [Test]
    public async Task A_way_back_leaves_a_template_alone_that_is_newer_than_the_one_it_was_made_for()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = await HeldAsync(cluster);
        await using var running = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        var first = (await web.SetAsync()).Member("status").Text("updateRevision");
        await web.ChangeTemplateAsync("app:v2");
        await web.UntilRolloutAsync("True", "Completed");
        var second = (await web.SetAsync()).Member("status").Text("updateRevision");

        // As the operator makes it for a group that was cancelled with Revert; the template has changed while it waited.
        await BackAsync("late", "web-0000000000");
        await web.UntilRolloutAsync("late", "False", "Superseded");
        Assert.That(Workload.Condition(await web.RolloutAsync("late"), "Finished").Message, Does.Contain($"its template is that of {second} by now").And.Contain("the newer template is left alone"));
        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v2"));
        Assert.That((await web.SetAsync()).Member("status").Text("updateRevision"), Is.EqualTo(second));

        await BackAsync("in-time", second);
        await web.UntilRolloutAsync("in-time", "True", "Completed");
        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v1"));

        Task BackAsync(string name, string expected) => web.CreateRolloutAsync(
            name,
            new JsonObject { ["policyRef"] = new JsonObject { ["name"] = "web" }, ["type"] = "Rollback", ["rollback"] = new JsonObject { ["revisions"] = Revisions(first) } },
            new JsonObject { ["ordinal.dev/expect-revisions"] = $"web={expected}" });
    }

    [Test]
    public async Task U05_An_undo_in_mid_rollout_is_recognised_as_a_rollback_and_brings_the_updated_pods_back()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = await HeldAsync(cluster, replicas: 5);
        await using var running = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        var before = await web.PodsAsync();
        var revision = (await web.SetAsync()).Member("status").Text("updateRevision");

        // A revision's age has whole seconds.
        await Task.Delay(TimeSpan.FromSeconds(1.1), TimeProvider.System);
        await web.ChangeTemplateAsync("app:v2", new JsonObject { ["sim.ordinal.dev/fail"] = "ImagePullBackOff" });
        await cluster.UntilAsync("the first pod is released", async () => (await web.PodsAsync()).Values.Any(pod => pod.Image == "app:v2"), web.DescribeAsync);
        await cluster.PatchAsync(web.Path, new JsonObject { ["spec"] = new JsonObject { ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = null }, ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = "app:v1" }) } } } });

        await cluster.UntilAsync("a rollback has brought it back", async () => (await web.RolloutsAsync()).Any(each => each.Member("spec").Text("type") == "Rollback" && Workload.Condition(each, "Succeeded") is ("True", _, _)), web.DescribeAsync);
        var after = await web.PodsAsync();
        Assert.That(after.Values.Select(pod => pod.Image), Is.All.EqualTo("app:v1"));
        Assert.That(before.Where(pod => pod.Key != "web-4").All(pod => after[pod.Key].Uid == pod.Value.Uid), "the others were not touched");
        Assert.That((await web.SetAsync()).Member("status").Text("updateRevision"), Is.EqualTo(revision), "the revision's name is as before");
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
    }

    [Test]
    public async Task An_operator_that_is_killed_at_every_write_of_a_request_writes_the_template_once()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = await HeldAsync(cluster);
        await using (new RunningOperator(cluster))
        {
            await web.UntilPolicyAsync("Ready", "True", "UpToDate");
            await web.ChangeTemplateAsync("app:v2");
            await web.UntilRolloutAsync("True", "Completed");
        }

        await AskAsync(web, "back", new JsonObject { ["type"] = "Rollback", ["rollback"] = new JsonObject() });
        for (var lives = 0; Workload.Condition(await web.RolloutAsync("back"), "Succeeded").Status != "True"; lives++)
        {
            Assert.That(lives, Is.LessThan(100), await web.DescribeAsync());
            DyingTransport? transport = null;
            var (death, atWrite) = ((Death)(lives / 2 % 2), 1 + (lives % 2));
            await using (new RunningOperator(cluster, inner => transport = new DyingTransport(inner, death, atWrite)))
            {
                await cluster.UntilAsync("the operator has died", () => Task.FromResult(transport!.Died.Task.IsCompleted), web.DescribeAsync);
            }
        }

        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v1"), "back once, not forth again");
    }

    [TestCase("OneAtATime")]
    [TestCase("Parallel")]
    public async Task An_operator_that_is_killed_at_every_write_of_a_request_over_two_sets_disrupts_each_pod_once(string zones)
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var sets = new[] { new Workload(cluster, "a"), new Workload(cluster, "b") };
        foreach (var (set, name) in sets.Zip(new[] { "a", "b" }))
        {
            await set.CreateAsync(2, change: document => document["spec"]!["template"]!["metadata"]!["labels"] = new JsonObject { ["app"] = name, ["group"] = "ring" });
        }

        var update = Workload.Quick("OnDelete");
        update["zoneStrategy"] = zones;
        await sets[0].AddPolicyAsync("a", new JsonObject { ["targets"] = new JsonObject { ["statefulSets"] = new JsonArray(new JsonObject { ["name"] = "a" }, new JsonObject { ["name"] = "b" }) }, ["update"] = update });
        await using (new RunningOperator(cluster))
        {
            await sets[0].UntilPolicyAsync("Ready", "True", "UpToDate");
        }

        await using var witnessOfA = await PodWitness.StartAsync(cluster.Api, "a", 2);
        await using var witnessOfB = await PodWitness.StartAsync(cluster.Api, "b", 2);
        await AskAsync(sets[0], "both", new JsonObject { ["type"] = "Restart" });
        var lives = 0;
        while (Workload.Condition(await sets[0].RolloutAsync("both"), "Succeeded").Status != "True")
        {
            Assert.That(++lives, Is.LessThan(150), await sets[0].DescribeAsync());
            DyingTransport? transport = null;
            var (death, atWrite) = ((Death)(lives / 2 % 2), 1 + (lives % 2));
            await using (new RunningOperator(cluster, inner => transport = new DyingTransport(inner, death, atWrite)))
            {
                await cluster.UntilAsync("the operator has died", () => Task.FromResult(transport!.Died.Task.IsCompleted), sets[0].DescribeAsync);
            }
        }

        Assert.That(lives, Is.GreaterThan(8), "it was killed more than once a pod");
        Assert.That(await sets[0].RolloutsAsync(), Has.Count.EqualTo(1));
        Assert.That((await witnessOfA.IncarnationsAsync()).Values.Concat((await witnessOfB.IncarnationsAsync()).Values), Is.All.EqualTo(2), "each pod was replaced exactly once");
        Assert.That(await witnessOfA.MostAwayAsync(), Is.EqualTo(1));
        Assert.That(await witnessOfB.MostAwayAsync(), Is.EqualTo(1));
        foreach (var set in sets)
        {
            Assert.That((await set.SetAsync()).Member("metadata").WholeNumber("generation"), Is.LessThanOrEqualTo(6), "adopted, the template once, OnDelete and the hold");
        }
    }

    [TestCase("Replace")]
    [TestCase("Queue")]
    [TestCase("Forbid")]
    public async Task Of_two_requests_at_once_the_policy_decides(string concurrency)
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = await HeldAsync(cluster);
        await using var running = new RunningOperator(cluster);
        await web.PatchPolicyAsync(new JsonObject { ["concurrencyPolicy"] = concurrency });
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await web.ChangeTemplateAsync("app:v2", new JsonObject { ["sim.ordinal.dev/fail"] = "NeverReady" });
        await cluster.UntilAsync("the first pod is released", async () => (await web.PodsAsync()).Values.Any(pod => pod.Image == "app:v2"), web.DescribeAsync);
        var first = (await web.RolloutsAsync()).Single().Member("metadata").Text("name");

        // Ages have whole seconds.
        await Task.Delay(TimeSpan.FromSeconds(1.1), TimeProvider.System);
        await AskAsync(web, "nonsense", Images("other", "app:v3"));
        await web.UntilRolloutAsync("nonsense", "False", concurrency == "Forbid" ? "Forbidden" : "RequestImpossible");
        Assert.That(Workload.Condition(await web.RolloutAsync(first), "Finished").Status, Is.EqualTo("False"), "a request that is refused ends nothing");
        await AskAsync(web, "second", Images("c", "app:v3"));

        switch (concurrency)
        {
            case "Forbid":
                await web.UntilRolloutAsync("second", "False", "Forbidden");
                Assert.That(Workload.Condition(await web.RolloutAsync("second"), "Finished").Message, Does.Contain($"rollout {first} is under way"));
                Assert.That(Workload.Condition(await web.RolloutAsync(first), "Finished").Status, Is.EqualTo("False"));
                break;
            case "Queue":
                await cluster.UntilAsync("it waits", async () => Workload.Condition(await web.RolloutAsync("second"), "Succeeded") is ("Unknown", "Queued", var message) && message.Contains($"waits for the end of rollout {first}", StringComparison.Ordinal), web.DescribeAsync);
                await web.PatchRolloutAsync(first, new JsonObject { ["cancel"] = "Halt" });
                await web.UntilRolloutAsync(first, "False", "Cancelled");
                await cluster.UntilAsync("the second has written its template", async () => TemplateOf(await web.SetAsync()).Member("spec").Member("containers")[0].Text("image") == "app:v3", web.DescribeAsync);
                break;
            default:
                await web.UntilRolloutAsync(first, "False", "Superseded");
                Assert.That(Workload.Condition(await web.RolloutAsync(first), "Finished").Message, Does.Contain("second"));
                await cluster.UntilAsync("the second has written its template", async () => TemplateOf(await web.SetAsync()).Member("spec").Member("containers")[0].Text("image") == "app:v3", web.DescribeAsync);
                break;
        }
    }

    [Test]
    public async Task A_policy_that_turns_invalid_in_mid_rollout_holds_and_says_so()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = await HeldAsync(cluster);
        await using var running = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await web.ChangeTemplateAsync("app:v2", new JsonObject { ["sim.ordinal.dev/fail"] = "NeverReady" });
        await cluster.UntilAsync("the first pod is released", async () => (await web.PodsAsync()).Values.Any(pod => pod.Image == "app:v2"), web.DescribeAsync);

        // LeaderLast without a gate that knows the leader: the schema cannot tell.
        await web.PatchPolicyAsync(new JsonObject { ["update"] = new JsonObject { ["podOrder"] = "LeaderLast" } });
        await web.UntilPolicyAsync("Ready", "False", "InvalidPolicy");
        await cluster.UntilAsync("the rollout is stalled", async () => Workload.Condition((await web.RolloutsAsync()).Single(), "Stalled") is ("True", "InvalidPolicy", _), web.DescribeAsync);
        Assert.That(Workload.Condition((await web.RolloutsAsync()).Single(), "Stalled").Message, Does.Contain("podOrder is LeaderLast, but no gate can tell which pod leads"));
        Assert.That((await new CommandLine(cluster).RunAsync("explain web")).Output, Does.StartWith("NEEDS YOU").And.Contain("Correct the field that the message names."));
        Assert.That((await web.PodsAsync()).Values.Count(pod => pod.Image == "app:v2"), Is.EqualTo(1));

        await web.PatchPolicyAsync(new JsonObject { ["update"] = new JsonObject { ["podOrder"] = "OrdinalDescending" } });
        await cluster.UntilAsync("it goes on", async () => Workload.Condition((await web.RolloutsAsync()).Single(), "Stalled").Status == "False", web.DescribeAsync);
    }

    [Test]
    public async Task Finished_rollouts_go_when_their_time_is_over_and_when_there_are_too_many()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = await HeldAsync(cluster);
        await using var running = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await web.PatchPolicyAsync(new JsonObject { ["history"] = new JsonObject { ["successful"] = 1, ["failed"] = 1 } });

        await AskAsync(web, "short-lived", new JsonObject { ["type"] = "Update", ["ttlSecondsAfterFinished"] = 1 });
        await cluster.UntilAsync("it has gone", async () => (await web.RolloutAsync("short-lived")).ValueKind is JsonValueKind.Undefined, web.DescribeAsync);
        foreach (var name in new[] { "bad-1", "bad-2", "bad-3" })
        {
            await AskAsync(web, name, Images("other", "app:v2"));
            await cluster.UntilAsync($"{name} has ended", async () => (await web.RolloutsAsync()).Any(each => Workload.Condition(each, "Finished").Status == "True" && each.Member("metadata").Text("name") == name), web.DescribeAsync);
            await Task.Delay(TimeSpan.FromSeconds(1.1), TimeProvider.System);
        }

        await cluster.UntilAsync("only the newest is left", async () => (await web.RolloutsAsync()).Select(each => each.Member("metadata").Text("name")).SequenceEqual(["bad-3"]), web.DescribeAsync);
    }

    [Test]
    public async Task The_longest_names_and_words_in_any_script_are_rolled_like_all_others()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var name = "web-" + new string('x', 48);
        var web = new Workload(cluster, name);
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using var running = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");

        await web.ChangeTemplateAsync("app:v2");
        await web.UntilRolloutAsync("True", "Completed");
        Assert.That((await web.RolloutsAsync()).Single().Member("metadata").Text("name"), Has.Length.LessThanOrEqualTo(63));
        var reason = string.Concat(Enumerable.Repeat("漢字 עברית 👩‍🚀 ", 90))[..999];
        await AskAsync(web, new string('r', 63), new JsonObject { ["type"] = "Restart", ["reason"] = reason });
        await web.UntilRolloutAsync(new string('r', 63), "True", "Completed");
        Assert.That((await web.RolloutAsync(new string('r', 63))).Member("spec").Text("reason"), Is.EqualTo(reason));
    }

    private static async Task<Workload> HeldAsync(SimulatedCluster cluster, int replicas = 3)
    {
        var web = new Workload(cluster, "web");
        await web.CreateAsync(replicas);
        await web.AddPolicyAsync();
        return web;
    }

    private static Task AskAsync(Workload web, string name, JsonObject spec)
    {
        spec["policyRef"] = new JsonObject { ["name"] = web.Path.Split('/')[^1] };
        return web.CreateRolloutAsync(name, spec);
    }

    private static JsonObject Images(string container, string image) => new()
    {
        ["type"] = "Update",
        ["update"] = new JsonObject { ["images"] = new JsonArray(new JsonObject { ["container"] = container, ["image"] = image }) },
    };

    private static JsonArray Revisions(string revision) => [new JsonObject { ["target"] = "web", ["revision"] = revision }];

    private static JsonElement TemplateOf(JsonElement set) => set.Member("spec").Member("template");
}

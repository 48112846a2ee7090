using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Operating;
using Ordinal.Runtime.Client;
using Ordinal.TestSupport;

namespace Ordinal.Integration.Scenarios;

/// <summary>What the operator makes of the traps: what they are is a rule of the conformance suite each, on every cluster.</summary>
public sealed class TrapScenarios(ClusterKind kind) : ScenarioTests(kind)
{
    [Test]
    public async Task T1_OnDelete_is_refused_while_a_manifest_declares_the_type()
    {
        await using var scene = await EmptySceneAsync();
        await scene.Web.CreateAsync();
        await scene.Cluster.Api.SendAsync(
            new ApiRequest("PATCH", $"{scene.Web.Path}?fieldManager=gitops&force=true")
            {
                ContentType = "application/apply-patch+yaml",
                Body = System.Text.Encoding.UTF8.GetBytes("""{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web"},"spec":{"updateStrategy":{"type":"RollingUpdate"}}}"""),
            },
            CancellationToken.None);
        await scene.Web.AddPolicyAsync(ByEviction());
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
        var before = await scene.Web.PodsAsync();

        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilRolloutAsync("False", "PreflightFailed");
        Assert.That(Workload.Condition((await scene.Web.RolloutsAsync())[0], "Finished").Message, Does.Contain("gitops declares spec.updateStrategy.type").And.Contain("driver Partition"));
        Assert.That(await scene.Web.PodsAsync(), Is.EqualTo(before));
        Assert.That((await scene.Web.SetAsync()).Member("spec").Member("updateStrategy").Text("type"), Is.EqualTo("RollingUpdate"));
    }

    [Test]
    public async Task T13_Once_the_new_revision_is_current_a_revert_takes_no_pod_back_and_says_so()
    {
        await using var scene = await SceneAsync(gates: Gates("AfterRollout"));
        scene.Script.MayPass = (phase, _) => phase is not GatePhase.AfterRollout;
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.UntilImagesAsync("v2 v2 v2");
        await scene.Cluster.UntilAsync("the new revision is current", async () => (await scene.Web.SetAsync()).Member("status") is var status && status.Text("currentRevision") == status.Text("updateRevision"), scene.Web.DescribeAsync);
        var before = await scene.Web.PodsAsync();

        await scene.Web.PatchRolloutAsync(await LastRolloutAsync(scene), new JsonObject { ["cancel"] = "Revert" });
        await scene.Cluster.UntilAsync("it has ended", async () => Workload.Condition((await scene.Web.RolloutsAsync())[^1], "Finished").Status == "True", scene.Web.DescribeAsync);
        Assert.That(await scene.Web.PodsAsync(), Is.EqualTo(before));
        Assert.That(Workload.Condition((await scene.Web.RolloutsAsync())[^1], "Succeeded").Message, Does.Contain("current"));
        await scene.Web.UntilHeldAsync();
    }

    [Test]
    public async Task T14_From_half_an_OnDelete_run_the_hold_brings_pods_back_at_the_old_revision()
    {
        await using var scene = await SceneAsync(update: ByEviction(), management: "Parallel");
        await scene.Web.ChangeTemplateAsync("app:v2", new JsonObject { ["sim.ordinal.dev/ready-delay"] = "10m" });
        await scene.UntilImagesAsync("v1 v1 v2");
        await scene.ScriptPodAsync("web-2", "ready-delay", "1ms");
        await scene.UntilImagesAsync("v1 v2 v2");
        var lowest = await scene.UidAsync("web-0");

        await scene.Web.PatchRolloutAsync(await LastRolloutAsync(scene), new JsonObject { ["cancel"] = "Halt" });
        await scene.Web.UntilRolloutAsync("False", "Cancelled");
        await scene.Web.UntilHeldAsync();
        await scene.Cluster.UntilAsync(
            "the built-in controller knows of the hold",
            async () => await scene.Web.SetAsync() is var set && set.Member("status").WholeNumber("observedGeneration") == set.Member("metadata").WholeNumber("generation"),
            scene.Web.DescribeAsync);
        await scene.Cluster.DeleteAsync($"{scene.Web.Pods}/web-1");
        await scene.UntilImagesAsync("v1 v1 v2");
        Assert.That(await scene.UidAsync("web-0"), Is.EqualTo(lowest));
    }

    [Test]
    public async Task T15_Under_Native_a_lost_pod_comes_back_though_another_ones_gate_is_shut()
    {
        await using var scene = await NativeAsync();
        scene.Script.MayPass = (_, pod) => pod != "web-2";
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.UntilImagesAsync("v1 v1 v2");
        await scene.Cluster.UntilAsync("web-2 is asked about", () => Task.FromResult(scene.Script.Asked.Contains((GatePhase.AfterPod, "web-2"))), scene.Web.DescribeAsync);
        var lost = await scene.UidAsync("web-0");

        await scene.Cluster.DeleteAsync($"{scene.Web.Pods}/web-0");
        await scene.Cluster.UntilAsync("web-0 is made anew", async () => await scene.UidAsync("web-0") is { Length: > 0 } uid && uid != lost, scene.Web.DescribeAsync);
        await scene.UntilReadyAsync("web-0", true);
        scene.Script.MayPass = (_, _) => true;
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v2 v2 v2"));
    }

    [Test]
    public async Task U08_Under_Native_a_crashing_old_pod_is_replaced_while_the_gate_keeps_the_next_one()
    {
        await using var scene = await NativeAsync("BeforePod");
        foreach (var (script, value) in new[] { ("crash-after", "100ms"), ("back-off", "100ms"), ("fail", "CrashLoopBackOff") })
        {
            await scene.ScriptPodAsync("web-0", script, value);
        }

        await scene.UntilReadyAsync("web-0", false);
        var next = await scene.UidAsync("web-1");
        scene.Script.MayPass = (phase, pod) => phase is not GatePhase.BeforePod || pod != "web-1";

        // The built-in controller takes web-2 by itself, would take web-1 next, and comes to web-0 last.
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.UntilImagesAsync("v2 v1 v2");
        await scene.UntilReadyAsync("web-0", true);
        Assert.That(await scene.UidAsync("web-1"), Is.EqualTo(next));
        scene.Script.MayPass = (_, _) => true;
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v2 v2 v2"));
    }

    [Test]
    public async Task T15_Under_a_wrong_policy_an_orphaned_claim_is_given_back_and_a_lost_pod_becomes_ready()
    {
        await using var scene = await NativeAsync();
        await scene.Web.PatchPolicyAsync(new JsonObject
        {
            ["windows"] = new JsonObject { ["timeZone"] = "Nowhere/City", ["allow"] = new JsonArray(new JsonObject { ["start"] = "00:00", ["duration"] = "24h" }) },
        });
        await scene.Web.UntilPolicyAsync("Ready", "False", "InvalidPolicy");

        // As a rollout leaves it whose finalizer somebody took off: while there is a claim, no gate is opened but by its rollout.
        await scene.Cluster.PatchAsync(scene.Web.Path, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["ordinal.dev/held-by"] = "a-policy/a-rollout-that-is-gone" } } });
        await scene.Web.UntilUnclaimedAsync();

        var lost = await scene.UidAsync("web-0");
        await scene.Cluster.DeleteAsync($"{scene.Web.Pods}/web-0");
        await scene.Cluster.UntilAsync("web-0 is made anew", async () => await scene.UidAsync("web-0") is { Length: > 0 } uid && uid != lost, scene.Web.DescribeAsync);
        await scene.UntilReadyAsync("web-0", true);
    }

    [Test]
    public async Task T16_Native_under_OrderedReady_is_refused_and_what_waits_is_held_until_the_driver_is_another()
    {
        await using var scene = await EmptySceneAsync();
        await using var witness = await scene.WitnessAsync(3);
        await scene.Web.CreateAsync();
        await scene.Web.AddPolicyAsync(Workload.Quick("Native"));
        await scene.Web.UntilPolicyAsync("Ready", "False", "NativeMisconfigured");
        Assert.That(Workload.Condition(await scene.Web.PolicyAsync(), "Stalled").Message, Does.Contain("podManagementPolicy is OrderedReady").And.Contain("driver Partition").And.Contain("Until then it is held"), "told before any change");
        await scene.Web.UntilHeldAsync();

        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.CreateRolloutAsync("now", new JsonObject { ["policyRef"] = new JsonObject { ["name"] = "web" }, ["type"] = "Update" });
        await scene.Web.UntilRolloutAsync("now", "False", "PreflightFailed");
        Assert.That(Workload.Condition(await scene.Web.RolloutAsync("now"), "Succeeded").Message, Does.Contain("podManagementPolicy is OrderedReady").And.Contain("driver Partition"));
        Assert.That(await witness.GoneAsync(), Is.Empty, "nothing rolled by itself");

        await scene.Web.PatchPolicyAsync(new JsonObject { ["update"] = new JsonObject { ["driver"] = "Partition" } });
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
        Assert.That(await scene.ImagesAsync(), Is.EqualTo("v2 v2 v2"), "what waited rolls by itself");
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
    }

    [TestCase(true, TestName = "T22_A_replace_without_a_strategy_is_held_again_and_its_change_is_rolled_gated")]
    [TestCase(false, TestName = "T22_A_replace_that_takes_the_operators_annotations_off_too_is_held_again_and_the_original_is_not_lost")]
    public async Task Replaced(bool keepsAnnotations)
    {
        await using var scene = await SceneAsync(3, gates: Gates("BeforePod"));
        scene.Script.MayPass = (phase, _) => phase is not GatePhase.BeforePod;
        await using var witness = await scene.WitnessAsync(3);
        await ReplaceAsync(scene, keepsAnnotations, "app:v2");

        // The partition is 0 now, and the built-in controller is as fast as we are: it may have taken one pod.
        await scene.Web.UntilHeldAsync();
        await scene.Cluster.UntilAsync(
            "the gate is asked",
            async () =>
            {
                // The gate is asked when nobody is away.
                foreach (var (pod, _) in (await scene.Web.PodsAsync()).Where(pod => pod.Value.Image == "app:v2"))
                {
                    await scene.ScriptPodAsync(pod, "ready-delay", "1ms");
                }

                return scene.Script.Asked.Any(each => each.Phase is GatePhase.BeforePod && each.Pod.Length > 0);
            },
            scene.Web.DescribeAsync);
        Assert.That(await witness.GoneAsync(), Has.Count.LessThanOrEqualTo(1));
        scene.Script.MayPass = (_, _) => true;
        await scene.Web.LetUpAsync("app:v2", "web-2", "web-1", "web-0");
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));

        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await scene.Web.DeletePolicyAsync();
        await scene.Cluster.UntilAsync("the policy is gone", async () => (await scene.Web.PolicyAsync()).ValueKind is System.Text.Json.JsonValueKind.Undefined, scene.Web.DescribeAsync);
        Assert.That(await scene.Web.PartitionAsync(), Is.Zero, "what was there before the adoption is given back");
    }

    [Test]
    public async Task T22_A_replace_in_mid_rollout_takes_the_claim_off_too_and_hold_and_rollout_go_on()
    {
        var update = Workload.Quick();
        update["steps"] = Steps(1, "100%");
        await using var scene = await SceneAsync(3, update);
        await scene.Web.ChangeTemplateAsync("app:v2", Workload.Slow());
        await scene.Web.LetUpAsync("app:v2", "web-2");
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        await using var witness = await scene.WitnessAsync(3);

        await ReplaceAsync(scene, keepsAnnotations: false, "app:v2");
        await scene.Web.UntilHeldAsync();
        Assert.That(await witness.GoneAsync(), Has.Count.LessThanOrEqualTo(1));
        await scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        await ApproveAsync(scene, 1);
        await scene.Web.LetUpAsync("app:v2", "web-1", "web-0");
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
        Assert.That(await scene.Web.RolloutsAsync(), Has.Count.EqualTo(1));
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
        Assert.That((await scene.Web.SetAsync()).Member("metadata").Member("annotations").Text("ordinal.dev/original-strategy"), Does.Not.Contain("1000000000").And.Not.Contain("999999999"), "the hold is not taken for what was there before");
    }

    [Test]
    public async Task T24_A_switch_to_OnDelete_that_somebody_else_declares_is_left_and_named()
    {
        await using var scene = await SceneAsync();
        JsonObject OnDelete(JsonNode? rolling) => new() { ["spec"] = new JsonObject { ["updateStrategy"] = rolling is null ? new JsonObject { ["type"] = "OnDelete", ["rollingUpdate"] = null } : new JsonObject { ["type"] = "OnDelete" } } };
        var refused = await Assert.ThrowsAsync<ApiException>(() => scene.Cluster.PatchAsync(scene.Web.Path, OnDelete(new JsonObject()), "gitops"));
        Assert.That(refused!.Message, Does.Contain("only allowed for updateStrategy 'RollingUpdate'"), "what a manifest that names the type alone comes to under the hold");

        await scene.Cluster.PatchAsync(scene.Web.Path, OnDelete(null), "gitops");
        await scene.Web.UntilPolicyAsync("Ready", "False", "FieldConflict");
        Assert.That(Workload.Condition(await scene.Web.PolicyAsync(), "Ready").Message, Does.Contain("gitops declares updateStrategy OnDelete"));
        var before = await scene.Web.PodsAsync();
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Cluster.UntilAsync("the operator has seen the change", async () => (await scene.Web.PolicyAsync()).Member("status").Member("targets").Items().Any(each => each.Text("updateRevision") != each.Text("currentRevision")), scene.Web.DescribeAsync);
        Assert.That((await scene.Web.SetAsync()).Member("spec").Member("updateStrategy").Text("type"), Is.EqualTo("OnDelete"), "no fight");
        Assert.That(await scene.Web.PodsAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task T23_A_manifest_that_names_RollingUpdate_at_rest_keeps_the_hold()
    {
        await using var scene = await EmptySceneAsync();
        var folder = Directory.CreateTempSubdirectory("ordinal-apply-").FullName;
        try
        {
            var kubectl = new Kubectl(folder, scene.Cluster.KubeconfigPath);
            const string Manifest = """
                {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web"},"spec":{"serviceName":"web","replicas":3,"updateStrategy":{"type":"RollingUpdate"},
                "selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"app:v1"}]}}}}
                """;
            await kubectl.RunAsync($"apply -n {scene.Namespace} -f -", Manifest);
            await scene.Web.AddPolicyAsync();
            await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
            await scene.Web.UntilHeldAsync();

            await kubectl.RunAsync($"apply -n {scene.Namespace} -f -", Manifest.Replace("app:v1", "app:v2", StringComparison.Ordinal));
            Assert.That(await scene.Web.PartitionAsync(), Is.EqualTo(1_000_000_000).Or.LessThan(3), "held, or released by the operator pod by pod already");
            await scene.Web.UntilRolloutAsync("True", "Completed");
            Assert.That(Workload.Condition((await scene.Web.RolloutsAsync())[0], "Finished").Reason, Is.EqualTo("Completed"), "no foreign release was seen");
            await scene.Web.UntilHeldAsync();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What <c>kubectl replace</c> of a manifest without a strategy sends; one that was written before the adoption has no annotations of ours either.</summary>
    private static async Task ReplaceAsync(Scene scene, bool keepsAnnotations, string image)
    {
        var document = JsonNode.Parse((await scene.Web.SetAsync()).GetRawText())!.AsObject();
        document.Remove("status");
        document["metadata"]!.AsObject().Remove("managedFields");
        document["metadata"]!.AsObject().Remove("resourceVersion");
        if (!keepsAnnotations)
        {
            document["metadata"]!.AsObject().Remove("annotations");
        }

        document["spec"]!.AsObject().Remove("updateStrategy");
        document["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = image;
        document["spec"]!["template"]!["metadata"]!["annotations"] = Workload.Slow();
        await scene.Cluster.Api.SendAsync(new ApiRequest("PUT", scene.Web.Path) { ContentType = "application/json", Body = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(document) }, CancellationToken.None);
    }

    private async Task<Scene> NativeAsync(params string[] runAt)
    {
        var scene = await EmptySceneAsync();
        await scene.Cluster.CreateAsync($"/api/v1/namespaces/{scene.Namespace}/services", new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Service",
            ["metadata"] = new JsonObject { ["name"] = "web" },
            ["spec"] = new JsonObject { ["clusterIP"] = "None", ["publishNotReadyAddresses"] = true, ["selector"] = new JsonObject { ["app"] = "web" }, ["ports"] = new JsonArray(new JsonObject { ["port"] = 80 }) },
        });
        await scene.Web.CreateAsync(management: "Parallel", hasGate: true);
        await scene.Web.AddPolicyAsync(Workload.Quick("Native"), gates: Gates(["AfterPod", .. runAt]));
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
        return scene;
    }
}

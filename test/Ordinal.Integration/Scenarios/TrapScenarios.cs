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
    public async Task T16_Native_under_OrderedReady_is_refused_with_the_remedy()
    {
        await using var scene = await SceneAsync(update: Workload.Quick("Native"));
        await scene.Web.ChangeTemplateAsync("app:v2");
        await scene.Web.UntilRolloutAsync("False", "PreflightFailed");
        Assert.That(Workload.Condition((await scene.Web.RolloutsAsync())[^1], "Succeeded").Message, Does.Contain("podManagementPolicy is OrderedReady").And.Contain("driver Partition"));
        Assert.That(await scene.Web.PartitionAsync(), Is.Zero, "Native holds nothing, and a policy that cannot work touches nothing");
    }

    [Test]
    public async Task T22_A_replace_without_a_strategy_is_held_again_and_its_change_is_rolled_gated()
    {
        await using var scene = await SceneAsync(5, gates: Gates("BeforePod"));
        scene.Script.MayPass = (phase, _) => phase is not GatePhase.BeforePod;
        await using var witness = scene.Witness(5);
        var document = JsonNode.Parse((await scene.Web.SetAsync()).GetRawText())!.AsObject();
        document.Remove("status");
        document["metadata"]!.AsObject().Remove("managedFields");
        document["metadata"]!.AsObject().Remove("resourceVersion");
        document["spec"]!.AsObject().Remove("updateStrategy");
        document["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "app:v2";
        document["spec"]!["template"]!["metadata"]!["annotations"] = new JsonObject { ["sim.ordinal.dev/ready-delay"] = "3s" };
        await scene.Cluster.Api.SendAsync(new ApiRequest("PUT", scene.Web.Path) { ContentType = "application/json", Body = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(document) }, CancellationToken.None);

        // The partition is 0 now, and the built-in controller is as fast as we are: it may have taken one pod.
        await scene.Web.UntilHeldAsync();
        await scene.Cluster.UntilAsync("the gate is asked", () => Task.FromResult(scene.Script.Asked.Any(each => each.Phase is GatePhase.BeforePod && each.Pod.Length > 0)), scene.Web.DescribeAsync);
        Assert.That(witness.Gone, Has.Count.LessThanOrEqualTo(1));
        scene.Script.MayPass = (_, _) => true;
        await scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(witness.MostAway, Is.EqualTo(1));
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

    private async Task<Scene> NativeAsync()
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
        await scene.Web.AddPolicyAsync(Workload.Quick("Native"), gates: Gates("AfterPod"));
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
        return scene;
    }
}

using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;
using Ordinal.Simulation.Harness;

namespace Ordinal.Conformance.Traps;

/// <summary>What goes wrong when several write <c>updateStrategy</c>. A cluster without these traps would let a driver pass that falls into them.</summary>
public sealed class StrategyTrapTests(ClusterKind kind) : ConformanceTests(kind)
{
    private const string OnlyForRollingUpdate = "only allowed for updateStrategy 'RollingUpdate'";
    private const string Hold = """{"type":"RollingUpdate","rollingUpdate":{"partition":1000000000}}""";
    private const string NamesTheType = """{"spec":{"updateStrategy":{"type":"RollingUpdate"}}}""";

    [Test, Rule("T1")]
    public async Task An_unchanged_manifest_that_names_the_type_rolls_all_remaining_pods_of_an_OnDelete_run()
    {
        var web = await HalfDoneAsync();

        // What a client-side apply sends: its last manifest names the type, the live object another one.
        await web.PatchAsync(NamesTheType);
        await web.UntilCompleteAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v2"));
        Assert.That(web.Set.Child("spec").Child("updateStrategy")!["rollingUpdate"], Is.Null);
    }

    [Test, Rule("T1")]
    public async Task A_forced_apply_of_it_does_the_same_and_an_unforced_one_is_a_conflict()
    {
        var web = await HalfDoneAsync();
        var manifest = Manifest(NamesTheType);
        var refused = (await ApplyAsync(manifest, "gitops", isForced: false)).Refused(409);
        Assert.That(refused.Causes.Select(cause => cause.Field), Does.Contain(".spec.updateStrategy.type"));
        await Space.QuietAsync();
        Assert.That(web.Images.Count(image => image is "app:v2"), Is.EqualTo(1));
        (await ApplyAsync(manifest, "gitops", isForced: true)).Ok();
        await web.UntilCompleteAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v2"));
    }

    [Test, Rule("T2")]
    public async Task An_apply_cannot_switch_a_set_to_OnDelete_whose_maker_has_the_defaulted_partition()
    {
        await Workload.CreateAsync(Space, Plain());
        foreach (var patch in new[] { """{"spec":{"updateStrategy":{"type":"OnDelete"}}}""", """{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}""" })
        {
            Assert.That((await ApplyAsync(Manifest(patch), "operator", isForced: true)).Refused(422).Message, Does.EndWith(OnlyForRollingUpdate));
        }

        // Taking over the partition first does not help: the maker keeps the empty block.
        (await ApplyAsync(Manifest($$"""{"spec":{"updateStrategy":{{Hold}} } }"""), "operator", isForced: true)).Ok();
        Assert.That((await ApplyAsync(Manifest("""{"spec":{"updateStrategy":{"type":"OnDelete"}}}"""), "operator", isForced: true)).Refused(422).Message, Does.EndWith(OnlyForRollingUpdate));
    }

    [Test, Rule("T3")]
    public async Task A_later_document_of_the_same_manager_without_the_field_resets_the_partition_and_rolls_all_pods()
    {
        var web = await Workload.StartAsync(Space, Plain());
        (await ApplyAsync(Manifest($$"""{"spec":{"updateStrategy":{{Hold}} } }"""), "operator", isForced: true)).Ok();
        await web.ChangeImageAsync("app:v2");
        await Space.SettleAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v1"));
        var answer = (await ApplyAsync(Manifest("""{"spec":{"replicas":3}}"""), "operator", isForced: true)).Ok();
        Assert.That(answer.Child("spec").Child("updateStrategy").Child("rollingUpdate").Number("partition"), Is.Zero);
        await web.UntilCompleteAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v2"));
    }

    [Test, Rule("T4")]
    public async Task A_json_patch_and_an_apply_under_one_name_conflict_with_each_other()
    {
        await Workload.CreateAsync(Space, Plain());
        await Space.PatchAsync(ResourceKind.StatefulSets, "web", $$"""[{"op":"replace","path":"/spec/updateStrategy","value":{{Hold}} }]""", Space.JsonPatch, "fieldManager=operator");
        var refused = (await ApplyAsync(Manifest("""{"spec":{"updateStrategy":{"rollingUpdate":{"partition":7}}}}"""), "operator", isForced: false)).Refused(409);
        Assert.That(refused.Causes.Select(cause => cause.Field), Is.EqualTo(new[] { ".spec.updateStrategy.rollingUpdate.partition" }));
        Assert.That(refused.Message, Does.StartWith("Apply failed with 1 conflict: conflict with \"operator\""));
    }

    [Test, Rule("T5")]
    public async Task An_apply_to_a_set_that_does_not_exist_tries_to_create_it() =>
        Assert.That((await ApplyAsync(Manifest($$"""{"spec":{"updateStrategy":{{Hold}} } }"""), "operator", isForced: true)).Refused(422).Causes.Select(cause => cause.Field), Does.Contain("spec.selector"));

    [Test, Rule("T6")]
    public async Task A_json_patch_whose_test_fails_is_422_with_empty_details()
    {
        await Workload.CreateAsync(Space, Plain());
        var refused = await Space.TryPatchAsync(ResourceKind.StatefulSets, "web", """[{"op":"test","path":"/metadata/uid","value":"another"},{"op":"replace","path":"/spec/replicas","value":1}]""", Space.JsonPatch);
        refused.Refused(422, "the server rejected our request due to an error in our request");
        Assert.That(refused.Reason, Is.EqualTo("Invalid"));
        Assert.That(refused.Body.Child("details"), Is.Empty);
    }

    [Test, Rule("T22")]
    public async Task A_replace_without_a_strategy_puts_the_partition_back_to_zero_and_rolls_all_pods()
    {
        var web = await Workload.StartAsync(Space, Plain());
        await web.PatchAsync($$"""{"spec":{"updateStrategy":{{Hold}} } }""");
        await web.ChangeImageAsync("app:v2");
        await Space.SettleAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v1"));
        var document = (await Space.GetAsync(ResourceKind.StatefulSets, "web")).DeepClone().AsObject();
        document.Child("spec")!.Remove("updateStrategy");
        (await Space.SendAsync("PUT", Space.Path(ResourceKind.StatefulSets, "web"), body: document)).Ok();
        await web.UntilCompleteAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v2"));
    }

    [Test, Rule("T24")]
    public async Task A_switch_to_OnDelete_that_leaves_the_hold_in_place_is_refused()
    {
        var web = await Workload.CreateAsync(Space, Plain());
        await web.PatchAsync($$"""{"spec":{"updateStrategy":{{Hold}} } }""");
        var refused = (await Space.TryPatchAsync(ResourceKind.StatefulSets, "web", """{"spec":{"updateStrategy":{"type":"OnDelete"}}}""")).Refused(422);
        Assert.That(refused.Message, Is.EqualTo("StatefulSet.apps \"web\" is invalid: spec.updateStrategy.rollingUpdate: Invalid value: {\"Partition\":1000000000,\"MaxUnavailable\":null}: " + OnlyForRollingUpdate));
        await web.PatchAsync("""{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}""");
    }

    private static JsonObject Plain()
    {
        var document = new StatefulSetDocument().Build();
        document.Child("spec")!.Remove("updateStrategy");
        return document;
    }

    private static JsonObject Manifest(string spec)
    {
        var manifest = JsonNode.Parse(spec)!.AsObject();
        manifest["apiVersion"] = "apps/v1";
        manifest["kind"] = "StatefulSet";
        manifest["metadata"] = new JsonObject { ["name"] = "web" };
        return manifest;
    }

    private Task<Answer> ApplyAsync(JsonObject manifest, string manager, bool isForced) =>
        Space.SendAsync("PATCH", Space.Path(ResourceKind.StatefulSets, "web"), $"fieldManager={manager}{(isForced ? "&force=true" : "")}", manifest, Space.Apply);

    /// <summary>A set in the middle of an OnDelete run: one of three pods is updated.</summary>
    private async Task<Workload> HalfDoneAsync()
    {
        var web = await Workload.StartAsync(Space, Plain());
        await web.PatchAsync("""{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}""");
        await web.ChangeImageAsync("app:v2");
        await web.LoseAsync(1);
        Assert.That(web.Images, Is.EqualTo(new[] { "app:v1", "app:v2", "app:v1" }));
        return web;
    }
}

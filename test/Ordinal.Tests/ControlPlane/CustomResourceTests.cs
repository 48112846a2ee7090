using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Tests.ControlPlane;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class CustomResourceTests
{
    private const string Crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private const string Gadgets = "/apis/test.dev/v1/namespaces/default/gadgets";
    private readonly ApiHarness _api = new();

    [SetUp]
    public async Task SetUpAsync()
    {
        Reply made = await _api.PostAsync(Crds, Crd());
        Assert.That(made.Code, Is.EqualTo(201), made.Text);
    }

    [Test]
    public async Task A_crd_is_established_and_served_at_once()
    {
        Reply crd = await _api.GetAsync($"{Crds}/gadgets.test.dev");
        Reply resources = await _api.GetAsync("/apis/test.dev/v1");
        Assert.Multiple(() =>
        {
            Assert.That(
                crd.Body["status"]!["conditions"]!.AsArray().Select(c => $"{c!["type"]}={c["status"]}"),
                Is.EqualTo(new[] { "NamesAccepted=True", "Established=True" }));
            Assert.That((string?)crd.Body["spec"]!["names"]!["listKind"], Is.EqualTo("GadgetList"));
            Assert.That(
                resources.Body["resources"]!.AsArray().Select(r => (string?)r!["name"]),
                Is.EqualTo(new[] { "gadgets", "gadgets/status", "gadgets/scale" }));
        });
    }

    [Test]
    public async Task Defaults_are_filled_in_also_inside_of_defaults_and_unknown_fields_are_dropped()
    {
        Reply made = await CreateAsync("""{"size":2,"colour":"red","free":{"any":1}}""");
        Assert.Multiple(() =>
        {
            Assert.That(made.Code, Is.EqualTo(201), made.Text);
            Assert.That(made.Body["spec"]!.ToJsonString(), Is.EqualTo("""{"size":2,"free":{"any":1},"mode":"Auto","update":{"pace":1}}"""));
            Assert.That(made.Answer.Warnings, Is.EqualTo(new[] { "unknown field \"spec.colour\"" }));
        });
    }

    [TestCase("""{}""", "spec.size: Required value")]
    [TestCase("""{"size":0}""", "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1")]
    [TestCase("""{"size":11}""", "spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10")]
    [TestCase("""{"size":1,"mode":"Odd"}""", "spec.mode: Unsupported value: \"Odd\": supported values: \"Auto\", \"Manual\"")]
    [TestCase("""{"size":1,"wait":"soon"}""", "spec.wait: Invalid value: \"soon\": spec.wait in body should match '^[0-9]+s$'")]
    [TestCase("""{"size":1,"wait":"123456s"}""", "spec.wait: Too long: may not be more than 5 bytes")]
    [TestCase("""{"size":1,"parts":[{"name":"a"},{"name":"a"}]}""", "spec.parts[1]: Duplicate value: {\"name\":\"a\"}")]
    [TestCase("""{"size":1,"parts":[{"name":"a"},{"name":"b"},{"name":"c"}]}""", "spec.parts: Too many: 3: must have at most 2 items")]
    [TestCase("""{"size":1,"tags":["x","x"]}""", "spec.tags[1]: Duplicate value: \"x\"")]
    [TestCase("""{"size":null}""", "spec.size: Required value")]
    public async Task A_document_that_the_schema_does_not_allow_is_refused(string spec, string expected)
    {
        Reply refused = await CreateAsync(spec);
        Assert.Multiple(() =>
        {
            Assert.That(refused.Code, Is.EqualTo(422), refused.Text);
            Assert.That(refused.Message, Is.EqualTo($"Gadget.test.dev \"g\" is invalid: {expected}"));
        });
    }

    [TestCase("1")]
    [TestCase("\"50%\"")]
    public async Task An_int_or_string_takes_both(string value)
    {
        Reply made = await CreateAsync($$$"""{"size":1,"most": {{{value}}} }""");
        Assert.That(made.Code, Is.EqualTo(201), made.Text);
    }

    [Test]
    public async Task A_nullable_field_keeps_its_null_and_a_null_with_a_default_gets_it()
    {
        Reply made = await CreateAsync("""{"size":1,"maybe":null,"mode":null}""");
        Assert.Multiple(() =>
        {
            Assert.That(made.Body["spec"]!.AsObject().ContainsKey("maybe"), Is.True);
            Assert.That((string?)made.Body["spec"]!["mode"], Is.EqualTo("Auto"));
        });
    }

    [Test]
    public async Task Strict_validation_refuses_unknown_and_repeated_fields()
    {
        Reply unknown = await _api.PostAsync($"{Gadgets}?fieldValidation=Strict", Gadget("""{"size":1,"colour":"red"}"""));
        Reply repeated = await _api.PostAsync($"{Gadgets}?fieldValidation=Strict", Gadget("""{"size":1,"size":2}"""));
        Assert.Multiple(() =>
        {
            Assert.That(unknown.Message, Does.EndWith("strict decoding error: unknown field \"spec.colour\""));
            Assert.That(repeated.Message, Does.EndWith("strict decoding error: duplicate field \"spec.size\""));
        });
    }

    [Test]
    public async Task Status_is_a_subresource_and_generation_counts_the_spec()
    {
        await CreateAsync("""{"size":1}""");
        Reply status = await _api.MergeAsync($"{Gadgets}/g/status", """{"spec":{"size":9},"status":{"ready":1,"conditions":[{"type":"Ready","status":"True"}]}}""");
        Reply main = await _api.MergeAsync($"{Gadgets}/g", """{"spec":{"size":3},"status":{"ready":7}}""");
        Assert.Multiple(() =>
        {
            Assert.That((long)status.Body["spec"]!["size"]!, Is.EqualTo(1));
            Assert.That((long)status.Body["metadata"]!["generation"]!, Is.EqualTo(1));
            Assert.That((long)main.Body["status"]!["ready"]!, Is.EqualTo(1));
            Assert.That((long)main.Body["metadata"]!["generation"]!, Is.EqualTo(2));
        });
    }

    [Test]
    public async Task Scale_reads_and_writes_the_paths_of_the_crd()
    {
        await CreateAsync("""{"size":1}""");
        await _api.MergeAsync($"{Gadgets}/g/status", """{"status":{"ready":1,"selector":"app=g"}}""");
        Reply scaled = await _api.MergeAsync($"{Gadgets}/g/scale", """{"spec":{"replicas":4}}""");
        Reply tooMany = await _api.MergeAsync($"{Gadgets}/g/scale", """{"spec":{"replicas":40}}""");
        Assert.Multiple(() =>
        {
            Assert.That((long)scaled.Body["spec"]!["replicas"]!, Is.EqualTo(4));
            Assert.That(scaled.Body["status"]!.ToJsonString(), Is.EqualTo("""{"replicas":1,"selector":"app=g"}"""));
            Assert.That(tooMany.Code, Is.EqualTo(422));
        });
    }

    [Test]
    public async Task Printer_columns_are_shown_filters_and_dates_included()
    {
        await CreateAsync("""{"size":1}""");
        await _api.MergeAsync($"{Gadgets}/g/status", """{"status":{"conditions":[{"type":"Other","status":"False"},{"type":"Ready","status":"True"}]}}""");
        _api.Clock.Advance(TimeSpan.FromMinutes(3));
        Reply table = await _api.GetAsync(Gadgets, "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
        Assert.Multiple(() =>
        {
            Assert.That(
                table.Body["columnDefinitions"]!.AsArray().Select(c => (string?)c!["name"]), Is.EqualTo(new[] { "Name", "Size", "Ready", "Age", "Wait" }));
            Assert.That(table.Body["rows"]![0]!["cells"]!.ToJsonString(), Is.EqualTo("""["g",1,"True","3m",null]"""));
        });
    }

    [Test]
    public async Task A_strategic_merge_patch_is_not_for_custom_resources()
    {
        await CreateAsync("""{"size":1}""");
        Reply refused = await _api.StrategicAsync($"{Gadgets}/g", """{"spec":{"size":2}}""");
        Assert.That(refused.Code, Is.EqualTo(415));
    }

    [Test]
    public async Task List_maps_are_merged_by_server_side_apply_by_the_keys_of_the_schema()
    {
        await _api.ApplyAsync($"{Gadgets}/g?fieldManager=one", Gadget("""{"size":1,"parts":[{"name":"a","weight":1}]}"""));
        Reply both = await _api.ApplyAsync($"{Gadgets}/g?fieldManager=two", Gadget("""{"parts":[{"name":"b","weight":2}]}"""));
        Assert.That(both.Body["spec"]!["parts"]!.ToJsonString(), Is.EqualTo("""[{"name":"a","weight":1},{"name":"b","weight":2}]"""));
    }

    [Test]
    public async Task A_deleted_crd_takes_its_objects_along_and_waits_for_their_finalizers()
    {
        await CreateAsync("""{"size":1}""");
        await _api.PostAsync(Gadgets, Gadget("""{"size":1}""").Replace("\"name\":\"g\"", "\"name\":\"held\",\"finalizers\":[\"test.dev/x\"]", StringComparison.Ordinal));
        await using IApiFeed feed = await _api.WatchAsync(Gadgets, $"resourceVersion={_api.Server.Store.Revision}");
        await _api.DeleteAsync($"{Crds}/gadgets.test.dev");
        Reply waiting = await _api.GetAsync($"{Crds}/gadgets.test.dev");
        string first = await ApiHarness.NextAsync(feed);
        Reply released = await _api.MergeAsync($"{Gadgets}/held", """{"metadata":{"finalizers":null}}""");
        Reply gone = await _api.GetAsync($"{Crds}/gadgets.test.dev");
        Reply unserved = await _api.GetAsync(Gadgets);
        Assert.Multiple(() =>
        {
            Assert.That(first, Is.EqualTo("DELETED g"));
            Assert.That((string?)waiting.Body["metadata"]!["deletionTimestamp"], Is.Not.Null);
            Assert.That(released.Code, Is.EqualTo(200));
            Assert.That((gone.Code, unserved.Code), Is.EqualTo((404, 404)));
        });
    }

    [TestCase("\"name\":\"gadgets.test.dev\"", "\"name\":\"other.test.dev\"", "metadata.name: Invalid value: \"other.test.dev\": must be spec.names.plural+\".\"+spec.group")]
    [TestCase("\"scope\":\"Namespaced\"", "\"scope\":\"World\"", "spec.scope: Unsupported value: \"World\": supported values: \"Cluster\", \"Namespaced\"")]
    [TestCase("\"storage\":true", "\"storage\":false", "must have exactly one version marked as storage version")]
    [TestCase("\"required\":[\"name\"]", "\"required\":[]", "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property")]
    public async Task A_crd_that_cannot_work_is_refused(string good, string bad, string expected)
    {
        await _api.DeleteAsync($"{Crds}/gadgets.test.dev");
        Reply refused = await _api.PostAsync(Crds, Crd().Replace(good, bad, StringComparison.Ordinal));
        Assert.Multiple(() =>
        {
            Assert.That(refused.Code, Is.EqualTo(422));
            Assert.That(refused.Message, Does.Contain(expected));
        });
    }

    [Test]
    public async Task A_schema_that_one_control_plane_took_is_checked_anew_where_other_rules_hold_for_it()
    {
        Reply taken = await _api.PostAsync(Crds, Fork(""));
        Reply refused = await new ApiHarness().PostAsync(Crds, Fork(""","subresources":{"status":{}}"""));
        Reply takenAgain = await new ApiHarness().PostAsync(Crds, Fork(""));
        Assert.Multiple(() =>
        {
            Assert.That(taken.Code, Is.EqualTo(201), taken.Text);
            Assert.That(refused.Code, Is.EqualTo(422), refused.Text);
            Assert.That(takenAgain.Code, Is.EqualTo(201), takenAgain.Text);
        });

        static string Fork(string more) => $$$"""
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"forks.test.dev"},"spec":{"group":"test.dev","scope":"Namespaced",
            "names":{"kind":"Fork","plural":"forks"},"versions":[{"name":"v1","served":true,"storage":true,
            "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object"}},"anyOf":[{"required":["spec"]}]}}{{{more}}}}]}}
            """;
    }

    [Test]
    public async Task A_second_version_shows_the_same_objects()
    {
        JsonObject crd = (await _api.GetAsync($"{Crds}/gadgets.test.dev")).Body;
        var second = (JsonObject)crd["spec"]!["versions"]![0]!.DeepClone();
        second["name"] = "v2";
        second["storage"] = false;
        crd["spec"]!["versions"]!.AsArray().Add((JsonNode)second);
        await _api.PutAsync($"{Crds}/gadgets.test.dev", crd.ToJsonString());
        await CreateAsync("""{"size":1}""");
        Reply read = await _api.GetAsync("/apis/test.dev/v2/namespaces/default/gadgets/g");
        Reply written = await _api.MergeAsync("/apis/test.dev/v2/namespaces/default/gadgets/g", """{"spec":{"size":2}}""");
        Reply stored = await _api.GetAsync($"{Gadgets}/g");
        Assert.Multiple(() =>
        {
            Assert.That((string?)read.Body["apiVersion"], Is.EqualTo("test.dev/v2"));
            Assert.That((string?)written.Body["apiVersion"], Is.EqualTo("test.dev/v2"));
            Assert.That((string?)stored.Body["apiVersion"], Is.EqualTo("test.dev/v1"));
            Assert.That((long)stored.Body["spec"]!["size"]!, Is.EqualTo(2));
        });
    }

    private static string Gadget(string spec) => $$$"""{"apiVersion":"test.dev/v1","kind":"Gadget","metadata":{"name":"g"},"spec": {{{spec}}} }""";

    private static string Crd() => """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"gadgets.test.dev"},
         "spec":{"group":"test.dev","scope":"Namespaced","names":{"plural":"gadgets","kind":"Gadget","shortNames":["gd"]},
          "versions":[{"name":"v1","served":true,"storage":true,
           "subresources":{"status":{},"scale":{"specReplicasPath":".spec.size","statusReplicasPath":".status.ready","labelSelectorPath":".status.selector"}},
           "additionalPrinterColumns":[
            {"name":"Size","type":"integer","jsonPath":".spec.size"},
            {"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"},
            {"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"},
            {"name":"Wait","type":"string","jsonPath":".spec.wait","priority":1}],
           "schema":{"openAPIV3Schema":{"type":"object","required":["spec"],"properties":{
            "spec":{"type":"object","required":["size"],"properties":{
             "size":{"type":"integer","format":"int32","minimum":1,"maximum":10},
             "mode":{"type":"string","enum":["Auto","Manual"],"default":"Auto"},
             "wait":{"type":"string","pattern":"^[0-9]+s$","maxLength":5},
             "maybe":{"type":"string","nullable":true},
             "most":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]},
             "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
             "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
             "update":{"type":"object","default":{},"properties":{"pace":{"type":"integer","default":1}}},
             "parts":{"type":"array","maxItems":2,"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
              "items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"weight":{"type":"integer"}}}}}},
            "status":{"type":"object","properties":{"ready":{"type":"integer"},"selector":{"type":"string"},
             "conditions":{"type":"array","items":{"type":"object","properties":{"type":{"type":"string"},"status":{"type":"string"}}}}}}}}}}]}}
        """;

    private Task<Reply> CreateAsync(string spec) => _api.PostAsync(Gadgets, Gadget(spec));
}

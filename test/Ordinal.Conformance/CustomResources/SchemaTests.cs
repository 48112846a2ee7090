using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.CustomResources;

/// <summary>What a custom resource's schema defaults, drops and refuses, in the server's words.</summary>
public sealed class SchemaTests(ClusterKind kind) : CustomResourceTests(kind)
{
    private const string Unchecked = "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

    [SetUp]
    public Task InstallAsync() => InstallAsync(Gadgets.Definition());

    [Rule("CRD-validation")]
    [TestCase("""{}""", "spec.size: Required value", Unchecked)]
    [TestCase("""{"size":null}""", "spec.size: Required value", Unchecked)]
    [TestCase("""{"size":0}""", "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1")]
    [TestCase("""{"size":"x"}""", "spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\"", ".spec.size: Invalid value: 0: .spec.size accessor error: x is of the type string, expected int64", Unchecked)]
    [TestCase("""{"size":99999999999}""", "<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in spec.size", "spec.size: Invalid value: 99999999999: spec.size in body should be less than or equal to 10", ".spec.size: Invalid value: 99999999999: should be less than or equal to 2147483647")]
    [TestCase("""{"size":1.5}""", "spec.size: Invalid value: \"float64\": spec.size in body must be of type int32: \"float64\"", "<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in spec.size", ".spec.size: Invalid value: 0: .spec.size accessor error: 1.5 is of the type float64, expected int64", Unchecked)]
    [TestCase("""{"size":1,"mode":"Odd"}""", "spec.mode: Unsupported value: \"Odd\": supported values: \"Auto\", \"Manual\"", Unchecked)]
    [TestCase("""{"size":1,"wait":"1234567s"}""", "spec.wait: Too long: may not be more than 5 bytes", Unchecked)]
    [TestCase("""{"size":1,"wait":"soon"}""", "spec.wait: Invalid value: \"soon\": spec.wait in body should match '^[0-9]+s$'")]
    [TestCase("""{"size":1,"when":"yesterday"}""", "spec.when: Invalid value: \"yesterday\": spec.when in body must be of type date-time: \"yesterday\"", Unchecked)]
    [TestCase("""{"size":1,"any":"ab"}""", "<nil>: Invalid value: \"\": \"spec.any\" must validate at least one schema (anyOf)", "spec.any: Invalid value: \"ab\": spec.any in body should be at least 3 chars long")]
    [TestCase("""{"size":1,"one":"ab"}""", "<nil>: Invalid value: \"\": \"spec.one\" must validate one and only one schema (oneOf). Found none valid", "spec.one: Invalid value: \"ab\": spec.one in body should be at least 3 chars long")]
    [TestCase("""{"size":1,"one":"xab"}""", "<nil>: Invalid value: \"\": \"spec.one\" must validate one and only one schema (oneOf). Found 2 valid alternatives")]
    [TestCase("""{"size":1,"all":"ab"}""", "spec.all: Invalid value: \"ab\": spec.all in body should be at least 3 chars long", "spec.all: Invalid value: \"ab\": spec.all in body should match '^x'", "<nil>: Invalid value: \"\": \"spec.all\" must validate all the schemas (allOf). None validated")]
    [TestCase("""{"size":1,"all":"xa"}""", "spec.all: Invalid value: \"xa\": spec.all in body should be at least 3 chars long", "<nil>: Invalid value: \"\": \"spec.all\" must validate all the schemas (allOf)")]
    [TestCase("""{"size":1,"no":"xa"}""", "<nil>: Invalid value: \"\": \"spec.no\" must not validate the schema (not)")]
    [TestCase("""{"size":1,"least":[]}""", "spec.least: Invalid value: 0: spec.least in body should have at least 1 items")]
    [TestCase("""{"size":1,"even":3}""", "spec.even: Invalid value: 3: spec.even in body should be a multiple of 2")]
    [TestCase("""{"size":1,"most":true}""", "spec.most: Invalid value: \"boolean\": spec.most in body must be of type integer,string: \"boolean\"", "<nil>: Invalid value: \"\": \"spec.most\" must validate at least one schema (anyOf)", "spec.most: Invalid value: \"boolean\": spec.most in body must be of type integer: \"boolean\"", Unchecked)]
    [TestCase("""{"size":1,"inner":{"a":1}}""", "spec.inner.apiVersion: Required value", "spec.inner.kind: Required value", Unchecked)]
    [TestCase("""{"size":1,"labels":{"a":"","b":"x"}}""", "spec.labels: Too many: 2: must have at most 1 item", "spec.labels.a: Invalid value: \"\": spec.labels.a in body should be at least 1 chars long", Unchecked)]
    [TestCase("""{"size":1,"tags":["a","a","a"]}""", "spec.tags[1]: Duplicate value: \"a\"")]
    [TestCase("""{"size":1,"tags":[1]}""", "spec.tags[0]: Invalid value: \"integer\": spec.tags[0] in body must be of type string: \"integer\"", Unchecked)]
    [TestCase("""{"size":1,"tags":"x"}""", "spec.tags: Invalid value: \"string\": spec.tags in body must be of type array: \"string\"", Unchecked)]
    [TestCase("""{"size":1,"parts":[{"name":"a"},{"name":"a"}]}""", "spec.parts[1]: Duplicate value: {\"name\":\"a\"}")]
    [TestCase("""{"size":1,"parts":[{"weight":1}]}""", "spec.parts[0].name: Required value", Unchecked)]
    [TestCase("""[]""", "spec: Invalid value: \"array\": spec in body must be of type object: \"array\"", ".spec.size: Invalid value: 0: .spec.size accessor error: [] is of the type []interface {}, expected map[string]interface{}", Unchecked)]
    public async Task What_a_schema_does_not_allow_is_refused(string spec, params string[] findings)
    {
        var refused = await Space.PostAsync(Gadgets.Kind, Gadgets.Document(spec), "dryRun=All");
        refused.Refused(422);
        Assert.That(refused.Causes.Select(cause => $"{cause.Field}: {cause.Message}"), Is.EqualTo(findings));
        Assert.That(refused.Message, Is.EqualTo($"Gadget.test.dev \"g\" is invalid: {(findings.Length == 1 ? findings[0] : $"[{string.Join(", ", findings)}]")}"));
    }

    [Test, Rule("CRD-defaults")]
    public async Task Defaults_fill_in_what_is_missing_or_null_also_inside_of_defaults()
    {
        var made = (await Space.PostAsync(Gadgets.Kind, Gadgets.Document("""{"size":1,"mode":null,"maybe":null,"wait":null,"labels":{"a":null}}"""))).Ok();
        Assert.That(JsonNode.DeepEquals(made["spec"], JsonNode.Parse("""{"size":1,"mode":"Auto","maybe":null,"labels":{},"update":{"pace":1}}""")), Is.True, made["spec"]!.ToJsonString());
    }

    [Test, Rule("CRD-pruning")]
    public async Task Unknown_fields_are_dropped_except_where_they_are_kept()
    {
        var made = (await Space.PostAsync(
            Gadgets.Kind, Gadgets.Document("""{"size":1,"colour":"red","free":{"any":{"x":1}},"inner":{"apiVersion":"v1","kind":"X","metadata":{"name":"n"},"more":1},"parts":[{"name":"a","shape":"round"}]}"""), "fieldValidation=Ignore")).Ok();
        Assert.That(JsonNode.DeepEquals(
            made["spec"],
            JsonNode.Parse("""{"size":1,"free":{"any":{"x":1}},"inner":{"apiVersion":"v1","kind":"X","metadata":{"name":"n"},"more":1},"parts":[{"name":"a"}],"mode":"Auto","update":{"pace":1}}""")), Is.True, made["spec"]!.ToJsonString());
    }

    [Rule("CEL-words")]
    [TestCase("""{"size":7}""", "spec: Invalid value: failed rule: self.size != 7")]
    [TestCase("""{"size":8}""", "spec.size: Invalid value: 8: not eight")]
    [TestCase("""{"size":5,"mode":"Manual"}""", "spec.size: Forbidden: size is too much for Manual")]
    [TestCase("""{"size":1,"tags":["bad"]}""", "spec.tags: Invalid value: no bad tags")]
    [TestCase("""{"size":1,"loose":"a"}""", "spec.loose: Invalid value: \"\": 'no such overload': call arguments did not match a supported operator, function or macro signature for rule: self > 1")]
    [TestCase("""{"size":1,"loose":1}""", "spec.loose: Invalid value: 1: failed rule: self > 1")]
    [TestCase("""{"size":6}""", "spec: Invalid value: never born with six")]
    public async Task What_a_rule_does_not_allow_is_refused(string spec, string finding)
    {
        var refused = await Space.PostAsync(Gadgets.Kind, Gadgets.Document(spec), "dryRun=All");
        refused.Refused(422, $"Gadget.test.dev \"g\" is invalid: {finding}");
    }

    [Test, Rule("CEL-words")]
    public async Task A_rule_of_the_whole_object_has_no_field()
    {
        var refused = await Space.PostAsync(Gadgets.Kind, Gadgets.Document("""{"size":1}""", "gggggggggg"), "dryRun=All");
        refused.Refused(422, "Gadget.test.dev \"gggggggggg\" is invalid: <nil>: Invalid value: name too long");
    }

    [Test, Rule("CEL-transition")]
    public async Task A_transition_rule_compares_what_was_there_before()
    {
        await CreateAsync("""{"size":5,"parts":[{"name":"a","weight":2},{"name":"b","weight":2}]}""");
        await ChangeAsync("""{"size":6}""");
        await ChangeAsync("""{"parts":[{"name":"b","weight":2},{"name":"c","weight":1},{"name":"a","weight":3}]}""");
        await ChangeAsync("""{"parts":[{"name":"b"},{"name":"a","weight":2}]}""");
        (await TryChangeAsync("""{"size":4}""")).Refused(422, "Gadget.test.dev \"g\" is invalid: spec.size: Invalid value: 4: size never shrinks");
        (await TryChangeAsync("""{"parts":[{"name":"c","weight":1},{"name":"b","weight":1}]}""")).Refused(422, "Gadget.test.dev \"g\" is invalid: spec.parts[1].weight: Invalid value: 1: weight never shrinks");
    }

    [Test, Rule("CRD-ratcheting")]
    public async Task What_was_taken_before_the_schema_became_stricter_may_stay_as_it_is()
    {
        await InstallAsync(Ratchet(100, "true"));
        var kind = new ResourceKind("ratchet.dev/v1", "Ratchet", "ratchets");
        await Space.CreateAsync(kind, Ratcheted("""{"weight":50,"word":"bad","parts":[{"name":"a","weight":50}]}"""));
        var path = Definitions.CollectionPath() + "/ratchets.ratchet.dev";
        (await Space.SendAsync("PATCH", path, body: new JsonObject { ["spec"] = Ratchet(10, "self != 'bad'")["spec"]!.DeepClone() }, contentType: Space.Merge)).Ok();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while ((await Space.PostAsync(kind, Ratcheted("""{"weight":11}""", "other"), "dryRun=All")).Code != 422)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, deadline.Token);
        }

        var kept = await Space.TryPatchAsync(kind, "r", """{"spec":{"other":"x"}}""");
        kept.Ok();
        Assert.That(kept.Warnings, Is.EqualTo(new[] { "spec.word: Invalid value: \"bad\": no bad words" }));
        (await Space.TryPatchAsync(kind, "r", """{"spec":{"parts":[{"name":"b","weight":1},{"name":"a","weight":50}]}}""")).Ok();
        (await Space.TryPatchAsync(kind, "r", """{"spec":{"weight":49}}""")).Refused(422, "Ratchet.ratchet.dev \"r\" is invalid: spec.weight: Invalid value: 49: spec.weight in body should be less than or equal to 10");
        (await Space.TryPatchAsync(kind, "r", """{"spec":{"parts":[{"name":"a","weight":51}]}}""")).Refused(422, "Ratchet.ratchet.dev \"r\" is invalid: spec.parts[0].weight: Invalid value: 51: spec.parts[0].weight in body should be less than or equal to 10");
    }

    [Test, Rule("CRD-status")]
    public async Task A_status_write_is_checked_by_the_schema_of_the_status()
    {
        await CreateAsync("""{"size":1}""");
        var refused = await Space.TryPatchAsync(Gadgets.Kind, "g", """{"status":{"phase":"C","ready":"x"}}""", subresource: "status");
        refused.Refused(422);
        Assert.That(
            refused.Causes.Select(cause => $"{cause.Field}: {cause.Message}"),
            Does.Contain("status.phase: Unsupported value: \"C\": supported values: \"A\", \"B\"").And.Contain("status.ready: Invalid value: \"string\": ready in body must be of type integer: \"string\""));
        var written = await Space.PatchAsync(Gadgets.Kind, "g", """{"spec":{"size":9},"status":{"phase":"A","lost":1}}""", subresource: "status", query: "fieldValidation=Ignore");
        Assert.That(written["status"]!.ToJsonString(), Is.EqualTo("""{"phase":"A"}"""));
        Assert.That((written.Child("spec").Number("size"), written.Child("metadata").Number("generation")), Is.EqualTo((1L, 1L)));
    }

    [Test, Rule("CRD-scale")]
    public async Task The_scale_subresource_reads_and_writes_where_the_definition_says()
    {
        await CreateAsync("""{"size":1}""");
        await Space.PatchAsync(Gadgets.Kind, "g", """{"status":{"ready":1,"selector":"app=g"}}""", subresource: "status");
        var scaled = await Space.PatchAsync(Gadgets.Kind, "g", """{"spec":{"replicas":4}}""", subresource: "scale");
        Assert.That((scaled.Text("kind"), scaled.Text("apiVersion"), scaled.Child("spec").Number("replicas")), Is.EqualTo(("Scale", "autoscaling/v1", 4L)));
        Assert.That(JsonNode.DeepEquals(scaled["status"], JsonNode.Parse("""{"replicas":1,"selector":"app=g"}""")), Is.True);
        Assert.That((await Space.GetAsync(Gadgets.Kind, "g")).Child("spec").Number("size"), Is.EqualTo(4));
        (await Space.TryPatchAsync(Gadgets.Kind, "g", """{"spec":{"replicas":11}}""", subresource: "scale"))
            .Refused(422, "Gadget.test.dev \"g\" is invalid: spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10");
    }

    [Test, Rule("CRD-list-map-apply")]
    public async Task Two_managers_own_entries_of_a_list_map()
    {
        (await ApplyAsync("one", """{"size":1,"parts":[{"name":"a","weight":1}]}""")).Ok();
        var both = (await ApplyAsync("two", """{"parts":[{"name":"b","weight":2}]}""")).Ok();
        Assert.That(both["spec"]!["parts"]!.ToJsonString(), Is.EqualTo("""[{"name":"a","weight":1},{"name":"b","weight":2}]"""));
        var conflict = await ApplyAsync("two", """{"parts":[{"name":"a","weight":3}]}""");
        conflict.Refused(409, "Apply failed with 1 conflict: conflict with \"one\": .spec.parts[name=\"a\"].weight");
        var without = (await ApplyAsync("one", """{"size":1}""")).Ok();
        Assert.That(without["spec"]!["parts"]!.ToJsonString(), Is.EqualTo("""[{"name":"b","weight":2}]"""));
    }

    [Test, Rule("CRD-finalizer-warning")]
    public async Task A_finalizer_without_a_domain_is_warned_of()
    {
        var document = Gadgets.Document("""{"size":1}""");
        document.Metadata()["finalizers"] = new JsonArray("foo", "a.b", "test.dev/ok");
        var made = await Space.PostAsync(Gadgets.Kind, document, "dryRun=All");
        made.Ok();
        Assert.That(made.Warnings, Is.EqualTo(new[]
        {
            "metadata.finalizers: \"a.b\": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers",
            "metadata.finalizers: \"foo\": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers",
        }));
    }

    [Test, Rule("CRD-conditions")]
    public async Task A_definition_says_that_its_names_are_accepted_and_that_it_is_served()
    {
        var definition = (await Space.SendAsync("GET", Definitions.CollectionPath() + "/gadgets.test.dev")).Ok();
        var conditions = (definition.Child("status").List("conditions") ?? []).OfType<JsonObject>().Select(c => $"{c.Text("type")}={c.Text("status")} {c.Text("reason")}: {c.Text("message")}");
        Assert.That(conditions, Is.EquivalentTo(new[] { "NamesAccepted=True NoConflicts: no conflicts found", "Established=True InitialNamesAccepted: the initial names have been accepted" }));
        Assert.That(definition.Child("status")!["storedVersions"]!.ToJsonString(), Is.EqualTo("""["v1"]"""));
        Assert.That(JsonNode.DeepEquals(
            definition.Child("status")!["acceptedNames"],
            JsonNode.Parse("""{"plural":"gadgets","singular":"gadget","shortNames":["gd"],"kind":"Gadget","listKind":"GadgetList","categories":["toys"]}""")), Is.True);
    }

    private static JsonObject Ratcheted(string spec, string name = "r") => JsonNode.Parse(
        $$$"""{"apiVersion":"ratchet.dev/v1","kind":"Ratchet","metadata":{"name":"{{{name}}}"},"spec":{{{spec}}} }""")!.AsObject();

    private static JsonObject Ratchet(int maximum, string rule) => JsonNode.Parse($$"""
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"ratchets.ratchet.dev"},
         "spec":{"group":"ratchet.dev","scope":"Namespaced","names":{"plural":"ratchets","kind":"Ratchet"},
          "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{
           "weight":{"type":"integer","maximum":{{maximum}} },"other":{"type":"string"},
           "word":{"type":"string","x-kubernetes-validations":[{"rule":"{{rule}}","message":"no bad words"}]},
           "parts":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{"type":"object","required":["name"],"properties":{
            "name":{"type":"string"},"weight":{"type":"integer","maximum":{{maximum}} } } } } } } } } } }] } }
        """)!.AsObject();

    private Task<JsonObject> CreateAsync(string spec) => Space.CreateAsync(Gadgets.Kind, Gadgets.Document(spec));

    private Task<Answer> TryChangeAsync(string spec) => Space.TryPatchAsync(Gadgets.Kind, "g", $$"""{"spec":{{spec}} }""", query: "dryRun=All");

    private async Task ChangeAsync(string spec) => (await TryChangeAsync(spec)).Ok();

    private Task<Answer> ApplyAsync(string manager, string spec) =>
        Space.SendAsync("PATCH", Space.Path(Gadgets.Kind, "g"), $"fieldManager={manager}", Gadgets.Document(spec), Space.Apply);
}

using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.CustomResources;

/// <summary>What a CustomResourceDefinition may not say. Nothing is stored: each is a dry run.</summary>
public sealed class DefinitionTests(ClusterKind kind) : CustomResourceTests(kind)
{
    private const string Schema = "spec.validation.openAPIV3Schema";
    private const string Rule = Schema + ".properties[spec].x-kubernetes-validations[0]";
    private const string Label = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

    [Rule("CEL-compile")]
    [TestCase("self.foo == 1", "1:5: undefined field 'foo'", "....^")]
    [TestCase("self.metadata.name == ''", "1:5: undefined field 'metadata'", "....^")]
    [TestCase("self.x + 1 == 2", "1:8: found no matching overload for '_+_' applied to '(string, int)'", ".......^")]
    [TestCase("self.x == 1", "1:8: found no matching overload for '_==_' applied to '(string, int)'", ".......^")]
    [TestCase("self.x.size(1) == 1", "1:12: found no matching overload for 'size' applied to 'string.(int)'", "...........^")]
    [TestCase("self.x ==", "1:10: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}", ".........^")]
    [TestCase("foo(self.x)", "1:4: undeclared reference to 'foo' (in container '')", "...^")]
    [TestCase("nothing", "1:1: undeclared reference to 'nothing' (in container '')", "^")]
    [TestCase("self.x.all(y, y)", "1:5: expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)", "....^")]
    [TestCase("has(self.x", "1:11: Syntax error: missing ')' at '<EOF>'", "..........^")]
    [TestCase("1 2", "1:3: Syntax error: extraneous input '2' expecting <EOF>", "..^")]
    public async Task A_rule_that_does_not_compile_is_refused_and_shown(string rule, string finding, string mark)
    {
        var refused = await TryAsync(Definition(OfRule(rule)));
        refused.Refused(422, $"CustomResourceDefinition.apiextensions.k8s.io \"widgets.test.dev\" is invalid: {Rule}.rule: Invalid value: {Shown(rule)}: compilation failed: ERROR: <input>:{finding}\n | {rule}\n | {mark}");
    }

    [Test, Rule("CEL-compile")]
    public async Task All_findings_of_a_rule_are_shown()
    {
        var refused = await TryAsync(Definition(OfRule("self.x + 1 == 2 && self.x > 1")));
        refused.Refused(422);
        Assert.That(refused.Causes.Single().Message, Does.EndWith(
            "compilation failed: ERROR: <input>:1:8: found no matching overload for '_+_' applied to '(string, int)'\n | self.x + 1 == 2 && self.x > 1\n | .......^\n"
            + "ERROR: <input>:1:27: found no matching overload for '_>_' applied to '(string, int)'\n | self.x + 1 == 2 && self.x > 1\n | ..........................^"));
    }

    [Rule("CEL-definition")]
    [TestCase("""{"rule":"self.x"}""", ".rule", "Invalid value: {\"Rule\":\"self.x\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: cel expression must evaluate to a bool")]
    [TestCase("""{"rule":" "}""", ".rule", "Required value: rule is not specified")]
    [TestCase("""{"rule":"true","optionalOldSelf":true}""", ".optionalOldSelf", "Invalid value: true: may not be set if oldSelf is not used in rule")]
    [TestCase("""{"rule":"true","reason":"Foo"}""", ".reason", "Unsupported value: \"Foo\": supported values: \"FieldValueDuplicate\", \"FieldValueForbidden\", \"FieldValueInvalid\", \"FieldValueRequired\"")]
    [TestCase("""{"rule":"true","fieldPath":".nope"}""", ".fieldPath", "Invalid value: \".nope\": must be a valid path")]
    [TestCase("""{"rule":"true","message":" "}""", ".message", "Invalid value: \" \": must be non-empty if specified")]
    [TestCase("""{"rule":"true","messageExpression":"1"}""", ".messageExpression", "Invalid value: {\"Rule\":\"true\",\"Message\":\"\",\"MessageExpression\":\"1\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: messageExpression must evaluate to a string")]
    public async Task What_else_a_rule_may_not_say(string rule, string field, string message)
    {
        var refused = await TryAsync(Definition($$$"""{"type":"object","properties":{"spec":{"type":"object","properties":{"x":{"type":"string"}},"x-kubernetes-validations":[{{{rule}}}] } } }"""));
        refused.Refused(422);
        Assert.That(refused.Causes.Select(cause => (cause.Field, cause.Message)), Is.EqualTo(new[] { (Rule + field, message) }));
    }

    [Test, Rule("CEL-definition")]
    public async Task Rules_of_the_whole_object_see_its_name_and_nothing_else_of_its_metadata()
    {
        const string Whole = """{"type":"object","properties":{"status":{"type":"object","properties":{"a":{"type":"string"}}}},"x-kubernetes-validations":[{"rule":"RULE"}]}""";
        (await TryAsync(Definition(Whole.Replace("RULE", "self.metadata.name != '' && self.kind == 'Widget' && (!has(self.status) || has(self.status.a))", StringComparison.Ordinal)))).Ok();
        var refused = await TryAsync(Definition(Whole.Replace("RULE", "self.metadata.labels.size() > 0", StringComparison.Ordinal)));
        refused.Refused(422);
        Assert.That(refused.Message, Does.Contain("<input>:1:14: undefined field 'labels'"));
    }

    [Test, Rule("CEL-definition")]
    public async Task A_transition_rule_needs_a_counterpart()
    {
        const string Items = """{"type":"object","properties":{"list":{"type":"array","maxItems":5,"items":{"type":"string","maxLength":5,"x-kubernetes-validations":[{"rule":"self == oldSelf"}]}}}}""";
        var refused = await TryAsync(Definition(Items));
        refused.Refused(422, $"CustomResourceDefinition.apiextensions.k8s.io \"widgets.test.dev\" is invalid: {Schema}.properties[list].items.x-kubernetes-validations[0].rule: Invalid value: \"self == oldSelf\": oldSelf cannot be used on the uncorrelatable portion of the schema within {Schema}.properties[list]");
    }

    [Rule("CEL-cost")]
    [TestCase("""{"l":{"type":"array","items":{"type":"string"}}}""", "self.l.all(x, x.size() > 0)", null)]
    [TestCase("""{"l":{"type":"array","items":{"type":"string"}}}""", "self.l.all(x, self.l.all(y, x == y))", "more than 100x")]
    [TestCase("""{"l":{"type":"array","maxItems":100,"items":{"type":"string","maxLength":10}}}""", "self.l.all(x, self.l.exists(y, x == y))", null)]
    [TestCase("""{"l":{"type":"array","maxItems":200,"items":{"type":"integer"}}}""", "self.l.all(x, self.l.all(y, self.l.exists_one(z, z == x || z == y)))", "4.8x")]
    [TestCase("""{"l":{"type":"array","maxItems":2000,"items":{"type":"integer"}}}""", "self.l.all(x, self.l.filter(y, x == y).size() == 1)", "6.0x")]
    [TestCase("""{"l":{"type":"array","maxItems":2000,"items":{"type":"integer"}}}""", "self.l.map(x, x * 2).isSorted() && self.l.all(x, self.l.map(y, y + x).sum() > 0)", "6.4x")]
    [TestCase("""{"s":{"type":"string"},"t":{"type":"string"}}""", "self.s.contains(self.t)", "more than 100x")]
    [TestCase("""{"s":{"type":"string","maxLength":1000},"t":{"type":"string","maxLength":1000}}""", "self.s.contains(self.t)", null)]
    [TestCase("""{"s":{"type":"string"}}""", "self.s.matches('^[a-z]+([0-9]|-){3,50}$')", null)]
    [TestCase("""{"p":{"x-kubernetes-int-or-string":true}}""", "type(self.p) == int ? self.p > 1 : self.p.endsWith('%')", null)]
    [TestCase("""{"s":{"type":"string"},"t":{"type":"string"}}""", "quantity(self.s) == quantity(self.t) && semver(self.s) == semver(self.t) && ip(self.s) == ip(self.t) && cidr(self.s).containsIP(self.t)", null)]
    [TestCase("""{"l":{"type":"array","maxItems":20000,"items":{"type":"string","maxLength":10000}}}""", "self.l.all(x, url(x) == url('https://example.com/'))", "8.0x")]
    [TestCase("""{"l":{"type":"array","maxItems":10000,"items":{"type":"string","maxLength":10000}}}""", "self.l.all(x, url('https://example.com/') == url(x))", "8.0x")]
    [TestCase("""{"l":{"type":"array","maxItems":2000,"items":{"type":"string","maxLength":1000}}}""", "self.l.all(x, !format.dns1123Label().validate(x).hasValue())", "2.6x")]
    [TestCase("""{"l":{"type":"array","maxItems":500000,"items":{"type":"string","maxLength":100}}}""", "self.l.all(x, cidr('10.0.0.0/8').containsCIDR(x) || ip.isCanonical(x))", "6.7x")]
    [TestCase("""{"l":{"type":"array","maxItems":500000,"items":{"type":"string","maxLength":100}}}""", "self.l.all(x, isSemver(x) && semver(x) == semver('1.0.0') && format.uuid() == format.byte())", "4.8x")]
    [TestCase("""{"l":{"type":"array","maxItems":5000,"items":{"type":"string","maxLength":10}}}""", "self.l.sort() == self.l", "5.3x")]
    [TestCase("""{"l":{"type":"array","maxItems":5000,"items":{"type":"integer"}}}""", "self.l.distinct().size() == self.l.size() && self.l.reverse().slice(0, 2).size() == 2", "5.0x")]
    [TestCase("""{"l":{"type":"array","maxItems":5000,"items":{"type":"integer"}}}""", "lists.range(20000000).size() > self.l.size()", "2.0x")]
    public async Task A_rule_that_may_cost_too_much_is_refused(string properties, string rule, string? factor)
    {
        var answer = await TryAsync(Definition(
            $$$"""{"type":"object","properties":{"spec":{"type":"object","properties":{{{properties}}},"x-kubernetes-validations":[{"rule":{{{JsonText.WriteString(JsonValue.Create(rule))}}} }] } } }"""));
        if (factor is null)
        {
            answer.Ok();
            return;
        }

        answer.Refused(422);
        Assert.That(answer.Causes[0], Is.EqualTo((
            "FieldValueForbidden", Rule + ".rule",
            $"Forbidden: estimated rule cost exceeds budget by factor of {factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)")));
        Assert.That(answer.Causes.Count > 1, Is.EqualTo(factor == "more than 100x"), "the sum of all is too much then, too");
    }

    [Test, Rule("CEL-compile")]
    public async Task Literals_do_not_mix_types()
    {
        var refused = await TryAsync(Definition(OfRule("self.x in ['a', 1]")));
        refused.Refused(422);
        Assert.That(refused.Message, Does.Contain("<input>:1:17: expected type 'string' but found 'int'"));
    }

    [Rule("CRD-structural")]
    [TestCase("""{"type":"string"}""", ".type: Invalid value: \"string\": must be object at the root")]
    [TestCase("""{}""", ".type: Required value: must not be empty at the root")]
    [TestCase("""{"type":"object","additionalProperties":{"type":"string"}}""", ".additionalProperties: Forbidden: must not be used at the root")]
    [TestCase("""{"type":"object","nullable":true}""", ".nullable: Forbidden: nullable cannot be true at the root")]
    [TestCase("""{"type":"object","properties":{"a":{}}}""", ".properties[a].type: Required value: must not be empty for specified object fields")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"array"}}}""", ".properties[a].items: Required value: must be specified")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"array","items":{}}}}""", ".properties[a].items.type: Required value: must not be empty for specified array items")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"odd"}}}""", ".properties[a].type: Unsupported value: \"odd\": supported values: \"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\"")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"array","uniqueItems":true,"items":{"type":"string"}}}}""", ".properties[a].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string"}},"additionalProperties":{"type":"string"}}}}""", ".properties[a].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"string","default":1}}}""", ".properties[a].default: Invalid value: \"integer\":  in body must be of type string: \"integer\"")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"object","default":{"z":1},"properties":{"b":{"type":"string"}}}}}""", ".properties[a].default: Invalid value: {\"z\":1}: must not have unknown fields")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","items":{"type":"object","properties":{"n":{"type":"string"}}}}}}""", ".properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["n"],"items":{"type":"object","properties":{"n":{"type":"string"}}}}}}""", ".properties[a].items.properties[n].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"odd","items":{"type":"string"}}}}""", ".properties[a].x-kubernetes-list-type: Unsupported value: \"odd\": supported values: \"atomic\", \"set\", \"map\"")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"object","x-kubernetes-map-type":"odd"}}}""", ".properties[a].x-kubernetes-map-type: Unsupported value: \"odd\": supported values: \"atomic\", \"granular\"")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"string","x-kubernetes-preserve-unknown-fields":false}}}""", ".properties[a].x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined")]
    [TestCase("""{"type":"object","properties":{"metadata":{"type":"object","properties":{"labels":{"type":"object"}}}}}""", ".properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"string"}},"anyOf":[{"properties":{"b":{"minLength":1}}}]}""", ".properties[b]: Required value: because it is defined in " + Schema + ".anyOf[0].properties[b]")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"string","anyOf":[{"type":"string"}]}}}""", ".properties[a].anyOf[0].type: Forbidden: must be empty to be structural")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"string","$ref":"x"}}}""", ".properties[a].$ref: Forbidden: $ref is not supported")]
    public async Task A_schema_that_is_not_structural_is_refused(string schema, string finding)
    {
        var refused = await TryAsync(Definition(schema));
        refused.Refused(422, $"CustomResourceDefinition.apiextensions.k8s.io \"widgets.test.dev\" is invalid: {Schema}{finding}");
    }

    [Rule("CRD-names")]
    [TestCase("""{"names":{"kind":"Widget","listKind":"Widget"}}""", "spec.names.listKind: Invalid value: \"Widget\": kind and listKind may not be the same")]
    [TestCase("""{"names":{"shortNames":["A"]}}""", "spec.names.shortNames[0]: Invalid value: \"A\": " + Label)]
    [TestCase("""{"names":{"singular":"a b"}}""", "spec.names.singular: Invalid value: \"a b\": " + Label)]
    [TestCase("""{"scope":"World"}""", "spec.scope: Unsupported value: \"World\": supported values: \"Cluster\", \"Namespaced\"")]
    [TestCase("""{"scope":null}""", "spec.scope: Required value")]
    [TestCase("""{"names":{"plural":"gizmos"}}""", "metadata.name: Invalid value: \"widgets.test.dev\": must be spec.names.plural+\".\"+spec.group")]
    public async Task Names_that_cannot_be_are_refused(string spec, string finding)
    {
        var definition = With(Definition("""{"type":"object"}""").ToJsonString(), $$"""{"spec":{{spec}} }""");
        (await TryAsync(definition)).Refused(422, $"CustomResourceDefinition.apiextensions.k8s.io \"widgets.test.dev\" is invalid: {finding}");
    }

    [Rule("CRD-subresources")]
    [TestCase("""{"subresources":{"scale":{"specReplicasPath":"spec.x","statusReplicasPath":".spec.y"}}}""", "spec.subresources.scale.specReplicasPath: Invalid value: \"spec.x\": must be a simple json path starting with .", "spec.subresources.scale.statusReplicasPath: Invalid value: \".spec.y\": should be a json path under .status")]
    [TestCase("""{"subresources":{"scale":{}}}""", "spec.subresources.scale.specReplicasPath: Required value", "spec.subresources.scale.statusReplicasPath: Required value")]
    [TestCase("""{"additionalPrinterColumns":[{"name":"A","type":"odd","jsonPath":"a"},{"type":"string","jsonPath":".a"}]}""", "spec.additionalPrinterColumns[0].type: Invalid value: \"odd\": must be one of boolean,date,integer,number,string", "spec.additionalPrinterColumns[0].JSONPath: Invalid value: \"a\": must be a simple json path starting with .", "spec.additionalPrinterColumns[1].name: Required value")]
    public async Task Subresources_and_columns_that_cannot_be_are_refused(string version, params string[] findings)
    {
        var definition = Definition("""{"type":"object"}""");
        foreach (var (name, value) in JsonNode.Parse(version)!.AsObject())
        {
            definition["spec"]!["versions"]![0]![name] = value!.DeepClone();
        }

        var refused = await TryAsync(definition);
        refused.Refused(422);
        Assert.That(refused.Causes.Select(cause => $"{cause.Field}: {cause.Message}"), Is.EqualTo(findings));
    }

    [Test, Rule("CRD-versions")]
    public async Task Versions_that_differ_are_refused_one_by_one()
    {
        var definition = Definition("""{"type":"object","properties":{"a":{}}}""");
        var second = (JsonObject)definition["spec"]!["versions"]![0]!.DeepClone();
        second["name"] = "V2";
        second["storage"] = false;
        second["schema"]!["openAPIV3Schema"]!["properties"]!["b"] = new JsonObject { ["type"] = "string" };
        ((JsonArray)definition["spec"]!["versions"]!).Add((JsonNode)second);
        var refused = await TryAsync(definition);
        refused.Refused(422);
        Assert.That(refused.Causes.Select(cause => $"{cause.Field}: {cause.Message}"), Is.EqualTo(new[]
        {
            "spec.versions[0].schema.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields",
            $"spec.versions[1].name: Invalid value: \"V2\": {Label}",
            "spec.versions[1].schema.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields",
        }));
    }

    private static string OfRule(string rule) =>
        $$$"""{"type":"object","properties":{"spec":{"type":"object","properties":{"x":{"type":"string"}},"x-kubernetes-validations":[{"rule":{{{JsonText.WriteString(JsonValue.Create(rule))}}} }] } } }""";

    // As a real server shows it: escaped for a web page.
    private static string Shown(string rule) =>
        $"{{\"Rule\":{JsonText.WriteString(JsonValue.Create(rule)).Replace("&", "\\u0026", StringComparison.Ordinal).Replace(">", "\\u003e", StringComparison.Ordinal).Replace("<", "\\u003c", StringComparison.Ordinal)},\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}}";

    private static JsonObject Definition(string schema) => JsonNode.Parse($$$"""
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.test.dev"},
         "spec":{"group":"test.dev","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},
          "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{{{schema}}} } }] } }
        """)!.AsObject();

    private Task<Answer> TryAsync(JsonObject definition) => Space.SendAsync("POST", Definitions.CollectionPath(), "dryRun=All", definition);
}

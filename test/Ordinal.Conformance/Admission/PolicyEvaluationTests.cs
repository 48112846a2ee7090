using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Admission;

/// <summary>What a ValidatingAdmissionPolicy does with a write.</summary>
public sealed class PolicyEvaluationTests(ClusterKind kind) : PolicyTests(kind)
{
    [Test, Rule("ADM-deny")]
    public async Task A_validation_that_is_false_denies()
    {
        await BindAsync("""{"validations":[{"expression":"object.data.color != 'red'"}]}""");
        var refused = await UntilDeniedAsync(() => TryAsync("""{"color":"red"}"""));
        var why = Denied("failed expression: object.data.color != 'red'");
        refused.Refused(422, $"configmaps \"a\" is forbidden: {why}");
        Assert.That(refused.Reason, Is.EqualTo("Invalid"));
        Assert.That(refused.Body.Child("details")!.ToJsonString(), Is.EqualTo(
            new JsonObject { ["name"] = "a", ["kind"] = "configmaps", ["causes"] = new JsonArray(new JsonObject { ["message"] = why }) }.ToJsonString()));
        (await TryAsync("""{"color":"blue"}""")).Ok();
    }

    [Rule("ADM-message")]
    [TestCase("""{"message":" no red ","reason":"Forbidden"}""", 403, "Forbidden", "no red")]
    [TestCase("""{"message":"no red","reason":"RequestEntityTooLarge"}""", 413, "RequestEntityTooLarge", "no red")]
    [TestCase("""{"message":"no red","messageExpression":"' no ' + object.data.color + ' here'"}""", 422, "Invalid", "no red here")]
    [TestCase("""{"message":"no red","messageExpression":"'' + object.data.nothing"}""", 422, "Invalid", "no red")]
    [TestCase("""{"message":"no red","messageExpression":"'a\\nb'"}""", 422, "Invalid", "no red")]
    [TestCase("""{"messageExpression":"' '"}""", 422, "Invalid", "failed expression: object.data.color != 'red'")]
    public async Task A_denial_has_the_words_and_the_code_of_its_validation(string validation, int code, string reason, string message)
    {
        var document = JsonNode.Parse(validation)!.AsObject();
        document["expression"] = " object.data.color != 'red' ";
        await BindAsync(new JsonObject { ["validations"] = new JsonArray(document) }.ToJsonString());
        var refused = await UntilDeniedAsync(() => TryAsync("""{"color":"red"}"""));
        refused.Refused(code, $"configmaps \"a\" is forbidden: {Denied(message)}");
        Assert.That(refused.Reason, Is.EqualTo(reason));
    }

    [Test, Rule("ADM-deny")]
    public async Task The_first_of_several_denials_is_told()
    {
        await BindAsync("""{"validations":[{"expression":"true"},{"expression":"object.data.x != '1'","message":"one"},{"expression":"object.data.x == '2'","message":"two"}]}""");
        var refused = await UntilDeniedAsync(() => TryAsync("""{"x":"1"}"""));
        Assert.That(refused.Message, Does.EndWith("denied request: one"));
        Assert.That((await TryAsync("""{"x":"3"}""")).Message, Does.EndWith("denied request: two"));
    }

    [Rule("ADM-failure")]
    [TestCase("object.data.nothing == 'x'", "no such key: nothing")]
    [TestCase("oldObject.data.x == 'x'", "no such key: data")]
    [TestCase("object.data.x + 1 > 0", "no such overload")]
    [TestCase("int(object.data.x) > 0", "type conversion error from 'string' to 'int'")]
    public async Task A_failure_denies_unless_the_policy_ignores_it(string expression, string why)
    {
        var validations = new JsonArray(new JsonObject { ["expression"] = expression }, new JsonObject { ["expression"] = "object.data.x != 'blue'", ["message"] = "no blue" });
        await BindAsync(new JsonObject { ["validations"] = validations.DeepClone() }.ToJsonString());
        var refused = await UntilDeniedAsync(() => TryAsync("""{"x":"red"}"""));
        Assert.That(refused.Code, Is.EqualTo(422));
        Assert.That(refused.Message, Does.StartWith($"configmaps \"a\" is forbidden: {Denied($"expression '{expression}' resulted in error: ")}"));
        Assert.That(refused.Message, Does.EndWith(why));
        await Space.SendAsync("PATCH", Policies.ObjectPath(new ObjectKey("", PolicyName)), body: JsonNode.Parse("""{"spec":{"failurePolicy":"Ignore"}}"""), contentType: Space.Merge);
        await UntilAsync(() => TryAsync("""{"x":"red"}"""), answer => answer.Code == 201);
        Assert.That((await TryAsync("""{"x":"blue"}""")).Message, Does.EndWith("no blue"));
    }

    [Rule("ADM-conditions")]
    [TestCase("object.data.x == 'red'", "red", "bad")]
    [TestCase("object.data.x == 'blue'", "red", null)]
    [TestCase("object.data.nothing == 'x'", "red", "no such key: nothing")]
    [TestCase("request.operation == 'CREATE' && request.resource.resource == 'configmaps' && request.kind.kind == 'ConfigMap'", "red", "bad")]
    [TestCase("request.dryRun && request.name == 'a' && !has(request.subResource)", "red", "bad")]
    [TestCase("request.namespace != '' && 'system:masters' in request.userInfo.groups", "red", "bad")]
    [TestCase("namespaceObject.metadata.name == 'x'", "red", "no such key: metadata")]
    [TestCase("oldObject == null", "red", "bad")]
    public async Task A_policy_is_asked_only_where_its_conditions_hold(string condition, string x, string? denied)
    {
        await BindAsync(new JsonObject
        {
            ["matchConditions"] = new JsonArray(
                new JsonObject { ["name"] = "one", ["expression"] = $"({condition}) || object.data.x == 'sure'" },
                new JsonObject { ["name"] = "two", ["expression"] = "object.data.x != 'never'" }),
            ["validations"] = new JsonArray(new JsonObject { ["expression"] = "false", ["message"] = "bad" }),
        }.ToJsonString());
        await UntilDeniedAsync(() => TryAsync("""{"x":"sure"}"""));
        (await TryAsync("""{"x":"never"}""")).Ok();
        var answer = await TryAsync($$"""{"x":"{{x}}"}""");
        if (denied is null)
        {
            answer.Ok();
        }
        else
        {
            Assert.That(answer.Refused(422).Message, Does.EndWith(denied == "bad" ? Denied(denied) : Denied($"expression '({condition}) || object.data.x == 'sure'' resulted in error: {denied}")));
        }
    }

    [Test, Rule("ADM-variables")]
    public async Task Variables_see_those_before_them_and_are_evaluated_when_they_are_asked_for()
    {
        await BindAsync(
            """
            {"variables":[{"name":"size","expression":"object.data.size()"},
                          {"name":"twice","expression":"variables.size * 2"},
                          {"name":"broken","expression":"object.data.nothing"},
                          {"name":"also","expression":"variables.broken + 'x'"}],
             "validations":[{"expression":"variables.twice != 4","messageExpression":"'twice is ' + string(variables.twice)"},
                            {"expression":"!has(object.data.ask) || variables.also == 'x'"}]}
            """);
        var refused = await UntilDeniedAsync(() => TryAsync("""{"a":"1","b":"2"}"""));
        Assert.That(refused.Refused(422).Message, Does.EndWith(Denied("twice is 4")));
        (await TryAsync("""{"a":"1"}""")).Ok();
        Assert.That((await TryAsync("""{"ask":"1"}""")).Refused(422).Message, Does.EndWith(Denied(
            "expression '!has(object.data.ask) || variables.also == 'x'' resulted in error: composited variable \"also\" fails to evaluate: composited variable \"broken\" fails to evaluate: no such key: nothing")));
    }

    [Test, Rule("ADM-params")]
    public async Task Parameters_come_from_the_object_that_the_binding_names()
    {
        await BindAsync(
            """
            {"paramKind":{"apiVersion":"v1","kind":"ConfigMap"},
             "matchConditions":[{"name":"others","expression":"object.metadata.name != 'limits'"}],
             "validations":[{"expression":"int(object.data.n) <= int(params.data.most)","messageExpression":"'at most ' + params.data.most"}]}
            """,
            """{"validationActions":["Deny"],"paramRef":{"name":"limits","parameterNotFoundAction":"Deny"}}""");
        var missing = await UntilDeniedAsync(() => TryAsync("""{"n":"1"}"""));
        Assert.That(missing.Refused(422).Message, Does.EndWith(Denied("failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction")));

        // The object is named in another test's namespace only if it is this one: a namespaced parameter is looked for beside the object.
        await Space.SendAsync("PATCH", Bindings.ObjectPath(new ObjectKey("", PolicyName)), body: JsonNode.Parse("""{"spec":{"paramRef":{"parameterNotFoundAction":"Allow"}}}"""), contentType: Space.Merge);
        await UntilAsync(() => TryAsync("""{"n":"1"}"""), answer => answer.Code == 201);
        await Space.CreateAsync(ResourceKind.ConfigMaps, JsonNode.Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"limits"},"data":{"most":"5"}}""")!.AsObject());
        var refused = await UntilDeniedAsync(() => TryAsync("""{"n":"6"}"""));
        Assert.That(refused.Refused(422).Message, Does.EndWith(Denied("at most 5")));
        (await TryAsync("""{"n":"5"}""")).Ok();
    }

    [Test, Rule("ADM-deny")]
    public async Task A_validation_sees_the_namespace()
    {
        await BindAsync("""{"validations":[{"expression":"namespaceObject.metadata.name != request.namespace","messageExpression":"'in ' + namespaceObject.metadata.name + ' ' + namespaceObject.status.phase"}]}""");
        var refused = await UntilDeniedAsync(() => TryAsync("""{"x":"1"}"""));
        Assert.That(refused.Refused(422).Message, Does.EndWith(Denied($"in {Space.Name} Active")));
    }

    [Test, Rule("ADM-actions")]
    public async Task A_binding_that_warns_lets_the_write_pass()
    {
        await BindAsync("""{"validations":[{"expression":"object.data.x != '1'","message":"one"},{"expression":"false","message":"always"}]}""", """{"validationActions":["Warn","Audit"]}""");
        var answer = await UntilAsync(() => TryAsync("""{"x":"1"}"""), answer => answer.Warnings.Count > 0);
        answer.Ok();
        Assert.That(answer.Warnings, Is.EqualTo(new[]
        {
            $"Validation failed for ValidatingAdmissionPolicy '{PolicyName}' with binding '{PolicyName}': one",
            $"Validation failed for ValidatingAdmissionPolicy '{PolicyName}' with binding '{PolicyName}': always",
        }));
    }

    [Test, Rule("ADM-operations")]
    public async Task Updates_status_scale_and_deletions_are_asked_about_as_what_they_are()
    {
        await BindAsync(
            $$$"""
            {"matchConstraints":{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"{{{Space.Name}}}"}},
               "resourceRules":[{"apiGroups":["","apps"],"apiVersions":["v1"],"operations":["UPDATE","DELETE"],"resources":["configmaps","statefulsets/scale"]}]},
             "validations":[{"expression":"request.operation != 'UPDATE' || request.resource.resource != 'configmaps' || object.data.x != oldObject.data.x","message":"the same"},
                            {"expression":"request.operation != 'DELETE' || (object == null && oldObject.data.x != 'keep')","message":"keep it"},
                            {"expression":"!has(request.subResource) || object.spec.replicas < 5","messageExpression":"object.kind + ' ' + request.subResource + ' ' + string(object.spec.replicas)"}]}
            """);
        await Space.CreateAsync(ResourceKind.ConfigMaps, JsonNode.Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"keep"}}""")!.AsObject());
        var denied = await UntilDeniedAsync(() => Space.TryPatchAsync(ResourceKind.ConfigMaps, "a", """{"metadata":{"labels":{"l":"1"}}}""", query: "dryRun=All"));
        Assert.That(denied.Message, Does.EndWith(Denied("the same")));
        Assert.That((await Space.SendAsync("DELETE", Space.Path(ResourceKind.ConfigMaps, "a"))).Refused(422).Message, Is.EqualTo($"configmaps \"a\" is forbidden: {Denied("keep it")}"));
        await Space.PatchAsync(ResourceKind.ConfigMaps, "a", """{"data":{"x":"go"}}""");
        (await Space.SendAsync("DELETE", Space.Path(ResourceKind.ConfigMaps, "a"))).Ok();

        await Workload.CreateAsync(Space, new Ordinal.Simulation.Harness.StatefulSetDocument());
        await Space.PatchAsync(ResourceKind.StatefulSets, "web", """{"spec":{"replicas":6}}""");
        await Space.PatchAsync(ResourceKind.StatefulSets, "web", """{"spec":{"replicas":4}}""", subresource: "scale");
        Assert.That(
            (await Space.TryPatchAsync(ResourceKind.StatefulSets, "web", """{"spec":{"replicas":5}}""", subresource: "scale")).Refused(422).Message,
            Is.EqualTo($"statefulsets.apps \"web\" is forbidden: {Denied("Scale scale 5")}"));
    }

    [Test, Rule("ADM-match")]
    public async Task A_binding_narrows_what_its_policy_is_about()
    {
        await BindAsync(
            """{"validations":[{"expression":"false","message":"no"}]}""",
            """{"validationActions":["Deny"],"matchResources":{"objectSelector":{"matchLabels":{"guarded":"yes"}},"excludeResourceRules":[{"apiGroups":["*"],"apiVersions":["*"],"operations":["*"],"resources":["*"],"resourceNames":["free"]}]}}""");
        Task<Answer> Try(string name, string label) => Space.PostAsync(
            ResourceKind.ConfigMaps, JsonNode.Parse($$$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{{name}}}}","labels":{"guarded":"{{{{label}}}}"}}}""")!.AsObject(), "dryRun=All");
        await UntilDeniedAsync(() => Try("a", "yes"));
        (await Try("a", "no")).Ok();
        (await Try("free", "yes")).Ok();
    }
}

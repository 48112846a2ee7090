using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Admission;

/// <summary>What a ValidatingAdmissionPolicy and its binding may say. Nothing is stored: each is a dry run.</summary>
public sealed class PolicyDefinitionTests(ClusterKind kind) : PolicyTests(kind)
{
    [Rule("ADM-compile")]
    [TestCase("""{"validations":[{"expression":"object.x =="}]}""", "spec.validations[0].expression", "compilation failed: ERROR: <input>:1:12: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | object.x ==\n | ...........^")]
    [TestCase("""{"validations":[{"expression":"object.x"}]}""", "spec.validations[0].expression", "must evaluate to bool but got dyn")]
    [TestCase("""{"validations":[{"expression":"nothing"}]}""", "spec.validations[0].expression", "compilation failed: ERROR: <input>:1:1: undeclared reference to 'nothing' (in container '')\n | nothing\n | ^")]
    [TestCase("""{"validations":[{"expression":"request.foo == ''"}]}""", "spec.validations[0].expression", "compilation failed: ERROR: <input>:1:8: undefined field 'foo'\n | request.foo == ''\n | .......^")]
    [TestCase("""{"validations":[{"expression":"params == null"}]}""", "spec.validations[0].expression", "compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params == null\n | ^")]
    [TestCase("""{"validations":[{"expression":"true","messageExpression":"1"}]}""", "spec.validations[0].messageExpression", "must evaluate to string but got int")]
    [TestCase("""{"validations":[{"expression":"variables.a == 1"}],"variables":[{"name":"b","expression":"1"}]}""", "spec.validations[0].expression", "compilation failed: ERROR: <input>:1:10: undefined field 'a'\n | variables.a == 1\n | .........^")]
    [TestCase("""{"validations":[{"expression":"true"}],"variables":[{"name":"b","expression":"variables.b"}]}""", "spec.variables[0].expression", "compilation failed: ERROR: <input>:1:10: undefined field 'b'\n | variables.b\n | .........^")]
    [TestCase("""{"validations":[{"expression":"true"}],"matchConditions":[{"name":"a","expression":"variables.b"}],"variables":[{"name":"b","expression":"true"}]}""", "spec.matchConditions[0].expression", "compilation failed: ERROR: <input>:1:1: undeclared reference to 'variables' (in container '')\n | variables.b\n | ^")]
    [TestCase("""{"auditAnnotations":[{"key":"k","valueExpression":"1"}]}""", "spec.auditAnnotations[0].valueExpression", "must evaluate to one of [string null_type] but got int")]
    public async Task An_expression_that_does_not_compile_is_refused(string spec, string field, string why)
    {
        var refused = await TryPolicyAsync(spec);
        refused.Refused(422);
        var (reason, at, message) = refused.Causes.Single();
        Assert.That((reason, at), Is.EqualTo(("FieldValueInvalid", field)));
        Assert.That(message, Does.EndWith(": " + why));
    }

    [Rule("ADM-policy-fields")]
    [TestCase("""{}""", "spec.validations: Required value: validations or auditAnnotations must contain at least one item", "spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item")]
    [TestCase("""{"validations":[{"expression":" "}]}""", "spec.validations[0].expression: Required value: expression is not specified")]
    [TestCase("""{"validations":[{"expression":"true","message":" "}]}""", "spec.validations[0].message: Invalid value: \" \": must be non-empty if specified")]
    [TestCase("""{"validations":[{"expression":"true","message":"a\nb"}]}""", "spec.validations[0].message: Invalid value: \"a\\nb\": must not contain line breaks")]
    [TestCase("""{"validations":[{"expression":"true","reason":"Odd"}]}""", "spec.validations[0].reason: Unsupported value: \"Odd\": supported values: \"Forbidden\", \"Invalid\", \"RequestEntityTooLarge\"")]
    [TestCase("""{"validations":[{"expression":"true"}],"failurePolicy":"Odd"}""", "spec.failurePolicy: Unsupported value: \"Odd\": supported values: \"Fail\", \"Ignore\"")]
    [TestCase("""{"validations":[{"expression":"true"}],"variables":[{"name":"in","expression":"1"}]}""", "spec.variables[0].name: Invalid value: \"in\": must be a valid CEL identifier")]
    [TestCase("""{"validations":[{"expression":"true"}],"matchConditions":[{"expression":"true"}]}""", "spec.matchConditions[0].name: Required value")]
    [TestCase("""{"validations":[{"expression":"true"}],"paramKind":{"apiVersion":"v1"}}""", "spec.paramKind.kind: Required value")]
    [TestCase("""{"validations":[{"expression":"true"}],"matchConstraints":{}}""", "spec.matchConstraints.resourceRules: Required value")]
    [TestCase("""{"validations":[{"expression":"true"}],"matchConstraints":{"resourceRules":[{"apiGroups":["","*"],"apiVersions":["v1"],"operations":["ODD"],"resources":["a/*","a/b"]}]}}""", "spec.matchConstraints.resourceRules[0].operations[0]: Unsupported value: \"ODD\": supported values: \"*\", \"CONNECT\", \"CREATE\", \"DELETE\", \"UPDATE\"", "spec.matchConstraints.resourceRules[0].apiGroups: Invalid value: [\"\",\"*\"]: if '*' is present, must not specify other API groups", "spec.matchConstraints.resourceRules[0].resources[1]: Invalid value: \"a/b\": if 'a/*' is present, must not specify a/b")]
    public async Task What_else_a_policy_may_not_say(string spec, params string[] findings)
    {
        var refused = await TryPolicyAsync(spec);
        refused.Refused(422);
        Assert.That(refused.Causes.Select(cause => $"{cause.Field}: {cause.Message}"), Is.EqualTo(findings));
    }

    [Rule("ADM-binding-fields")]
    [TestCase("""{"policyName":"x"}""", "spec.validationActions: Required value: at least one validation action is required")]
    [TestCase("""{"policyName":"X","validationActions":["Audit"]}""", "spec.policyName: Invalid value: \"X\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")]
    [TestCase("""{"policyName":"x","validationActions":["Deny","Warn"]}""", "spec.validationActions: Invalid value: [\"Deny\",\"Warn\"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)")]
    [TestCase("""{"policyName":"x","validationActions":["Deny"],"paramRef":{"name":"a"}}""", "spec.paramRef.parameterNotFoundAction: Required value")]
    [TestCase("""{"policyName":"x","validationActions":["Deny"],"paramRef":{"parameterNotFoundAction":"Deny"}}""", "spec.paramRef: Required value: one of name or selector must be specified")]
    public async Task What_a_binding_may_not_say(string spec, string finding)
    {
        var refused = await Space.SendAsync("POST", Bindings.CollectionPath(), "dryRun=All", Binding(spec));
        refused.Refused(422);
        Assert.That(refused.Causes.Select(cause => $"{cause.Field}: {cause.Message}"), Is.EqualTo(new[] { finding }));
    }

    [Test, Rule("ADM-defaults")]
    public async Task Defaults_are_filled_in()
    {
        var policy = Policy("""{"validations":[{"expression":"true"}]}""");
        policy.Child("spec").Child("matchConstraints")!.Remove("namespaceSelector");
        var made = (await Space.SendAsync("POST", Policies.CollectionPath(), "dryRun=All", policy)).Ok();
        Assert.That(made.Generation(), Is.EqualTo(1));
        var spec = made.Child("spec")!;
        Assert.That(spec.Text("failurePolicy"), Is.EqualTo("Fail"));
        var match = spec.Child("matchConstraints")!;
        Assert.That(match.Text("matchPolicy"), Is.EqualTo("Equivalent"));
        Assert.That(match.Child("namespaceSelector"), Is.Not.Null.And.Empty);
        Assert.That(match.Child("objectSelector"), Is.Not.Null.And.Empty);
        Assert.That((match.List("resourceRules")![0] as JsonObject).Text("scope"), Is.EqualTo("*"));
    }

    private Task<Answer> TryPolicyAsync(string spec) => Space.SendAsync("POST", Policies.CollectionPath(), "dryRun=All", Policy(spec));
}

using NUnit.Framework;

namespace Ordinal.Tests.ControlPlane;

/// <summary>What the API server refuses, in the words that a real 1.36.2 used for the same request.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RefusalTests
{
    private const string Sets = "/apis/apps/v1/namespaces/default/statefulsets";
    private readonly ApiHarness _api = new();

    [Test]
    public async Task Defaults_of_a_stateful_set_are_the_real_ones()
    {
        Reply made = await _api.PostAsync(Sets, ApiHarness.StatefulSet("web"));
        Assert.Multiple(() =>
        {
            Assert.That(made.Body["spec"]!["updateStrategy"]!.ToJsonString(), Is.EqualTo("""{"type":"RollingUpdate","rollingUpdate":{"partition":0}}"""));
            Assert.That(made.Body["spec"]!["template"]!["spec"]!["containers"]![0]!.ToJsonString(), Is.EqualTo(
                """{"name":"c","image":"app:v1","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}"""));
            Assert.That(made.Body["status"]!.ToJsonString(), Is.EqualTo("""{"replicas":0,"availableReplicas":0}"""));
            Assert.That((long)made.Body["spec"]!["revisionHistoryLimit"]!, Is.EqualTo(10));
        });
    }

    [Test]
    public async Task A_named_type_alone_gets_no_rolling_update_block()
    {
        Reply made = await _api.PostAsync(Sets, ApiHarness.StatefulSet("web", extra: "\"updateStrategy\":{\"type\":\"RollingUpdate\"},"));
        Assert.That(made.Body["spec"]!["updateStrategy"]!.ToJsonString(), Is.EqualTo("""{"type":"RollingUpdate"}"""));
    }

    [Test]
    public async Task MaxUnavailable_is_dropped_as_its_gate_is_off()
    {
        Reply made = await _api.PostAsync(
            Sets, ApiHarness.StatefulSet("web", extra: "\"updateStrategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxUnavailable\":2}},"));
        Assert.That(made.Body["spec"]!["updateStrategy"]!.ToJsonString(), Is.EqualTo("""{"type":"RollingUpdate","rollingUpdate":{"partition":0}}"""));
    }

    [TestCase("""{"spec":{"serviceName":"other"}}""", "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")]
    [TestCase("""{"spec":{"podManagementPolicy":"Parallel"}}""", "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")]
    [TestCase("""{"spec":{"updateStrategy":{"rollingUpdate":{"partition":-1}}}}""", "spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0")]
    [TestCase("""{"spec":{"updateStrategy":{"type":"OnDelete"}}}""", "spec.updateStrategy.rollingUpdate: Invalid value: {\"Partition\":0,\"MaxUnavailable\":null}: only allowed for updateStrategy 'RollingUpdate'")]
    [TestCase("""{"spec":{"template":{"spec":{"containers":[]}}}}""", "spec.template.spec.containers: Required value")]
    [TestCase("""{"spec":{"template":{"metadata":{"labels":{"app":"other"}}}}}""", "spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: `selector` does not match template `labels`")]
    [TestCase("""{"spec":{"template":{"spec":{"restartPolicy":"Never"}}}}""", "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"")]
    public async Task An_invalid_stateful_set_is_refused_with_the_real_words(string patch, string expected)
    {
        await _api.PostAsync(Sets, ApiHarness.StatefulSet("web"));
        Reply refused = await _api.MergeAsync($"{Sets}/web", patch);
        Assert.Multiple(() =>
        {
            Assert.That(refused.Code, Is.EqualTo(422));
            Assert.That(refused.Message, Is.EqualTo($"StatefulSet.apps \"web\" is invalid: {expected}"));
        });
    }

    [Test]
    public async Task A_bad_name_is_refused_with_the_real_words()
    {
        Reply refused = await _api.PostAsync(Sets, ApiHarness.StatefulSet("web").Replace("{\"name\":\"web\"", "{\"name\":\"Bad_Name\"", StringComparison.Ordinal));
        Assert.That(refused.Message, Is.EqualTo(
            "StatefulSet.apps \"Bad_Name\" is invalid: metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"));
    }

    [Test]
    public async Task An_unknown_field_is_refused_warned_of_or_ignored()
    {
        string body = ApiHarness.StatefulSet("web", extra: "\"replicaz\":3,");
        Reply strict = await _api.PostAsync($"{Sets}?fieldValidation=Strict", body);
        Reply warned = await _api.PostAsync($"{Sets}?fieldValidation=Warn&dryRun=All", body);
        Reply ignored = await _api.PostAsync($"{Sets}?fieldValidation=Ignore&dryRun=All", body);
        Assert.Multiple(() =>
        {
            Assert.That(strict.Code, Is.EqualTo(400));
            Assert.That(strict.Message, Is.EqualTo(
                "StatefulSet in version \"v1\" cannot be handled as a StatefulSet: strict decoding error: unknown field \"spec.replicaz\""));
            Assert.That(warned.Answer.Warnings, Is.EqualTo(new[] { "unknown field \"spec.replicaz\"" }));
            Assert.That(ignored.Answer.Warnings, Is.Empty);
            Assert.That(ignored.Body["spec"]!["replicaz"], Is.Null);
        });
    }

    [Test]
    public async Task A_failed_json_patch_test_is_422_with_empty_details()
    {
        await _api.PostAsync(Sets, ApiHarness.StatefulSet("web"));
        Reply refused = await _api.JsonPatchAsync(
            $"{Sets}/web", """[{"op":"test","path":"/spec/replicas","value":9},{"op":"replace","path":"/spec/replicas","value":1}]""");
        Assert.Multiple(() =>
        {
            Assert.That(refused.Code, Is.EqualTo(422));
            Assert.That(refused.Text, Is.EqualTo(
                """{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server rejected our request due to an error in our request","reason":"Invalid","details":{},"code":422}"""));
        });
    }

    [Test]
    public async Task Another_kind_in_the_body_is_refused()
    {
        Reply refused = await _api.PostAsync(Sets, """{"apiVersion":"apps/v1","kind":"Pod"}""");
        Assert.That(refused.Message, Is.EqualTo(
            "Pod in version \"v1\" cannot be handled as a StatefulSet: no kind \"Pod\" is registered for version \"apps/v1\" in scheme \"pkg/api/legacyscheme/scheme.go:30\""));
    }

    [Test]
    public async Task A_version_from_the_future_times_out()
    {
        Reply refused = await _api.GetAsync($"{Sets}?resourceVersion=999999999&resourceVersionMatch=Exact");
        Assert.Multiple(() =>
        {
            Assert.That(refused.Code, Is.EqualTo(504));
            Assert.That(refused.Message, Is.EqualTo($"Timeout: Too large resource version: 999999999, current: {_api.Server.Store.Revision}"));
            Assert.That(refused.Answer.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(1)));
        });
    }

    [Test]
    public async Task A_scale_below_zero_is_refused_and_a_dry_run_of_one_writes_nothing()
    {
        await _api.PostAsync(Sets, ApiHarness.StatefulSet("web"));
        Reply refused = await _api.MergeAsync($"{Sets}/web/scale", """{"spec":{"replicas":-2}}""");
        await _api.MergeAsync($"{Sets}/web/scale?dryRun=All", """{"spec":{"replicas":7}}""");
        Reply read = await _api.GetAsync($"{Sets}/web/scale");
        Assert.Multiple(() =>
        {
            Assert.That(refused.Message, Is.EqualTo("Scale.autoscaling \"web\" is invalid: spec.replicas: Invalid value: -2: must be greater than or equal to 0"));
            Assert.That((long)read.Body["spec"]!["replicas"]!, Is.EqualTo(3));
            Assert.That((string?)read.Body["status"]!["selector"], Is.EqualTo("app=web"));
        });
    }

    [TestCase("not json", "application/json", 400)]
    [TestCase("[1]", "application/json", 400)]
    [TestCase("", "application/json", 400)]
    [TestCase("{}", "application/vnd.kubernetes.protobuf", 400)]
    [TestCase("{}", "text/html", 415)]
    public async Task A_bad_body_is_a_clean_refusal(string body, string contentType, int expected)
    {
        Reply refused = await _api.CallAsync("POST", Sets, body, contentType);
        Assert.That(refused.Code, Is.EqualTo(expected));
    }
}

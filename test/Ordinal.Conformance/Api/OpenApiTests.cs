using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Api;

/// <summary>The OpenAPI documents of both versions, as far as clients look into them.</summary>
public sealed class OpenApiTests(ClusterKind kind) : ConformanceTests(kind)
{
    private const string Reference = "#/components/schemas/";

    [Test, Rule("API-openapi-v3")]
    public async Task The_index_names_a_document_for_each_version_of_a_group()
    {
        var paths = (await Space.SendAsync("GET", "/openapi/v3")).Ok().Child("paths")!;
        foreach (var folder in new[] { "api/v1", "apis/apps/v1", "apis/policy/v1", "apis/apiextensions.k8s.io/v1", "apis/admissionregistration.k8s.io/v1" })
        {
            Assert.That(paths.Child(folder).Text("serverRelativeURL"), Does.Match($"^/openapi/v3/{folder}\\?hash=[0-9A-F]{{128}}$"));
        }

        Assert.That((await Space.SendAsync("GET", "/openapi/v3/apis/nothing/v1")).Code, Is.EqualTo(404));
    }

    [Test, Rule("API-openapi-v3")]
    public async Task A_built_in_kind_has_its_fields_and_their_types()
    {
        var document = await DocumentAsync("apis/apps/v1");
        var set = SchemaOf(document, "apps", "v1", "StatefulSet");
        var spec = Resolve(document, set.Child("properties").Child("spec")!);
        Assert.That(spec.Child("properties")!.Select(field => field.Key), Is.EquivalentTo(new[]
        {
            "minReadySeconds", "ordinals", "persistentVolumeClaimRetentionPolicy", "podManagementPolicy", "replicas", "revisionHistoryLimit", "selector", "serviceName", "template",
            "updateStrategy", "volumeClaimTemplates",
        }));
        Assert.That(spec.Child("properties").Child("replicas").Text("type"), Is.EqualTo("integer"));
        Assert.That(spec.Child("properties").Child("serviceName").Text("type"), Is.EqualTo("string"));
        Assert.That(spec.Child("properties").Child("volumeClaimTemplates").Text("type"), Is.EqualTo("array"));
        var update = Resolve(document, Resolve(document, spec.Child("properties").Child("updateStrategy")!).Child("properties").Child("rollingUpdate")!);
        Assert.That(update.Child("properties")!.Select(field => field.Key), Is.EquivalentTo(new[] { "maxUnavailable", "partition" }));
    }

    [Test, Rule("API-openapi-v3")]
    public async Task Fields_are_described()
    {
        var document = await DocumentAsync("apis/apps/v1");
        var set = SchemaOf(document, "apps", "v1", "StatefulSet");
        Assert.That(set.Text("description"), Does.StartWith("StatefulSet represents a set of pods with consistent identities.").And.Contain("\n"));
        Assert.That(set.Child("properties").Child("spec").Text("description"), Is.EqualTo("Spec defines the desired identities of pods in this set."));
        var spec = Resolve(document, set.Child("properties").Child("spec")!);
        Assert.That(spec.Child("properties").Child("minReadySeconds").Text("description"), Is.EqualTo("Minimum number of seconds for which a newly created pod should be ready without any of its container crashing for it to be considered available. Defaults to 0 (pod will be considered available as soon as it is ready)"));
    }

    [Test, Rule("API-openapi-v3")]
    public async Task A_patch_knows_dryRun_and_fieldValidation()
    {
        var patch = (await DocumentAsync("apis/apps/v1")).Child("paths").Child("/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}").Child("patch")!;
        Assert.That(patch["x-kubernetes-group-version-kind"]!.ToJsonString(), Is.EqualTo("""{"group":"apps","version":"v1","kind":"StatefulSet"}"""));
        Assert.That(patch.List("parameters")!.OfType<JsonObject>().Where(each => each.Text("in") == "query").Select(each => each.Text("name")), Is.SupersetOf(new[] { "dryRun", "fieldManager", "fieldValidation", "force" }));
    }

    [Rule("API-openapi-v2")]
    [TestCase("io.k8s.api.apps.v1.StatefulSetSpec", "selector,template", "minReadySeconds,ordinals,persistentVolumeClaimRetentionPolicy,podManagementPolicy,replicas,revisionHistoryLimit,selector,serviceName,template,updateStrategy,volumeClaimTemplates")]
    [TestCase("io.k8s.api.apps.v1.StatefulSetUpdateStrategy", "", "rollingUpdate,type")]
    [TestCase("io.k8s.api.apps.v1.RollingUpdateStatefulSetStrategy", "", "maxUnavailable,partition")]
    [TestCase("io.k8s.api.core.v1.ContainerPort", "containerPort", "containerPort,hostIP,hostPort,name,protocol")]
    [TestCase("io.k8s.api.policy.v1.PodDisruptionBudgetSpec", "", "maxUnavailable,minAvailable,selector,unhealthyPodEvictionPolicy")]
    public async Task A_type_has_its_name_its_fields_and_those_that_must_be_there(string name, string required, string fields)
    {
        var schema = (await SecondAsync()).Child("definitions").Child(name)!;
        Assert.That(string.Join(',', schema.Child("properties")!.Select(field => field.Key).Order(StringComparer.Ordinal)), Is.EqualTo(fields));
        Assert.That(string.Join(',', (schema.List("required") ?? []).Select(field => field.AsText())), Is.EqualTo(required));
    }

    [Rule("API-openapi-v2")]
    [TestCase("core.v1.PodSpec", "containers", "merge", "name")]
    [TestCase("core.v1.PodSpec", "volumes", "merge,retainKeys", "name")]
    [TestCase("core.v1.PodSpec", "tolerations", null, null)]
    [TestCase("core.v1.Container", "ports", "merge", "containerPort")]
    [TestCase("core.v1.Container", "env", "merge", "name")]
    [TestCase("core.v1.Container", "args", null, null)]
    [TestCase("core.v1.ServiceSpec", "ports", "merge", "port")]
    [TestCase("core.v1.PodStatus", "hostIPs", "merge", "ip")]
    [TestCase("apps.v1.StatefulSetSpec", "volumeClaimTemplates", null, null)]
    [TestCase("apps.v1.DeploymentSpec", "strategy", "retainKeys", null)]
    [TestCase("policy.v1.PodDisruptionBudgetSpec", "selector", "replace", null)]
    public async Task A_field_says_how_kubectl_merges_it(string type, string field, string? strategy, string? key)
    {
        var property = (await SecondAsync()).Child("definitions").Child($"io.k8s.api.{type}").Child("properties").Child(field);
        Assert.That((property.Text("x-kubernetes-patch-strategy"), property.Text("x-kubernetes-patch-merge-key")), Is.EqualTo((strategy, key)));
    }

    [Test, Rule("API-openapi-v2")]
    public async Task Kinds_are_found_by_their_group_and_patches_know_dryRun()
    {
        var document = await SecondAsync();
        Assert.That(document.Text("swagger"), Is.EqualTo("2.0"));
        Assert.That(document.Child("definitions").Child("io.k8s.api.apps.v1.StatefulSet")!["x-kubernetes-group-version-kind"]!.AsArray().Select(each => (string?)each!["kind"]), Is.EqualTo(new[] { "StatefulSet" }));
        Assert.That(document.Child("definitions").Child("io.k8s.apimachinery.pkg.util.intstr.IntOrString")!.Where(each => each.Key != "description").Select(each => $"{each.Key}={each.Value}").Order(StringComparer.Ordinal), Is.EqualTo(new[] { "format=int-or-string", "type=string" }));
        var patch = document.Child("paths").Child("/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}").Child("patch")!;
        Assert.That(patch.Child("x-kubernetes-group-version-kind").Text("kind"), Is.EqualTo("StatefulSet"));

        // Parameters that many operations have stand in one place on a real server, and are referred to.
        Assert.That(patch.List("parameters")!.OfType<JsonObject>().Select(each => each.Text("name") ?? each.Text("$ref")), Has.Some.StartsWith("dryRun").Or.Some.Contains("/dryRun-"));
    }

    [Rule("API-openapi-v2")]
    [TestCase("application/com.github.proto-openapi.spec.v2@v1.0+protobuf", 200, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")]
    [TestCase("application/com.github.proto-openapi.spec.v2.v1.0+protobuf", 200, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")]
    [TestCase("application/json", 200, "application/json")]
    [TestCase("text/html, */*", 200, "application/json")]
    [TestCase("text/html", 406, null)]
    public async Task The_form_is_the_one_that_is_asked_for(string accept, int code, string? contentType)
    {
        var answer = await Space.Cluster.Door.SendAsync(new ApiCall("GET", "/openapi/v2") { Accept = accept }, CancellationToken.None);
        Assert.That(answer.StatusCode, Is.EqualTo(code));
        if (contentType is not null)
        {
            Assert.That(answer.ContentType, Is.EqualTo(contentType));
            Assert.That(answer.Body.Length, Is.GreaterThan(10_000));
        }
    }

    private async Task<JsonObject> SecondAsync() => (await Space.SendAsync("GET", "/openapi/v2")).Ok();

    private async Task<JsonObject> DocumentAsync(string folder)
    {
        var index = (await Space.SendAsync("GET", "/openapi/v3")).Ok();
        var address = index.Child("paths").Child(folder).Text("serverRelativeURL")!.Split('?');
        return (await Space.SendAsync("GET", address[0], address[1])).Ok();
    }

    private static JsonObject SchemaOf(JsonObject document, string group, string version, string kind) => document.Child("components").Child("schemas")!
        .Select(schema => (JsonObject)schema.Value!)
        .Single(schema => (schema.List("x-kubernetes-group-version-kind") ?? []).OfType<JsonObject>().Any(each => each.Text("group") == group && each.Text("version") == version && each.Text("kind") == kind));

    private static JsonObject Resolve(JsonObject document, JsonObject schema)
    {
        var reference = schema.Text("$ref") ?? (schema.List("allOf")?[0] as JsonObject).Text("$ref");
        return reference is null ? schema : document.Child("components").Child("schemas").Child(reference[Reference.Length..])!;
    }
}

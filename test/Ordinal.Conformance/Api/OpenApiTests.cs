using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Api;

/// <summary>The OpenAPI v3 documents, as far as clients look into them.</summary>
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
    public async Task A_patch_knows_dryRun_and_fieldValidation()
    {
        var patch = (await DocumentAsync("apis/apps/v1")).Child("paths").Child("/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}").Child("patch")!;
        Assert.That(patch["x-kubernetes-group-version-kind"]!.ToJsonString(), Is.EqualTo("""{"group":"apps","version":"v1","kind":"StatefulSet"}"""));
        Assert.That(patch.List("parameters")!.OfType<JsonObject>().Where(each => each.Text("in") == "query").Select(each => each.Text("name")), Is.SupersetOf(new[] { "dryRun", "fieldManager", "fieldValidation", "force" }));
    }

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

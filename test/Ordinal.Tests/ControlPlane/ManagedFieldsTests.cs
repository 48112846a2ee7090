using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Ordinal.Tests.ControlPlane;

/// <summary>Ownership as a real 1.36.2 recorded it for the same requests.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ManagedFieldsTests
{
    private const string Sets = "/apis/apps/v1/namespaces/default/statefulsets";
    private readonly ApiHarness _api = new();

    [Test]
    public async Task Defaulted_fields_belong_to_the_maker()
    {
        Reply made = await MakeAsync();
        Assert.That(Owners(made)["maker Update"], Is.EqualTo(
            """{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:persistentVolumeClaimRetentionPolicy":{".":{},"f:whenDeleted":{},"f:whenScaled":{}},"f:podManagementPolicy":{},"f:replicas":{},"f:revisionHistoryLimit":{},"f:selector":{},"f:serviceName":{},"f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}},"f:updateStrategy":{"f:rollingUpdate":{".":{},"f:partition":{}},"f:type":{}}}}"""));
    }

    [Test]
    public async Task An_apply_of_anothers_field_conflicts_until_it_is_forced()
    {
        await MakeAsync();
        Reply refused = await _api.ApplyAsync($"{Sets}/web?fieldManager=ordinal", Partition(7));
        Reply forced = await _api.ApplyAsync($"{Sets}/web?fieldManager=ordinal&force=true", Partition(7));
        Dictionary<string, string> owners = Owners(forced);
        Assert.Multiple(() =>
        {
            Assert.That(refused.Code, Is.EqualTo(409));
            Assert.That(refused.Message, Is.EqualTo(
                "Apply failed with 1 conflict: conflict with \"maker\" using apps/v1: .spec.updateStrategy.rollingUpdate.partition"));
            Assert.That(refused.Body["details"]!["causes"]![0]!.ToJsonString(), Is.EqualTo(
                """{"reason":"FieldManagerConflict","message":"conflict with \u0022maker\u0022 using apps/v1","field":".spec.updateStrategy.rollingUpdate.partition"}"""));
            Assert.That(owners["ordinal Apply"], Is.EqualTo("""{"f:spec":{"f:updateStrategy":{"f:rollingUpdate":{"f:partition":{}}}}}"""));
            Assert.That(owners["maker Update"], Does.Contain("\"f:updateStrategy\":{\"f:rollingUpdate\":{},\"f:type\":{}}"));
            Assert.That((long)forced.Body["spec"]!["updateStrategy"]!["rollingUpdate"]!["partition"]!, Is.EqualTo(7));
            Assert.That((long)forced.Body["metadata"]!["generation"]!, Is.EqualTo(2));
        });
    }

    [Test]
    public async Task A_write_takes_the_field_back_and_the_empty_applier_is_gone()
    {
        await MakeAsync();
        await _api.ApplyAsync($"{Sets}/web?fieldManager=ordinal&force=true", Partition(7));
        Reply written = await _api.MergeAsync($"{Sets}/web?fieldManager=maker", """{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}""");
        Dictionary<string, string> owners = Owners(written);
        Assert.Multiple(() =>
        {
            Assert.That(owners.Keys, Is.EqualTo(new[] { "maker Update" }));
            Assert.That(owners["maker Update"], Does.Contain("\"f:updateStrategy\":{\"f:rollingUpdate\":{\".\":{},\"f:partition\":{}},\"f:type\":{}}"));
        });
    }

    [Test]
    public async Task A_field_that_is_no_longer_applied_is_reset_to_its_default_without_owner()
    {
        await MakeAsync();
        await _api.ApplyAsync($"{Sets}/web?fieldManager=gitops&force=true", Partition(7));
        Reply given = await _api.ApplyAsync($"{Sets}/web?fieldManager=gitops", """{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web"}}""");
        Dictionary<string, string> owners = Owners(given);
        Assert.Multiple(() =>
        {
            Assert.That((long)given.Body["spec"]!["updateStrategy"]!["rollingUpdate"]!["partition"]!, Is.Zero);
            Assert.That(owners.Keys, Is.EqualTo(new[] { "maker Update" }));
            Assert.That(owners["maker Update"], Does.Contain("\"f:updateStrategy\":{\"f:rollingUpdate\":{},\"f:type\":{}}"));
        });
    }

    [Test]
    public async Task Apply_and_update_of_one_manager_are_two_owners()
    {
        await MakeAsync();
        await _api.JsonPatchAsync($"{Sets}/web?fieldManager=ordinal", """[{"op":"replace","path":"/spec/updateStrategy/rollingUpdate/partition","value":9}]""");
        Reply refused = await _api.ApplyAsync($"{Sets}/web?fieldManager=ordinal", Partition(7));
        Assert.That(refused.Message, Does.StartWith("Apply failed with 1 conflict: conflict with \"ordinal\" using apps/v1"));
    }

    [Test]
    public async Task On_delete_cannot_be_applied_over_a_defaulted_rolling_update()
    {
        await MakeAsync();
        Reply refused = await _api.ApplyAsync(
            $"{Sets}/web?fieldManager=ordinal&force=true",
            """{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web"},"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}""");
        Assert.Multiple(() =>
        {
            Assert.That(refused.Code, Is.EqualTo(422));
            Assert.That(refused.Message, Does.EndWith("only allowed for updateStrategy 'RollingUpdate'"));
        });
    }

    [Test]
    public async Task A_status_write_is_an_owner_of_its_own()
    {
        await MakeAsync();
        Reply written = await _api.MergeAsync($"{Sets}/web/status?fieldManager=kcm", """{"status":{"replicas":3,"readyReplicas":2}}""");
        JsonObject entry = written.Body["metadata"]!["managedFields"]!.AsArray().Select(e => e!.AsObject()).Single(e => (string?)e["manager"] == "kcm");
        Assert.Multiple(() =>
        {
            Assert.That((string?)entry["subresource"], Is.EqualTo("status"));
            Assert.That(entry["fieldsV1"]!.ToJsonString(), Is.EqualTo("""{"f:status":{"f:readyReplicas":{},"f:replicas":{}}}"""));
        });
    }

    [Test]
    public async Task An_apply_that_changes_nothing_is_no_write()
    {
        await MakeAsync();
        Reply first = await _api.ApplyAsync($"{Sets}/web?fieldManager=ordinal&force=true", Partition(7));
        _api.Clock.Advance(TimeSpan.FromMinutes(5));
        Reply second = await _api.ApplyAsync($"{Sets}/web?fieldManager=ordinal", Partition(7));
        Assert.That(second.ResourceVersion, Is.EqualTo(first.ResourceVersion));
    }

    [Test]
    public async Task An_apply_creates_what_is_not_there()
    {
        Reply made = await _api.ApplyAsync("/api/v1/namespaces/default/configmaps/a?fieldManager=me", """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: a, labels: {app: web}}
            data: {k: "1"}
            """);
        Assert.Multiple(() =>
        {
            Assert.That(made.Code, Is.EqualTo(201));
            Assert.That(Owners(made)["me Apply"], Is.EqualTo("""{"f:data":{"f:k":{}},"f:metadata":{"f:labels":{"f:app":{}}}}"""));
        });
    }

    [Test]
    public async Task Items_that_two_managers_apply_live_side_by_side()
    {
        await _api.ApplyAsync($"{Sets}/web?fieldManager=one", ApiHarness.StatefulSet("web"));
        Reply both = await _api.ApplyAsync($"{Sets}/web?fieldManager=two", """
            {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web"},
             "spec":{"template":{"spec":{"containers":[{"name":"side","image":"side:v1"}]}}}}
            """);
        Assert.That(Containers(both), Is.EqualTo(new[] { "c", "side" }));
        Reply left = await _api.ApplyAsync($"{Sets}/web?fieldManager=two", """{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web"}}""");
        Assert.That(Containers(left), Is.EqualTo(new[] { "c" }));
    }

    private static string[] Containers(Reply reply) =>
        [.. reply.Body["spec"]!["template"]!["spec"]!["containers"]!.AsArray().Select(c => (string)c!["name"]!)];

    private static string Partition(int partition) =>
        $$$"""{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web"},"spec":{"updateStrategy":{"rollingUpdate":{"partition":{{{partition}}} } } } }""";

    private static Dictionary<string, string> Owners(Reply reply) => reply.Body["metadata"]!["managedFields"]!.AsArray()
        .ToDictionary(e => $"{e!["manager"]} {e["operation"]}", e => e!["fieldsV1"]!.ToJsonString().Replace("\\u0022", "\\\"", StringComparison.Ordinal));

    private Task<Reply> MakeAsync() => _api.PostAsync($"{Sets}?fieldManager=maker", ApiHarness.StatefulSet("web"));
}

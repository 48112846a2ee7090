using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Operator.Actuating;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;

namespace Ordinal.Tests.Operating;

/// <summary>What requests write into a template: patches with tests, and nothing when it is there already.</summary>
public sealed class TemplatePlanTests
{
    private static readonly DateTimeOffset Asked = new(2026, 9, 14, 9, 46, 40, TimeSpan.Zero);

    [Test]
    public void Images_are_written_by_container_and_every_old_value_is_tested()
    {
        var plan = TemplatePlans.Images(Set(), [new ImageSpec { Container = "setup", Image = "tool:2" }, new ImageSpec { Container = "app", Image = "app:2" }]);
        Assert.That(plan.Patch!.ToString(), Is.EqualTo("""
            [{"op":"test","path":"/metadata/uid","value":"set-uid"},{"op":"test","path":"/metadata/resourceVersion","value":"7"},
            {"op":"test","path":"/spec/template/spec/initContainers/0/name","value":"setup"},{"op":"test","path":"/spec/template/spec/initContainers/0/image","value":"tool:1"},{"op":"replace","path":"/spec/template/spec/initContainers/0/image","value":"tool:2"},
            {"op":"test","path":"/spec/template/spec/containers/1/name","value":"app"},{"op":"test","path":"/spec/template/spec/containers/1/image","value":"app:1"},{"op":"replace","path":"/spec/template/spec/containers/1/image","value":"app:2"}]
            """.ReplaceLineEndings("")));
    }

    [Test]
    public void Images_that_are_there_already_are_nothing_to_write() =>
        Assert.That(TemplatePlans.Images(Set(), [new ImageSpec { Container = "app", Image = "app:1" }]), Is.EqualTo(TemplatePlan.Nothing));

    [Test]
    public void An_unknown_container_is_named_with_those_that_there_are() =>
        Assert.That(TemplatePlans.Images(Set(), [new ImageSpec { Container = "db", Image = "db:1" }]).Problem, Is.EqualTo("StatefulSet prod/web has no container db; its containers are side, app, setup; correct update.images and ask again"));

    [Test]
    public void A_restart_is_the_annotation_that_kubectl_writes_and_is_written_once()
    {
        var plan = TemplatePlans.Restart(Set(), Asked);
        Assert.That(plan.Patch!.ToString(), Does.EndWith("""{"op":"add","path":"/spec/template/metadata/annotations","value":{"kubectl.kubernetes.io/restartedAt":"2026-09-14T09:46:40Z"}}]"""));
        Assert.That(TemplatePlans.Restart(Set("2026-09-14T09:46:40Z"), Asked), Is.EqualTo(TemplatePlan.Nothing));
        Assert.That(TemplatePlans.Restart(Set("2025-01-01T00:00:00Z"), Asked).Patch!.ToString(), Does.Contain("""{"op":"test","path":"/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt","value":"2025-01-01T00:00:00Z"}"""));
    }

    [Test]
    public void A_rollback_brings_back_the_template_without_the_mark_of_the_revision()
    {
        var data = Revision("app:0");
        Assert.That(TemplatePlans.Rollback(Set(), data, "web-1").Patch!.ToString(), Does.Contain("""{"op":"replace","path":"/spec/template","value":""").And.Contain("app:0").And.Not.Contain("$patch"));
        Assert.That(TemplatePlans.Rollback(Set(), Revision("app:1"), "web-1"), Is.EqualTo(TemplatePlan.Nothing), "the same in another order of members");
        Assert.That(TemplatePlans.Rollback(Set(), null, "web-1").Problem, Does.Contain("ControllerRevision web-1 of StatefulSet prod/web holds no template"));
    }

    [Test]
    public void The_claim_goes_with_the_template_and_the_hold_is_tested() =>
        Assert.That(
            TemplatePlans.Claim(TemplatePlans.Restart(Set(), Asked).Patch!, Set(), "p/r").ToString(),
            Does.EndWith("""{"op":"test","path":"/spec/updateStrategy","value":{"type":"RollingUpdate","rollingUpdate":{"partition":1000000000}}},{"op":"add","path":"/metadata/annotations","value":{"ordinal.dev/held-by":"p/r"}}]"""));

    [TestCase("""{"metadata":{"annotations":{"argocd.argoproj.io/tracking-id":"x"}}}""", "Argo CD")]
    [TestCase("""{"metadata":{"labels":{"kustomize.toolkit.fluxcd.io/name":"x"}}}""", "Flux")]
    [TestCase("""{"metadata":{"labels":{"helm.toolkit.fluxcd.io/name":"x"}}}""", "Flux")]
    [TestCase("""{"metadata":{"managedFields":[{"manager":"argocd-controller","operation":"Apply","fieldsV1":{"f:spec":{"f:template":{}}}}]}}""", "Argo CD (field manager argocd-controller)")]
    [TestCase("""{"metadata":{"managedFields":[{"manager":"argocd-controller","operation":"Apply","fieldsV1":{"f:spec":{"f:replicas":{}}}}]}}""", null)]
    [TestCase("""{"metadata":{"managedFields":[{"manager":"kubectl-client-side-apply","operation":"Update","fieldsV1":{"f:spec":{"f:template":{}}}}]}}""", null)]
    [TestCase("{}", null)]
    public void A_tool_that_follows_Git_is_recognised(string set, string? tool)
    {
        using var document = JsonDocument.Parse(set);
        var found = GitOwnership.Of(document.RootElement);
        Assert.That(found, tool is null ? Is.Null : Does.StartWith(tool!));
    }

    [TestCase("""{"metadata":{"labels":{"a":"b"},"annotations":{"kubectl.kubernetes.io/restartedAt":"1"}}}""", true)]
    [TestCase("""{"metadata":{"labels":{"a":"b"}}}""", true)]
    [TestCase("""{"metadata":{"labels":{"a":"c"},"annotations":{"kubectl.kubernetes.io/restartedAt":"1"}}}""", false)]
    [TestCase("""{"metadata":{"labels":{"a":"b"},"annotations":{"kubectl.kubernetes.io/restartedAt":"1","x":"y"}}}""", false)]
    public void A_restart_changes_nothing_but_its_mark(string template, bool isRestart)
    {
        using var before = JsonDocument.Parse("""{"metadata":{"labels":{"a":"b"},"annotations":{"kubectl.kubernetes.io/restartedAt":"0"}}}""");
        using var after = JsonDocument.Parse(template);
        Assert.That(TemplateMeaning.BesideRestart(after.RootElement) == TemplateMeaning.BesideRestart(before.RootElement), Is.EqualTo(isRestart));
        Assert.That(TemplateMeaning.Of(after.RootElement), Is.Not.EqualTo(TemplateMeaning.Of(before.RootElement)));
    }

    private static JsonObject Set(string? restartedAt = null)
    {
        var set = (JsonObject)JsonNode.Parse("""
            {
              "metadata": { "namespace": "prod", "name": "web", "uid": "set-uid", "resourceVersion": "7" },
              "spec": {
                "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "partition": 1000000000 } },
                "template": {
                  "metadata": { "labels": { "app": "web" } },
                  "spec": { "containers": [{ "name": "side", "image": "side:1" }, { "name": "app", "image": "app:1" }], "initContainers": [{ "name": "setup", "image": "tool:1" }] }
                }
              }
            }
            """)!;
        if (restartedAt is not null)
        {
            set["spec"]!["template"]!["metadata"]!["annotations"] = new JsonObject { [TemplatePlans.RestartedAt] = restartedAt };
        }

        return set;
    }

    private static JsonObject Revision(string image) => (JsonObject)JsonNode.Parse($$"""
        {
          "spec": { "template": {
            "$patch": "replace",
            "spec": { "initContainers": [{ "image": "tool:1", "name": "setup" }], "containers": [{ "image": "side:1", "name": "side" }, { "image": "{{image}}", "name": "app" }] },
            "metadata": { "labels": { "app": "web" } }
          } }
        }
        """)!;
}

using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;
using Ordinal.Simulation.Harness;

namespace Ordinal.Conformance.Admission;

/// <summary>The policy of <c>config/components/admission</c>, as it is shipped: nobody but the operator takes the hold off a StatefulSet.</summary>
[NonParallelizable]
public sealed class ShippedPolicyTests(ClusterKind kind) : PolicyTests(kind)
{
    private const string Held = "StatefulSet web is held by Ordinal, and this write would lower its effective partition from ";

    [Test, Rule("T26")]
    public async Task The_shipped_policy_denies_lowering_the_partition_to_all_but_the_operator()
    {
        await MakeAsync(Policies, Read("policy.yaml"));
        await MakeAsync(Bindings, Read("binding.yaml"));
        var web = await Workload.CreateAsync(Space, Document());

        // Without the annotation the set is nobody's: the policy does not look.
        await web.PatchAsync("""{"spec":{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":5}}}}""");
        await web.PatchAsync("""{"spec":{"updateStrategy":{"rollingUpdate":{"partition":3}}},"metadata":{"annotations":{"ordinal.dev/original-strategy":"{}"}}}""");

        var denied = await UntilDeniedAsync(() => Space.TryPatchAsync(ResourceKind.StatefulSets, "web", """{"spec":{"updateStrategy":{"rollingUpdate":{"partition":2}}}}""", query: "dryRun=All"));
        var why = Held + "3 to 2, which releases pods without gates; leave spec.updateStrategy out of the manifest, or delete the RolloutPolicy";
        denied.Refused(403, $"statefulsets.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'ordinal-hold' with binding 'ordinal-hold' denied request: {why}");
        Assert.That(denied.Reason, Is.EqualTo("Forbidden"));

        // A replace without a strategy, an apply with another one, and the annotation.
        var document = (await Space.GetAsync(ResourceKind.StatefulSets, "web")).DeepClone().AsObject();
        document.Child("spec")!.Remove("updateStrategy");
        document.Meta().Remove("resourceVersion");
        Assert.That((await Space.SendAsync("PUT", Space.Path(ResourceKind.StatefulSets, "web"), body: document)).Refused(403).Message, Does.Contain(Held + "3 to 0"));
        var apply = await Space.SendAsync(
            "PATCH",
            Space.Path(ResourceKind.StatefulSets, "web"),
            "fieldManager=gitops&force=true",
            JsonNode.Parse("""{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web"},"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}"""),
            Space.Apply);
        Assert.That(apply.Refused(403).Message, Does.Contain(Held + "3 to 0"));
        Assert.That(
            (await Space.TryPatchAsync(ResourceKind.StatefulSets, "web", """{"metadata":{"annotations":{"ordinal.dev/original-strategy":null}}}""")).Refused(403).Message,
            Does.EndWith("the annotation ordinal.dev/original-strategy is what Ordinal gives back; delete the RolloutPolicy instead"));

        // Up is free, and so are template and size.
        await web.PatchAsync("""{"spec":{"updateStrategy":{"rollingUpdate":{"partition":7}},"replicas":2}}""");
        await web.ChangeImageAsync("app:v2");
        await web.PatchAsync("""{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}""");
        Assert.That(
            (await Space.TryPatchAsync(ResourceKind.StatefulSets, "web", """{"spec":{"updateStrategy":{"type":"RollingUpdate"}}}""")).Refused(403).Message,
            Does.Contain(Held + "2147483648 to 0"));
    }

    private static JsonObject Document()
    {
        var document = new StatefulSetDocument().Build();
        document.Child("spec")!.Remove("updateStrategy");
        return document;
    }

    private static JsonObject Read(string file) => YamlText.ParseObject(File.ReadAllBytes(Path.Combine(TestContext.CurrentContext.TestDirectory, "Shipped", file)));
}

using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;
using Ordinal.Simulation.Harness;

namespace Ordinal.Conformance.StatefulSets;

/// <summary>Who owns the claims of a set's pods, and when they go.</summary>
public sealed class ClaimTests(ClusterKind kind) : ConformanceTests(kind)
{
    [TestCase("Retain", "Retain", "", ""), TestCase("Delete", "Retain", "StatefulSet web", "StatefulSet web")]
    [TestCase("Retain", "Delete", "", "Pod web-1"), TestCase("Delete", "Delete", "StatefulSet web", "Pod web-1"), Rule("S24")]
    public async Task Claims_are_owned_and_go_as_the_retention_policy_says(string whenDeleted, string whenScaled, string ofWanted, string ofCondemned)
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 2, HasClaims = true, Retention = (whenDeleted, whenScaled) });
        await Space.UntilAsync("the claims have their owners", () => Owners("data-web-0") == ofWanted && Owners("data-web-1") == ofWanted);
        await web.ScaleAsync(1);
        await Space.UntilAsync("web-1 is gone", () => web.Pod(1) is null && web.Set.Count("replicas") == 1);
        if (whenScaled is "Delete")
        {
            await Space.UntilAsync("its claim is gone", () => Space.Find(ResourceKind.Claims, "data-web-1") is null);
        }

        await Space.SettleAsync();
        Assert.That(LastOwners("data-web-1"), Is.EqualTo(ofCondemned));
        Assert.That(Space.Find(ResourceKind.Claims, "data-web-1") is null, Is.EqualTo(whenScaled is "Delete"));
        Assert.That(Owners("data-web-0"), Is.EqualTo(ofWanted));

        await Space.DeleteAsync(ResourceKind.StatefulSets, "web");
        await Space.UntilAsync("the pods are gone", () => Space.Pods.IsEmpty);
        if (whenDeleted is "Delete")
        {
            await Space.UntilAsync("the claims are gone", () => Space.All(ResourceKind.Claims).IsEmpty);
        }
        else
        {
            await Space.QuietAsync();
            Assert.That(Space.Find(ResourceKind.Claims, "data-web-0"), Is.Not.Null);
        }
    }

    [Test, Rule("S24")]
    public async Task A_claim_that_another_controller_owns_is_left_alone_and_told_of()
    {
        var owner = await Space.CreateAsync(new ResourceKind("v1", "ConfigMap", "configmaps"), new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = "other" } });
        await Space.CreateAsync(ResourceKind.Claims, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "PersistentVolumeClaim",
            ["metadata"] = new JsonObject
            {
                ["name"] = "data-web-0",
                ["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["name"] = "other", ["uid"] = owner.Uid(), ["controller"] = true }),
            },
            ["spec"] = new JsonObject { ["accessModes"] = new JsonArray("ReadWriteOnce"), ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["storage"] = "1Gi" } } },
        });
        await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 1, HasClaims = true, Retention = ("Delete", "Delete") });
        await Space.UntilAsync("the conflict is told", () => Space.All(ResourceKind.Events).Any(item => item.Text("reason") is "ConflictingController"));
        var told = Space.All(ResourceKind.Events).First(item => item.Text("reason") is "ConflictingController");
        Assert.That(told.Text("type"), Is.EqualTo("Warning"));
        Assert.That(told.Text("message"), Is.EqualTo("PersistentVolumeClaim data-web-0 has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim"));
        Assert.That(Owners("data-web-0"), Is.EqualTo("ConfigMap other"));
    }

    [Test, Rule("S24")]
    public async Task Claims_get_their_owners_while_the_pod_is_still_pending()
    {
        await Workload.CreateAsync(Space, new StatefulSetDocument { Replicas = 1, Image = "app:bad", HasClaims = true, Retention = ("Delete", "Retain") });
        await Space.UntilAsync("the claim belongs to the set", () => Owners("data-web-0") is "StatefulSet web");
        Assert.That(Space.Find(ResourceKind.Pods, "web-0")!.Phase(), Is.EqualTo("Pending"));
    }

    [Test, Rule("S24")]
    public async Task Another_policy_is_told_as_an_update_of_each_pod()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 2, HasClaims = true });
        await web.PatchAsync("""{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Delete"}}}""");
        await Space.UntilAsync("the claims belong to the set", () => Owners("data-web-0") is "StatefulSet web" && Owners("data-web-1") is "StatefulSet web");
        await Space.UntilAsync("it is told", () => Told("SuccessfulUpdate").Count == 2);
        Assert.That(Told("SuccessfulUpdate"), Is.EquivalentTo(new[] { "Update Pod web-0 in StatefulSet web successful", "Update Pod web-1 in StatefulSet web successful" }));
        await web.PatchAsync("""{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Retain"}}}""");
        await Space.UntilAsync("the claims belong to nobody", () => Owners("data-web-0").Length + Owners("data-web-1").Length == 0);
        Assert.That(web.Deleted(), Is.Empty);
    }

    [Test, Rule("API-statefulset-claim-templates")]
    public async Task A_set_whose_claim_templates_are_invalid_is_refused()
    {
        var document = new StatefulSetDocument { HasClaims = true }.Build();
        document.Child("spec").List("volumeClaimTemplates")![0]!["spec"] = new JsonObject();
        var refused = (await Space.PostAsync(ResourceKind.StatefulSets, document)).Refused(422);
        Assert.That(refused.Causes, Is.EquivalentTo(new[]
        {
            ("FieldValueRequired", "spec.volumeClaimTemplates[0].spec.accessModes", "Required value: at least 1 access mode is required"),
            ("FieldValueRequired", "spec.volumeClaimTemplates[0].spec.resources[storage]", "Required value"),
        }));
    }

    [Test, Rule("S24")]
    public async Task A_claim_that_cannot_be_made_is_told_twice_and_no_pod_is_made()
    {
        var document = new StatefulSetDocument { Replicas = 1, HasClaims = true }.Build();
        var tooLong = new string('l', 64);
        document.Child("spec").List("volumeClaimTemplates")![0]!["metadata"]!["labels"] = new JsonObject { ["long"] = tooLong };
        await Workload.CreateAsync(Space, document);
        await Space.UntilAsync("the failures are told", () => Told("FailedCreate").Count == 2);
        var why = $"PersistentVolumeClaim \"data-web-0\" is invalid: metadata.labels: Invalid value: \"{tooLong}\": must be no more than 63 bytes";
        Assert.That(Told("FailedCreate"), Is.EquivalentTo(new[]
        {
            $"Create Claim data-web-0 for Pod web-0 in StatefulSet web failed error: {why}",
            $"Create Pod web-0 in StatefulSet web failed error: failed to create PVC data-web-0: {why}",
        }));
        Assert.That(Space.Pods, Is.Empty);
    }

    [Test, Rule("S25")]
    public async Task A_pod_waits_until_the_claim_of_its_predecessor_is_gone()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument
        {
            Replicas = 2, HasClaims = true, Retention = ("Retain", "Delete"), PodAnnotations = { ["sim.ordinal.dev/stop-delay"] = "4s" },
        });
        var other = await Workload.StartAsync(Space, new StatefulSetDocument { Name = "other", Replicas = 1 });
        var (claim, uid) = (Space.Find(ResourceKind.Claims, "data-web-1")!.Uid(), web.Pod(1)!.Uid());
        await web.ScaleAsync(1);
        await Space.UntilAsync("web-1 is leaving", () => web.Pod(1) is not { } pod || pod.IsTerminating());

        // Until the controller itself has seen that, it would take the claim back from a pod that is wanted again. It has when it has seen a pod go that went after it.
        await other.LoseAsync(0);
        await web.ScaleAsync(2);
        await Space.UntilAsync("the old claim is gone", () => Space.Find(ResourceKind.Claims, "data-web-1")?.Uid() != claim);

        // A claim that goes wakes nobody: the set comes to it with its next event after the controller has seen that, too.
        for (var touches = 0; !await Space.WaitAsync(TimeSpan.FromSeconds(1), () => web.Pod(1) is { } pod && pod.Uid() != uid); touches++)
        {
            Assert.That(touches, Is.LessThan(120), "the set has come to it");
            await Space.PatchAsync(ResourceKind.StatefulSets, "web", $$"""{"metadata":{"annotations":{"touched":"{{touches}}"} } }""");
        }

        await web.UntilCompleteAsync();
        await Space.UntilAsync("web-1 has a new claim", () => Space.Find(ResourceKind.Claims, "data-web-1") is { } now && now.Uid() != claim);
        var gone = Space.Events.First(seen => seen.Type is "DELETED" && seen.Kind == ResourceKind.Claims && seen.Item.Uid() == claim);
        var back = Space.Events.Last(seen => seen is { Type: "ADDED", Name: "web-1" } && seen.Kind == ResourceKind.Pods);
        Assert.That(long.Parse(back.Item.Version(), System.Globalization.CultureInfo.InvariantCulture), Is.GreaterThan(long.Parse(gone.Item.Version(), System.Globalization.CultureInfo.InvariantCulture)));
    }

    private List<string> Told(string reason) =>
        [.. Space.All(ResourceKind.Events).Where(item => item.Text("reason") == reason).Select(item => item.Text("message")!).Distinct()];

    private string Owners(string claim) => Space.Find(ResourceKind.Claims, claim) is { } item ? OwnersOf(item) : "no claim";

    /// <summary>Gets the owners that a claim had last, before it went.</summary>
    private string LastOwners(string claim) => OwnersOf(Space.Events.Last(seen => seen.Kind == ResourceKind.Claims && seen.Name == claim).Item);

    private static string OwnersOf(JsonObject claim) =>
        string.Join(' ', (claim.Meta().List("ownerReferences") ?? []).OfType<JsonObject>().Select(owner => $"{owner.Text("kind")} {owner.Text("name")}"));
}

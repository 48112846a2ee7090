using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;
using Ordinal.Simulation.Harness;

namespace Ordinal.Conformance.StatefulSets;

/// <summary>Which pods and revisions are a set's, and what it may not become.</summary>
public sealed class IdentityTests(ClusterKind kind) : ConformanceTests(kind)
{
    private const string Immutable = "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

    [Test, Rule("S01")]
    public async Task Pods_come_in_order_with_name_host_name_labels_and_claims_of_their_own()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { HasClaims = true });
        Assert.That(web.Created(), Is.EqualTo(new[] { "web-0", "web-1", "web-2" }));
        for (var ordinal = 0; ordinal < 3; ordinal++)
        {
            var pod = web.Pod(ordinal)!;
            Assert.That(pod.Label("statefulset.kubernetes.io/pod-name"), Is.EqualTo($"web-{ordinal}"));
            Assert.That(pod.Label("apps.kubernetes.io/pod-index"), Is.EqualTo($"{ordinal}"));
            Assert.That(pod.Revision(), Is.EqualTo(web.CurrentRevision));
            Assert.That(pod.Meta().Text("generateName"), Is.EqualTo("web-"));
            Assert.That(pod.Child("spec").Text("hostname"), Is.EqualTo($"web-{ordinal}"));
            Assert.That(pod.Child("spec").Text("subdomain"), Is.EqualTo("web"));
            Assert.That(pod.Child("spec").List("volumes")!.OfType<JsonObject>().Select(volume => volume.Child("persistentVolumeClaim").Text("claimName")), Does.Contain($"data-web-{ordinal}"));
            var claim = Space.Find(ResourceKind.Claims, $"data-web-{ordinal}")!;
            Assert.That(claim.Label("app"), Is.EqualTo("web"));
        }
    }

    [Test, Rule("S01")]
    public async Task Each_pod_waits_for_the_one_before_it()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument());
        var ready = new HashSet<string>(StringComparer.Ordinal);
        foreach (var seen in Space.Events.Where(seen => seen.Kind == ResourceKind.Pods))
        {
            if (seen is { Type: "ADDED", Name: "web-1" or "web-2" })
            {
                Assert.That(ready, Does.Contain(seen.Name is "web-1" ? "web-0" : "web-1"));
            }

            if (seen.Item.IsReady())
            {
                ready.Add(seen.Name);
            }
        }

        Assert.That(ready, Has.Count.EqualTo(3));
        Assert.That(web.PodNames, Is.EqualTo(new[] { "web-0", "web-1", "web-2" }));
    }

    [Test, Rule("S01")]
    public async Task The_events_have_the_words_of_1_36()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 1, HasClaims = true });
        await web.ScaleAsync(0);
        await Space.UntilAsync("three events", () => Told().Count == 3);
        Assert.That(Told(), Is.EqualTo(new[]
        {
            "Normal SuccessfulCreate Create Claim data-web-0 Pod web-0 in StatefulSet web success",
            "Normal SuccessfulCreate Create Pod web-0 in StatefulSet web successful",
            "Normal SuccessfulDelete Delete Pod web-0 in StatefulSet web successful",
        }));

        List<string> Told() =>
        [
            .. Space.Events.Where(seen => seen.Kind == ResourceKind.Events && seen.Type is "ADDED" && seen.Item.Child("source").Text("component") is "statefulset-controller")
                .Select(seen => $"{seen.Item.Text("type")} {seen.Item.Text("reason")} {seen.Item.Text("message")}"),
        ];
    }

    [Test, Rule("S01")]
    public async Task Identity_labels_that_were_taken_off_are_put_back_and_the_revision_label_is_not()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 1 });
        var uid = web.Pod(0)!.Uid();
        await Space.PatchAsync(ResourceKind.Pods, "web-0", """{"metadata":{"labels":{"apps.kubernetes.io/pod-index":null,"statefulset.kubernetes.io/pod-name":"other","controller-revision-hash":"other"}}}""");
        await Space.UntilAsync("the labels are back", () => Space.Events.Any(seen => seen.Item.Uid() == uid && seen.Item.Label("controller-revision-hash") is "other" && seen.Item.Label("apps.kubernetes.io/pod-index") is "0" && seen.Item.Label("statefulset.kubernetes.io/pod-name") is "web-0"));
        await Space.UntilAsync("it is told", () => Space.All(ResourceKind.Events).Any(item => item.Text("reason") is "SuccessfulUpdate" && item.Text("message") is "Update Pod web-0 in StatefulSet web successful"));

        // A pod of a revision that is none is outdated, so it is replaced.
        await Space.UntilAsync("another web-0 is ready", () => web.Pod(0) is { } pod && pod.Uid() != uid && pod.IsReady());
        Assert.That(web.Pod(0)!.Revision(), Is.EqualTo(web.UpdateRevision));
    }

    [Test, Rule("S02")]
    public async Task A_pod_whose_labels_match_no_more_is_released_and_adopted_when_they_do_again()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 1 });
        var uid = web.Pod(0)!.Uid();
        await Space.PatchAsync(ResourceKind.Pods, "web-0", """{"metadata":{"labels":{"app":"other"}}}""");
        await Space.UntilAsync("web-0 is released", () => web.Pod(0)!.Meta()["ownerReferences"] is null);
        await Space.PatchAsync(ResourceKind.Pods, "web-0", """{"metadata":{"labels":{"app":"web"}}}""");
        await Space.UntilAsync("web-0 is adopted", () => (web.Pod(0)!.Meta().List("ownerReferences") ?? []).OfType<JsonObject>().Any(owner => owner.Flag("controller") is true && owner.Text("uid") == web.Set.Uid()));
        Assert.That(web.Pod(0)!.Uid(), Is.EqualTo(uid));
    }

    [Test, Rule("S02")]
    public async Task A_released_pod_gets_a_replacement_once_its_name_is_free()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 1 });
        var uid = web.Pod(0)!.Uid();
        await Space.PatchAsync(ResourceKind.Pods, "web-0", """{"metadata":{"labels":{"app":"other"}}}""");
        await Space.UntilAsync("web-0 is released", () => web.Pod(0)!.Meta()["ownerReferences"] is null);
        await Space.DeleteAsync(ResourceKind.Pods, "web-0");
        await Space.UntilAsync("another web-0 is ready", () => web.Pod(0) is { } pod && pod.Uid() != uid && pod.IsReady());
    }

    [Test, Rule("S11")]
    public async Task A_rollback_uses_the_first_revisions_name_with_a_higher_number()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 1 });
        var first = web.CurrentRevision;
        await web.ChangeImageAsync("app:v2");
        await web.UntilCompleteAsync();
        Assert.That(web.CurrentRevision, Is.Not.EqualTo(first));
        await web.ChangeImageAsync("app:v1");
        await web.UntilCompleteAsync();
        Assert.That(web.CurrentRevision, Is.EqualTo(first));
        await Space.UntilAsync("its number is 3", () => Space.Find(ResourceKind.ControllerRevisions, first).Number("revision") == 3);
    }

    [Test, Rule("S11")]
    public async Task A_template_whose_last_annotation_is_taken_away_is_the_one_from_before()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 1 });
        var first = web.CurrentRevision;
        foreach (var value in new JsonNode?[] { "x", null })
        {
            var patch = new JsonObject { ["spec"] = new JsonObject { ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["a"] = value } } } } };
            await web.PatchAsync(patch.ToJsonString());
            await web.UntilCompleteAsync();
        }

        Assert.That(web.CurrentRevision, Is.EqualTo(first));
        Assert.That(web.Set.Child("spec").Child("template").Child("metadata").Child("annotations"), Is.Null);
    }

    [Test, Rule("S11")]
    public async Task A_latest_revision_that_only_lacks_defaults_is_the_templates_revision()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 1 });
        var known = Space.Find(ResourceKind.ControllerRevisions, web.CurrentRevision)!.DeepClone().AsObject();
        await Space.DeleteAsync(ResourceKind.StatefulSets, "web");
        await Space.UntilAsync("its revision and its pod are gone", () => Space.All(ResourceKind.ControllerRevisions).IsEmpty && Space.Pods.IsEmpty);

        // As an older server would have written it.
        known["metadata"] = new JsonObject { ["name"] = "web-old", ["labels"] = new JsonObject { ["app"] = "web" } };
        known.Child("data").Child("spec").Child("template").Child("spec").List("containers")![0]!.AsObject().Remove("terminationMessagePolicy");
        await Space.CreateAsync(ResourceKind.ControllerRevisions, known);
        await UntilRevisionsAreSeenAsync();
        var again = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 1 });
        Assert.That(again.CurrentRevision, Is.EqualTo("web-old"));
        Assert.That(Space.All(ResourceKind.ControllerRevisions).Select(revision => revision.Name()), Is.EqualTo(new[] { "web-old" }));
    }

    /// <summary>
    /// Waits until the controller's watch of revisions is past those that are there. It watches each kind for itself, and a set may be seen before an older revision; but when it
    /// cuts another set's history, it has seen what was made after them.
    /// </summary>
    private async Task UntilRevisionsAreSeenAsync()
    {
        var other = await Workload.CreateAsync(Space, new StatefulSetDocument { Name = "other", Replicas = 0, HistoryLimit = 0 });
        await other.UntilObservedAsync(1);
        var first = other.UpdateRevision;
        await other.ChangeImageAsync("app:v2");
        await Space.UntilAsync("the other history is cut", () => other.UpdateRevision != first && Space.Find(ResourceKind.ControllerRevisions, first) is null);
        await Space.DeleteAsync(ResourceKind.StatefulSets, "other");
        await Space.UntilAsync("the other set's revisions are gone", () => Space.All(ResourceKind.ControllerRevisions).All(revision => !revision.Name().StartsWith("other-", StringComparison.Ordinal)));
    }

    [TestCase(2, new long[] { 3, 4, 5 }), TestCase(0, new long[] { 5 }), Rule("S12")]
    public async Task Beyond_the_limit_the_oldest_revisions_that_nothing_names_are_deleted(int limit, long[] left)
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 1, HistoryLimit = limit });
        foreach (var image in new[] { "app:v2", "app:v3", "app:v4", "app:v5" })
        {
            await web.ChangeImageAsync(image);
            await web.UntilCompleteAsync();
        }

        await Space.UntilAsync("the history is cut", () => Numbers().SequenceEqual(left));
        await Space.SettleAsync();
        Assert.That(Numbers(), Is.EqualTo(left));

        IEnumerable<long> Numbers() => Space.All(ResourceKind.ControllerRevisions).Select(revision => revision.Number("revision") ?? 0).Order();
    }

    [Test, Rule("S12")]
    public async Task A_revision_that_a_pod_carries_is_kept_whatever_the_limit()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 2, HistoryLimit = 0, Strategy = """{"type":"OnDelete"}""" });
        var first = web.CurrentRevision;
        await web.ChangeImageAsync("app:v2");
        await web.LoseAsync(1);
        var second = web.Pod(1)!.Revision();
        await web.ChangeImageAsync("app:v3");
        await Space.SettleAsync();
        Assert.That(Space.All(ResourceKind.ControllerRevisions).Select(revision => revision.Name()), Is.EquivalentTo(new[] { first, second, web.UpdateRevision }));
    }

    [Test, Rule("S13")]
    public async Task A_name_that_is_taken_by_other_content_counts_a_collision_and_gets_another()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 1 });
        var name = web.CurrentRevision;
        await Space.DeleteAsync(ResourceKind.StatefulSets, "web");
        await Space.UntilAsync("its revision and its pod are gone", () => Space.All(ResourceKind.ControllerRevisions).IsEmpty && Space.Pods.IsEmpty);
        await Space.CreateAsync(ResourceKind.ControllerRevisions, new JsonObject
        {
            ["apiVersion"] = "apps/v1", ["kind"] = "ControllerRevision", ["metadata"] = new JsonObject { ["name"] = name }, ["revision"] = 1, ["data"] = new JsonObject { ["other"] = true },
        });
        var again = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 1 });
        Assert.That(again.CurrentRevision, Is.Not.EqualTo(name));
        Assert.That(again.Set.Child("status").Number("collisionCount"), Is.EqualTo(1));
    }

    [Test, Rule("S27")]
    public async Task The_status_is_written_even_when_a_pod_cannot_be_made()
    {
        // The label with the revision's name is longer than a label may be: 60 characters, a dash and the hash.
        var name = new string('w', 60);
        var set = await Workload.CreateAsync(Space, new StatefulSetDocument { Name = name });
        await set.UntilObservedAsync(1);
        Assert.That(set.UpdateRevision, Does.StartWith(name + "-"));
        await Space.UntilAsync("the failure is told", () => Space.All(ResourceKind.Events).Any(item => item.Text("reason") is "FailedCreate"));
        var told = Space.All(ResourceKind.Events).First(item => item.Text("reason") is "FailedCreate");
        Assert.That(told.Text("type"), Is.EqualTo("Warning"));
        Assert.That(told.Text("message"), Is.EqualTo($"Create Pod {name}-0 in StatefulSet {name} failed error: Pod \"{name}-0\" is invalid: metadata.labels: Invalid value: \"{set.UpdateRevision}\": must be no more than 63 bytes"));
        Assert.That(Space.Pods, Is.Empty);
    }

    [TestCase("podManagementPolicy", """{"spec":{"podManagementPolicy":"Parallel"}}"""), TestCase("serviceName", """{"spec":{"serviceName":"other"}}""")]
    [TestCase("selector", """{"spec":{"selector":{"matchLabels":{"more":"labels"}},"template":{"metadata":{"labels":{"more":"labels"}}}}}""")]
    [TestCase("volumeClaimTemplates", """{"spec":{"volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"2Gi"}}}}]}}""")]
    [Rule("S29")]
    public async Task What_may_not_change_is_refused_with_the_list_of_what_may(string field, string patch)
    {
        await Workload.CreateAsync(Space, new StatefulSetDocument { Replicas = 0, HasClaims = true });
        var refused = (await Space.TryPatchAsync(ResourceKind.StatefulSets, "web", patch)).Refused(422, $"StatefulSet.apps \"web\" is invalid: {Immutable}");
        Assert.That(refused.Causes, Is.EqualTo(new[] { ("FieldValueForbidden", "spec", Immutable["spec: ".Length..]) }), field);
    }
}

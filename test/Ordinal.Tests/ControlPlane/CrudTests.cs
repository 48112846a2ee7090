using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Tests.ControlPlane;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class CrudTests
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";
    private const string Sets = "/apis/apps/v1/namespaces/default/statefulsets";
    private const string Pods = "/api/v1/namespaces/default/pods";
    private readonly ApiHarness _api = new();

    [Test]
    public async Task A_created_object_gets_what_the_server_owns()
    {
        Reply made = await _api.PostAsync(Sets, ApiHarness.StatefulSet("web"));
        JsonNode metadata = made.Body["metadata"]!;
        Assert.Multiple(() =>
        {
            Assert.That(made.Code, Is.EqualTo(201));
            Assert.That((string?)metadata["namespace"], Is.EqualTo("default"));
            Assert.That(Guid.TryParse((string?)metadata["uid"], out _), Is.True);
            Assert.That((long)metadata["generation"]!, Is.EqualTo(1));
            Assert.That((string?)metadata["creationTimestamp"], Is.EqualTo("2026-01-01T12:00:00Z"));
        });
    }

    [Test]
    public async Task A_second_create_is_refused_in_the_servers_words()
    {
        await _api.PostAsync(Sets, ApiHarness.StatefulSet("web"));
        Reply again = await _api.PostAsync(Sets, ApiHarness.StatefulSet("web"));
        Assert.Multiple(() =>
        {
            Assert.That(again.Code, Is.EqualTo(409));
            Assert.That(again.Message, Is.EqualTo("statefulsets.apps \"web\" already exists"));
            Assert.That((string?)again.Body["reason"], Is.EqualTo("AlreadyExists"));
            Assert.That((string?)again.Body["details"]!["kind"], Is.EqualTo("statefulsets"));
        });
    }

    [Test]
    public async Task A_create_in_a_missing_namespace_is_refused()
    {
        Reply refused = await _api.PostAsync("/api/v1/namespaces/nowhere/configmaps", ApiHarness.ConfigMap("a"));
        Assert.Multiple(() =>
        {
            Assert.That(refused.Code, Is.EqualTo(404));
            Assert.That(refused.Message, Is.EqualTo("namespaces \"nowhere\" not found"));
        });
    }

    [Test]
    public async Task Generation_counts_spec_changes_only()
    {
        await _api.PostAsync(Sets, ApiHarness.StatefulSet("web"));
        Reply labelled = await _api.MergeAsync($"{Sets}/web", """{"metadata":{"labels":{"x":"y"}}}""");
        Reply scaled = await _api.MergeAsync($"{Sets}/web", """{"spec":{"replicas":5}}""");
        Reply status = await _api.MergeAsync($"{Sets}/web/status", """{"status":{"replicas":5}}""");
        Assert.Multiple(() =>
        {
            Assert.That((long)labelled.Body["metadata"]!["generation"]!, Is.EqualTo(1));
            Assert.That((long)scaled.Body["metadata"]!["generation"]!, Is.EqualTo(2));
            Assert.That((long)status.Body["metadata"]!["generation"]!, Is.EqualTo(2));
        });
    }

    [Test]
    public async Task Status_and_spec_are_written_apart()
    {
        await _api.PostAsync(Sets, ApiHarness.StatefulSet("web"));
        Reply main = await _api.MergeAsync($"{Sets}/web", """{"status":{"replicas":7},"spec":{"replicas":4}}""");
        Reply status = await _api.MergeAsync($"{Sets}/web/status", """{"status":{"replicas":7},"spec":{"replicas":9}}""");
        Assert.Multiple(() =>
        {
            Assert.That((long?)main.Body["status"]?["replicas"] ?? 0, Is.Zero);
            Assert.That((long)main.Body["spec"]!["replicas"]!, Is.EqualTo(4));
            Assert.That((long)status.Body["status"]!["replicas"]!, Is.EqualTo(7));
            Assert.That((long)status.Body["spec"]!["replicas"]!, Is.EqualTo(4));
        });
    }

    [Test]
    public async Task A_stale_resourceVersion_is_a_conflict()
    {
        Reply made = await _api.PostAsync(Sets, ApiHarness.StatefulSet("web"));
        await _api.MergeAsync($"{Sets}/web", """{"spec":{"replicas":5}}""");
        Reply stale = await _api.MergeAsync($"{Sets}/web", $$$"""{"metadata":{"resourceVersion":"{{{made.ResourceVersion}}}"},"spec":{"replicas":2}}""");
        Assert.Multiple(() =>
        {
            Assert.That(stale.Code, Is.EqualTo(409));
            Assert.That(
                stale.Message,
                Is.EqualTo("Operation cannot be fulfilled on statefulsets.apps \"web\": the object has been modified; please apply your changes to the latest version and try again"));
        });
    }

    [Test]
    public async Task A_write_that_changes_nothing_keeps_the_resourceVersion()
    {
        await _api.PostAsync(Sets, ApiHarness.StatefulSet("web"));
        Reply first = await _api.MergeAsync($"{Sets}/web", """{"spec":{"replicas":5}}""");
        _api.Clock.Advance(TimeSpan.FromMinutes(1));
        Reply second = await _api.MergeAsync($"{Sets}/web", """{"spec":{"replicas":5}}""");
        Assert.That(second.ResourceVersion, Is.EqualTo(first.ResourceVersion));
    }

    [Test]
    public async Task A_dry_run_writes_nothing()
    {
        Reply made = await _api.PostAsync(Sets, ApiHarness.StatefulSet("web"));
        Reply dry = await _api.MergeAsync($"{Sets}/web?dryRun=All", """{"spec":{"replicas":5}}""");
        Reply read = await _api.GetAsync($"{Sets}/web");
        Assert.Multiple(() =>
        {
            Assert.That((long)dry.Body["spec"]!["replicas"]!, Is.EqualTo(5));
            Assert.That((long)read.Body["spec"]!["replicas"]!, Is.EqualTo(3));
            Assert.That(read.ResourceVersion, Is.EqualTo(made.ResourceVersion));
        });
    }

    [Test]
    public async Task A_pod_on_a_node_is_deleted_gracefully_and_goes_with_grace_zero()
    {
        await _api.PostAsync(Pods, ApiHarness.Pod("web-0", "\"nodeName\":\"n\",\"terminationGracePeriodSeconds\":30,"));
        Reply marked = await _api.DeleteAsync($"{Pods}/web-0");
        Reply still = await _api.GetAsync($"{Pods}/web-0");
        await _api.DeleteAsync($"{Pods}/web-0", """{"gracePeriodSeconds":0}""");
        Reply gone = await _api.GetAsync($"{Pods}/web-0");
        Assert.Multiple(() =>
        {
            Assert.That((string?)marked.Body["metadata"]!["deletionTimestamp"], Is.EqualTo("2026-01-01T12:00:30Z"));
            Assert.That((long)still.Body["metadata"]!["deletionGracePeriodSeconds"]!, Is.EqualTo(30));
            Assert.That(gone.Code, Is.EqualTo(404));
        });
    }

    [Test]
    public async Task A_pod_without_a_node_goes_at_once()
    {
        await _api.PostAsync(Pods, ApiHarness.Pod("web-0"));
        await _api.DeleteAsync($"{Pods}/web-0");
        Assert.That((await _api.GetAsync($"{Pods}/web-0")).Code, Is.EqualTo(404));
    }

    [Test]
    public async Task A_finalizer_keeps_an_object_until_it_is_removed()
    {
        await _api.PostAsync(Maps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","finalizers":["ordinal.dev/x"]}}""");
        Reply marked = await _api.DeleteAsync($"{Maps}/a");
        Reply added = await _api.MergeAsync($"{Maps}/a", """{"metadata":{"finalizers":["ordinal.dev/x","ordinal.dev/y"]}}""");
        await _api.MergeAsync($"{Maps}/a", """{"metadata":{"finalizers":null}}""");
        Reply gone = await _api.GetAsync($"{Maps}/a");
        Assert.Multiple(() =>
        {
            Assert.That((string?)marked.Body["metadata"]!["deletionTimestamp"], Is.Not.Null);
            Assert.That(added.Code, Is.EqualTo(422));
            Assert.That(gone.Code, Is.EqualTo(404));
        });
    }

    [Test]
    public async Task A_delete_with_another_uid_is_refused()
    {
        Reply made = await _api.PostAsync(Sets, ApiHarness.StatefulSet("web"));
        Reply refused = await _api.DeleteAsync($"{Sets}/web", """{"preconditions":{"uid":"11111111-2222-3333-4444-555555555555"}}""");
        Assert.Multiple(() =>
        {
            Assert.That(refused.Code, Is.EqualTo(409));
            Assert.That(refused.Message, Is.EqualTo(
                "Operation cannot be fulfilled on StatefulSet.apps \"web\": the UID in the precondition (11111111-2222-3333-4444-555555555555) does not match the UID in record (" + made.Body["metadata"]!["uid"] + "). The object might have been deleted and then recreated"));
            Assert.That((string?)refused.Body["details"]!["kind"], Is.EqualTo("StatefulSet"));
        });
    }

    [Test]
    public async Task A_list_is_paged_from_one_snapshot()
    {
        foreach (string name in (string[])["a", "b", "c", "d"])
        {
            await _api.PostAsync(Maps, ApiHarness.ConfigMap(name));
        }

        Reply first = await _api.GetAsync($"{Maps}?limit=2");
        await _api.DeleteAsync($"{Maps}/c");
        Reply second = await _api.GetAsync($"{Maps}?limit=2&continue={first.Body["metadata"]!["continue"]}");
        Assert.Multiple(() =>
        {
            Assert.That(first.ItemNames, Is.EqualTo(new[] { "a", "b" }));
            Assert.That((long)first.Body["metadata"]!["remainingItemCount"]!, Is.EqualTo(2));
            Assert.That(second.ItemNames, Is.EqualTo(new[] { "c", "d" }));
            Assert.That(second.ResourceVersion, Is.EqualTo(first.ResourceVersion));
            Assert.That(second.Body["metadata"]!["continue"], Is.Null);
        });
    }

    [TestCase("app=web", new[] { "a" })]
    [TestCase("app!=web", new[] { "b", "c" })]
    [TestCase("app in (web,db)", new[] { "a", "b" })]
    [TestCase("app notin (web)", new[] { "b", "c" })]
    [TestCase("app", new[] { "a", "b" })]
    [TestCase("!app", new[] { "c" })]
    [TestCase("app=web,tier=front", new[] { "a" })]
    public async Task Label_selectors_select(string selector, string[] expected)
    {
        await _api.PostAsync(Maps, ApiHarness.ConfigMap("a", """{"app":"web","tier":"front"}"""));
        await _api.PostAsync(Maps, ApiHarness.ConfigMap("b", """{"app":"db"}"""));
        await _api.PostAsync(Maps, ApiHarness.ConfigMap("c"));
        Reply list = await _api.GetAsync($"{Maps}?labelSelector={Uri.EscapeDataString(selector)}");
        Assert.That(list.ItemNames, Is.EqualTo(expected));
    }

    [Test]
    public async Task Bad_selectors_are_refused_in_the_servers_words()
    {
        Reply label = await _api.GetAsync($"{Sets}?labelSelector=a%3D%3D%3Db");
        Reply field = await _api.GetAsync($"{Pods}?fieldSelector=spec.colour%3Dred");
        Assert.Multiple(() =>
        {
            Assert.That(label.Message, Is.EqualTo("unable to parse requirement: found '=', expected: identifier"));
            Assert.That(field.Message, Is.EqualTo("field label not supported: spec.colour"));
            Assert.That((label.Code, field.Code), Is.EqualTo((400, 400)));
        });
    }

    [Test]
    public async Task Paths_are_case_sensitive()
    {
        Assert.That((await _api.GetAsync("/API/V1/namespaces/default/PODS")).Code, Is.EqualTo(404));
    }

    [Test]
    public async Task Same_seed_same_uids()
    {
        Reply one = await _api.PostAsync(Maps, ApiHarness.ConfigMap("a"));
        Reply other = await new ApiHarness().PostAsync(Maps, ApiHarness.ConfigMap("a"));
        Assert.That((string?)one.Body["metadata"]!["uid"], Is.EqualTo((string?)other.Body["metadata"]!["uid"]));
    }

    [Test]
    public async Task Concurrent_writers_lose_no_update()
    {
        await _api.PostAsync(Maps, ApiHarness.ConfigMap("a"));
        await Parallel.ForAsync(0, 200, async (i, _) => await _api.MergeAsync($"{Maps}/a", $$$"""{"data":{"k{{{i}}}":"v"}}"""));
        Reply read = await _api.GetAsync($"{Maps}/a");
        Assert.That(read.Body["data"]!.AsObject(), Has.Count.EqualTo(201));
    }

    [Test]
    public async Task A_cancelled_call_throws()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        Assert.That(
            async () => await _api.Door.SendAsync(new ApiCall("GET", Maps), cancelled.Token), Throws.InstanceOf<OperationCanceledException>());
    }
}

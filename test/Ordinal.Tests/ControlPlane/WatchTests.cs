using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;

namespace Ordinal.Tests.ControlPlane;

public sealed class WatchTests
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";

    [Test]
    public async Task A_watch_without_a_version_starts_with_the_state()
    {
        var api = new ApiHarness();
        await api.PostAsync(Maps, ApiHarness.ConfigMap("a"));
        await using IApiFeed feed = await api.WatchAsync(Maps);
        Assert.That(await ApiHarness.NextAsync(feed), Is.EqualTo("ADDED a"));
        await api.PostAsync(Maps, ApiHarness.ConfigMap("b"));
        Assert.That(await ApiHarness.NextAsync(feed), Is.EqualTo("ADDED b"));
    }

    [Test]
    public async Task A_watch_from_a_version_replays_what_came_after_it()
    {
        var api = new ApiHarness();
        Reply made = await api.PostAsync(Maps, ApiHarness.ConfigMap("a"));
        await api.MergeAsync($"{Maps}/a", """{"data":{"k":"w"}}""");
        Reply deleted = await api.DeleteAsync($"{Maps}/a");
        await using IApiFeed feed = await api.WatchAsync(Maps, $"resourceVersion={made.ResourceVersion}");
        Assert.That(await ApiHarness.NextAsync(feed), Is.EqualTo("MODIFIED a"));
        JsonObject last = await ApiHarness.NextFrameAsync(feed);
        Assert.Multiple(() =>
        {
            Assert.That((string?)last["type"], Is.EqualTo("DELETED"));
            Assert.That(deleted.Code, Is.EqualTo(200));
            Assert.That(long.Parse((string)last["object"]!["metadata"]!["resourceVersion"]!), Is.GreaterThan(long.Parse(made.ResourceVersion!) + 1));
        });
    }

    [Test]
    public async Task An_object_that_enters_or_leaves_the_selection_is_added_or_deleted()
    {
        var api = new ApiHarness();
        await using IApiFeed feed = await api.WatchAsync(Maps, "labelSelector=app%3Dweb");
        await api.PostAsync(Maps, ApiHarness.ConfigMap("a"));
        await api.MergeAsync($"{Maps}/a", """{"metadata":{"labels":{"app":"web"}}}""");
        await api.MergeAsync($"{Maps}/a", """{"data":{"k":"2"}}""");
        await api.MergeAsync($"{Maps}/a", """{"metadata":{"labels":{"app":"db"}}}""");
        await api.DeleteAsync($"{Maps}/a");
        await api.PostAsync(Maps, ApiHarness.ConfigMap("z", """{"app":"web"}"""));
        string[] seen = [await ApiHarness.NextAsync(feed), await ApiHarness.NextAsync(feed), await ApiHarness.NextAsync(feed), await ApiHarness.NextAsync(feed)];
        Assert.That(seen, Is.EqualTo(new[] { "ADDED a", "MODIFIED a", "DELETED a", "ADDED z" }));
    }

    [Test]
    public async Task A_watch_from_before_the_compaction_gets_410_in_the_stream()
    {
        var api = new ApiHarness(new StoreOptions { EventLogCapacity = 3 });
        Reply made = await api.PostAsync(Maps, ApiHarness.ConfigMap("a"));
        for (int i = 0; i < 10; i++)
        {
            await api.MergeAsync($"{Maps}/a", $$$"""{"data":{"k":"{{{i}}}"}}""");
        }

        await using IApiFeed feed = await api.WatchAsync(Maps, $"resourceVersion={made.ResourceVersion}");
        JsonObject frame = await ApiHarness.NextFrameAsync(feed);
        ReadOnlyMemory<byte>? end = await feed.ReadAsync(CancellationToken.None);
        Assert.Multiple(() =>
        {
            Assert.That((string?)frame["type"], Is.EqualTo("ERROR"));
            Assert.That((long)frame["object"]!["code"]!, Is.EqualTo(410));
            Assert.That((string?)frame["object"]!["reason"], Is.EqualTo("Expired"));
            Assert.That((string?)frame["object"]!["message"], Does.StartWith("too old resource version: "));
            Assert.That(end, Is.Null);
        });
    }

    [Test]
    public async Task Initial_events_end_with_an_annotated_bookmark()
    {
        var api = new ApiHarness();
        await api.PostAsync(Maps, ApiHarness.ConfigMap("a"));
        await using IApiFeed feed = await api.WatchAsync(Maps, "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
        Assert.That(await ApiHarness.NextAsync(feed), Is.EqualTo("ADDED a"));
        JsonObject bookmark = await ApiHarness.NextFrameAsync(feed);
        Assert.Multiple(() =>
        {
            Assert.That((string?)bookmark["type"], Is.EqualTo("BOOKMARK"));
            Assert.That((string?)bookmark["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"], Is.EqualTo("true"));
            Assert.That((string?)bookmark["object"]!["metadata"]!["resourceVersion"], Is.EqualTo($"{api.Server.Store.Revision}"));
        });
    }

    [Test]
    public async Task A_quiet_watch_gets_bookmarks_that_advance_with_the_whole_store_and_ends_in_time()
    {
        var api = new ApiHarness();
        await using IApiFeed feed = await api.WatchAsync(Maps, $"resourceVersion={api.Server.Store.Revision}&allowWatchBookmarks=true&timeoutSeconds=90");
        Task<JsonObject> next = ApiHarness.NextFrameAsync(feed);
        await api.PostAsync("/api/v1/namespaces/default/secrets", """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}}""");
        api.Clock.Advance(TimeSpan.FromSeconds(60));
        JsonObject bookmark = await next;
        Assert.That((string?)bookmark["object"]!["metadata"]!["resourceVersion"], Is.EqualTo($"{api.Server.Store.Revision}"));
        next = ApiHarness.NextFrameAsync(feed);
        api.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.That((string?)(await next)["type"], Is.EqualTo("BOOKMARK"));
        Assert.That(await feed.ReadAsync(CancellationToken.None), Is.Null);
    }

    [Test]
    public async Task A_watch_from_the_newest_version_gets_no_bookmark_before_something_is_written()
    {
        var api = new ApiHarness();
        await using IApiFeed feed = await api.WatchAsync(Maps, $"resourceVersion={api.Server.Store.Revision}&allowWatchBookmarks=true&timeoutSeconds=3600");
        Task<JsonObject> next = ApiHarness.NextFrameAsync(feed);
        api.Clock.Advance(TimeSpan.FromSeconds(60));
        api.Clock.Advance(TimeSpan.FromSeconds(30));
        await api.PostAsync("/api/v1/namespaces/default/secrets", """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}}""");
        Assert.That(next.IsCompleted, Is.False);

        // The watch counts from when it looked, on a thread of its own: that may be any of these moments.
        for (int looks = 0; looks < 100 && !next.IsCompleted; looks++)
        {
            api.Clock.Advance(TimeSpan.FromSeconds(30));
            await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System));
        }

        Assert.That((string?)(await next)["object"]!["metadata"]!["resourceVersion"], Is.EqualTo($"{api.Server.Store.Revision}"));
    }

    [Test]
    public async Task A_watcher_that_falls_behind_is_cut_off()
    {
        var api = new ApiHarness(new StoreOptions { WatchQueueCapacity = 5 });
        await using IApiFeed feed = await api.WatchAsync(Maps, $"resourceVersion={api.Server.Store.Revision}");
        for (int i = 0; i < 10; i++)
        {
            await api.PostAsync(Maps, ApiHarness.ConfigMap($"m{i}"));
        }

        JsonObject frame = await ApiHarness.NextFrameAsync(feed);
        Assert.That((long)frame["object"]!["code"]!, Is.EqualTo(410));
    }

    [Test]
    public async Task A_namespaced_watch_hears_nothing_of_other_namespaces()
    {
        var api = new ApiHarness();
        await using IApiFeed feed = await api.WatchAsync(Maps, $"resourceVersion={api.Server.Store.Revision}");
        await api.PostAsync("/api/v1/namespaces/kube-system/configmaps", ApiHarness.ConfigMap("other"));
        await api.PostAsync(Maps, ApiHarness.ConfigMap("mine"));
        Assert.That(await ApiHarness.NextAsync(feed), Is.EqualTo("ADDED mine"));
    }
}

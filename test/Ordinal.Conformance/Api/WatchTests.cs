using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Api;

/// <summary>Watches: where they start, what they show, when they end.</summary>
public sealed class WatchTests(ClusterKind kind) : ConformanceTests(kind)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private string Maps => $"/api/v1/namespaces/{Space.Name}/configmaps";

    [Test, Rule("API-watch-from-a-version")]
    public async Task A_watch_shows_what_happened_after_its_version_in_order()
    {
        var before = await CreateAsync("before");
        await CreateAsync("a");
        await PatchAsync("a", """{"data":{"k":"1"}}""");
        await Space.SendAsync("DELETE", $"{Maps}/a");
        await using var watch = await OpenAsync($"watch=1&resourceVersion={VersionOf(before)}&fieldSelector=metadata.name%3Da");
        Assert.That(await TypesAsync(watch, 3), Is.EqualTo(new[] { "ADDED a", "MODIFIED a", "DELETED a" }));
    }

    [Test, Rule("API-watch-selector")]
    public async Task An_object_that_enters_a_selection_is_added_and_one_that_leaves_it_is_deleted()
    {
        var first = await CreateAsync("a");
        await using var watch = await OpenAsync($"watch=1&resourceVersion={VersionOf(first)}&labelSelector=in%3Dyes");
        await PatchAsync("a", """{"metadata":{"labels":{"in":"yes"}}}""");
        await PatchAsync("a", """{"data":{"k":"1"}}""");
        await PatchAsync("a", """{"metadata":{"labels":{"in":"no"}}}""");
        Assert.That(await TypesAsync(watch, 3), Is.EqualTo(new[] { "ADDED a", "MODIFIED a", "DELETED a" }));
    }

    [Test, Rule("API-watch-initial-events")]
    public async Task A_streaming_list_ends_with_a_marked_bookmark()
    {
        await CreateAsync("a");
        await CreateAsync("b");
        await using var watch = await OpenAsync("watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=mine%3Dyes");
        var seen = new List<string>();
        JsonObject bookmark;
        while (true)
        {
            var frame = (await ReadAsync(watch))!;
            if (frame.Text("type") == "BOOKMARK")
            {
                bookmark = frame.Child("object")!;
                break;
            }

            seen.Add($"{frame.Text("type")} {frame.Child("object").Child("metadata").Text("name")}");
        }

        Assert.That(seen, Is.EqualTo(new[] { "ADDED a", "ADDED b" }));
        Assert.That(bookmark.Child("metadata").Child("annotations").Text("k8s.io/initial-events-end"), Is.EqualTo("true"));
        Assert.That(bookmark.Text("kind"), Is.EqualTo("ConfigMap"));
        Assert.That(bookmark.Child("metadata").Text("resourceVersion"), Is.Not.Empty.And.Not.Null);
    }

    [Test, Rule("API-watch-from-nothing")]
    public async Task A_watch_without_a_version_starts_with_the_present_objects()
    {
        await CreateAsync("a");
        await using var watch = await OpenAsync("watch=1&labelSelector=mine%3Dyes");
        Assert.That(await TypesAsync(watch, 1), Is.EqualTo(new[] { "ADDED a" }));
    }

    [Test, Rule("API-watch-deleted-object")]
    public async Task What_goes_at_once_is_shown_as_it_was_and_what_had_finalizers_as_it_became()
    {
        var before = await CreateAsync("a");
        await Space.SendAsync("DELETE", $"{Maps}/a");
        await CreateAsync("b");
        await PatchAsync("b", """{"metadata":{"finalizers":["x.dev/f"]}}""");
        await Space.SendAsync("DELETE", $"{Maps}/b");
        await PatchAsync("b", """{"metadata":{"finalizers":null}}""");
        await using var watch = await OpenAsync($"watch=1&resourceVersion={VersionOf(before)}&labelSelector=mine%3Dyes");
        var deleted = new List<string>();
        while (deleted.Count < 2)
        {
            var frame = (await ReadAsync(watch))!;
            if (frame.Text("type") == "DELETED")
            {
                var metadata = frame.Child("object").Child("metadata")!;
                deleted.Add($"{metadata.Text("name")} {metadata.ContainsKey("deletionTimestamp")} {metadata.Number("deletionGracePeriodSeconds")}");
            }
        }

        Assert.That(deleted, Is.EqualTo(new[] { "a False ", "b True 0" }));
    }

    [Test, Rule("API-watch-old-paths")]
    public async Task The_old_paths_of_watches_still_work()
    {
        var before = await CreateAsync("a");
        await CreateAsync("b");
        await PatchAsync("a", """{"data":{"k":"1"}}""");
        foreach (var (path, seen) in new[] { ($"/api/v1/watch/namespaces/{Space.Name}/configmaps", "ADDED b"), ($"/api/v1/watch/namespaces/{Space.Name}/configmaps/a", "MODIFIED a") })
        {
            var query = $"resourceVersion={VersionOf(before)}&timeoutSeconds=60" + (seen.EndsWith('b') ? "&labelSelector=mine%3Dyes" : "");
            var opening = await Space.Cluster.Door.OpenAsync(new ApiCall("GET", path, query), CancellationToken.None);
            Assert.That(opening.Refused, Is.Null, path);
            await using var watch = opening.Feed!;
            Assert.That(await TypesAsync(watch, 1), Is.EqualTo(new[] { seen }));
        }
    }

    [Test, Rule("API-watch-one-object")]
    public async Task The_path_of_one_object_is_read_and_not_watched()
    {
        await CreateAsync("a");
        var read = (await Space.SendAsync("GET", $"{Maps}/a", "watch=1")).Ok();
        Assert.That(read.Child("metadata").Text("name"), Is.EqualTo("a"));
    }

    [Test, Rule("API-watch-timeout")]
    public async Task A_watch_with_a_timeout_ends_in_good_order()
    {
        await using var watch = await OpenAsync("watch=1&timeoutSeconds=1&labelSelector=none%3Dnone");
        JsonObject? frame;
        do
        {
            frame = await ReadAsync(watch);
            Assert.That(frame?.Text("type"), Is.Null.Or.EqualTo("BOOKMARK"));
        }
        while (frame is not null);
    }

    [Test, Rule("API-watch-bookmark-newer")]
    public async Task A_bookmark_is_newer_than_the_version_from_which_its_watch_started()
    {
        const string Budgets = "/apis/policy/v1/poddisruptionbudgets";
        var version = long.Parse(VersionOf((await Space.SendAsync("GET", Budgets)).Ok()), null);
        var opening = await Space.Cluster.Door.OpenAsync(new ApiCall("GET", Budgets, $"watch=1&allowWatchBookmarks=true&resourceVersion={version}&timeoutSeconds=3&labelSelector=none%3Dnone"), CancellationToken.None);
        await using var watch = opening.Feed!;
        while (await ReadAsync(watch) is { } frame)
        {
            Assert.That(frame.Text("type"), Is.EqualTo("BOOKMARK"));
            Assert.That(long.Parse(VersionOf(frame.Child("object")!), null), Is.GreaterThan(version));
        }
    }

    [Test, Rule("API-watch-table")]
    public async Task A_watch_as_a_table_names_the_columns_once()
    {
        var a = await CreateAsync("a");
        await using var watch = await OpenAsync($"watch=1&resourceVersion={VersionOf(a)}&labelSelector=mine%3Dyes", accept: "application/json;as=Table;v=v1;g=meta.k8s.io");
        await PatchAsync("a", """{"data":{"k":"1"}}""");
        await PatchAsync("a", """{"data":{"k":"2"}}""");
        var first = (await ReadAsync(watch))!.Child("object");
        var second = (await ReadAsync(watch))!.Child("object");
        Assert.That(first.Text("kind"), Is.EqualTo("Table"));
        Assert.That(first.List("columnDefinitions"), Has.Count.EqualTo(3));
        Assert.That(second.List("columnDefinitions") ?? [], Is.Empty);
        Assert.That((second.List("rows")![0] as JsonObject).Child("object").Text("kind"), Is.EqualTo("PartialObjectMetadata"));
    }

    [Test, Rule("API-list-exact-version")]
    public async Task A_list_at_an_exact_version_shows_the_past()
    {
        await CreateAsync("a");
        var b = await CreateAsync("b");
        await PatchAsync("a", """{"data":{"k":"1"}}""");
        await Space.SendAsync("DELETE", $"{Maps}/b");
        var past = (await Space.SendAsync("GET", Maps, $"labelSelector=mine%3Dyes&resourceVersion={VersionOf(b)}&resourceVersionMatch=Exact")).Ok();
        Assert.That(past.List("items")!.OfType<JsonObject>().Select(item => $"{item.Child("metadata").Text("name")} {item.Child("data")?.Count ?? 0}"), Is.EqualTo(new[] { "a 0", "b 0" }));
        Assert.That(past.Child("metadata").Text("resourceVersion"), Is.EqualTo(VersionOf(b)));
    }

    [Test, Rule("API-one-resource-version")]
    public async Task All_kinds_share_one_version_that_only_grows()
    {
        var versions = new List<long> { long.Parse(VersionOf(await CreateAsync("a")), null) };
        var lease = (await Space.SendAsync("POST", $"/apis/coordination.k8s.io/v1/namespaces/{Space.Name}/leases", "", JsonNode.Parse("""{"metadata":{"name":"l"},"spec":{}}"""))).Ok();
        versions.Add(long.Parse(VersionOf(lease), null));
        versions.Add(long.Parse(VersionOf(await CreateAsync("b")), null));
        Assert.That(versions, Is.Ordered.And.Unique);
    }

    private static string VersionOf(JsonObject document) => document.Child("metadata").Text("resourceVersion")!;

    private static async Task<List<string>> TypesAsync(IApiFeed watch, int count)
    {
        var seen = new List<string>();
        while (seen.Count < count && await ReadAsync(watch) is { } frame)
        {
            seen.Add($"{frame.Text("type")} {frame.Child("object").Child("metadata").Text("name")}");
        }

        return seen;
    }

    private static async Task<JsonObject?> ReadAsync(IApiFeed watch)
    {
        using var deadline = new CancellationTokenSource(Deadline, TimeProvider.System);
        return await watch.ReadAsync(deadline.Token) is { } frame ? JsonNode.Parse(frame.Span)!.AsObject() : null;
    }

    private async Task<JsonObject> CreateAsync(string name) =>
        (await Space.SendAsync("POST", Maps, "", new JsonObject { ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["mine"] = "yes" } } })).Ok();

    private async Task PatchAsync(string name, string patch) => (await Space.SendAsync("PATCH", $"{Maps}/{name}", "", JsonNode.Parse(patch), Space.Merge)).Ok();

    private async Task<IApiFeed> OpenAsync(string query, string? accept = null)
    {
        var opening = await Space.Cluster.Door.OpenAsync(new ApiCall("GET", Maps, query) { Accept = accept }, CancellationToken.None);
        Assert.That(opening.Refused, Is.Null);
        return opening.Feed!;
    }
}

using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Tests.Runtime.Support;

namespace Ordinal.Tests.Runtime;

public sealed class ReflectorTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromHours(3);

    [Test]
    public void A_list_in_pages_is_taken_in_whole() => Run(new InformerSettings { PageSize = 3 }, async fixture =>
    {
        for (var number = 0; number < 10; number++)
        {
            fixture.Server.Put("prod", $"thing-{number}");
        }

        await fixture.StartAsync();

        Assert.That(fixture.Store.Count, Is.EqualTo(10));
        Assert.That(fixture.Server.Lists, Is.EqualTo(4));
        Assert.That(fixture.Server.Requests[0].PathAndQuery, Does.Not.Contain("resourceVersion"), "a first list is a quorum read");
        Assert.That(fixture.Store.List("prod").Select(thing => thing.Key.Name), Is.Ordered);
    });

    [Test]
    public void A_continue_token_that_expired_starts_the_list_over() => Run(new InformerSettings { PageSize = 2 }, async fixture =>
    {
        for (var number = 0; number < 5; number++)
        {
            fixture.Server.Put("prod", $"thing-{number}");
        }

        var forgot = false;
        fixture.Server.Before = request =>
        {
            if (request.PathAndQuery.Contains("continue=", StringComparison.Ordinal) && !forgot)
            {
                forgot = true;
                fixture.Server.ForgetContinuations();
            }

            return Task.FromResult<ApiResponse?>(null);
        };
        await fixture.StartAsync();

        Assert.That(forgot, Is.True);
        Assert.That(fixture.Store.Count, Is.EqualTo(5));
    });

    [Test]
    public void Changes_reach_the_store_its_indexes_and_its_handlers_in_order() => Run(null, async fixture =>
    {
        fixture.Server.Put("prod", "a", thing => thing["colour"] = "red");
        await fixture.StartAsync();
        fixture.Server.Put("prod", "b", thing => thing["colour"] = "red");
        fixture.Server.Put("prod", "a", thing => thing["colour"] = "blue");
        fixture.Server.Delete("prod", "b");
        await fixture.World.UntilAsync(() => fixture.Changes.Count == 4, "all is seen");

        Assert.That(fixture.Changes, Is.EqualTo(new[] { "+a", "+b", "~a", "-b" }));
        Assert.That(fixture.Store.ByIndex("colour", "blue").Single().Key.Name, Is.EqualTo("a"));
        Assert.That(fixture.Store.ByIndex("colour", "red"), Is.Empty);
        Assert.That(() => fixture.Store.ByIndex("size", "1"), Throws.ArgumentException);
    });

    [Test]
    public void A_watch_that_ends_or_breaks_goes_on_from_the_last_version_without_a_list() => Run(null, async fixture =>
    {
        fixture.Server.Put("prod", "a");
        await fixture.StartAsync();
        fixture.Server.Put("prod", "b");
        await fixture.World.UntilAsync(() => fixture.Store.Count == 2, "b is seen");
        var version = fixture.Server.Version;
        foreach (var fault in new Action<FakeLines>[] { watch => watch.End(), watch => watch.Break(), watch => watch.Push("{\"type\":\"ADDED\",\"obj") })
        {
            var old = fixture.Server.Watches.Single();
            fault(old);
            await fixture.World.UntilAsync(() => fixture.Server.Watches.Count == 1 && fixture.Server.Watches[0] != old, "the watch is taken up");

            Assert.That(fixture.Server.Requests[^1].PathAndQuery, Does.Contain($"resourceVersion={version}&"));
        }

        fixture.Server.Watches.Single().Break();
        fixture.Server.Delete("prod", "a");
        await fixture.World.UntilAsync(() => fixture.Store.Count == 1, "what happened in the gap is seen");
        Assert.That(fixture.Server.Lists, Is.EqualTo(1));
    });

    [Test]
    public void A_bookmark_moves_the_version_on() => Run(null, async fixture =>
    {
        await fixture.StartAsync();
        // Another kind's writes move the server's version; only the bookmark tells.
        fixture.Server.Put("prod", "a");
        fixture.Server.Delete("prod", "a");
        fixture.Server.Bookmark();
        await fixture.World.UntilAsync(() => fixture.Store.ResourceVersion == "102", "the bookmark is seen");
        fixture.Server.Compact();
        fixture.Server.Watches.Single().End();
        await fixture.World.UntilAsync(() => fixture.Server.Watches.Count == 1 && fixture.Server.Requests[^1].PathAndQuery.Contains("resourceVersion=102&", StringComparison.Ordinal), "it goes on from the bookmark");

        Assert.That(fixture.Server.Lists, Is.EqualTo(1), "no 410 was met");
    });

    [Test]
    public void A_410_lists_anew_and_finds_what_was_deleted_in_the_gap([Values] bool insideTheStream) => Run(null, async fixture =>
    {
        fixture.Server.Put("prod", "a");
        fixture.Server.Put("prod", "b");
        fixture.Server.Put("prod", "c");
        await fixture.StartAsync();
        var watch = fixture.Server.Watches.Single();
        var blind = true;
        fixture.Server.Before = request => Task.FromResult(blind && request.PathAndQuery.Contains("watch=true", StringComparison.Ordinal)
            ? FakeServer.Status(503, "ServiceUnavailable", "not now") : null);
        watch.Break();
        await fixture.World.UntilAsync(() => watch.IsClosed, "the watch is gone");
        fixture.Server.Delete("prod", "b");
        fixture.Server.Put("prod", "c", thing => thing["colour"] = "red");
        fixture.Server.Put("prod", "d");
        if (!insideTheStream)
        {
            fixture.Server.Compact();
        }

        blind = false;
        if (insideTheStream)
        {
            // The server accepts the watch and says 410 inside it: nothing of the gap comes through.
            fixture.Server.Before = request =>
            {
                if (request.PathAndQuery.Contains("watch=true", StringComparison.Ordinal))
                {
                    fixture.Server.Compact();
                    fixture.Server.Before = null;
                }

                return Task.FromResult<ApiResponse?>(null);
            };
        }

        await fixture.World.UntilAsync(() => fixture.Store.Find(new NamespacedName("prod", "d")) is not null, "the list is taken in");

        Assert.That(fixture.Changes, Is.EqualTo(new[] { "+a", "+b", "+c", "-b", "~c", "+d" }));
        Assert.That(fixture.Server.Lists, Is.EqualTo(2));
    });

    [Test]
    public void An_error_event_with_410_ends_the_watch_and_lists_anew() => Run(null, async fixture =>
    {
        fixture.Server.Put("prod", "a");
        await fixture.StartAsync();
        var status = JsonNode.Parse(FakeServer.Status(410, "Expired", "too old resource version: 1 (2)").Body.Span)!.AsObject();
        fixture.Server.Watches.Single().Push(FakeServer.Event("ERROR", status));
        fixture.Server.Put("prod", "b");
        await fixture.World.UntilAsync(() => fixture.Store.Count == 2, "b is seen");

        Assert.That(fixture.Server.Lists, Is.EqualTo(2));
    });

    [Test]
    public void A_silent_watch_is_stale_before_it_is_trusted_again() => Run(null, async fixture =>
    {
        fixture.Server.Put("prod", "a");
        await fixture.StartAsync();
        var dead = fixture.Server.Watches.Single();
        Assert.That(fixture.Store.IsStale, Is.False);
        var hanging = new TaskCompletionSource<ApiResponse?>();
        fixture.Server.Before = _ => hanging.Task;
        await fixture.World.PassAsync(TimeSpan.FromSeconds(91));

        Assert.That(dead.IsClosed, Is.True, "the watchdog gave it up");
        Assert.That(fixture.Store.IsStale, Is.True, "and nothing else came");

        fixture.Server.Before = null;
        hanging.SetResult(null);
        await fixture.World.UntilAsync(() => !fixture.Store.IsStale, "a list freshens it");
    });

    [Test]
    public void Bookmarks_alone_keep_a_store_fresh_and_its_watch_open() => Run(null, async fixture =>
    {
        await fixture.StartAsync();
        var watch = fixture.Server.Watches.Single();
        for (var minute = 0; minute < 4; minute++)
        {
            await fixture.World.PassAsync(TimeSpan.FromSeconds(60));
            fixture.Server.Bookmark();
        }

        await fixture.World.PassAsync(TimeSpan.FromSeconds(1));
        Assert.That(watch.IsClosed, Is.False);
        Assert.That(fixture.Store.IsStale, Is.False);
        Assert.That(fixture.Server.Lists, Is.EqualTo(1));
    });

    [Test]
    public void A_relist_on_demand_starts_after_it_was_asked_for_and_ends_with_a_fresh_store() => Run(null, async fixture =>
    {
        fixture.Server.Put("prod", "a");
        await fixture.StartAsync();
        var lists = fixture.Server.Lists;
        // The watch is mute: only a list can show what happens now.
        fixture.Server.Watches.Single().Break();
        var refuse = true;
        fixture.Server.Before = request => Task.FromResult(refuse ? FakeServer.Status(500, "InternalError", "no") : null);
        fixture.Server.Put("prod", "b");
        var relist = fixture.Informer.RelistAsync(fixture.Stopping);
        await fixture.World.PassAsync(TimeSpan.FromSeconds(5));
        Assert.That(relist.IsCompleted, Is.False, "a failing server is asked again");
        refuse = false;
        await relist;

        Assert.That(fixture.Store.Count, Is.EqualTo(2));
        Assert.That(fixture.Server.Lists, Is.GreaterThan(lists));
    });

    [Test]
    public void A_failing_server_is_asked_ever_more_rarely() => Run(null, async fixture =>
    {
        fixture.Server.Before = _ => Task.FromResult<ApiResponse?>(FakeServer.Status(503, "ServiceUnavailable", "no"));
        var running = fixture.Informer.RunAsync(fixture.Stopping);
        await fixture.World.PassAsync(TimeSpan.FromMinutes(10));
        Assert.That(fixture.Server.Requests, Has.Count.LessThan(50));

        fixture.Server.Before = null;
        await fixture.World.UntilAsync(() => fixture.Store.HasSynced, "it comes back");
    });

    [Test]
    public void An_unreadable_object_hides_no_other() => Run(null, async fixture =>
    {
        fixture.Server.Put("prod", "a");
        fixture.Server.Put("prod", "unreadable");
        await fixture.StartAsync();
        fixture.Server.Put("prod", "unreadable", thing => thing["colour"] = "red");
        fixture.Server.Put("prod", "z");
        await fixture.World.UntilAsync(() => fixture.Store.Count == 2, "z is seen");

        Assert.That(fixture.Store.List(null).Select(thing => thing.Key.Name), Is.EqualTo(new[] { "a", "z" }));
    });

    [Test]
    public void Each_namespace_has_a_watch_of_its_own_and_a_relist_of_one_leaves_the_other() => Run(new InformerSettings { Namespaces = ["one", "two"] }, async fixture =>
    {
        fixture.Server.Put("one", "a");
        fixture.Server.Put("two", "b");
        fixture.Server.Put("three", "c");
        await fixture.StartAsync();
        await fixture.World.UntilAsync(() => fixture.Store.HasSynced, "both are in sync");

        Assert.That(fixture.Changes, Is.EquivalentTo(new[] { "+a", "+b" }));
        Assert.That(fixture.Server.Requests.Select(request => request.Path).Distinct(), Is.EquivalentTo(new[]
        {
            "/apis/example.dev/v1/namespaces/one/things", "/apis/example.dev/v1/namespaces/two/things",
        }));
    });

    private static void Run(InformerSettings? settings, Func<Fixture, Task> test)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            VirtualWorld.Run(seed, Limit, async world =>
            {
                using var fixture = new Fixture(world, settings);
                await test(fixture);
                await fixture.StopAsync();
            });
        }
    }
}

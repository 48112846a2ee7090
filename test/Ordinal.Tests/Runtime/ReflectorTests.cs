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
        fixture.Server.WriteElsewhere(2);
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
        lists = fixture.Server.Lists;
        await fixture.World.PassAsync(TimeSpan.FromSeconds(30));
        Assert.That(fixture.Server.Lists, Is.EqualTo(lists), "one relist was asked for");
    });

    [Test]
    public void A_relist_keeps_what_is_the_same_and_reads_what_is_not() => Run(null, async fixture =>
    {
        fixture.Server.Put("prod", "a");
        fixture.Server.Put("prod", "b");
        fixture.Server.Put("prod", "c");
        await fixture.StartAsync();
        var (a, b, c) = (Find("a"), Find("b"), Find("c"));
        foreach (var watch in fixture.Server.Watches)
        {
            watch.IsMuted = true;
        }

        fixture.Server.Put("prod", "b", thing => thing["colour"] = "red");
        fixture.Server.Delete("prod", "c");
        fixture.Server.Put("prod", "c");
        await fixture.Informer.RelistAsync(fixture.Stopping);

        Assert.That(Find("a"), Is.SameAs(a));
        Assert.That(Find("b")!.Colour, Is.EqualTo("red"));
        Assert.That(Find("c")!.Uid, Is.Not.EqualTo(c!.Uid));
        Assert.That(fixture.Changes, Is.EqualTo(new[] { "+a", "+b", "+c", "~b", "~c" }));

        Thing? Find(string name) => fixture.Store.Find(new NamespacedName("prod", name));
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
    public void A_kind_that_is_installed_late_is_seen_at_once() => Run(null, async fixture =>
    {
        var isServed = false;
        fixture.Server.Before = _ => Task.FromResult<ApiResponse?>(isServed ? null : FakeServer.Status(404, "NotFound", "the server could not find the requested resource"));
        var running = fixture.Informer.RunAsync(fixture.Stopping);
        await fixture.World.PassAsync(TimeSpan.FromMinutes(10));
        Assert.That(fixture.Store.HasSynced, Is.False);

        isServed = true;
        await fixture.World.PassAsync(TimeSpan.FromSeconds(5));
        Assert.That(fixture.Store.HasSynced, Is.True);
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

    /// <summary>
    /// Whatever breaks on the way, in the end the store shows what the server has, and who listened to its changes knows the same.
    /// </summary>
    [Test]
    public void After_any_faults_store_and_listeners_agree_with_the_server()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            VirtualWorld.Run(seed, Limit, async world =>
            {
                var random = new Random(seed);
                using var fixture = new Fixture(world, new InformerSettings { PageSize = 1 + random.Next(4) });
                var heard = new SortedDictionary<string, string>(StringComparer.Ordinal);
                fixture.Store.Subscribe(change =>
                {
                    var name = change.Key.Name;
                    Assert.That(heard.GetValueOrDefault(name), Is.EqualTo(change.Old?.ResourceVersion), $"seed {seed}: the old {name} is what was heard of last");
                    if (change.New is null)
                    {
                        heard.Remove(name);
                    }
                    else
                    {
                        heard[name] = change.New.ResourceVersion;
                    }
                });
                var running = fixture.Informer.RunAsync(fixture.Stopping);
                for (var step = 0; step < 60; step++)
                {
                    var name = $"thing-{random.Next(6)}";
                    switch (random.Next(12))
                    {
                        case < 4:
                            fixture.Server.Put("prod", name, thing => thing["colour"] = random.Next(2) == 0 ? "red" : "blue");
                            break;
                        case < 6 when fixture.Server.Find("prod", name) is not null:
                            fixture.Server.Delete("prod", name);
                            break;
                        case 6:
                            fixture.Server.Compact();
                            break;
                        case 7 when fixture.Server.Watches.Count > 0:
                            fixture.Server.Watches[0].Break();
                            break;
                        case 8 when fixture.Server.Watches.Count > 0:
                            fixture.Server.Watches[0].Push(FakeServer.Event("ERROR", JsonNode.Parse(FakeServer.Status(410, "Expired", "too old").Body.Span)!.AsObject()));
                            break;
                        case 9:
                            fixture.Server.Mute();
                            break;
                        case 10:
                            var refusals = random.Next(5);
                            fixture.Server.Before = _ => refusals-- > 0 ? Task.FromResult<ApiResponse?>(FakeServer.Status(503, "ServiceUnavailable", "no")) : Task.FromResult<ApiResponse?>(null);
                            break;
                        default:
                            fixture.Server.Bookmark();
                            break;
                    }

                    await world.PassAsync(TimeSpan.FromMilliseconds(random.Next(3) * random.Next(2_000)));
                }

                fixture.Server.Before = null;
                await world.PassAsync(TimeSpan.FromMinutes(5));
                fixture.Server.Bookmark();
                await world.PassAsync(TimeSpan.FromSeconds(1));
                var truth = Enumerable.Range(0, 6).Select(number => fixture.Server.Find("prod", $"thing-{number}")).OfType<JsonObject>()
                    .ToDictionary(thing => (string)thing["metadata"]!["name"]!, thing => (string)thing["metadata"]!["resourceVersion"]!);
                Assert.That(fixture.Store.List("prod").ToDictionary(thing => thing.Key.Name, thing => thing.ResourceVersion), Is.EquivalentTo(truth), $"seed {seed}");
                Assert.That(heard, Is.EquivalentTo(truth), $"seed {seed}: listeners");
                Assert.That(
                    fixture.Store.ByIndex("colour", "red").Concat(fixture.Store.ByIndex("colour", "blue")).Select(thing => thing.ResourceVersion),
                    Is.EquivalentTo(truth.Values), $"seed {seed}: indexes");
                await fixture.StopAsync();
                await running;
            });
        }
    }

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

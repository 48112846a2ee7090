using NUnit.Framework;
using Ordinal.Runtime.Entities;
using Ordinal.Tests.Runtime.Support;

namespace Ordinal.Tests.Runtime;

/// <summary>
/// A real API server may have nothing to say of a kind for as long as nothing happens to it, not even a bookmark. Such a watch is healthy: nothing is
/// listed anew, and the store may be acted upon. One that does not even end is not.
/// </summary>
public sealed class SilentWatchTests
{
    [Test]
    public void A_watch_without_a_bookmark_is_taken_up_again_and_its_store_stays_fresh_without_a_list() => Run(async fixture =>
    {
        fixture.Server.Put("prod", "a");
        await fixture.StartAsync();
        await StaysFreshAsync(fixture, TimeSpan.FromHours(1));

        Assert.That(fixture.Server.Lists, Is.EqualTo(1));
        Assert.That(Watches(fixture), Has.Count.LessThanOrEqualTo(61), "about one a minute");

        fixture.Server.Put("prod", "b");
        await fixture.World.UntilAsync(() => fixture.Store.Count == 2, "b is seen");
        Assert.That(fixture.Changes, Is.EqualTo(new[] { "+a", "+b" }));
    });

    [Test]
    public void A_watch_from_before_the_newest_bookmark_hears_of_it_each_minute_and_is_a_long_one() => Run(async fixture =>
    {
        fixture.Server.Put("prod", "a");
        await fixture.StartAsync();
        fixture.Server.WriteElsewhere(5);
        fixture.Server.Progress = fixture.Server.Version;
        await StaysFreshAsync(fixture, TimeSpan.FromMinutes(2));
        Assert.That(fixture.Store.ResourceVersion, Is.EqualTo("106"), "it came with a bookmark");

        var before = Watches(fixture).Count;
        await StaysFreshAsync(fixture, TimeSpan.FromHours(2));
        Assert.That(Watches(fixture).Count - before, Is.LessThanOrEqualTo(25), "nothing happened: each watch lasts five minutes at least");
        Assert.That(Watches(fixture)[^1], Does.Contain("resourceVersion=101&"));
        Assert.That(fixture.Server.Lists, Is.EqualTo(1));

        fixture.Server.Put("prod", "b");
        await fixture.World.UntilAsync(() => fixture.Store.Count == 2, "b is seen");
        Assert.That(fixture.Changes, Is.EqualTo(new[] { "+a", "+b" }), "and a was not told again");
    });

    [Test]
    public void Behind_a_proxy_that_lost_the_server_a_store_is_stale_until_it_is_listed([Values(1.5, 20, 60)] double seconds) => Run(async fixture =>
    {
        fixture.Server.Time = null;
        await fixture.StartAsync();
        fixture.Server.Before = request => Task.FromResult(request.PathAndQuery.Contains("watch=true", StringComparison.Ordinal) ? null : FakeServer.Status(503, "ServiceUnavailable", "no"));
        for (var passed = 0.0; passed < 91; passed += seconds)
        {
            // In good order, but before its time: so may anybody end it.
            await fixture.World.PassAsync(TimeSpan.FromSeconds(seconds));
            foreach (var watch in fixture.Server.Watches)
            {
                watch.End();
            }
        }

        Assert.That(fixture.Store.IsStale, Is.True);
        Assert.That(fixture.Server.Lists, Is.GreaterThan(1), "it was asked for");
        fixture.Server.Before = null;
        await fixture.World.UntilAsync(() => !fixture.Store.IsStale, "a list freshens it");
    });

    [Test]
    public void A_watch_that_breaks_in_its_silence_is_followed_by_one_short_enough_to_be_heard_of_in_time() => Run(async fixture =>
    {
        await fixture.StartAsync();
        await fixture.World.PassAsync(TimeSpan.FromSeconds(50));
        fixture.Server.Watches.Single().Break();
        await StaysFreshAsync(fixture, TimeSpan.FromMinutes(3));

        Assert.That(fixture.Server.Lists, Is.EqualTo(1));
    });

    [Test]
    public void Where_the_version_before_the_bookmark_is_gone_the_bookmark_s_own_does() => Run(async fixture =>
    {
        fixture.Server.Put("prod", "a");
        await fixture.StartAsync();
        fixture.Server.WriteElsewhere(5);
        fixture.Server.Progress = fixture.Server.Version;
        await fixture.World.UntilAsync(() => fixture.Store.ResourceVersion == "106", "the bookmark is here");
        fixture.Server.Compact();
        fixture.Server.Watches.Single().Break();
        await fixture.World.UntilAsync(() => Watches(fixture)[^1].Contains("resourceVersion=106&", StringComparison.Ordinal), "it goes on from the bookmark");
        fixture.Server.Put("prod", "b");
        await fixture.World.UntilAsync(() => fixture.Store.Find(new NamespacedName("prod", "b")) is not null, "b is seen");

        Assert.That(fixture.Server.Lists, Is.EqualTo(1));
    });

    private static List<string> Watches(Fixture fixture) => [.. fixture.Server.Requests.Select(request => request.PathAndQuery).Where(path => path.Contains("watch=true", StringComparison.Ordinal))];

    private static async Task StaysFreshAsync(Fixture fixture, TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromSeconds(7))
        {
            await fixture.World.PassAsync(TimeSpan.FromSeconds(7));
            Assert.That(fixture.Store.IsStale, Is.False, $"after {passed}");
        }
    }

    private static void Run(Func<Fixture, Task> test)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            VirtualWorld.Run(seed, TimeSpan.FromHours(3), async world =>
            {
                using var fixture = new Fixture(world);
                fixture.Server.Time = world.Time;
                await test(fixture);
                await fixture.StopAsync();
            });
        }
    }
}

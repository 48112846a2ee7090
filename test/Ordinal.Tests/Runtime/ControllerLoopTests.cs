using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Hosting;
using Ordinal.Runtime.Leadership;
using Ordinal.Tests.Runtime.Support;

namespace Ordinal.Tests.Runtime;

public sealed class ControllerLoopTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromHours(3);
    private static readonly NamespacedName A = new("prod", "a");

    [Test]
    public void A_change_leads_to_a_pass_and_a_quiet_cluster_to_none() => Run(null, async test =>
    {
        test.Fixture.Server.Put("prod", "a");
        await test.StartAsync();
        await test.World.UntilAsync(() => test.Passes.Count == 1, "the first pass");
        await test.World.PassAsync(TimeSpan.FromSeconds(30));
        Assert.That(test.Passes, Has.Count.EqualTo(1));
        test.Fixture.Server.Put("prod", "a", thing => thing["colour"] = "red");
        await test.World.UntilAsync(() => test.Passes.Count == 2, "the second");
        Assert.That(test.Passes[1].Colour, Is.EqualTo("red"));
    });

    [Test]
    public void A_deletion_is_told_with_what_was_last_seen() => Run(null, async test =>
    {
        test.Fixture.Server.Put("prod", "a", thing => thing["colour"] = "red");
        await test.StartAsync();
        await test.World.UntilAsync(() => test.Passes.Count == 1, "the first pass");
        test.Fixture.Server.Delete("prod", "a");
        await test.World.UntilAsync(() => test.Deleted.Count == 1, "it is told");
        Assert.That(test.Deleted[0].Colour, Is.EqualTo("red"));
        await test.World.PassAsync(TimeSpan.FromSeconds(30));
        Assert.That((test.Passes.Count, test.Deleted.Count), Is.EqualTo((1, 1)));
    });

    [Test]
    public void A_transient_failure_backs_off_and_a_terminal_one_waits() => Run(null, async test =>
    {
        Exception error = new ApiException(ApiErrorKind.Unavailable, "no");
        test.Reconcile = (_, _) => throw error;
        test.Fixture.Server.Put("prod", "a");
        await test.StartAsync();
        await test.World.PassAsync(TimeSpan.FromSeconds(20));
        Assert.That(test.Passes, Has.Count.InRange(11, 13), "5 ms, 10 ms, 20 ms, … 10 s");

        error = new ApiException(ApiErrorKind.Forbidden, "pods is forbidden");
        test.Loop.Enqueue(A);
        await test.World.PassAsync(TimeSpan.FromSeconds(1));
        var passes = test.Passes.Count;
        await test.World.PassAsync(TimeSpan.FromMinutes(4));
        Assert.That(test.Passes, Has.Count.LessThanOrEqualTo(passes + 1));
        await test.World.PassAsync(TimeSpan.FromMinutes(2));
        Assert.That(test.Passes, Has.Count.GreaterThan(passes), "but it is not forgotten");
    });

    [Test]
    public void A_pass_that_failed_in_part_comes_back_when_the_other_part_wants_it() => Run(null, async test =>
    {
        test.Reconcile = (thing, _) => Task.FromResult(ReconciliationResult<Thing>.Failure(thing, "no", new ApiException(ApiErrorKind.Forbidden, "no"), TimeSpan.FromSeconds(10)));
        test.Fixture.Server.Put("prod", "a");
        await test.StartAsync();
        await test.World.PassAsync(TimeSpan.FromSeconds(35));
        Assert.That(test.Passes, Has.Count.EqualTo(4), "at once, and every 10 s");
    });

    [Test]
    public void A_server_that_asks_for_time_is_given_it() => Run(null, async test =>
    {
        test.Reconcile = (_, _) => throw new ApiException(ApiErrorKind.TooManyRequests, "later", 429, retryAfter: TimeSpan.FromSeconds(17));
        test.Fixture.Server.Put("prod", "a");
        await test.StartAsync();
        await test.World.PassAsync(TimeSpan.FromSeconds(16));
        Assert.That(test.Passes, Has.Count.EqualTo(1));
        await test.World.PassAsync(TimeSpan.FromSeconds(2));
        Assert.That(test.Passes, Has.Count.EqualTo(2));
    });

    [Test]
    public void A_pass_that_hangs_is_ended_and_counted() => Run(null, async test =>
    {
        test.Reconcile = async (thing, cancellationToken) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, test.World.Time, cancellationToken);
            return ReconciliationResult<Thing>.Success(thing);
        };
        test.Fixture.Server.Put("prod", "a");
        await test.StartAsync();
        await test.World.PassAsync(TimeSpan.FromMinutes(3));
        Assert.That(test.Passes, Has.Count.EqualTo(2));
    });

    [Test]
    public void A_requeue_comes_when_it_was_asked_for_and_a_pass_in_between_sets_it_anew() => Run(null, async test =>
    {
        test.Reconcile = (thing, _) => Task.FromResult(ReconciliationResult<Thing>.Success(thing, TimeSpan.FromSeconds(10)));
        test.Fixture.Server.Put("prod", "a");
        await test.StartAsync();
        await test.World.UntilAsync(() => test.Passes.Count == 1, "the first pass");
        await test.World.PassAsync(TimeSpan.FromSeconds(6));
        test.Fixture.Server.Put("prod", "a");
        await test.World.PassAsync(TimeSpan.FromSeconds(6));
        Assert.That(test.Passes, Has.Count.EqualTo(2), "the delay of the first pass is void");
        await test.World.PassAsync(TimeSpan.FromSeconds(5));
        Assert.That(test.Passes, Has.Count.EqualTo(3));
    });

    [Test]
    public void One_key_is_never_in_two_passes_at_a_time() => Run(new ControllerSettings { Workers = 4 }, async test =>
    {
        var active = new HashSet<NamespacedName>();
        var most = 0;
        test.Reconcile = async (thing, cancellationToken) =>
        {
            Assert.That(active.Add(thing.Key), Is.True, $"{thing.Key} is in two passes");
            most = Math.Max(most, active.Count);
            await Task.Delay(TimeSpan.FromMilliseconds(20), test.World.Time, cancellationToken);
            active.Remove(thing.Key);
            return ReconciliationResult<Thing>.Success(thing);
        };
        await test.StartAsync();
        for (var round = 0; round < 30; round++)
        {
            test.Fixture.Server.Put("prod", $"thing-{round % 5}");
            await test.World.PassAsync(TimeSpan.FromMilliseconds(3));
        }

        await test.World.PassAsync(TimeSpan.FromSeconds(5));
        Assert.That(most, Is.GreaterThan(1), "different keys run side by side");
        Assert.That(test.Failures, Is.Empty);
    });

    [Test]
    public void After_a_write_the_key_waits_until_the_store_has_seen_it() => Run(null, async test =>
    {
        var server = test.Fixture.Server;
        server.Put("prod", "a", thing => thing["colour"] = "red");
        var generations = new List<long>();
        test.Reconcile = (thing, _) =>
        {
            generations.Add(thing.Generation);
            if (thing.Generation == 1)
            {
                // The write is in force at once; the watch shows it only when the test lets it.
                test.Hold();
                server.Put("prod", "a", item => item["metadata"]!["generation"] = 2);
                test.Expectations.ExpectGeneration(A, test.Fixture.Informer, A, thing.Uid, 2);
                Assert.That(test.Expectations.IsSatisfied(A), Is.False);
            }

            return Task.FromResult(ReconciliationResult<Thing>.Success(thing, TimeSpan.FromMilliseconds(1)));
        };
        await test.StartAsync();
        await test.World.PassAsync(TimeSpan.FromSeconds(3));
        Assert.That(generations, Is.EqualTo(new long[] { 1 }), "requeues and back-off do not get past it");
        test.LetGo();
        await test.World.PassAsync(TimeSpan.FromSeconds(1));
        Assert.That(generations.Skip(1), Is.Not.Empty.And.All.EqualTo(2L));
        Assert.That(server.Requests.Count(request => request.Method == "GET" && request.Path.EndsWith("/a", StringComparison.Ordinal)), Is.Zero, "no live read was needed");
    });

    [Test]
    public void A_store_that_stays_behind_is_listed_anew_after_one_live_read() => Run(null, async test =>
    {
        var server = test.Fixture.Server;
        server.Put("prod", "a");
        var seen = new List<long>();
        test.Reconcile = (thing, _) =>
        {
            seen.Add(thing.Generation);
            if (thing.Generation == 1)
            {
                test.Mute();
                server.Put("prod", "a", item => item["metadata"]!["generation"] = 2);
                test.Expectations.ExpectGeneration(A, test.Fixture.Informer, A, thing.Uid, 2);
            }

            return Task.FromResult(ReconciliationResult<Thing>.Success(thing));
        };
        await test.StartAsync();
        await test.World.PassAsync(TimeSpan.FromSeconds(8));
        Assert.That(seen.Distinct(), Is.EqualTo(new long[] { 1, 2 }));
        Assert.That(server.Requests.Count(request => request.Path.EndsWith("/a", StringComparison.Ordinal)), Is.EqualTo(1));
    });

    [Test]
    public void A_deletion_that_did_not_happen_is_expected_no_more_after_a_live_read() => Run(null, async test =>
    {
        var server = test.Fixture.Server;
        server.Put("prod", "a");
        var passes = new List<TimeSpan>();
        test.Reconcile = (thing, _) =>
        {
            passes.Add(test.World.Time.Elapsed);
            if (passes.Count == 1)
            {
                test.Expectations.ExpectGoneOrTerminating(A, test.Fixture.Informer, A, thing.Uid);
            }

            return Task.FromResult(ReconciliationResult<Thing>.Success(thing));
        };
        await test.StartAsync();
        await test.World.UntilAsync(() => passes.Count >= 2, "the second pass");
        Assert.That(passes[1] - passes[0], Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(5)));
        Assert.That(server.Lists, Is.EqualTo(1), "the store was right");
    });

    [TestCase("terminating")]
    [TestCase("gone")]
    [TestCase("replaced")]
    public void An_eviction_is_seen_when_that_incarnation_is_terminating_gone_or_replaced(string how) => Run(null, async test =>
    {
        var server = test.Fixture.Server;
        server.Put("prod", "a");
        await test.StartAsync();
        await test.World.UntilAsync(() => test.Passes.Count == 1, "the first pass");
        var uid = test.Passes[0].Uid;
        test.Expectations.ExpectGoneOrTerminating(A, test.Fixture.Informer, A, uid);
        server.Put("prod", "a", item => item["colour"] = "blue");
        await test.World.PassAsync(TimeSpan.FromMilliseconds(10));
        Assert.That(test.Expectations.IsSatisfied(A), Is.False, "any other change proves nothing");
        Assert.That(test.Passes, Has.Count.EqualTo(1));
        if (how == "terminating")
        {
            server.Put("prod", "a", item => item["metadata"]!["deletionTimestamp"] = "2026-01-01T00:00:00Z");
        }
        else
        {
            server.Delete("prod", "a");
            if (how == "replaced")
            {
                server.Put("prod", "a");
            }
        }

        await test.World.UntilAsync(() => test.Expectations.IsSatisfied(A), "it is seen");
        Assert.That(test.World.Time.Elapsed, Is.LessThan(TimeSpan.FromSeconds(4)), "and not by waiting");
    });

    [TestCase(false)]
    [TestCase(true)]
    public void An_eviction_whose_pod_went_before_its_answer_was_read_is_seen_at_once(bool isReplaced) => Run(null, async test =>
    {
        var server = test.Fixture.Server;
        server.Put("prod", "a");
        await test.StartAsync();
        await test.World.UntilAsync(() => test.Passes.Count == 1, "the first pass");
        var uid = test.Passes[0].Uid;
        server.Delete("prod", "a");
        if (isReplaced)
        {
            server.Put("prod", "a");
        }

        await test.World.UntilAsync(() => test.Fixture.Store.Find(A)?.Uid != uid, "the store has seen it go");
        test.Expectations.ExpectGoneOrTerminating(A, test.Fixture.Informer, A, uid);
        Assert.That(test.Expectations.IsSatisfied(A), Is.True);
    });

    [Test]
    public void A_new_leader_lists_anew_before_its_first_pass() => VirtualWorld.Run(3, Limit, async world =>
    {
        using var fixture = new Fixture(world);
        fixture.Server.Put("prod", "a", thing => thing["colour"] = "old");
        using var test = new Test(fixture, null);
        var calls = new List<string>();
        test.Reconcile = (thing, _) =>
        {
            calls.Add($"pass:{thing.Colour}");
            return Task.FromResult(ReconciliationResult<Thing>.Success(thing));
        };
        var lease = new FakeServer();
        var api = new KubernetesApi(lease, new KubernetesApiSettings("test", TimeSpan.FromSeconds(4)), world.Time, fixture.Metrics);
        lease.Put("system", "operator", item => item["spec"] = new JsonObject { ["holderIdentity"] = "other", ["leaseDurationSeconds"] = 15 });
        var elector = new LeaseElector(api, new LeaseElectorSettings(new NamespacedName("system", "operator"), "me"), world.Time, new Random(1), fixture.Metrics, NullLogger.Instance);
        var runner = new OperatorRunner(elector, NullLogger.Instance).Add(fixture.Informer).Add(test.Loop);
        runner.OnStartedLeadingAsync = _ =>
        {
            calls.Add($"lead:{fixture.Store.Find(A)!.Colour}");
            return Task.CompletedTask;
        };
        using var stop = new CancellationTokenSource();
        var running = runner.RunAsync(stop.Token);
        await world.UntilAsync(() => fixture.Store.HasSynced && fixture.Server.Watches.Count == 1, "the standby's store is warm");
        await world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.That(calls, Is.Empty, "a standby makes no pass");
        // The watch goes mute and the object changes: only a list can show it.
        fixture.Server.Mute();
        fixture.Server.Put("prod", "a", thing => thing["colour"] = "new");
        await world.UntilAsync(() => calls.Count >= 2, "it leads");

        Assert.That(calls, Is.EqualTo(new[] { "lead:new", "pass:new" }));
        stop.Cancel();
        await running;
        Assert.That((string)lease.Find("system", "operator")!["spec"]!["holderIdentity"]!, Is.Empty);
    });

    private static void Run(ControllerSettings? settings, Func<Test, Task> body)
    {
        for (var seed = 0; seed < 10; seed++)
        {
            VirtualWorld.Run(seed, Limit, async world =>
            {
                using var fixture = new Fixture(world);
                using var test = new Test(fixture, settings);
                await body(test);
                await test.StopAsync();
                await fixture.StopAsync();
            });
        }
    }

    private sealed class Test : IEntityController<Thing>, IDisposable
    {
        private readonly CancellationTokenSource term = new();
        private Task running = Task.CompletedTask;

        public Test(Fixture fixture, ControllerSettings? settings)
        {
            Fixture = fixture;
            Expectations = new WriteExpectations(fixture.Api, fixture.World.Time);
            Loop = new ControllerLoop<Thing>("things", fixture.Store, this, settings ?? new ControllerSettings(), Expectations, fixture.World.Time, fixture.Metrics, NullLogger.Instance);
        }

        public Fixture Fixture { get; }

        public VirtualWorld World => Fixture.World;

        public WriteExpectations Expectations { get; }

        public ControllerLoop<Thing> Loop { get; }

        public List<Thing> Passes { get; } = [];

        public List<Thing> Deleted { get; } = [];

        public List<Exception> Failures { get; } = [];

        public Func<Thing, CancellationToken, Task<ReconciliationResult<Thing>>> Reconcile { get; set; } = (thing, _) => Task.FromResult(ReconciliationResult<Thing>.Success(thing));

        public async Task StartAsync()
        {
            await Fixture.StartAsync();
            running = Loop.RunAsync(term.Token);
        }

        public async Task StopAsync()
        {
            term.Cancel();
            await running;
        }

        /// <summary>Keeps back what watches send until <see cref="LetGo"/>.</summary>
        public void Hold() => Fixture.Server.Watches[0].IsHeld = true;

        public void LetGo() => Fixture.Server.Watches[0].IsHeld = false;

        /// <summary>Open watches send nothing any more.</summary>
        public void Mute() => Fixture.Server.Mute();

        public async Task<ReconciliationResult<Thing>> ReconcileAsync(Thing entity, CancellationToken cancellationToken)
        {
            Passes.Add(entity);
            try
            {
                return await Reconcile(entity, cancellationToken);
            }
            catch (AssertionException error)
            {
                Failures.Add(error);
                throw;
            }
        }

        public Task<ReconciliationResult<Thing>> DeletedAsync(Thing entity, CancellationToken cancellationToken)
        {
            Deleted.Add(entity);
            return Task.FromResult(ReconciliationResult<Thing>.Success(entity));
        }

        public void Dispose()
        {
            Loop.Dispose();
            term.Dispose();
        }
    }
}

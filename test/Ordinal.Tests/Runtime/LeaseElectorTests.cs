using System.Text.Json.Nodes;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Leadership;
using Ordinal.Runtime.Metrics;
using Ordinal.Tests.Runtime.Support;

namespace Ordinal.Tests.Runtime;

public sealed class LeaseElectorTests
{
    private static readonly NamespacedName Lease = new("system", "operator");
    private static readonly TimeSpan Limit = TimeSpan.FromHours(3);

    [Test]
    public void One_of_two_candidates_leads_and_the_other_follows_within_seconds_of_its_stop() => Run(async world =>
    {
        var server = new FakeServer();
        var one = new Candidate(world, server, "one");
        var two = new Candidate(world, server, "two");
        await world.UntilAsync(() => one.Leads || two.Leads, "one leads");
        await world.PassAsync(TimeSpan.FromMinutes(5));
        Assert.That(one.Leads, Is.Not.EqualTo(two.Leads));

        var (leader, follower) = one.Leads ? (one, two) : (two, one);
        Assert.That(leader.Terms, Is.EqualTo(1), "a healthy leader keeps its term");
        await leader.StopAsync();
        var stopped = world.Time.Elapsed;
        await world.UntilAsync(() => follower.Leads, "the other leads");
        Assert.That(world.Time.Elapsed - stopped, Is.LessThan(TimeSpan.FromSeconds(3)), "the lease was given back");
        Assert.That((int)server.Find("system", "operator")!["spec"]!["leaseTransitions"]!, Is.EqualTo(1));
        await follower.StopAsync();
    });

    [Test]
    public void Lost_connections_are_borne_until_the_deadline() => Run(async world =>
    {
        var server = new FakeServer();
        var one = new Candidate(world, server, "one");
        await world.UntilAsync(() => one.Leads, "it leads");
        one.Link.Before = _ => throw new HttpRequestException("connection refused");
        await world.PassAsync(TimeSpan.FromSeconds(7));
        Assert.That(one.Leads, Is.True);
        one.Link.Before = null;
        await world.PassAsync(TimeSpan.FromSeconds(30));
        Assert.That((one.Leads, one.Terms), Is.EqualTo((true, 1)));
        await one.StopAsync();
    });

    [Test]
    public void A_cut_off_or_hanging_leader_stops_before_another_may_lead([Values] bool hangs) => Run(async world =>
    {
        var server = new FakeServer();
        var one = new Candidate(world, server, "one");
        await world.UntilAsync(() => one.Leads, "it leads");
        var two = new Candidate(world, server, "two");
        await world.PassAsync(TimeSpan.FromSeconds(20));
        one.Link.Before = hangs
            ? _ => new TaskCompletionSource<ApiResponse?>().Task
            : _ => throw new HttpRequestException("no route to host");
        var cut = world.Time.Elapsed;
        await world.UntilAsync(() => !one.Leads, "the leader stops");
        Assert.That(world.Time.Elapsed - cut, Is.LessThanOrEqualTo(TimeSpan.FromSeconds(10)));
        Assert.That(two.Leads, Is.False);
        var writes = server.Requests.Count(request => request.Method == "PATCH");
        await world.UntilAsync(() => two.Leads, "the other leads");
        Assert.That(world.Time.Elapsed - cut, Is.GreaterThan(TimeSpan.FromSeconds(12)).And.LessThan(TimeSpan.FromSeconds(20)));
        Assert.That(one.Leads, Is.False);
        await two.StopAsync();
        await one.StopAsync();
    });

    [Test]
    public void A_leader_that_stood_still_past_its_deadline_writes_nothing_before_its_timers_fire() => Run(async world =>
    {
        var server = new FakeServer();
        var one = new Candidate(world, server, "one");
        await world.UntilAsync(() => one.Leads, "it leads");
        world.Time.StandStill(TimeSpan.FromSeconds(11));
        var before = server.Requests.Count;
        Assert.That(
            async () => await one.Api.SendAsync(new ApiRequest("PATCH", "/api/v1/namespaces/a/things/b"), one.Term),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(server.Requests, Has.Count.EqualTo(before));
        Assert.That(one.Term.IsCancellationRequested, Is.True);
        await one.StopAsync();
    });

    [Test]
    public void A_renewal_whose_answer_was_lost_does_not_cost_the_term() => Run(async world =>
    {
        var server = new FakeServer();
        var one = new Candidate(world, server, "one");
        await world.UntilAsync(() => one.Leads, "it leads");
        // The server carries it out, the answer never arrives.
        one.Link.After = (request, _) => request.Method == "PATCH" ? throw new IOException("connection reset") : Task.CompletedTask;
        await world.PassAsync(TimeSpan.FromSeconds(3));
        one.Link.After = null;
        await world.PassAsync(TimeSpan.FromSeconds(60));
        Assert.That((one.Leads, one.Terms), Is.EqualTo((true, 1)));
        await one.StopAsync();
    });

    [Test]
    public void The_times_in_the_lease_are_not_believed() => Run(async world =>
    {
        var server = new FakeServer();
        // Another holder whose clock is a century slow renews every 2 s.
        Renew("9");
        var one = new Candidate(world, server, "one");
        for (var at = 0; at < 30; at++)
        {
            await world.PassAsync(TimeSpan.FromSeconds(2));
            Renew($"{at}");
        }

        Assert.That(one.Leads, Is.False, "the record changes: its holder lives");
        var last = world.Time.Elapsed;
        await world.UntilAsync(() => one.Leads, "the record stands still");
        Assert.That(world.Time.Elapsed - last, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(15)).And.LessThan(TimeSpan.FromSeconds(21)));
        await one.StopAsync();

        void Renew(string second) => server.Put("system", "operator", lease => lease["spec"] = new JsonObject
        {
            ["holderIdentity"] = "other", ["leaseDurationSeconds"] = 15, ["renewTime"] = $"1926-01-01T00:00:{second}Z",
        });
    });

    [Test]
    public void A_lease_without_a_holder_is_taken_at_once() => Run(async world =>
    {
        var server = new FakeServer();
        server.Put("system", "operator", lease => lease["spec"] = new JsonObject { ["holderIdentity"] = null, ["leaseDurationSeconds"] = 15 });
        var one = new Candidate(world, server, "one");
        await world.UntilAsync(() => one.Leads, "it leads");
        Assert.That(world.Time.Elapsed, Is.LessThan(TimeSpan.FromSeconds(1)));
        await one.StopAsync();
    });

    [Test]
    public void A_lease_taken_by_hand_ends_the_term_at_the_next_renewal() => Run(async world =>
    {
        var server = new FakeServer();
        var one = new Candidate(world, server, "one");
        await world.UntilAsync(() => one.Leads, "it leads");
        server.Put("system", "operator", lease => lease["spec"]!["holderIdentity"] = "somebody");
        var taken = world.Time.Elapsed;
        await world.UntilAsync(() => !one.Leads, "the term ends");
        Assert.That(world.Time.Elapsed - taken, Is.LessThan(TimeSpan.FromSeconds(4)));
        Assert.That((string)server.Find("system", "operator")!["spec"]!["holderIdentity"]!, Is.EqualTo("somebody"), "it is not given back for another");
        await one.StopAsync();
    });

    [Test]
    public void Nothing_is_written_after_the_stop() => Run(async world =>
    {
        var server = new FakeServer();
        var one = new Candidate(world, server, "one");
        await world.UntilAsync(() => one.Leads, "it leads");
        await one.StopAsync();
        var requests = server.Requests.Count;
        Assert.That((string)server.Find("system", "operator")!["spec"]!["holderIdentity"]!, Is.Empty);
        await world.PassAsync(TimeSpan.FromMinutes(1));
        Assert.That(server.Requests, Has.Count.EqualTo(requests));
    });

    /// <summary>Three candidates, links that fail and hang at random: at no moment do two of them lead.</summary>
    [Test]
    public void A_lease_is_not_given_back_while_a_write_without_an_answer_may_still_arrive() => Run(async world =>
    {
        var server = new FakeServer();
        var one = new Candidate(world, server, "one");
        var two = new Candidate(world, server, "two");
        await world.UntilAsync(() => one.Leads || two.Leads, "one leads");
        var (leader, other) = one.Leads ? (one, two) : (two, one);
        leader.Link.Before = request => request.Path.EndsWith("/other", StringComparison.Ordinal) ? new TaskCompletionSource<ApiResponse?>().Task : Task.FromResult<ApiResponse?>(null);
        try
        {
            await leader.Api.PatchRawAsync(ResourceKind.Of<V1Lease>(), Lease with { Name = "other" }, null, PatchTypes.Merge, "{}"u8.ToArray(), CancellationToken.None);
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.Timeout)
        {
            // It may arrive at any time from now on.
        }

        await leader.StopAsync();
        var stopped = world.Time.Elapsed;
        await world.UntilAsync(() => other.Leads, "the other leads");
        Assert.That(world.Time.Elapsed - stopped, Is.GreaterThan(TimeSpan.FromSeconds(8)), "the lease ran out");
        await other.StopAsync();
    });

    [Test]
    public void Never_do_two_lead_whatever_the_links_do()
    {
        var terms = 0;
        for (var seed = 0; seed < 60; seed++)
        {
            VirtualWorld.Run(seed, Limit, async world =>
            {
                var random = new Random(seed);
                var server = new FakeServer();
                var candidates = Enumerable.Range(0, 3).Select(number => new Candidate(world, server, $"candidate-{number}")).ToList();
                foreach (var candidate in candidates)
                {
                    candidate.OnLead = () => Assert.That(candidates.Count(each => each.Leads), Is.LessThanOrEqualTo(1), $"seed {seed}: two lead");
                }

                for (var round = 0; round < 60; round++)
                {
                    var candidate = candidates[random.Next(3)];
                    candidate.Link.Before = random.Next(4) switch
                    {
                        0 => null,
                        1 => _ => throw new HttpRequestException("connection refused"),
                        2 => _ => new TaskCompletionSource<ApiResponse?>().Task,
                        _ => async _ =>
                        {
                            await world.PassAsync(TimeSpan.FromSeconds(random.Next(6)));
                            return null;
                        },
                    };
                    candidate.Link.After = random.Next(5) == 0 ? (_, _) => throw new IOException("connection reset") : null;
                    await world.PassAsync(TimeSpan.FromSeconds(random.Next(12)));
                }

                foreach (var candidate in candidates)
                {
                    await candidate.StopAsync();
                }

                terms += candidates.Sum(candidate => candidate.Terms);
            });
        }

        Assert.That(terms, Is.GreaterThan(120), "the terms changed hands");
    }

    [Test]
    public void Times_that_leave_no_room_are_refused()
    {
        var settings = new LeaseElectorSettings(Lease, "one");
        Assert.That(() => settings.Validate(TimeSpan.FromSeconds(4)), Throws.Nothing);
        Assert.That(() => settings.Validate(TimeSpan.FromSeconds(5)), Throws.ArgumentException.With.Message.Contain("request timeout"));
        Assert.That(() => (settings with { RenewDeadline = TimeSpan.FromSeconds(15) }).Validate(TimeSpan.FromSeconds(4)), Throws.ArgumentException);
        Assert.That(() => (settings with { RetryPeriod = TimeSpan.FromSeconds(10) }).Validate(TimeSpan.FromSeconds(4)), Throws.ArgumentException);
    }

    private static void Run(Func<VirtualWorld, Task> test)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            VirtualWorld.Run(seed, Limit, test);
        }
    }

    /// <summary>One process that stands for election, over a link of its own.</summary>
    private sealed class Candidate : IDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Task running;

        public Candidate(VirtualWorld world, FakeServer server, string identity)
        {
            Link = new Link(server);
            var metrics = new RuntimeMetrics("test");
            var api = new KubernetesApi(Link, new KubernetesApiSettings("test", TimeSpan.FromSeconds(4)), world.Time, metrics);
            Api = api;
            var elector = new LeaseElector(api, new LeaseElectorSettings(Lease, identity), world.Time, new Random(identity.Length), metrics, NullLogger.Instance);
            api.BeforeWrite = elector.EndTermIfOver;
            running = elector.RunAsync(LeadAsync, stop.Token);

            async Task LeadAsync(CancellationToken term)
            {
                Term = term;
                Terms++;
                Leads = true;
                OnLead?.Invoke();
                try
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, world.Time, term);
                }
                finally
                {
                    Leads = false;
                }
            }
        }

        public Link Link { get; }

        public KubernetesApi Api { get; }

        /// <summary>Gets the token of the last term.</summary>
        public CancellationToken Term { get; private set; }

        public bool Leads { get; private set; }

        public int Terms { get; private set; }

        public Action? OnLead { get; set; }

        public async Task StopAsync()
        {
            stop.Cancel();
            await running;
            Dispose();
        }

        public void Dispose() => stop.Dispose();
    }

    /// <summary>A connection to the server that can fail before or after the server has done what it was asked.</summary>
    private sealed class Link(FakeServer server) : IApiTransport
    {
        public Func<ApiRequest, Task<ApiResponse?>>? Before { get; set; }

        public Func<ApiRequest, ApiResponse, Task>? After { get; set; }

        public async Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
        {
            if (Before is not null && await Before(request).WaitAsync(cancellationToken) is { } scripted)
            {
                return scripted;
            }

            var response = await server.SendAsync(request, cancellationToken);
            if (After is not null)
            {
                await After(request, response);
            }

            return response;
        }

        public Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}

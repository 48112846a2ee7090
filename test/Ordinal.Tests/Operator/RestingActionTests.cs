using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Operator.Actuating;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Controllers;
using Ordinal.Tests.Core;

namespace Ordinal.Tests.Operating;

/// <summary>What the server refuses, or what is made for a world that is no more, is not sent again with each event of a busy StatefulSet.</summary>
public sealed class RestingActionTests
{
    private static readonly TakeClaim Claim = new("policy/rollout", "");

    private readonly Refusing server = new();
    private readonly FakeTimeProvider time = new(Picture.Noon);

    private Actuator actuator = null!;

    [SetUp]
    public void Begin()
    {
        server.Sent = 0;
        actuator = new Actuator(server, null!, new WriteExpectations(server, time), new GateKeeper(time, NullLogger<GateKeeper>.Instance), time);
    }

    [TestCase(ApiErrorKind.Invalid)]
    [TestCase(ApiErrorKind.Forbidden)]
    public async Task What_is_refused_rests_for_half_a_minute(ApiErrorKind kind)
    {
        server.Kind = kind;
        var first = await ActAsync(Claim);
        time.Advance(TimeSpan.FromSeconds(10));
        var second = await ActAsync(Claim);
        Assert.Multiple(() =>
        {
            Assert.That(first, Is.EqualTo(new ActionOutcome(ActionResult.Refused, "no", TimeSpan.FromSeconds(30))));
            Assert.That(second, Is.EqualTo(first with { RetryAfter = TimeSpan.FromSeconds(20) }), "it is still said, and when it is tried again");
            Assert.That(server.Sent, Is.EqualTo(1));
        });

        time.Advance(TimeSpan.FromSeconds(20));
        await ActAsync(Claim);
        Assert.That(server.Sent, Is.EqualTo(2));
    }

    [Test]
    public async Task Another_action_another_set_and_a_corrected_spec_do_not_wait_for_it()
    {
        server.Kind = ApiErrorKind.Invalid;
        await ActAsync(Claim);
        await ActAsync(new ReleaseClaim("policy/rollout"));
        await ActAsync(Claim, name: "db");
        await ActAsync(Claim, generation: 6);
        await ActAsync(Claim, uid: "made-again", generation: 6);
        Assert.That(server.Sent, Is.EqualTo(5));
    }

    [Test]
    public async Task What_is_outdated_is_sent_ever_more_rarely_while_the_stores_show_the_same()
    {
        server.Kind = ApiErrorKind.Conflict;
        List<double> pauses = [];
        while (server.Sent < 12)
        {
            var outcome = await ActAsync(Claim);
            Assert.That((outcome.Result, outcome.Message), Is.EqualTo((ActionResult.Replan, "prod/web has changed since the plan was made: no")));
            pauses.Add(outcome.RetryAfter!.Value.TotalSeconds);
            time.Advance(outcome.RetryAfter.Value);
        }

        Assert.That(pauses, Is.EqualTo(new[] { 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30 }));
    }

    [Test]
    public async Task What_was_outdated_once_is_sent_at_once_when_the_stores_show_something_new_or_something_else_is_planned()
    {
        server.Kind = ApiErrorKind.Conflict;
        await ActAsync(Claim);
        await ActAsync(Claim, version: "101");
        Assert.That(server.Sent, Is.EqualTo(2));

        await ActAsync(new ReleaseClaim("policy/rollout"));
        Assert.That(server.Sent, Is.EqualTo(3));
    }

    [Test]
    public async Task A_conflict_that_lasts_while_the_set_changes_all_the_time_is_sent_each_2_s()
    {
        server.Kind = ApiErrorKind.Conflict;
        for (var tenth = 0; tenth < 600; tenth++)
        {
            await ActAsync(Claim, version: $"{100 + tenth}");
            time.Advance(TimeSpan.FromSeconds(0.1));
        }

        Assert.That(server.Sent, Is.InRange(30, 36));
    }

    [Test]
    public async Task The_success_of_one_action_ends_no_pause_of_another()
    {
        server.Kind = ApiErrorKind.Conflict;
        for (var times = 0; times < 6; times++)
        {
            time.Advance((await ActAsync(Claim)).RetryAfter!.Value);
        }

        // A pod that is gone is done.
        var burn = new BurnIntent("web-0", "uid-0");
        server.Kind = ApiErrorKind.NotFound;
        Assert.That(await ActAsync(burn), Is.EqualTo(ActionOutcome.Done));
        server.Kind = ApiErrorKind.Conflict;
        Assert.That((await ActAsync(Claim)).RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(3.2)));
    }

    private Task<ActionOutcome> ActAsync(PlannedAction action, string name = "web", string uid = "set-uid", long generation = 5, string version = "100")
    {
        var set = new StatefulSetItem
        {
            Snapshot = Picture.Resting("o").Input.Snapshot.Set with { Name = name, Uid = name == "web" ? uid : name, Generation = generation, ResourceVersion = version },
            Labels = ImmutableSortedDictionary<string, string>.Empty,
            PodLabels = ImmutableSortedDictionary<string, string>.Empty,
            Selector = "",
        };
        return actuator.ExecuteAsync(new ActionScope(set, null!, ""), action, CancellationToken.None);
    }

    private sealed class Refusing : IKubernetesApi
    {
        public ApiErrorKind Kind { get; set; }

        public int Sent { get; set; }

        public string FieldManager => "test";

        public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
        {
            Sent++;
            throw new ApiException(Kind, "no");
        }

        public Task<IApiLines> OpenAsync(ApiRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}

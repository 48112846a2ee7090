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

/// <summary>What the server refuses for good is not sent again with each event of a busy StatefulSet.</summary>
public sealed class RefusedActionTests
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
    public async Task It_rests_for_half_a_minute(ApiErrorKind kind)
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
    public async Task What_passes_is_tried_each_time()
    {
        server.Kind = ApiErrorKind.Conflict;
        await ActAsync(Claim);
        await ActAsync(Claim);
        Assert.That(server.Sent, Is.EqualTo(2));
    }

    private Task<ActionOutcome> ActAsync(PlannedAction action, string name = "web", string uid = "set-uid", long generation = 5)
    {
        var set = new StatefulSetItem
        {
            Snapshot = Picture.Resting("o").Input.Snapshot.Set with { Name = name, Uid = uid, Generation = generation },
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

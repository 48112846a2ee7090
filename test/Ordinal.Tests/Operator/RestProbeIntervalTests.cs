using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Operator.Reconciling;
using Ordinal.Tests.Core;
using Ordinal.Tests.Gates;

namespace Ordinal.Tests.Operating;

/// <summary>How often gates are asked while nothing is rolled.</summary>
public sealed class RestProbeIntervalTests : IDisposable
{
    private readonly FakeTimeProvider time = new(Picture.Noon);
    private readonly V1Alpha1RolloutPolicy policy = new() { Metadata = new() { Name = "web", NamespaceProperty = "prod", Uid = "policy-uid", Generation = 1 } };

    private FakeGate gate = new();
    private RestProbe probe = null!;

    [SetUp]
    public void Begin()
    {
        gate = new FakeGate();
        policy.Spec.Gates = [new GateSpec { Name = "g", Type = "Http" }];
        probe = new RestProbe(new GateBook(new OneGate(gate), time), new GateKeeper(time, NullLogger<GateKeeper>.Instance), time);
    }

    public void Dispose() => gate.Dispose();

    [Test]
    public async Task One_that_says_no_is_asked_again_after_10_s_then_ever_more_rarely()
    {
        gate.Verdict = GateVerdict.Deny;
        List<int> seconds = [];
        for (var probes = 0; probes < 8; probes++)
        {
            seconds.Add(await NextAsync());
            time.Advance(TimeSpan.FromSeconds(seconds[^1]));
        }

        Assert.Multiple(() =>
        {
            Assert.That(seconds, Is.EqualTo(new[] { 10, 20, 40, 80, 160, 300, 300, 300 }));
            Assert.That(gate.Observations, Is.EqualTo(8));
        });
    }

    [Test]
    public async Task Passes_in_between_ask_nothing()
    {
        gate.Verdict = GateVerdict.Deny;
        await NextAsync();
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.That(await NextAsync(), Is.EqualTo(6));
        Assert.That(gate.Observations, Is.EqualTo(1));
    }

    [Test]
    public async Task What_says_yes_by_now_or_cannot_tell_or_says_no_anew_begins_again()
    {
        List<int> seconds = [];
        foreach (var verdict in (GateVerdict[])[GateVerdict.Deny, GateVerdict.Deny, GateVerdict.Allow, GateVerdict.Deny, GateVerdict.Unknown, GateVerdict.Unknown, GateVerdict.Deny, GateVerdict.Deny])
        {
            gate.Verdict = verdict;
            seconds.Add(await NextAsync());
            time.Advance(TimeSpan.FromSeconds(seconds[^1]));
        }

        Assert.That(seconds, Is.EqualTo(new[] { 10, 20, 300, 10, 30, 30, 10, 20 }));
    }

    [Test]
    public async Task Pods_that_turn_ready_are_asked_about_at_once()
    {
        gate.Verdict = GateVerdict.Deny;
        await NextAsync("n o o");
        time.Advance(TimeSpan.FromSeconds(10));
        await NextAsync("n o o");
        Assert.That(await NextAsync("o o o"), Is.EqualTo(10));
        Assert.That(gate.Observations, Is.EqualTo(3));
    }

    private async Task<int> NextAsync(string pods = "o o o")
    {
        var snapshot = Picture.Resting(pods).Input.Snapshot;
        var item = new StatefulSetItem { Snapshot = snapshot.Set, Labels = ImmutableSortedDictionary<string, string>.Empty, PodLabels = ImmutableSortedDictionary<string, string>.Empty, Selector = "" };
        var rules = new UpdatePolicy { Gates = [new GatePolicy { Name = "g", Type = "Http", RunAt = GatePhases.BeforeRollout }] };
        var (reports, next) = await probe.AskAsync(policy, rules, new Observation(item, snapshot), CancellationToken.None);
        Assert.That(reports.Single().Verdict, Is.EqualTo(gate.Verdict));
        return (int)next.TotalSeconds;
    }

    private sealed class OneGate(IGate gate) : IGateFactory
    {
        public Task<MadeGate> CreateAsync(string ns, GateSpec spec, CancellationToken cancellationToken) => Task.FromResult(new MadeGate(gate, ""));
    }
}

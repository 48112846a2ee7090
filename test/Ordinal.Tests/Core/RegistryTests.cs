using System.Text.RegularExpressions;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>Reason codes, rollout names, and the tripwire.</summary>
public sealed partial class RegistryTests
{
    [Test]
    public void Every_code_is_unique_and_says_what_it_means_and_what_to_do()
    {
        var codes = ReasonCodes.All;
        Assert.Multiple(() =>
        {
            Assert.That(codes.Select(c => c.Code), Is.Unique);
            Assert.That(codes.Where(c => !CamelCase().IsMatch(c.Code)), Is.Empty);
            Assert.That(codes.Where(c => !c.Meaning.EndsWith('.') || !c.Remedy.EndsWith('.')), Is.Empty);
            Assert.That(codes.All(c => ReasonCodes.Find(c.Code) == c), Is.True);
            Assert.That(ReasonCodes.Find("NoSuchCode"), Is.Null);
        });
    }

    [Test]
    public void A_rollouts_name_is_stable_across_versions_of_the_operator() =>
        Assert.That(RolloutName.For("kafka", "0d3c5b1e-0000-4000-8000-000000000001", "kafka-7f9c6b5d8", 4), Is.EqualTo("kafka-t8scb9bxbs"));

    [Test]
    public void A_rollouts_name_depends_on_each_of_its_arguments()
    {
        string[] names = [RolloutName.For("a", "u", "r", 1), RolloutName.For("b", "u", "r", 1), RolloutName.For("a", "v", "r", 1), RolloutName.For("a", "u", "s", 1), RolloutName.For("a", "u", "r", 2), RolloutName.For("a", "u1", "r", 1), RolloutName.For("a", "u", "r1", 1)];
        Assert.That(names, Is.Unique);
    }

    [TestCase("a")]
    [TestCase("kafka.streaming")]
    [TestCase("a-very-long-name-of-a-policy-that-has-52-characters-")]
    [TestCase("a-name-that-is-longer-than-any-policy-may-ever-be-because-it-does-not-end-before-the-limit")]
    public void A_rollouts_name_is_a_DNS_label(string policy)
    {
        var name = RolloutName.For(policy, "uid", "revision", long.MaxValue);
        Assert.That(name, Has.Length.LessThanOrEqualTo(63).And.Match("^[a-z]([-a-z0-9]*[a-z0-9])?$"));
    }

    [Test]
    public void The_tripwire_knows_what_breaks_a_rule()
    {
        var picture = Picture.Running("o o o");
        var fine = picture.Decide();
        var removal = fine.Actions.OfType<RemovePod>().Single();
        var other = new RemovePod("web-1", "uid-1", "2", PodRemoval.Evict, "more");
        Assert.Multiple(() =>
        {
            Assert.That(Safety.FirstViolation(picture.Input, fine), Is.Null);
            Assert.That(Safety.FirstViolation(picture.Input, fine with { Memory = picture.Input.Memory }), Does.Contain("without an intent"));
            Assert.That(Safety.FirstViolation(picture.Input, fine with { Actions = [removal, removal] }), Does.Contain("twice"));
            Assert.That(Safety.FirstViolation(picture.Input, fine with { Actions = [removal with { ResourceVersion = "1" }] }), Does.Contain("without an intent"));
            Assert.That(Safety.FirstViolation(picture.Input, fine with { Actions = [removal, other], Memory = fine.Memory with { InFlight = [fine.Memory.InFlight[0], fine.Memory.InFlight[0] with { Ordinal = 1, Uid = "uid-1", ResourceVersion = "2" }] } }), Does.Contain("maxUnavailable"));
            Assert.That(Safety.FirstViolation(picture.Gated().Input, fine), Does.Contain("open gate"));
            Assert.That(Safety.FirstViolation(picture.WithSet(s => s with { HeldBy = "" }).Input, fine), Does.Contain("claim"));
            Assert.That(Safety.FirstViolation(picture.WithRequest(r => r with { Suspend = true }).Input, fine), Does.Contain("suspended"));
            Assert.That(Safety.FirstViolation(picture.WithRequest(r => r with { Window = new(false, null) }).Input, fine), Does.Contain("maintenance window"));
            Assert.That(Safety.FirstViolation(picture.WithRequest(r => r with { Zone = new(ReasonCodes.ZoneAway, "web: zone b") }).Input, fine), Does.Contain("another zone"));
            var done = Picture.Running("o o U").WithPolicy(p => p with { Steps = [new(IntOrPercent.Of(1)) { Pause = new(null) }] });
            Assert.That(Safety.FirstViolation(done.Input, Picture.Running("o o U").Decide()), Does.Contain("before its step"));
            Assert.That(Safety.FirstViolation(picture.Input, fine with { Actions = [new RestoreTemplate(Picture.Old, 5)] }), Does.Contain("template"));
            var native = picture.WithPod(2, p => p with { Revision = Picture.New, Gate = PodGate.Closed }).Gated();
            Assert.That(Safety.FirstViolation(native.Input, fine with { Actions = [new OpenGate("web-2", "uid-2", "why")] }), Does.Contain("readiness gate of web-2"));
            Assert.That(Safety.FirstViolation(picture.WithFacts(s => s with { Freshness = new(false) }).Input, fine), Does.Contain("fresh"));
            Assert.That(Safety.FirstViolation(picture.Input, fine with { Actions = [new WriteStrategy(new(UpdateStrategyType.RollingUpdate, 0), picture.Set.Strategy, 5, "all")] }), Does.Contain("3 pods"));
            Assert.That(Safety.FirstViolation(picture.Input, fine with { Actions = [], Memory = fine.Memory with { State = Ordinal.Core.Lifecycles.RolloutState.Completed } }), Does.Contain("completed"));
        });
    }

    [GeneratedRegex("^[A-Z][A-Za-z0-9]+$")]
    private static partial Regex CamelCase();
}

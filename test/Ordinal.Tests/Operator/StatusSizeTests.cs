using System.Collections.Immutable;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Client;
using Ordinal.Tests.Core;

namespace Ordinal.Tests.Operating;

/// <summary>A status must stay small at 1,000 pods, or the intent could not be written.</summary>
public sealed class StatusSizeTests
{
    /// <summary>etcd takes 1.5 MiB; a status shares it with spec and managed fields, and must leave room.</summary>
    private const int Most = 512 * 1024;

    [TestCase(1)]
    [TestCase(1000)]
    public void A_thousand_pods_fit(int maxUnavailable)
    {
        var picture = Picture.Running(string.Join(' ', Enumerable.Repeat("o", 1000))).WithMax(maxUnavailable).WithPolicy(p => p with { Removal = PodRemoval.Delete });
        var decision = picture.Decide();
        Assert.That(decision.Memory.InFlight, Has.Length.LessThanOrEqualTo(256), "the schema takes no more");

        var gone = picture.Then(decision).With(m => m with { Passed = [.. Enumerable.Range(0, 1000).Select(i => new PassedPod(i, $"{i:x8}"))] });
        var bytes = SizeOf(gone, gone.Decide());
        Assert.That(bytes, Is.LessThan(Most));
    }

    [Test]
    public void A_thousand_pods_that_wait_for_a_reason_with_the_longest_words_fit()
    {
        var picture = Picture.Running(string.Join(' ', Enumerable.Repeat("n", 1000)));
        var decision = picture.Decide();
        decision = decision with { Holds = [.. decision.Holds.Select(hold => hold with { Message = new string('漢', 5000) })] };
        Assert.That(SizeOf(picture, decision), Is.LessThan(1024 * 1024), "three bytes a sign, 256 pods with 1,024 each");
    }

    [Test]
    public void The_most_sets_of_a_hundred_pods_each_fit_with_all_their_intents()
    {
        var share = RolloutMemory.MostInFlight / RolloutTargetStatus.Most;
        var picture = Picture.Running(string.Join(' ', Enumerable.Repeat("o", 100))).WithMax(100).WithPolicy(p => p with { Removal = PodRemoval.Delete }).WithRequest(r => r with { MostInFlight = share });
        var decision = picture.Decide();
        Assert.That(decision.Memory.InFlight, Has.Length.EqualTo(share), "each has its share of the places");

        decision = decision with { Memory = decision.Memory with { Passed = [.. Enumerable.Range(0, 100).Select(i => new PassedPod(i, $"{i:x8}"))] }, Message = new string('漢', 5000) };
        var names = Enumerable.Range(0, RolloutTargetStatus.Most).Select(index => $"web-{index:00}").ToList();
        var rollout = new V1Alpha1StatefulSetRollout { Metadata = new() { Name = "all", NamespaceProperty = "prod", Generation = 1 }, Status = new() { Targets = [.. names.Select(name => new RolloutTargetStatus { Name = name })] } };
        var status = GroupStatuses.Of(rollout, [.. names.Select(name => new TargetLook.Decided(name, FrameOf(picture), decision, [], null!, null))], Picture.Noon);
        Assert.That(status.InFlight, Has.Count.EqualTo(RolloutMemory.MostInFlight), "the schema takes no more");
        Assert.That(status.Progress, Is.EqualTo("0/3200"));
        Assert.That(EntityJson.Write(status), Has.Length.LessThan(Most));
    }

    private static int SizeOf(Picture picture, Decision decision)
    {
        var rollout = new V1Alpha1StatefulSetRollout { Metadata = new() { Name = "web-7f9c6", NamespaceProperty = "prod", Generation = 1 } };
        return EntityJson.Write(RolloutStatuses.Of(rollout, FrameOf(picture), decision, [], Picture.Noon)).Length;
    }

    private static RolloutFrame.Ready FrameOf(Picture picture)
    {
        var item = new StatefulSetItem { Snapshot = picture.Set, Labels = ImmutableSortedDictionary<string, string>.Empty, PodLabels = ImmutableSortedDictionary<string, string>.Empty, Selector = "" };
        return new RolloutFrame.Ready("web", new Observation(item, picture.Input.Snapshot), new V1Alpha1RolloutPolicy(), picture.Input.Policy, picture.Input.Request, picture.Input.Memory, null);
    }
}

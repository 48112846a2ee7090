using k8s.Models;
using NUnit.Framework;
using Ordinal.Operator.Api;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Entities;

namespace Ordinal.Tests.Operating;

/// <summary>The cap on rollouts under way, and who is served next.</summary>
public sealed class RolloutTurnsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 9, 14, 12, 0, 0, TimeSpan.Zero);
    private readonly List<V1Alpha1StatefulSetRollout> rollouts = [];

    [SetUp]
    public void Forget() => rollouts.Clear();

    [Test]
    public void Whoever_asks_is_served_while_there_is_room()
    {
        var turns = Turns(2);
        Assert.That(turns.IsNext(Set("a"), "p", Noon), Is.True);
    }

    [Test]
    public void A_rollout_that_was_made_counts_before_the_store_shows_it_and_once_when_it_does()
    {
        var turns = Turns(2);
        Assert.That(turns.IsNext(Set("a"), "p", Noon), Is.True);
        turns.Taken(Set("a"), "a-1");
        Assert.That(turns.IsNext(Set("b"), "p", Noon), Is.True);
        turns.Taken(Set("b"), "b-1");
        Assert.That(turns.IsNext(Set("c"), "p", Noon), Is.False);
        rollouts.Add(Rollout("a-1", "p"));
        rollouts.Add(Rollout("b-1", "p"));
        Assert.That(turns.IsNext(Set("c"), "p", Noon), Is.False);
        rollouts[0].Status = new StatefulSetRolloutStatus { CompletionTime = Noon };
        Assert.That(turns.IsNext(Set("c"), "p", Noon), Is.True);
    }

    [Test]
    public void Who_has_waited_longest_goes_first_among_equals()
    {
        var turns = Turns(1);
        rollouts.Add(Rollout("busy", "other"));
        Assert.That(turns.IsNext(Set("early"), "p1", Noon), Is.False);
        Assert.That(turns.IsNext(Set("late"), "p2", Noon.AddSeconds(10)), Is.False);
        rollouts.Clear();
        Assert.Multiple(() =>
        {
            Assert.That(turns.IsNext(Set("late"), "p2", Noon.AddSeconds(20)), Is.False);
            Assert.That(turns.Ahead(Set("late")), Is.EqualTo(1));
            Assert.That(turns.IsNext(Set("early"), "p1", Noon.AddSeconds(20)), Is.True);
        });
    }

    [Test]
    public void A_policy_with_fewer_rollouts_goes_before_one_with_more_that_waited_longer()
    {
        var turns = Turns(2);
        rollouts.Add(Rollout("big-0", "big"));
        rollouts.Add(Rollout("x-0", "x"));
        Assert.That(turns.IsNext(Set("big-1"), "big", Noon), Is.False);
        Assert.That(turns.IsNext(Set("big-2"), "big", Noon), Is.False);
        Assert.That(turns.IsNext(Set("small"), "small", Noon.AddSeconds(30)), Is.False);
        rollouts.RemoveAt(1);
        Assert.Multiple(() =>
        {
            Assert.That(turns.IsNext(Set("big-1"), "big", Noon.AddSeconds(31)), Is.False);
            Assert.That(turns.IsNext(Set("small"), "small", Noon.AddSeconds(31)), Is.True);
        });
    }

    [Test]
    public void A_rollout_over_several_takes_as_many_places_as_it_rolls_at_a_time()
    {
        var turns = Turns(3);
        rollouts.Add(Rollout("all", "p"));
        RolloutTargetStatus[] targets = [new() { Name = "a", StartTime = Noon, CompletionTime = Noon }, new() { Name = "b", StartTime = Noon }, new() { Name = "c", StartTime = Noon }, new() { Name = "d" }];
        rollouts[0].Status = new StatefulSetRolloutStatus { Targets = targets };
        Assert.That(turns.IsNext(Set("x"), "q", Noon), Is.True, "two of three places are taken");
        targets[3] = targets[3] with { StartTime = Noon };
        Assert.That(turns.IsNext(Set("x"), "q", Noon), Is.False);
    }

    [Test]
    public void One_that_asks_no_more_loses_its_place()
    {
        var turns = Turns(1);
        rollouts.Add(Rollout("busy", "other"));
        _ = turns.IsNext(Set("gone"), "p1", Noon);
        rollouts.Clear();
        Assert.That(turns.IsNext(Set("b"), "p2", Noon.AddMinutes(2)), Is.True);
    }

    private RolloutTurns Turns(int most) => new(() => rollouts, most);

    private static NamespacedName Set(string name) => new("default", name);

    private static V1Alpha1StatefulSetRollout Rollout(string name, string policyUid) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default", OwnerReferences = [new V1OwnerReference { Uid = policyUid }] },
    };
}

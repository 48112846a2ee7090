using System.Text;
using CsCheck;
using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Operator.Api;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Client;

namespace Ordinal.Tests.Operating;

/// <summary>Nothing that the planner remembers may be lost on the way through the API server.</summary>
public sealed class RolloutMemoriesTests
{
    private static readonly Gen<DateTimeOffset> Times = Gen.Long[0, 4_000_000_000_000].Select(DateTimeOffset.FromUnixTimeMilliseconds);

    private static readonly Gen<string> Words = Gen.String[Gen.Char["abcdefghijklmnopqrstuvwxyz0123456789-"], 1, 12];

    private static readonly Gen<InFlightPod> Pods =
        from pod in Words
        from ordinal in Gen.Long[0, 1_000_000_000]
        from uid in Words
        from action in Gen.Enum<InFlightAction>()
        from stage in Gen.Enum<PodStage>()
        from since in Times
        from stageSince in Times
        from generation in Gen.Long[0, 100]
        from paused in Gen.Int[0, 100_000]
        from baseline in Words
        select new InFlightPod
        {
            Pod = pod, Ordinal = ordinal, Uid = uid, ResourceVersion = uid + "1", Action = action, Stage = stage, Since = since, StageSince = stageSince, Generation = generation,
            PausedBefore = TimeSpan.FromMilliseconds(paused),
            Baselines = [new("raft", baseline)],
        };

    private static readonly Gen<RolloutMemory> Memories =
        from state in Gen.Enum<RolloutState>()
        from driver in Gen.Enum<UpdateDriver>()
        from rest in Gen.Enum<UpdateStrategyType>()
        from started in Times
        from revision in Words
        from write in Gen.Select(Gen.Long[1, 100], Gen.Long[0, 1_000_000_000], (generation, partition) => new StrategyWrite(generation, new StrategyValue(UpdateStrategyType.RollingUpdate, partition, "25%")))
        from hasWrite in Gen.Bool
        from hasEnding in Gen.Bool
        from flight in Pods.Array[0, 3]
        from passed in Gen.Select(Gen.Long[0, 2000], Words, (ordinal, uid) => new PassedPod(ordinal, uid)).Array[0, 5]
        from force in Words.Array[0, 3]
        from number in Gen.Int[0, 3]
        from paused in Gen.Bool
        select new RolloutMemory
        {
            State = state, StartedAt = started, StateSince = started, SetUid = revision + "-uid", FromRevision = revision, TargetRevision = revision + "2", Driver = driver, RestType = rest,
            LastWrite = hasWrite ? write : null, Ending = hasEnding ? new RolloutEnding(RolloutState.Failed, "DeadlineExceeded", "web-2 took 15m", true) : null,
            AfterRolloutPassed = hasWrite, Generation = number, ForeignReleases = number, InFlight = [.. flight], Passed = [.. passed], UsedForce = [.. force],
            PausedFor = TimeSpan.FromMilliseconds(number * 777), PausedSince = paused ? started : null, BudgetSettlingUntil = hasEnding ? started : null, Revert = hasEnding ? new RolloutRevert(FailureAction.RevertPods, started, TimeSpan.FromMilliseconds(number), "PodStuck", "web-2: not done") : null, Steps = hasWrite ? new StepProgress(number, number + 1, started) : StepProgress.None,
        };

    [Test]
    public void A_memory_survives_the_way_through_a_status() => Memories.Sample(memory =>
    {
        var json = EntityJson.Write(RolloutMemories.Write(new StatefulSetRolloutStatus(), memory, "web"));
        var back = RolloutMemories.Read(EntityJson.Read<StatefulSetRolloutStatus>(json), "web");
        return Print(back) == Print(memory);
    });

    [Test]
    public void A_memory_that_did_not_change_makes_the_same_status() => Memories.Sample(memory =>
    {
        var first = RolloutMemories.Write(new StatefulSetRolloutStatus(), memory, "web");
        var second = RolloutMemories.Write(first, RolloutMemories.Read(first, "web"), "web");
        return StatusComparison.Of(first, second, MemoryChange.None) is StatusUrgency.None;
    });

    [Test]
    public void Of_several_each_has_a_memory_of_its_own() => Gen.Select(Memories, Memories, Memories).Sample((a, b, again) =>
    {
        // What is used up is one list for all.
        (a, b, again) = (a with { UsedForce = [] }, b with { UsedForce = [] }, again with { UsedForce = [] });
        var status = new StatefulSetRolloutStatus { Targets = [new RolloutTargetStatus { Name = "a" }, new RolloutTargetStatus { Name = "b" }] };
        status = RolloutMemories.Write(RolloutMemories.Write(RolloutMemories.Write(status, a, "a"), b, "b"), again, "a");
        status = EntityJson.Read<StatefulSetRolloutStatus>(EntityJson.Write(status));
        return Print(RolloutMemories.Read(status, "a")) == Print(again) && Print(RolloutMemories.Read(status, "b")) == Print(b);
    });

    [Test]
    public void Of_several_what_was_used_up_by_one_is_used_up_for_all()
    {
        var status = new StatefulSetRolloutStatus { Targets = [new RolloutTargetStatus { Name = "a" }, new RolloutTargetStatus { Name = "b" }] };
        status = RolloutMemories.Write(status, new RolloutMemory { UsedForce = ["uid-1/RoleUnknown"] }, "a");
        status = RolloutMemories.Write(status, new RolloutMemory { UsedForce = ["uid-2/RoleUnknown"] }, "b");
        Assert.That(RolloutMemories.Read(status, "a").UsedForce, Is.EqualTo(["uid-1/RoleUnknown", "uid-2/RoleUnknown"]));
    }

    [Test]
    public void A_status_that_was_never_written_is_a_new_memory() =>
        Assert.That(Print(RolloutMemories.Read(new StatefulSetRolloutStatus(), "web")), Is.EqualTo(Print(new RolloutMemory())));

    [Test]
    public void A_newer_format_and_an_unknown_word_both_count_as_newer()
    {
        Assert.That(RolloutMemories.Read(new StatefulSetRolloutStatus { FormatVersion = 7 }, "web").Version, Is.EqualTo(7));
        var strange = new StatefulSetRolloutStatus { FormatVersion = 1, Targets = [new RolloutTargetStatus { Name = "web", State = "Levitating" }] };
        Assert.That(RolloutMemories.Read(strange, "web").Version, Is.GreaterThan(RolloutMemory.CurrentVersion));
        var torn = new StatefulSetRolloutStatus { FormatVersion = 1, Targets = [new RolloutTargetStatus { Name = "web", Passed = "1:a x" }] };
        Assert.That(RolloutMemories.Read(torn, "web").Version, Is.GreaterThan(RolloutMemory.CurrentVersion));
    }

    [Test]
    public void A_thousand_passed_pods_stay_small()
    {
        var memory = new RolloutMemory { Passed = [.. Enumerable.Range(0, 1000).Select(ordinal => new PassedPod(ordinal, $"{ordinal:x8}"))] };
        Assert.That(EntityJson.Write(RolloutMemories.Write(new StatefulSetRolloutStatus(), memory, "web")), Has.Length.LessThan(20_000));
    }

    /// <summary>All members with the items of lists: records print immutable arrays by type only.</summary>
    private static string Print(RolloutMemory memory)
    {
        var text = new StringBuilder(memory.ToString());
        text.AppendJoin('|', memory.InFlight.Select(pod => $"{pod}{string.Join(',', pod.Baselines)}"));
        text.AppendJoin('|', memory.Passed).AppendJoin('|', memory.UsedForce);
        return text.ToString();
    }
}

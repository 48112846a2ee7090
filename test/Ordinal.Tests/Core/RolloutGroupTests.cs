using System.Collections.Immutable;
using CsCheck;
using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>What binds the StatefulSets of one request: who stops whom, who speaks for all, and how the ends combine.</summary>
public sealed class RolloutGroupTests
{
    private static readonly Gen<ImmutableArray<GroupMember>> Groups =
        Gen.Select(Gen.Enum<RolloutState>(), Gen.Bool, Gen.Bool, (state, back, human) => (state, back, human)).Array[2, 6].Select(all => all
            .Select((each, index) => new GroupMember($"{(char)('a' + index)}", each.state)
            {
                GoesBack = each.back && each.state is RolloutState.Reverting,
                NeedsHuman = each.human,
                HasBegun = each.state is not RolloutState.Queued,
                Reason = ReasonCodes.Find(each.state.ToString()) ?? ReasonCodes.DeadlineExceeded,
                Message = $"{(char)('a' + index)}: {each.state}.",
            }).ToImmutableArray());

    [TestCase("Completed Completed", "Completed")]
    [TestCase("Completed NoChange", "Completed")]
    [TestCase("NoChange NoChange", "NoChange")]
    [TestCase("Completed Superseded", "Superseded")]
    [TestCase("Superseded Cancelled Completed", "Cancelled")]
    [TestCase("Completed RolledBack Cancelled", "RolledBack")]
    [TestCase("Cancelled Failed RolledBack", "Failed")]
    [TestCase("Cancelled PreflightFailed Completed", "PreflightFailed")]
    public void A_request_ends_as_the_worst_of_its_sets(string states, string end)
    {
        var ended = RolloutGroup.EndOf(Group(states))!;
        Assert.That(ended.State.ToString(), Is.EqualTo(end));
        Assert.That(Group(states).Select(each => each.Name), Is.All.Matches<string>(name => ended.Message.Contains(name!, StringComparison.Ordinal)), "each is named");
    }

    [Test]
    public void The_message_is_of_the_one_that_went_wrong_and_not_of_those_that_it_stopped() =>
        Assert.That(RolloutGroup.EndOf(Group("Completed Cancelled Failed"))!.Message, Is.EqualTo("c: Failed. Of 3 StatefulSets Completed: a, Cancelled: b, Failed: c."));

    [TestCase("the newer template is left alone")]
    [TestCase("the newer template is left alone.")]
    public void A_message_that_is_no_sentence_becomes_one(string message) =>
        Assert.That(
            RolloutGroup.EndOf([.. Group("Completed Superseded").Select(each => each with { Message = message })])!.Message,
            Is.EqualTo("the newer template is left alone. Of 2 StatefulSets Completed: a, Superseded: b."));

    [Test]
    public void One_that_failed_or_goes_back_stops_the_others_and_one_that_was_overtaken_does_not()
    {
        Assert.Multiple(() =>
        {
            Assert.That(RolloutGroup.StopOf("a", Group("Running Failed")), Does.StartWith("b, of the same request, ended as Failed"));
            Assert.That(RolloutGroup.StopOf("a", Group("Running RolledBack")), Is.Not.Empty);
            Assert.That(RolloutGroup.StopOf("a", Group("Queued PreflightFailed")), Is.Not.Empty);
            Assert.That(RolloutGroup.StopOf("a", Group("Running Running").SetItem(1, new("b", RolloutState.Suspended) { GoesBack = true })), Is.EqualTo("b, of the same request, goes back"));
            Assert.That(RolloutGroup.StopOf("a", Group("Running Superseded Completed NoChange Cancelled")), Is.Empty);
            Assert.That(RolloutGroup.StopOf("b", Group("Running Failed")), Is.Empty, "nobody stops itself");
        });
    }

    [TestCase("Running Queued", "a")]
    [TestCase("Completed Queued Queued", "b")]
    [TestCase("Running AwaitingApproval", "b")]
    [TestCase("Queued Running", "b")]
    public void One_speaks_for_all(string states, string speaker) => Assert.That(RolloutGroup.SpeakerOf(Group(states))!.Name, Is.EqualTo(speaker));

    [Test]
    public void A_group_has_ended_or_somebody_speaks_for_it_and_it_succeeds_only_when_all_did() => Groups.Sample(group =>
    {
        var (end, speaker) = (RolloutGroup.EndOf(group), RolloutGroup.SpeakerOf(group));
        var all = group.All(each => each.State is RolloutState.Completed or RolloutState.NoChange);
        var turned = RolloutGroup.EndOf([.. group.Reverse()]);
        return (end is null) == (speaker is not null)
            && (end is null) == group.Any(each => !each.HasEnded)
            && all == end is { State: RolloutState.Completed or RolloutState.NoChange }
            && end?.State == turned?.State
            && (end is null || group.Any(each => each.State == end.State))
            && group.All(each => (RolloutGroup.StopOf(each.Name, group).Length > 0) == group.Any(other => other != each && (other.GoesBack || other.State is RolloutState.Failed or RolloutState.PreflightFailed or RolloutState.RolledBack)));
    });

    private static ImmutableArray<GroupMember> Group(string states) => [.. states.Split(' ').Select((state, index) => new GroupMember($"{(char)('a' + index)}", Enum.Parse<RolloutState>(state))
    {
        HasBegun = state is not "Queued",
        Reason = ReasonCodes.Find(state),
        Message = $"{(char)('a' + index)}: {state}.",
    })];
}

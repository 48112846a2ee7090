using NUnit.Framework;
using Ordinal.Operator.Api;
using Ordinal.Operator.Reconciling;
using Ordinal.Tests.Core;

namespace Ordinal.Tests.Operating;

/// <summary>Of several StatefulSets of a rollout each has an end of its own: what a policy, a queue and the turns of zones go by.</summary>
public sealed class RolloutEndsTests
{
    private static readonly V1Alpha1StatefulSetRollout Group = new()
    {
        Metadata = new() { Name = "all", NamespaceProperty = "prod", Uid = "group-uid" },
        Status = new()
        {
            StartTime = Picture.Noon,
            Targets =
            [
                new() { Name = "a", State = "Completed", Reason = "Completed", ToRevision = "a-2", StartTime = Picture.Noon, CompletionTime = Picture.Noon.AddMinutes(1) },
                new() { Name = "b", State = "Superseded", Reason = "Superseded", Message = "taken over", ToRevision = "b-2", CompletionTime = Picture.Noon.AddMinutes(2) },
                new() { Name = "c", State = "Running", Reason = "Running", StartTime = Picture.Noon.AddMinutes(3) },
                new() { Name = "d", State = "Queued", Reason = "Queued" },
            ],
            Conditions = [new ConditionStatus { Type = "Succeeded", Status = "Unknown", Reason = "Running" }],
        },
    };

    [Test]
    public void Each_has_its_own_end() => Assert.Multiple(() =>
    {
        Assert.That(RolloutEnds.HasEnded(Group, "a"), Is.True);
        Assert.That(RolloutEnds.EndedAt(Group, "a"), Is.EqualTo(Picture.Noon.AddMinutes(1)));
        Assert.That(RolloutEnds.HasSucceeded(Group, "a"), Is.True);
        Assert.That(RolloutEnds.HasSucceeded(Group, "b"), Is.False);
        Assert.That(RolloutEnds.WasOvertaken(Group, "b"), Is.True);
        Assert.That(RolloutEnds.MessageOf(Group, "b"), Is.EqualTo("taken over"));
        Assert.That(RolloutEnds.RevisionOf(Group, "b"), Is.EqualTo("b-2"));
        Assert.That(RolloutEnds.HasEnded(Group, "c"), Is.False);
        Assert.That(RolloutEnds.HasSucceeded(Group), Is.False, "the rollout itself has not ended");
    });

    [Test]
    public void Who_has_begun_and_who_waits() => Assert.Multiple(() =>
    {
        Assert.That(RolloutEnds.HasBegun(Group, "c", ""), Is.True);
        Assert.That(RolloutEnds.HasBegun(Group, "d", ""), Is.False);
        Assert.That(RolloutEnds.HasBegun(Group, "d", "policy-uid/group-uid"), Is.True, "its claim is on the set");
        Assert.That(RolloutPrecedence.IsWaiting(Group, "d"), Is.True);
        Assert.That(RolloutPrecedence.IsWaiting(Group, "c"), Is.False);
        Assert.That(RolloutPrecedence.IsWaiting(Group), Is.True);
    });

    [TestCase(0, "operator", "z", 0, "user", "a", TestName = "Of_the_same_second_one_that_was_asked_for_is_the_newer")]
    [TestCase(0, "operator", "a", 0, "operator", "z", TestName = "Then_the_name_decides")]
    [TestCase(0, "user", "z", 1, "operator", "a", TestName = "The_second_decides_first")]
    public void Age(int second, string by, string name, int otherSecond, string otherBy, string otherName)
    {
        V1Alpha1StatefulSetRollout Made(int at, string maker, string called) => new()
        {
            Metadata = new() { Name = called, CreationTimestamp = Picture.Noon.UtcDateTime.AddSeconds(at), Labels = new Dictionary<string, string> { [OrdinalNames.CreatedByLabel] = maker } },
        };
        var (older, newer) = (Made(second, by, name), Made(otherSecond, otherBy, otherName));
        Assert.That((RolloutPrecedence.CompareAge(older, newer), RolloutPrecedence.CompareAge(newer, older), RolloutPrecedence.CompareAge(older, older)), Is.EqualTo((-1, 1, 0)).Using<(int, int, int)>((is_, be) => (Math.Sign(is_.Item1), Math.Sign(is_.Item2), is_.Item3) == be));
    }

    [Test]
    public void What_a_rollout_is_about_is_what_its_status_remembers()
    {
        var asked = new V1Alpha1StatefulSetRollout { Metadata = new() { Name = "new", NamespaceProperty = "prod" }, Spec = new() { Targets = ["x"] } };
        Assert.Multiple(() =>
        {
            Assert.That(RolloutEnds.IsAbout(Group, "d"), Is.True);
            Assert.That(RolloutEnds.IsAbout(Group, "x"), Is.False);
            Assert.That(RolloutEnds.IsAbout(asked, "x"), Is.True);
            Assert.That(RolloutEnds.IsAbout(asked, "a"), Is.False);
            Assert.That(RolloutEnds.IsAbout(new V1Alpha1StatefulSetRollout { Metadata = new() { Name = "any" } }, "a"), Is.True, "all of its policy's");
        });
    }
}

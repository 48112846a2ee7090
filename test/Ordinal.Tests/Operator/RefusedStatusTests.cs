using System.Collections.Immutable;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Operator.Reconciling;
using Ordinal.Tests.Core;

namespace Ordinal.Tests.Operating;

/// <summary>What a rollout says of a write that the API server goes on refusing.</summary>
public sealed class RefusedStatusTests
{
    private const string Words = "PATCH /apis/apps/v1/namespaces/prod/statefulsets/web: 403 Forbidden";

    [Test]
    public void The_same_refusal_in_a_later_pass_is_nothing_to_write()
    {
        var picture = Picture.Running("o o o");
        var rollout = new V1Alpha1StatefulSetRollout { Metadata = new() { Name = "web-7f9c6", NamespaceProperty = "prod", Generation = 1 } };
        rollout.Status = StatusOf(rollout, picture, Picture.Noon);
        rollout.Status = RolloutStatuses.Refused(rollout, rollout.Status, "web", ReasonCodes.ActionRefused, Words, Picture.Noon);
        Assert.That(StalledOf(rollout.Status), Is.EqualTo(("True", "ActionRefused", (DateTimeOffset?)Picture.Noon)));

        var later = Picture.Noon.AddMinutes(1);
        var next = RolloutStatuses.Refused(rollout, StatusOf(rollout, picture, later), "web", ReasonCodes.ActionRefused, Words, later);
        Assert.Multiple(() =>
        {
            Assert.That(StalledOf(next), Is.EqualTo(("True", "ActionRefused", (DateTimeOffset?)Picture.Noon)), "it has been stalled since then");
            Assert.That(StatusComparison.Of(rollout.Status, next, MemoryChange.None), Is.EqualTo(StatusUrgency.None), "a write would bring the next pass at once, and that one the next write");
        });
    }

    [Test]
    public void One_of_several_says_it_too_and_speaks_for_all()
    {
        var rollout = new V1Alpha1StatefulSetRollout { Metadata = new() { Name = "all", NamespaceProperty = "prod", Generation = 1 } };
        var before = new StatefulSetRolloutStatus
        {
            Targets =
            [
                new() { Name = "db", State = "Running", Reason = "Running", Message = "1 of 3 pods updated" },
                new() { Name = "web", State = "Queued", Reason = "Queued", Message = "it waits" },
            ],
        };
        var status = RolloutStatuses.Refused(rollout, GroupStatuses.Sum(rollout, before, Picture.Noon), "web", ReasonCodes.ActionRefused, Words, Picture.Noon);
        Assert.Multiple(() =>
        {
            Assert.That(status.Targets!.Select(each => (each.Name, each.Stalled, each.Current?.WaitingFor)), Is.EqualTo(new (string, string?, string?)[] { ("db", null, null), ("web", "ActionRefused", Words) }));
            Assert.That(StalledOf(GroupStatuses.Sum(rollout, status, Picture.Noon)), Is.EqualTo(("True", "ActionRefused", (DateTimeOffset?)Picture.Noon)), "whoever looks at the whole hears of it in the next pass, too");
        });
    }

    private static (string Status, string Reason, DateTimeOffset? Since) StalledOf(StatefulSetRolloutStatus status)
    {
        var stalled = status.Conditions!.Single(each => each.Type == "Stalled");
        return (stalled.Status, stalled.Reason, stalled.LastTransitionTime);
    }

    private static StatefulSetRolloutStatus StatusOf(V1Alpha1StatefulSetRollout rollout, Picture picture, DateTimeOffset now)
    {
        var item = new StatefulSetItem { Snapshot = picture.Set, Labels = ImmutableSortedDictionary<string, string>.Empty, PodLabels = ImmutableSortedDictionary<string, string>.Empty, Selector = "" };
        var frame = new RolloutFrame.Ready("web", new Observation(item, picture.Input.Snapshot), new V1Alpha1RolloutPolicy(), picture.Input.Policy, picture.Input.Request, picture.Input.Memory, null);
        return RolloutStatuses.Of(rollout, frame, picture.Decide(), [], now);
    }
}

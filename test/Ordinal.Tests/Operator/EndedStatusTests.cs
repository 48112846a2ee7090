using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;
using Ordinal.Operator.Reconciling;
using Ordinal.Tests.Core;

namespace Ordinal.Tests.Operating;

/// <summary>A rollout that ended before it began may be planned once more, to give its claim back: it must not look as if it ran.</summary>
public sealed class EndedStatusTests
{
    [Test]
    public void A_later_pass_tells_the_end_as_it_was()
    {
        var picture = Picture.Running("o o o");
        var rollout = new V1Alpha1StatefulSetRollout { Metadata = new() { Name = "release", NamespaceProperty = "prod", Generation = 1 } };
        var frame = new RolloutFrame.Ended("web", picture.Input.Memory, RolloutState.PreflightFailed, ReasonCodes.RequestImpossible, "no container is named d");
        var status = RolloutStatuses.Of(rollout, frame, Picture.Noon);

        var later = picture.With(_ => RolloutMemories.Read(status, "web")).Decide();
        Assert.That((later.IsFinished, later.Memory.State, later.Message), Is.EqualTo((true, RolloutState.PreflightFailed, "no container is named d")));
        Assert.That(later.Reason.Code, Is.EqualTo(status.Conditions!.Single(condition => condition.Type == "Succeeded").Reason));
    }
}

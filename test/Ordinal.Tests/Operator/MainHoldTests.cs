using NUnit.Framework;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Reconciling;
using Ordinal.Tests.Core;

namespace Ordinal.Tests.Operating;

/// <summary>Which of the holds a rollout's status, its events and its conditions tell first: the same one.</summary>
public sealed class MainHoldTests
{
    [TestCase("o o n", "web-2", "PodNotReady", TestName = "The_pod_that_uses_the_budget_up_before_those_that_wait_for_it")]
    [TestCase("o - o", "web-1", "PodMissing", TestName = "The_pod_that_is_missing_before_those_that_wait_for_it")]
    [TestCase("o o U", "web-0", "BudgetUsed", TestName = "The_budget_where_nothing_else_is_known")]
    public void Told_first(string pods, string pod, string reason)
    {
        var picture = Picture.Running(pods);
        if (reason == "BudgetUsed")
        {
            picture = picture.WithSet(set => set with { AvailableReplicas = 2 });
        }

        var decision = picture.Decide();
        var hold = RolloutStatuses.MainHold(decision)!;
        Assert.Multiple(() =>
        {
            Assert.That((hold.Pod, hold.Reason.Code), Is.EqualTo((pod, reason)));
            Assert.That(decision.Message, Does.EndWith(hold.Message), "and the condition says the same");
            Assert.That(ReasonCodes.IsAboutOthers(hold.Reason), Is.EqualTo(reason == "BudgetUsed"));
        });
    }
}

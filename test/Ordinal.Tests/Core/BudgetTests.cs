using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>Rule 1, and the order of pods under the OnDelete driver.</summary>
public sealed class BudgetTests
{
    [TestCase("o o o", 1, "web-2")]
    [TestCase("o o U", 1, "web-1")]
    [TestCase("o o o o o o", 2, "web-5,web-4")]
    [TestCase("U U U", 1, "")]
    [TestCase("o o s", 1, "")]
    [TestCase("o o r", 1, "")]
    [TestCase("o o T", 1, "")]
    public void The_highest_pods_go_as_far_as_the_budget_reaches(string pods, int max, string expected) =>
        Assert.That(Picture.Running(pods).WithMax(max).Decide().Removed(), Is.EqualTo(expected));

    [TestCase("o n o o o o", 2, "web-5", TestName = "U17_unready_pods_count")]
    [TestCase("o - o o o o", 2, "web-5", TestName = "U17_missing_pods_count")]
    [TestCase("t o o o o o", 2, "web-5", TestName = "U26_one_terminating_leaves_one")]
    [TestCase("t o o o t o", 2, "", TestName = "U26_two_terminating_leave_none")]
    [TestCase("n n o o", 2, "", TestName = "U20_unready_pods_use_the_budget_up")]
    [TestCase("n o o", 1, "", TestName = "U25_a_lower_unready_pod_holds_under_Parallel")]
    [TestCase("o o t", 1, "", TestName = "U21_a_terminating_pod_is_not_deleted_again")]
    [TestCase("o o -", 1, "", TestName = "U22_a_missing_pod_is_counted_from_replicas")]
    public void Pods_that_are_away_count(string pods, int max, string expected) =>
        Assert.That(Picture.Running(pods).WithMax(max).Decide().Removed(), Is.EqualTo(expected));

    [Test]
    public void U18_percent_rounds_down_but_never_to_none() => Assert.Multiple(() =>
    {
        Assert.That(Parse("20%").Resolve(3), Is.EqualTo(1));
        Assert.That(Parse("50%").Resolve(5), Is.EqualTo(2));
        Assert.That(Parse("100%").Resolve(5), Is.EqualTo(5));
    });

    [TestCase("foo")]
    [TestCase("0")]
    [TestCase("0%")]
    [TestCase("101%")]
    [TestCase("-1")]
    [TestCase("")]
    public void U19_an_invalid_value_is_no_value(string text) => Assert.That(IntOrPercent.TryParse(text, out _), Is.False);

    [Test]
    public void U23_an_unready_pod_holds_though_the_status_says_that_all_are_available()
    {
        var decision = Picture.Running("n o o").WithSet(s => s with { AvailableReplicas = 3, ReadyReplicas = 3 }).Decide();
        Assert.That(decision.Removed(), Is.Empty);
    }

    [Test]
    public void U24_a_status_that_is_worse_than_the_pods_holds()
    {
        var decision = Picture.Running("o o o").WithSet(s => s with { AvailableReplicas = 2 }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.BudgetUsed));
            Assert.That(decision.MessageOf("web-2"), Does.Contain("2 of 3 are available"));
        });
    }

    [Test]
    public void An_intent_counts_as_away_though_its_pod_still_serves()
    {
        var decision = Picture.Running("o o o").InFlight(1).Decide();
        Assert.That(decision.Removed(), Is.EqualTo("web-1"), "the intent is carried out again, and nothing else begins");
    }

    [Test]
    public void A_pod_in_flight_counts_until_its_AfterPod_gate_passed()
    {
        var decision = Picture.Running("o o U").Gated().InFlight(2, PodStage.AfterPodGate, uid: "gone")
            .WithReports(Picture.Report(GatePhase.AfterPod, "uid-2", GateVerdict.Deny)).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.EtcdQuorumLost));
            Assert.That(decision.HoldOf("web-1"), Is.EqualTo(ReasonCodes.BudgetUsed));
        });
    }

    [Test]
    public void U36_availability_is_waited_for_to_the_second()
    {
        var decision = Picture.Running("o o U").WithSet(s => s with { MinReadySeconds = 300 })
            .WithPod(2, p => p with { ReadySince = Picture.Noon.AddSeconds(-10) }).InFlight(2, PodStage.Settling, uid: "gone").Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.PodSettling));
            Assert.That(decision.WakeAfter, Is.EqualTo(TimeSpan.FromSeconds(290)));
        });
    }

    [Test]
    public void Pods_outside_the_wanted_range_hold_everything()
    {
        var decision = Picture.Running("o o o o").WithSet(s => s with { Replicas = 3 }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.ScalingInProgress));
        });
    }

    [Test]
    public void Scaling_that_waits_names_the_pods_that_the_controller_waits_for_in_vain_and_takes_none()
    {
        var decision = Picture.Running("o o o x s").WithSet(s => s with { Replicas = 3, PodManagement = PodManagementPolicy.OrderedReady }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.Holds.Select(hold => hold.Message), Has.Some.Contains("not ready: web-3, web-4; if they cannot become ready, delete them"));
        });
    }

    [Test]
    public void U43_a_missing_pod_shows_why_it_cannot_be_created()
    {
        var decision = Picture.Running("o o -").WithFacts(s => s with { CreateFailure = "exceeded quota: pods" }).Decide();
        Assert.That(decision.MessageOf("web-2"), Does.Contain("exceeded quota: pods").And.Contain("tries again within 17 minutes"));
    }

    [Test]
    public void U44_what_is_told_first_names_its_node_and_the_other_pods_that_are_lost_with_it()
    {
        var decision = Picture.Running("o n o t - U U").WithPod(1, p => p with { Node = "node-7" }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.MessageOf("web-1"), Does.Contain(" on node node-7").And.EndWith(" Away too: web-4, web-3."));
            Assert.That(decision.Message, Does.EndWith(decision.MessageOf("web-1")));
            Assert.That(decision.MessageOf("web-4"), Does.Not.Contain("Away too"), "once is enough");
        });
    }

    [Test]
    public void U44_of_many_pods_that_are_lost_ten_are_named()
    {
        var decision = Picture.Running(string.Join(' ', Enumerable.Repeat("n", 20))).Decide();
        Assert.That(decision.MessageOf("web-0"), Does.Contain(" Away too: web-19, web-18, ").And.EndWith(", web-10 and 9 more."));
    }

    [Test]
    public void U44_a_pod_that_terminates_for_ever_holds_with_its_node()
    {
        var decision = Picture.Running("o o t").WithPod(2, p => p with { Node = "node-7" }).InFlight(2, PodStage.Terminating).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Removed(), Is.Empty);
            Assert.That(decision.HoldOf("web-2"), Is.EqualTo(ReasonCodes.PodTerminating));
            Assert.That(decision.MessageOf("web-2"), Does.Contain("node-7"));
        });
    }

    [Test]
    public void Every_pod_that_waits_has_exactly_one_hold([Values("o o o", "o n U", "- t s", "x o r", "o o o o U s")] string pods)
    {
        var picture = Picture.Running(pods).WithMax(1);
        var decision = picture.Decide();
        for (var i = 0; i < picture.Set.Replicas; i++)
        {
            var pod = picture.Input.Snapshot.Pods.SingleOrDefault(p => p.Ordinal == i);
            var isDone = pod is not null && pod.Revision == Picture.New && pod.IsAvailable(TimeSpan.FromSeconds(10), Picture.Noon);
            var acts = decision.Removed().Contains($"web-{i}", StringComparison.Ordinal);
            Assert.That(decision.Holds.Count(h => h.Pod == $"web-{i}"), Is.EqualTo(isDone || acts ? 0 : 1), $"web-{i}");
        }

        Assert.That(decision.Holds.All(h => h.Message.StartsWith("prod/", StringComparison.Ordinal)), Is.True);
    }

    private static IntOrPercent Parse(string text)
    {
        Assert.That(IntOrPercent.TryParse(text, out var value), Is.True);
        return value;
    }
}

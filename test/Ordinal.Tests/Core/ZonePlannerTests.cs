using System.Collections.Immutable;
using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>Whose turn it is among zones. A group is one word a set, in order a, b, c: <c>w</c> waits, <c>r</c> rolls, <c>p</c> paused, <c>.</c> nothing; then <c>!</c> pods away, <c>L</c> has the leader.</summary>
public sealed class ZonePlannerTests
{
    [TestCase("w w w", "a")]
    [TestCase("r w w", "a")]
    [TestCase(". w w", "b")]
    [TestCase(". r w", "b")]
    [TestCase(". . w", "c")]
    public void Z01_zone_by_zone(string group, string turn) => Assert.That(Turns(group), Is.EqualTo(turn));

    [TestCase("w! w! w")]
    [TestCase("r! w! w")]
    [TestCase(".! .! w")]
    public void Z02_two_zones_with_pods_away_stop_everything_and_name_the_pods(string group)
    {
        Assert.Multiple(() =>
        {
            Assert.That(Turns(group), Is.Empty);
            Assert.That(Hold("c", group)!.Reason, Is.EqualTo(ReasonCodes.TwoZonesAway));
            Assert.That(Hold("c", group)!.Message, Does.Contain("a-0, b-0").And.Contain("delete those that cannot become ready").And.Contain("zoneStrategy to Parallel"), "which pods, and both ways out");
        });
    }

    [TestCase("w w! w", "b")]
    [TestCase("r w! w", "b")]
    [TestCase("w . w!", "c")]
    public void Z03_a_zone_with_pods_away_goes_first(string group, string first) =>
        Assert.That(Turns(group).Split(',', StringSplitOptions.RemoveEmptyEntries), Is.SubsetOf(new[] { first }));

    [Test]
    public void Z03_the_zone_with_pods_away_may_start() => Assert.That(Turns("w w! w"), Is.EqualTo("b"));

    [Test]
    public void Z04_an_updated_zone_that_is_not_whole_holds_the_next()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Turns(".! w w"), Is.Empty);
            Assert.That(Hold("b", ".! w w")!.Reason, Is.EqualTo(ReasonCodes.ZoneAway));
            Assert.That(Hold("b", ".! w w")!.Message, Does.Contain("zone a").And.Contain("a-0"));
        });
    }

    [Test]
    public void Z05_a_paused_zone_is_passed_over_while_it_is_whole()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Turns("p w w"), Is.EqualTo("b"));
            Assert.That(Turns("p! w w"), Is.Empty);
        });
    }

    [Test]
    public void Z06_a_set_with_which_something_is_wrong_stops_the_group()
    {
        var group = Group("w w w").SetItem(2, new("c", "c", ZoneWork.Waits) { Problem = "argocd declares updateStrategy.type" });
        var hold = ZonePlanner.HoldOf("a", group, ZoneStrategy.OneAtATime, TimeSpan.Zero, Picture.Noon)!;
        Assert.Multiple(() =>
        {
            Assert.That(hold.Reason, Is.EqualTo(ReasonCodes.ZoneProblem));
            Assert.That(hold.Message, Does.Contain("stopped by c: argocd declares"));
        });
    }

    [Test]
    public void Z07_a_set_outside_the_group_waits_for_nobody() =>
        Assert.That(ZonePlanner.HoldOf("other", Group("r! w! w"), ZoneStrategy.OneAtATime, TimeSpan.Zero, Picture.Noon), Is.Null);

    [Test]
    public void The_leaders_zone_goes_last()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Turns("wL w w"), Is.EqualTo("b"));
            Assert.That(Turns("wL . w"), Is.EqualTo("c"));
            Assert.That(Turns("wL . ."), Is.EqualTo("a"));
            Assert.That(Hold("a", "wL w w")!.Message, Does.Contain("has the leader, so it goes last"));
        });
    }

    [Test]
    public void A_zone_with_pods_away_goes_before_the_leaders_order() => Assert.That(Turns("w wL! w"), Is.EqualTo("b"));

    [Test]
    public void Z01_between_two_zones_the_soak_passes()
    {
        var group = Group(". w w").SetItem(0, new("a", "a", ZoneWork.None) { EndedAt = Picture.Noon.AddMinutes(-4) });
        var hold = ZonePlanner.HoldOf("b", group, ZoneStrategy.OneAtATime, TimeSpan.FromMinutes(10), Picture.Noon)!;
        Assert.Multiple(() =>
        {
            Assert.That(hold.Reason, Is.EqualTo(ReasonCodes.ZoneSoak));
            Assert.That(hold.Until, Is.EqualTo(Picture.Noon.AddMinutes(6)));
            Assert.That(ZonePlanner.HoldOf("b", group, ZoneStrategy.OneAtATime, TimeSpan.FromMinutes(4), Picture.Noon), Is.Null);
        });
    }

    [Test]
    public void Sets_of_one_zone_take_turns_and_stay_together()
    {
        ImmutableArray<ZoneMember> group = [new("x2", "a", ZoneWork.Waits), new("x1", "a", ZoneWork.Waits), new("y", "b", ZoneWork.Waits)];
        Assert.That(Turns(group), Is.EqualTo("x1"));
        Assert.That(Turns(group.SetItem(1, new("x1", "a", ZoneWork.None) { EndedAt = Picture.Noon }), TimeSpan.FromHours(1)), Is.EqualTo("x2"), "no soak within a zone");
    }

    [Test]
    public void Under_Parallel_nobody_waits() =>
        Assert.That(ZonePlanner.HoldOf("c", Group("r! r! w"), ZoneStrategy.Parallel, TimeSpan.FromHours(1), Picture.Noon), Is.Null);

    [Test]
    public void Never_are_pods_of_two_zones_taken_at_once()
    {
        // Every group of three: the sets without a hold are of one zone.
        string[] words = [".", "w", "r", "p", ".!", "w!", "r!", "p!", "wL"];
        foreach (var group in from a in words from b in words from c in words select $"{a} {b} {c}")
        {
            var free = Group(group).Where(each => each.Work is ZoneWork.Waits or ZoneWork.Rolls && Hold(each.Name, group) is null).ToList();
            Assert.That(free.Select(each => each.Zone).Distinct().Count(), Is.LessThanOrEqualTo(1), group);
            Assert.That(free.Count > 0 || Group(group).Any(each => !each.Away.IsEmpty) || Group(group).All(each => each.Work is ZoneWork.None or ZoneWork.Paused), Is.True, $"{group}: somebody goes");
        }
    }

    [Test]
    public void A_running_rollout_takes_no_pod_while_its_group_holds_it_and_finishes_what_is_in_flight()
    {
        var hold = new ZoneHold(ReasonCodes.ZoneAway, "web: pods of zone b are away (db-0).");
        var decision = Picture.Running("o o U").Gated().InFlight(2, PodStage.AfterPodGate, uid: "gone").WithReports(Picture.Report(GatePhase.AfterPod, "uid-2"))
            .WithRequest(r => r with { Zone = hold }).Decide();
        Assert.Multiple(() =>
        {
            Assert.That(decision.Actions, Is.Empty);
            Assert.That(decision.Memory.InFlight, Is.Empty);
            Assert.That(decision.HoldOf("web-1"), Is.EqualTo(ReasonCodes.ZoneAway));
            Assert.That(decision.MessageOf("web-1"), Is.EqualTo("prod/web: pods of zone b are away (db-0)."));
        });
    }

    private static string Turns(string group) => Turns(Group(group));

    private static string Turns(ImmutableArray<ZoneMember> group, TimeSpan soak = default) => string.Join(',', group
        .Where(each => each.Work is ZoneWork.Waits or ZoneWork.Rolls && ZonePlanner.HoldOf(each.Name, group, ZoneStrategy.OneAtATime, soak, Picture.Noon) is null)
        .Select(each => each.Name));

    private static ZoneHold? Hold(string name, string group) => ZonePlanner.HoldOf(name, Group(group), ZoneStrategy.OneAtATime, TimeSpan.Zero, Picture.Noon);

    private static ImmutableArray<ZoneMember> Group(string words) => [.. words.Split(' ').Select((word, index) =>
    {
        var name = $"{(char)('a' + index)}";
        var work = word[0] switch { 'w' => ZoneWork.Waits, 'r' => ZoneWork.Rolls, 'p' => ZoneWork.Paused, _ => ZoneWork.None };
        return new ZoneMember(name, name, work) { Away = word.Contains('!', StringComparison.Ordinal) ? [$"{name}-0"] : [], HasLeader = word.Contains('L', StringComparison.Ordinal) };
    })];
}

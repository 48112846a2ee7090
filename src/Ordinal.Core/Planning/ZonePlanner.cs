using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// Whose turn it is among the StatefulSets of one policy. Pure. A set may start, and a running rollout may take its next pod, only when it has no
/// hold here.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>Under Parallel nobody waits for anybody.</item>
/// <item>Pods away in two zones stop everything (Z02): the next one might take the quorum. Pods away in one zone stop all others (Z03, Z04); the zone
/// itself goes on, since what it lacks may be what its rollout brings.</item>
/// <item>A set with which something is wrong stops the group (Z06).</item>
/// <item>A zone that has begun goes to its end before another begins (Z01). One that is paused with all its pods available is passed over (Z05).</item>
/// <item>Else the order is: a zone with pods away, then by name, the leader's zone last; and <c>zoneSoak</c> after the last zone ended.</item>
/// </list>
/// Several sets of one zone take turns by name.
/// </remarks>
public static class ZonePlanner
{
    /// <summary>Tells why a set waits for the others of its group; null when it does not.</summary>
    /// <param name="name">The set; one that is not in the group never waits.</param>
    public static ZoneHold? HoldOf(string name, ImmutableArray<ZoneMember> group, ZoneStrategy strategy, TimeSpan soak, DateTimeOffset now)
    {
        if (group.Length < 2 || strategy is ZoneStrategy.Parallel || group.FirstOrDefault(each => each.Name == name) is not { } self)
        {
            return null;
        }

        if (group.FirstOrDefault(each => each.Problem.Length > 0 && each.Name != name) is { } wrong)
        {
            return new(ReasonCodes.ZoneProblem, $"{name}: the rollout of its group is stopped by {wrong.Name}: {wrong.Problem}.");
        }

        var away = group.Where(each => !each.Away.IsEmpty).Select(each => each.Zone).Distinct(StringComparer.Ordinal).ToList();
        if (away.Count > 1)
        {
            return new(ReasonCodes.TwoZonesAway, $"{name}: pods are away in {away.Count} zones ({Pods(group, _ => true)}), and no pod is taken before all of them but one are whole again; repair them, or delete those that cannot become ready (a held pod comes back at its StatefulSet's current revision); or set spec.update.zoneStrategy to Parallel, under which no zone waits for another.");
        }

        if (away.Count == 1 && away[0] != self.Zone)
        {
            return new(ReasonCodes.ZoneAway, $"{name}: pods of zone {away[0]} are away ({Pods(group, each => each.Zone == away[0])}), and zone {self.Zone} waits until they are back.");
        }

        if (self.Work is ZoneWork.Rolls)
        {
            // Two that roll already, of different zones: the first by order goes on.
            var first = InOrder(group.Where(each => each.Work is ZoneWork.Rolls)).First();
            return first.Zone == self.Zone ? null : new(ReasonCodes.ZoneWaitsTurn, $"{name}: zone {first.Zone} is being rolled ({first.Name}); zone {self.Zone} goes on after it.");
        }

        if (group.FirstOrDefault(each => each.Work is ZoneWork.Rolls) is { } rolling)
        {
            return new(ReasonCodes.ZoneWaitsTurn, $"{name}: waits for the rollout of {rolling.Name}, zone {rolling.Zone}.");
        }

        if (InOrder(group.Where(each => each.Work is ZoneWork.Waits)).FirstOrDefault() is { } next && next.Name != name)
        {
            return new(ReasonCodes.ZoneWaitsTurn, next.Zone == self.Zone
                ? $"{name}: waits for {next.Name} of the same zone, {self.Zone}."
                : self.HasLeader && !next.HasLeader
                    ? $"{name}: zone {self.Zone} has the leader, so it goes last; {next.Name}, zone {next.Zone}, goes first."
                    : $"{name}: {next.Name}, zone {next.Zone}, goes first.");
        }

        return Soak(self, group, soak, now);
    }

    private static ZoneHold? Soak(ZoneMember self, ImmutableArray<ZoneMember> group, TimeSpan soak, DateTimeOffset now)
    {
        var last = group.Where(each => each.Zone != self.Zone && each.EndedAt is not null).MaxBy(each => each.EndedAt);
        return last is { EndedAt: { } ended } && self.Away.IsEmpty && ended + soak > now
            ? new(ReasonCodes.ZoneSoak, $"{self.Name}: zone {last.Zone} ended {Text.Of(now - ended)} ago, and zoneSoak is {Text.Of(soak)}; zone {self.Zone} goes then.", ended + soak)
            : null;
    }

    /// <summary>A zone with pods away first, then by name; the zone with the leader last. Sets of one zone stay together.</summary>
    private static IEnumerable<ZoneMember> InOrder(IEnumerable<ZoneMember> members)
    {
        var all = members.ToList();
        return all
            .OrderBy(each => all.Exists(other => other.Zone == each.Zone && !other.Away.IsEmpty) ? 0 : 1)
            .ThenBy(each => all.Exists(other => other.Zone == each.Zone && other.HasLeader) ? 1 : 0)
            .ThenBy(each => each.Zone, StringComparer.Ordinal)
            .ThenBy(each => each.Name, StringComparer.Ordinal);
    }

    private static string Pods(ImmutableArray<ZoneMember> group, Func<ZoneMember, bool> which)
    {
        var pods = group.Where(which).SelectMany(each => each.Away).ToList();
        return pods.Count > 5 ? $"{string.Join(", ", pods.Take(5))} and {pods.Count - 5} more" : string.Join(", ", pods);
    }
}

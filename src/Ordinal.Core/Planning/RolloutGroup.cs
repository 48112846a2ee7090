using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// A request over several StatefulSets. Pure. Each of them is planned for itself, with a memory, intents and a claim of its own; here is what binds
/// them: whose turn it is (<see cref="ZonePlanner"/> says that, for all StatefulSets of the policy), that one that goes wrong stops the others, and how
/// the ends combine.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>One that failed, was refused, or goes back because it failed stops the others where they are, and those that have not begun do not begin.
/// What has ended well stays.</item>
/// <item>One that a newer request or template took over stops nobody: somebody else sees to it.</item>
/// <item>The request ends when all have ended, as the worst of them: Failed, PreflightFailed, RolledBack, Cancelled, Superseded, Completed, NoChange. It
/// succeeds only when every one did.</item>
/// </list>
/// </remarks>
public static class RolloutGroup
{
    /// <summary>From the best to the worst.</summary>
    private static readonly ImmutableArray<RolloutState> Ends =
        [RolloutState.NoChange, RolloutState.Completed, RolloutState.Superseded, RolloutState.Cancelled, RolloutState.RolledBack, RolloutState.PreflightFailed, RolloutState.Failed];

    /// <summary>Says which other StatefulSet of the group went wrong, and how, so that this one goes no further; empty when none did.</summary>
    public static string StopOf(string name, ImmutableArray<GroupMember> group)
    {
        foreach (var other in group)
        {
            if (other.Name != name && (other.GoesBack || other.State is RolloutState.Failed or RolloutState.PreflightFailed or RolloutState.RolledBack))
            {
                return other.HasEnded
                    ? $"{other.Name}, of the same request, ended as {other.State} ({other.Reason?.Code ?? other.State.ToString()})"
                    : $"{other.Name}, of the same request, goes back";
            }
        }

        return "";
    }

    /// <summary>Returns how the request ends; null while one of its StatefulSets has not ended.</summary>
    public static GroupEnd? EndOf(ImmutableArray<GroupMember> group)
    {
        if (group.IsEmpty || group.Any(each => !each.HasEnded))
        {
            return null;
        }

        // The first of the worst: those that it stopped tell of it, not of themselves.
        var worst = group.OrderByDescending(each => Ends.IndexOf(each.State)).First();
        var all = string.Join(", ", group.GroupBy(each => each.State).OrderBy(each => Ends.IndexOf(each.Key)).Select(each => $"{each.Key}: {Names(each)}"));
        return new(worst.State, worst.Reason ?? ReasonCodes.Cancelled, IsWell(worst.State) ? $"{group.Length} StatefulSets; {all}" : $"{worst.Message.TrimEnd('.')}. Of {group.Length} StatefulSets {all}.");
    }

    /// <summary>
    /// Returns the StatefulSet that speaks for the request while it is under way: one that waits for a person, then one with pods in flight, then one that goes
    /// back, then one that has begun, then the first that has not ended; null when all have.
    /// </summary>
    public static GroupMember? SpeakerOf(ImmutableArray<GroupMember> group) => group
        .Where(each => !each.HasEnded)
        .OrderBy(each => each switch
        {
            { NeedsHuman: true } => 0,
            { State: RolloutState.AwaitingApproval } => 1,
            { HasInFlight: true } => 2,
            { GoesBack: true } => 3,
            { HasBegun: true } => 4,
            _ => 5,
        })
        .FirstOrDefault();

    private static bool IsWell(RolloutState state) => state is RolloutState.Completed or RolloutState.NoChange;

    private static string Names(IEnumerable<GroupMember> members)
    {
        var names = members.Select(each => each.Name).ToList();
        return names.Count > 5 ? $"{string.Join(", ", names.Take(5))} and {names.Count - 5} more" : string.Join(", ", names);
    }
}

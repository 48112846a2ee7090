using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>Which pod goes next. Only pods that serve are in the order: those that do not are waited for, or are stuck and go before.</summary>
internal static class PodOrder
{
    /// <summary>Picks the next pod; −1 when there is none, or when it cannot be told.</summary>
    internal static int Next(ref Pass pass) => GoesBackFirst(in pass) is >= 0 and var first ? first : pass.Policy.Order switch
    {
        PodOrderKind.OrdinalDescending => Highest(in pass),
        PodOrderKind.LeaderLast => LeaderLast(ref pass),
        PodOrderKind.OrdinalAscending => Lowest(in pass),
    };

    /// <summary>Tells whether this pod may still go by the newest that is known of roles (U29: leadership moves).</summary>
    internal static bool IsItsTurn(ref Pass pass, int index) => pass.Policy.Order is not PodOrderKind.LeaderLast || pass.Facts[index].Is(PodFlags.GivenUp) || RoleOf(in pass, index) switch
    {
        MemberRole.Follower or MemberRole.Learner => true,
        MemberRole.Leader => IsLast(in pass, index),
        MemberRole.Unknown => Forces.Find(in pass, pass.PodOf(index).Uid, ReasonCodes.RoleUnknown.Code) is not null,
    };

    /// <summary>The highest pod that waits at another revision and serves; −1 when there is none.</summary>
    internal static int Highest(in Pass pass)
    {
        for (var i = pass.Facts.Length - 1; i >= 0; i--)
        {
            if (Waits(pass.Facts[i]))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>The lowest pod that waits at another revision and serves; −1 when there is none.</summary>
    internal static int Lowest(in Pass pass)
    {
        for (var i = 0; i < pass.Facts.Length; i++)
        {
            if (Waits(pass.Facts[i]))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>A pod's role by the newest current report of the gate that tells roles.</summary>
    internal static MemberRole RoleOf(in Pass pass, int index)
    {
        if (Preflight.RolesGate(pass.Policy) is not { } gate || pass.Facts[index].Pod < 0)
        {
            return MemberRole.Unknown;
        }

        var (role, newest) = (MemberRole.Unknown, DateTimeOffset.MinValue);
        var name = pass.PodOf(index).Name;
        foreach (var report in pass.Input.Reports)
        {
            if (report.Gate == gate.Name && report.ObservedAt > newest && IsUsable(in pass, report) && report.Roles.TryGetValue(name, out var told))
            {
                (role, newest) = (told, report.ObservedAt);
            }
        }

        return role;
    }

    /// <summary>Passes over every pod that waits and is not in each of the batches that gates offered, a stretch of <see cref="Scratch.Batches"/>.</summary>
    internal static void Keep(ref Pass pass, Stretch batches)
    {
        foreach (var batch in batches.Of(pass.Scratch.Batches))
        {
            for (var i = 0; i < pass.Facts.Length; i++)
            {
                if (Waits(pass.Facts[i]) && !batch.Contains(pass.PodOf(i).Uid))
                {
                    pass.Flag(i, PodFlags.PassedOver);
                }
            }
        }
    }

    /// <summary>The highest pod that goes back before all others, even if it leads by now: with any other one the budget would be overdrawn. −1 when there is none.</summary>
    private static int GoesBackFirst(in Pass pass)
    {
        for (var i = pass.Facts.Length - 1; i >= 0 && pass.Counts.GivenUp > 0; i--)
        {
            if (pass.Facts[i].GoesBackFirst && Waits(pass.Facts[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool Waits(PodFact fact) => fact.Is(PodFlags.Available) && !fact.Is(PodFlags.AtTarget | PodFlags.InFlight | PodFlags.PassedOver);

    private static int LeaderLast(ref Pass pass)
    {
        if (Highest(in pass) < 0)
        {
            return -1;
        }

        var gate = Preflight.RolesGate(pass.Policy)!;
        var report = Gatekeeping.Find(pass.Input.Reports, gate.Name, GatePhase.Roles, default, pass.Goal);
        Gatekeeping.AskIfDue(ref pass, gate, report, report is not null && IsUsable(in pass, report), GatePhase.Roles, default, null);

        if (Forced(in pass) is >= 0 and var forced)
        {
            return forced;
        }

        var (next, leader) = (-1, -1);
        for (var i = pass.Facts.Length - 1; i >= 0; i--)
        {
            if (!Waits(pass.Facts[i]))
            {
                continue;
            }

            var role = RoleOf(in pass, i);
            if (role is MemberRole.Unknown)
            {
                HoldForRole(ref pass, i, gate, report);
                return -1;
            }

            (next, leader) = role is MemberRole.Leader ? (next, leader < 0 ? i : leader) : (next < 0 ? i : next, leader);
        }

        if (next >= 0 || leader < 0)
        {
            return next;
        }

        if (IsLast(in pass, leader))
        {
            return leader;
        }

        pass.HoldPod(leader, ReasonCodes.WaitsTurn, $"{pass.Set.Namespace}/{pass.Named(leader)}: leads, so it goes last; {pass.Counts.Done} of {pass.Facts.Length - 1} others are done.");
        return -1;
    }

    /// <summary>A pod whose role nobody knows and that may go all the same; −1 when there is none. The bypass is recorded with the intent.</summary>
    private static int Forced(in Pass pass)
    {
        for (var i = pass.Facts.Length - 1; i >= 0 && !pass.Request.Force.IsEmpty; i--)
        {
            if (Waits(pass.Facts[i]) && RoleOf(in pass, i) is MemberRole.Unknown && Forces.Find(in pass, pass.PodOf(i).Uid, ReasonCodes.RoleUnknown.Code) is not null)
            {
                return i;
            }
        }

        return -1;
    }

    private static bool IsLast(in Pass pass, int index)
    {
        for (var i = 0; i < pass.Facts.Length; i++)
        {
            if (i != index && !pass.Facts[i].IsDone)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsUsable(in Pass pass, GateReport report) =>
        report.Verdict is GateVerdict.Allow or GateVerdict.Deny && report.IsCurrent(pass.Now);

    private static void HoldForRole(ref Pass pass, int index, GatePolicy gate, GateReport? report)
    {
        var why = report switch
        {
            null => Words.Of("it is being asked"),
            _ when !report.IsCurrent(pass.Now) => Words.Of($"its answer is {Text.Of(pass.Now - report.ObservedAt)} old and good for {Text.Of(report.ValidFor)}"),
            _ => Words.Of(report.Message),
        };
        pass.IsWaitingForGate = true;
        pass.HoldPod(index, ReasonCodes.RoleUnknown, $"{pass.Set.Namespace}/{pass.Named(index)}: gate {gate.Name} does not tell whether it leads: {why}.");
        pass.Pending(ReasonCodes.WaitsTurn, $"{pass.SetName}: waits until the role of {pass.Named(index)} is known.");
    }
}

using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// Rule 1. Away = expected ordinals without an available, not terminating pod, by pods and, if that is worse, by status. A pod in flight
/// counts until it is proven back.
/// </summary>
internal static class Budget
{
    /// <summary>How many pods may be away.</summary>
    internal static int MaxOf(in Pass pass) =>
        pass.Memory.Driver is UpdateDriver.Partition or UpdateDriver.Native ? 1 : pass.Policy.MaxUnavailable.Resolve(pass.Facts.Length);

    /// <summary>
    /// Tells whether this pod may go: with it away too, no more are away than may be. Taking one that is away costs nothing more, and one that goes back
    /// first waits for none that is like it: there may be more of them than places.
    /// </summary>
    internal static bool Fits(in Pass pass, int index)
    {
        var fact = pass.Facts[index];
        var byPods = 0;
        foreach (var other in pass.Facts)
        {
            byPods += other.UsesBudget && !(other.GoesBackFirst && fact.Is(PodFlags.GivenUp)) ? 1 : 0;
        }

        byPods += fact.UsesBudget && !fact.GoesBackFirst ? 0 : 1;
        var goes = fact.Is(PodFlags.Available) && !fact.Is(PodFlags.Standing) ? 1 : 0;
        return Math.Max(byPods, pass.Counts.AwayByStatus + pass.Counts.StandingAvailable + goes) <= MaxOf(in pass);
    }

    /// <summary>Tells whether some pod that serves could go; says why not to every pod that waits.</summary>
    internal static bool HasPlace(ref Pass pass)
    {
        var max = MaxOf(in pass);
        var byStatus = pass.Counts.AwayByStatus + pass.Counts.StandingAvailable;
        if (pass.Counts.Used < max || GoesBackFirst(in pass, byStatus, max))
        {
            return true;
        }

        var byPods = 0;
        foreach (var fact in pass.Facts)
        {
            byPods += fact.UsesBudget ? 1 : 0;
        }

        var who = byPods >= byStatus ? Names(in pass) : Words.Of($"the StatefulSet's status says {pass.Set.AvailableReplicas} of {pass.Facts.Length} are available");
        pass.Pending(ReasonCodes.BudgetUsed, $"{pass.SetName}: {pass.Counts.Used} of at most {max} pods are away ({who}); the next goes when they are back.");
        return false;
    }

    /// <summary>Tells whether the PodDisruptionBudgets let one more pod go after those taken in this pass; says why not.</summary>
    internal static bool DisruptionAllowed(ref Pass pass, int takenNow)
    {
        var budgets = pass.Input.Snapshot.Budgets;
        if (budgets.IsEmpty)
        {
            return true;
        }

        var budget = budgets[0];
        if (!budget.IsObserved)
        {
            pass.Pending(ReasonCodes.DisruptionBudgetStale, $"{pass.SetName}: PodDisruptionBudget {budget.Name} has a spec that the disruption controller has not seen yet.");
            return false;
        }

        if (budget.DisruptionsAllowed - takenNow <= 0)
        {
            pass.Pending(
                ReasonCodes.DisruptionBudgetBlocks,
                $"{pass.SetName}: PodDisruptionBudget {budget.Name} allows {budget.DisruptionsAllowed} disruptions now, {takenNow} are taken; wait until the workload is healthy, or raise its maxUnavailable.");
            return false;
        }

        return true;
    }

    /// <summary>Tells whether one of the pods that go back first may go: <see cref="PodOrder.Next"/> picks one of them.</summary>
    private static bool GoesBackFirst(in Pass pass, int byStatus, int max)
    {
        var (waits, away) = (false, 0);
        foreach (var fact in pass.Facts)
        {
            waits |= fact.GoesBackFirst && !fact.Is(PodFlags.PassedOver);
            away += fact.UsesBudget && !fact.GoesBackFirst ? 1 : 0;
        }

        return waits && Math.Max(away, byStatus) < max;
    }

    private static Words Names(in Pass pass)
    {
        var (text, count) = (default(Words), 0);
        for (var i = pass.Facts.Length - 1; i >= 0; i--)
        {
            if (pass.Facts[i].UsesBudget && ++count <= 3)
            {
                text.AppendFormatted(count > 1 ? ", " : "");
                text.AppendFormatted(pass.Named(i));
            }
        }

        return count > 3 ? Words.Of($"{text} and {count - 3} more") : text;
    }
}

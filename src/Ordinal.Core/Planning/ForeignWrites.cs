using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// What to do about a generation that is not ours (rule 8). One that releases pods while a change waits is undone once, at once; the second
/// ends the rollout. Any other change: hold first, then plan.
/// </summary>
internal static class ForeignWrites
{
    /// <summary>Deals with a foreign change of the StatefulSet's spec.</summary>
    /// <returns>True when nothing more can be decided in this pass.</returns>
    internal static bool Settle(ref Pass pass)
    {
        if (StrategyKeeper.IsKnown(in pass))
        {
            return FinishRaising(ref pass);
        }

        if (StrategyKeeper.IsNative(in pass) && pass.Memory.Revert is null)
        {
            // Whoever lowers the partition does what the driver does; a higher one is lowered again when pods are due.
            StrategyKeeper.Adopt(ref pass);
            return false;
        }

        if (ReleasesMore(in pass))
        {
            return Undo(ref pass);
        }

        if (pass.Memory is { Driver: UpdateDriver.Partition, RestType: UpdateStrategyType.RollingUpdate } && pass.Set is { Strategy.Type: UpdateStrategyType.OnDelete, OnDeleteDeclaredBy.IsEmpty: false })
        {
            var who = default(Words);
            who.AppendList(pass.Set.OnDeleteDeclaredBy.AsSpan());
            Endings.End(
                ref pass,
                RolloutState.Failed,
                ReasonCodes.FieldConflict,
                $"{pass.SetName}: {who} declares updateStrategy OnDelete, and it was adopted as RollingUpdate. Remove updateStrategy from that manifest, then create a new rollout.",
                leavesStrategy: true);
            return true;
        }

        if (pass.Memory.Driver is UpdateDriver.Partition && !StrategyKeeper.IsAtRest(in pass))
        {
            StrategyKeeper.Write(ref pass, StrategyKeeper.RestOver(in pass), "hold: the StatefulSet was changed by somebody else");
            pass.HoldAll(ReasonCodes.HoldReturning, $"{pass.SetName}: generation {pass.Set.Generation} is not ours; the hold is written before anything is planned.");
            return true;
        }

        StrategyKeeper.Adopt(ref pass);
        return false;
    }

    /// <summary>Names who declares the strategy, for messages.</summary>
    internal static Words Owners(StatefulSetSnapshot set)
    {
        var owners = set.PartitionOwnedBy.IsEmpty ? set.StrategyTypeDeclaredBy : set.PartitionOwnedBy;
        if (owners.IsEmpty)
        {
            return Words.Of("an unknown manager");
        }

        var text = default(Words);
        text.AppendList(owners.AsSpan());
        return text;
    }

    /// <summary>A write that holds pods back was decided on and is not there yet: it is finished before anything is planned on top of it.</summary>
    private static bool FinishRaising(ref Pass pass)
    {
        if (!StrategyKeeper.IsOutstanding(in pass) || pass.Memory.LastWrite is not { Next: var next }
            || next.EffectivePartition <= pass.Set.Strategy.EffectivePartition
            || (next.Type is UpdateStrategyType.OnDelete && pass.Set.Strategy.Holds(pass.Facts.Length)))
        {
            // The switch of a held set to OnDelete is the driver's own, and depends on more.
            return false;
        }

        StrategyKeeper.Write(ref pass, next, "hold: finish what was begun");
        pass.HoldAll(ReasonCodes.HoldReturning, $"{pass.SetName}: the hold is written back.");
        return true;
    }

    private static bool Undo(ref Pass pass)
    {
        Words found = $"{pass.SetName}: {Owners(pass.Set)} set updateStrategy to {pass.Set.Strategy.Type}, partition {pass.Set.Strategy.Partition ?? 0}";
        if (pass.Memory.ForeignReleases > 0)
        {
            Endings.End(
                ref pass,
                RolloutState.Failed,
                ReasonCodes.FieldConflict,
                $"{found}, for the second time: rolling ungated. Remove updateStrategy from its manifests, then create a new rollout.",
                leavesStrategy: true);
            return true;
        }

        pass.Remember(pass.Memory with { ForeignReleases = pass.Memory.ForeignReleases + 1 });
        StrategyKeeper.Write(ref pass, StrategyKeeper.RestOver(in pass), "hold: somebody else released pods");
        pass.Notify(ReasonCodes.ForeignRelease, null, $"{found} while a change waits; the hold is put back this once. Remove updateStrategy from its manifests.", isWarning: true);
        pass.HoldAll(ReasonCodes.HoldReturning, $"{found}; the hold is written back.");
        return true;
    }

    private static bool ReleasesMore(in Pass pass)
    {
        var end = Math.Min(StrategyKeeper.ExpectedPartition(in pass), pass.Facts.Length);
        for (var i = Math.Min(pass.Set.Strategy.EffectivePartition, pass.Facts.Length); i < end; i++)
        {
            if (pass.Facts[(int)i].Pod < 0 || pass.PodOf((int)i).Revision != pass.Set.UpdateRevision)
            {
                return true;
            }
        }

        return false;
    }
}

using Ordinal.Core.Model;

namespace Ordinal.Core.Planning;

/// <summary>Writes and recognises <c>spec.updateStrategy</c>: which generation is ours, whether the set rests, how it comes to rest.</summary>
internal static class StrategyKeeper
{
    /// <summary>Tells whether the generation of the set is one that we wrote or adopted.</summary>
    internal static bool IsKnown(in Pass pass) => pass.Memory.LastWrite is { } write
        ? pass.Set.Generation == write.Generation || IsDone(in pass, write)
        : pass.Set.Generation == pass.Memory.Generation;

    /// <summary>Tells whether the last write was decided on, and the set does not show it: it may still be on its way.</summary>
    internal static bool IsOutstanding(in Pass pass) =>
        pass.Memory.LastWrite is { } write && pass.Set.Generation == write.Generation && !pass.Set.Strategy.HasEffectOf(write.Next);

    /// <summary>The effective partition that the set should have, by what we did.</summary>
    internal static long ExpectedPartition(in Pass pass) => pass.Memory.LastWrite?.Next.EffectivePartition ?? long.MaxValue;

    /// <summary>Tells whether the strategy is what the set rests in; under Native a rollout that was overtaken leaves it to the next one. Whether the built-in controller has seen it is another question.</summary>
    internal static bool IsAtRest(in Pass pass) => pass.Memory.RestType is UpdateStrategyType.OnDelete
        ? pass.Set.Strategy.Type is UpdateStrategyType.OnDelete
        : IsNative(in pass) && pass.Memory.Ending?.State is RolloutState.Superseded ? pass.Set.Strategy.Type is UpdateStrategyType.RollingUpdate
        : RestsOpen(in pass) ? pass.Set.Strategy is { Type: UpdateStrategyType.RollingUpdate, EffectivePartition: 0 } : pass.Set.Strategy.IsOurHold;

    /// <summary>
    /// Tells whether the set rests with partition 0: under driver Native, as long as the rollout did not fail. One that did is held, so that the
    /// revision goes no further.
    /// </summary>
    internal static bool RestsOpen(in Pass pass) => IsNative(in pass) && pass.Memory.Revert is null
        && pass.Memory.Ending?.State is not (RolloutState.Failed or RolloutState.Cancelled or RolloutState.RolledBack);

    /// <summary>Tells whether the built-in controller rolls by itself: by the driver chosen, or before the start by the policy's.</summary>
    internal static bool IsNative(in Pass pass) => pass.Memory.StartedAt is null ? pass.Policy.Driver is UpdateDriver.Native : pass.Memory.Driver is UpdateDriver.Native;

    /// <summary>Writes the strategy in which the set rests, unless it is there and no other write of ours may still arrive.</summary>
    /// <returns>True when the set rests.</returns>
    internal static bool BringToRest(ref Pass pass, string why)
    {
        if (IsAtRest(in pass) && (!IsOutstanding(in pass) || pass.Memory.RestType is UpdateStrategyType.OnDelete))
        {
            return true;
        }

        Write(ref pass, RestOver(in pass), why);
        return false;
    }

    /// <summary>The resting value to write over the present one.</summary>
    internal static StrategyValue RestOver(in Pass pass) => pass.Memory.RestType is UpdateStrategyType.OnDelete
        ? new(UpdateStrategyType.OnDelete)
        : RestsOpen(in pass) ? new(UpdateStrategyType.RollingUpdate, 0, pass.Set.Strategy.MaxUnavailable ?? pass.Set.OriginalStrategy?.MaxUnavailable)
        : StrategyValue.HeldFrom(pass.Set.Strategy, pass.Set.OriginalStrategy);

    /// <summary>Decides on a strategy write: remembered first, so that the generation it makes is known as ours.</summary>
    internal static void Write(ref Pass pass, StrategyValue next, string why, PodSnapshot? releases = null)
    {
        RememberWrite(ref pass, next);
        pass.Actions.Add(new WriteStrategy(next, pass.Set.Strategy, pass.Set.Generation, why)
        {
            Releases = releases is null ? null : new ReleasedPod(releases.Name, releases.Uid),
        });
    }

    /// <summary>Decides on writing a template back: the generation that it makes is ours, and the strategy stays what it is.</summary>
    internal static void WriteTemplate(ref Pass pass, string revision)
    {
        RememberWrite(ref pass, pass.Set.Strategy);
        pass.Actions.Add(new RestoreTemplate(revision, pass.Set.Generation));
    }

    /// <summary>Takes the present generation for ours.</summary>
    internal static void Adopt(ref Pass pass) =>
        pass.Remember(pass.Memory with { Generation = pass.Set.Generation, LastWrite = null });

    private static void RememberWrite(ref Pass pass, StrategyValue next)
    {
        var generation = pass.Set.Generation;
        if (pass.Memory.LastWrite is not { } last || last.Generation != generation || last.Next != next || pass.Memory.Generation != generation)
        {
            pass.Remember(pass.Memory with { LastWrite = new(generation, next), Generation = generation });
        }
    }

    private static bool IsDone(in Pass pass, StrategyWrite write) =>
        pass.Set.Generation == write.Generation + 1 && pass.Set.Strategy.HasEffectOf(write.Next);
}

using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>Whether memory and facts may be acted on at all.</summary>
internal static class Trust
{
    /// <summary>Tells whether nothing may be decided: memory of a newer format, a set that is gone, stores that lag.</summary>
    internal static bool IsMissing(ref Pass pass)
    {
        var memory = pass.Memory;
        if (memory.Version > RolloutMemory.CurrentVersion)
        {
            pass.HoldAll(ReasonCodes.FormatTooNew, $"{pass.SetName}: the rollout's status has format {memory.Version}, this operator knows up to {RolloutMemory.CurrentVersion}; bring the newer operator back, or delete the rollout.");
            return true;
        }

        if (Endings.IsFinal(memory.State))
        {
            Endings.Release(ref pass);
            return true;
        }

        if (pass.Set.IsTerminating || (memory.SetUid.Length > 0 && memory.SetUid != pass.Set.Uid))
        {
            var fact = pass.Set.IsTerminating ? "is being deleted" : "was deleted and made again";
            Endings.EndNow(ref pass, RolloutState.Failed, ReasonCodes.TargetGone, $"{pass.SetName}: the StatefulSet {fact}; create a new rollout for the new one.");
            return true;
        }

        if (!pass.Input.Snapshot.Freshness.IsFresh)
        {
            var freshness = pass.Input.Snapshot.Freshness;
            var message = freshness.Message.Length > 0 ? freshness.Message : "the stores have not seen the operator's own last writes";
            pass.HoldAll(freshness.Reason ?? ReasonCodes.StoresNotFresh, $"{pass.SetName}: {message}; nothing is decided until they have.");
            pass.Wake(TimeSpan.FromSeconds(5));
            return true;
        }

        if (memory.SetUid.Length == 0)
        {
            pass.Remember(memory with { SetUid = pass.Set.Uid });
        }

        return false;
    }
}

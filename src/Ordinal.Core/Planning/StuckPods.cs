using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>Pods at a stale revision that cannot become ready (kubernetes #67250): away already, so replacing them costs no budget.</summary>
internal static class StuckPods
{
    /// <summary>Tells whether one may be replaced now; if not, it is held, and so is everybody behind it.</summary>
    internal static bool MayReplace(ref Pass pass, int index)
    {
        var pod = pass.PodOf(index);
        Words what = $"{pass.Set.Namespace}/{pod.Name}";
        if (!MayBeReplaced(in pass))
        {
            pass.HoldPod(index, ReasonCodes.StuckPodKept, $"{what}: cannot become ready at {pod.Revision} ({PodStages.TroubleOf(pod)}), and stuckPods is Keep; delete it by hand, or set stuckPods to ReplaceStale.");
            pass.Pending(ReasonCodes.StuckPodKept, $"{pass.SetName}: {pod.Name} cannot become ready, and stuckPods is Keep; delete it by hand, or set stuckPods to ReplaceStale.");
            return false;
        }

        // Not more at once than the budget: the target may be no better than what they run. Not so under OrderedReady: there the built-in
        // controller creates one pod at a time anyway, and may wait for this very pod before it creates those that were replaced.
        var replacing = 0;
        foreach (var entry in pass.InFlight.Items)
        {
            replacing += entry.Action is InFlightAction.ReplaceStuck ? 1 : 0;
        }

        if (pass.Set.PodManagement is PodManagementPolicy.Parallel && replacing >= Budget.MaxOf(in pass))
        {
            pass.HoldPod(index, ReasonCodes.WaitsTurn, $"{what}: cannot become ready at {pod.Revision} ({PodStages.TroubleOf(pod)}); it is replaced when one of the {replacing} pods replaced before it is back.");
            pass.Pending(ReasonCodes.WaitsTurn, $"{pass.SetName}: {pod.Name} cannot become ready and goes first.");
            return false;
        }

        return true;
    }

    /// <summary>Tells whether the policy lets stuck pods be replaced. To go back is to remove pods, whatever it says.</summary>
    internal static bool MayBeReplaced(in Pass pass) => pass.Policy.StuckPods is StuckPodAction.ReplaceStale || pass.Memory.Revert is not null;

    /// <summary>Looks after the intent to replace one: carried out again while it is allowed, kept while its gates are being asked, else burnt.</summary>
    /// <returns>True: nothing else is decided while it stands.</returns>
    internal static bool Follow(ref Pass pass, Flight entry, int index)
    {
        if (!Admission.IsShut(ref pass) && pass.Facts[index].Is(PodFlags.Stuck) && MayBeReplaced(in pass))
        {
            var gates = Admission.Gates(ref pass, index);
            if (gates.IsOpen)
            {
                Intents.Repeat(ref pass, entry, gates);
                return true;
            }

            if (gates.IsPending)
            {
                return true;
            }
        }

        if (!Intents.Burn(ref pass, entry))
        {
            pass.HoldPod(index, ReasonCodes.IntentBurning, $"{pass.Set.Namespace}/{entry.Pod}: its replacement is no longer allowed, and is made harmless first.");
        }

        return true;
    }

    /// <summary>The highest stuck pod that is not in flight; −1 when there is none.</summary>
    internal static int Highest(in Pass pass)
    {
        for (var i = pass.Facts.Length - 1; i >= 0; i--)
        {
            if (pass.Facts[i].Is(PodFlags.Stuck) && !pass.Facts[i].Is(PodFlags.InFlight))
            {
                return i;
            }
        }

        return -1;
    }
}

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
        var what = $"{pass.Set.Namespace}/{pod.Name}";
        if (pass.Policy.StuckPods is StuckPodAction.Keep)
        {
            pass.HoldPod(index, ReasonCodes.StuckPodKept, $"{what}: cannot become ready at {pod.Revision} ({pod.Trouble}: {pod.TroubleMessage}), and stuckPods is Keep; delete it by hand, or set stuckPods to ReplaceStale.");
            pass.Pending(ReasonCodes.StuckPodKept, $"{pass.SetName}: {pod.Name} cannot become ready, and stuckPods is Keep; delete it by hand, or set stuckPods to ReplaceStale.");
            return false;
        }

        // Not more at once than the budget: the target may be no better than what they run.
        if (pass.Memory.InFlight.Length >= Budget.MaxOf(in pass))
        {
            pass.HoldPod(index, ReasonCodes.WaitsTurn, $"{what}: cannot become ready at {pod.Revision} ({pod.Trouble}); it is replaced when one of the {pass.Memory.InFlight.Length} pods in flight is back.");
            pass.Pending(ReasonCodes.WaitsTurn, $"{pass.SetName}: {pod.Name} cannot become ready and goes first.");
            return false;
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

using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>What keeps a rollout from taking a further pod on purpose. Deadlines stand still meanwhile.</summary>
internal enum PauseKind
{
    None,

    /// <summary><c>spec.suspend</c>.</summary>
    Suspended,

    /// <summary>No maintenance window is open.</summary>
    OutsideWindow,

    /// <summary>A step is done and its pause is over when it is approved.</summary>
    AwaitingApproval,

    /// <summary>A step is done and its pause lasts a while yet.</summary>
    StepPausing,
}

/// <summary>
/// The stages of a rollout: how many pods may be updated by now, and whether a pause is on. The step follows from the pods in every pass, so
/// a plan that was edited, a set that was scaled and a pod that fell back need nothing done about them: no pod goes back for a step's sake. A pod that is stuck
/// serves nobody, and under OrderedReady others may wait for it: a step's number does not stop it, only a pause does.
/// </summary>
internal static class Steps
{
    /// <summary>Finds the step that is under way, and remembers which pauses began and ended.</summary>
    internal static void Follow(ref Pass pass)
    {
        var (steps, total) = (pass.Policy.Steps, pass.Facts.Length);
        (pass.StepLimit, pass.Step, pass.StepPause) = (total, steps.Length, PauseKind.None);
        if (steps.IsEmpty || pass.Memory.StartedAt is null || pass.Memory.Revert is not null)
        {
            return;
        }

        var (passed, reached, reachedAt) = (pass.Memory.Steps.Passed, pass.Memory.Steps.Reached, pass.Memory.Steps.ReachedAt);
        for (var number = 1; number <= steps.Length; number++)
        {
            var step = steps[number - 1];
            var wanted = Math.Min(total, step.Pods.Resolve(total));
            if (pass.Counts.Done < wanted)
            {
                // Pods went back behind a step that was passed, by hand, or as the set was scaled in: its pause is held again.
                passed = passed >= number && total - pass.Counts.Stale < wanted ? number - 1 : passed;

                // Nor does a pause go on whose step is not done any more: the set may have been scaled out, so that more pods are wanted.
                (reached, reachedAt) = reached == number && passed < number ? (0, null) : (reached, reachedAt);
                (pass.StepLimit, pass.Step) = (wanted, number);
                break;
            }

            if (step.Pause is null || pass.Request.ApprovedStep >= number || passed >= number)
            {
                continue;
            }

            (reached, reachedAt) = reached == number ? (reached, reachedAt) : (number, pass.Now);
            var left = step.Pause.Duration - (pass.Now - (reachedAt ?? pass.Now));
            if (left <= TimeSpan.Zero)
            {
                passed = number;
                continue;
            }

            (pass.StepLimit, pass.Step) = (wanted, number);
            pass.StepPause = left is null ? PauseKind.AwaitingApproval : PauseKind.StepPausing;
            if (left is { } wait)
            {
                pass.Wake(wait);
            }

            break;
        }

        var before = pass.Memory.Steps;
        if (before.Passed != passed || before.Reached != reached || before.ReachedAt != reachedAt)
        {
            pass.Remember(pass.Memory with { Steps = new(passed, reached, reachedAt) });
        }
    }

    /// <summary>Tells whether one more pod may go to the target; says why not to every pod that waits.</summary>
    internal static bool HasRoom(ref Pass pass) => Fits(ref pass, pass.Counts.Taken + 1);

    /// <summary>The same for a pod that is in flight already: only a plan that was edited takes its place away.</summary>
    internal static bool HasRoomForTaken(ref Pass pass) => Fits(ref pass, pass.Counts.Taken);

    /// <summary>Why the next step does not begin, in words.</summary>
    internal static Words Explain(in Pass pass)
    {
        var step = pass.Policy.Steps[pass.Step - 1];
        var name = step.Name.Length > 0 ? Words.Of($" ({step.Name})") : default;
        Words what = $"{pass.SetName}: step {pass.Step} of {pass.Policy.Steps.Length}{name} is done, {pass.Counts.Done} of {pass.Facts.Length} pods";
        return pass.StepPause is PauseKind.AwaitingApproval
            ? Words.Of($"{what}; set spec.approvedStep to {pass.Step} to go on.")
            : Words.Of($"{what}; the next step begins in {Text.Of(step.Pause!.Duration!.Value - (pass.Now - (pass.Memory.Steps.ReachedAt ?? pass.Now)))}, or when spec.approvedStep is {pass.Step}.");
    }

    private static bool Fits(ref Pass pass, int taken)
    {
        if (taken <= pass.StepLimit || pass.StepLimit >= pass.Facts.Length)
        {
            return true;
        }

        pass.Pending(
            ReasonCodes.WaitsTurn,
            $"{pass.SetName}: step {pass.Step} of {pass.Policy.Steps.Length} is {pass.Policy.Steps[pass.Step - 1].Pods}, {pass.StepLimit} of {pass.Facts.Length} pods; the next step begins when they are all done.");
        return false;
    }
}

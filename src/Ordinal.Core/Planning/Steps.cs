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

        var progress = pass.Memory.Steps;
        for (var number = 1; number <= steps.Length; number++)
        {
            var step = steps[number - 1];
            var wanted = Math.Min(total, step.Pods.Resolve(total));
            if (pass.Counts.Done < wanted)
            {
                // Pods went back behind a step that was passed, by hand, or as the set was scaled in: its pause is held again.
                progress = progress.Passed >= number && total - pass.Counts.Stale < wanted ? progress with { Passed = number - 1 } : progress;
                (pass.StepLimit, pass.Step) = (wanted, number);
                break;
            }

            if (step.Pause is null || pass.Request.ApprovedStep >= number || progress.Passed >= number)
            {
                continue;
            }

            progress = progress.Reached == number ? progress : progress with { Reached = number, ReachedAt = pass.Now };
            var left = step.Pause.Duration - (pass.Now - (progress.ReachedAt ?? pass.Now));
            if (left <= TimeSpan.Zero)
            {
                progress = progress with { Passed = number };
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

        if (progress != pass.Memory.Steps)
        {
            pass.Remember(pass.Memory with { Steps = progress });
        }
    }

    /// <summary>Tells whether one more pod may go to the target; says why not to every pod that waits.</summary>
    internal static bool HasRoom(ref Pass pass) => Fits(ref pass, pass.Counts.Taken + 1);

    /// <summary>The same for a pod that is in flight already: only a plan that was edited takes its place away.</summary>
    internal static bool HasRoomForTaken(ref Pass pass) => Fits(ref pass, pass.Counts.Taken);

    /// <summary>Why the next step does not begin, in words.</summary>
    internal static string Explain(in Pass pass)
    {
        var step = pass.Policy.Steps[pass.Step - 1];
        var what = $"{pass.SetName}: step {pass.Step} of {pass.Policy.Steps.Length}{(step.Name.Length > 0 ? $" ({step.Name})" : "")} is done, {pass.Counts.Done} of {pass.Facts.Length} pods";
        return pass.StepPause is PauseKind.AwaitingApproval
            ? $"{what}; set spec.approvedStep to {pass.Step} to go on."
            : $"{what}; the next step begins in {Text.Of(step.Pause!.Duration!.Value - (pass.Now - (pass.Memory.Steps.ReachedAt ?? pass.Now)))}, or when spec.approvedStep is {pass.Step}.";
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

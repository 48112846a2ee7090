using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// The built-in controller rolls by itself, with partition 0, and waits for each pod to be ready; each new pod is kept from being ready by a readiness
/// gate of ours until its AfterPod gates pass and the next pod may go. So plain <c>kubectl rollout status</c> tells the truth. The first pod
/// cannot be held. A gate goes from closed to open only, once for each incarnation of a pod.
/// </summary>
internal static class NativeDriver
{
    /// <summary>Lets the built-in controller go on, or stops it under a pause, and opens the gates of pods that are through.</summary>
    internal static void Advance(ref Pass pass)
    {
        var partition = PartitionFor(in pass);
        if (pass.Set.Strategy.EffectivePartition != partition)
        {
            StrategyKeeper.Write(ref pass, pass.Set.Strategy with { Type = UpdateStrategyType.RollingUpdate, Partition = partition }, partition == 0 ? "let the StatefulSet controller roll" : "stop the StatefulSet controller");
            pass.Pending(ReasonCodes.NotObserved, $"{pass.SetName}: the partition is written; the StatefulSet controller goes by it once it has seen it.");
        }
        else if (!pass.Set.IsObserved)
        {
            pass.Pending(ReasonCodes.NotObserved, Endings.NotObserved(in pass));
        }

        if (pass.Pause is not PauseKind.None)
        {
            var (reason, message) = Pauses.Explain(in pass);
            pass.Pending(reason, message);
        }
        else if (pass.Request.Zone is { } zone)
        {
            pass.Pending(zone.Reason, $"{pass.Set.Namespace}/{zone.Message}");
        }

        Unstick(ref pass);
        OpenWhatIsThrough(ref pass);
    }

    /// <summary>
    /// Replaces a pod that cannot become ready out of turn: the built-in controller comes to it when all above it are done, and a gate that counts it as away may keep
    /// the next one from going until then, for ever. It comes back at the target, since the partition does not reach it.
    /// </summary>
    private static void Unstick(ref Pass pass)
    {
        for (var i = pass.InFlight.Count - 1; i >= 0; i--)
        {
            var entry = pass.InFlight[i];
            if (pass.IndexOf(entry.Ordinal) is >= 0 and var standing && pass.Facts[standing].Is(PodFlags.Standing))
            {
                StuckPods.Follow(ref pass, entry, standing);
                return;
            }
        }

        if (StuckPods.Highest(in pass) is >= 0 and var index
            && (pass.Set.Strategy.EffectivePartition <= index || pass.PodOf(index).Revision != pass.Set.CurrentRevision)
            && !Admission.IsShut(ref pass)
            && StuckPods.MayReplace(ref pass, index))
        {
            var gates = Admission.Gates(ref pass, index);
            if (gates.IsOpen)
            {
                Intents.Remove(ref pass, index, InFlightAction.ReplaceStuck, gates);
            }
        }
    }

    /// <summary>Opens the gates of pods at the goal that proved themselves.</summary>
    internal static void OpenWhatIsThrough(ref Pass pass)
    {
        for (var i = pass.Facts.Length - 1; i >= 0 && pass.Memory.Driver is UpdateDriver.Native; i--)
        {
            if (!pass.Facts[i].Is(PodFlags.AtTarget) || pass.Facts[i].Is(PodFlags.Acted) || !IsClosed(in pass, i) || !pass.PodOf(i).IsReadyButForGate)
            {
                continue;
            }

            if (HasArrived(in pass, i))
            {
                OpenWhenThrough(ref pass, i);
            }
            else
            {
                // Its readiness does not change while it waits, so nothing else would call.
                pass.Wake(pass.Policy.MinReadyDuration - (pass.Now - pass.PodOf(i).ContainersReadySince!.Value));
            }
        }
    }

    /// <summary>
    /// Opens the gates of pods that the rollout is not about, and of all while an expected pod is missing: nobody waits for us to come back
    /// (rule 5). Whatever the pause. Not that of a pod at the goal which alone keeps the built-in controller from taking the next one beside a pod that is missing below: under
    /// Parallel, without which there is no driver Native, that one is created whatever gates say.
    /// </summary>
    internal static void OpenWhatNoRolloutIsAbout(ref Pass pass)
    {
        if (pass.Memory.Driver is not UpdateDriver.Native)
        {
            return;
        }

        for (var i = 0; i < pass.Facts.Length; i++)
        {
            // A revision that is neither the goal nor the current one may be newer than what the stores show of the set.
            if (IsClosed(in pass, i) && ((pass.Counts.Missing > 0 && !LetsNextGoBesideOneMissing(in pass, i)) || (!pass.Facts[i].Is(PodFlags.AtTarget) && pass.PodOf(i).Revision == pass.Set.CurrentRevision)))
            {
                Open(ref pass, i, pass.Counts.Missing > 0 ? "an expected pod is missing" : "no rollout is about this pod");
            }
        }
    }

    private static bool LetsNextGoBesideOneMissing(in Pass pass, int index)
    {
        var next = pass.Facts[index].Is(PodFlags.AtTarget) ? Next(in pass) : -1;
        if (next < 0 || index < next || (pass.Set.IsObserved && next < pass.Set.Strategy.EffectivePartition))
        {
            return false;
        }

        foreach (var fact in pass.Facts[..next])
        {
            if (fact.Is(PodFlags.Missing))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Tells whether only our gate keeps a pod from being ready, for long enough.</summary>
    internal static bool HasArrived(in Pass pass, int index) =>
        IsClosed(in pass, index) && pass.PodOf(index) is { IsReadyButForGate: true } pod && pass.Now - pod.ContainersReadySince >= pass.Policy.MinReadyDuration;

    /// <summary>Ends the rollout when a pod takes longer than it may: the built-in controller took it, so the time counts from its creation.</summary>
    internal static bool MissedDeadline(ref Pass pass)
    {
        if (pass.Memory.Driver is not UpdateDriver.Native || pass.Memory.Revert is not null)
        {
            return false;
        }

        for (var i = 0; i < pass.Facts.Length; i++)
        {
            // One that is through is not late, however long the next one is not allowed to go: that wait has the gate's timeout and rolloutDeadline.
            if (!pass.Facts[i].Is(PodFlags.AtTarget) || pass.Facts[i].Is(PodFlags.Passed) || IsThrough(in pass, i))
            {
                continue;
            }

            var pod = pass.PodOf(i);
            var began = pass.Memory.StartedAt is { } start && start > pod.CreatedAt ? start : pod.CreatedAt;
            var (taken, allowed) = (Deadlines.Since(in pass, began, TimeSpan.Zero), pass.Policy.PodDeadline);
            if (taken >= allowed)
            {
                var fact = HasArrived(in pass, i) ? Words.Of("its gates did not pass") : PodStages.Explain(ref pass, i).Message;
                Reverts.Fail(ref pass, ReasonCodes.DeadlineExceeded, $"{pass.Set.Namespace}/{pod.Name}: not done {Text.Of(taken)} after it was created, podDeadline is {Text.Of(allowed)}: {fact}");
                return true;
            }

            Arrivals.Wake(ref pass, allowed - taken);
        }

        return false;
    }

    /// <summary>The partition that lets pods go on, or under a pause stops before the next one that was not taken yet.</summary>
    private static long PartitionFor(in Pass pass)
    {
        if (pass.Pause is PauseKind.None && pass.Request.Zone is null && pass.Counts.Taken < pass.StepLimit)
        {
            return 0;
        }

        for (var i = pass.Facts.Length - 1; i >= 0; i--)
        {
            if (!pass.Facts[i].Is(PodFlags.AtTarget | PodFlags.Missing | PodFlags.Terminating))
            {
                return i + 1;
            }
        }

        return 0;
    }

    private static bool IsClosed(in Pass pass, int index) => pass.Facts[index].Pod >= 0 && pass.PodOf(index) is { Gate: PodGate.Closed, IsTerminating: false };

    /// <summary>Its AfterPod gates passed, and the built-in controller may take the next pod, or is kept from it by the partition.</summary>
    private static void OpenWhenThrough(ref Pass pass, int index)
    {
        var pod = pass.PodOf(index);
        if (!IsProven(in pass, index))
        {
            pass.HoldPod(index, ReasonCodes.ReadinessGateClosed, $"{pass.Set.Namespace}/{pod.Name}: its readiness gate opens when its AfterPod gates pass.");
            return;
        }

        var next = Next(in pass);
        var isStopped = pass.Set.IsObserved && next < pass.Set.Strategy.EffectivePartition;

        // The built-in controller waits for the pods above the one that it takes next, not for those below.
        if (next >= 0 && index > next && !isStopped)
        {
            if (pass.Pause is not PauseKind.None || pass.Request.Zone is not null || pass.Set.Strategy.EffectivePartition != PartitionFor(in pass))
            {
                pass.HoldPod(index, ReasonCodes.ReadinessGateClosed, $"{pass.Set.Namespace}/{pod.Name}: its readiness gate opens once the StatefulSet controller is kept from {pass.Named(next)}.");
                return;
            }

            if (UnprovenBeside(in pass, index, next) is >= 0 and var unproven)
            {
                pass.HoldPod(index, ReasonCodes.ReadinessGateClosed, $"{pass.Set.Namespace}/{pod.Name}: is through, and its readiness gate opens when the AfterPod gates of {pass.Named(unproven)} passed: until then {pass.Named(next)} may not go.");
                return;
            }

            if (AwayBelow(in pass, next) is >= 0 and var away)
            {
                pass.HoldPod(index, ReasonCodes.ReadinessGateClosed, $"{pass.Set.Namespace}/{pod.Name}: is through, and its readiness gate opens when {pass.Named(away)} is back: until then {pass.Named(next)} may not go.");
                return;
            }

            var gates = Admission.Gates(ref pass, next);
            if (!gates.IsOpen)
            {
                pass.HoldPod(index, ReasonCodes.ReadinessGateClosed, $"{pass.Set.Namespace}/{pod.Name}: is through, and its readiness gate opens when {pass.Named(next)} may go: {gates.Message}");
                return;
            }

            Gatekeeping.Consume(ref pass, pass.NameOf(next), gates);
        }

        Open(ref pass, index, "its gates passed");
    }

    /// <summary>The pod that the built-in controller takes next: the highest that is not at the target, if it serves.</summary>
    private static int Next(in Pass pass)
    {
        for (var i = pass.Facts.Length - 1; i >= 0; i--)
        {
            if (!pass.Facts[i].Is(PodFlags.AtTarget | PodFlags.Missing | PodFlags.Terminating))
            {
                return pass.Facts[i].Is(PodFlags.Available) ? i : -1;
            }
        }

        return -1;
    }

    /// <summary>A pod at the goal, above the one that is next and not this one, whose AfterPod gates have not passed: one that opened while a pod was missing; −1 when there is none.</summary>
    private static int UnprovenBeside(in Pass pass, int index, int next)
    {
        for (var i = pass.Facts.Length - 1; i > next; i--)
        {
            if (i != index && pass.Facts[i].Is(PodFlags.AtTarget) && !IsProven(in pass, i))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>The highest pod below one that serves nobody, or is about to: two would be away if that one went (rule 1); −1 when there is none.</summary>
    private static int AwayBelow(in Pass pass, int index)
    {
        for (var i = index - 1; i >= 0; i--)
        {
            if (pass.Facts[i].UsesBudget)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Tells whether a pod at the goal did all that was asked of it: what it waits for since, or what becomes of it, is no matter of its own deadline.</summary>
    private static bool IsThrough(in Pass pass, int index) =>
        PodStages.HasAfterPodGate(pass.Policy) ? PodStages.IsRecorded(pass.Passed, pass.PodOf(index)) : pass.PodOf(index).Gate is PodGate.Open || HasArrived(in pass, index);

    /// <summary>Tells whether a pod's AfterPod gates passed, or there is none.</summary>
    private static bool IsProven(in Pass pass, int index) => !PodStages.HasAfterPodGate(pass.Policy) || PodStages.IsRecorded(pass.Passed, pass.PodOf(index));

    private static void Open(ref Pass pass, int index, string why)
    {
        var pod = pass.PodOf(index);
        pass.Flag(index, PodFlags.Acted);
        pass.Actions.Add(new OpenGate(pod.Name, pod.Uid, why));
    }
}

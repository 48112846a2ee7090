using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>Pods that reached the target: their AfterPod gates, and the deadline of those that do not get there.</summary>
internal static class Arrivals
{
    /// <summary>Asks the AfterPod gates of every pod that is available at the target and has not passed them.</summary>
    /// <returns>False when a gate that may not time out did: the rollout ends.</returns>
    internal static bool Gate(ref Pass pass)
    {
        for (var i = 0; i < pass.Facts.Length; i++)
        {
            var fact = pass.Facts[i];
            if (!fact.Is(PodFlags.AtTarget) || fact.Is(PodFlags.Passed) || (!fact.Is(PodFlags.Available) && !NativeDriver.HasArrived(in pass, i)))
            {
                continue;
            }

            var pod = pass.PodOf(i);
            if (!fact.Is(PodFlags.Available) && PodStages.IsRecorded(pass.Passed, pod))
            {
                // Passed, and not ready yet: its readiness gate is about to open.
                continue;
            }

            var entry = EntryOf(in pass, pod.Ordinal);
            var began = PodStages.SinceOf(in pass, pod, PodStage.AfterPodGate, pass.Now);
            if (entry is { } late && began < late.Since)
            {
                // Ready times are on the kubelet's clock, which may be behind ours.
                began = late.Since;
            }

            var waited = entry is { } flight ? Deadlines.Since(in pass, began, flight.PausedBefore) : Deadlines.OfGateWait(in pass);
            var gates = Gatekeeping.Ask(
                ref pass, GatePhase.AfterPod, Gatekeeping.Alone(ref pass, pod.Uid), pod.Uid, $"{pass.Set.Namespace}/{pod.Name}", entry?.Baselines ?? [], waited);
            if (gates.Failed is not null)
            {
                Fail(ref pass, entry, gates.Reason!, gates.Message);
                return false;
            }

            if (gates.IsOpen)
            {
                Pass(ref pass, i, pod, entry, gates);
            }
            else
            {
                pass.Flag(i, PodFlags.Gated);
                pass.HoldPod(i, gates.Reason!, gates.Message);
                if (gates.Prepares is { } gate)
                {
                    pass.Actions.Add(new PrepareGate(gate, pod.Name, pod.Uid));
                }
            }
        }

        return true;
    }

    /// <summary>Ends the rollout when a pod in flight, or the rollout as a whole, took longer than it may.</summary>
    /// <returns>True when a deadline was missed.</returns>
    internal static bool MissedDeadline(ref Pass pass)
    {
        if (NativeDriver.MissedDeadline(ref pass))
        {
            return true;
        }

        foreach (var entry in pass.InFlight.Items)
        {
            var (taken, allowed) = (SinceProgress(in pass, entry), pass.Policy.PodDeadline);
            if (taken < allowed)
            {
                Wake(ref pass, allowed - taken);
            }
            else
            {
                var index = pass.IndexOf(entry.Ordinal);
                var fact = index < 0 ? default : entry.Stage is PodStage.Intended or PodStage.AfterPodGate ? Words.Of($"it is still in stage {entry.Stage}") : PodStages.Explain(ref pass, index).Message;
                Fail(ref pass, entry, ReasonCodes.DeadlineExceeded, $"{pass.Set.Namespace}/{entry.Pod}: not done {Text.Of(taken)} after its replacement began, podDeadline is {Text.Of(allowed)}: {fact}");
                return true;
            }
        }

        var (whole, limit) = (Deadlines.OfRollout(in pass), Deadlines.LimitOf(in pass));
        if (whole < limit)
        {
            Wake(ref pass, limit - whole);
            return false;
        }

        Reverts.Fail(ref pass, ReasonCodes.DeadlineExceeded, pass.Memory.Revert is null
            ? Words.Of($"{pass.SetName}: {pass.Counts.Done} of {pass.Facts.Length} pods done {Text.Of(whole)} after the start, rolloutDeadline is {Text.Of(limit)}; create a new rollout to go on.")
            : Words.Of($"{pass.SetName}: not back {Text.Of(whole)} after it began to go back, which may take twice rolloutDeadline, {Text.Of(limit)}; create a new rollout to go on."));
        return true;
    }

    /// <summary>How long a pod has been in flight, or since an AfterPod gate last saw it get on.</summary>
    private static TimeSpan SinceProgress(in Pass pass, Flight entry)
    {
        var taken = Deadlines.OfPod(in pass, entry);
        var index = pass.IndexOf(entry.Ordinal);
        if (index < 0 || pass.Facts[index].Pod < 0)
        {
            return taken;
        }

        foreach (var gate in pass.Policy.Gates)
        {
            var uid = pass.PodOf(index).Uid;
            var report = Gatekeeping.Find(pass.Input.Reports, gate.Name, GatePhase.AfterPod, new ReadOnlySpan<string>(in uid), pass.Request.TargetRevision);
            taken = Gatekeeping.SinceProgress(in pass, taken, report) ?? taken;
        }

        return taken;
    }

    internal static Flight? EntryOf(in Pass pass, long ordinal)
    {
        foreach (var entry in pass.InFlight.Items)
        {
            if (entry.Ordinal == ordinal)
            {
                return entry;
            }
        }

        return null;
    }

    internal static void Wake(ref Pass pass, TimeSpan left)
    {
        if (pass.Memory.PausedSince is null)
        {
            pass.Wake(left);
        }
    }

    private static void Pass(ref Pass pass, int index, PodSnapshot pod, Flight? entry, in GateStanding gates)
    {
        Gatekeeping.Consume(ref pass, pod.Name, gates);
        pass.Record(pod);
        pass.Flag(index, pass.Facts[index].Is(PodFlags.Available) ? PodFlags.Passed : PodFlags.None);
        if (entry is { } flight)
        {
            Intents.Drop(ref pass, flight);
        }

        PodStages.Count(ref pass);
    }

    private static void Fail(ref Pass pass, Flight? entry, ReasonCode reason, Words message)
    {
        if (entry is { } flight)
        {
            pass.Remember(flight with { Stage = PodStage.Failed, StageSince = pass.Now });
        }

        Reverts.Fail(ref pass, reason, message);
    }
}

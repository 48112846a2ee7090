using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>Classifies pods from facts alone. Memory only says which pods were taken, and which passed their gates.</summary>
internal static class PodStages
{
    /// <summary>From this many restarts on a crash loop counts as one that does not heal by itself.</summary>
    internal const int HopelessRestarts = 3;

    /// <summary>Fills the facts, one per expected ordinal, and counts them.</summary>
    internal static void Classify(ref Pass pass)
    {
        pass.Counts = default;
        for (var i = 0; i < pass.Facts.Length; i++)
        {
            pass.Facts[i] = new PodFact(-1, PodFlags.Missing);
        }

        var gated = HasAfterPodGate(pass.Policy);
        var pods = pass.Input.Snapshot.Pods;
        for (var p = 0; p < pods.Length; p++)
        {
            var index = pass.IndexOf(pods[p].Ordinal);
            if (index < 0)
            {
                pass.Counts.Extra++;
            }
            else
            {
                pass.Facts[index] = new(p, FlagsOf(ref pass, pods[p], gated));
            }
        }

        foreach (var entry in pass.InFlight.Items)
        {
            if (pass.IndexOf(entry.Ordinal) is >= 0 and var index)
            {
                pass.Flag(index, PodFlags.InFlight | (Stands(in pass, entry) ? PodFlags.Standing : PodFlags.None));
            }
        }

        Count(ref pass);
    }

    /// <summary>Counts the facts again, after flags changed.</summary>
    internal static void Count(ref Pass pass)
    {
        var (away, used, done, missing, atTarget, unproven, standing, stale, untaken, givenUp) = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        foreach (var fact in pass.Facts)
        {
            away += fact.IsAway ? 1 : 0;
            used += fact.UsesBudget ? 1 : 0;
            givenUp += fact.GoesBackFirst ? 1 : 0;
            done += fact.IsDone ? 1 : 0;
            missing += fact.Is(PodFlags.Missing) ? 1 : 0;
            atTarget += fact.Is(PodFlags.AtTarget) ? 1 : 0;
            unproven += fact.Is(PodFlags.AtTarget) && !fact.Is(PodFlags.Passed | PodFlags.InFlight) ? 1 : 0;
            standing += fact.Is(PodFlags.Standing) && fact.Is(PodFlags.Available) ? 1 : 0;
            stale += fact.Is(PodFlags.AtTarget | PodFlags.Missing) ? 0 : 1;
            untaken += fact.Is(PodFlags.AtTarget | PodFlags.Missing | PodFlags.Terminating | PodFlags.InFlight) ? 0 : 1;
        }

        var byStatus = Math.Max(0, pass.Facts.Length - pass.Set.AvailableReplicas);
        pass.Counts = pass.Counts with
        {
            Away = away,
            AwayByStatus = byStatus,
            StandingAvailable = standing,
            Used = Math.Max(used, byStatus + standing),
            GivenUp = givenUp,
            Done = done,
            Missing = missing,
            AtTarget = atTarget,
            Unproven = unproven,
            Stale = stale,
            Taken = pass.Facts.Length - untaken,
        };
    }

    /// <summary>Tells whether the incarnation that an intent names still stands: there, and not terminating.</summary>
    internal static bool Stands(in Pass pass, Flight entry) =>
        Find(in pass, entry.Ordinal) is { IsTerminating: false } pod && pod.Uid == entry.Uid;

    /// <summary>Finds a pod by ordinal, expected or not; null when there is none.</summary>
    internal static PodSnapshot? Find(in Pass pass, long ordinal)
    {
        if (pass.IndexOf(ordinal) is >= 0 and var index)
        {
            return pass.Facts[index].Pod < 0 ? null : pass.PodOf(index);
        }

        foreach (var pod in pass.Input.Snapshot.Pods)
        {
            if (pod.Ordinal == ordinal)
            {
                return pod;
            }
        }

        return null;
    }

    /// <summary>The stage of an intent's pod, as facts tell it.</summary>
    internal static PodStage StageOf(in Pass pass, Flight entry)
    {
        var index = pass.IndexOf(entry.Ordinal);
        if (Find(in pass, entry.Ordinal) is not { } pod)
        {
            return PodStage.Missing;
        }

        if (pod.IsTerminating)
        {
            return PodStage.Terminating;
        }

        if (pod.Uid == entry.Uid)
        {
            return PodStage.Intended;
        }

        if (pod.Revision != pass.Goal)
        {
            return PodStage.Pending;
        }

        return index < 0 ? PodStage.Updated : ArrivalOf(pass.Facts[index]);
    }

    /// <summary>The stage of a pod at the target.</summary>
    internal static PodStage ArrivalOf(PodFact fact) => fact switch
    {
        _ when fact.Is(PodFlags.Terminating) => PodStage.Terminating,
        _ when fact.Is(PodFlags.Passed) => PodStage.Updated,
        _ when fact.Is(PodFlags.Available) => PodStage.AfterPodGate,
        _ when fact.Is(PodFlags.Ready) => PodStage.Settling,
        _ => PodStage.Starting,
    };

    /// <summary>When a stage was entered, from facts where they tell, else from memory.</summary>
    internal static DateTimeOffset SinceOf(in Pass pass, PodSnapshot? pod, PodStage stage, DateTimeOffset remembered) => stage switch
    {
        PodStage.Starting when pod is not null => pod.CreatedAt,
        PodStage.Settling when pod?.ReadySince is { } ready => ready,
        PodStage.AfterPodGate when pod?.ReadySince is { } ready => ready + pass.MinReady,
        _ => remembered,
    };

    /// <summary>Tells whether the trouble of a pod that is not ready cannot heal without replacing the pod.</summary>
    internal static bool IsHopeless(PodSnapshot pod) => pod.Trouble switch
    {
        PodTrouble.None => false,
        PodTrouble.CrashLoop => pod.Restarts >= HopelessRestarts,
        PodTrouble.ImagePull or PodTrouble.ConfigError or PodTrouble.Unschedulable => true,
    };

    /// <summary>
    /// Tells whether a pod that is not ready may be replaced without asking the gates: nothing of it runs that could stop, and its data stays. Not so one in
    /// trouble with a sidecar, whose member may serve its peers, nor one that would take the last copy of its data along.
    /// </summary>
    internal static bool HasNothingToLose(PodSnapshot pod) => IsHopeless(pod) && !pod.HasRunningContainer && !pod.TakesDataAlong;

    /// <summary>What is the matter with a pod that is stuck, in words.</summary>
    internal static Words TroubleOf(PodSnapshot pod) => pod.Trouble is PodTrouble.None ? Words.Of("runs, and is not ready") : Words.Of($"{pod.Trouble}: {pod.TroubleMessage}");

    /// <summary>
    /// Tells whether a pod of another revision than the target cannot become ready. One that runs and shows no other trouble gets as long as a pod
    /// in flight gets: its readiness may come back by itself, but if nothing ended the wait, the fix of a revision whose probe never passes
    /// could never be rolled (kubernetes #67250).
    /// </summary>
    private static bool IsStuck(ref Pass pass, PodSnapshot pod)
    {
        if (pod.Trouble is not PodTrouble.None || pod.Phase is not PodPhase.Running)
        {
            return IsHopeless(pod);
        }

        if (pod.UnreadySince is not { } since)
        {
            return false;
        }

        var left = since + pass.Policy.PodDeadline - pass.Now;
        if (left > TimeSpan.Zero)
        {
            pass.Wake(left);
        }

        return left <= TimeSpan.Zero;
    }

    /// <summary>Tells whether this incarnation's AfterPod gates passed.</summary>
    internal static bool IsRecorded(ReadOnlySpan<PassedPod> passed, PodSnapshot pod)
    {
        // Sorted by ordinal, so 1,000 pods cost ten comparisons each.
        var (low, high) = (0, passed.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var entry = passed[middle];
            if (entry.Ordinal == pod.Ordinal)
            {
                return pod.Uid.StartsWith(entry.UidPrefix, StringComparison.Ordinal);
            }

            (low, high) = entry.Ordinal < pod.Ordinal ? (middle + 1, high) : (low, middle - 1);
        }

        return false;
    }

    internal static bool HasAfterPodGate(UpdatePolicy policy)
    {
        foreach (var gate in policy.Gates)
        {
            if ((gate.RunAt & GatePhases.AfterPod) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Why a pod that is away, or not proven, waits: one code and one sentence.</summary>
    internal static (ReasonCode Reason, Words Message) Explain(ref Pass pass, int index)
    {
        var fact = pass.Facts[index];
        Words name = $"{pass.Set.Namespace}/{pass.Named(index)}";
        if (fact.Is(PodFlags.Missing))
        {
            if (pass.Input.Snapshot.CreateFailure is { Length: > 0 } failure)
            {
                // The built-in controller pauses longer after each refusal, up to 1000 s; any write to the object makes it try at once.
                return (ReasonCodes.PodMissing, $"{name}: the pod does not exist: {failure}; once that is mended the StatefulSet controller tries again within 17 minutes, and at once when the StatefulSet is annotated.");
            }

            return (ReasonCodes.PodMissing, $"{name}: the pod does not exist; the StatefulSet controller creates it.");
        }

        var pod = pass.PodOf(index);
        var node = pod.Node.Length > 0 ? Words.Of($" on node {pod.Node}") : default;
        if (fact.Is(PodFlags.Terminating))
        {
            return (ReasonCodes.PodTerminating, $"{name}: the pod is terminating{node}; wait for its grace period, or force its deletion if the node is dead.");
        }

        if (pod.IsReadyButForGate)
        {
            return (ReasonCodes.ReadinessGateClosed, $"{name}: its containers are ready; its readiness gate opens when its gates pass.");
        }

        if (!fact.Is(PodFlags.Ready))
        {
            var trouble = pod.Trouble is PodTrouble.None ? default : Words.Of($", {pod.Trouble}: {pod.TroubleMessage}");
            return (ReasonCodes.PodNotReady, $"{name}: the pod is not ready ({pod.Phase}{node}, {pod.Restarts} restarts{trouble}); look at its events and logs.");
        }

        var readyFor = pass.Now - pod.ReadySince!.Value;
        if (readyFor < pass.MinReady)
        {
            pass.Wake(pass.MinReady - readyFor);
            return (ReasonCodes.PodSettling, $"{name}: ready for {Text.Of(readyFor)} of {Text.Of(pass.MinReady)}; nothing to do.");
        }

        return (ReasonCodes.WaitsTurn, $"{name}: waits.");
    }

    private static PodFlags FlagsOf(ref Pass pass, PodSnapshot pod, bool gated)
    {
        var flags = PodFlags.None;
        var atTarget = pod.Revision == pass.Goal;
        var available = pod.IsAvailable(pass.MinReady, pass.Now);
        flags |= pod.IsTerminating ? PodFlags.Terminating : PodFlags.None;
        flags |= pod.IsReady ? PodFlags.Ready : PodFlags.None;
        flags |= available ? PodFlags.Available : PodFlags.None;
        flags |= atTarget ? PodFlags.AtTarget : PodFlags.None;
        flags |= atTarget && available && (!gated || IsRecorded(pass.Passed, pod)) ? PodFlags.Passed : PodFlags.None;
        flags |= !atTarget && !pod.IsReady && !pod.IsTerminating && (Reverts.IsGivenUp(in pass, pod) || IsStuck(ref pass, pod)) ? PodFlags.Stuck : PodFlags.None;
        flags |= available && gated && Reverts.TakesBack(in pass, pod) && !IsRecorded(pass.Passed, pod) ? PodFlags.GivenUp : PodFlags.None;
        return flags;
    }
}

using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>What a decision tells people: one hold for each pod that waits, the stages of the pods in flight, and the one sentence above.</summary>
internal static class Progress
{
    private const int MostNames = 10;

    /// <summary>Gives every pod that waits, and has no hold yet, its one hold (rule 6).</summary>
    internal static void Explain(ref Pass pass)
    {
        var isFirst = true;
        for (var i = 0; i < pass.Facts.Length; i++)
        {
            var fact = pass.Facts[i];
            if (!Waits(fact))
            {
                continue;
            }

            if (!fact.Is(PodFlags.AtTarget | PodFlags.InFlight) && fact.Is(PodFlags.Available))
            {
                if (pass.PendingReason is null)
                {
                    pass.Pending(ReasonCodes.WaitsTurn, $"{pass.SetName}: waits for its turn; {pass.Counts.Done} of {pass.Facts.Length} pods are done.");
                }

                pass.HoldPod(i, pass.PendingReason!, pass.PendingMessage);
            }
            else
            {
                // What is told first is one of these: it names the others that are lost, as when a node pool is.
                var (why, text) = PodStages.Explain(ref pass, i);
                var others = isFirst || fact.Is(PodFlags.InFlight) ? OthersLost(in pass, i) : default;
                isFirst = false;
                pass.HoldPod(i, why, others.IsEmpty ? text : Words.Of($"{text} Away too: {others}."));
            }
        }
    }

    /// <summary>Names the pods beside this one that do not serve, and not because this rollout took them; the highest first.</summary>
    private static Words OthersLost(in Pass pass, int index)
    {
        var (names, count) = (default(Words), 0);
        for (var i = pass.Facts.Length - 1; i >= 0; i--)
        {
            if (i != index && pass.Facts[i].IsAway && !pass.Facts[i].Is(PodFlags.InFlight) && ++count <= MostNames)
            {
                names.AppendLiteral(count > 1 ? ", " : "");
                names.AppendFormatted(pass.Named(i));
            }
        }

        return count > MostNames ? Words.Of($"{names} and {count - MostNames} more") : names;
    }

    /// <summary>The stages of the pods in flight, at a gate, or failed.</summary>
    internal static ImmutableArray<PodProgress> Of(ref Pass pass)
    {
        var list = pass.Scratch.Pods;
        foreach (var entry in pass.InFlight.Items)
        {
            var index = pass.IndexOf(entry.Ordinal);
            var pod = PodStages.Find(in pass, entry.Ordinal);
            var role = index < 0 ? MemberRole.Unknown : PodOrder.RoleOf(in pass, index);
            list.Add(new PodProgress(entry.Pod, entry.Stage, role, PodStages.SinceOf(in pass, pod, entry.Stage, entry.StageSince)));
        }

        for (var i = 0; i < pass.Facts.Length; i++)
        {
            var fact = pass.Facts[i];
            if (fact.Is(PodFlags.Gated) && !fact.Is(PodFlags.InFlight | PodFlags.Passed))
            {
                var stage = fact.Is(PodFlags.AtTarget) ? PodStage.AfterPodGate : PodStage.BeforePodGate;
                list.Add(new PodProgress(pass.NameOf(i), stage, PodOrder.RoleOf(in pass, i), pass.Memory.StateSince));
            }
        }

        return list.ToImmutable();
    }

    /// <summary>The reason and the message of the Succeeded condition.</summary>
    internal static (ReasonCode Reason, Words Message) Summary(ref Pass pass)
    {
        if (pass.Memory.Ending is { } ending && Endings.IsFinal(pass.Memory.State))
        {
            return (ReasonOf(pass.Memory.State, ending), Words.Of(ending.Message));
        }

        var text = pass.Memory.Revert is { } revert
            ? Words.Of($"goes back to {pass.Goal}, {pass.Counts.Done} of {pass.Facts.Length} pods are there: {revert.Message}")
            : Words.Of($"{pass.Counts.Done} of {pass.Facts.Length} pods updated");
        if (pass.Memory.Ending is not null)
        {
            text = $"ends as {pass.Memory.Ending.State}: {pass.Memory.Ending.Message}";
        }
        else if (Main(ref pass) is { } hold)
        {
            text = $"{text}; {hold.Message}";
        }

        return (ReasonNow(ref pass), text);
    }

    private static ReasonCode ReasonOf(RolloutState state, RolloutEnding ending) => state switch
    {
        RolloutState.PreflightFailed => ReasonCodes.Find(ending.Reason) ?? ReasonCodes.PreflightFailed,
        RolloutState.Completed => ReasonCodes.Completed,
        RolloutState.NoChange => ReasonCodes.NoChange,
        RolloutState.Cancelled => ending.Reason == ReasonCodes.GroupStopped.Code ? ReasonCodes.GroupStopped : ReasonCodes.Cancelled,
        RolloutState.Superseded => ReasonCodes.Superseded,
        RolloutState.RolledBack => ReasonCodes.RolledBack,
        _ => ReasonCodes.Find(ending.Reason) ?? ReasonCodes.DeadlineExceeded,
    };

    private static ReasonCode ReasonNow(ref Pass pass) => pass.Memory.State switch
    {
        RolloutState.Queued => ReasonCodes.Queued,
        RolloutState.GateWaiting => ReasonCodes.GateWaiting,
        RolloutState.Suspended => ReasonCodes.Suspended,
        RolloutState.OutsideWindow => ReasonCodes.OutsideWindow,
        RolloutState.AwaitingApproval => ReasonCodes.AwaitingApproval,
        RolloutState.StepPausing => ReasonCodes.StepPausing,
        RolloutState.Reverting => ReasonCodes.Reverting,
        _ => pass.IsWaitingForGate ? ReasonCodes.GateWaiting : ReasonCodes.Running,
    };

    /// <summary>The hold that says most: of the rollout as a whole, else of a pod that is not only waiting for others.</summary>
    private static HoldDraft? Main(ref Pass pass)
    {
        HoldDraft? main = null;
        foreach (var hold in pass.Holds.Items)
        {
            if (hold.Index < 0)
            {
                return hold;
            }

            if (main is null || (ReasonCodes.IsAboutOthers(main.Value.Reason) && !ReasonCodes.IsAboutOthers(hold.Reason)))
            {
                main = hold;
            }
        }

        return main;
    }

    private static bool Waits(PodFact fact) => !fact.IsDone && !fact.Is(PodFlags.Acted | PodFlags.Held);
}

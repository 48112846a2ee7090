using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>What a decision tells people: one hold for each pod that waits, the stages of the pods in flight, and the one sentence above.</summary>
internal static class Progress
{
    /// <summary>Gives every pod that waits, and has no hold yet, its one hold (rule 6).</summary>
    internal static void Explain(ref Pass pass)
    {
        var missing = 0;
        foreach (var fact in pass.Facts)
        {
            missing += Waits(fact) ? 1 : 0;
        }

        pass.Holds.Reserve(missing);
        var reason = pass.PendingReason ?? ReasonCodes.WaitsTurn;
        string? message = null;
        for (var i = 0; i < pass.Facts.Length; i++)
        {
            var fact = pass.Facts[i];
            if (!Waits(fact))
            {
                continue;
            }

            if (!fact.Is(PodFlags.AtTarget | PodFlags.InFlight) && fact.Is(PodFlags.Available))
            {
                message ??= pass.PendingReason is null ? DefaultMessage(ref pass) : pass.PendingMessage;
                pass.HoldPod(i, reason, message);
            }
            else
            {
                var (why, text) = PodStages.Explain(ref pass, i);
                pass.HoldPod(i, why, text);
            }
        }
    }

    /// <summary>The stages of the pods in flight, at a gate, or failed.</summary>
    internal static ImmutableArray<PodProgress> Of(ref Pass pass)
    {
        var list = default(Outbox<PodProgress>);
        foreach (var entry in pass.Memory.InFlight)
        {
            var index = pass.IndexOf(entry.Ordinal);
            var pod = PodStages.Find(in pass, entry.Ordinal);
            var role = index < 0 ? MemberRole.Unknown : PodOrder.RoleOf(in pass, index);
            list.Add(new(entry.Pod, entry.Stage, role, PodStages.SinceOf(in pass, pod, entry.Stage, entry.StageSince)));
        }

        for (var i = 0; i < pass.Facts.Length; i++)
        {
            var fact = pass.Facts[i];
            if (fact.Is(PodFlags.Gated) && !fact.Is(PodFlags.InFlight | PodFlags.Passed))
            {
                var stage = fact.Is(PodFlags.AtTarget) ? PodStage.AfterPodGate : PodStage.BeforePodGate;
                list.Add(new(pass.NameOf(i), stage, PodOrder.RoleOf(in pass, i), pass.Memory.StateSince));
            }
        }

        return list.Take();
    }

    /// <summary>The reason and the message of the Succeeded condition.</summary>
    internal static (ReasonCode Reason, string Message) Summary(ref Pass pass)
    {
        if (pass.Memory.Ending is { } ending && Endings.IsFinal(pass.Memory.State))
        {
            return (ReasonOf(pass.Memory.State, ending), ending.Message);
        }

        var text = pass.Memory.Revert is { } revert
            ? $"goes back to {pass.Goal}, {pass.Counts.Done} of {pass.Facts.Length} pods are there: {revert.Message}"
            : $"{pass.Counts.Done} of {pass.Facts.Length} pods updated";
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
        RolloutState.PreflightFailed => ReasonCodes.PreflightFailed,
        RolloutState.Completed => ReasonCodes.Completed,
        RolloutState.NoChange => ReasonCodes.NoChange,
        RolloutState.Cancelled => ReasonCodes.Cancelled,
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
    private static Hold? Main(ref Pass pass)
    {
        Hold? main = null;
        foreach (var hold in pass.Holds.Items)
        {
            if (hold.Pod is null)
            {
                return hold;
            }

            if (main is null || (IsMinor(main.Reason) && !IsMinor(hold.Reason)))
            {
                main = hold;
            }
        }

        return main;
    }

    private static bool IsMinor(ReasonCode reason) => reason == ReasonCodes.WaitsTurn || reason == ReasonCodes.BudgetUsed;

    private static bool Waits(PodFact fact) => !fact.IsDone && !fact.Is(PodFlags.Acted | PodFlags.Held);

    private static string DefaultMessage(ref Pass pass) => $"{pass.SetName}: waits for its turn; {pass.Counts.Done} of {pass.Facts.Length} pods are done.";
}

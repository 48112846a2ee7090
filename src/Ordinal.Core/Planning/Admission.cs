using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>What must hold before any pod is taken, whatever the driver. Each refusal becomes the hold of the pods that wait.</summary>
internal static class Admission
{
    /// <summary>Tells whether no pod at all may be taken now, stuck ones included.</summary>
    internal static bool IsShut(ref Pass pass)
    {
        var snapshot = pass.Input.Snapshot;
        if (pass.Pause is not PauseKind.None)
        {
            var (reason, message) = Pauses.Explain(in pass);
            pass.Pending(reason, message);
        }
        else if (pass.Request.Zone is { } zone && pass.Memory.Revert is null)
        {
            if (zone.Until is { } until)
            {
                pass.Wake(until - pass.Now);
            }

            pass.Pending(zone.Reason, $"{pass.Set.Namespace}/{zone.Message}");
        }
        else if (!pass.Set.IsObserved)
        {
            pass.Pending(ReasonCodes.NotObserved, Endings.NotObserved(in pass));
        }
        else if (snapshot.Budgets.Length > 1)
        {
            pass.Pending(
                ReasonCodes.TwoDisruptionBudgets,
                $"{pass.SetName}: {snapshot.Budgets.Length} PodDisruptionBudgets select its pods ({Names(snapshot.Budgets)}), and the API server then refuses every eviction; delete all but one.");
        }
        else if (pass.Memory.BudgetSettlingUntil is { } settled && settled > pass.Now)
        {
            pass.Wake(settled - pass.Now);
            pass.Pending(ReasonCodes.DisruptionBudgetSettling, $"{pass.SetName}: an eviction was refused; the PodDisruptionBudget settles for another {Text.Of(settled - pass.Now)}.");
        }

        return pass.PendingReason is not null;
    }

    /// <summary>
    /// Tells whether a pod that serves may be taken: no scaling under way, nothing unproven before it, a place in the budget, and the
    /// PodDisruptionBudget agrees.
    /// </summary>
    internal static bool HasRoom(ref Pass pass, int takenNow) =>
        IsSettled(ref pass) && IsRecordable(ref pass) && Steps.HasRoom(ref pass) && Budget.HasPlace(ref pass) && Budget.DisruptionAllowed(ref pass, takenNow);

    /// <summary>The same for a pod whose intent is written already: it has its place in the budget, unless others fell.</summary>
    internal static bool HasRoomFor(ref Pass pass, int index, int takenNow) =>
        IsSettled(ref pass) && Steps.HasRoomForTaken(ref pass) && Budget.Fits(in pass, index) && Budget.DisruptionAllowed(ref pass, takenNow);

    /// <summary>Tells whether one more intent can be written down: without a record no pod is taken (rule 3).</summary>
    internal static bool IsRecordable(ref Pass pass)
    {
        if (pass.InFlight.Count < pass.Request.MostInFlight)
        {
            return true;
        }

        pass.Pending(ReasonCodes.BudgetUsed, $"{pass.SetName}: {pass.InFlight.Count} pods are in flight, as many as a rollout's status can hold; the next one goes when one of them is back.");
        return false;
    }

    /// <summary>What is said while pods that were scaled away still exist.</summary>
    internal static Words ScalingGoesFirst(in Pass pass) =>
        $"{pass.SetName}: {pass.Counts.Extra} pods outside the {pass.Facts.Length} wanted ones still exist; scaling goes first.{BlockingPods.Sentence(pass.Input.Snapshot, outside: true)}";

    private static bool IsSettled(ref Pass pass)
    {
        if (pass.Counts.Extra > 0)
        {
            // Not so for stuck pods: under OrderedReady the built-in controller does not scale down before they are well.
            pass.Pending(ReasonCodes.ScalingInProgress, ScalingGoesFirst(in pass));
            return false;
        }

        if (pass.Counts.Unproven > 0)
        {
            pass.Pending(ReasonCodes.WaitsTurn, $"{pass.SetName}: {pass.Counts.Unproven} pods at the target are not proven to be back; they come first.");
            return false;
        }

        return true;
    }

    /// <summary>Asks the BeforePod gates about one pod, together with those that are about to go. What is not open becomes the pod's hold.</summary>
    internal static GateStanding Gates(ref Pass pass, int index)
    {
        var pod = pass.PodOf(index);
        if (pass.Facts[index].Is(PodFlags.Stuck) && PodStages.HasNothingToLose(pod))
        {
            // Its containers do not run, so nothing of it can stop; its data stays; and if the workload is down because of such pods, no gate would ever open (U27).
            return GateStanding.Open;
        }

        Words what = $"{pass.Set.Namespace}/{pod.Name}";
        var gates = Gatekeeping.Ask(ref pass, GatePhase.BeforePod, Together(ref pass, pod.Uid), pod.Uid, what, since: Deadlines.OfGateWait(in pass));
        pass.Flag(index, PodFlags.Gated);
        if (gates.IsOpen && gates.Prepares is { } gate)
        {
            pass.Actions.Add(new PrepareGate(gate, pod.Name, pod.Uid));
            gates = new(false, ReasonCodes.GatePreparing, $"{what}: gate {gate} moves leadership away before it is taken.");
            pass.IsWaitingForGate = true;
            pass.Wake(IntervalOf(pass.Policy, gate));
        }

        if (!gates.IsOpen)
        {
            pass.HoldPod(index, gates.Reason!, gates.Message);
            pass.Pending(ReasonCodes.WaitsTurn, $"{pass.SetName}: {pod.Name} goes first, and waits: {gates.Reason}.");
        }

        return gates;
    }

    /// <summary>The pods that would be away together: this one, and those that are about to go.</summary>
    private static Stretch Together(ref Pass pass, string uid)
    {
        var (uids, from) = (pass.Scratch.Uids, pass.Scratch.Uids.Count);
        uids.Add(uid);
        foreach (var entry in pass.InFlight.Items)
        {
            if (entry.Uid != uid && PodStages.Stands(in pass, entry))
            {
                uids.Add(entry.Uid);
            }
        }

        var together = new Stretch(from, uids.Count - from);
        together.Of(uids).Sort(string.CompareOrdinal);
        return together;
    }

    private static TimeSpan IntervalOf(UpdatePolicy policy, string name)
    {
        foreach (var gate in policy.Gates)
        {
            if (gate.Name == name)
            {
                return gate.Interval;
            }
        }

        return TimeSpan.FromSeconds(5);
    }

    private static Words Names(ImmutableArray<DisruptionBudgetSnapshot> budgets)
    {
        var text = Words.Of(budgets[0].Name);
        for (var i = 1; i < budgets.Length; i++)
        {
            text.AppendLiteral(", ");
            text.AppendLiteral(budgets[i].Name);
        }

        return text;
    }
}

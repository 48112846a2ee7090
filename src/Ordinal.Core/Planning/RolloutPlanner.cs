using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// Decides what one rollout does next. Pure: the same input gives the same decision (rule 9), and deciding again on facts that did not move
/// disrupts nothing more.
/// </summary>
/// <remarks>
/// The algorithm. Each step either settles the pass, or lets the next one look.
/// <list type="number">
/// <item><b>Facts.</b> Every expected ordinal is classified from its pod: away, at the target, proven (its AfterPod gates passed), stuck.</item>
/// <item><b>Trust.</b> Memory of a newer format, stores that lag behind our own writes: hold, do nothing. A set that is gone: Failed.
/// A rollout that has ended only gives its claim back.</item>
/// <item><b>End.</b> If it was decided that the rollout ends, or now must (cancelled, superseded): burn every intent that could still act,
/// put the hold back, wait until the built-in controller has seen it, then enter the final state and give the claim back.</item>
/// <item><b>Start.</b> Preflight, then the claim as the only action of its pass, then the hold, then the BeforeRollout gates.</item>
/// <item><b>Foreign writes.</b> A generation that is not ours: one that released pods is undone once, the second ends the rollout; any other
/// means hold first, then plan.</item>
/// <item><b>Pauses.</b> The steps tell how many pods may be updated by now, and whether one of them is done and its pause is on.</item>
/// <item><b>Pods in flight.</b> Facts move their stages. One that arrived is asked about by the AfterPod gates; what passes is recorded by UID
/// and leaves the flight. One that misses its deadline ends the rollout.</item>
/// <item><b>Going back.</b> What failed, or was cancelled with Revert, has the revision that pods came from for its goal from then on; all the rest
/// of the algorithm stays as it is. See <see cref="Reverts"/>.</item>
/// <item><b>All done?</b> AfterRollout gates, the hold back, currentRevision at the target: Completed. A pod that falls back re-opens the run.</item>
/// <item><b>Next pod.</b> An intent whose pod still stands is carried out again if everything still allows it, else burnt. Then stuck pods, then
/// the order of the policy: each only when nothing is paused, scaling or unproven, the budget and the one PodDisruptionBudget have room, and
/// its BeforePod gates are open. The intent goes into memory together with the action.</item>
/// <item><b>Reasons.</b> Every pod that waits has exactly one hold: its own, or the reason why no further pod is taken.</item>
/// </list>
/// The caller writes <see cref="Decision.Memory"/> before it carries out <see cref="Decision.Actions"/>. If there are questions it asks the gates,
/// and decides again in the same pass with all current reports, what the stores show by then and a new <c>Now</c>, at most three times; only the last
/// decision counts.
/// After a <see cref="PrepareGate"/> it drops that gate's reports.
/// A decision allocates its result and nothing else: what a pass needs on the way is kept by the thread, see <see cref="Scratch"/> and <see cref="Words"/>.
/// </remarks>
public static class RolloutPlanner
{
    /// <summary>Decides.</summary>
    public static Decision Decide(RolloutInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var scratch = Scratch.Take();
        var pass = new Pass(input, scratch);

        Plan(ref pass);
        if (pass.Memory is { Revert: not null, Ending: null } && input.Memory.Revert is null)
        {
            // It turned round in this pass: the same facts, judged by the other goal.
            pass.StartOver();
            Plan(ref pass);
        }

        var decision = Conclude(ref pass);

        // Not in a finally: what a pass that threw left behind is thrown away with it.
        scratch.GiveBack();
        return Safety.FirstViolation(input, decision) is { } violation ? Safety.Refuse(input, decision, violation) : decision;
    }

    /// <summary>Decides when there is no StatefulSet of the name any more, so that no snapshot can be taken.</summary>
    /// <param name="target">The set as <c>namespace/name</c>.</param>
    public static Decision DecideGone(string target, RolloutMemory memory, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(memory);
        if (Endings.IsFinal(memory.State) && memory.Ending is { } ending)
        {
            return new Decision { Memory = memory, Reason = ReasonCodes.Find(ending.Reason) ?? ReasonCodes.TargetGone, Message = ending.Message };
        }

        var message = $"{target}: the StatefulSet does not exist; create it, then create a new rollout.";
        if (Endings.IsFinal(memory.State))
        {
            return new Decision { Memory = memory, Reason = ReasonCodes.TargetGone, Message = message };
        }

        return new Decision
        {
            Memory = memory with
            {
                State = RolloutState.Failed,
                StateSince = now,
                InFlight = [],
                Ending = new(RolloutState.Failed, ReasonCodes.TargetGone.Code, message),
            },
            Change = MemoryChange.Durable,
            Reason = ReasonCodes.TargetGone,
            Message = message,
        };
    }

    private static void Plan(ref Pass pass)
    {
        PodStages.Classify(ref pass);
        if (Trust.IsMissing(ref pass))
        {
            return;
        }

        Pauses.Follow(ref pass);
        if (MustEnd(ref pass) || !Start.HasHappened(ref pass) || !Start.HasClaim(ref pass) || ForeignWrites.Settle(ref pass))
        {
            return;
        }

        Intents.Follow(ref pass);
        NativeDriver.OpenWhatNoRolloutIsAbout(ref pass);
        if (!Arrivals.Gate(ref pass) || Arrivals.MissedDeadline(ref pass))
        {
            return;
        }

        // What arrived in this pass may have ended a step.
        Pauses.Follow(ref pass);
        if (Completion.IsDue(in pass))
        {
            Completion.Advance(ref pass);
        }
        else
        {
            Completion.Reopen(ref pass);
            Advance(ref pass);
            Completion.ExplainExtra(ref pass);
        }

        Settle(ref pass);
    }

    private static void Advance(ref Pass pass)
    {
        if (pass.Memory.Revert is { } revert)
        {
            Reverts.Advance(ref pass, revert);
            return;
        }

        Drive(ref pass);
    }

    /// <summary>Takes the next pods to the goal, as the driver does.</summary>
    internal static void Drive(ref Pass pass)
    {
        switch (pass.Memory.Driver)
        {
            case UpdateDriver.Partition:
                PartitionDriver.Advance(ref pass);
                break;
            case UpdateDriver.OnDelete:
                OnDeleteDriver.Advance(ref pass);
                break;
            case UpdateDriver.Native:
                NativeDriver.Advance(ref pass);
                break;
            case UpdateDriver.Auto:
                pass.HoldAll(ReasonCodes.NotSupported, $"{pass.SetName}: status names no driver, with which no rollout goes on; create a new rollout.");
                break;
        }
    }

    private static bool MustEnd(ref Pass pass)
    {
        if (pass.Memory.Ending is not null && !Reverts.Resumes(ref pass))
        {
            Endings.WindDown(ref pass);
        }
        else if (Reverts.IsCancelled(ref pass))
        {
            return true;
        }
        else if (pass.Request.StoppedBy.Length > 0 && pass.Memory.Revert is null)
        {
            Endings.Stop(ref pass);
        }
        else if (pass.Request.SupersededBy.Length > 0)
        {
            Endings.End(ref pass, RolloutState.Superseded, ReasonCodes.Superseded, $"{pass.SetName}: the newer request {pass.Request.SupersededBy} takes over from {pass.Counts.Done} of {pass.Facts.Length} pods at {pass.Request.TargetRevision}; the hold is back.");
        }
        else if (pass.Set.IsObserved && pass.Set.UpdateRevision != pass.Request.TargetRevision && !Reverts.Expects(in pass, pass.Set.UpdateRevision))
        {
            Endings.End(ref pass, RolloutState.Superseded, ReasonCodes.Superseded, $"{pass.SetName}: the template changed again, to {pass.Set.UpdateRevision}; a newer rollout goes on from {pass.Counts.Done} of {pass.Facts.Length} pods at {pass.Request.TargetRevision}.");
        }
        else
        {
            return false;
        }

        return true;
    }

    /// <summary>Enters the state that the pass found, unless the rollout is on its way to an end.</summary>
    private static void Settle(ref Pass pass)
    {
        if (pass.Memory.Ending is null)
        {
            pass.Enter(pass.Pause is not PauseKind.None ? Pauses.StateOf(pass.Pause) : pass.Memory.Revert is not null ? RolloutState.Reverting : pass.IsWaitingForGate ? RolloutState.GateWaiting : RolloutState.Running);
        }
    }

    private static Decision Conclude(ref Pass pass)
    {
        // Before the start, while it ends, and when nothing can be trusted, one hold speaks for the whole rollout.
        if (pass.Holds.Count == 0 || !HasRolloutHold(ref pass))
        {
            if (!Endings.IsFinal(pass.Memory.State) && pass.Memory.Ending is null)
            {
                Progress.Explain(ref pass);
            }
        }

        var (reason, message) = Progress.Summary(ref pass);
        return pass.ToDecision(reason, message);
    }

    private static bool HasRolloutHold(ref Pass pass)
    {
        foreach (var hold in pass.Holds.Items)
        {
            if (hold.Index < 0)
            {
                return true;
            }
        }

        return false;
    }
}

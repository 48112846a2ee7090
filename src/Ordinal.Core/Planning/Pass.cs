using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// The working state of one decision: the facts by expected ordinal, the memory as it will be, and what was decided so far.
/// A ref struct, so that it lives on the stack and ends with the decision.
/// </summary>
internal ref struct Pass
{
    public readonly RolloutInput Input;
    public readonly Span<PodFact> Facts;
    public readonly Scratch Scratch;
    public readonly TimeSpan MinReady;

    public MemoryDraft Memory;
    public Tally Counts;

    /// <summary>Why no further pod is taken now: the hold of every pod that has none of its own.</summary>
    public ReasonCode? PendingReason;
    public Words PendingMessage;
    public bool IsWaitingForGate;

    /// <summary>What keeps further pods from being taken on purpose.</summary>
    public PauseKind Pause;

    /// <summary>The number of the step that is under way, from 1; 0 without steps.</summary>
    public int Step;

    /// <summary>How many pods may be updated by now.</summary>
    public int StepLimit;

    /// <summary>Whether the step that is under way is done and its pause is on.</summary>
    public PauseKind StepPause;
    public TimeSpan? WakeAfter;

    private MemoryChange _change;
    private bool _hasPassed;

    public Pass(RolloutInput input, Scratch scratch)
    {
        Input = input;
        Scratch = scratch;
        Facts = scratch.Facts(Math.Max(0, input.Snapshot.Set.Replicas));
        Memory = new(input.Memory);
        foreach (var pod in input.Memory.InFlight)
        {
            InFlight.Add(new Flight(pod));
        }

        var ofSet = TimeSpan.FromSeconds(input.Snapshot.Set.MinReadySeconds);
        MinReady = input.Policy.MinReadyDuration > ofSet ? input.Policy.MinReadyDuration : ofSet;
    }

    public readonly StatefulSetSnapshot Set => Input.Snapshot.Set;

    public readonly UpdatePolicy Policy => Input.Policy;

    public readonly RolloutRequest Request => Input.Request;

    public readonly DateTimeOffset Now => Input.Now;

    /// <summary>Gets the revision that pods shall reach now.</summary>
    public readonly string Goal => Memory.Revert is null ? Input.Request.TargetRevision : Memory.FromRevision;

    public readonly Words SetName => $"{Set.Namespace}/{Set.Name}";

    /// <summary>Gets what to do, in this order.</summary>
    public readonly Outbox<PlannedAction> Actions => Scratch.Actions;

    public readonly Outbox<HoldDraft> Holds => Scratch.Holds;

    /// <summary>Gets the pods in flight, as they will be remembered.</summary>
    public readonly Outbox<Flight> InFlight => Scratch.InFlight;

    /// <summary>Gets the pods that passed their AfterPod gates, by ordinal, as they will be remembered.</summary>
    public readonly ReadOnlySpan<PassedPod> Passed => _hasPassed ? Scratch.Passed.Items : Input.Memory.Passed.AsSpan();

    public readonly bool IsOurs => Set.HeldBy == Request.ClaimId;

    /// <summary>Gets how long the rollout has been paused in all, the current pause included.</summary>
    public readonly TimeSpan PausedInAll => Memory.PausedFor + (Memory.PausedSince is { } since && Now > since ? Now - since : TimeSpan.Zero);

    public readonly PodSnapshot PodOf(int index) => Input.Snapshot.Pods[Facts[index].Pod];

    public readonly string NameOf(int index) => Facts[index].Pod < 0 ? Set.PodName(Set.StartOrdinal + index) : PodOf(index).Name;

    /// <summary>The name of an expected pod, for a sentence.</summary>
    public readonly Words Named(int index) => Facts[index].Pod < 0 ? Words.Of($"{Set.Name}-{Set.StartOrdinal + index}") : Words.Of(PodOf(index).Name);

    /// <summary>Gets the index of an ordinal among the expected ones; −1 when it is not expected.</summary>
    public readonly int IndexOf(long ordinal)
    {
        var index = ordinal - Set.StartOrdinal;
        return index >= 0 && index < Facts.Length ? (int)index : -1;
    }

    /// <summary>Replaces the memory by one that must be in status before any action.</summary>
    public void Remember(MemoryDraft memory)
    {
        Memory = memory;
        _change = MemoryChange.Durable;
    }

    /// <summary>Replaces the memory by one that differs only in what facts can tell again.</summary>
    public void Note(MemoryDraft memory)
    {
        Memory = memory;
        _change = _change is MemoryChange.None ? MemoryChange.Progress : _change;
    }

    /// <summary>Remembers a pod in flight in another way, or a new one; progress is what facts can tell again.</summary>
    public void Remember(Flight flight, bool isProgress = false)
    {
        if (IndexOf(flight) is >= 0 and var index)
        {
            InFlight[index] = flight;
        }
        else
        {
            InFlight.Add(flight);
        }

        _change = isProgress && _change is not MemoryChange.Durable ? MemoryChange.Progress : MemoryChange.Durable;
    }

    /// <summary>Forgets a pod in flight.</summary>
    public void Forget(Flight flight)
    {
        if (IndexOf(flight) is >= 0 and var index)
        {
            InFlight.RemoveAt(index);
        }

        _change = MemoryChange.Durable;
    }

    /// <summary>Remembers that a pod passed, in order, instead of what was remembered of the ordinal before.</summary>
    public void Record(PodSnapshot pod)
    {
        if (!_hasPassed)
        {
            Scratch.Passed.AddRange(Input.Memory.Passed.AsSpan());
            _hasPassed = true;
        }

        _change = MemoryChange.Durable;
        var passed = Scratch.Passed;
        var at = 0;
        while (at < passed.Count && passed[at].Ordinal < pod.Ordinal)
        {
            at++;
        }

        var prefix = pod.Uid.AsSpan(0, Math.Min(8, pod.Uid.Length));
        if (at == passed.Count || passed[at].Ordinal != pod.Ordinal)
        {
            passed.Insert(at, new(pod.Ordinal, prefix.ToString()));
        }
        else if (!prefix.SequenceEqual(passed[at].UidPrefix))
        {
            passed[at] = new(pod.Ordinal, prefix.ToString());
        }
    }

    /// <summary>Remembers that a bypass was used up.</summary>
    public void Use(ForceEntry force)
    {
        Scratch.UsedForce.Add(force);
        _change = MemoryChange.Durable;
    }

    public void Flag(int index, PodFlags flags) => Facts[index].Flags |= flags;

    public void HoldPod(int index, ReasonCode reason, Words message)
    {
        if (!Facts[index].Is(PodFlags.Held))
        {
            Flag(index, PodFlags.Held);
            Holds.Add(new HoldDraft(reason, index, message));
        }
    }

    public readonly void HoldAll(ReasonCode reason, Words message) => Holds.Add(new HoldDraft(reason, -1, message));

    /// <summary>Gives every pod that waits without a hold of its own this one. The first reason of a pass stands.</summary>
    public void Pending(ReasonCode reason, Words message)
    {
        if (PendingReason is null)
        {
            PendingReason = reason;
            PendingMessage = message;
        }
    }

    public readonly void Notify(ReasonCode reason, string? pod, Words message, bool isWarning) =>
        Scratch.Notices.Add(new Notice(reason, pod, message.ToString(), isWarning));

    /// <summary>Asks to decide again after this long; the shortest wish wins.</summary>
    public void Wake(TimeSpan after)
    {
        after = after < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : after;
        WakeAfter = WakeAfter is { } already && already < after ? already : after;
    }

    /// <summary>Enters a state, with the lifecycle as judge: a step that it does not know is adopted and reported.</summary>
    public void Enter(RolloutState state)
    {
        if (Memory.State == state)
        {
            return;
        }

        if (!RolloutLifecycle.Table.IsLegal(Memory.State, state))
        {
            Notify(ReasonCodes.UnexpectedTransition, null, $"{SetName}: the rollout went from {Memory.State} to {state}.", isWarning: false);
        }

        var entered = Memory with { State = state, StateSince = Now };
        if (Memory.State is RolloutState.Running or RolloutState.GateWaiting && state is RolloutState.Running or RolloutState.GateWaiting)
        {
            Note(entered);
        }
        else
        {
            Remember(entered);
        }
    }

    /// <summary>Forgets what was decided so far, but not what is remembered and told.</summary>
    public void StartOver()
    {
        Actions.Clear();
        Scratch.Questions.Clear();
        Holds.Clear();
        (PendingReason, PendingMessage, IsWaitingForGate, WakeAfter) = (null, default, false, null);
    }

    /// <summary>Builds the decision, once.</summary>
    public Decision ToDecision(ReasonCode reason, Words message) => new()
    {
        Actions = Actions.ToImmutable(),
        Questions = Asked(),
        Holds = Told(),
        Notices = Scratch.Notices.ToImmutable(),
        Pods = Progress.Of(ref this),
        Memory = _change is MemoryChange.None ? Input.Memory : Memory.ToMemory(Flying(), _hasPassed ? Scratch.Passed.ToImmutable() : Input.Memory.Passed, Used()),
        Change = _change,
        Reason = reason,
        Message = message.ToString(),
        WakeAfter = WakeAfter,
        Updated = Counts.Done,
        Step = Step,
        Total = Facts.Length,
        Available = Facts.Length - Counts.Away,
    };

    private readonly int IndexOf(Flight flight)
    {
        for (var i = 0; i < InFlight.Count; i++)
        {
            if (InFlight[i].Ordinal == flight.Ordinal && InFlight[i].Uid == flight.Uid)
            {
                return i;
            }
        }

        return -1;
    }

    private readonly ImmutableArray<GateQuestion> Asked()
    {
        var drafts = Scratch.Questions.Items;
        var questions = drafts.IsEmpty ? [] : new GateQuestion[drafts.Length];
        for (var i = 0; i < questions.Length; i++)
        {
            var draft = drafts[i];
            questions[i] = new(draft.Gate, draft.Phase, ImmutableArray.Create<string>(draft.Uids.Of(Scratch.Uids)), draft.Revision) { Baseline = draft.Baseline };
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(questions);
    }

    /// <summary>The holds. Pods that wait for the same thing share the sentence.</summary>
    private readonly ImmutableArray<Hold> Told()
    {
        var drafts = Holds.Items;
        var holds = drafts.IsEmpty ? [] : new Hold[drafts.Length];
        string? shared = null;
        for (var i = 0; i < holds.Length; i++)
        {
            var draft = drafts[i];
            var message = draft.Message.Is(PendingMessage) ? shared ??= draft.Message.ToString() : draft.Message.ToString();
            holds[i] = new(draft.Reason, draft.Index < 0 ? null : NameOf(draft.Index), message);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(holds);
    }

    private readonly ImmutableArray<InFlightPod> Flying()
    {
        var flights = InFlight.Items;
        var isKept = flights.Length == Input.Memory.InFlight.Length;
        for (var i = 0; i < flights.Length && isKept; i++)
        {
            isKept = flights[i].IsKept && flights[i].Uid == Input.Memory.InFlight[i].Uid;
        }

        if (isKept)
        {
            return Input.Memory.InFlight;
        }

        var pods = flights.IsEmpty ? [] : new InFlightPod[flights.Length];
        for (var i = 0; i < pods.Length; i++)
        {
            pods[i] = flights[i].ToPod();
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(pods);
    }

    private readonly ImmutableArray<string> Used()
    {
        var before = Input.Memory.UsedForce;
        var used = Scratch.UsedForce.Items;
        if (used.IsEmpty)
        {
            return before;
        }

        var all = new string[before.Length + used.Length];
        before.CopyTo(all);
        for (var i = 0; i < used.Length; i++)
        {
            all[before.Length + i] = Forces.UseOf(used[i]);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(all);
    }
}

/// <summary>The counts of one pass over the facts.</summary>
internal record struct Tally
{
    /// <summary>Expected pods that are missing, terminating, not ready, or not ready for long enough.</summary>
    public int Away;

    /// <summary>The worse of <see cref="Away"/> with the pods in flight, and what the status of the set says.</summary>
    public int Used;

    /// <summary>Pods at the target, available and past their gates.</summary>
    public int Done;
    public int Missing;
    public int AtTarget;

    /// <summary>Pods at the target that are not in flight and not past their AfterPod gates.</summary>
    public int Unproven;

    /// <summary>Pods that go back before all others, not taken yet.</summary>
    public int GivenUp;

    /// <summary>Expected pods that stand at another revision, whether they serve or not.</summary>
    public int Stale;

    /// <summary>Expected pods that are at the target, on their way there, or missing, of which it cannot be told.</summary>
    public int Taken;

    /// <summary>Pods that exist outside the expected range.</summary>
    public int Extra;

    /// <summary>Expected pods away by the status of the set.</summary>
    public int AwayByStatus;

    /// <summary>Pods in flight that still stand and serve: the status does not count them yet.</summary>
    public int StandingAvailable;
}

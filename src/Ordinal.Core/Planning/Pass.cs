using System.Collections.Immutable;
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
    public readonly TimeSpan MinReady;

    public RolloutMemory Memory;
    public Tally Counts;
    public Outbox<PlannedAction> Actions;
    public Outbox<GateQuestion> Questions;
    public Outbox<Hold> Holds;
    public Outbox<Notice> Notices;

    /// <summary>Why no further pod is taken now: the hold of every pod that has none of its own.</summary>
    public ReasonCode? PendingReason;
    public string PendingMessage;
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

    public Pass(RolloutInput input, Span<PodFact> facts)
    {
        Input = input;
        Facts = facts;
        Memory = input.Memory;
        PendingMessage = "";
        var ofSet = TimeSpan.FromSeconds(input.Snapshot.Set.MinReadySeconds);
        MinReady = input.Policy.MinReadyDuration > ofSet ? input.Policy.MinReadyDuration : ofSet;
    }

    public readonly StatefulSetSnapshot Set => Input.Snapshot.Set;

    public readonly UpdatePolicy Policy => Input.Policy;

    public readonly RolloutRequest Request => Input.Request;

    public readonly DateTimeOffset Now => Input.Now;

    /// <summary>Gets the revision that pods shall reach now.</summary>
    public readonly string Goal => Memory.Revert is null ? Input.Request.TargetRevision : Memory.FromRevision;

    public readonly string SetName => $"{Set.Namespace}/{Set.Name}";

    public readonly bool IsOurs => Set.HeldBy == Request.ClaimId;

    /// <summary>Gets how long the rollout has been paused in all, the current pause included.</summary>
    public readonly TimeSpan PausedInAll => Memory.PausedFor + (Memory.PausedSince is { } since && Now > since ? Now - since : TimeSpan.Zero);

    public readonly PodSnapshot PodOf(int index) => Input.Snapshot.Pods[Facts[index].Pod];

    public readonly string NameOf(int index) => Facts[index].Pod < 0 ? Set.PodName(Set.StartOrdinal + index) : PodOf(index).Name;

    /// <summary>Gets the index of an ordinal among the expected ones; −1 when it is not expected.</summary>
    public readonly int IndexOf(long ordinal)
    {
        var index = ordinal - Set.StartOrdinal;
        return index >= 0 && index < Facts.Length ? (int)index : -1;
    }

    /// <summary>Replaces the memory by one that must be in status before any action.</summary>
    public void Remember(RolloutMemory memory)
    {
        Memory = memory;
        _change = MemoryChange.Durable;
    }

    /// <summary>Replaces the memory by one that differs only in what facts can tell again.</summary>
    public void Note(RolloutMemory memory)
    {
        Memory = memory;
        _change = _change is MemoryChange.None ? MemoryChange.Progress : _change;
    }

    public void Flag(int index, PodFlags flags) => Facts[index].Flags |= flags;

    public void HoldPod(int index, ReasonCode reason, string message)
    {
        if (!Facts[index].Is(PodFlags.Held))
        {
            Flag(index, PodFlags.Held);
            Holds.Add(new(reason, NameOf(index), message));
        }
    }

    public void HoldAll(ReasonCode reason, string message) => Holds.Add(new(reason, null, message));

    /// <summary>Gives every pod that waits without a hold of its own this one. The first reason of a pass stands.</summary>
    public void Pending(ReasonCode reason, string message)
    {
        if (PendingReason is null)
        {
            PendingReason = reason;
            PendingMessage = message;
        }
    }

    public void Notify(ReasonCode reason, string? pod, string message, bool isWarning) => Notices.Add(new(reason, pod, message, isWarning));

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
        (Actions, Questions, Holds) = (default, default, default);
        (PendingReason, PendingMessage, IsWaitingForGate, WakeAfter) = (null, "", false, null);
    }

    /// <summary>Builds the decision, once.</summary>
    public Decision ToDecision(ReasonCode reason, string message)
    {
        return new Decision
        {
            Actions = Actions.Take(),
            Questions = Questions.Take(),
            Holds = Holds.Take(),
            Notices = Notices.Take(),
            Pods = Progress.Of(ref this),
            Memory = Memory,
            Change = _change,
            Reason = reason,
            Message = message,
            WakeAfter = WakeAfter,
            Updated = Counts.Done,
            Step = Step,
            Total = Facts.Length,
            Available = Facts.Length - Counts.Away,
        };
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

/// <summary>A list that allocates nothing while it is empty, and hands its array over.</summary>
internal struct Outbox<T>
{
    private T[]? _items;

    public int Count { get; private set; }

    public readonly ReadOnlySpan<T> Items => _items.AsSpan(0, Count);

    /// <summary>Makes room, so that a known number of items costs one allocation.</summary>
    public void Reserve(int more)
    {
        if (more > 0 && (_items is null || _items.Length < Count + more))
        {
            Array.Resize(ref _items, Count + more);
        }
    }

    public void Add(T item)
    {
        if (_items is null || Count == _items.Length)
        {
            Array.Resize(ref _items, Math.Max(2, Count * 2));
        }

        _items[Count++] = item;
    }

    /// <summary>Hands the items over; the outbox is empty afterwards.</summary>
    public ImmutableArray<T> Take()
    {
        if (_items is null)
        {
            return [];
        }

        var items = _items.Length == Count ? _items : _items[..Count];
        (_items, Count) = (null, 0);
        return System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsImmutableArray(items);
    }
}

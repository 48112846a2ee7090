using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>What is remembered of a StatefulSet at rest; kept in the policy's status, per target.</summary>
public sealed record HoldMemory
{
    /// <summary>Gets the set's UID; another one is another set, of which nothing is known.</summary>
    public string SetUid { get; init; } = "";

    /// <summary>Gets the update revision for which <see cref="ForeignReleases"/> counts; a new one starts anew.</summary>
    public string Revision { get; init; } = "";

    /// <summary>Gets how often somebody else lowered the effective partition at rest; the second time we stop (rule 8).</summary>
    public int ForeignReleases { get; init; }

    /// <summary>Gets the generation that the last hold write had to find: seen again, the write did not happen yet, and is not counted twice.</summary>
    public long Generation { get; init; }

    /// <summary>
    /// Gets the strategy that the set had before it was adopted, as its annotation last said; null when it was not adopted yet. Whoever replaces the whole
    /// object by an older manifest takes the annotation off with the hold (T22): the set is no stranger for that.
    /// </summary>
    public StrategyValue? Original { get; init; }
}

/// <summary>Everything that a decision about a StatefulSet at rest depends on: no rollout of it is active.</summary>
public sealed record HoldInput
{
    public required WorkloadSnapshot Snapshot { get; init; }

    public required HoldMemory Memory { get; init; }

    /// <summary>Gets a value indicating whether the policy's driver is Native: the set rests with partition 0, and readiness gates do the holding.</summary>
    public bool IsNative { get; init; }

    /// <summary>
    /// Gets why driver Native cannot work on the set; null when it can, or another one is asked for. The set then rests held, as under any other driver:
    /// without what Native needs nothing would keep a change from rolling by itself.
    /// </summary>
    public (ReasonCode Reason, string Message)? NativeRefusal { get; init; }

    /// <summary>Gets a value indicating whether the revisions say the same, so that no rollout will be about a change.</summary>
    public bool ChangesNothing { get; init; }

    /// <summary>Gets a value indicating whether the policy is being deleted: the set is let go.</summary>
    public bool IsPolicyDeleted { get; init; }

    /// <summary>Gets a value indicating whether <c>spec.release</c> is true: let go although a change waits.</summary>
    public bool Release { get; init; }
}

/// <summary>A change that waits on a StatefulSet.</summary>
/// <param name="From">The revision that pods run; under OnDelete that of the lowest pod that is behind.</param>
/// <param name="To">The update revision.</param>
/// <param name="Behind">How many expected pods are not at <paramref name="To"/>, missing ones included.</param>
public sealed record Drift(string From, string To, int Behind);

/// <summary>What to do about a StatefulSet at rest.</summary>
public sealed record HoldDecision
{
    public ImmutableArray<PlannedAction> Actions { get; init; } = [];

    public ImmutableArray<Hold> Holds { get; init; } = [];

    public ImmutableArray<Notice> Notices { get; init; } = [];

    /// <summary>Gets the memory to write before <see cref="Actions"/>.</summary>
    public required HoldMemory Memory { get; init; }

    /// <summary>Gets the change that waits; null when there is none, or it cannot be told yet.</summary>
    public Drift? Drift { get; init; }

    /// <summary>Gets a value indicating whether a template change cannot move pods: the set is held, or declares OnDelete.</summary>
    public bool IsHeld { get; init; }

    /// <summary>Gets a value indicating whether nothing of ours is left on the set, so that the policy's finalizer may go.</summary>
    public bool IsLetGo { get; init; }
}

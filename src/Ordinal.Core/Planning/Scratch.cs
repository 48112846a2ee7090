using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// What a pass needs on its way to a decision and nobody needs afterwards. Each thread keeps one for its next pass, so that a decision allocates its
/// result and nothing else. Empty between two passes: it carries nothing from one decision to the next.
/// </summary>
internal sealed class Scratch
{
    [ThreadStatic]
    private static Scratch? _kept;

    private PodFact[] _facts = [];

    public Outbox<PlannedAction> Actions { get; } = new();

    public Outbox<QuestionDraft> Questions { get; } = new();

    public Outbox<HoldDraft> Holds { get; } = new();

    public Outbox<Notice> Notices { get; } = new();

    public Outbox<PodProgress> Pods { get; } = new();

    /// <summary>Gets the pods in flight, as they will be.</summary>
    public Outbox<Flight> InFlight { get; } = new();

    /// <summary>Gets the pods that passed, by ordinal, as they will be; filled when the first is recorded.</summary>
    public Outbox<PassedPod> Passed { get; } = new();

    /// <summary>Gets the bypasses that this pass uses up.</summary>
    public Outbox<ForceEntry> UsedForce { get; } = new();

    // What the answers of gates are made of: each answer is a stretch of these.
    public Outbox<string> Uids { get; } = new();

    public Outbox<GateBaseline> Baselines { get; } = new();

    public Outbox<ForceEntry> Forced { get; } = new();

    public Outbox<GateWarning> Warnings { get; } = new();

    public Outbox<ImmutableArray<string>> Batches { get; } = new();

    /// <summary>Takes the thread's, or a new one when that is in use.</summary>
    public static Scratch Take()
    {
        var scratch = _kept ?? new();
        _kept = null;
        Words.Begin();
        return scratch;
    }

    /// <summary>Room for the facts of a pass.</summary>
    public Span<PodFact> Facts(int count)
    {
        _facts = _facts.Length < count ? new PodFact[count] : _facts;
        return _facts.AsSpan(0, count);
    }

    /// <summary>Gives it back for the thread's next pass.</summary>
    public void GiveBack()
    {
        Actions.Clear();
        Questions.Clear();
        Holds.Clear();
        Notices.Clear();
        Pods.Clear();
        InFlight.Clear();
        Passed.Clear();
        UsedForce.Clear();
        Uids.Clear();
        Baselines.Clear();
        Forced.Clear();
        Warnings.Clear();
        Batches.Clear();
        _kept = this;
    }
}

/// <summary>A stretch of a list of <see cref="Scratch"/>.</summary>
internal readonly record struct Stretch(int From, int Count)
{
    public Span<T> Of<T>(Outbox<T> list) => list.Items.Slice(From, Count);
}

/// <summary>A <see cref="Hold"/> before it is told.</summary>
/// <param name="Index">The pod that waits, by index among the expected ones; −1 when it is the rollout as a whole.</param>
internal readonly record struct HoldDraft(ReasonCode Reason, int Index, Words Message);

/// <summary>A <see cref="GateQuestion"/> before it is asked.</summary>
/// <param name="Uids">The pods, a stretch of <see cref="Scratch.Uids"/>.</param>
internal readonly record struct QuestionDraft(string Gate, GatePhase Phase, Stretch Uids, string Revision, string? Baseline);

/// <summary>What a gate that passes warns of.</summary>
internal readonly record struct GateWarning(ReasonCode Reason, Words Message);

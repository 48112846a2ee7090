using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>What the gates of one phase say about one pod. Its lists are stretches of those of <see cref="Scratch"/>.</summary>
/// <param name="IsOpen">All of them pass, or a forced bypass was used for those that do not.</param>
/// <param name="Reason">Why not; null when open.</param>
/// <param name="Message">Object, fact and remedy; empty when open.</param>
internal readonly record struct GateStanding(bool IsOpen, ReasonCode? Reason, Words Message)
{
    internal static GateStanding Open { get; } = new(true, null, default);

    /// <summary>Gets what the gates want to remember of the member until AfterPod.</summary>
    internal Stretch Baselines { get; init; }

    /// <summary>Gets the gate through which something should be done: open, before the disruption; closed, before it can open. Null when none.</summary>
    internal string? Prepares { get; init; }

    /// <summary>Gets the forced bypasses that were needed to open.</summary>
    internal Stretch Forced { get; init; }

    /// <summary>Gets what the gates that pass warn of.</summary>
    internal Stretch Warnings { get; init; }

    /// <summary>Gets the shortest time for which an answer may be acted on; null without gates.</summary>
    internal TimeSpan? ValidFor { get; init; }

    /// <summary>
    /// Gets the UIDs of pods that may stop now by what the gates know of all of them, one list for each gate that looks at that, and only those that are
    /// in every list: when open, together with this one; when a gate denies, in its place.
    /// </summary>
    internal Stretch Batches { get; init; }

    /// <summary>Gets a value indicating whether it is closed only because the answers are not all there yet: nothing that was heard speaks against it.</summary>
    internal bool IsPending => !IsOpen && Failed is null && (Reason == ReasonCodes.GateNotAsked || Reason == ReasonCodes.GateCounting || Reason == ReasonCodes.GateAnswerTooOld);

    /// <summary>Gets the gate that timed out under <see cref="GateTimeoutAction.Fail"/>; null when none.</summary>
    internal string? Failed { get; init; }

    /// <summary>Gets a value indicating whether the gates want something remembered.</summary>
    internal bool HasBaselines => Baselines.Count > 0;

    /// <summary>What to remember with the intent, by gate.</summary>
    internal ImmutableArray<GateBaseline> BaselinesOf(Scratch scratch) => ImmutableArray.Create<GateBaseline>(Baselines.Of(scratch.Baselines));

    /// <summary>Adds to a list of the scratch, and to the stretch of it that this is about.</summary>
    internal static Stretch Longer<T>(Stretch stretch, Outbox<T> list, T item)
    {
        var from = stretch.Count == 0 ? list.Count : stretch.From;
        list.Add(item);
        return new(from, list.Count - from);
    }
}

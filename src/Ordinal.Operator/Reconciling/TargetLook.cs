using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Reconciling;

/// <summary>What came of looking at one StatefulSet of a rollout.</summary>
/// <param name="Target">Its name; empty when there is none.</param>
public abstract record TargetLook(string Target)
{
    /// <summary>Nothing may be decided before the stores show what somebody of us wrote.</summary>
    /// <param name="Delay">When to look again.</param>
    public sealed record Waits(string Target, TimeSpan Delay) : TargetLook(Target);

    /// <summary>There is nothing to decide on: it ends here, or cannot be told yet.</summary>
    public sealed record Undecided(string Target, RolloutFrame Frame) : TargetLook(Target);

    /// <summary>It could not be looked at, since the server did not answer as it should; it is tried again.</summary>
    /// <param name="Error">The server's answer.</param>
    public sealed record Failed(string Target, ApiException Error) : TargetLook(Target);

    /// <summary>It was decided what happens next.</summary>
    /// <param name="Frame">What was decided on.</param>
    /// <param name="Decision">The decision.</param>
    /// <param name="Reports">What gates said in this pass.</param>
    /// <param name="Gates">The gates, for what must be asked of them while acting.</param>
    /// <param name="Next">When to look for missing pods again; null when none is missing.</param>
    public sealed record Decided(string Target, RolloutFrame.Ready Frame, Decision Decision, ImmutableArray<GateReport> Reports, GateContext Gates, TimeSpan? Next) : TargetLook(Target)
    {
        /// <summary>Gets when it was decided.</summary>
        public DateTimeOffset At { get; init; }

        /// <summary>Tells whether an answer by which a pod may be taken was good at the decision, and is too old by now: writing the status took its time.</summary>
        public bool IsTooLate(PlannedAction action, DateTimeOffset now) =>
            (action is RemovePod or OpenGate || (action is WriteStrategy write && write.Next.EffectivePartition < write.Expected.EffectivePartition))
            && Reports.Any(report => report is { Phase: GatePhase.BeforePod, Verdict: GateVerdict.Allow } && report.IsCurrent(At) && !report.IsCurrent(now));
    }
}

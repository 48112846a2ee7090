using System.Collections.Immutable;
using Ordinal.Core.Model;

namespace Ordinal.Gates;

/// <summary>
/// Asks one kind of workload whether a member may stop and whether it is back. Asking (<see cref="ObserveAsync"/>, I/O) is apart from
/// judging (<see cref="Evaluate"/>, pure), so that a verdict can be tested, replayed and explained.
/// </summary>
public interface IGate : IDisposable
{
    /// <summary>Gets the kind as in the policy: <c>Etcd</c>.</summary>
    string Type { get; }

    /// <summary>Gets the longest time that one observation may take. The keeper ends it then: the answer is Unknown.</summary>
    TimeSpan ObserveDeadline { get; }

    /// <summary>Collects what is needed to answer the questions: all members in parallel, every request with a deadline of its own.</summary>
    /// <param name="context">The workload.</param>
    /// <param name="questions">All questions of one pass to this gate; one observation answers them all.</param>
    /// <param name="cancellationToken">Ends the observation: the operator stops, or <see cref="ObserveDeadline"/> has passed.</param>
    /// <returns>The facts. A member that cannot be reached is a fact, not an exception.</returns>
    Task<GateObservation> ObserveAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken);

    /// <summary>Judges one question. Pure: no I/O, no clock, the same input gives the same answer.</summary>
    GateAnswer Evaluate(GateInput input, GateObservation observation);

    /// <summary>Tries once to prepare the disruption of the question's pods: moves leadership away. Idempotent.</summary>
    /// <returns>How it went. Expected failures are values.</returns>
    Task<GatePrepareResult> PrepareAsync(GateInput input, GateObservation observation, CancellationToken cancellationToken);
}

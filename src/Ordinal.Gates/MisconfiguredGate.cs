using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates;

/// <summary>Stands for a gate that cannot be made: a Secret is missing, a certificate cannot be read. It answers Misconfigured to every question.</summary>
/// <param name="type">The kind of gate, as in the policy.</param>
/// <param name="reason">The code.</param>
/// <param name="message">Object, fact and remedy in one sentence; no secret.</param>
public sealed class MisconfiguredGate(string type, ReasonCode reason, string message) : IGate
{
    /// <inheritdoc/>
    public string Type => type;

    /// <inheritdoc/>
    public TimeSpan ObserveDeadline => TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public Task<GateObservation> ObserveAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken) =>
        Task.FromResult<GateObservation>(new Nothing());

    /// <inheritdoc/>
    public GateAnswer Evaluate(GateInput input, GateObservation observation) =>
        new() { Verdict = GateVerdict.Misconfigured, Reason = reason, Message = message };

    /// <inheritdoc/>
    public Task<GatePrepareResult> PrepareAsync(GateInput input, GateObservation observation, CancellationToken cancellationToken) =>
        Task.FromResult(new GatePrepareResult(false, reason, message));

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private sealed record Nothing : GateObservation;
}

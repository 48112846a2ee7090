using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Operator.Api;
using Ordinal.Operator.Reconciling;

namespace Ordinal.Operator.Metrics;

/// <summary>Makes gates whose observations are measured.</summary>
internal sealed class MeasuredGateFactory(IGateFactory inner, OperatorMetrics metrics, TimeProvider timeProvider) : IGateFactory
{
    /// <inheritdoc/>
    public async Task<MadeGate> CreateAsync(string ns, GateSpec spec, CancellationToken cancellationToken)
    {
        var made = await inner.CreateAsync(ns, spec, cancellationToken);
        return made with { Gate = new MeasuredGate(made.Gate, metrics, timeProvider) };
    }

    private sealed class MeasuredGate(IGate inner, OperatorMetrics metrics, TimeProvider timeProvider) : IGate
    {
        public string Type => inner.Type;

        public TimeSpan ObserveDeadline => inner.ObserveDeadline;

        public async Task<GateObservation> ObserveAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken)
        {
            var start = timeProvider.GetTimestamp();
            try
            {
                return await inner.ObserveAsync(context, questions, cancellationToken);
            }
            finally
            {
                metrics.Observed(inner.Type, timeProvider.GetElapsedTime(start));
            }
        }

        public GateAnswer Evaluate(GateInput input, GateObservation observation) => inner.Evaluate(input, observation);

        public Task<GatePrepareResult> PrepareAsync(GateInput input, GateObservation observation, CancellationToken cancellationToken) => inner.PrepareAsync(input, observation, cancellationToken);

        public void Dispose() => inner.Dispose();
    }
}

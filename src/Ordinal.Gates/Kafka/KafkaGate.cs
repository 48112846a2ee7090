using System.Collections.Immutable;
using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Kafka.Messages;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka;

/// <summary>The Kafka gate: <see cref="KafkaObserver"/> asks, <see cref="KafkaRule"/> judges, and preferred leaders are elected where the policy wants it.</summary>
public sealed class KafkaGate : IGate
{
    private readonly KafkaGateOptions options;
    private readonly KafkaConnections connections;
    private readonly KafkaMetricsReader? metrics;
    private readonly KafkaObserver observer;

    internal KafkaGate(KafkaGateOptions options, KafkaConnections connections, KafkaMetricsReader? metrics, TimeProvider time)
    {
        this.options = options;
        this.connections = connections;
        this.metrics = metrics;
        observer = new KafkaObserver(options, connections, metrics, time);
    }

    /// <inheritdoc/>
    public string Type => KafkaGateFactory.Type;

    /// <inheritdoc/>
    public TimeSpan ObserveDeadline => options.DialTimeout + (3 * options.RequestTimeout);

    /// <inheritdoc/>
    public async Task<GateObservation> ObserveAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        return await observer.ObserveAsync(context, questions, cancellationToken);
    }

    /// <inheritdoc/>
    public GateAnswer Evaluate(GateInput input, GateObservation observation) => KafkaRule.Evaluate(input, (KafkaObservation)observation, options);

    /// <inheritdoc/>
    public async Task<GatePrepareResult> PrepareAsync(GateInput input, GateObservation observation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        var workload = $"{input.Context.Namespace}/{input.Context.Name}";
        var seen = (KafkaObservation)observation;

        // About all pods as they stand: nothing is going to stop.
        var standing = input with { Question = input.Question with { Phase = GatePhase.AfterPod } };
        var (view, trouble) = KafkaClusterView.Build(standing, seen, options);
        if (view is null)
        {
            return new(false, ReasonCodes.KafkaElectionFailed, $"{workload}: no leader was elected: {trouble!.Text}");
        }

        var ids = KafkaNodes.IdsOf(input.Question.Pods.Select(input.Context.FindByUid).OfType<GateTarget>(), options);
        var strays = KafkaLeaders.Strays(view, ids).Take(options.MaxElectionsPerStep).Select(p => (p.Topic, p.Index)).ToList();
        if (options.Leadership is not KafkaLeadership.Preferred || strays.Count == 0)
        {
            return new(true, ReasonCodes.GatePrepared, $"{workload}: every partition has the leader that it prefers");
        }

        // Any broker passes it on to the controller.
        var broker = seen.Brokers.First(b => b.Id == seen.Snapshots[0].Responder);
        var answer = await connections.AskAsync(new KafkaEndpoint(broker.Host, broker.Port), ElectLeaders.Request(strays, options.RequestTimeout), cancellationToken);
        if (answer.Value is not { } result)
        {
            return new(false, ReasonCodes.KafkaElectionFailed, $"{workload}: {answer.Failure!.Text}. {ReasonCodes.KafkaElectionFailed.Remedy}");
        }

        var failed = result.Results.Where(r => r.ErrorCode is not (KafkaError.None or KafkaError.ElectionNotNeeded)).ToList();
        return (result.ErrorCode, failed) switch
        {
            (not KafkaError.None, _) => new(false, ReasonCodes.KafkaElectionFailed, $"{workload}: the election was refused with {KafkaError.Name(result.ErrorCode)}. {ReasonCodes.KafkaElectionFailed.Remedy}"),
            (_, [var first, ..]) => new(false, ReasonCodes.KafkaElectionFailed, string.Create(CultureInfo.InvariantCulture, $"{workload}: {failed.Count} of {strays.Count} elections failed, {first.Topic}-{first.Partition} with {KafkaError.Name(first.ErrorCode)}")),
            _ => new(true, ReasonCodes.GatePrepared, $"{workload}: {strays.Count} partitions went back to the leader that they prefer"),
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        connections.Dispose();
        metrics?.Dispose();
    }
}

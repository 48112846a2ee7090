using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Kafka;

/// <summary>Kafka's BrokerState metric. Only 3 is running: 6 and 7 are brokers that leave, though their port is open.</summary>
internal static class KafkaBrokerState
{
    internal const int Recovery = 2;
    internal const int Running = 3;

    internal static KafkaTrouble Recovering(string pod, KafkaMetrics metrics) => new(
        GateVerdict.Deny,
        ReasonCodes.KafkaLogRecovery,
        $"{pod} recovers its logs after an unclean stop{(metrics.RemainingLogs is { } logs ? $": {logs} logs left" : "")}{(metrics.RemainingSegments is { } segments ? $", {segments} segments left" : "")}");

    /// <summary>Says why a broker does not run; null when it does.</summary>
    internal static KafkaTrouble? NotRunning(string pod, KafkaMetrics? metrics) => metrics switch
    {
        null => new(GateVerdict.Unknown, ReasonCodes.KafkaMetricsUnreadable, $"{pod}: its metrics were not read"),
        { Failure: { } failure } => new(failure.Kind is KafkaFailureKind.AccessDenied or KafkaFailureKind.NotKafka or KafkaFailureKind.Tls ? GateVerdict.Misconfigured : GateVerdict.Unknown, ReasonCodes.KafkaMetricsUnreadable, $"{pod}: {failure.Text}"),
        { BrokerState: null } => new(GateVerdict.Misconfigured, ReasonCodes.KafkaMetricsUnreadable, $"{pod}: its metrics have no BrokerState"),
        { BrokerState: Running } => null,
        { BrokerState: Recovery } => Recovering(pod, metrics),
        { BrokerState: 6 or 7 } => new(GateVerdict.Deny, ReasonCodes.KafkaBrokerNotRunning, $"{pod} is shutting down (BrokerState {metrics.BrokerState})"),
        _ => new(GateVerdict.Deny, ReasonCodes.KafkaBrokerNotRunning, $"{pod} is not running yet (BrokerState {metrics.BrokerState})"),
    };
}

using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Kafka;

/// <summary>Why nothing can be said, or why the answer is no.</summary>
/// <param name="Verdict">What it means for the question.</param>
/// <param name="Reason">The code.</param>
/// <param name="Text">The fact with its numbers; no object, no remedy.</param>
internal sealed record KafkaTrouble(GateVerdict Verdict, ReasonCode Reason, string Text)
{
    internal static KafkaTrouble Of(KafkaFailure failure) => failure.Kind switch
    {
        KafkaFailureKind.Tls => new(GateVerdict.Misconfigured, ReasonCodes.KafkaTlsFailed, failure.Text),
        KafkaFailureKind.AccessDenied => new(GateVerdict.Misconfigured, ReasonCodes.KafkaAccessDenied, failure.Text),
        KafkaFailureKind.NotKafka => new(GateVerdict.Misconfigured, ReasonCodes.KafkaNotKafka, failure.Text),
        KafkaFailureKind.Unsupported => new(GateVerdict.Misconfigured, ReasonCodes.KafkaVersionUnsupported, failure.Text),
        KafkaFailureKind.Refused => new(GateVerdict.Unknown, ReasonCodes.KafkaRequestRefused, failure.Text),
        KafkaFailureKind.Timeout or KafkaFailureKind.Unreachable or KafkaFailureKind.NameUnknown =>
            new(GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, failure.Text),
    };

    /// <summary>Of several failures the one that a person must do something about, else the first.</summary>
    internal static KafkaTrouble Worst(IEnumerable<KafkaFailure> failures)
    {
        var troubles = failures.Select(Of).ToList();
        return troubles.Find(t => t.Verdict is GateVerdict.Misconfigured) ?? troubles[0];
    }
}

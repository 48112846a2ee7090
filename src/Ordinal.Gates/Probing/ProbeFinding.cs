using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Probing;

/// <summary>What one answer amounts to.</summary>
/// <param name="Verdict">For this one that was asked.</param>
/// <param name="Reason">The code.</param>
/// <param name="Text">The fact with its numbers; no object, no remedy, no secret.</param>
internal sealed record ProbeFinding(GateVerdict Verdict, ReasonCode Reason, string Text)
{
    /// <summary>Gets what was seen, as named facts.</summary>
    internal ImmutableArray<GateFact> Facts { get; init; } = [];

    internal static ProbeFinding Of(NetFailure failure) => failure.Kind switch
    {
        NetFailureKind.Tls => new(GateVerdict.Misconfigured, ReasonCodes.ProbeTlsFailed, failure.Text),
        NetFailureKind.Protocol => new(GateVerdict.Misconfigured, ReasonCodes.ProbeWrongProtocol, failure.Text),
        NetFailureKind.Timeout or NetFailureKind.Unreachable or NetFailureKind.NameUnknown => new(GateVerdict.Unknown, ReasonCodes.ProbeUnreachable, failure.Text),
    };
}

using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Etcd;

/// <summary>Why a member takes no part, or why nothing can be said.</summary>
/// <param name="Verdict">What it means for a question that depends on this member.</param>
/// <param name="Reason">The code.</param>
/// <param name="Text">The fact with its numbers; no object, no remedy.</param>
internal sealed record EtcdTrouble(GateVerdict Verdict, ReasonCode Reason, string Text)
{
    internal static EtcdTrouble Of(EtcdFailure failure) => failure.Kind switch
    {
        EtcdFailureKind.Tls => new(GateVerdict.Misconfigured, ReasonCodes.EtcdTlsFailed, failure.Text),
        EtcdFailureKind.AccessDenied => new(GateVerdict.Misconfigured, ReasonCodes.EtcdAccessDenied, failure.Text),
        EtcdFailureKind.NotEtcd => new(GateVerdict.Misconfigured, ReasonCodes.EtcdNotEtcd, failure.Text),
        EtcdFailureKind.Refused => new(GateVerdict.Deny, ReasonCodes.EtcdMemberNotParticipating, failure.Text),
        EtcdFailureKind.Timeout or EtcdFailureKind.Unreachable or EtcdFailureKind.NameUnknown =>
            new(GateVerdict.Unknown, ReasonCodes.EtcdMemberSilent, failure.Text),
    };
}

using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>Why a server takes no part, or why nothing can be said.</summary>
/// <param name="Verdict">What it means for a question that depends on this server.</param>
/// <param name="Reason">The code.</param>
/// <param name="Text">The fact with its numbers; no object, no remedy.</param>
internal sealed record ZkTrouble(GateVerdict Verdict, ReasonCode Reason, string Text)
{
    internal static ZkTrouble Of(ZkFailure failure) => failure.Kind switch
    {
        ZkFailureKind.Tls => new(GateVerdict.Misconfigured, ReasonCodes.ZkTlsFailed, failure.Text),
        ZkFailureKind.AccessDenied => new(GateVerdict.Misconfigured, ReasonCodes.ZkAccessDenied, failure.Text),
        ZkFailureKind.NotZooKeeper => new(GateVerdict.Misconfigured, ReasonCodes.ZkNotZooKeeper, failure.Text),
        ZkFailureKind.NotWhitelisted => new(GateVerdict.Misconfigured, ReasonCodes.ZkCommandNotWhitelisted, failure.Text),
        ZkFailureKind.Refused => new(GateVerdict.Deny, ReasonCodes.ZkNotServing, failure.Text),
        ZkFailureKind.Timeout or ZkFailureKind.Unreachable or ZkFailureKind.NameUnknown =>
            new(GateVerdict.Unknown, ReasonCodes.ZkMemberSilent, failure.Text),
    };
}

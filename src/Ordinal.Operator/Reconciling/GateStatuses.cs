using Ordinal.Core.Model;
using Ordinal.Operator.Api;

namespace Ordinal.Operator.Reconciling;

/// <summary>Turns what a gate said into what a status shows.</summary>
internal static class GateStatuses
{
    public static GateStatus Of(GateReport report) => new()
    {
        Name = report.Gate,
        State = report.Verdict switch
        {
            GateVerdict.Allow => "Passing",
            GateVerdict.Deny => "Failing",
            GateVerdict.Unknown => "Unknown",
            GateVerdict.Misconfigured => "Misconfigured",
        },
        Phase = report.Phase.ToString(),
        Reason = report.Reason.Code,
        ConsecutiveSuccesses = report.Successes,
        Observed = report.Facts.IsDefaultOrEmpty ? null : Conditions.Cut(string.Join(' ', report.Facts.Select(fact => $"{fact.Name}={fact.Value}")), 256),
        Message = Conditions.Cut(report.Message, 1024),
        LastProbeTime = report.ObservedAt,
    };
}

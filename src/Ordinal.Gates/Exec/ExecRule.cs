using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Exec;

/// <summary>Judges how a command ended. Pure. 0 is yes, 1 is no; 126 and 127 are a shell's words for a command that cannot be run.</summary>
internal static class ExecRule
{
    internal static ProbeFinding Judge(ExecSample sample, string where)
    {
        var said = sample.Output.Length > 0 ? $": \"{GateText.Clean(sample.Output)}\"" : "";
        var finding = sample switch
        {
            { Refusal: 401 or 403 } => new ProbeFinding(GateVerdict.Misconfigured, ReasonCodes.ExecNotAllowed, $"the API server does not let the operator run a command in {where}"),
            { Refusal: 404 } => new(GateVerdict.Unknown, ReasonCodes.ProbePodAbsent, $"the API server knows no {where}"),
            { Refusal: 400 or 405 or 422 or 501 } => new(GateVerdict.Misconfigured, ReasonCodes.ExecCommandMissing, $"the API server cannot run the command in {where} (HTTP {sample.Refusal}{Because(sample)})"),
            { Refusal: > 0 } => new(GateVerdict.Unknown, ReasonCodes.ExecInconclusive, $"the API server could not run the command in {where} (HTTP {sample.Refusal}{Because(sample)})"),
            { IsCommandMissing: true } or { ExitCode: 126 or 127 } =>
                new(GateVerdict.Misconfigured, ReasonCodes.ExecCommandMissing, $"the command cannot be run in {where}{(sample.Trouble.Length > 0 ? $": {GateText.Clean(sample.Trouble)}" : said)}"),
            { ExitCode: 0 } => new(GateVerdict.Allow, ReasonCodes.GateOpen, $"the command in {where} ended with 0{said}"),
            { ExitCode: 1 } => new(GateVerdict.Deny, ReasonCodes.ExecDenied, $"the command in {where} ended with 1{said}"),
            { ExitCode: { } code } => new(GateVerdict.Unknown, ReasonCodes.ExecInconclusive, $"the command in {where} ended with {code}{(code > 128 ? ", killed," : "")}{said}"),
            _ => new(GateVerdict.Unknown, ReasonCodes.ExecInconclusive, $"the command in {where} did not tell its end: {GateText.Clean(sample.Trouble)}"),
        };
        return finding with
        {
            Facts = [.. sample.ExitCode is { } exit ? new[] { new GateFact("exitCode", exit.ToString(CultureInfo.InvariantCulture)) } : [], .. said.Length > 0 ? new[] { new GateFact("output", GateText.Clean(sample.Output)) } : []],
        };
    }

    private static string Because(ExecSample sample) => sample.Trouble.Length > 0 ? $", {GateText.Clean(sample.Trouble)}" : "";
}

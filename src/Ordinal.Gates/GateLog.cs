using Microsoft.Extensions.Logging;
using Ordinal.Core.Model;

namespace Ordinal.Gates;

/// <summary>What the gates log. Event ids 3000 to 3099.</summary>
internal static partial class GateLog
{
    /// <summary>A changed verdict or reason is worth a line; the same one again is not.</summary>
    internal static void Verdict(ILogger logger, GateContext context, GateBinding binding, GateReport now, GateReport? before)
    {
        if (before is not null && before.Verdict == now.Verdict && ReferenceEquals(before.Reason, now.Reason))
        {
            Same(logger, context.Namespace, context.Name, binding.Policy.Name, now.Phase, now.Verdict, now.Reason.Code, now.Successes);
        }
        else if (now.Verdict is GateVerdict.Misconfigured)
        {
            Misconfigured(logger, context.Namespace, context.Name, binding.Policy.Name, now.Phase, now.Reason.Code, now.Message);
        }
        else
        {
            Changed(logger, context.Namespace, context.Name, binding.Policy.Name, now.Phase, now.Verdict, now.Reason.Code, now.Message);
        }
    }

    [LoggerMessage(3002, LogLevel.Error, "{Namespace}/{Name}: asking gate {Gate} failed")]
    internal static partial void Failed(ILogger logger, string @namespace, string name, string gate, Exception exception);

    [LoggerMessage(3000, LogLevel.Information, "{Namespace}/{Name}: gate {Gate} {Phase} now says {Verdict} ({Code}): {Message}")]
    private static partial void Changed(ILogger logger, string @namespace, string name, string gate, GatePhase phase, GateVerdict verdict, string code, string message);

    [LoggerMessage(3001, LogLevel.Warning, "{Namespace}/{Name}: gate {Gate} {Phase} cannot work as configured ({Code}): {Message}")]
    private static partial void Misconfigured(ILogger logger, string @namespace, string name, string gate, GatePhase phase, string code, string message);

    [LoggerMessage(3003, LogLevel.Debug, "{Namespace}/{Name}: gate {Gate} {Phase} still says {Verdict} ({Code}), {Successes} in a row")]
    private static partial void Same(ILogger logger, string @namespace, string name, string gate, GatePhase phase, GateVerdict verdict, string code, int successes);
}

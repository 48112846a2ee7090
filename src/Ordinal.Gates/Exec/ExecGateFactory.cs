using Ordinal.Core.Reasons;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Exec;

/// <summary>Makes gates that run a command in the pod.</summary>
/// <param name="exec">Runs the commands; null where that cannot be done, and then every such gate is Misconfigured.</param>
/// <param name="time">The clock for deadlines.</param>
public sealed class ExecGateFactory(IPodExec? exec, TimeProvider time)
{
    /// <summary>The kind of gate, as in the policy.</summary>
    public const string Type = "Exec";

    /// <summary>Makes a gate. Options that cannot work make a gate that answers Misconfigured to every question.</summary>
    /// <param name="options">The policy's <c>exec</c> part.</param>
    public IGate Create(ExecGateOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var problem = Problem(options) ?? (exec is null ? "this connection to the API server cannot run commands in pods" : null);
        return problem is null
            ? new ProbeGate<ExecSample>(options.Plan, new ExecProbe(options, exec!), time)
            : new MisconfiguredGate(Type, ReasonCodes.GateConfigurationInvalid, $"exec gate: {problem}; {ReasonCodes.GateConfigurationInvalid.Remedy}");
    }

    /// <summary>Says what cannot work, with its field; null when all is well.</summary>
    public static string? Problem(ExecGateOptions options) =>
        options.Plan.Problem()
        ?? (options.Plan.Scope is ProbeScope.Once ? "a command runs in each pod; use scope Pod, OtherPods or AllPods" : null)
        ?? (options.Command.IsDefaultOrEmpty || options.Command[0].Length == 0 ? "command is empty" : null);
}

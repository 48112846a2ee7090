using Ordinal.Core.Reasons;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Grpc;

/// <summary>Makes gRPC health gates from what a policy says.</summary>
/// <param name="time">The clock for deadlines.</param>
public sealed class GrpcGateFactory(TimeProvider time)
{
    /// <summary>The kind of gate, as in the policy.</summary>
    public const string Type = "Grpc";

    /// <summary>Makes a gate. Options or secrets that cannot work make a gate that answers Misconfigured to every question.</summary>
    /// <param name="options">The policy's <c>grpc</c> part.</param>
    /// <param name="secrets">The values of the named Secrets.</param>
    public IGate Create(GrpcGateOptions options, IGateSecrets secrets)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(secrets);
        var problem = Problem(options);
        var tls = problem is null ? GateTls.Create(secrets, out problem) : null;
        return problem is null
            ? new ProbeGate<GrpcSample>(options.Plan, new GrpcProbe(options, secrets, new ProbeTransport(tls, secrets)), time)
            : new MisconfiguredGate(Type, ReasonCodes.GateConfigurationInvalid, $"grpc gate: {problem}; {ReasonCodes.GateConfigurationInvalid.Remedy}");
    }

    /// <summary>Says what cannot work, with its field; null when all is well.</summary>
    public static string? Problem(GrpcGateOptions options) =>
        options.Plan.Problem()
        ?? (options.Plan.Scope is ProbeScope.Once ? "a health service is asked at each pod; use scope Pod, OtherPods or AllPods" : null)
        ?? (options.Scheme is not ("http" or "https") ? $"scheme is \"{GateText.Clean(options.Scheme)}\", not http or https" : null)
        ?? (options.Port is < 1 or > 65535 ? $"port is {options.Port}, not 1 to 65535" : null)
        ?? (options.HostTemplate.Length > 0 && !GateTemplate.IsHost(options.HostTemplate) ? $"hostTemplate \"{GateText.Clean(options.HostTemplate)}\" is not a host name once it is filled" : null);
}

using Ordinal.Core.Reasons;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Prometheus;

/// <summary>Makes Prometheus gates from what a policy says.</summary>
/// <param name="time">The clock for deadlines.</param>
public sealed class PrometheusGateFactory(TimeProvider time)
{
    /// <summary>The kind of gate, as in the policy.</summary>
    public const string Type = "Prometheus";

    /// <summary>Makes a gate. Options or secrets that cannot work make a gate that answers Misconfigured to every question.</summary>
    /// <param name="options">The policy's <c>prometheus</c> part.</param>
    /// <param name="secrets">The values of the named Secrets.</param>
    public IGate Create(PrometheusGateOptions options, IGateSecrets secrets)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(secrets);
        var problem = Problem(options);
        var tls = problem is null ? GateTls.Create(secrets, out problem) : null;
        var plan = GateTemplate.NeedsPod(options.Query) ? options.Plan : options.Plan with { Scope = ProbeScope.Once };
        return problem is null
            ? new ProbeGate<PrometheusAnswer>(plan, new PrometheusProbe(options, secrets, new ProbeTransport(tls, secrets)), time)
            : new MisconfiguredGate(Type, ReasonCodes.GateConfigurationInvalid, $"prometheus gate: {problem}; {ReasonCodes.GateConfigurationInvalid.Remedy}");
    }

    /// <summary>Says what cannot work, with its field; null when all is well.</summary>
    public static string? Problem(PrometheusGateOptions options)
    {
        var server = options.Address.Replace("{namespace}", "n", StringComparison.Ordinal);
        return options.Plan.Problem()
            ?? (!Uri.TryCreate(server, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0 || uri.Query.Length > 0
                ? "address is not the http or https address of a server, or carries a user or a query; credentials go into a Secret" : null)
            ?? (string.IsNullOrWhiteSpace(options.Query) ? "query is empty" : null)
            ?? (options.Range.IsOpen ? "min and max are both missing: any value would pass" : null)
            ?? (options.Range is { Min: { } min, Max: { } max } && min > max ? $"min {NumberRange.Write(min)} is greater than max {NumberRange.Write(max)}" : null)
            ?? (options.MinSeries < 1 ? $"minSeries is {options.MinSeries}, not at least 1: no data is never good" : null)
            ?? (options.MaxAge < TimeSpan.FromSeconds(1) ? "maxAge is shorter than 1 s" : null);
    }
}

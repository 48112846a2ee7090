using System.Net.Security;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Etcd;

/// <summary>Makes etcd gates from what a policy says.</summary>
/// <param name="time">The clock for deadlines.</param>
public sealed class EtcdGateFactory(TimeProvider time)
{
    /// <summary>The kind of gate, as in the policy.</summary>
    public const string Type = "Etcd";

    /// <summary>Makes a gate. Options or secrets that cannot work make a gate that answers Misconfigured to every question.</summary>
    /// <param name="options">The policy's <c>etcd</c> part.</param>
    /// <param name="secrets">The values of the named Secrets.</param>
    public IGate Create(EtcdGateOptions options, IGateSecrets secrets)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(secrets);
        Func<string, SslClientAuthenticationOptions>? tls = null;
        var problem = Problem(options);
        if (problem is null && options.Scheme == "https")
        {
            tls = GateTls.Create(secrets, out problem);
        }

        return problem is null
            ? new EtcdGate(options, secrets, new EtcdTransport(tls, options.DialTimeout, time), time)
            : new MisconfiguredGate(Type, ReasonCodes.GateConfigurationInvalid, $"etcd gate: {problem}; {ReasonCodes.GateConfigurationInvalid.Remedy}");
    }

    private static string? Problem(EtcdGateOptions options)
    {
        if (options.Scheme is not ("http" or "https"))
        {
            return $"scheme is \"{options.Scheme}\", not http or https";
        }

        if (options.Port is < 1 or > 65535)
        {
            return $"port is {options.Port}, not 1 to 65535";
        }

        if (options.MaxRaftLag < 0)
        {
            return $"maxRaftLag is {options.MaxRaftLag}, not 0 or more";
        }

        if (options.DialTimeout <= TimeSpan.Zero || options.RequestTimeout <= TimeSpan.Zero || options.RequestTimeout > TimeSpan.FromMinutes(1))
        {
            return $"requestTimeout is {options.RequestTimeout.TotalSeconds:0.##} s, not more than 0 and at most 60 s";
        }

        if (options.TargetVersion.Length > 0 && EtcdVersion.Parse(options.TargetVersion) is null)
        {
            return $"targetVersion \"{EtcdWire.Clean(options.TargetVersion)}\" is no version of etcd, as 3.6.5";
        }

        if (options.Snapshot is { } snapshot && (snapshot.MaxAge <= TimeSpan.Zero || (snapshot.Directory.Length > 0 && !Path.IsPathFullyQualified(snapshot.Directory))))
        {
            return "requireSnapshot needs a maxAge longer than 0 and, to keep it, the absolute path of a directory";
        }

        return IsHost(options.HostTemplate) ? IsHost(options.ServerName) ? null : Bad("serverName", options.ServerName) : Bad("hostTemplate", options.HostTemplate);
    }

    private static string Bad(string field, string value) => $"{field} \"{value}\" is not a host name (only {{pod}}, {{ordinal}}, {{address}}, {{service}}, {{statefulset}} and {{namespace}} are replaced)";

    private static bool IsHost(string template) => template.Length == 0 || GateTemplate.IsHost(template);
}

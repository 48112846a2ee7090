using System.Net.Security;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>Makes ZooKeeper gates from what a policy says.</summary>
/// <param name="time">The clock for deadlines.</param>
public sealed class ZooKeeperGateFactory(TimeProvider time)
{
    /// <summary>The kind of gate, as in the policy.</summary>
    public const string Type = "ZooKeeper";

    /// <summary>Makes a gate. Options or secrets that cannot work make a gate that answers Misconfigured to every question.</summary>
    /// <param name="options">The policy's <c>zookeeper</c> part.</param>
    /// <param name="secrets">The values of the named Secrets.</param>
    public IGate Create(ZooKeeperGateOptions options, ZkSecrets secrets)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(secrets);
        Func<string, SslClientAuthenticationOptions>? tls = null;
        var problem = Problem(options);
        if (problem is null && (options.UseTls || options.AdminScheme == "https"))
        {
            tls = GateTls.Create(secrets.Gate, out problem);
        }

        if (problem is not null)
        {
            return new MisconfiguredGate(Type, ReasonCodes.GateConfigurationInvalid, $"zookeeper gate: {problem}; {ReasonCodes.GateConfigurationInvalid.Remedy}");
        }

        var admin = new AdminClient(options, options.AdminScheme == "https" ? tls : null, secrets, time);
        return new ZooKeeperGate(options, secrets, new ZkDialer(options.UseTls ? tls : null), admin, time);
    }

    private static string? Problem(ZooKeeperGateOptions options)
    {
        if (options.ClientPort is < 1 or > 65535 || options.AdminPort is < 1 or > 65535)
        {
            return $"clientPort is {options.ClientPort} and adminServer.port {options.AdminPort}, not 1 to 65535";
        }

        if (options.AdminScheme is not ("http" or "https") || !options.AdminPath.StartsWith('/') || !Uri.IsWellFormedUriString(options.AdminPath, UriKind.Relative))
        {
            return $"adminServer needs a scheme of http or https and a path that begins with / (it has \"{options.AdminScheme}\" and \"{ZkText.Clean(options.AdminPath)}\")";
        }

        if (options.CanaryPath.Length > 0 && (!options.CanaryPath.StartsWith('/') || options.CanaryPath.Contains("//", StringComparison.Ordinal) || $"{options.CanaryPath}/".StartsWith("/zookeeper/", StringComparison.Ordinal)))
        {
            return $"writeCanary.path \"{ZkText.Clean(options.CanaryPath)}\" is not a path of ZooKeeper outside /zookeeper";
        }

        if (options.MaxZxidLag < 0 || options.MaxOutstandingRequests < 0 || options.Headroom < 0 || options.MaxFrame < 1024)
        {
            return "maxZxidLag, maxOutstandingRequests and headroom cannot be negative, and maxFrame is at least 1024 bytes";
        }

        if (options.RequestTimeout <= TimeSpan.Zero || options.RequestTimeout > TimeSpan.FromMinutes(1))
        {
            return $"requestTimeout is {options.RequestTimeout.TotalSeconds:0.##} s, not more than 0 and at most 60 s";
        }

        return IsHost(options.HostTemplate) ? IsHost(options.ServerName) ? null : Bad("serverName", options.ServerName) : Bad("hostTemplate", options.HostTemplate);
    }

    private static string Bad(string field, string value) => $"{field} \"{ZkText.Clean(value)}\" is not a host name (only {{pod}}, {{service}} and {{namespace}} are replaced)";

    private static bool IsHost(string template) => template.Length == 0 || Uri.CheckHostName(
        template.Replace("{pod}", "p-0", StringComparison.Ordinal).Replace("{service}", "s", StringComparison.Ordinal).Replace("{namespace}", "n", StringComparison.Ordinal)) is not UriHostNameType.Unknown;
}

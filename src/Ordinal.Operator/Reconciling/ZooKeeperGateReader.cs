using Ordinal.Gates;
using Ordinal.Gates.ZooKeeper;
using Ordinal.Operator.Api;

namespace Ordinal.Operator.Reconciling;

/// <summary>Reads the <c>zookeeper</c> part of a gate.</summary>
internal static class ZooKeeperGateReader
{
    /// <summary>Says what cannot work, each with its field under the gate's path.</summary>
    internal static IEnumerable<string> Problems(ZooKeeperGateSpec spec, string path)
    {
        if (!string.IsNullOrEmpty(spec.Transport) && !Words.TryRead<ZkTransport>(spec.Transport, out _))
        {
            yield return $"{path}.zookeeper.transport is \"{spec.Transport}\", which this version of the operator does not know";
        }

        if (spec.AdminServer?.Scheme is not (null or "" or "http" or "https"))
        {
            yield return $"{path}.zookeeper.adminServer.scheme is \"{spec.AdminServer.Scheme}\", which this version of the operator does not know";
        }

        foreach (var (field, port) in new[] { ("clientPort", spec.ClientPort), ("adminServer.port", spec.AdminServer?.Port) })
        {
            if (port is < 1 or > 65535)
            {
                yield return $"{path}.zookeeper.{field} is {port}; it must be 1 to 65535";
            }
        }

        foreach (var (field, number) in new (string, long?)[] { ("maxZxidLag", spec.MaxZxidLag), ("maxOutstandingRequests", spec.MaxOutstandingRequests), ("headroom", spec.Headroom) })
        {
            if (number < 0)
            {
                yield return $"{path}.zookeeper.{field} is {number}; it cannot be negative";
            }
        }

        if (spec.RequestTimeout is not null && (!Durations.TryParse(spec.RequestTimeout, out var timeout) || timeout <= TimeSpan.Zero))
        {
            yield return $"{path}.zookeeper.requestTimeout is \"{spec.RequestTimeout}\"; write a duration longer than 0 as 2s or 500ms";
        }

        if (spec.WriteCanary is { } canary && (!canary.Path.StartsWith('/') || $"{canary.Path}/".StartsWith("/zookeeper/", StringComparison.Ordinal)))
        {
            yield return $"{path}.zookeeper.writeCanary.path is \"{canary.Path}\"; it must begin with / and lie outside /zookeeper";
        }
    }

    internal static ZooKeeperGateOptions Options(ZooKeeperGateSpec spec)
    {
        var defaults = new ZooKeeperGateOptions();
        return defaults with
        {
            Transport = !string.IsNullOrEmpty(spec.Transport) && Words.TryRead<ZkTransport>(spec.Transport, out var transport) ? transport : defaults.Transport,
            ClientPort = spec.ClientPort ?? defaults.ClientPort,
            UseTls = spec.Tls is not null,
            ServerName = spec.Tls?.ServerName ?? defaults.ServerName,
            AdminPort = spec.AdminServer?.Port ?? defaults.AdminPort,
            AdminScheme = spec.AdminServer?.Scheme ?? defaults.AdminScheme,
            AdminPath = spec.AdminServer?.Path?.TrimEnd('/') ?? defaults.AdminPath,
            HostTemplate = spec.HostTemplate ?? defaults.HostTemplate,
            MaxZxidLag = spec.MaxZxidLag ?? defaults.MaxZxidLag,
            MaxOutstandingRequests = spec.MaxOutstandingRequests ?? defaults.MaxOutstandingRequests,
            Headroom = spec.Headroom ?? defaults.Headroom,
            AllowTwoMembers = spec.AllowTwoMembers ?? defaults.AllowTwoMembers,
            ReadCommittedConfig = spec.ReadCommittedConfig ?? defaults.ReadCommittedConfig,
            CanaryPath = spec.WriteCanary?.Path ?? defaults.CanaryPath,
            RequestTimeout = Durations.TryParse(spec.RequestTimeout, out var timeout) && timeout > TimeSpan.Zero ? timeout : defaults.RequestTimeout,
        };
    }

    internal static async Task<ZkSecrets> SecretsAsync(ZooKeeperGateSpec spec, SecretReader reader, CancellationToken cancellationToken) => new()
    {
        Gate = new GateSecrets
        {
            CertificateAuthorityPem = await reader.AuthorityAsync(spec.Tls, cancellationToken),
            ClientCertificatePem = await reader.CertificateAsync(spec.Tls, "tls.crt", cancellationToken),
            ClientKeyPem = await reader.CertificateAsync(spec.Tls, "tls.key", cancellationToken),
            Username = await reader.UsernameAsync(spec.Credentials, cancellationToken),
            Password = await reader.PasswordAsync(spec.Credentials, cancellationToken),
        },
        AdminUsername = await reader.UsernameAsync(spec.AdminServer?.Credentials?.Basic, cancellationToken),
        AdminPassword = await reader.PasswordAsync(spec.AdminServer?.Credentials?.Basic, cancellationToken),
        AdminToken = await reader.TokenAsync(spec.AdminServer?.Credentials?.Bearer, cancellationToken),
    };
}

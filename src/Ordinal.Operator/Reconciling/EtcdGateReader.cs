using Ordinal.Gates;
using Ordinal.Gates.Etcd;
using Ordinal.Operator.Api;

namespace Ordinal.Operator.Reconciling;

/// <summary>Reads the <c>etcd</c> part of a gate.</summary>
internal static class EtcdGateReader
{
    /// <summary>Says what cannot work, each with its field under the gate's path.</summary>
    /// <param name="spec">The part.</param>
    /// <param name="runAt">When the gate runs; null for the default.</param>
    /// <param name="path">The gate's path.</param>
    internal static IEnumerable<string> Problems(EtcdGateSpec spec, IReadOnlyList<string>? runAt, string path)
    {
        if (spec.Scheme is not (null or "http" or "https"))
        {
            yield return $"{path}.etcd.scheme is \"{spec.Scheme}\", which this version of the operator does not know";
        }

        if (spec.Port is < 1 or > 65535)
        {
            yield return $"{path}.etcd.port is {spec.Port}; it must be 1 to 65535";
        }

        if (spec.MaxRaftLag < 0)
        {
            yield return $"{path}.etcd.maxRaftLag is {spec.MaxRaftLag}; it cannot be negative";
        }

        foreach (var (field, value) in new[] { ("requestTimeout", spec.RequestTimeout), ("requireSnapshot.maxAge", spec.RequireSnapshot?.MaxAge) })
        {
            if (value is not null && (!Durations.TryParse(value, out var duration) || duration <= TimeSpan.Zero))
            {
                yield return $"{path}.etcd.{field} is \"{value}\"; write a duration longer than 0 as 1h30m, 10s or 500ms";
            }
        }

        if (spec.TargetVersion is { } version && !(Version.TryParse(version, out var parsed) && parsed is { Build: >= 0, Revision: -1 }))
        {
            yield return $"{path}.etcd.targetVersion is \"{version}\"; write a version of etcd as 3.6.5";
        }

        if (spec.RequireSnapshot?.Directory is { } directory && !Path.IsPathFullyQualified(directory))
        {
            yield return $"{path}.etcd.requireSnapshot.directory is \"{directory}\"; write an absolute path in the operator's pod, or leave it out";
        }

        if (spec.RequireSnapshot is not null && runAt is not null && !runAt.Contains("BeforePod"))
        {
            yield return $"{path}.etcd.requireSnapshot is looked at BeforePod only; add that to runAt";
        }

        if (spec.CompareHashes is true && !(runAt ?? []).Any(phase => phase is "BeforeRollout" or "AfterRollout"))
        {
            yield return $"{path}.etcd.compareHashes is looked at BeforeRollout and AfterRollout only; add one of them to runAt";
        }
    }

    internal static EtcdGateOptions Options(EtcdGateSpec spec)
    {
        var defaults = new EtcdGateOptions();
        return defaults with
        {
            Scheme = spec.Scheme ?? defaults.Scheme,
            Port = spec.Port ?? defaults.Port,
            HostTemplate = spec.HostTemplate ?? defaults.HostTemplate,
            ServerName = spec.Tls?.ServerName ?? defaults.ServerName,
            MaxRaftLag = spec.MaxRaftLag ?? defaults.MaxRaftLag,
            RequestTimeout = Duration(spec.RequestTimeout, defaults.RequestTimeout),
            MoveLeaderBeforeStop = spec.MoveLeaderBeforeStop ?? defaults.MoveLeaderBeforeStop,
            AllowLearner = spec.AllowLearner ?? defaults.AllowLearner,
            AllowNoSpace = spec.AllowNoSpace ?? defaults.AllowNoSpace,
            TargetVersion = spec.TargetVersion ?? defaults.TargetVersion,
            CompareHashes = spec.CompareHashes ?? defaults.CompareHashes,
            Snapshot = spec.RequireSnapshot is { } snapshot ? new EtcdSnapshotPolicy(Duration(snapshot.MaxAge, TimeSpan.FromHours(1)), snapshot.Directory ?? "") : null,
        };
    }

    internal static async Task<GateSecrets> SecretsAsync(EtcdGateSpec spec, SecretReader reader, CancellationToken cancellationToken) => new()
    {
        CertificateAuthorityPem = await reader.AuthorityAsync(spec.Tls, cancellationToken),
        ClientCertificatePem = await reader.CertificateAsync(spec.Tls, "tls.crt", cancellationToken),
        ClientKeyPem = await reader.CertificateAsync(spec.Tls, "tls.key", cancellationToken),
        Username = await reader.UsernameAsync(spec.Credentials, cancellationToken),
        Password = await reader.PasswordAsync(spec.Credentials, cancellationToken),
    };

    private static TimeSpan Duration(string? text, TimeSpan otherwise) => Durations.TryParse(text, out var value) && value > TimeSpan.Zero ? value : otherwise;
}

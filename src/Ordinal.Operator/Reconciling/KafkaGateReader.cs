using Ordinal.Gates;
using Ordinal.Gates.Kafka;
using Ordinal.Operator.Api;

namespace Ordinal.Operator.Reconciling;

/// <summary>Reads the <c>kafka</c> part of a gate.</summary>
internal static class KafkaGateReader
{
    /// <summary>Says what cannot work, each with its field under the gate's path.</summary>
    internal static IEnumerable<string> Problems(KafkaGateSpec spec, string path)
    {
        if (string.IsNullOrWhiteSpace(spec.BootstrapServers))
        {
            yield return $"{path}.kafka.bootstrapServers is empty; name at least one broker as host:port";
        }

        foreach (var (field, value, isKnown) in new[]
        {
            ("guarantee", spec.Guarantee, Known<KafkaGuarantee>(spec.Guarantee)),
            ("singleReplicaTopics", spec.SingleReplicaTopics, Known<KafkaTopicPolicy>(spec.SingleReplicaTopics)),
            ("fullIsrTopics", spec.FullIsrTopics, Known<KafkaTopicPolicy>(spec.FullIsrTopics)),
            ("leadership", spec.Leadership, Known<KafkaLeadership>(spec.Leadership)),
        })
        {
            if (!isKnown)
            {
                yield return $"{path}.kafka.{field} is \"{value}\", which this version of the operator does not know";
            }
        }

        foreach (var (field, value) in new[]
        {
            ("quorumFetchTimeout", spec.QuorumFetchTimeout), ("stuckReplicaAfter", spec.StuckReplicaAfter), ("leadershipWait", spec.LeadershipWait), ("requestTimeout", spec.RequestTimeout),
        })
        {
            if (value is not null && (!Durations.TryParse(value, out var duration) || duration <= TimeSpan.Zero))
            {
                yield return $"{path}.kafka.{field} is \"{value}\"; write a duration longer than 0 as 1h30m, 10s or 500ms";
            }
        }

        foreach (var (field, number) in new (string, long?)[] { ("minIsrHeadroom", spec.MinIsrHeadroom), ("nodeIdOffset", spec.NodeIdOffset), ("maxControllerLag", spec.MaxControllerLag) })
        {
            if (number < 0)
            {
                yield return $"{path}.kafka.{field} is {number}; it cannot be negative";
            }
        }

        if (spec.Metrics is { Port: < 1 or > 65535 })
        {
            yield return $"{path}.kafka.metrics.port is {spec.Metrics.Port}; it must be 1 to 65535";
        }

        if (spec.Sasl is { } sasl && (sasl.Mechanism == "OAUTHBEARER" ? sasl.Token is null || sasl.Credentials is not null : sasl.Credentials is null || sasl.Token is not null))
        {
            yield return $"{path}.kafka.sasl: OAUTHBEARER needs token, every other mechanism needs credentials";
        }
    }

    internal static KafkaGateOptions Options(KafkaGateSpec spec)
    {
        var defaults = new KafkaGateOptions();
        return defaults with
        {
            BootstrapServers = spec.BootstrapServers,
            ControllerServers = spec.ControllerServers ?? defaults.ControllerServers,
            UseTls = spec.Tls is not null,
            ServerName = spec.Tls?.ServerName ?? defaults.ServerName,
            SaslMechanism = spec.Sasl?.Mechanism ?? defaults.SaslMechanism,
            Guarantee = Word(spec.Guarantee, defaults.Guarantee),
            SingleReplicaTopics = Word(spec.SingleReplicaTopics, defaults.SingleReplicaTopics),
            FullIsrTopics = Word(spec.FullIsrTopics, defaults.FullIsrTopics),
            MinIsrHeadroom = spec.MinIsrHeadroom ?? defaults.MinIsrHeadroom,
            NodeIdOffset = spec.NodeIdOffset ?? defaults.NodeIdOffset,
            Controllers = [.. spec.Controllers ?? []],
            AllowSingleController = spec.AllowSingleController ?? defaults.AllowSingleController,
            MaxControllerLag = spec.MaxControllerLag ?? defaults.MaxControllerLag,
            QuorumFetchTimeout = Duration(spec.QuorumFetchTimeout, defaults.QuorumFetchTimeout),
            StuckReplicaAfter = Duration(spec.StuckReplicaAfter, defaults.StuckReplicaAfter),
            Leadership = Word(spec.Leadership, defaults.Leadership),
            LeadershipWait = Duration(spec.LeadershipWait, defaults.LeadershipWait),
            MetricsPort = spec.Metrics?.Port ?? defaults.MetricsPort,
            MetricsScheme = spec.Metrics?.Scheme ?? defaults.MetricsScheme,
            MetricsPath = spec.Metrics?.Path ?? defaults.MetricsPath,
            RequestTimeout = Duration(spec.RequestTimeout, defaults.RequestTimeout),
        };
    }

    internal static async Task<GateSecrets> SecretsAsync(KafkaGateSpec spec, SecretReader reader, CancellationToken cancellationToken) => new()
    {
        CertificateAuthorityPem = await reader.AuthorityAsync(spec.Tls, cancellationToken),
        ClientCertificatePem = await reader.CertificateAsync(spec.Tls, "tls.crt", cancellationToken),
        ClientKeyPem = await reader.CertificateAsync(spec.Tls, "tls.key", cancellationToken),
        Username = await reader.UsernameAsync(spec.Sasl?.Credentials, cancellationToken),
        Password = await reader.PasswordAsync(spec.Sasl?.Credentials, cancellationToken),
        Token = await reader.TokenAsync(spec.Sasl?.Token, cancellationToken),
    };

    private static bool Known<TEnum>(string? word)
        where TEnum : struct, Enum => string.IsNullOrEmpty(word) || Words.TryRead<TEnum>(word, out _);

    private static TEnum Word<TEnum>(string? word, TEnum otherwise)
        where TEnum : struct, Enum => !string.IsNullOrEmpty(word) && Words.TryRead<TEnum>(word, out var value) ? value : otherwise;

    private static TimeSpan Duration(string? text, TimeSpan otherwise) => Durations.TryParse(text, out var value) && value > TimeSpan.Zero ? value : otherwise;
}

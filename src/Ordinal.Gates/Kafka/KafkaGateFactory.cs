using System.Collections.Immutable;
using System.Net.Security;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Kafka.Sasl;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka;

/// <summary>Makes Kafka gates from what a policy says.</summary>
/// <param name="time">The clock for deadlines.</param>
public sealed class KafkaGateFactory(TimeProvider time)
{
    /// <summary>The kind of gate, as in the policy.</summary>
    public const string Type = "Kafka";

    private const int MostServers = 16;

    /// <summary>Makes a gate. Options or secrets that cannot work make a gate that answers Misconfigured to every question.</summary>
    /// <param name="options">The policy's <c>kafka</c> part.</param>
    /// <param name="secrets">The values of the named Secrets.</param>
    public IGate Create(KafkaGateOptions options, IGateSecrets secrets)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(secrets);
        var problem = Problem(options) ?? Credentials(options, secrets);
        Func<string, SslClientAuthenticationOptions>? tls = null;
        if (problem is null && (options.UseTls || options.MetricsScheme == "https"))
        {
            tls = GateTls.Create(secrets, out problem);
        }

        if (problem is not null)
        {
            return new MisconfiguredGate(Type, ReasonCodes.GateConfigurationInvalid, $"kafka gate: {problem}; {ReasonCodes.GateConfigurationInvalid.Remedy}");
        }

        var sasl = options.SaslMechanism.Length == 0 ? null : new KafkaSasl(options.SaslMechanism, secrets);
        var dialer = new KafkaDialer(options.UseTls ? tls : null, options.ServerName, sasl);
        var connections = new KafkaConnections(dialer, options.DialTimeout, options.RequestTimeout, time);
        return new KafkaGate(options, connections, options.MetricsPort == 0 ? null : new KafkaMetricsReader(options, options.MetricsScheme == "https" ? tls : null, time), time);
    }

    /// <summary>Reads the list of bootstrap servers for one workload.</summary>
    internal static ImmutableArray<KafkaEndpoint> Servers(KafkaGateOptions options, GateContext context) => Servers(options, context.Service, context.Namespace);

    private static ImmutableArray<KafkaEndpoint> Servers(KafkaGateOptions options, string service, string ns) =>
    [
        .. options.BootstrapServers
            .Replace("{service}", service, StringComparison.Ordinal)
            .Replace("{namespace}", ns, StringComparison.Ordinal)
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(KafkaEndpoint.Parse).OfType<KafkaEndpoint>(),
    ];

    private static string? Problem(KafkaGateOptions options)
    {
        var texts = options.BootstrapServers.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (texts.Length is 0 or > MostServers || Servers(options, "s", "n").Length != texts.Length)
        {
            return $"bootstrapServers \"{KafkaFailures.Clean(options.BootstrapServers)}\" is not a list of 1 to {MostServers} host:port (only {{service}} and {{namespace}} are replaced)";
        }

        if (options.ServerName.Length > 0 && Uri.CheckHostName(options.ServerName) is UriHostNameType.Unknown)
        {
            return $"serverName \"{options.ServerName}\" is not a host name";
        }

        if (options.NodeIdOffset < 0 || options.MinIsrHeadroom < 0 || options.MaxControllerLag < 0 || options.MaxElectionsPerStep < 1)
        {
            return "nodeIdOffset, minIsrHeadroom and maxControllerLag cannot be negative";
        }

        if (options.MetricsPort is < 0 or > 65535 || options.MetricsScheme is not ("http" or "https") || !options.MetricsPath.StartsWith('/'))
        {
            return "metrics needs a port of 1 to 65535, a scheme of http or https, and a path that begins with /";
        }

        return options.DialTimeout <= TimeSpan.Zero || options.RequestTimeout <= TimeSpan.Zero || options.RequestTimeout > TimeSpan.FromMinutes(1)
            ? $"requestTimeout is {options.RequestTimeout.TotalSeconds:0.##} s, not more than 0 and at most 60 s"
            : null;
    }

    private static string? Credentials(KafkaGateOptions options, IGateSecrets secrets) => options.SaslMechanism switch
    {
        "" => null,
        KafkaSasl.OAuthBearer => string.IsNullOrWhiteSpace(secrets.Token) ? "sasl OAUTHBEARER needs a token" : null,
        KafkaSasl.Plain or KafkaSasl.Scram256 or KafkaSasl.Scram512 => string.IsNullOrEmpty(secrets.Username) || string.IsNullOrEmpty(secrets.Password) ? $"sasl {options.SaslMechanism} needs a user name and a password" : null,
        var other => $"sasl mechanism \"{other}\" is not PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER",
    };
}

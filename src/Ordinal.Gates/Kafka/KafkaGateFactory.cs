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

    /// <summary>Reads a list of servers for one workload. An entry with a pod's word stands for every pod that has an address, ready ones first.</summary>
    internal static ImmutableArray<KafkaEndpoint> Servers(string list, GateContext context) =>
    [
        .. Entries(list)
            .SelectMany(entry => GateTemplate.NeedsPod(entry)
                ? context.Pods.Where(p => p.Address.Length > 0).OrderBy(p => !p.IsReady).ThenBy(p => p.Ordinal).Select(p => GateTemplate.Fill(entry, context, p))
                : [GateTemplate.Fill(entry, context, null)])
            .Select(KafkaEndpoint.Parse).OfType<KafkaEndpoint>().Distinct().Take(MostServers),
    ];

    private static string[] Entries(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string? Problem(KafkaGateOptions options)
    {
        var pod = new GateTarget { Pod = "p-0", Uid = "u", Ordinal = 0, Revision = "r", Address = "192.0.2.1", IsReady = true };
        var example = new GateContext { WorkloadUid = "w", Namespace = "n", Name = "s", Service = "s", Pods = [pod], Gates = [] };
        foreach (var (field, list) in new[] { ("bootstrapServers", options.BootstrapServers), ("controllerServers", options.ControllerServers) })
        {
            var texts = Entries(list);
            if ((texts.Length == 0 && (field == "bootstrapServers" || list.Length > 0)) || texts.Length > MostServers || !Array.TrueForAll(texts, text => KafkaEndpoint.Parse(GateTemplate.Fill(text, example, pod)) is not null))
            {
                return $"{field} \"{KafkaFailures.Clean(list)}\" is not a list of 1 to {MostServers} host:port (only {{service}}, {{namespace}}, {{statefulset}}, and for every pod {{pod}}, {{ordinal}} and {{address}} are replaced)";
            }
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

using System.Collections.Immutable;
using Ordinal.Gates;
using Ordinal.Gates.Exec;
using Ordinal.Gates.Grpc;
using Ordinal.Gates.Http;
using Ordinal.Gates.Probing;
using Ordinal.Gates.Prometheus;
using Ordinal.Operator.Api;

namespace Ordinal.Operator.Reconciling;

/// <summary>Reads the <c>http</c>, <c>prometheus</c>, <c>grpc</c> and <c>exec</c> parts of a gate.</summary>
internal static class ProbeGateReader
{
    /// <summary>Says what cannot work in a gate of a generic type, each with its field under the gate's path.</summary>
    internal static IEnumerable<string> Problems(GateSpec gate, string path)
    {
        // Reading the whole part shows what the texts hide; what the gate itself says of its options comes after.
        var found = gate switch
        {
            { Type: HttpGateFactory.Type, Http: { } http } => TextProblems(http).Append(HttpGateFactory.Problem(Options(http))),
            { Type: PrometheusGateFactory.Type, Prometheus: { } prometheus } => TextProblems(prometheus).Append(PrometheusGateFactory.Problem(Options(prometheus))),
            { Type: GrpcGateFactory.Type, Grpc: { } grpc } => Common(grpc.Scope, grpc.Quorum, grpc.RequestTimeout).Append(GrpcGateFactory.Problem(Options(grpc))),
            { Type: ExecGateFactory.Type, Exec: { } exec } => Common(exec.Scope, exec.Quorum, exec.RequestTimeout).Append(ExecGateFactory.Problem(Options(exec))),
            _ => [$"is missing: a gate of type {gate.Type} needs it"],
        };
        return found.OfType<string>().Distinct(StringComparer.Ordinal).Select(problem => $"{path}.{Part(gate.Type)}: {problem}");
    }

    internal static HttpGateOptions Options(HttpGateSpec spec)
    {
        var defaults = new HttpGateOptions();
        return defaults with
        {
            Plan = Plan(spec.Scope, spec.Quorum, spec.RequestTimeout),
            Url = spec.Url ?? defaults.Url,
            Scheme = spec.Scheme ?? defaults.Scheme,
            Port = spec.Port ?? defaults.Port,
            Path = spec.Path ?? defaults.Path,
            HostTemplate = spec.HostTemplate ?? defaults.HostTemplate,
            ServerName = spec.Tls?.ServerName ?? defaults.ServerName,
            Statuses = spec.Statuses is null ? defaults.Statuses : [.. spec.Statuses.Select(StatusRange.Parse).OfType<StatusRange>()],
            Headers = (spec.Headers ?? []).Where(header => header.Value is not null).GroupBy(header => header.Name, StringComparer.OrdinalIgnoreCase)
                .ToImmutableSortedDictionary(headers => headers.Key, headers => headers.First().Value!, StringComparer.OrdinalIgnoreCase),
            Body = spec.Body is not { } body ? null : new HttpCondition
            {
                JsonPath = body.JsonPath ?? "",
                Expected = body.Expect,
                Pattern = body.Matches,
                Range = new NumberRange(NumberRange.Read(body.Min), NumberRange.Read(body.Max)),
            },
        };
    }

    internal static PrometheusGateOptions Options(PrometheusGateSpec spec)
    {
        var defaults = new PrometheusGateOptions();
        return defaults with
        {
            Plan = Plan(spec.Scope, spec.Quorum, spec.RequestTimeout),
            Address = spec.Address,
            Query = spec.Query,
            Range = new NumberRange(NumberRange.Read(spec.Min), NumberRange.Read(spec.Max)),
            MinSeries = spec.MinSeries ?? defaults.MinSeries,
            MaxAge = Duration(spec.MaxAge, defaults.MaxAge),
            ServerName = spec.Tls?.ServerName ?? defaults.ServerName,
        };
    }

    internal static GrpcGateOptions Options(GrpcGateSpec spec)
    {
        var defaults = new GrpcGateOptions();
        return defaults with
        {
            Plan = Plan(spec.Scope, spec.Quorum, spec.RequestTimeout),
            Scheme = spec.Scheme ?? defaults.Scheme,
            Port = spec.Port,
            Service = spec.Service ?? defaults.Service,
            HostTemplate = spec.HostTemplate ?? defaults.HostTemplate,
            ServerName = spec.Tls?.ServerName ?? defaults.ServerName,
        };
    }

    internal static ExecGateOptions Options(ExecGateSpec spec) => new()
    {
        Plan = Plan(spec.Scope, spec.Quorum, spec.RequestTimeout),
        Container = spec.Container ?? "",
        Command = [.. spec.Command],
    };

    /// <summary>Reads the Secrets that a gate over HTTP names.</summary>
    internal static async Task<GateSecrets> SecretsAsync(TlsSpec? tls, HttpCredentialsSpec? credentials, IReadOnlyList<HeaderSpec>? headers, SecretReader reader, CancellationToken cancellationToken)
    {
        var secretHeaders = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var header in headers ?? [])
        {
            if (header.Secret is { } secret)
            {
                secretHeaders[header.Name] = (await reader.ReadAsync(secret.SecretName, secret.Key, cancellationToken)).TrimEnd('\r', '\n');
            }
        }

        return new GateSecrets
        {
            CertificateAuthorityPem = await reader.AuthorityAsync(tls, cancellationToken),
            ClientCertificatePem = await reader.CertificateAsync(tls, "tls.crt", cancellationToken),
            ClientKeyPem = await reader.CertificateAsync(tls, "tls.key", cancellationToken),
            Username = await reader.UsernameAsync(credentials?.Basic, cancellationToken),
            Password = await reader.PasswordAsync(credentials?.Basic, cancellationToken),
            Token = await reader.TokenAsync(credentials?.Bearer, cancellationToken),
            Headers = secretHeaders,
        };
    }

    private static string Part(string type) => type.ToLowerInvariant();

    private static IEnumerable<string?> TextProblems(HttpGateSpec spec)
    {
        foreach (var status in spec.Statuses ?? [])
        {
            yield return StatusRange.Parse(status) is null ? $"statuses has \"{status}\"; write 204 or 200-299" : null;
        }

        foreach (var header in spec.Headers ?? [])
        {
            yield return header.Value is null == header.Secret is null ? $"the header {header.Name} needs exactly one of value and secret" : null;
        }

        yield return Number("body.min", spec.Body?.Min) ?? Number("body.max", spec.Body?.Max);
        foreach (var problem in Common(spec.Scope, spec.Quorum, spec.RequestTimeout))
        {
            yield return problem;
        }
    }

    private static IEnumerable<string?> TextProblems(PrometheusGateSpec spec) =>
        Common(spec.Scope, spec.Quorum, spec.RequestTimeout).Prepend(Number("min", spec.Min)).Prepend(Number("max", spec.Max)).Prepend(Time("maxAge", spec.MaxAge));

    private static IEnumerable<string?> Common(string? scope, string? quorum, string? requestTimeout) =>
    [
        scope is null or "Url" || Words.TryRead<ProbeScope>(scope, out _) ? null : $"scope is \"{scope}\", which this version of the operator does not know",
        quorum is null || Words.TryRead<ProbeQuorum>(quorum, out _) ? null : $"quorum is \"{quorum}\", which this version of the operator does not know",
        Time("requestTimeout", requestTimeout),
    ];

    private static string? Number(string field, string? text) => text is null || NumberRange.Read(text) is not null ? null : $"{field} is \"{text}\", which is no number";

    private static string? Time(string field, string? text) =>
        text is null || (Durations.TryParse(text, out var value) && value > TimeSpan.Zero) ? null : $"{field} is \"{text}\"; write a duration longer than 0 as 1h30m, 10s or 500ms";

    private static ProbePlan Plan(string? scope, string? quorum, string? requestTimeout) => ProbePlan.Default with
    {
        Scope = scope == "Url" ? ProbeScope.Once : Words.TryRead<ProbeScope>(scope ?? "", out var whom) ? whom : ProbePlan.Default.Scope,
        Quorum = Words.TryRead<ProbeQuorum>(quorum ?? "", out var many) ? many : ProbePlan.Default.Quorum,
        RequestTimeout = Duration(requestTimeout, ProbePlan.Default.RequestTimeout),
    };

    private static TimeSpan Duration(string? text, TimeSpan otherwise) => Durations.TryParse(text, out var value) && value > TimeSpan.Zero ? value : otherwise;
}

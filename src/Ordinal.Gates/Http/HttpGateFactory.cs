using Ordinal.Core.Reasons;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Http;

/// <summary>Makes HTTP gates from what a policy says.</summary>
/// <param name="time">The clock for deadlines.</param>
public sealed class HttpGateFactory(TimeProvider time)
{
    /// <summary>The kind of gate, as in the policy.</summary>
    public const string Type = "Http";

    /// <summary>Headers that the connection itself sets, or that would say something else than the gate does.</summary>
    private static readonly string[] OwnHeaders = ["Connection", "Content-Length", "Content-Type", "Host", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade"];

    /// <summary>Makes a gate. Options or secrets that cannot work make a gate that answers Misconfigured to every question.</summary>
    /// <param name="options">The policy's <c>http</c> part.</param>
    /// <param name="secrets">The values of the named Secrets.</param>
    public IGate Create(HttpGateOptions options, IGateSecrets secrets)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(secrets);
        var problem = Problem(options, out var condition) ?? Problem(secrets.Headers, "in a Secret");
        var tls = problem is null ? GateTls.Create(secrets, out problem) : null;
        return problem is null
            ? new ProbeGate<HttpSample>(options.Plan, new HttpProbe(options, condition, secrets, new ProbeTransport(tls, secrets)), time)
            : new MisconfiguredGate(Type, ReasonCodes.GateConfigurationInvalid, $"http gate: {problem}; {ReasonCodes.GateConfigurationInvalid.Remedy}");
    }

    /// <summary>Says what cannot work, with its field; null when all is well.</summary>
    public static string? Problem(HttpGateOptions options) => Problem(options, out _);

    private static string? Problem(HttpGateOptions options, out HttpConditionReader? condition)
    {
        condition = null;
        var problem = options.Plan.Problem() ?? (options.Plan.Scope is ProbeScope.Once ? ProblemOfUrl(options.Url) : ProblemOfPod(options));
        if (problem is null && options.Statuses.IsDefaultOrEmpty)
        {
            problem = "statuses is empty: nothing would pass";
        }

        if (problem is null && options.Body is { } body)
        {
            condition = HttpConditionReader.Create(body, out problem);
        }

        return problem ?? Problem(options.Headers, "of the policy");
    }

    private static string? ProblemOfUrl(string url)
    {
        var filled = url.Replace("{namespace}", "n", StringComparison.Ordinal).Replace("{service}", "s", StringComparison.Ordinal).Replace("{statefulset}", "s", StringComparison.Ordinal);
        return GateTemplate.NeedsPod(url) ? "url means one pod; use scope Pod with hostTemplate, port and path"
            : Uri.TryCreate(filled, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 ? null
            : "url is not an http or https address, or carries a user; credentials go into a Secret";
    }

    private static string? ProblemOfPod(HttpGateOptions options) =>
        options.Scheme is not ("http" or "https") ? $"scheme is \"{GateText.Clean(options.Scheme)}\", not http or https"
        : options.Port is < 1 or > 65535 ? $"port is {options.Port}, not 1 to 65535"
        : options.HostTemplate.Length > 0 && !GateTemplate.IsHost(options.HostTemplate) ? $"hostTemplate \"{GateText.Clean(options.HostTemplate)}\" is not a host name once it is filled"
        : null;

    /// <summary>Looks at names and values; a value never shows.</summary>
    private static string? Problem(IReadOnlyDictionary<string, string> headers, string where)
    {
        foreach (var (name, value) in headers)
        {
            if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal)))
            {
                return $"\"{GateText.Clean(name)}\" is no name of a header";
            }

            if (OwnHeaders.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                return $"the header {name} cannot be set";
            }

            if (value.Any(c => char.IsControl(c) || c > 126))
            {
                return $"the value of the header {name} {where} has a line end or a character that HTTP does not carry";
            }
        }

        return null;
    }
}

using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Http;

/// <summary>Asks one address over HTTP. A redirect is followed at most three times, and only to the same scheme, host and port.</summary>
internal sealed class HttpProbe(HttpGateOptions options, HttpConditionReader? condition, IGateSecrets secrets, ProbeTransport transport) : IProbe<HttpSample>
{
    private const int MostRedirects = 3;

    private readonly Redaction redaction = new(secrets);

    /// <inheritdoc/>
    public string Type => HttpGateFactory.Type;

    /// <inheritdoc/>
    public string Where(GateContext context, GateTarget? pod) => Place(Address(context, pod).Address);

    /// <inheritdoc/>
    public async Task<ProbeOutcome<HttpSample>> AskAsync(GateContext context, GateTarget? pod, CancellationToken cancellationToken)
    {
        var (address, serverName) = Address(context, pod);
        for (var hops = 0; ; hops++)
        {
            var exchange = await transport.SendAsync(Request(context, pod, address), serverName, condition is null ? 0 : HttpGateOptions.MaxBody, cancellationToken);
            if (exchange.Answer is not { } answer)
            {
                return exchange.Failure!;
            }

            if (answer.Status is not (301 or 302 or 303 or 307 or 308) || answer.Location is not { } next)
            {
                return new HttpSample { Status = answer.Status, Body = Read(answer) };
            }

            if (hops == MostRedirects || (next.Scheme, next.Authority) != (address.Scheme, address.Authority))
            {
                return new HttpSample { Status = answer.Status, RedirectedTo = redaction.Clean($"{next.Scheme}://{next.Authority}{next.AbsolutePath}") };
            }

            address = next;
        }
    }

    /// <inheritdoc/>
    public ProbeFinding Judge(HttpSample answer, string where, DateTimeOffset now) => HttpRule.Judge(answer, where, options);

    /// <inheritdoc/>
    public void Dispose() => transport.Dispose();

    private static string Place(Uri address) => $"{address.Authority}{address.AbsolutePath}";

    private BodyFinding? Read(ProbeAnswer answer) => condition is null ? null
        : answer.IsCut ? new BodyFinding { IsTooLarge = true }
        : condition.Read(answer.Body, redaction.Clean);

    private (Uri Address, string ServerName) Address(GateContext context, GateTarget? pod)
    {
        var serverName = options.ServerName.Length == 0 ? "" : GateTemplate.Fill(options.ServerName, context, pod);
        if (pod is null)
        {
            return (new Uri(GateTemplate.Fill(options.Url, context, null)), serverName);
        }

        var host = options.HostTemplate.Length == 0 ? pod.Address : GateTemplate.Fill(options.HostTemplate, context, pod);
        host = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        var path = GateTemplate.Fill(options.Path, context, pod);
        return (new Uri($"{options.Scheme}://{host}:{options.Port}{(path.StartsWith('/') ? "" : "/")}{path}"), serverName);
    }

    private HttpRequestMessage Request(GateContext context, GateTarget? pod, Uri address)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.TryAddWithoutValidation("User-Agent", "ordinal-gate");
        foreach (var (name, value) in options.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, GateTemplate.Fill(value, context, pod));
        }

        foreach (var (name, value) in secrets.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }
}

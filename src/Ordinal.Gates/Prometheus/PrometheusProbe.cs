using System.Globalization;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Prometheus;

/// <summary>Sends one instant query.</summary>
internal sealed class PrometheusProbe(PrometheusGateOptions options, IGateSecrets secrets, ProbeTransport transport) : IProbe<PrometheusAnswer>
{
    private readonly Redaction redaction = new(secrets);

    /// <inheritdoc/>
    public string Type => PrometheusGateFactory.Type;

    /// <inheritdoc/>
    public string Where(GateContext context, GateTarget? pod) => Address(context, pod).Authority;

    /// <inheritdoc/>
    public async Task<ProbeOutcome<PrometheusAnswer>> AskAsync(GateContext context, GateTarget? pod, CancellationToken cancellationToken)
    {
        var address = Address(context, pod);
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "ordinal-gate");
        var exchange = await transport.SendAsync(request, options.ServerName, PrometheusGateOptions.MaxBody, cancellationToken);
        return exchange.Answer is not { } got ? exchange.Failure!
            : got.IsCut ? new PrometheusAnswer { Status = got.Status, IsTooLarge = true }
            : PrometheusWire.Read(got.Status, got.Body, redaction.Clean);
    }

    /// <inheritdoc/>
    public ProbeFinding Judge(PrometheusAnswer answer, string where, DateTimeOffset now) => PrometheusRule.Judge(answer, where, now, options);

    /// <inheritdoc/>
    public void Dispose() => transport.Dispose();

    private Uri Address(GateContext context, GateTarget? pod)
    {
        var query = Uri.EscapeDataString(GateTemplate.Fill(options.Query, context, pod));
        var timeout = Seconds(options.Plan.RequestTimeout);
        var server = GateTemplate.Fill(options.Address, context, null).TrimEnd('/');
        return new Uri($"{server}/api/v1/query?query={query}&timeout={timeout}&lookback_delta={Seconds(options.MaxAge)}");
    }

    private static string Seconds(TimeSpan time) => $"{Math.Max(1, (long)time.TotalSeconds).ToString(CultureInfo.InvariantCulture)}s";
}

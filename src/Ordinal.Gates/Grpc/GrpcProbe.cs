using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Grpc;

/// <summary>Sends one Check over HTTP/2; without TLS by prior knowledge, as gRPC does.</summary>
internal sealed class GrpcProbe(GrpcGateOptions options, IGateSecrets secrets, ProbeTransport transport) : IProbe<GrpcSample>
{
    private readonly byte[] request = GrpcWire.Request(options.Service);
    private readonly Redaction redaction = new(secrets);

    /// <inheritdoc/>
    public string Type => GrpcGateFactory.Type;

    /// <inheritdoc/>
    public string Where(GateContext context, GateTarget? pod) => Address(context, pod).Authority;

    /// <inheritdoc/>
    public async Task<ProbeOutcome<GrpcSample>> AskAsync(GateContext context, GateTarget? pod, CancellationToken cancellationToken)
    {
        var address = Address(context, pod);
        var message = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ReadOnlyMemoryContent(request),
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        message.Headers.TryAddWithoutValidation("TE", "trailers");
        message.Headers.TryAddWithoutValidation("User-Agent", "ordinal-gate");
        message.Headers.TryAddWithoutValidation("grpc-timeout", $"{(long)options.Plan.RequestTimeout.TotalMilliseconds}m");
        var exchange = await transport.SendAsync(message, GateTemplate.Fill(options.ServerName, context, pod), GrpcWire.MaxBody, cancellationToken);
        return exchange.Answer is { } answer ? Read(answer) : exchange.Failure!;
    }

    /// <inheritdoc/>
    public ProbeFinding Judge(GrpcSample answer, string where, DateTimeOffset now) => GrpcRule.Judge(answer, where, options);

    /// <inheritdoc/>
    public void Dispose() => transport.Dispose();

    private Uri Address(GateContext context, GateTarget? pod)
    {
        var host = options.HostTemplate.Length == 0 ? pod!.Address : GateTemplate.Fill(options.HostTemplate, context, pod);
        host = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        return new Uri($"{options.Scheme}://{host}:{options.Port}{GrpcWire.CheckPath}");
    }

    /// <summary>An answer without a body carries its code as a header ("trailers only"), any other as a trailer.</summary>
    private GrpcSample Read(ProbeAnswer answer) => new()
    {
        HttpStatus = answer.Status,
        IsGrpc = answer.ContentType.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) && !answer.IsCut,
        Code = int.TryParse(answer.Header("grpc-status"), NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : null,
        Message = redaction.Clean(Uri.UnescapeDataString(answer.Header("grpc-message"))),
        Serving = GrpcWire.Serving(answer.Body),
    };
}

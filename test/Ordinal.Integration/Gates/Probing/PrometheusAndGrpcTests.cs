using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.Prometheus;
using static Ordinal.Integration.Gates.Probing.Probes;

namespace Ordinal.Integration.Gates.Probing;

/// <summary>Prometheus and gRPC gates over real sockets.</summary>
public sealed class PrometheusAndGrpcTests
{
    private static readonly byte[] Serving = [0, 0, 0, 0, 2, 0x08, 1];

    [Test]
    public async Task A_query_goes_out_as_the_API_has_it_and_its_result_is_judged()
    {
        var seen = "";
        await using var server = await ProbeServer.StartAsync(context =>
        {
            seen = $"{context.Request.Path} {context.Request.Query["query"]} {context.Request.Query["timeout"]} {context.Request.Query["lookback_delta"]} {context.Request.Headers.Authorization}";
            return context.Response.WriteAsync(Vector("1"));
        });
        var gate = Prometheus(server.Port, o => o with { Address = o.Address + "/prom/", Query = "up{pod=\"{pod}\"} + 0", MaxAge = TimeSpan.FromMinutes(1) }, new GateSecrets { Token = Password });
        Expect(await AskAsync(gate), GateVerdict.Allow, ReasonCodes.GateOpen, "up{job=\"db\"} is 1, at least 1");
        Assert.That(seen, Is.EqualTo($"/prom/api/v1/query up{{pod=\"db-0\"}} + 0 20s 60s Bearer {Password}"));
    }

    [Test]
    public async Task G1_no_data_never_passes()
    {
        await using var server = await ProbeServer.SaysAsync(200, """{"status":"success","data":{"resultType":"vector","result":[]}}""");
        Expect(await AskAsync(Prometheus(server.Port)), GateVerdict.Unknown, ReasonCodes.PrometheusNoData, $"the query at 127.0.0.1:{server.Port} has no result");
    }

    [Test]
    public async Task A_query_that_cannot_be_read_is_misconfigured()
    {
        await using var server = await ProbeServer.SaysAsync(400, """{"status":"error","errorType":"bad_data","error":"1:3: parse error: unclosed left parenthesis"}""");
        Expect(await AskAsync(Prometheus(server.Port)), GateVerdict.Misconfigured, ReasonCodes.PrometheusQueryInvalid, "unclosed left parenthesis");
    }

    [Test]
    public async Task An_oversized_result_is_misconfigured()
    {
        await using var server = await ProbeServer.SaysAsync(200, Vector("1") + new string(' ', PrometheusGateOptions.MaxBody));
        Expect(await AskAsync(Prometheus(server.Port)), GateVerdict.Misconfigured, ReasonCodes.PrometheusQueryInvalid, "aggregate in the query");
    }

    [Test]
    public async Task A_health_service_that_serves_passes_over_HTTP_2_with_and_without_TLS()
    {
        using var certificate = BadServer.Certificate("db.test");
        await using var plain = await HealthAsync(Serving);
        Expect(await AskAsync(Grpc(plain.Port)), GateVerdict.Allow, ReasonCodes.GateOpen, $"127.0.0.1:{plain.Port} says SERVING");
        await using var tls = await HealthAsync(Serving, certificate: certificate);
        Expect(
            await AskAsync(Grpc(tls.Port, o => o with { Scheme = "https", ServerName = "db.test", Service = "db" }, new GateSecrets { CertificateAuthorityPem = certificate.ExportCertificatePem() })),
            GateVerdict.Allow, ReasonCodes.GateOpen, "says SERVING of service db");
    }

    [TestCase(2, GateVerdict.Deny, "GrpcNotServing")]
    [TestCase(0, GateVerdict.Unknown, "GrpcUnavailable")]
    [TestCase(3, GateVerdict.Misconfigured, "GrpcServiceUnknown")]
    public async Task Any_other_word_does_not_pass(int serving, GateVerdict verdict, string code)
    {
        await using var server = await HealthAsync([0, 0, 0, 0, 2, 0x08, (byte)serving]);
        Expect(await AskAsync(Grpc(server.Port)), verdict, ReasonCodes.Find(code)!);
    }

    [TestCase(5, "unknown service", GateVerdict.Misconfigured, "GrpcServiceUnknown")]
    [TestCase(12, "unknown method", GateVerdict.Misconfigured, "GrpcServiceUnknown")]
    [TestCase(14, "shutting down", GateVerdict.Unknown, "GrpcUnavailable")]
    [TestCase(16, "who are you", GateVerdict.Misconfigured, "ProbeAccessDenied")]
    public async Task An_error_in_the_trailers_only_is_read(int code, string message, GateVerdict verdict, string reason)
    {
        await using var server = await ProbeServer.StartAsync(
            context =>
            {
                context.Response.ContentType = "application/grpc";
                context.Response.Headers["grpc-status"] = code.ToString(CultureInfo.InvariantCulture);
                context.Response.Headers["grpc-message"] = Uri.EscapeDataString(message);
                return Task.CompletedTask;
            },
            HttpProtocols.Http2);
        Expect(await AskAsync(Grpc(server.Port)), verdict, ReasonCodes.Find(reason)!, message);
    }

    [Test]
    public async Task An_oversized_answer_is_not_gRPC()
    {
        await using var server = await HealthAsync(new byte[100_000]);
        Expect(await AskAsync(Grpc(server.Port)), GateVerdict.Misconfigured, ReasonCodes.ProbeWrongProtocol);
    }

    [Test]
    public async Task A_server_that_speaks_only_HTTP_1_is_misconfigured()
    {
        await using var server = await ProbeServer.SaysAsync(200, "{}");
        var report = await AskAsync(Grpc(server.Port));
        Assert.That(report.Verdict, Is.Not.EqualTo(GateVerdict.Allow), report.Message);
        Assert.That(report.Reason.Code, Is.EqualTo("ProbeWrongProtocol").Or.EqualTo("ProbeUnreachable"), report.Message);
    }

    private static string Vector(string value) =>
        $"{{\"status\":\"success\",\"data\":{{\"resultType\":\"vector\",\"result\":[{{\"metric\":{{\"__name__\":\"up\",\"job\":\"db\"}},\"value\":[{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()},\"{value}\"]}}]}}}}";

    private static Task<ProbeServer> HealthAsync(byte[] answer, System.Security.Cryptography.X509Certificates.X509Certificate2? certificate = null) => ProbeServer.StartAsync(
        async context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.DeclareTrailer("grpc-status");
            await context.Response.Body.WriteAsync(answer);
            context.Response.AppendTrailer("grpc-status", context.Request.Path == "/grpc.health.v1.Health/Check" ? "0" : "12");
        },
        HttpProtocols.Http2,
        certificate);
}

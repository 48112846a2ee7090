using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.Http;
using static Ordinal.Integration.Gates.Probing.Probes;

namespace Ordinal.Integration.Gates.Probing;

/// <summary>HTTP gates over real sockets.</summary>
public sealed class HttpGateTests
{
    [Test]
    public async Task A_pod_that_answers_as_the_gate_wants_passes_and_its_words_are_filled_in()
    {
        var seen = "";
        await using var server = await ProbeServer.StartAsync(context =>
        {
            seen = $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} tenant={context.Request.Headers["X-Tenant"]} key={context.Request.Headers["X-Key"]}";
            return context.Response.WriteAsync("""{"status":"green","nodes":[{"lag":3},{"lag":0}]}""");
        });
        var gate = Http(
            server.Port,
            o => o with
            {
                Path = "/health?node={pod}",
                Headers = o.Headers.Add("X-Tenant", "{namespace}"),
                Body = new HttpCondition { JsonPath = ".nodes[*].lag", Range = new(null, 5) },
            },
            new GateSecrets { Headers = new Dictionary<string, string> { ["X-Key"] = Password } });
        var report = await AskAsync(gate);
        Expect(report, GateVerdict.Allow, ReasonCodes.GateOpen, $"127.0.0.1:{server.Port}/health answers HTTP 200", ".nodes[*].lag is at most 5");
        Assert.That(seen, Is.EqualTo($"GET /health?node=db-0 tenant=prod key={Password}"));
        Assert.That(report.Facts, Is.EqualTo([new GateFact("status", "200"), new GateFact("value", "3")]));
    }

    [Test]
    public async Task A_body_that_says_otherwise_denies()
    {
        await using var server = await ProbeServer.SaysAsync(200, """{"status":"yellow"}""");
        Expect(await AskAsync(Http(server.Port, o => o with { Body = new HttpCondition { JsonPath = ".status", Expected = "green" } })), GateVerdict.Deny, ReasonCodes.HttpBodyMismatch, ".status is \"yellow\", not \"green\"");
    }

    [Test]
    public async Task G6_a_refused_bearer_token_is_misconfigured_at_the_first_poll_and_the_right_one_is_served()
    {
        await using var server = await ProbeServer.StartAsync(context =>
        {
            context.Response.StatusCode = context.Request.Headers.Authorization == $"Bearer {Password}" ? 200 : 401;
            return context.Response.WriteAsync(context.Request.Headers.Authorization.ToString());
        });
        Expect(await AskAsync(Http(server.Port)), GateVerdict.Misconfigured, ReasonCodes.ProbeAccessDenied, "HTTP 401");
        Expect(await AskAsync(Http(server.Port, secrets: new GateSecrets { Token = "hunter2-old" })), GateVerdict.Misconfigured, ReasonCodes.ProbeAccessDenied);
        Expect(await AskAsync(Http(server.Port, secrets: new GateSecrets { Token = Password })), GateVerdict.Allow, ReasonCodes.GateOpen);
    }

    [Test]
    public async Task User_and_password_go_as_basic_authentication()
    {
        var expected = $"Basic {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"gate:{Password}"))}";
        await using var server = await ProbeServer.StartAsync(context =>
        {
            context.Response.StatusCode = context.Request.Headers.Authorization == expected ? 200 : 403;
            return Task.CompletedTask;
        });
        Expect(await AskAsync(Http(server.Port, secrets: new GateSecrets { Username = "gate", Password = "hunter2-wrong" })), GateVerdict.Misconfigured, ReasonCodes.ProbeAccessDenied, "HTTP 403");
        Expect(await AskAsync(Http(server.Port, secrets: new GateSecrets { Username = "gate", Password = Password })), GateVerdict.Allow, ReasonCodes.GateOpen);
    }

    [Test]
    public async Task A_server_that_echoes_the_secret_does_not_bring_it_into_the_report()
    {
        await using var server = await ProbeServer.StartAsync(context => context.Response.WriteAsync($"you sent {context.Request.Headers.Authorization}"));
        var report = await AskAsync(Http(server.Port, o => o with { Body = new HttpCondition { Pattern = "^ok$" } }, new GateSecrets { Token = Password }));
        Expect(report, GateVerdict.Deny, ReasonCodes.HttpBodyMismatch, "you sent Bearer (secret)");
    }

    [Test]
    public async Task A_client_certificate_is_presented()
    {
        using var certificate = BadServer.Certificate("db.test");
        using var key = System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPrivateKey(certificate)!;
        var pem = certificate.ExportCertificatePem();
        await using var server = await ProbeServer.StartAsync(context => context.Response.WriteAsync("ok"), certificate: certificate, wantsClientCertificate: true);
        var trusting = new GateSecrets { CertificateAuthorityPem = pem };
        var known = new GateSecrets { CertificateAuthorityPem = pem, ClientCertificatePem = pem, ClientKeyPem = key.ExportPkcs8PrivateKeyPem() };
        Expect(await AskAsync(Http(server.Port, Tls, known)), GateVerdict.Allow, ReasonCodes.GateOpen);
        var report = await AskAsync(Http(server.Port, Tls, trusting));
        Assert.That(report.Verdict, Is.Not.EqualTo(GateVerdict.Allow), report.Message);
    }

    [Test]
    public async Task A_redirect_on_the_same_host_is_followed_with_the_credentials()
    {
        await using var server = await ProbeServer.StartAsync(context =>
        {
            if (context.Request.Path == "/health")
            {
                context.Response.Redirect("/health/");
            }
            else
            {
                context.Response.StatusCode = context.Request.Headers.Authorization == $"Bearer {Password}" ? 200 : 401;
            }

            return Task.CompletedTask;
        });
        Expect(await AskAsync(Http(server.Port, secrets: new GateSecrets { Token = Password })), GateVerdict.Allow, ReasonCodes.GateOpen);
    }

    [Test]
    public async Task A_redirect_to_another_host_is_not_followed()
    {
        await using var other = await ProbeServer.SaysAsync(200, "{}");
        await using var server = await ProbeServer.StartAsync(context =>
        {
            context.Response.Redirect($"http://127.0.0.1:{other.Port}/login?token={Password}");
            return Task.CompletedTask;
        });
        var report = await AskAsync(Http(server.Port, secrets: new GateSecrets { Token = Password }));
        Expect(report, GateVerdict.Misconfigured, ReasonCodes.HttpRedirected, $"points to http://127.0.0.1:{other.Port}/login");
        Assert.That(other.Requests, Is.Zero, "no request, and so no credential, went there");
    }

    [Test]
    public async Task A_redirect_in_a_circle_ends()
    {
        await using var server = await ProbeServer.StartAsync(context =>
        {
            context.Response.Redirect("/health");
            return Task.CompletedTask;
        });
        Expect(await AskAsync(Http(server.Port)), GateVerdict.Misconfigured, ReasonCodes.HttpRedirected);
        Assert.That(server.Requests, Is.EqualTo(4));
    }

    [Test]
    public async Task An_oversized_body_is_cut_off_when_a_condition_reads_it_and_not_read_when_none_does()
    {
        await using var server = await ProbeServer.SaysAsync(200, new string('x', HttpGateOptions.MaxBody + 1));
        Expect(await AskAsync(Http(server.Port, o => o with { Body = new HttpCondition { Pattern = "x" } })), GateVerdict.Misconfigured, ReasonCodes.HttpBodyTooLarge, $"more than {HttpGateOptions.MaxBody} bytes");
        Expect(await AskAsync(Http(server.Port)), GateVerdict.Allow, ReasonCodes.GateOpen);
    }

    [Test]
    public async Task A_server_that_speaks_only_HTTP_2_is_told()
    {
        await using var server = await ProbeServer.StartAsync(context => context.Response.WriteAsync("ok"), HttpProtocols.Http2);
        var report = await AskAsync(Http(server.Port));
        Assert.That(report.Verdict, Is.Not.EqualTo(GateVerdict.Allow), report.Message);
        Assert.That(report.Message, Does.Contain($"127.0.0.1:{server.Port}"));
    }

    [Test]
    public async Task One_address_is_asked_once_for_the_whole_workload()
    {
        await using var server = await ProbeServer.SaysAsync(200, "{}");
        Expect(await AskAsync(Http(0, o => o with { Plan = o.Plan with { Scope = Ordinal.Gates.Probing.ProbeScope.Once }, Url = $"http://127.0.0.1:{server.Port}/{{statefulset}}/health" })), GateVerdict.Allow, ReasonCodes.GateOpen, "/db/health");
        Assert.That(server.Requests, Is.EqualTo(1));
    }

    private static HttpGateOptions Tls(HttpGateOptions options) => options with { Scheme = "https", ServerName = "db.test" };
}

using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.Probing;
using static Ordinal.Integration.Gates.Probing.Probes;

namespace Ordinal.Integration.Gates.Probing;

/// <summary>What is not what the policy says, for each kind of gate over HTTP: the right code within the deadline, with address and remedy, and without a secret.</summary>
[TestFixture("Http")]
[TestFixture("Prometheus")]
[TestFixture("Grpc")]
public sealed class ProbeBadInputTests(string kind)
{
    private static readonly GateSecrets User = new() { Username = "gate", Password = Password };

    [Test]
    public async Task A_listener_that_accepts_and_says_nothing_is_unknown_within_the_deadline()
    {
        await using var server = BadServer.Silent();
        Expect(await AskAsync(Gate("127.0.0.1", server.Port, isTls: false, plan: Short)), GateVerdict.Unknown, ReasonCodes.ProbeUnreachable, $"127.0.0.1:{server.Port}", "within 1 s");
        Expect(await AskAsync(Gate("127.0.0.1", server.Port, isTls: true, plan: Short)), GateVerdict.Unknown, ReasonCodes.ProbeUnreachable, $"127.0.0.1:{server.Port}");
    }

    [Test]
    public async Task A_closed_port_is_unknown()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // bound but not listening: refused, and nobody else can take it
        Expect(await AskAsync(Gate("127.0.0.1", ((IPEndPoint)socket.LocalEndPoint!).Port, isTls: false)), GateVerdict.Unknown, ReasonCodes.ProbeUnreachable, "refused");
    }

    [Test]
    public async Task A_name_without_an_address_is_unknown() =>
        Expect(await AskAsync(Gate("db-0.peers.prod.invalid", 8080, isTls: false)), GateVerdict.Unknown, ReasonCodes.ProbeUnreachable, "db-0.peers.prod.invalid:8080 has no address");

    [Test]
    public async Task TLS_spoken_to_a_plain_server_is_misconfigured()
    {
        await using var server = BadServer.Says(BadServer.Http("400 Bad Request", "{}"));
        Expect(await AskAsync(Gate("127.0.0.1", server.Port, isTls: true)), GateVerdict.Misconfigured, ReasonCodes.ProbeTlsFailed, $"127.0.0.1:{server.Port}");
    }

    [Test]
    public async Task Plain_text_spoken_to_a_server_that_answers_with_a_TLS_alert_does_not_pass_and_asks_for_TLS()
    {
        await using var server = BadServer.Says([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46, 0x0d, 0x0a, 0x0d, 0x0a]);
        var report = await AskAsync(Gate("127.0.0.1", server.Port, isTls: false));
        Assert.That(report.Reason.Code, Is.EqualTo("ProbeWrongProtocol"), report.Message);
        Assert.That(report.Message, Does.Contain($"127.0.0.1:{server.Port}"));
    }

    [Test]
    public async Task Plain_text_spoken_to_a_TLS_server_that_only_closes_is_misconfigured()
    {
        using var certificate = BadServer.Certificate("db.test");
        await using var server = BadServer.Tls(certificate, BadServer.Http("200 OK", "{}"));
        Expect(await AskAsync(Gate("127.0.0.1", server.Port, isTls: false)), GateVerdict.Misconfigured, ReasonCodes.ProbeTlsFailed, $"127.0.0.1:{server.Port} expects TLS: use https for it");
    }

    [TestCase(401)]
    [TestCase(403)]
    public async Task Refused_credentials_and_missing_rights_are_misconfigured_and_what_the_server_echoes_stays_out(int status)
    {
        await using var server = await ProbeServer.StartAsync(
            context =>
            {
                context.Response.StatusCode = status;
                return context.Response.WriteAsync($"no: {context.Request.Headers.Authorization} {Password}");
            },
            kind == "Grpc" ? HttpProtocols.Http2 : HttpProtocols.Http1);
        Expect(await AskAsync(Gate("127.0.0.1", server.Port, isTls: false)), GateVerdict.Misconfigured, ReasonCodes.ProbeAccessDenied, $"HTTP {status}");
    }

    [Test]
    public async Task Another_protocol_is_misconfigured()
    {
        await using var server = BadServer.Says("-ERR unknown command 'GET', with args beginning with: '/health' \r\n\r\n"u8.ToArray());
        Expect(await AskAsync(Gate("127.0.0.1", server.Port, isTls: false)), GateVerdict.Misconfigured, ReasonCodes.ProbeWrongProtocol, $"127.0.0.1:{server.Port}");
    }

    [Test]
    public async Task An_expired_certificate_is_misconfigured()
    {
        using var certificate = BadServer.Certificate("db.test", TimeSpan.FromDays(-1));
        await using var server = BadServer.Tls(certificate, BadServer.Http("200 OK", "{}"));
        var gate = Gate("127.0.0.1", server.Port, isTls: true, new GateSecrets { CertificateAuthorityPem = certificate.ExportCertificatePem() });
        Expect(await AskAsync(gate), GateVerdict.Misconfigured, ReasonCodes.ProbeTlsFailed, "NotTimeValid");
    }

    [Test]
    public async Task A_certificate_of_an_unknown_authority_is_misconfigured()
    {
        using var certificate = BadServer.Certificate("db.test");
        await using var server = BadServer.Tls(certificate, BadServer.Http("200 OK", "{}"));
        Expect(await AskAsync(Gate("127.0.0.1", server.Port, isTls: true)), GateVerdict.Misconfigured, ReasonCodes.ProbeTlsFailed, "UntrustedRoot");
    }

    [Test]
    public async Task Secrets_that_cannot_be_read_are_misconfigured_without_their_content()
    {
        var gate = Gate("127.0.0.1", 443, isTls: true, new GateSecrets { CertificateAuthorityPem = Password });
        var report = await AskAsync(gate);
        Assert.That((report.Verdict, report.Reason.Code), Is.EqualTo((GateVerdict.Misconfigured, "GateConfigurationInvalid")), report.Message);
        Assert.That(report.Message, Does.Contain("certificate authority"));
    }

    private IGate Gate(string host, int port, bool isTls, GateSecrets? secrets = null, ProbePlan? plan = null)
    {
        var scheme = isTls ? "https" : "http";
        var serverName = isTls ? "db.test" : "";
        secrets ??= User;
        plan ??= Long;
        return kind switch
        {
            "Http" => Http(port, o => o with { Plan = plan, Scheme = scheme, HostTemplate = host, ServerName = serverName }, secrets),
            "Grpc" => Grpc(port, o => o with { Plan = plan, Scheme = scheme, HostTemplate = host, ServerName = serverName }, secrets),
            _ => Prometheus(port, o => o with { Plan = plan, Address = $"{scheme}://{host}:{port}", ServerName = serverName }, secrets),
        };
    }
}

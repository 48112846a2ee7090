using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.Etcd;

namespace Ordinal.Integration.Gates;

/// <summary>What is not etcd, over real sockets: never Allow, never an exception, never a wait beyond the deadline, and always with the address.</summary>
public sealed class BadEndpointTests
{
    private const string Status = """{"header":{"cluster_id":"1","member_id":"2"},"version":"3.5.0"}""";

    /// <summary>For answers that come: long enough for any handshake on a busy machine.</summary>
    private static readonly EtcdGateOptions Patient = new() { DialTimeout = TimeSpan.FromSeconds(20), RequestTimeout = TimeSpan.FromSeconds(20) };

    private static readonly EtcdGateOptions Plain = Patient with { Scheme = "http" };

    /// <summary>For answers that never come.</summary>
    private static readonly EtcdGateOptions Hasty = Plain with { DialTimeout = TimeSpan.FromSeconds(1), RequestTimeout = TimeSpan.FromSeconds(1) };

    [Test]
    public async Task A_silent_listener_is_unknown_within_the_deadline()
    {
        await using var server = BadServer.Silent();
        var report = await AskAsync(Hasty, server.Port);
        Expect(report, GateVerdict.Unknown, ReasonCodes.EtcdUnreachable, $"no answer from 127.0.0.1:{server.Port} within 1 s");
    }

    [Test]
    public async Task A_silent_listener_under_TLS_is_unknown_within_the_deadline()
    {
        await using var server = BadServer.Silent();
        Expect(await AskAsync(Hasty with { Scheme = "https" }, server.Port), GateVerdict.Unknown, ReasonCodes.EtcdUnreachable, $"127.0.0.1:{server.Port}");
    }

    [Test]
    public async Task A_closed_port_is_unknown()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // bound but not listening: refused, and nobody else can take it
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        Expect(await AskAsync(Plain, port), GateVerdict.Unknown, ReasonCodes.EtcdUnreachable, $"127.0.0.1:{port}", "refused");
    }

    [Test]
    public async Task A_name_without_an_address_is_unknown() =>
        Expect(await AskAsync(Plain with { HostTemplate = "{pod}.{service}.{namespace}.invalid" }, 2379), GateVerdict.Unknown, ReasonCodes.EtcdUnreachable, "etcd-0.etcd.prod.invalid");

    [Test]
    public async Task TLS_spoken_to_a_plain_server_is_misconfigured()
    {
        await using var server = BadServer.Says(BadServer.Http("400 Bad Request", "{}"));
        Expect(await AskAsync(Patient, server.Port), GateVerdict.Misconfigured, ReasonCodes.EtcdTlsFailed, $"127.0.0.1:{server.Port}");
    }

    [Test]
    public async Task Plain_HTTP_spoken_to_Gos_TLS_server_is_misconfigured_with_a_hint()
    {
        await using var server = BadServer.Says("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"u8.ToArray());
        Expect(await AskAsync(Plain, server.Port), GateVerdict.Misconfigured, ReasonCodes.EtcdNotEtcd, "set scheme to https");
    }

    [Test]
    public async Task Plain_HTTP_answered_with_a_TLS_alert_is_misconfigured()
    {
        await using var server = BadServer.Says([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46, 0x0d, 0x0a, 0x0d, 0x0a]);
        Expect(await AskAsync(Plain, server.Port), GateVerdict.Misconfigured, ReasonCodes.EtcdNotEtcd, "does it expect TLS?");
    }

    [Test]
    public async Task Plain_HTTP_spoken_to_a_TLS_server_that_only_closes_is_misconfigured()
    {
        using var certificate = BadServer.Certificate("etcd.test");
        await using var server = BadServer.Tls(certificate, BadServer.Http("200 OK", Status));
        Expect(await AskAsync(Patient with { Scheme = "http" }, server.Port), GateVerdict.Misconfigured, ReasonCodes.EtcdTlsFailed, $"127.0.0.1:{server.Port} expects TLS");
    }

    [Test]
    public async Task A_server_that_closes_without_an_answer_and_speaks_no_TLS_is_unknown()
    {
        await using var server = BadServer.Says([]);
        Expect(await AskAsync(Patient with { Scheme = "http" }, server.Port), GateVerdict.Unknown, ReasonCodes.EtcdUnreachable, $"127.0.0.1:{server.Port}");
    }

    [Test]
    public async Task A_certificate_of_an_unknown_authority_is_misconfigured()
    {
        using var certificate = BadServer.Certificate("etcd.test");
        await using var server = BadServer.Tls(certificate, BadServer.Http("200 OK", Status));
        Expect(await AskAsync(Patient with { ServerName = "etcd.test" }, server.Port), GateVerdict.Misconfigured, ReasonCodes.EtcdTlsFailed, "UntrustedRoot");
    }

    [Test]
    public async Task An_expired_certificate_is_misconfigured()
    {
        using var certificate = BadServer.Certificate("etcd.test", TimeSpan.FromDays(-1));
        await using var server = BadServer.Tls(certificate, BadServer.Http("200 OK", Status));
        var secrets = new GateSecrets { CertificateAuthorityPem = certificate.ExportCertificatePem() };
        Expect(await AskAsync(Patient with { ServerName = "etcd.test" }, server.Port, secrets), GateVerdict.Misconfigured, ReasonCodes.EtcdTlsFailed, "NotTimeValid");
    }

    [Test]
    public async Task A_certificate_of_another_name_is_misconfigured_and_the_right_name_is_accepted()
    {
        using var certificate = BadServer.Certificate("etcd.test");
        await using var server = BadServer.Tls(certificate, BadServer.Http("200 OK", Status));
        var secrets = new GateSecrets { CertificateAuthorityPem = certificate.ExportCertificatePem() };
        var options = Patient;
        Expect(await AskAsync(options with { ServerName = "other.test" }, server.Port, secrets), GateVerdict.Misconfigured, ReasonCodes.EtcdTlsFailed, "RemoteCertificateNameMismatch");
        Expect(await AskAsync(options with { ServerName = "etcd.test" }, server.Port, secrets), GateVerdict.Deny, ReasonCodes.EtcdNoLeader, "etcd-0 know no leader");
    }

    [TestCase("401 Unauthorized")]
    [TestCase("403 Forbidden")]
    public async Task Refused_credentials_are_misconfigured(string status)
    {
        await using var server = BadServer.Says(BadServer.Http(status, "go away"));
        Expect(await AskAsync(Plain, server.Port), GateVerdict.Misconfigured, ReasonCodes.EtcdAccessDenied, status[..3]);
    }

    [TestCase("404 Not Found", "Not Found")]
    [TestCase("200 OK", "<html>hello</html>")]
    [TestCase("200 OK", "{}")]
    [TestCase("301 Moved", "")]
    public async Task Another_service_is_misconfigured(string status, string body)
    {
        await using var server = BadServer.Says(BadServer.Http(status, body));
        Expect(await AskAsync(Plain, server.Port), GateVerdict.Misconfigured, ReasonCodes.EtcdNotEtcd, "etcd-0");
    }

    [Test]
    public async Task A_proxy_that_cannot_reach_the_member_is_unknown()
    {
        await using var server = BadServer.Says(BadServer.Http("503 Service Unavailable", "upstream connect error"));
        Expect(await AskAsync(Plain, server.Port), GateVerdict.Unknown, ReasonCodes.EtcdUnreachable, "HTTP 503");
    }

    [Test]
    public async Task A_body_without_end_is_cut_off()
    {
        await using var server = BadServer.Says(BadServer.Http("200 OK", new string(' ', EtcdHttpAnswer.MaxBody + 1)));
        Expect(await AskAsync(Plain, server.Port), GateVerdict.Misconfigured, ReasonCodes.EtcdNotEtcd, $"more than {EtcdHttpAnswer.MaxBody} bytes");
    }

    [Test]
    public async Task Secrets_that_cannot_be_read_are_misconfigured_without_their_content()
    {
        var secrets = new GateSecrets { CertificateAuthorityPem = "hunter2", Password = "hunter2" };
        var report = await AskAsync(Plain with { Scheme = "https" }, 2379, secrets);
        Expect(report, GateVerdict.Misconfigured, ReasonCodes.GateConfigurationInvalid, "certificate authority");
        Assert.That($"{report}{secrets}", Does.Not.Contain("hunter2"));
    }

    [TestCase("ftp", 2379, "", "scheme")]
    [TestCase("http", 0, "", "port")]
    [TestCase("http", 70000, "", "port")]
    [TestCase("http", 2379, "{pod}.{oops}", "hostTemplate")]
    public async Task Options_that_cannot_work_are_misconfigured(string scheme, int port, string host, string field) =>
        Expect(await AskAsync(Plain with { Scheme = scheme, HostTemplate = host }, port), GateVerdict.Misconfigured, ReasonCodes.GateConfigurationInvalid, field);

    private static void Expect(GateReport report, GateVerdict verdict, ReasonCode reason, params string[] words)
    {
        Assert.That((report.Verdict, report.Reason.Code), Is.EqualTo((verdict, reason.Code)), report.Message);
        foreach (var word in words)
        {
            Assert.That(report.Message, Does.Contain(word));
        }

        Assert.That(report.Message, Does.Contain(reason.Remedy), "every no comes with its remedy");
    }

    private static async Task<GateReport> AskAsync(EtcdGateOptions options, int port, GateSecrets? secrets = null)
    {
        using var gate = new EtcdGateFactory(TimeProvider.System).Create(options with { Port = port }, secrets ?? GateSecrets.None);
        var context = new GateContext
        {
            WorkloadUid = "w",
            Namespace = "prod",
            Name = "etcd",
            Service = "etcd",
            Pods = [new GateTarget { Pod = "etcd-0", Uid = "uid-0", Ordinal = 0, Revision = "old", Address = "127.0.0.1", IsReady = true }],
            Gates = [new GateBinding(new GatePolicy { Name = "etcd", Type = "Etcd" }, gate)],
        };
        var keeper = new GateKeeper(TimeProvider.System, NullLogger<GateKeeper>.Instance);
        return (await keeper.AskAsync(context, [new GateQuestion("etcd", GatePhase.BeforePod, ["uid-0"], "new")], CancellationToken.None)).Single();
    }
}

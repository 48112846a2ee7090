using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.ZooKeeper;

namespace Ordinal.Integration.Gates.ZooKeeper;

/// <summary>What is not ZooKeeper, over real sockets: never Allow, never an exception, never a wait beyond the deadline, and always with the address.</summary>
public sealed class ZkBadInputTests
{
    private static readonly ZooKeeperGateOptions Admin = new() { Transport = ZkTransport.AdminServer, RequestTimeout = TimeSpan.FromSeconds(20) };

    private static readonly ZooKeeperGateOptions Words = new() { Transport = ZkTransport.FourLetterWords, RequestTimeout = TimeSpan.FromSeconds(20) };

    [Test]
    public async Task A_listener_that_says_nothing_is_unknown_within_the_deadline()
    {
        await using var server = BadServer.Silent();
        foreach (var options in new[] { Admin, Words, Words with { UseTls = true } })
        {
            var quick = options with { RequestTimeout = TimeSpan.FromMilliseconds(500) };
            Expect(await AskAsync(quick, server.Port), GateVerdict.Unknown, ReasonCodes.ZkUnreachable, $"no answer from 127.0.0.1:{server.Port} within 0.5 s");
        }
    }

    [Test]
    public async Task A_closed_port_is_unknown()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        Expect(await AskAsync(Admin, port), GateVerdict.Unknown, ReasonCodes.ZkUnreachable, "refused");
        Expect(await AskAsync(Words, port), GateVerdict.Unknown, ReasonCodes.ZkUnreachable, "refused");
    }

    [Test]
    public async Task A_name_without_an_address_is_unknown()
    {
        Expect(await AskAsync(Admin with { HostTemplate = "{pod}.{service}.invalid" }, 8080), GateVerdict.Unknown, ReasonCodes.ZkUnreachable, "zk-0.zk.invalid");
        Expect(await AskAsync(Words with { HostTemplate = "{pod}.{service}.invalid" }, 2181), GateVerdict.Unknown, ReasonCodes.ZkUnreachable, "zk-0.zk.invalid");
    }

    [Test]
    public async Task TLS_spoken_to_a_plain_port_is_misconfigured()
    {
        await using var server = BadServer.Says("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
        Expect(await AskAsync(Words with { UseTls = true }, server.Port), GateVerdict.Misconfigured, ReasonCodes.ZkTlsFailed, $"127.0.0.1:{server.Port}");
        Expect(await AskAsync(Admin with { AdminScheme = "https" }, server.Port), GateVerdict.Misconfigured, ReasonCodes.ZkTlsFailed, $"127.0.0.1:{server.Port}");

        // ZooKeeper's own plain port takes the hello for a frame that is too long, and closes.
        await using var closing = BadServer.Says([]);
        Expect(await AskAsync(Words with { UseTls = true }, closing.Port), GateVerdict.Misconfigured, ReasonCodes.ZkTlsFailed, "plain text");
    }

    [Test]
    public async Task Plain_text_spoken_to_a_TLS_port_is_misconfigured()
    {
        using var certificate = BadServer.Certificate("zk.test");
        await using var server = BadServer.Tls(certificate, []);
        Expect(await AskAsync(Words, server.Port), GateVerdict.Misconfigured, ReasonCodes.ZkTlsFailed, "expects TLS: add tls to the gate");
        Expect(await AskAsync(Admin, server.Port), GateVerdict.Misconfigured, ReasonCodes.ZkTlsFailed, "expects TLS: set adminServer.scheme to https");
    }

    [Test]
    public async Task A_certificate_of_another_name_or_authority_or_time_is_misconfigured_and_the_right_one_is_spoken_with()
    {
        using var certificate = BadServer.Certificate("zk.test");
        using var expired = BadServer.Certificate("zk.test", TimeSpan.FromHours(-1));
        await using var server = BadServer.Tls(certificate, "This ZooKeeper instance is not currently serving requests\n"u8.ToArray());
        await using var old = BadServer.Tls(expired, []);
        var secrets = new ZkSecrets { Gate = new GateSecrets { CertificateAuthorityPem = certificate.ExportCertificatePem() } };
        var options = Words with { UseTls = true, ServerName = "zk.test" };
        Expect(await AskAsync(options, server.Port), GateVerdict.Misconfigured, ReasonCodes.ZkTlsFailed, "UntrustedRoot");
        Expect(await AskAsync(options with { ServerName = "other.test" }, server.Port, secrets), GateVerdict.Misconfigured, ReasonCodes.ZkTlsFailed, "RemoteCertificateNameMismatch");
        Expect(await AskAsync(options, old.Port, new ZkSecrets { Gate = new GateSecrets { CertificateAuthorityPem = expired.ExportCertificatePem() } }), GateVerdict.Misconfigured, ReasonCodes.ZkTlsFailed, "NotTimeValid");
        Expect(await AskAsync(options, server.Port, secrets), GateVerdict.Deny, ReasonCodes.ZkNotServing, "zk-0 (not serving)");
    }

    [Test]
    public async Task The_AdminServers_certificate_is_checked_as_the_client_ports_is()
    {
        using var certificate = BadServer.Certificate("zk.test");
        using var expired = BadServer.Certificate("zk.test", TimeSpan.FromHours(-1));
        await using var server = BadServer.Tls(certificate, BadServer.Http("403 Forbidden", ""));
        await using var old = BadServer.Tls(expired, []);
        var secrets = new ZkSecrets { Gate = new GateSecrets { CertificateAuthorityPem = certificate.ExportCertificatePem() } };
        var options = Admin with { AdminScheme = "https", ServerName = "zk.test", RequestTimeout = TimeSpan.FromSeconds(20) };
        Expect(await AskAsync(options, server.Port), GateVerdict.Misconfigured, ReasonCodes.ZkTlsFailed, "UntrustedRoot");
        Expect(await AskAsync(options with { ServerName = "other.test" }, server.Port, secrets), GateVerdict.Misconfigured, ReasonCodes.ZkTlsFailed, "RemoteCertificateNameMismatch");
        Expect(await AskAsync(options, old.Port, new ZkSecrets { Gate = new GateSecrets { CertificateAuthorityPem = expired.ExportCertificatePem() } }), GateVerdict.Misconfigured, ReasonCodes.ZkTlsFailed, "NotTimeValid");
        Expect(await AskAsync(options, server.Port, secrets), GateVerdict.Misconfigured, ReasonCodes.ZkAccessDenied, "403");
    }

    [Test]
    public async Task Another_protocol_on_either_port_is_misconfigured()
    {
        await using var http = BadServer.Says(BadServer.Http("400 Bad Request", ""));
        Expect(await AskAsync(Words, http.Port), GateVerdict.Misconfigured, ReasonCodes.ZkNotZooKeeper, "it speaks HTTP");
        await using var other = BadServer.Says(BadServer.Http("200 OK", "<html>hello</html>"));
        Expect(await AskAsync(Admin, other.Port), GateVerdict.Misconfigured, ReasonCodes.ZkNotZooKeeper, "did not answer");
    }

    [Test]
    public async Task The_client_port_in_place_of_the_AdminServers_is_told_apart()
    {
        await using var ensemble = new FakeEnsemble(1);
        ensemble.Configure(Admin with { AdminPort = 2181 });
        ensemble.Servers[0].Words = _ => FakeEnsemble.NotServing;
        var report = await ensemble.MayStopAsync(0);
        Assert.That(report.Verdict, Is.Not.EqualTo(GateVerdict.Allow));
        Assert.That(report.Message, Does.Contain($"{ensemble.Address(0)}:2181"));
    }

    [TestCase("401 Unauthorized")]
    [TestCase("403 Forbidden")]
    public async Task Refused_credentials_are_misconfigured_without_the_secret(string status)
    {
        await using var server = BadServer.Says(BadServer.Http(status, ""));
        var report = await AskAsync(Admin, server.Port, new ZkSecrets { AdminUsername = "gate", AdminPassword = "hunter2" });
        Expect(report, GateVerdict.Misconfigured, ReasonCodes.ZkAccessDenied, status[..3]);
        Assert.That($"{report}", Does.Not.Contain("hunter2"));
    }

    [Test]
    public async Task Bodies_without_end_are_cut_off()
    {
        var long_ = new string('a', (1 << 20) + 1);
        await using var admin = BadServer.Says(BadServer.Http("200 OK", long_));
        await using var words = BadServer.Says(System.Text.Encoding.ASCII.GetBytes(long_));
        Expect(await AskAsync(Admin, admin.Port), GateVerdict.Misconfigured, ReasonCodes.ZkNotZooKeeper, "more than 1048576 bytes");
        Expect(await AskAsync(Words, words.Port), GateVerdict.Misconfigured, ReasonCodes.ZkNotZooKeeper, "more than 1048576 bytes");
    }

    [TestCase("clientPort")]
    [TestCase("adminServer")]
    [TestCase("writeCanary.path")]
    [TestCase("hostTemplate")]
    [TestCase("certificate authority")]
    public async Task Options_that_cannot_work_are_misconfigured(string field)
    {
        var options = field switch
        {
            "clientPort" => Words with { ClientPort = 70000 },
            "adminServer" => Admin with { AdminScheme = "ftp" },
            "writeCanary.path" => Words with { CanaryPath = "relative" },
            "hostTemplate" => Words with { HostTemplate = "{pod}.{oops}" },
            _ => Words with { UseTls = true },
        };
        using var gate = new ZooKeeperGateFactory(TimeProvider.System).Create(options, new ZkSecrets { Gate = new GateSecrets { CertificateAuthorityPem = "hunter2" } });
        var report = await AskAsync(gate);
        Expect(report, GateVerdict.Misconfigured, ReasonCodes.GateConfigurationInvalid, field);
        Assert.That(report.Message, Does.Not.Contain("hunter2"));
    }

    private static async Task<GateReport> AskAsync(ZooKeeperGateOptions options, int port, ZkSecrets? secrets = null)
    {
        using var gate = new ZooKeeperGateFactory(TimeProvider.System).Create(options with { ClientPort = port, AdminPort = port }, secrets ?? ZkSecrets.None);
        return await AskAsync(gate);
    }

    private static async Task<GateReport> AskAsync(IGate gate)
    {
        var context = new GateContext
        {
            WorkloadUid = "w",
            Namespace = "prod",
            Name = "zk",
            Service = "zk",
            Pods = [new GateTarget { Pod = "zk-0", Uid = "uid-0", Ordinal = 0, Revision = "old", Address = "127.0.0.1", IsReady = true }],
            Gates = [new GateBinding(new GatePolicy { Name = "zk", Type = "ZooKeeper" }, gate)],
        };
        var keeper = new GateKeeper(TimeProvider.System, NullLogger<GateKeeper>.Instance);
        return (await keeper.AskAsync(context, [new GateQuestion("zk", GatePhase.BeforePod, ["uid-0"], "new")], CancellationToken.None)).Single();
    }

    private static void Expect(GateReport report, GateVerdict verdict, ReasonCode reason, params string[] words)
    {
        Assert.That((report.Verdict, report.Reason.Code), Is.EqualTo((verdict, reason.Code)), report.Message);
        foreach (var word in words)
        {
            Assert.That(report.Message, Does.Contain(word));
        }

        Assert.That(report.Message, Does.Contain(reason.Remedy), "every no comes with its remedy");
    }
}

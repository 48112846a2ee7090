using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using Ordinal.ControlPlane.Workloads.Kafka;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.Kafka;
using static Ordinal.Integration.Gates.Kafka.KafkaGateTests;

namespace Ordinal.Integration.Gates.Kafka;

/// <summary>What is not the Kafka that the policy describes: the right code within the deadline, with the address and the remedy, and without a secret.</summary>
public sealed class KafkaBadInputTests
{
    private const string Password = "hunter2";

    private static readonly GateSecrets User = new() { Username = "gate", Password = Password, Token = "token-hunter2" };

    /// <summary>For answers that come: long enough for a machine that stands still for a while.</summary>
    private static readonly KafkaGateOptions Plain = new() { DialTimeout = TimeSpan.FromSeconds(20), RequestTimeout = TimeSpan.FromSeconds(20) };

    /// <summary>For answers that never come.</summary>
    private static readonly KafkaGateOptions Hasty = new() { DialTimeout = TimeSpan.FromSeconds(1), RequestTimeout = TimeSpan.FromSeconds(1) };

    private static readonly BrokerOptions WithUsers = new() { Users = new Dictionary<string, string> { ["gate"] = Password }, Token = "token-hunter2", Mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] };

    [Test]
    public async Task A_silent_listener_is_unknown()
    {
        await using var server = BadServer.Silent();
        Expect(await AskAsync(Hasty, server.Port), GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, $"127.0.0.1:{server.Port} within 1 s");
        Expect(await AskAsync(Hasty with { UseTls = true }, server.Port), GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, $"127.0.0.1:{server.Port} within 1 s");
    }

    [Test]
    public async Task A_closed_port_is_unknown()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // bound but not listening: refused, and nobody else can take it
        Expect(await AskAsync(Plain, ((IPEndPoint)socket.LocalEndPoint!).Port), GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, "refused");
    }

    [Test]
    public async Task A_name_without_an_address_is_unknown()
    {
        using var gate = new KafkaGateFactory(TimeProvider.System).Create(Plain with { BootstrapServers = "kafka.{namespace}.invalid:9092" }, User);
        Expect(await AskAsync(gate), GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, "kafka.prod.invalid:9092 has no address");
    }

    [Test]
    public async Task TLS_on_a_plain_listener_is_misconfigured()
    {
        await using var kafka = TestKafka.Three(options: o => o with { UseTls = true });
        Expect(await kafka.MayStopAsync(2), GateVerdict.Misconfigured, ReasonCodes.KafkaTlsFailed, "plain text", "leave tls out");
    }

    [Test]
    public async Task Plain_text_on_a_TLS_listener_is_misconfigured()
    {
        // What a Java broker answers to anything that is not TLS: an alert.
        await using var server = BadServer.Says([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x50]);
        Expect(await AskAsync(Plain, server.Port), GateVerdict.Misconfigured, ReasonCodes.KafkaNotKafka, "it expects TLS: add tls to the gate");
    }

    [Test]
    public async Task Plain_text_on_a_real_TLS_server_that_only_closes_is_misconfigured()
    {
        using var certificate = BadServer.Certificate("kafka.test");
        await using var kafka = TestKafka.Three(new BrokerOptions { Certificate = certificate }, o => o with { RequestTimeout = TimeSpan.FromSeconds(20), DialTimeout = TimeSpan.FromSeconds(20) });
        Expect(await kafka.MayStopAsync(2), GateVerdict.Misconfigured, ReasonCodes.KafkaTlsFailed, "expects TLS: add tls to the gate");
    }

    [TestCase("HTTP/1.1 400 Bad Request\r\n\r\n", "it speaks HTTP")]
    [TestCase("SSH-2.0-OpenSSH_9.2\r\n", "it speaks SSH")]
    [TestCase("+PONG\r\n\0\0\0\0", "at most 16777216 are taken")]
    public async Task Another_protocol_is_misconfigured(string answer, string words)
    {
        await using var server = BadServer.Says(Encoding.ASCII.GetBytes(answer));
        Expect(await AskAsync(Plain, server.Port), GateVerdict.Misconfigured, ReasonCodes.KafkaNotKafka, words, $"127.0.0.1:{server.Port}");
    }

    [Test]
    public async Task An_oversized_frame_is_misconfigured_and_takes_no_memory()
    {
        await using var server = BadServer.Says([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1]);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Expect(await AskAsync(Plain, server.Port), GateVerdict.Misconfigured, ReasonCodes.KafkaNotKafka, "2147483647 bytes");
        Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(8 << 20));
    }

    [Test]
    public async Task A_frame_that_is_announced_and_never_comes_takes_no_memory()
    {
        // Just under the limit, then silence.
        await using var server = BadServer.Says([0x00, 0xff, 0xff, 0xff, 0, 0, 0, 1]);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Expect(await AskAsync(Plain, server.Port), GateVerdict.Unknown, ReasonCodes.KafkaUnreachable);
        Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(8 << 20));
    }

    [Test]
    public async Task An_answer_to_what_was_not_asked_is_misconfigured()
    {
        await using var server = BadServer.Says([0, 0, 0, 6, 0, 0, 0, 99, 0, 0]);
        Expect(await AskAsync(Plain, server.Port), GateVerdict.Misconfigured, ReasonCodes.KafkaNotKafka, "what was not asked");
    }

    [Test]
    public async Task An_expired_certificate_is_misconfigured()
    {
        using var certificate = BadServer.Certificate("kafka.test", TimeSpan.FromHours(-1));
        await using var kafka = Tls(certificate, "kafka.test");
        Expect(await kafka.MayStopAsync(2), GateVerdict.Misconfigured, ReasonCodes.KafkaTlsFailed, "NotTimeValid", "renew an expired certificate");
    }

    [Test]
    public async Task The_right_authority_and_name_are_accepted_and_no_other()
    {
        using var certificate = BadServer.Certificate("kafka.test");
        using var other = BadServer.Certificate("other.test");
        await using (var kafka = Tls(certificate, "kafka.test"))
        {
            Expect(await kafka.MayStopAsync(2), GateVerdict.Allow, ReasonCodes.GateOpen);
        }

        await using (var kafka = Tls(certificate, "elsewhere.test"))
        {
            Expect(await kafka.MayStopAsync(2), GateVerdict.Misconfigured, ReasonCodes.KafkaTlsFailed, "RemoteCertificateNameMismatch");
        }

        await using (var kafka = TestKafka.Three(new BrokerOptions { Certificate = certificate }, o => o with { UseTls = true, ServerName = "kafka.test" }, new GateSecrets { CertificateAuthorityPem = other.ExportCertificatePem() }))
        {
            Expect(await kafka.MayStopAsync(2), GateVerdict.Misconfigured, ReasonCodes.KafkaTlsFailed);
        }
    }

    [Test]
    public async Task A_client_certificate_is_shown_where_it_is_wanted()
    {
        using var certificate = BadServer.Certificate("kafka.test");
        using var client = BadServer.Certificate("gate.test");
        var listening = new BrokerOptions { Certificate = certificate, ClientAuthority = client };
        var secrets = new GateSecrets { CertificateAuthorityPem = certificate.ExportCertificatePem(), ClientCertificatePem = client.ExportCertificatePem(), ClientKeyPem = client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() };
        await using (var kafka = TestKafka.Three(listening, o => o with { UseTls = true, ServerName = "kafka.test" }, secrets))
        {
            Expect(await kafka.MayStopAsync(2), GateVerdict.Allow, ReasonCodes.GateOpen);
        }

        await using (var kafka = TestKafka.Three(listening, o => o with { UseTls = true, ServerName = "kafka.test" }, new GateSecrets { CertificateAuthorityPem = secrets.CertificateAuthorityPem }))
        {
            Expect(await kafka.MayStopAsync(2), GateVerdict.Misconfigured, ReasonCodes.KafkaTlsFailed);
        }
    }

    [TestCase("PLAIN")]
    [TestCase("SCRAM-SHA-256")]
    [TestCase("SCRAM-SHA-512")]
    [TestCase("OAUTHBEARER")]
    public async Task Right_credentials_open_and_wrong_ones_are_misconfigured_without_being_repeated(string mechanism)
    {
        await using (var kafka = TestKafka.Three(WithUsers, o => o with { SaslMechanism = mechanism }, User))
        {
            Expect(await kafka.MayStopAsync(2), GateVerdict.Allow, ReasonCodes.GateOpen);
        }

        var wrong = new GateSecrets { Username = "gate", Password = "guess-hunter3", Token = "guess-hunter3" };
        await using (var kafka = TestKafka.Three(WithUsers, o => o with { SaslMechanism = mechanism }, wrong))
        {
            var report = await kafka.MayStopAsync(2);
            Expect(report, GateVerdict.Misconfigured, ReasonCodes.KafkaAccessDenied, $"refused the {mechanism} credentials", "sasl mechanism and Secret");
            Assert.That(report.ToString(), Does.Not.Contain("hunter"));
        }
    }

    [Test]
    public async Task Credentials_over_TLS_open()
    {
        using var certificate = BadServer.Certificate("kafka.test");
        var secrets = new GateSecrets { CertificateAuthorityPem = certificate.ExportCertificatePem(), Username = "gate", Password = Password };
        await using var kafka = TestKafka.Three(WithUsers with { Certificate = certificate }, o => o with { UseTls = true, ServerName = "kafka.test", SaslMechanism = "SCRAM-SHA-512" }, secrets);
        Expect(await kafka.MayStopAsync(2), GateVerdict.Allow, ReasonCodes.GateOpen);
    }

    [Test]
    public async Task A_mechanism_that_the_listener_does_not_take_is_misconfigured_and_those_that_it_takes_are_named()
    {
        await using var kafka = TestKafka.Three(WithUsers with { Mechanisms = ["SCRAM-SHA-512"] }, o => o with { SaslMechanism = "PLAIN" }, User);
        Expect(await kafka.MayStopAsync(2), GateVerdict.Misconfigured, ReasonCodes.KafkaAccessDenied, "does not take PLAIN, it takes SCRAM-SHA-512");
    }

    [Test]
    public async Task SASL_on_a_listener_without_it_and_none_where_it_is_wanted_are_misconfigured()
    {
        await using (var kafka = TestKafka.Three(options: o => o with { SaslMechanism = "PLAIN" }, secrets: User))
        {
            Expect(await kafka.MayStopAsync(2), GateVerdict.Misconfigured, ReasonCodes.KafkaAccessDenied, "does not take SASL on this listener: ILLEGAL_SASL_STATE");
        }

        await using (var kafka = TestKafka.Three(WithUsers))
        {
            Expect(await kafka.MayStopAsync(2), GateVerdict.Misconfigured, ReasonCodes.KafkaAccessDenied, "wants SASL");
        }
    }

    [Test]
    public async Task A_session_that_is_about_to_end_is_made_anew()
    {
        var time = new MovableTime();
        await using var kafka = TestKafka.Three(WithUsers with { SessionLifetime = TimeSpan.FromMinutes(10) }, o => o with { SaslMechanism = "PLAIN" }, User, time);
        Assert.That((await kafka.MayStopAsync(2)).Verdict, Is.EqualTo(GateVerdict.Allow));
        time.Moved = TimeSpan.FromMinutes(1);
        Assert.That((await kafka.MayStopAsync(2)).Verdict, Is.EqualTo(GateVerdict.Allow));
        Assert.That(kafka.Servers.Values.Select(s => s.Connections), Is.All.EqualTo(1));
        for (var minute = 2; minute < 9; minute++)
        {
            time.Moved = TimeSpan.FromMinutes(minute);
            Assert.That((await kafka.MayStopAsync(2)).Verdict, Is.EqualTo(GateVerdict.Allow));
        }

        Assert.That(kafka.Servers.Values.Select(s => s.Connections), Is.All.EqualTo(2), "one for each session");
    }

    [Test]
    public async Task A_connection_that_nobody_used_for_long_is_closed()
    {
        var time = new MovableTime();
        await using var kafka = TestKafka.Three(time: time);
        Assert.That((await kafka.MayStopAsync(2)).Verdict, Is.EqualTo(GateVerdict.Allow));
        time.Moved = TimeSpan.FromMinutes(3);
        Assert.That((await kafka.MayStopAsync(2)).Verdict, Is.EqualTo(GateVerdict.Allow));
        Assert.That(kafka.Servers.Values.Select(s => s.Connections), Is.All.EqualTo(2));
    }

    [TestCase((short)3)]
    [TestCase((short)32)]
    [TestCase((short)35)]
    [TestCase((short)55)]
    [TestCase((short)60)]
    public async Task A_broker_that_stops_answering_in_the_middle_is_never_allowed(short api)
    {
        await using var kafka = TestKafka.Three(new BrokerOptions { Fault = (key, _) => key == api ? new BrokerFault(IsSilent: true) : null }, o => o with { RequestTimeout = TimeSpan.FromMilliseconds(300) });
        var report = await kafka.MayStopAsync(2);
        Assert.That(report.Verdict, Is.EqualTo(GateVerdict.Unknown), report.Message);
    }

    [TestCase((short)3)]
    [TestCase((short)32)]
    [TestCase((short)35)]
    [TestCase((short)55)]
    [TestCase((short)60)]
    public async Task A_broker_that_answers_rubbish_in_the_middle_is_never_allowed(short api)
    {
        await using var kafka = TestKafka.Three(new BrokerOptions { Fault = (key, _) => key == api ? new BrokerFault(Raw: [0, 0, 0, 8, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff]) : null });
        var report = await kafka.MayStopAsync(2);
        Assert.That(report.Verdict, Is.Not.EqualTo(GateVerdict.Allow), report.Message);
    }

    [TestCase((short)35, (short)31)]
    [TestCase((short)60, (short)31)]
    [TestCase((short)55, (short)31)]
    [TestCase((short)32, (short)29)]
    public async Task A_refusal_for_want_of_rights_is_misconfigured(short api, short code)
    {
        await using var kafka = TestKafka.Three(new BrokerOptions { Fault = (key, _) => key == api ? new BrokerFault(ErrorCode: code) : null });
        Expect(await kafka.MayStopAsync(2), GateVerdict.Misconfigured, ReasonCodes.KafkaAccessDenied, "allow its principal Describe and DescribeConfigs");
    }

    [TestCase("", "bootstrapServers")]
    [TestCase("kafka", "bootstrapServers")]
    [TestCase("kafka:0", "bootstrapServers")]
    [TestCase("kafka:9092,{nobody}:9092", "bootstrapServers")]
    public async Task Servers_that_cannot_be_read_are_misconfigured(string servers, string words)
    {
        using var gate = new KafkaGateFactory(TimeProvider.System).Create(Plain with { BootstrapServers = servers }, User);
        Expect(await AskAsync(gate), GateVerdict.Misconfigured, ReasonCodes.GateConfigurationInvalid, words);
    }

    [TestCase("PLAIN", "a user name and a password")]
    [TestCase("OAUTHBEARER", "a token")]
    [TestCase("GSSAPI", "is not PLAIN")]
    public async Task Credentials_that_are_missing_are_misconfigured(string mechanism, string words)
    {
        using var gate = new KafkaGateFactory(TimeProvider.System).Create(Plain with { BootstrapServers = "kafka:9092", SaslMechanism = mechanism }, GateSecrets.None);
        Expect(await AskAsync(gate), GateVerdict.Misconfigured, ReasonCodes.GateConfigurationInvalid, words);
    }

    private static TestKafka Tls(X509Certificate2 certificate, string name) => TestKafka.Three(
        new BrokerOptions { Certificate = certificate }, o => o with { UseTls = true, ServerName = name }, new GateSecrets { CertificateAuthorityPem = certificate.ExportCertificatePem() });

    private static async Task<GateReport> AskAsync(KafkaGateOptions options, int port)
    {
        using var gate = new KafkaGateFactory(TimeProvider.System).Create(options with { BootstrapServers = $"127.0.0.1:{port}" }, User);
        return await AskAsync(gate);
    }

    private static async Task<GateReport> AskAsync(IGate gate)
    {
        var context = new GateContext
        {
            WorkloadUid = "w",
            Namespace = "prod",
            Name = "kafka",
            Service = "kafka",
            Pods = [new GateTarget { Pod = "kafka-0", Uid = "uid-0", Ordinal = 0, Revision = "old", Address = "127.0.0.1", IsReady = true }],
            Gates = [new GateBinding(new GatePolicy { Name = "kafka", Type = "Kafka" }, gate)],
        };
        var keeper = new GateKeeper(TimeProvider.System, NullLogger<GateKeeper>.Instance);
        return (await keeper.AskAsync(context, [new GateQuestion("kafka", GatePhase.BeforePod, ["uid-0"], "new")], CancellationToken.None)).Single();
    }

    /// <summary>The real clock, moved ahead.</summary>
    private sealed class MovableTime : TimeProvider
    {
        internal TimeSpan Moved { get; set; }

        public override long GetTimestamp() => System.GetTimestamp() + (Moved.Ticks * (TimestampFrequency / TimeSpan.TicksPerSecond));
    }
}

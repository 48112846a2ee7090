using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.Etcd;

namespace Ordinal.Integration.Gates;

/// <summary>The gate against one real etcd server that speaks TLS and wants client certificates.</summary>
[NonParallelizable]
public sealed class RealEtcdTlsTests
{
    [Test]
    public async Task A_server_that_wants_a_client_certificate_is_misconfigured_without_one_and_served_with_one()
    {
        using var certificate = BadServer.Certificate("etcd.test");
        using var key = certificate.GetECDsaPrivateKey()!;
        var (ca, keyPem) = (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        var folder = Directory.CreateTempSubdirectory("ordinal-etcd-").FullName;
        File.WriteAllText($"{folder}/tls.crt", ca);
        File.WriteAllText($"{folder}/tls.key", keyPem);
        var (claim, net) = EtcdTestCluster.Claim();
        using (claim)
        using (new EtcdServer(
            EtcdBinary.Path,
            $"{folder}/log",
            "--name", "etcd-0", "--data-dir", $"{folder}/data", "--listen-client-urls", $"https://{net}.1:2379", "--advertise-client-urls", $"https://{net}.1:2379",
            "--listen-peer-urls", $"http://{net}.1:2380", "--initial-advertise-peer-urls", $"http://{net}.1:2380", "--initial-cluster", $"etcd-0=http://{net}.1:2380",
            "--cert-file", $"{folder}/tls.crt", "--key-file", $"{folder}/tls.key", "--trusted-ca-file", $"{folder}/tls.crt", "--client-cert-auth", "--unsafe-no-fsync=true"))
        {
            var served = new GateSecrets { CertificateAuthorityPem = ca, ClientCertificatePem = ca, ClientKeyPem = keyPem };
            var report = await UntilAsync($"{net}.1", served, r => r.Verdict is GateVerdict.Allow, $"{folder}/log");
            Assert.That(report.Warnings, Has.One.StartsWith("EtcdSingleMember"));
            report = await UntilAsync($"{net}.1", new GateSecrets { CertificateAuthorityPem = ca }, r => r.Verdict is not GateVerdict.Allow, $"{folder}/log");
            Assert.That((report.Verdict, report.Reason), Is.EqualTo((GateVerdict.Misconfigured, ReasonCodes.EtcdTlsFailed)), report.Message);
            Assert.That(report.Message, Does.Contain($"{net}.1:2379"));
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task<GateReport> UntilAsync(string address, GateSecrets secrets, Func<GateReport, bool> expected, string log)
    {
        using var gate = new EtcdGateFactory(TimeProvider.System).Create(new EtcdGateOptions { ServerName = "etcd.test", RequestTimeout = TimeSpan.FromSeconds(20), DialTimeout = TimeSpan.FromSeconds(20) }, secrets);
        var context = new GateContext
        {
            WorkloadUid = "w",
            Namespace = "prod",
            Name = "etcd",
            Service = "etcd",
            Pods = [new GateTarget { Pod = "etcd-0", Uid = "uid-0", Ordinal = 0, Revision = "old", Address = address, IsReady = true }],
            Gates = [new GateBinding(new GatePolicy { Name = "etcd", Type = "Etcd", Interval = TimeSpan.Zero }, gate)],
        };
        var keeper = new GateKeeper(TimeProvider.System, NullLogger<GateKeeper>.Instance);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        while (true)
        {
            var report = (await keeper.AskAsync(context, [new GateQuestion("etcd", GatePhase.BeforePod, ["uid-0"], "new")], CancellationToken.None)).Single();
            if (expected(report))
            {
                return report;
            }

            Assert.That(deadline.IsCancellationRequested, Is.False, () => $"{report.Message}\n{File.ReadAllText(log)}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }
}

using NUnit.Framework;
using Ordinal.Gates.ZooKeeper;
using Ordinal.Operator.Api;
using Ordinal.Operator.Reconciling;

namespace Ordinal.Tests.Operating;

/// <summary>From a policy's <c>zookeeper</c> part to the gate's options.</summary>
public sealed class ZooKeeperPolicyTests
{
    [Test]
    public void What_is_left_out_has_the_defaults_of_the_gate() =>
        Assert.That(ZooKeeperGateReader.Options(new ZooKeeperGateSpec()), Is.EqualTo(new ZooKeeperGateOptions()));

    [Test]
    public void What_is_said_is_taken_over() => Assert.That(
        ZooKeeperGateReader.Options(new ZooKeeperGateSpec
        {
            Transport = "FourLetterWords",
            ClientPort = 2281,
            Tls = new TlsSpec { ServerName = "zk.test" },
            AdminServer = new ZooKeeperAdminSpec { Port = 9000, Scheme = "https", Path = "/zk/" },
            HostTemplate = "{pod}.zk",
            MaxZxidLag = 7,
            MaxOutstandingRequests = 8,
            Headroom = 1,
            AllowTwoMembers = true,
            ReadCommittedConfig = true,
            WriteCanary = new ZooKeeperCanarySpec { Path = "/ordinal" },
            RequestTimeout = "4s",
        }),
        Is.EqualTo(new ZooKeeperGateOptions
        {
            Transport = ZkTransport.FourLetterWords,
            ClientPort = 2281,
            UseTls = true,
            ServerName = "zk.test",
            AdminPort = 9000,
            AdminScheme = "https",
            AdminPath = "/zk",
            HostTemplate = "{pod}.zk",
            MaxZxidLag = 7,
            MaxOutstandingRequests = 8,
            Headroom = 1,
            AllowTwoMembers = true,
            ReadCommittedConfig = true,
            CanaryPath = "/ordinal",
            RequestTimeout = TimeSpan.FromSeconds(4),
        }));

    [Test]
    public void What_cannot_work_is_named_with_its_field()
    {
        var problems = ZooKeeperGateReader.Problems(
            new ZooKeeperGateSpec
            {
                Transport = "Telnet",
                ClientPort = 0,
                AdminServer = new ZooKeeperAdminSpec { Port = 70000, Scheme = "ftp" },
                MaxZxidLag = -1,
                RequestTimeout = "0s",
                WriteCanary = new ZooKeeperCanarySpec { Path = "/zookeeper/x" },
            },
            "spec.gates[z]").ToList();
        foreach (var field in new[] { "transport", "clientPort", "adminServer.port", "adminServer.scheme", "maxZxidLag", "requestTimeout", "writeCanary.path" })
        {
            Assert.That(problems, Has.Exactly(1).Contains($"spec.gates[z].zookeeper.{field} is"), field);
        }
    }
}

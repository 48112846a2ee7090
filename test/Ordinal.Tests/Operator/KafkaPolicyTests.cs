using System.Text;
using NUnit.Framework;
using Ordinal.ControlPlane.Text;
using Ordinal.Gates.Kafka;
using Ordinal.Operator.Api;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Client;

namespace Ordinal.Tests.Operating;

/// <summary>From a policy's <c>kafka</c> part to the gate's options.</summary>
public sealed class KafkaPolicyTests
{
    [Test]
    public void The_sample_can_be_rolled_by()
    {
        var documents = YamlText.ParseAll(File.ReadAllText(Path.Combine(Golden.Repository, "config/samples/kafka.yaml")));
        var policy = EntityJson.Read<V1Alpha1RolloutPolicy>(Encoding.UTF8.GetBytes(documents.Single(d => (string?)d["kind"] == "RolloutPolicy").ToJsonString()));
        var reading = PolicyReader.Read(policy.Metadata.Name, policy.Spec);
        Assert.That(reading.Problems, Is.Empty);
        Assert.That(reading.Policy.Gates.Single().TellsRoles, Is.True);
        var options = KafkaGateReader.Options(policy.Spec.Gates!.Single().Kafka!);
        Assert.That((options.BootstrapServers, options.SaslMechanism, options.Controllers.Length, options.UseTls), Is.EqualTo(("{service}.{namespace}.svc:9092", "SCRAM-SHA-512", 3, false)));
        Assert.That(documents.Any(d => (string?)d["kind"] == "Secret" && (string?)d["metadata"]!["name"] == policy.Spec.Gates![0].Kafka!.Sasl!.Credentials!.SecretName), Is.True);
    }

    [Test]
    public void What_is_left_out_has_the_defaults_of_the_gate()
    {
        var defaults = new KafkaGateOptions { BootstrapServers = "k:9092" };
        Assert.That(KafkaGateReader.Options(new KafkaGateSpec { BootstrapServers = "k:9092" }) with { Controllers = defaults.Controllers }, Is.EqualTo(defaults));
    }

    [Test]
    public void What_is_said_is_taken_over()
    {
        var options = KafkaGateReader.Options(new KafkaGateSpec
        {
            BootstrapServers = "k:9092",
            Tls = new TlsSpec { ServerName = "kafka.test" },
            Sasl = new SaslSpec { Mechanism = "PLAIN" },
            Guarantee = "AllPartitionsInSync",
            SingleReplicaTopics = "Deny",
            FullIsrTopics = "Deny",
            MinIsrHeadroom = 1,
            NodeIdOffset = 100,
            Controllers = [100, 101, 102],
            AllowSingleController = false,
            MaxControllerLag = 7,
            QuorumFetchTimeout = "3s",
            StuckReplicaAfter = "1h",
            Leadership = "Preferred",
            LeadershipWait = "1m",
            Metrics = new KafkaMetricsSpec { Port = 9404, Scheme = "https", Path = "/m" },
            RequestTimeout = "4s",
        });
        var expected = new KafkaGateOptions
        {
            BootstrapServers = "k:9092",
            UseTls = true,
            ServerName = "kafka.test",
            SaslMechanism = "PLAIN",
            Guarantee = KafkaGuarantee.AllPartitionsInSync,
            SingleReplicaTopics = KafkaTopicPolicy.Deny,
            FullIsrTopics = KafkaTopicPolicy.Deny,
            MinIsrHeadroom = 1,
            NodeIdOffset = 100,
            AllowSingleController = false,
            MaxControllerLag = 7,
            QuorumFetchTimeout = TimeSpan.FromSeconds(3),
            StuckReplicaAfter = TimeSpan.FromHours(1),
            Leadership = KafkaLeadership.Preferred,
            LeadershipWait = TimeSpan.FromMinutes(1),
            MetricsPort = 9404,
            MetricsScheme = "https",
            MetricsPath = "/m",
            RequestTimeout = TimeSpan.FromSeconds(4),
        };
        Assert.That(options.Controllers, Is.EqualTo(new[] { 100, 101, 102 }));
        Assert.That(options with { Controllers = expected.Controllers }, Is.EqualTo(expected));
    }
}

using System.Collections.Immutable;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using NUnit.Framework;
using Ordinal.ControlPlane.Workloads.Kafka;
using Ordinal.Gates;
using Ordinal.Gates.Kafka;
using Ordinal.Gates.Kafka.Messages;
using Ordinal.Gates.Kafka.Wire;
using ConfigResource = Confluent.Kafka.Admin.ConfigResource;
using KafkaMetadata = Ordinal.Gates.Kafka.Messages.Metadata;

namespace Ordinal.Integration.Gates.Kafka;

/// <summary>
/// Two implementations that share no line with ours: librdkafka's mock cluster as a server for our client, and its AdminClient as a client for
/// our ensemble. What both sides of ours got wrong in the same way would show here.
/// </summary>
public sealed class LibrdkafkaTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Test]
    public async Task Our_client_reads_from_librdkafkas_mock_cluster_what_librdkafka_reads()
    {
        // A client with this setting brings the cluster with it, in its own process; producing makes the topic.
        var config = new ProducerConfig { BootstrapServers = "ignored", MessageTimeoutMs = 60_000 };
        config.Set("test.mock.num.brokers", "3");
        using var producer = new ProducerBuilder<Null, string>(config).SetLogHandler((_, _) => { }).Build();
        await producer.ProduceAsync("orders", new Message<Null, string> { Value = "1" });
        using var admin = new DependentAdminClientBuilder(producer.Handle).Build();
        var theirs = admin.GetMetadata(Patience);

        using var connections = new KafkaConnections(new KafkaDialer(null, "", null), Patience, Patience, TimeProvider.System);
        var endpoints = theirs.Brokers.OrderBy(b => b.BrokerId).Select(b => new KafkaEndpoint(b.Host, b.Port)).ToList();
        Assert.That(endpoints, Has.Count.EqualTo(3));
        foreach (var endpoint in endpoints)
        {
            var answer = await connections.AskAsync(endpoint, KafkaMetadata.AllTopics, CancellationToken.None);
            Assert.That(answer.Failure, Is.Null);
            var ours = answer.Value!;
            Assert.That(ours.Brokers.Select(b => (b.Id, b.Host, b.Port)), Is.EquivalentTo(theirs.Brokers.Select(b => (b.BrokerId, b.Host, b.Port))));
            Assert.That(ours.Topics.Select(t => t.Name), Is.EquivalentTo(theirs.Topics.Select(t => t.Topic)).And.Contains("orders"));
            foreach (var topic in theirs.Topics)
            {
                var mine = ours.Topics.Single(t => t.Name == topic.Topic).Partitions.OrderBy(p => p.Index).ToList();
                Assert.That(mine.Select(p => p.Index), Is.EqualTo(topic.Partitions.Select(p => p.PartitionId).Order()));
                foreach (var (one, other) in mine.Zip(topic.Partitions.OrderBy(p => p.PartitionId)))
                {
                    Assert.That(one.Leader, Is.EqualTo(other.Leader));
                    Assert.That(one.Replicas, Is.EquivalentTo(other.Replicas));
                    Assert.That(one.Isr, Is.EquivalentTo(other.InSyncReplicas));
                }
            }

            // Many at once on one connection, each answer at its own request.
            var pipelined = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => i % 2 == 0
                ? AskTopicsAsync(connections, endpoint, ["orders"])
                : AskTopicsAsync(connections, endpoint, [])));
            Assert.That(pipelined.Select((topics, i) => topics == (i % 2 == 0 ? 1 : 0)), Is.All.True);
        }

        var unknown = await connections.AskAsync(endpoints[0], DescribeQuorum.Request, CancellationToken.None);
        Assert.That(unknown.Failure!.Kind, Is.EqualTo(KafkaFailureKind.Unsupported), "the mock cluster knows no quorum");
        Assert.That(connections.Count, Is.EqualTo(3));
    }

    [Test]
    public async Task The_whole_gate_on_the_mock_cluster_says_that_it_cannot_tell()
    {
        var config = new AdminClientConfig { BootstrapServers = "ignored" };
        config.Set("test.mock.num.brokers", "3");
        using var admin = new AdminClientBuilder(config).SetLogHandler((_, _) => { }).Build();
        var brokers = admin.GetMetadata(Patience).Brokers;
        using var gate = new KafkaGateFactory(TimeProvider.System).Create(new KafkaGateOptions { BootstrapServers = string.Join(',', brokers.Select(b => $"{b.Host}:{b.Port}")), NodeIdOffset = 1 }, GateSecrets.None);
        var context = new GateContext
        {
            WorkloadUid = "w",
            Namespace = "prod",
            Name = "kafka",
            Service = "kafka",
            Gates = [],
            Pods = [.. Enumerable.Range(0, 3).Select(i => new GateTarget { Pod = $"kafka-{i}", Uid = $"uid-{i}", Ordinal = i, Revision = "old", Address = "127.0.0.1", IsReady = true })],
        };
        var question = new Ordinal.Core.Model.GateQuestion("kafka", Ordinal.Core.Model.GatePhase.BeforePod, ["uid-2"], "new");
        var seen = (KafkaObservation)await gate.ObserveAsync(context, [question], CancellationToken.None);
        Assert.That((seen.Brokers.Length, seen.Snapshots.Length, seen.IsKraft), Is.EqualTo((3, 2, false)));
        var answer = gate.Evaluate(new GateInput { Question = question, Context = context, Now = DateTimeOffset.UnixEpoch }, seen);
        Assert.That((answer.Verdict, answer.Reason.Code), Is.EqualTo((Ordinal.Core.Model.GateVerdict.Unknown, "KafkaVisibilityUnproven")), answer.Message);
    }

    [TestCase("")]
    [TestCase("PLAIN")]
    [TestCase("SCRAM-SHA-256")]
    [TestCase("SCRAM-SHA-512")]
    public async Task Librdkafka_reads_from_our_ensemble_what_is_in_it(string mechanism)
    {
        await using var kafka = TestKafka.Start(Ensemble(), mechanism.Length == 0 ? new BrokerOptions() : new BrokerOptions { Users = new Dictionary<string, string> { ["gate"] = "hunter2" } });
        kafka.Ensemble.Change(e => (e.Topics["orders"].Partitions[1].Isr, e.Topics["orders"].Partitions[2].Leader) = ([1], -1));
        using var admin = Admin(kafka, config =>
        {
            if (mechanism.Length > 0)
            {
                (config.SecurityProtocol, config.SaslUsername, config.SaslPassword) = (SecurityProtocol.SaslPlaintext, "gate", "hunter2");
                config.Set("sasl.mechanism", mechanism);
            }
        });
        var metadata = admin.GetMetadata(Patience);
        Assert.That(metadata.Brokers.Select(b => (b.BrokerId, b.Port)), Is.EquivalentTo(kafka.Servers.Select(s => (s.Key, s.Value.Port))));
        var orders = metadata.Topics.Single(t => t.Topic == "orders").Partitions.OrderBy(p => p.PartitionId).ToList();
        Assert.That(orders.Select(p => p.Leader), Is.EqualTo(new[] { 0, 1, -1, 0 }));
        Assert.That(orders[1].InSyncReplicas, Is.EqualTo(new[] { 1 }));
        Assert.That(orders[3].Replicas, Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That(orders[2].Error.Code, Is.EqualTo(ErrorCode.LeaderNotAvailable));

        var cluster = await admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = Patience, IncludeAuthorizedOperations = true });
        Assert.That((cluster.ClusterId, cluster.Nodes.Count), Is.EqualTo((kafka.Ensemble.ClusterId, 3)));
        Assert.That(cluster.AuthorizedOperations, Does.Contain(AclOperation.DescribeConfigs));

        var configs = await admin.DescribeConfigsAsync([new ConfigResource { Type = ResourceType.Topic, Name = "orders" }], new DescribeConfigsOptions { RequestTimeout = Patience });
        Assert.That(configs.Single().Entries["min.insync.replicas"].Value, Is.EqualTo("2"));
    }

    [Test]
    public async Task Librdkafka_elects_leaders_and_changes_settings_of_our_ensemble()
    {
        await using var kafka = TestKafka.Start(Ensemble());
        kafka.Ensemble.Change(e => e.Topics["orders"].Partitions[0].Leader = 2);
        using var admin = Admin(kafka, _ => { });
        var elected = await admin.ElectLeadersAsync(ElectionType.Preferred, [new TopicPartition("orders", 0)], new ElectLeadersOptions { RequestTimeout = Patience });
        Assert.That(elected.TopicPartitions.Single().Error.IsError, Is.False);
        Assert.That(kafka.Ensemble.Topics["orders"].Partitions[0].Leader, Is.EqualTo(0));

        var change = new ConfigEntry { Name = "min.insync.replicas", Value = "1", IncrementalOperation = AlterConfigOpType.Set };
        await admin.IncrementalAlterConfigsAsync(
            new Dictionary<ConfigResource, List<ConfigEntry>> { [new ConfigResource { Type = ResourceType.Topic, Name = "orders" }] = [change] }, new IncrementalAlterConfigsOptions { RequestTimeout = Patience });
        Assert.That(kafka.Ensemble.Topics["orders"].Configs["min.insync.replicas"], Is.EqualTo("1"));
    }

    [Test]
    public async Task Librdkafka_speaks_TLS_with_our_ensemble()
    {
        using var certificate = BadServer.Certificate("kafka.test");
        await using var kafka = TestKafka.Start(Ensemble(), new BrokerOptions { Certificate = certificate });
        using var admin = Admin(kafka, config =>
        {
            config.SecurityProtocol = SecurityProtocol.Ssl;
            config.SslCaPem = certificate.ExportCertificatePem();
            config.SslEndpointIdentificationAlgorithm = SslEndpointIdentificationAlgorithm.None;
        });
        Assert.That(admin.GetMetadata(Patience).Brokers, Has.Count.EqualTo(3));
    }

    private static KafkaEnsemble Ensemble()
    {
        var ensemble = KafkaEnsemble.Of(3);
        ensemble.AddTopic("orders", 4, 3, minIsr: 2);
        return ensemble;
    }

    private static IAdminClient Admin(TestKafka kafka, Action<AdminClientConfig> change)
    {
        var config = new AdminClientConfig { BootstrapServers = kafka.Options.BootstrapServers, SocketTimeoutMs = 60_000 };
        change(config);
        return new AdminClientBuilder(config).SetLogHandler((_, _) => { }).Build();
    }

    private static async Task<int> AskTopicsAsync(KafkaConnections connections, KafkaEndpoint endpoint, ImmutableArray<string> topics) =>
        (await connections.AskAsync(endpoint, KafkaMetadata.Request(topics), CancellationToken.None)).Value!.Topics.Length;
}

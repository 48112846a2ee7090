using NUnit.Framework;
using Ordinal.ControlPlane.Workloads.Kafka;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Kafka;

namespace Ordinal.Integration.Gates.Kafka;

/// <summary>What newer Kafkas tell, over sockets: controllers on their own listeners (KIP-919), and who may lead although not in sync (KIP-966).</summary>
public sealed class KafkaKraftTests
{
    private const short DescribeQuorum = 55;
    private const short DescribeCluster = 60;
    private const short DescribeTopicPartitions = 75;

    [Test]
    public async Task The_quorum_is_read_from_the_active_controller_itself_whoever_that_is()
    {
        await using var kafka = TestKafka.WithControllers();
        Expect(await kafka.MayStopAsync(2), GateVerdict.Allow, ReasonCodes.GateOpen, "kafka-2 may stop");
        Assert.That(Asked(kafka, 0, DescribeQuorum), Is.EqualTo(1));
        kafka.Ensemble.Change(e => (e.Controller, e.ControllerEpoch) = (1, 8));
        Assert.That((await kafka.AskAsync(GatePhase.Roles, [], null)).Roles["kafka-1"], Is.EqualTo(MemberRole.Leader));
        Assert.That((Asked(kafka, 0, DescribeQuorum), Asked(kafka, 1, DescribeQuorum), Asked(kafka, 2, DescribeQuorum)), Is.EqualTo((1, 1, 0)));
        Assert.That(kafka.Controllers.Values.Sum(c => c.Requests.Count(r => r.Api == DescribeCluster)), Is.Positive);
    }

    [Test]
    public async Task A_controller_whose_pod_is_missing_is_not_asked_whatever_its_registration_says()
    {
        await using var kafka = TestKafka.WithControllers();
        var first = kafka.Options.ControllerServers.Split(',')[0];
        using var gate = new KafkaGateFactory(TimeProvider.System).Create(kafka.Options with { ControllerServers = first }, Ordinal.Gates.GateSecrets.None);
        await kafka.StopAsync(2);
        await kafka.AskAsync(gate, GatePhase.Roles, []);
        Assert.That((kafka.Controllers[1].Connections > 0, kafka.Controllers[2].Connections), Is.EqualTo((true, 0)));
    }

    [Test]
    public async Task K16_a_controller_that_takes_connections_and_answers_nothing_is_not_back()
    {
        // It hangs up rather than keep the gate waiting: a time that is short enough for a test is too short for the others on a slow machine.
        await using var kafka = TestKafka.WithControllers(id => id == 2 ? new BrokerOptions { Fault = (_, _) => new BrokerFault(Closes: true) } : new BrokerOptions());
        await kafka.StopAsync(2);
        kafka.StartAgain(2);
        kafka.Ensemble.CatchUp(2);
        Expect(await kafka.IsBackAsync(2, null), GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, "kafka-2 does not answer as a controller");
    }

    [Test]
    public async Task A_brokers_listener_in_place_of_a_controllers_is_misconfigured_and_says_where()
    {
        await using var kafka = TestKafka.Three();
        using var gate = new KafkaGateFactory(TimeProvider.System).Create(kafka.Options with { ControllerServers = kafka.Options.BootstrapServers }, Ordinal.Gates.GateSecrets.None);
        var report = await kafka.AskAsync(gate, GatePhase.BeforePod, [2]);
        Expect(report, GateVerdict.Misconfigured, ReasonCodes.KafkaNotKafka, "is a broker's listener, not a controller's", "controllerServers");
    }

    [Test]
    public async Task A_Kafka_before_3_7_whose_controllers_cannot_be_asked_is_misconfigured_and_says_why()
    {
        await using var kafka = TestKafka.WithControllers(_ => new BrokerOptions { Newest = new Dictionary<short, short> { [DescribeCluster] = 0 } });
        Expect(await kafka.MayStopAsync(2), GateVerdict.Misconfigured, ReasonCodes.KafkaVersionUnsupported, "DescribeCluster");
    }

    [Test]
    public async Task Controllers_that_know_no_active_one_hold_everybody()
    {
        // The brokers still know the old one: it is lost as soon as the controllers are asked.
        var ensemble = KafkaEnsemble.Of(3);
        ensemble.AddTopic("orders", 6, 3, minIsr: 2);
        var losing = new BrokerOptions
        {
            Before = _ =>
            {
                ensemble.Change(e => e.Controller = -1);
                return Task.CompletedTask;
            },
        };
        await using var kafka = TestKafka.Start(ensemble, controlling: _ => losing);
        Expect(await kafka.MayStopAsync(2), GateVerdict.Unknown, ReasonCodes.KraftQuorumUnreadable, "the controllers know none of them that is active");
    }

    [Test]
    public async Task K3_the_last_replica_that_may_lead_is_found_page_by_page_and_only_where_something_is_ill()
    {
        var ensemble = KafkaEnsemble.Of(4);
        ensemble.AddTopic("orders", 8, 3, minIsr: 2);
        ensemble.AddTopic("well", 3, 3, minIsr: 2);
        ensemble.LargestPage = 3;
        await using var kafka = TestKafka.Start(ensemble);
        Assert.That((await kafka.MayStopAsync(3)).Verdict, Is.EqualTo(GateVerdict.Allow));
        Assert.That(kafka.Servers.Values.Sum(s => s.Requests.Count(r => r.Api == DescribeTopicPartitions)), Is.Zero, "a healthy cluster is not asked");

        // Partition 7 has its replicas on 3, 0 and 1.
        ensemble.Change(e =>
        {
            e.Topics["orders"].Partitions.ForEach(p => p.Eligible = []);
            var last = e.Topics["orders"].Partitions[7];
            (last.Isr, last.Leader, last.Eligible) = ([], -1, [3]);
        });
        Expect(await kafka.MayStopAsync(3), GateVerdict.Deny, ReasonCodes.KafkaLastInSyncReplica, "orders-7", "eligible to lead: 3");
        Assert.That(kafka.Servers.Values.Sum(s => s.Requests.Count(r => r.Api == DescribeTopicPartitions)), Is.EqualTo(6), "three pages from each of two brokers");
        ensemble.Change(e => e.Topics["orders"].Partitions[7].Eligible = [0, 3]);
        Expect(await kafka.MayStopAsync(3), GateVerdict.Deny, ReasonCodes.KafkaOfflinePartition, "orders-7", "eligible to lead: 0, 3");
    }

    [Test]
    public async Task A_Kafka_that_keeps_no_note_of_who_may_lead_is_judged_without()
    {
        var ensemble = KafkaEnsemble.Of(4);
        ensemble.AddTopic("orders", 4, 3, minIsr: 2);
        await using var kafka = TestKafka.Start(ensemble, new BrokerOptions { Newest = new Dictionary<short, short> { [DescribeTopicPartitions] = -1 } });
        ensemble.Change(e => (e.Topics["orders"].Partitions[3].Isr, e.Topics["orders"].Partitions[3].Leader, e.Topics["orders"].Partitions[3].Eligible) = ([], -1, [3]));
        Expect(await kafka.MayStopAsync(3), GateVerdict.Deny, ReasonCodes.KafkaOfflinePartition, "orders-3");
    }

    private static int Asked(TestKafka kafka, int controller, short api) => kafka.Controllers[controller].Requests.Count(r => r.Api == api);

    private static void Expect(GateReport report, GateVerdict verdict, ReasonCode reason, params string[] words)
    {
        Assert.That((report.Verdict, report.Reason), Is.EqualTo((verdict, reason)), report.Message);
        foreach (var word in words)
        {
            Assert.That(report.Message, Does.Contain(word));
        }
    }
}

using System.Collections.Immutable;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.Kafka;
using static Ordinal.Tests.Gates.Kafka.KafkaStopRuleTests;

namespace Ordinal.Tests.Gates.Kafka;

/// <summary>Was all of the cluster seen, and is it the right one?</summary>
public sealed class KafkaViewTests
{
    private static readonly int[] Three = [0, 1, 2];

    [Test]
    public void K17_an_empty_list_of_topics_is_believed_only_when_the_disks_are_empty_too()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three);
        var hidden = world.Observe();
        hidden = hidden with { Snapshots = [.. hidden.Snapshots.Select(s => s with { Topics = [] })] };
        Expect(Ask(world, hidden), GateVerdict.Unknown, ReasonCodes.KafkaVisibilityUnproven, "1 topics are on disks but in no list, e.g. orders");
        Assert.That(KafkaWorld.Of(3).MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow), "an empty cluster");
    }

    [Test]
    public void K17_a_topic_that_says_that_it_may_not_be_described_is_a_matter_of_configuration()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three);
        var hidden = world.Observe();
        hidden = hidden with { Snapshots = [.. hidden.Snapshots.Select(s => s with { Topics = [] })], Unlisted = Codes(("orders", 29)) };
        Expect(Ask(world, hidden), GateVerdict.Misconfigured, ReasonCodes.KafkaAccessDenied, "may not describe 1 topics that exist: orders");
    }

    [Test]
    public void A_topic_that_is_only_left_over_on_disks_does_not_count()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three);
        var seen = world.Observe();
        seen = seen with { Snapshots = [.. seen.Snapshots.Select(s => s with { Topics = [] })], Unlisted = Codes(("orders", 3)) };
        Assert.That(Ask(world, seen).Verdict, Is.EqualTo(GateVerdict.Allow));
        seen = seen with { Unlisted = Codes(("orders", 0)) };
        Expect(Ask(world, seen), GateVerdict.Unknown, ReasonCodes.KafkaVisibilityUnproven, "exists but was in no list");
    }

    [TestCase(1 << 10, "Describe on the cluster")]
    [TestCase(1 << 8, "DescribeConfigs on the cluster")]
    [TestCase(0, "Describe on the cluster")]
    public void K17_missing_rights_on_the_cluster_are_a_matter_of_configuration(int operations, string lacks)
    {
        var world = KafkaWorld.Of(3).Topic("orders", 2, Three);
        world.Operations = operations;
        Expect(world.MayStop(2), GateVerdict.Misconfigured, ReasonCodes.KafkaAccessDenied, lacks);
    }

    [Test]
    public void K17_rights_that_were_not_told_are_unknown()
    {
        var world = KafkaWorld.Of(3);
        world.Operations = null;
        Expect(world.MayStop(2), GateVerdict.Unknown, ReasonCodes.KafkaVisibilityUnproven);
    }

    [Test]
    public void K20_a_cluster_that_cannot_be_reached_is_unknown_and_nothing_is_restarted()
    {
        var seen = new KafkaObservation { BootstrapFailures = [new KafkaFailure(KafkaFailureKind.NameUnknown, "the name of kafka:9092 has no address"), new KafkaFailure(KafkaFailureKind.Timeout, "x")] };
        Expect(Ask(KafkaWorld.Of(3), seen), GateVerdict.Unknown, ReasonCodes.KafkaUnreachable, "has no address", "1 more bootstrap servers failed");
        seen = new KafkaObservation { BootstrapFailures = [new KafkaFailure(KafkaFailureKind.Timeout, "x"), new KafkaFailure(KafkaFailureKind.Tls, "the certificate expired")] };
        Expect(Ask(KafkaWorld.Of(3), seen), GateVerdict.Misconfigured, ReasonCodes.KafkaTlsFailed, "expired");
    }

    [TestCase("{service}.{namespace}.svc:9092,b:9093", "kafka.prod.svc:9092 b:9093")]
    [TestCase("{address}:9092", "10.0.0.1:9092 10.0.0.2:9092")]
    [TestCase("{pod}.{service}:9092,{address}:9092", "kafka-1.kafka:9092 kafka-2.kafka:9092 10.0.0.1:9092 10.0.0.2:9092")]
    [TestCase("{address}:{ordinal}", "10.0.0.1:1 10.0.0.2:2")]
    public void Bootstrap_servers_may_be_the_pods_themselves_those_that_are_ready_first(string said, string meant)
    {
        GateTarget Pod(int ordinal, string address, bool isReady) => new() { Pod = $"kafka-{ordinal}", Uid = $"u{ordinal}", Ordinal = ordinal, Revision = "r", Address = address, IsReady = isReady };
        var context = KafkaWorld.Of(3).Context() with { Service = "kafka", Namespace = "prod", Pods = [Pod(0, "", false), Pod(2, "10.0.0.2", false), Pod(1, "10.0.0.1", true)] };
        Assert.That(string.Join(' ', KafkaGateFactory.Servers(said, context)), Is.EqualTo(meant));
    }

    [Test]
    public void K18_one_view_is_not_enough_where_two_can_be_had()
    {
        var world = KafkaWorld.Of(3).Topic("orders", 1, Three);
        var seen = world.Observe();
        seen = seen with { Snapshots = [seen.Snapshots[0]], SnapshotFailures = [new KafkaFailure(KafkaFailureKind.Timeout, "no answer from kafka-1:9092")] };
        Expect(Ask(world, seen), GateVerdict.Unknown, ReasonCodes.KafkaSnapshotMissing, "1 of 2 brokers", "kafka-1");
        var twice = world.Observe();
        Expect(Ask(world, twice with { Snapshots = [twice.Snapshots[0], twice.Snapshots[0]] }), GateVerdict.Unknown, ReasonCodes.KafkaSnapshotMissing, "1 of 2");
    }

    [Test]
    public void A_cluster_of_one_broker_is_seen_by_it_alone()
    {
        var world = KafkaWorld.Of(1, voters: 1).Topic("one", 1, [0]);
        var answer = world.MayStop(0);
        Assert.That(answer.Verdict, Is.EqualTo(GateVerdict.Allow), answer.Message);
        Assert.That(answer.Warnings, Has.Some.StartsWith("KafkaSingleReplica").And.Some.StartsWith("KraftSingleController"));
    }

    [Test]
    public void Brokers_of_two_clusters_are_a_matter_of_configuration()
    {
        var world = KafkaWorld.Of(3);
        var seen = world.Observe();
        Expect(Ask(world, seen with { Snapshots = [seen.Snapshots[0], seen.Snapshots[1] with { ClusterId = "other" }] }), GateVerdict.Misconfigured, ReasonCodes.KafkaClusterMismatch, "cluster-1, other");
    }

    [Test]
    public void A_broker_at_another_pods_host_is_a_matter_of_configuration()
    {
        var world = KafkaWorld.Of(3);
        world.With(o => o with { NodeIdOffset = 1 });
        Expect(world.MayStop(2), GateVerdict.Misconfigured, ReasonCodes.KafkaNodeMismatch, "broker 0 advertises kafka-0", "nodeIdOffset 1");
    }

    [Test]
    public void Ids_that_the_cluster_does_not_know_are_a_matter_of_configuration()
    {
        var world = KafkaWorld.Of(3);
        world.Nodes.ForEach(n => n.Host = "lb.example");
        world.With(o => o with { NodeIdOffset = 100 });
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.KafkaNodeUnknown, "kafka-0 is Ready", "controller 100");
        world.Nodes.ForEach(n => n.IsReady = false);
        Expect(world.MayStop(2), GateVerdict.Misconfigured, ReasonCodes.KafkaNodeUnknown, "none of the 3 pods");
    }

    [Test]
    public void An_offset_is_added_to_the_ordinal()
    {
        var world = KafkaWorld.Of(3, voters: 0, isKraft: false).Topic("orders", 1, Three);
        world.Controller = 2;
        var seen = world.Observe();
        var shifted = seen with
        {
            Brokers = [.. seen.Brokers.Select(b => b with { Id = b.Id + 100 })],
            Members = [.. seen.Members.Select(m => m with { Id = m.Id + 100 })],
            Snapshots = [.. seen.Snapshots.Select(s => s with
            {
                ControllerId = 102,
                Live = [.. s.Live.Select(id => id + 100)],
                Topics = [.. s.Topics.Select(t => t with { Partitions = [.. t.Partitions.Select(p => p with { Replicas = [100, 101, 102], Isr = [102] })] })],
            })],
        };
        world.With(o => o with { NodeIdOffset = 100 });
        Expect(Ask(world, shifted), GateVerdict.Deny, ReasonCodes.KafkaLastInSyncReplica);
        Assert.That(KafkaRule.Evaluate(world.Input(GatePhase.Roles, []), shifted, world.Options).Roles["kafka-2"], Is.EqualTo(MemberRole.Leader));
    }

    private static ImmutableSortedDictionary<string, short> Codes(params (string Name, int Code)[] codes) => codes.ToImmutableSortedDictionary(c => c.Name, c => (short)c.Code);

    private static GateAnswer Ask(KafkaWorld world, KafkaObservation seen) => KafkaRule.Evaluate(world.Input(GatePhase.BeforePod, [2]), seen, world.Options);
}

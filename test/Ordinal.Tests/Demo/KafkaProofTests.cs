using NUnit.Framework;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Tests.Demo;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class KafkaProofTests
{
    private readonly KafkaWitness _witness = new();
    private readonly HashSet<int> _behind = [];
    private readonly List<int> _serving = [0, 1, 2];
    private int _controller = 1;
    private int _fewest = 3;
    private bool _hasLeader = true;
    private RecordsSeen _records = new(100, 0, 3, 0);

    [Test]
    public void A_rollout_of_one_after_the_other_with_the_controller_last_passes()
    {
        RollProperly();
        var evidence = Evidence();
        var lines = KafkaProof.Judge(evidence);
        Assert.That(lines.Where(l => !l.IsKept), Is.Empty);
        Assert.That(string.Join('\n', KafkaProof.Write(evidence, lines)), Is.EqualTo("""
            PROOF
              replaced      kafka-2 from 1.0 s: served after 1.0 s, in sync after 2.0 s
              replaced      kafka-0 from 4.0 s: served after 1.0 s, in sync after 2.0 s
              replaced      kafka-1 from 7.0 s: served after 1.0 s, in sync after 2.0 s; it led the quorum
              controllers   kafka-1, then kafka-0 from 7.0 s
              records       100 acknowledged, 0 refused for lack of replicas, 3 not answered
              lost          0
              held          2.0 s because a gate said no
                            2.0 s KafkaCatchingUp: kafka-2 is out of sync
              lag           kafka-2 did not keep up from 6.0 s to 6.5 s, named after 0.3 s
              in all        10.0 s from the change to the end

              kept    all 3 pods run the new template: 3 of 3 are ready at revision b
              kept    no partition ever had fewer replicas in sync than min.insync.replicas: the worst of 11 looks: orders-0 had 2 of 3 in sync and needs 2
              kept    no partition was ever without a leader: 0.0 s in all
              kept    no acknowledged record is lost, and none was refused: 100 acknowledged, 0 lost, 0 refused
              kept    every broker went once, the active controller last: kafka-2, kafka-0, kafka-1 (it led)
              kept    the quorum of controllers changed its leader once: 1 change since the template's
              kept    the rollout says that it succeeded: Completed
              kept    while kafka-2 did not keep up, the rollout waited and named a partition of its: KafkaWouldGoUnderMinIsr: orders-0

            PASSED
            """));
    }

    [Test]
    public void A_partition_under_its_minimum_breaks_it()
    {
        RollProperly();
        _fewest = 1;
        See(20);
        _fewest = 3;
        See(21.5);
        var line = Broken(Evidence()).Single();
        Assert.That(line.Promise, Does.StartWith("no partition ever had fewer"));
        Assert.That(line.Evidence, Is.EqualTo("1 partition at once, 1.5 s in all; at 16.0 s orders-0 had 1 of 3 in sync and needs 2"));
    }

    [Test]
    public void A_partition_without_a_leader_breaks_it()
    {
        RollProperly();
        _hasLeader = false;
        See(20);
        _hasLeader = true;
        See(21);
        Assert.That(Broken(Evidence()).Single().Evidence, Is.EqualTo("1.0 s in all"));
    }

    [Test]
    public void Records_that_are_lost_or_refused_or_none_at_all_break_it()
    {
        RollProperly();
        foreach (var records in new[] { new RecordsSeen(100, 0, 0, 1), new RecordsSeen(100, 1, 0, 0), new RecordsSeen(0, 0, 0, 0) })
        {
            _records = records;
            See(30);
            Assert.That(Broken(Evidence()).Single().Promise, Does.StartWith("no acknowledged record is lost"));
        }
    }

    [Test]
    public void A_controller_that_goes_before_others_breaks_it()
    {
        See(0);
        Replace(1, 5, next: 0);
        Replace(2, 8);
        Replace(0, 11, next: 2);
        Assert.That(Broken(Evidence()).Select(l => l.Promise), Is.EqualTo(new[] { "every broker went once, the active controller last", "the quorum of controllers changed its leader once" }));
    }

    [Test]
    public void A_broker_that_goes_during_the_lag_or_a_lag_that_nobody_named_or_none_at_all_breaks_it()
    {
        RollProperly();
        Assert.That(Broken(Evidence() with { Lag = Lag() with { To = Scene.At(12) } }).Single().Promise, Does.StartWith("while kafka-2"));
        Assert.That(Broken(Evidence() with { Lag = Lag() with { NamedBy = null } }).Single().Evidence, Does.StartWith("no gate named one"));
        Assert.That(Broken(Evidence() with { Lag = null }).Single().Promise, Is.EqualTo("a broker was made to lag"));
        Assert.That(Broken(Evidence() with { Lag = null, IsLagDue = false }), Is.Empty);
    }

    [Test]
    public void Nothing_seen_proves_nothing() => Assert.That(Broken(Evidence()), Has.Count.GreaterThanOrEqualTo(4));

    private static List<ProofLine> Broken(KafkaEvidence evidence) => [.. KafkaProof.Judge(evidence).Where(l => !l.IsKept)];

    private static LagRecord Lag() => new(2, Scene.At(10), Scene.At(10.5), "KafkaWouldGoUnderMinIsr: orders-0", Scene.At(10.3));

    private void RollProperly()
    {
        See(0);
        See(4);
        Replace(2, 5);
        Replace(0, 8);
        Replace(1, 11, next: 0);
    }

    private void Replace(int broker, double at, int? next = null)
    {
        _serving.Remove(broker);
        _behind.Add(broker);
        (_fewest, _controller) = (2, next ?? _controller);
        See(at);
        _serving.Add(broker);
        See(at + 1);
        _behind.Clear();
        _fewest = 3;
        See(at + 2);
    }

    private void See(double at) => _witness.See(
        Scene.At(at), [.. _serving.Order()], _controller, [new PartitionSeen("orders-0", 3, _fewest, 2, _hasLeader), new PartitionSeen("orders-1", 3, 3, 2, true)], b => !_behind.Contains(b), _records);

    private KafkaEvidence Evidence() => new()
    {
        Seen = _witness.Record(),
        SetName = "kafka",
        Replicas = 3,
        Changed = Scene.At(4),
        Finished = Scene.At(14),
        Pods = [new("kafka-0", "b", true), new("kafka-1", "b", true), new("kafka-2", "b", true)],
        UpdateRevision = "b",
        HasSucceeded = true,
        Outcome = "Completed",
        Holds = [new Hold("KafkaCatchingUp", "kafka-2 is out of sync", Scene.At(6), Scene.At(8)) { IsByGate = true }],
        IsLagDue = true,
        Lag = Lag(),
    };
}

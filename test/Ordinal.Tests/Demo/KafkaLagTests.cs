using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;
using Ordinal.ControlPlane.Workloads.Kafka;
using Ordinal.Operator.Demo;
using Ordinal.Operator.Demo.Judging;
using Ordinal.Operator.View;

namespace Ordinal.Tests.Demo;

/// <summary>The fault of the Kafka scenario: it is begun from inside the cluster, and ended from outside.</summary>
public sealed class KafkaLagTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    [Test]
    public async Task Its_end_and_a_look_from_inside_the_cluster_do_not_wait_for_each_other()
    {
        var time = new FakeTimeProvider();
        await using var cluster = new KafkaCluster(new KafkaClusterOptions { Brokers = 3 }, time);
        var whole = new KafkaLook([0, 1, 2], 2, [new PartitionLook("orders-0", [0, 1, 2], [0, 1, 2], 2, HasLeader: true)]);
        var lag = new KafkaLag(cluster, WithTwoReplaced(), "kafka", TimeSpan.Zero, isWanted: true);
        lag.Look(whole, At(10));
        Assert.That(lag.See(new ClusterPicture(), At(11)), Does.Contain("kafka-0 does not keep up"));

        var hasLooked = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var end = new Thread(() => lag.See(new ClusterPicture(), At(60)));
        var inside = new Thread(() => lag.Look(whole, At(61)));
        cluster.Looked = _ =>
        {
            // The cluster's lock is held here, and the end of the lag waits for it.
            cluster.Looked = null;
            end.Start();
            SpinWait.SpinUntil(() => end.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Deadline);
            inside.Start();
            hasLooked.SetResult(inside.Join(Deadline));
        };
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.That(await hasLooked.Task, Is.True);
        end.Join();
        Assert.That(lag.Record!.To, Is.EqualTo(At(60)));
    }

    private static TimeSpan At(int seconds) => TimeSpan.FromSeconds(seconds);

    private static KafkaWitness WithTwoReplaced()
    {
        var witness = new KafkaWitness();
        int[][] serving = [[0, 1, 2], [1, 2], [0, 1, 2], [0, 2], [0, 1, 2]];
        foreach (var (index, brokers) in serving.Index())
        {
            witness.See(At(index + 1), [.. brokers], 2, [], _ => true, default);
        }

        return witness;
    }
}

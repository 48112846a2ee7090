using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Gates.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ordinal.Integration.Gates.Kafka;

/// <summary>The gate against real brokers and controllers, when <c>KAFKA_HOME</c> names an unpacked distribution.</summary>
public sealed class RealKafkaTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Test]
    public async Task A_real_three_node_cluster_is_rolled_with_the_gate()
    {
        if (RealKafka.Home is not { } home)
        {
            Assert.Ignore("KAFKA_HOME names no unpacked Kafka distribution");
            return;
        }

        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(8));
        await using var kafka = await RealKafka.StartAsync(home, deadline.Token);
        using var gate = new KafkaGateFactory(TimeProvider.System).Create(new KafkaGateOptions { BootstrapServers = kafka.BootstrapServers, Controllers = [0, 1, 2] }, GateSecrets.None);
        var pods = Enumerable.Range(0, 3).Select(i => new GateTarget { Pod = $"kafka-{i}", Uid = $"uid-{i}", Ordinal = i, Revision = "old", Address = "127.0.0.1", IsReady = true }).ToList();
        var keeper = new GateKeeper(TimeProvider.System, NullLogger<GateKeeper>.Instance);
        async Task<GateReport> AskAsync(GatePhase phase, int[] targets, string? baseline = null)
        {
            var context = new GateContext
            {
                WorkloadUid = "w", Namespace = "prod", Name = "kafka", Service = "kafka", Pods = [.. pods],
                Gates = [new GateBinding(new GatePolicy { Name = "kafka", Type = "Kafka", Interval = TimeSpan.Zero }, gate)],
            };
            return (await keeper.AskAsync(context, [new GateQuestion("kafka", phase, [.. targets.Select(t => pods[t].Uid)], "new") { Baseline = baseline }], deadline.Token)).Single();
        }

        async Task<GateReport> UntilAsync(GatePhase phase, int[] targets, GateVerdict verdict, string? baseline = null)
        {
            for (var start = TimeProvider.System.GetTimestamp(); ;)
            {
                var report = await AskAsync(phase, targets, baseline);
                if (report.Verdict == verdict || TimeProvider.System.GetElapsedTime(start) > Patience)
                {
                    Assert.That(report.Verdict, Is.EqualTo(verdict), report.Message);
                    return report;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, deadline.Token);
            }
        }

        await UntilAsync(GatePhase.BeforeRollout, [], GateVerdict.Allow);
        await kafka.MakeTopicAsync("orders", deadline.Token);
        for (var left = new List<int> { 2, 1, 0 }; left.Count > 0;)
        {
            // The active controller last, and read anew before each step.
            var roles = (await UntilAsync(GatePhase.Roles, [], GateVerdict.Allow)).Roles;
            var id = left.FirstOrDefault(i => roles[$"kafka-{i}"] is not MemberRole.Leader, left[0]);
            left.Remove(id);
            var before = await UntilAsync(GatePhase.BeforePod, [id], GateVerdict.Allow);
            await kafka.StopNodeAsync(id, deadline.Token);
            pods[id] = pods[id] with { Uid = "", Revision = "", Address = "", IsReady = false };
            await UntilAsync(GatePhase.BeforePod, [(id + 1) % 3], GateVerdict.Deny);
            kafka.StartNode(id);
            pods[id] = pods[id] with { Uid = $"uid-{id}-again", Revision = "new", Address = "127.0.0.1", IsReady = true };
            await UntilAsync(GatePhase.AfterPod, [id], GateVerdict.Allow, before.Baseline);
        }

        await UntilAsync(GatePhase.AfterRollout, [], GateVerdict.Allow);
    }
}

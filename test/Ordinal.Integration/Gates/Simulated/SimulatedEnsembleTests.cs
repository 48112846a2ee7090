using System.Net;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Etcd;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Integration.Gates.Simulated;

/// <summary>
/// Simulated ZooKeepers and etcds, asked by the gates that know the real ones: the same things must be seen in them, in the same words. The demo's
/// witnesses, who share no code with either side, look too.
/// </summary>
public sealed class SimulatedEnsembleTests
{
    [Test]
    public async Task A_ZooKeeper_is_rolled_with_one_election_and_each_server_is_waited_for()
    {
        await using var ensemble = await SimulatedEnsemble.StartAsync(isEtcd: false);
        Assert.That(await ensemble.LeaderAsync(), Is.EqualTo(2));
        foreach (var ordinal in (int[])[1, 0, 2])
        {
            var before = await SimulatedEnsemble.UntilAsync(() => ensemble.MayStopAsync(ordinal), r => r.Verdict is GateVerdict.Allow);
            await ensemble.StopAsync(ordinal);
            var held = await SimulatedEnsemble.UntilAsync(() => ensemble.MayStopAsync((ordinal + 1) % 3), r => r.Reason == ReasonCodes.ZkQuorumWouldBreak);
            Assert.That(held.Message, Does.Contain($"m-{ordinal} takes no part"));

            Assert.That((await ensemble.IsBackAsync(ordinal, before.Baseline)).Verdict, Is.Not.EqualTo(GateVerdict.Allow), "it does not serve");

            // It is synchronized for two seconds, in which it is asked many times, or on a machine that stands still never.
            ensemble.Start(ordinal);
            var waits = new List<GateReport>();
            await SimulatedEnsemble.UntilAsync(() => ensemble.IsBackAsync(ordinal, before.Baseline), r =>
            {
                waits.Add(r);
                return r.Verdict is GateVerdict.Allow;
            });
            Assert.That(waits.SkipLast(1).Select(each => each.Reason), Is.All.EqualTo(ReasonCodes.ZkSnapshotInFlight).Or.EqualTo(ReasonCodes.ZkNotServing), waits[0].Message);
        }

        Assert.That((ensemble.Cluster.Look().Elections, ensemble.Cluster.Look().Lost), Is.EqualTo((2, 0)), "the first, and the leader's");
        using var witness = new ZooKeeperMember("m-1", 2, new IPEndPoint(IPAddress.Parse(ensemble.Address(1)), 2181), "");
        Assert.That((await witness.StatusAsync(CancellationToken.None)).LeaderId, Is.EqualTo(2ul), "by its own srvr");
    }

    [Test]
    public async Task ZK1_ZK2_ZK3_a_ZooKeeper_without_a_quorum_answers_200_with_an_error_and_serves_nobody()
    {
        await using var ensemble = await SimulatedEnsemble.StartAsync(isEtcd: false);
        await ensemble.StopAsync(0);
        await ensemble.StopAsync(1);
        var report = await SimulatedEnsemble.UntilAsync(() => ensemble.MayStopAsync(2), r => r.Reason == ReasonCodes.ZkNotServing);
        Assert.That(report.Verdict, Is.EqualTo(GateVerdict.Deny));
        Assert.That(report.Message, Does.Contain("m-2 (not serving)"));
    }

    [Test]
    public async Task A_ZooKeeper_server_that_hangs_holds_the_others_and_is_named()
    {
        await using var ensemble = await SimulatedEnsemble.StartAsync(isEtcd: false, zooKeeperTimeout: TimeSpan.FromSeconds(2));
        ensemble.Members[0].Hang(true);
        var held = await SimulatedEnsemble.UntilAsync(() => ensemble.MayStopAsync(1), r => r.Reason == ReasonCodes.ZkQuorumWouldBreak);
        Assert.That(held.Message, Does.Contain("m-0 takes no part (no answer from"));
        ensemble.Members[0].Hang(false);
        await SimulatedEnsemble.UntilAsync(() => ensemble.MayStopAsync(1), r => r.Verdict is GateVerdict.Allow);
    }

    [Test]
    public async Task An_etcd_is_rolled_without_an_election_and_nothing_that_was_acknowledged_is_lost()
    {
        await using var ensemble = await SimulatedEnsemble.StartAsync(isEtcd: true);
        MemberClient[] members = [.. Enumerable.Range(0, 3).Select(i => new MemberClient($"m-{i}", new Uri($"http://{ensemble.Address(i)}:2379")))];
        using var end = new CancellationTokenSource();
        var client = new WriteClient(members, new WriteClientOptions { PageSize = 50 }, TimeProvider.System);
        var writing = client.RunAsync(end.Token);
        Assert.That(await ensemble.LeaderAsync(), Is.EqualTo(2));
        foreach (var ordinal in (int[])[1, 0, 2])
        {
            var before = await SimulatedEnsemble.UntilAsync(() => ensemble.MayStopAsync(ordinal), r => r.Verdict is GateVerdict.Allow);
            if (before.Preparation is GatePreparation.Needed)
            {
                Assert.That((await ensemble.PrepareAsync(ordinal)).IsDone, Is.True);
                Assert.That(await ensemble.LeaderAsync(), Is.Not.EqualTo(ordinal), "leadership was moved");
            }

            await ensemble.StopAsync(ordinal);
            var held = await SimulatedEnsemble.UntilAsync(() => ensemble.MayStopAsync((ordinal + 1) % 3), r => r.Reason == ReasonCodes.EtcdQuorumWouldBreak);
            Assert.That(held.Message, Does.Contain($"m-{ordinal} takes no part"));
            Assert.That((await ensemble.IsBackAsync(ordinal, before.Baseline)).Verdict, Is.Not.EqualTo(GateVerdict.Allow), "it does not serve");
            ensemble.Start(ordinal);
            await SimulatedEnsemble.UntilAsync(() => ensemble.IsBackAsync(ordinal, before.Baseline), r => r.Verdict is GateVerdict.Allow);
        }

        await end.CancelAsync();
        await writing;
        var back = await client.ReadBackAsync(CancellationToken.None);
        Assert.That((back.Lost.Count, back.Checked), Is.EqualTo((0, client.Summarize().Acknowledged)));
        Assert.That(back.Checked, Is.GreaterThan(50), "more than a page");
        Assert.That((ensemble.Cluster.Look().Elections, ensemble.Cluster.Look().Lost), Is.EqualTo((1, 0)), "only the first");
        foreach (var member in members)
        {
            member.Dispose();
        }
    }

    [Test]
    public async Task E2_an_etcd_without_a_quorum_still_tells_its_status_and_denies()
    {
        await using var ensemble = await SimulatedEnsemble.StartAsync(isEtcd: true);
        await ensemble.StopAsync(0);
        await ensemble.StopAsync(1);
        var report = await SimulatedEnsemble.UntilAsync(() => ensemble.MayStopAsync(2), r => r.Verdict is GateVerdict.Deny && r.Reason != ReasonCodes.EtcdQuorumWouldBreak);
        Assert.That(report.Reason, Is.EqualTo(ReasonCodes.EtcdNoLeader).Or.EqualTo(ReasonCodes.EtcdQuorumLost), report.Message);
        using var witness = new MemberClient("m-2", new Uri($"http://{ensemble.Address(2)}:2379"));
        Assert.That((await witness.StatusAsync(CancellationToken.None)).LeaderId, Is.Zero);
    }

    [Test]
    public async Task The_keys_of_a_simulated_etcd_are_compared_while_somebody_writes_and_one_that_is_corrupt_is_told()
    {
        await using var ensemble = await SimulatedEnsemble.StartAsync(isEtcd: true, new EtcdGateOptions { CompareHashes = true });
        MemberClient[] members = [.. Enumerable.Range(0, 3).Select(i => new MemberClient($"m-{i}", new Uri($"http://{ensemble.Address(i)}:2379")))];
        using var end = new CancellationTokenSource();
        var client = new WriteClient(members, new WriteClientOptions(), TimeProvider.System);
        var writing = client.RunAsync(end.Token);
        for (var looks = 0; looks < 10; looks++)
        {
            var same = await ensemble.AskAsync(GatePhase.BeforeRollout);
            Assert.That(same.Verdict, Is.EqualTo(GateVerdict.Allow), same.Message);
        }

        ensemble.Members[1].Update(name => name == "etcd-corrupt" ? "true" : null);
        var corrupt = await ensemble.AskAsync(GatePhase.BeforeRollout);
        Assert.That((corrupt.Verdict, corrupt.Reason), Is.EqualTo((GateVerdict.Deny, ReasonCodes.EtcdHashMismatch)), corrupt.Message);
        ensemble.Members[1].Update(_ => null);
        ensemble.Members[2].Hang(true);
        Assert.That((await ensemble.AskAsync(GatePhase.BeforeRollout)).Verdict, Is.Not.EqualTo(GateVerdict.Allow));
        ensemble.Members[2].Hang(false);
        await SimulatedEnsemble.UntilAsync(() => ensemble.AskAsync(GatePhase.BeforeRollout), r => r.Verdict is GateVerdict.Allow);
        await end.CancelAsync();
        await writing;
        Array.ForEach(members, m => m.Dispose());
    }
}

using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.ZooKeeper;

namespace Ordinal.Integration.Gates.ZooKeeper;

/// <summary>The gate against three real ZooKeeper servers (Debian's). Servers take seconds to start, so each test asks several things.</summary>
[NonParallelizable]
public sealed class RealZooKeeperTests
{
    private RealEnsemble? started;

    private RealEnsemble Ensemble
    {
        get => started!;
        set => started = value;
    }

    [TearDown]
    public void End()
    {
        started?.Dispose();
        started = null;
    }

    [Test]
    public async Task A_follower_that_is_killed_holds_the_others_is_repaired_itself_and_is_back_when_it_has_caught_up()
    {
        Ensemble = await RealEnsemble.StartAsync();
        var leader = await Ensemble.LeaderAsync();
        var (one, other) = ((leader + 1) % 3, (leader + 2) % 3);
        var before = await Ensemble.MayStopAsync(one);
        Assert.That((before.Verdict, before.Baseline), Is.EqualTo((GateVerdict.Allow, $"v1 voters=1,2,3 zk-{one}={one + 1}")), before.Message);
        Assert.That((await Ensemble.MayStopAsync(leader)).Verdict, Is.EqualTo(GateVerdict.Allow));

        Ensemble.Kill(one);
        var held = await RealEnsemble.UntilAsync(() => Ensemble.MayStopAsync(other), r => r.Verdict is GateVerdict.Deny);
        Assert.That(held.Reason, Is.EqualTo(ReasonCodes.ZkQuorumWouldBreak), held.Message);
        Assert.That(held.Message, Does.Contain($"zk-{one} takes no part").And.Contain("refused"));
        Assert.That((await Ensemble.MayStopAsync(one)).Verdict, Is.EqualTo(GateVerdict.Allow), "its own repair");

        using (var witness = Ensemble.Witness(leader))
        {
            await witness.PutAsync("/t/a", "1", CancellationToken.None);
        }

        // The gate writes through it too, by its own client: the canary.
        Ensemble.Configure(new ZooKeeperGateOptions { RequestTimeout = TimeSpan.FromSeconds(20), CanaryPath = "/t", ReadCommittedConfig = true });
        Ensemble.Start(one);
        var back = await RealEnsemble.UntilAsync(() => Ensemble.IsBackAsync(one, before.Baseline), r => r.Verdict is GateVerdict.Allow);
        Assert.That(back.Message, Does.Contain($"zk-{one} is back"));
        using var restarted = Ensemble.Witness(one);
        var page = await restarted.RangeAsync("/t/", "/t0", 10, 0, CancellationToken.None);
        Assert.That(page.Pairs.Select(p => p.Key), Is.EqualTo(new[] { "/t/a" }), "and the canary has gone");
    }

    [Test]
    public async Task ZK1_without_a_quorum_nothing_may_stop_and_a_wiped_server_comes_back_with_all_that_was_written()
    {
        Ensemble = await RealEnsemble.StartAsync();
        using (var witness = Ensemble.Witness(0))
        {
            await witness.PutAsync("/t/a", "1", CancellationToken.None);
        }

        Ensemble.Kill(0);
        Ensemble.Kill(1);
        var report = await RealEnsemble.UntilAsync(() => Ensemble.MayStopAsync(2), r => r.Reason == ReasonCodes.ZkNotServing);
        Assert.That(report.Verdict, Is.EqualTo(GateVerdict.Deny));
        Assert.That(report.Message, Does.Contain("zk-2 (not serving)").And.Contain("zk-0: "));

        // One comes back as it was, one with an empty disk: it takes everything from the leader, and is not back before.
        Ensemble.Start(1);
        await RealEnsemble.UntilAsync(() => Ensemble.MayStopAsync(0), r => r.Verdict is GateVerdict.Allow);
        Ensemble.Wipe(0);
        Ensemble.Start(0);
        await RealEnsemble.UntilAsync(() => Ensemble.IsBackAsync(0, "v1 voters=1,2,3 zk-0=1"), r => r.Verdict is GateVerdict.Allow);
        using var wiped = Ensemble.Witness(0);
        Assert.That((await wiped.RangeAsync("/t/", "/t0", 10, 0, CancellationToken.None)).Pairs.Single().Value, Is.EqualTo("1"));
    }

    [Test]
    public async Task A_hung_server_holds_the_others_and_is_named_until_it_goes_on()
    {
        Ensemble = await RealEnsemble.StartAsync();
        var leader = await Ensemble.LeaderAsync();
        var (hung, other) = ((leader + 1) % 3, (leader + 2) % 3);

        // For an answer that never comes; on a slow machine the others' may come too late as well.
        Ensemble.Configure(new ZooKeeperGateOptions { RequestTimeout = TimeSpan.FromSeconds(5) });
        Ensemble.Hang(hung);
        var held = await RealEnsemble.UntilAsync(() => Ensemble.MayStopAsync(other), r => r.Reason == ReasonCodes.ZkQuorumWouldBreak);
        Assert.That(held.Verdict, Is.EqualTo(GateVerdict.Deny), held.Message);
        Assert.That(held.Message, Does.Contain($"zk-{hung} takes no part (no answer from {Ensemble.Address(hung)}"));
        Ensemble.Resume(hung);
        await RealEnsemble.UntilAsync(() => Ensemble.MayStopAsync(other), r => r.Verdict is GateVerdict.Allow);
    }

    [Test]
    public async Task ZK7_with_the_AdminServer_off_four_letter_words_do_and_srvr_alone_names_the_remedy()
    {
        Ensemble = await RealEnsemble.StartAsync();
        var leader = await Ensemble.LeaderAsync();
        var follower = (leader + 1) % 3;
        Ensemble.Kill(follower);
        Ensemble.Start(follower, hasAdmin: false);
        var words = await RealEnsemble.UntilAsync(() => Ensemble.MayStopAsync(leader), r => r.Verdict is GateVerdict.Allow);
        Assert.That(words.Warnings, Has.Some.StartsWith($"ZkAdminServerUnusable: zk-{follower}"));

        Ensemble.Kill(follower);
        Ensemble.Start(follower, whitelist: "srvr", hasAdmin: false);
        var report = await RealEnsemble.UntilAsync(() => Ensemble.MayStopAsync(leader), r => r.Verdict is GateVerdict.Misconfigured);
        Assert.That(report.Reason, Is.EqualTo(ReasonCodes.ZkCommandNotWhitelisted), report.Message);
        Assert.That(report.Message, Does.Contain("4lw.commands.whitelist=srvr,mntr,conf"));
    }
}

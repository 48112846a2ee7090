using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Etcd;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Integration.Gates;

/// <summary>
/// The gate while real servers go from one minor version to the next, and when somebody skips one. Opt-in: <c>ORDINAL_ETCD_NEXT</c> names the newer
/// programs; without it the rules are held by EtcdUpgradeRuleTests.
/// </summary>
[NonParallelizable]
public sealed class RealEtcdUpgradeTests
{
    private static readonly EtcdGateOptions Options = new() { Scheme = "http", RequestTimeout = TimeSpan.FromSeconds(5), DialTimeout = TimeSpan.FromSeconds(1) };

    private EtcdTestCluster? started;

    private EtcdTestCluster Cluster
    {
        get => started!;
        set => started = value;
    }

    [SetUp]
    public void Opt()
    {
        if (EtcdBinary.Next.Count == 0)
        {
            Assert.Ignore("ORDINAL_ETCD_NEXT names no newer etcd");
        }
    }

    [TearDown]
    public void End()
    {
        started?.Dispose();
        started = null;
    }

    [Test]
    public async Task A_rolling_upgrade_goes_minor_by_minor_through_the_gates_with_equal_keys_and_nothing_lost()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        MemberClient[] members = [.. Enumerable.Range(0, 3).Select(i => new MemberClient($"etcd-{i}", new Uri($"http://{Cluster.Address(i)}:2379")))];
        using var end = new CancellationTokenSource();
        var client = new WriteClient(members, new WriteClientOptions(), TimeProvider.System);
        var writing = client.RunAsync(end.Token);
        var version = await VersionAsync(0);
        foreach (var program in EtcdBinary.Next)
        {
            version = await UpgradeAsync(program, version);
        }

        await end.CancelAsync();
        await writing;
        var back = await client.ReadBackAsync(CancellationToken.None);
        Assert.That((back.Lost.Count, back.Checked), Is.EqualTo((0, client.Summarize().Acknowledged)));
        Assert.That(back.Checked, Is.Positive);
        Array.ForEach(members, m => m.Dispose());
    }

    [Test]
    public async Task E20_a_member_that_skips_a_minor_version_is_kept_out_where_it_is_told_and_holds_the_rollout_where_not()
    {
        if (EtcdBinary.Next.Count < 2)
        {
            Assert.Ignore("ORDINAL_ETCD_NEXT names one newer etcd, and skipping one needs two");
        }

        Cluster = await EtcdTestCluster.StartAsync();
        var (from, skipped) = (await VersionAsync(0), EtcdBinary.Next[^1]);
        var pod = await Cluster.FollowerAsync();

        // Told beforehand, no pod is taken.
        Cluster.Configure(Options with { TargetVersion = $"{from.Major}.{from.Minor + 2}.0" });
        var told = await Cluster.MayStopAsync(pod);
        Assert.That((told.Verdict, told.Reason), Is.EqualTo((GateVerdict.Deny, ReasonCodes.EtcdVersionSkew)), told.Message);

        // Not told, the first pod comes back as something that must not be with the others. Seen with 3.6 beside 3.4: either it dies of the old data,
        // or it joins and the others die of what it writes into the log, and again at each start, whatever program its own pod has by then.
        Cluster.Configure(Options);
        var others = Enumerable.Range(0, 3).Where(o => o != pod).ToList();
        bool HaveOthersDied() => others.Exists(Cluster.HasEnded);
        var before = await Cluster.UntilAsync(() => Cluster.MayStopAsync(pod), r => r.Verdict is GateVerdict.Allow);
        await Cluster.StopAsync(pod);
        Cluster.Start(pod, program: skipped);
        var held = await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.AfterPod, pod, before.Baseline), r => Cluster.HasEnded(pod) || HaveOthersDied() || r.Reason == ReasonCodes.EtcdVersionSkew);
        Assert.That(held.Verdict, Is.Not.EqualTo(GateVerdict.Allow), held.Message);
        foreach (var other in others)
        {
            var answer = await Cluster.MayStopAsync(other);
            Assert.That(answer.Verdict, Is.Not.EqualTo(GateVerdict.Allow), answer.Message);
        }

        // The way back, where there is one: the old program on the same data.
        Cluster.Kill(pod);
        Cluster.Start(pod);
        var end = await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.AfterPod, pod, before.Baseline), r => r.Verdict is GateVerdict.Allow || HaveOthersDied());
        TestContext.Out.WriteLine($"{from}, and {skipped}: {held.Reason} {held.Message}; then {end.Verdict} {end.Reason}, others died: {HaveOthersDied()}");
    }

    private async Task<EtcdVersion> UpgradeAsync(string program, EtcdVersion from)
    {
        var target = $"{from.Major}.{from.Minor + 1}.99";
        Cluster.Begin($"to-{target}");
        Cluster.Configure(Options with { TargetVersion = target, CompareHashes = true, Snapshot = new EtcdSnapshotPolicy(TimeSpan.FromHours(1), "") });
        await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.BeforeRollout), r => r.Verdict is GateVerdict.Allow);
        for (var left = new List<int> { 2, 1, 0 }; left.Count > 0;)
        {
            // The leader last, read anew before each step.
            var leader = await Cluster.LeaderAsync();
            var pod = left.FirstOrDefault(p => p != leader, left[0]);
            left.Remove(pod);
            var before = await Cluster.UntilAsync(() => Cluster.MayStopAsync(pod), r => r.Verdict is GateVerdict.Allow);
            if (before.Preparation is GatePreparation.Needed)
            {
                Assert.That((await Cluster.MoveLeaderAwayAsync(pod)).IsDone, Is.True);
            }

            await Cluster.StopAsync(pod);
            Cluster.Start(pod, program: program);
            await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.AfterPod, pod, before.Baseline), r => r.Successes >= 3);
            Assert.That((await VersionAsync(pod)).Minor, Is.EqualTo(from.Minor + 1));

            // A rollout that was halted here must be able to go on, though some members run the old version and some the new one.
            var midway = await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.BeforeRollout), r => r.Verdict is GateVerdict.Allow);
            Assert.That(midway.Warnings, left.Count > 0 ? Has.Some.StartsWith("EtcdHashUnknown") : Has.None.StartsWith("EtcdHashUnknown"));
        }

        await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.AfterRollout), r => r.Verdict is GateVerdict.Allow);
        return await VersionAsync(0);
    }

    private async Task<EtcdVersion> VersionAsync(int ordinal)
    {
        var (_, text) = await Cluster.PostAsync(ordinal, "/v3/maintenance/status", "{}");
        return EtcdVersion.Parse((string)System.Text.Json.Nodes.JsonNode.Parse(text)!["version"]!)!.Value;
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Etcd;

namespace Ordinal.Integration.Gates;

/// <summary>The gate against five real servers, against one that was removed, and with what it does before an upgrade.</summary>
[NonParallelizable]
public sealed class RealEtcdSetsTests
{
    private EtcdTestCluster? started;

    private EtcdTestCluster Cluster
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
    public async Task Of_five_one_may_be_away_without_a_warning_two_are_the_quorum_and_three_are_an_outage()
    {
        Cluster = await EtcdTestCluster.StartAsync(5);
        var leader = await Cluster.LeaderAsync();
        int[] others = [.. Enumerable.Range(1, 4).Select(i => (leader + i) % 5)];
        var healthy = await Cluster.MayStopAsync(others[0]);
        Assert.That((healthy.Verdict, healthy.Warnings.Length), Is.EqualTo((GateVerdict.Allow, 0)), healthy.Message);

        Cluster.Kill(others[0]);
        var oneDown = await Cluster.MayStopAsync(others[1]);
        Assert.That(oneDown.Verdict, Is.EqualTo(GateVerdict.Allow), oneDown.Message);
        Assert.That(oneDown.Warnings, Has.Some.StartsWith("EtcdNoHeadroom").And.Some.Contains($"etcd-{others[0]}"));

        Cluster.Kill(others[1]);
        var twoDown = await Cluster.MayStopAsync(others[2]);
        Assert.That((twoDown.Verdict, twoDown.Reason), Is.EqualTo((GateVerdict.Deny, ReasonCodes.EtcdQuorumWouldBreak)), twoDown.Message);
        Assert.That(twoDown.Message, Does.Contain($"etcd-{others[0]}").And.Contain($"etcd-{others[1]}").And.Contain("2 of 5 voters, quorum is 3"));
        Assert.That((await Cluster.MayStopAsync(others[0])).Verdict, Is.EqualTo(GateVerdict.Allow), "the repair of one that is down goes on");

        Cluster.Configure(EtcdTestCluster.Hasty);
        Cluster.Kill(others[2]);
        var lost = await Cluster.UntilAsync(() => Cluster.MayStopAsync(others[3]), r => r.Verdict is GateVerdict.Deny && r.Reason != ReasonCodes.EtcdQuorumWouldBreak);
        Assert.That(lost.Reason, Is.EqualTo(ReasonCodes.EtcdNoLeader).Or.EqualTo(ReasonCodes.EtcdQuorumLost), lost.Message);
    }

    [Test]
    public async Task Of_five_one_that_hangs_holds_the_others_though_the_arithmetic_would_allow_it()
    {
        Cluster = await EtcdTestCluster.StartAsync(5);
        var leader = await Cluster.LeaderAsync();
        var (hung, other) = ((leader + 1) % 5, (leader + 2) % 5);
        Cluster.Configure(EtcdTestCluster.Hasty);
        Cluster.Hang(hung);
        var held = await Cluster.UntilAsync(() => Cluster.MayStopAsync(other), r => r.Reason == ReasonCodes.EtcdMemberSilent && r.Message.Contains($"etcd-{hung} takes no part", StringComparison.Ordinal));
        Assert.That(held.Verdict, Is.EqualTo(GateVerdict.Unknown), held.Message);

        // Its own restart is the cure.
        await Cluster.UntilAsync(() => Cluster.MayStopAsync(hung), r => r.Verdict is GateVerdict.Allow);
        Cluster.Resume(hung);
        await Cluster.UntilAsync(() => Cluster.MayStopAsync(other), r => r.Verdict is GateVerdict.Allow);
    }

    [Test]
    public async Task E7_a_member_that_was_removed_and_starts_on_its_old_directory_is_never_back_and_holds_the_others()
    {
        Cluster = await EtcdTestCluster.StartAsync(5);
        var leader = await Cluster.LeaderAsync();
        var removed = (leader + 1) % 5;
        var baseline = (await Cluster.MayStopAsync(removed)).Baseline!;
        var id = ulong.Parse(baseline.Split($"etcd-{removed}=")[1].Split(' ')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        await Cluster.UntilAsync(
            async () =>
            {
                // Refused until the members have been connected for 5 s, and when the first try did get through.
                await Cluster.PostAsync(leader, "/v3/cluster/member/remove", $$"""{"ID":"{{id}}"}""");
                return await Cluster.MayStopAsync((leader + 2) % 5);
            },
            r => r.Reason == ReasonCodes.EtcdPodWithoutMember);
        Cluster.Kill(removed);
        Cluster.Start(removed);
        var back = await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.AfterPod, removed, baseline), r => Cluster.HasEnded(removed) && r.Verdict is not GateVerdict.Allow);
        Assert.That(back.Reason, Is.EqualTo(ReasonCodes.EtcdPodWithoutMember), back.Message);
        Assert.That(back.Message, Does.Contain($"etcd-{removed} belongs to none of the 4 members"));
    }

    [Test]
    public async Task Keys_that_are_the_same_on_all_members_pass_before_a_rollout()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        Cluster.Configure(EtcdTestCluster.Patient with { CompareHashes = true });
        for (var i = 0; i < 50; i++)
        {
            Assert.That((await Cluster.PostAsync(i % 3, "/v3/kv/put", $$"""{"key":"{{Convert.ToBase64String([(byte)i])}}","value":"dg=="}""")).IsOk, Is.True);
        }

        await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.BeforeRollout), r => r.Verdict is GateVerdict.Allow);
        await Cluster.PostAsync(0, "/v3/kv/compaction", """{"revision":"20","physical":true}""");
        await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.BeforeRollout), r => r.Verdict is GateVerdict.Allow);
        Assert.That((await Cluster.AskAsync(GatePhase.BeforeRollout)).Reason, Is.EqualTo(ReasonCodes.GateOpen));
    }

    [Test]
    public async Task A_member_whose_data_differs_from_the_others_stops_the_rollout_before_it_begins()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        Cluster.Configure(EtcdTestCluster.Patient with { CompareHashes = true });
        var sick = (await Cluster.LeaderAsync() + 1) % 3;
        for (var i = 0; i < 20; i++)
        {
            var value = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"the-value-{i:D2}"));
            Assert.That((await Cluster.PostAsync(0, "/v3/kv/put", $$"""{"key":"{{Convert.ToBase64String([(byte)i])}}","value":"{{value}}"}""")).IsOk, Is.True);
        }

        await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.BeforeRollout), r => r.Verdict is GateVerdict.Allow);

        // It writes its database to disk every 100 ms, and what is there is not applied again from its log.
        var changed = 0;
        for (var tries = 0; changed == 0 && tries < 20; tries++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
            Cluster.Kill(sick);
            changed = Cluster.Corrupt(sick, "the-value-07"u8, "the-falue-07"u8);
            Cluster.Start(sick);
            await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.Roles), r => r.Verdict is GateVerdict.Allow);
        }

        Assert.That(changed, Is.Positive, "the value was on disk");
        var report = await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.BeforeRollout), r => r.Verdict is GateVerdict.Deny && r.Reason == ReasonCodes.EtcdHashMismatch);
        Assert.That(report.Message, Does.Contain("etcd-0").And.Contain("etcd-1").And.Contain("etcd-2"));
        Assert.That(report.Reason.Remedy, Does.Contain("remove it, clear its volume"));
    }

    [Test]
    public async Task E26_no_pod_is_taken_before_a_snapshot_is_there_and_etcd_itself_can_read_it()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        var folder = Directory.CreateTempSubdirectory("ordinal-snapshot-").FullName;
        try
        {
            Cluster.Configure(EtcdTestCluster.Patient with { Snapshot = new EtcdSnapshotPolicy(TimeSpan.FromHours(1), folder) });
            for (var i = 0; i < 20; i++)
            {
                await Cluster.PostAsync(0, "/v3/kv/put", $$"""{"key":"{{Convert.ToBase64String([(byte)i])}}","value":"{{Convert.ToBase64String(new byte[20_000])}}"}""");
            }

            var first = await Cluster.MayStopAsync(2);
            Assert.That(first.Verdict is GateVerdict.Allow || first.Reason == ReasonCodes.EtcdSnapshotMissing, Is.True, first.Message);
            await Cluster.UntilAsync(() => Cluster.MayStopAsync(2), r => r.Verdict is GateVerdict.Allow);
            var file = Directory.GetFiles(folder).Single();
            Assert.That(Path.GetFileName(file), Does.Match(@"^prod-etcd-\d{8}T\d{6}Z\.db$"));
            Assert.That(File.GetUnixFileMode(file), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite), "it holds all secrets that are in etcd");
            var bytes = await File.ReadAllBytesAsync(file);
            Assert.That(SHA256.HashData(bytes.AsSpan(..^32)), Is.EqualTo(bytes[^32..]));
            Assert.That(await StatusOfAsync(file), Is.GreaterThanOrEqualTo(20), "keys, as etcdctl counts them");
            Assert.That((await Cluster.MayStopAsync(1)).Verdict, Is.EqualTo(GateVerdict.Allow));
            Assert.That(Directory.GetFiles(folder), Has.Length.EqualTo(1), "one for the whole rollout");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task E26_a_snapshot_that_cannot_be_written_denies_with_the_folder()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        Cluster.Configure(EtcdTestCluster.Patient with { Snapshot = new EtcdSnapshotPolicy(TimeSpan.FromHours(1), "/proc/nowhere") });
        var failed = await Cluster.UntilAsync(() => Cluster.MayStopAsync(2), r => r.Reason == ReasonCodes.EtcdSnapshotFailed);
        Assert.That((failed.Verdict, failed.Message), Is.EqualTo((GateVerdict.Deny, failed.Message)));
        Assert.That(failed.Message, Does.Contain("/proc/nowhere"));
    }

    [Test]
    public async Task A_cluster_that_wants_a_user_gives_checksums_and_snapshots_to_its_root_only()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        foreach (var (path, body) in new[]
        {
            ("/v3/auth/user/add", """{"name":"root","password":"secret-word"}"""),
            ("/v3/auth/role/add", """{"name":"root"}"""),
            ("/v3/auth/user/grant", """{"user":"root","role":"root"}"""),
            ("/v3/auth/enable", "{}"),
        })
        {
            Assert.That((await Cluster.PostAsync(0, path, body)).IsOk, Is.True);
        }

        var wanted = EtcdTestCluster.Patient with { CompareHashes = true, Snapshot = new EtcdSnapshotPolicy(TimeSpan.FromHours(1), "") };
        Cluster.Configure(wanted, user: "root", password: "secret-word");
        await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.BeforeRollout), r => r.Verdict is GateVerdict.Allow);
        await Cluster.UntilAsync(() => Cluster.MayStopAsync(2), r => r.Verdict is GateVerdict.Allow);
        Cluster.Configure(wanted, user: "root", password: "wrong-word");
        var refused = await Cluster.AskAsync(GatePhase.BeforeRollout);
        Assert.That((refused.Verdict, refused.Reason), Is.EqualTo((GateVerdict.Misconfigured, ReasonCodes.EtcdAccessDenied)), refused.Message);
        Assert.That(refused.Message, Does.Not.Contain("wrong-word").And.Not.Contain("secret-word"));
    }

    /// <summary>Asks etcdctl, which shares no line with us, how many keys a snapshot has.</summary>
    private static async Task<long> StatusOfAsync(string file)
    {
        var tools = Path.GetDirectoryName(EtcdBinary.Path)!;
        var etcdctl = Path.Combine(tools, "etcdctl");
        etcdctl = File.Exists(etcdctl) ? etcdctl : Path.Combine(Path.GetDirectoryName(Demo.Programs.Etcd)!, "etcdctl");
        var start = new ProcessStartInfo(etcdctl, ["snapshot", "status", file, "-w", "json"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ETCDCTL_API"] = "3";
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero, $"{output}{error}");
        return (long)JsonNode.Parse(output)!["totalKey"]!;
    }
}

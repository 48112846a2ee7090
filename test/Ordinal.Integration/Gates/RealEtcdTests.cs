using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Integration.Gates;

/// <summary>The gate against three real etcd servers.</summary>
[NonParallelizable]
public sealed class RealEtcdTests
{
    private static readonly string Value = Convert.ToBase64String(new byte[20_000]);

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
    public async Task In_a_healthy_cluster_a_follower_may_stop_and_the_leader_must_hand_over_first()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        var leader = await Cluster.LeaderAsync();
        var follower = await Cluster.MayStopAsync((leader + 1) % 3);
        Assert.That((follower.Verdict, follower.Preparation), Is.EqualTo((GateVerdict.Allow, GatePreparation.None)), follower.Message);
        Assert.That(follower.Baseline, Does.Match($"^v1 cluster=[0-9a-f]+ etcd-{(leader + 1) % 3}=[0-9a-f]+ size=3 alarms=$"));
        var first = await Cluster.MayStopAsync(leader);
        Assert.That((first.Verdict, first.Preparation), Is.EqualTo((GateVerdict.Allow, GatePreparation.Needed)), first.Message);
    }

    [Test]
    public async Task Leadership_moves_to_the_member_that_is_updated_already()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        var leader = await Cluster.LeaderAsync();
        var heir = (leader + 2) % 3;
        Cluster.Update(heir);
        var moved = await Cluster.MoveLeaderAwayAsync(leader);
        Assert.That((moved.IsDone, moved.Reason), Is.EqualTo((true, ReasonCodes.GatePrepared)), moved.Message);
        Assert.That(await Cluster.LeaderAsync(), Is.EqualTo(heir));
        Assert.That((await Cluster.MayStopAsync(leader)).Preparation, Is.EqualTo(GatePreparation.None));
        Assert.That((await Cluster.MoveLeaderAwayAsync(leader)).IsDone, Is.True, "again is harmless");
        Assert.That(await Cluster.LeaderAsync(), Is.EqualTo(heir));
    }

    [Test]
    public async Task A_hung_member_holds_the_others_until_it_goes_on()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        var leader = await Cluster.LeaderAsync();
        var hung = (leader + 1) % 3;
        var other = (leader + 2) % 3;
        Cluster.Configure(EtcdTestCluster.Hasty);
        Cluster.Hang(hung);
        var held = await Cluster.UntilAsync(() => Cluster.MayStopAsync(other), r => r.Reason == ReasonCodes.EtcdQuorumWouldBreak);
        Assert.That(held.Verdict, Is.EqualTo(GateVerdict.Deny), held.Message);
        Assert.That(held.Message, Does.Contain($"etcd-{hung} takes no part (no answer from {Cluster.Address(hung)}:2379 within 2 s)"));
        Cluster.Resume(hung);
        await Cluster.UntilAsync(() => Cluster.MayStopAsync(other), r => r.Verdict is GateVerdict.Allow);
    }

    [Test]
    public async Task A_hung_leader_is_replaced_and_may_then_be_restarted_itself()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        var leader = await Cluster.LeaderAsync();
        Cluster.Configure(EtcdTestCluster.Hasty);
        Cluster.Hang(leader);
        await Cluster.UntilAsync(() => Cluster.MayStopAsync(leader), r => r.Verdict is GateVerdict.Allow);
        var other = await Cluster.UntilAsync(() => Cluster.MayStopAsync((leader + 1) % 3), r => r.Verdict is GateVerdict.Deny);
        Assert.That(other.Message, Does.Contain($"etcd-{leader}"));
    }

    [Test]
    public async Task A_killed_member_holds_the_others_but_not_its_own_repair()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        var follower = await Cluster.FollowerAsync();
        Cluster.Kill(follower);
        var other = await Cluster.MayStopAsync((follower + 1) % 3);
        Assert.That((other.Verdict, other.Reason), Is.EqualTo((GateVerdict.Deny, ReasonCodes.EtcdQuorumWouldBreak)), other.Message);
        Assert.That(other.Message, Does.Contain($"etcd-{follower}").And.Match("refused|reset"));
        Assert.That((await Cluster.MayStopAsync(follower)).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public async Task Without_a_quorum_nothing_may_stop_though_Status_still_answers()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        Cluster.Configure(EtcdTestCluster.Hasty);
        Cluster.Kill(0);
        Cluster.Kill(1);
        var report = await Cluster.UntilAsync(() => Cluster.MayStopAsync(2), r => r.Reason == ReasonCodes.EtcdNoLeader);
        Assert.That(report.Verdict, Is.EqualTo(GateVerdict.Deny));
        Assert.That(report.Message, Does.Contain("etcd-2 know no leader").And.Contain("etcd-0"));
    }

    [Test]
    public async Task NOSPACE_denies_yet_leadership_can_move()
    {
        Cluster = await EtcdTestCluster.StartAsync("--quota-backend-bytes", "300000");
        for (var i = 0; (await Cluster.PostAsync(0, "/v3/kv/put", $$"""{"key":"{{Convert.ToBase64String([(byte)i])}}","value":"{{Value}}"}""")).IsOk; i++)
        {
            Assert.That(i, Is.LessThan(100), "the quota must be reached");
        }

        var leader = await Cluster.LeaderAsync();
        var report = await Cluster.MayStopAsync(leader);
        Assert.That((report.Verdict, report.Reason), Is.EqualTo((GateVerdict.Deny, ReasonCodes.EtcdAlarmNoSpace)), report.Message);
        Assert.That(report.Message, Does.Match("member etcd-[012] raised the NOSPACE alarm"));
        Cluster.Configure(EtcdTestCluster.Patient with { AllowNoSpace = true });
        Assert.That((await Cluster.MayStopAsync(leader)).Preparation, Is.EqualTo(GatePreparation.Needed));
        Assert.That((await Cluster.MoveLeaderAwayAsync(leader)).IsDone, Is.True);
    }

    [Test]
    public async Task E6_a_member_with_a_wiped_directory_is_never_back()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        var follower = await Cluster.FollowerAsync();
        var baseline = (await Cluster.MayStopAsync(follower)).Baseline;
        Cluster.Kill(follower);
        Cluster.Wipe(follower);

        // The same cluster again: the process meets its own past and dies.
        Cluster.Start(follower);
        var crashed = await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.AfterPod, follower, baseline), r => Cluster.HasEnded(follower) && r.Verdict is GateVerdict.Unknown);
        Assert.That(crashed.Reason, Is.EqualTo(ReasonCodes.EtcdMemberSilent), crashed.Message);

        // Another cluster: healthy, and the wrong one.
        Cluster.Kill(follower);
        Cluster.Wipe(follower);
        Cluster.Start(follower, token: "another", initialCluster: Cluster.Peer(follower));
        var changed = await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.AfterPod, follower, baseline), r => r.Verdict is GateVerdict.Deny);
        Assert.That(changed.Reason, Is.EqualTo(ReasonCodes.EtcdIdentityChanged), changed.Message);
        Assert.That((await Cluster.MayStopAsync((follower + 1) % 3)).Verdict, Is.EqualTo(GateVerdict.Deny));
    }

    [Test]
    public async Task A_learner_holds_from_its_adding_to_its_promotion()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        var follower = await Cluster.FollowerAsync();
        var unknown = await Cluster.UntilAsync(
            async () =>
            {
                // Refused until the members have been connected for 5 s, and when the first try did get through.
                await Cluster.PostAsync(follower, "/v3/cluster/member/add", $$"""{"peerURLs":["http://{{Cluster.Address(3)}}:2380"],"isLearner":true}""");
                return await Cluster.MayStopAsync(follower);
            },
            r => r.Reason == ReasonCodes.EtcdMemberWithoutPod);
        Assert.That(unknown.Verdict, Is.EqualTo(GateVerdict.Deny));
        Cluster.ExpectPod(3);
        Assert.That((await Cluster.MayStopAsync(follower)).Reason, Is.EqualTo(ReasonCodes.EtcdUnstartedMember));
        Cluster.Start(3, state: "existing", initialCluster: string.Join(',', Enumerable.Range(0, 4).Select(Cluster.Peer)));
        var learner = await Cluster.UntilAsync(() => Cluster.MayStopAsync(follower), r => r.Reason == ReasonCodes.EtcdLearnerPending);
        Assert.That(learner.Message, Does.Contain("etcd-3 is a learner"));
        Assert.That(learner.Roles["etcd-3"], Is.EqualTo(MemberRole.Learner));
    }

    [Test]
    public async Task A_member_that_rejoins_with_its_data_is_back_and_counted_in_a_row()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        var follower = await Cluster.FollowerAsync();
        var baseline = (await Cluster.MayStopAsync(follower)).Baseline;
        Cluster.Kill(follower);
        for (var i = 0; i < 20; i++)
        {
            Assert.That((await Cluster.PostAsync((follower + 1) % 3, "/v3/kv/put", $$"""{"key":"{{Convert.ToBase64String([(byte)i])}}","value":"{{Value}}"}""")).IsOk, Is.True);
        }

        Cluster.Start(follower);
        var back = await Cluster.UntilAsync(() => Cluster.AskAsync(GatePhase.AfterPod, follower, baseline), r => r.Successes >= 3);
        Assert.That(back.Verdict, Is.EqualTo(GateVerdict.Allow));
        Assert.That(back.Message, Does.Contain($"etcd-{follower} is back: same member"));
    }

    [Test]
    public async Task G6_a_cluster_that_wants_a_user_is_misconfigured_without_one_and_served_with_one()
    {
        Cluster = await EtcdTestCluster.StartAsync();
        foreach (var (path, body) in new[]
        {
            ("/v3/auth/user/add", """{"name":"root","password":"secret"}"""),
            ("/v3/auth/role/add", """{"name":"root"}"""),
            ("/v3/auth/user/grant", """{"user":"root","role":"root"}"""),
            ("/v3/auth/enable", "{}"),
        })
        {
            var done = await Cluster.PostAsync(0, path, body);
            Assert.That(done.IsOk, Is.True, done.Text);
        }

        var report = await Cluster.UntilAsync(() => Cluster.MayStopAsync(2), r => r.Verdict is GateVerdict.Misconfigured);
        Assert.That(report.Reason, Is.EqualTo(ReasonCodes.EtcdAccessDenied), report.Message);
        Cluster.Configure(EtcdTestCluster.Patient, user: "root", password: "wrong");
        Assert.That((await Cluster.MayStopAsync(2)).Message, Does.Contain("authentication failed").And.Not.Contain("wrong"));
        Cluster.Configure(EtcdTestCluster.Patient, user: "root", password: "secret");
        await Cluster.UntilAsync(() => Cluster.MayStopAsync(2), r => r.Verdict is GateVerdict.Allow);
    }
}

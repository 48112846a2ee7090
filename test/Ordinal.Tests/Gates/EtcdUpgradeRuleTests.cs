using System.Security.Cryptography;
using CsCheck;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.Etcd;

namespace Ordinal.Tests.Gates;

/// <summary>What must hold before an etcd's version changes (catalogue rows E19 to E21 and E26).</summary>
public sealed class EtcdUpgradeRuleTests
{
    private static readonly EtcdSnapshotPolicy Hour = new(TimeSpan.FromHours(1), "");

    [TestCase("3.5.21", "3.5.30", GateVerdict.Allow, "GateOpen")]
    [TestCase("3.5.21", "3.5.9", GateVerdict.Allow, "GateOpen")]
    [TestCase("3.4.23", "3.5.21", GateVerdict.Allow, "GateOpen")]
    [TestCase("3.4.23", "3.6.1", GateVerdict.Deny, "EtcdVersionSkew")]
    [TestCase("3.5.26", "4.0.0", GateVerdict.Deny, "EtcdVersionSkew")]
    [TestCase("3.5.26", "3.6.1", GateVerdict.Allow, "GateOpen")]
    [TestCase("3.5.25", "3.6.1", GateVerdict.Deny, "EtcdVersionTooOld")]
    [TestCase("3.5.3", "3.6.1", GateVerdict.Deny, "EtcdVersionTooOld")]
    [TestCase("3.6.1", "3.6.13", GateVerdict.Allow, "GateOpen")]
    [TestCase("3.6.1", "3.5.26", GateVerdict.Deny, "EtcdDowngradeNotBegun")]
    [TestCase("3.6.1", "3.4.30", GateVerdict.Deny, "EtcdDowngradeNotBegun")]
    public void E19_E20_E21_a_version_may_follow_another(string now, string target, GateVerdict verdict, string code)
    {
        var world = World(target, now);
        foreach (var answer in new[] { world.MayStop(2), world.Ask(world.Input(GatePhase.BeforeRollout, [])) })
        {
            Assert.That((answer.Verdict, answer.Reason.Code), Is.EqualTo((verdict, code)), answer.Message);
        }
    }

    [TestCase("quay.io/coreos/etcd:v3.6.1", "3.4.23", GateVerdict.Deny, "EtcdVersionSkew")]
    [TestCase("registry.k8s.io/etcd:3.6.1-0", "3.5.21", GateVerdict.Deny, "EtcdVersionTooOld")]
    [TestCase("localhost:5000/etcd:v3.6", "3.5.26", GateVerdict.Allow, "GateOpen")]
    [TestCase("bitnami/etcd:3.5.21-debian-12-r0@sha256:00", "3.4.23", GateVerdict.Allow, "GateOpen")]
    [TestCase("quay.io/coreos/etcd:v3.4.23", "3.6.1", GateVerdict.Allow, "GateOpen", Description = "it would refuse to start by itself, and tags may be anything")]
    [TestCase("quay.io/coreos/etcd:v3.6.13", "3.6.13", GateVerdict.Allow, "GateOpen", Description = "no member runs 3.5 any more")]
    [TestCase("quay.io/coreos/etcd:v3.7.0", "3.6.13", GateVerdict.Allow, "GateOpen")]
    [TestCase("quay.io/coreos/etcd:latest", "3.4.23", GateVerdict.Allow, "GateOpen")]
    [TestCase("quay.io/coreos/etcd@sha256:00", "3.4.23", GateVerdict.Allow, "GateOpen")]
    [TestCase("example.org/etcd:v4.12.0", "3.4.23", GateVerdict.Allow, "GateOpen")]
    [TestCase("example.org/etcd-backup:v3.6.1", "3.4.23", GateVerdict.Allow, "GateOpen")]
    [TestCase("example.org/hardened-etcd:v3.6.1-b1", "3.4.23", GateVerdict.Deny, "EtcdVersionSkew")]
    public void E20_what_the_policy_does_not_tell_the_images_tag_may(string image, string now, GateVerdict verdict, string code)
    {
        var world = World("", now);
        world.Images = ["example.org/sidecar:v9", image];
        foreach (var answer in new[] { world.MayStop(2), world.Ask(world.Input(GatePhase.BeforeRollout, [])) })
        {
            Assert.That((answer.Verdict, answer.Reason.Code), Is.EqualTo((verdict, code)), answer.Message);
        }

        Assert.That(world.Ask(world.Input(GatePhase.BeforePod, [2], revision: "another")).Verdict, Is.EqualTo(GateVerdict.Allow), "a rollout back is not to the template");
    }

    [Test]
    public void E20_a_member_that_is_down_holds_an_upgrade_by_the_images_tag_and_no_restart()
    {
        var world = World("", "3.5.26", members: 5);
        world[1].Die();
        world.Images = ["etcd:v3.5.26"];
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow), "a restart");
        world.Images = ["etcd:v3.6.1"];
        Expect(world.MayStop(2), GateVerdict.Unknown, ReasonCodes.EtcdVersionUnknown, "etcd-1 does not tell its version", "3.6.1", "force the pod that waits, by its UID and the reason EtcdVersionUnknown");
        Assert.That(world.MayStop(1).Verdict, Is.EqualTo(GateVerdict.Allow), "its own repair");
    }

    [TestCase("")]
    [TestCase("3.6.1")]
    public void E20_an_upgrade_that_may_repair_a_member_that_is_down_begins_and_goes_no_further_than_that_member(string told)
    {
        var world = World(told, "3.5.26", members: 5);
        world[1].Die();
        world.Images = ["etcd:v3.6.1"];
        var begin = world.Ask(world.Input(GatePhase.BeforeRollout, []));
        Expect(begin, GateVerdict.Allow, ReasonCodes.GateOpen);
        Assert.That(begin.Warnings, Has.Some.Contains("etcd-1 takes no part"));
        Expect(world.MayStop(2), GateVerdict.Unknown, ReasonCodes.EtcdVersionUnknown, "etcd-1");
        Assert.That(world.MayStop(1).Verdict, Is.EqualTo(GateVerdict.Allow), "its own repair");

        world[3].Die();
        Expect(world.MayStop(1), GateVerdict.Unknown, ReasonCodes.EtcdVersionUnknown, "etcd-3");
    }

    [TestCase("")]
    [TestCase("3.6.1")]
    public void A_cluster_of_which_no_version_is_known_is_judged_without(string target)
    {
        var world = World(target, "no version", members: 1);
        world.Images = ["etcd:v3.6.1"];
        Assert.That(world.MayStop(0).Reason, Is.Not.EqualTo(ReasonCodes.GateFailed));
    }

    /// <summary>The containers as <c>name=image</c>, with <c>/port</c> behind it where one is declared.</summary>
    [TestCase("etcdctl=etcd:v3.4.23 db=etcd:v3.6.1/2379", "3.6.1", Description = "it declares the gate's port")]
    [TestCase("db=etcd:v3.4.23 x=etcd:v3.6.1/2380", "3.4.23", Description = "that is another port; the first is what the pod is about")]
    [TestCase("tools=etcd:v3.4.23 etcd=etcd:v3.6.1", "3.6.1", Description = "its name")]
    [TestCase("tools=etcd:v3.4.23 main=etcd:v3.6.1", "3.6.1", Description = "the workload's name")]
    [TestCase("proxy=envoy:v1.30/2379 tools=etcd:v3.4.23 etcd=etcd:v3.6.1", "3.6.1", Description = "a proxy has the port, so the name tells")]
    [TestCase("db=example.org/db:v9/2379 tools=etcd:v3.6.1", null, Description = "the member's own image does not say, and a sidecar cannot")]
    [TestCase("etcd=example.org/db:v9 tools=etcd:v3.6.1", null)]
    [TestCase("etcd=etcd@sha256:00/2379 tools=etcd:v3.6.1", null)]
    [TestCase("a=etcd:v3.6.1/2379 b=etcd:v3.4.23/2379 etcd=etcd:v3.5.21", "3.5.21", Description = "two that declare it differ, so the name tells")]
    [TestCase("a=etcd:v3.6.1 b=etcd:v3.4.23", "3.6.1", Description = "nothing stands out: the first")]
    [TestCase("log=fluentd:v1 b=etcd:v3.6.1 c=etcd:v3.6.1", "3.6.1", Description = "nothing stands out, and all that say anything agree")]
    [TestCase("log=fluentd:v1 b=etcd:v3.6.1 c=etcd:v3.4.23", null, Description = "nothing stands out, and the first is no etcd")]
    [TestCase("", null)]
    public void E20_of_several_containers_the_one_that_is_the_member_tells_the_version(string containers, string? version)
    {
        var read = containers.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word =>
        {
            var (name, rest) = (word.Split('=')[0], word.Split('=')[1]);
            var port = rest.EndsWith("/2379", StringComparison.Ordinal) ? 2379 : rest.EndsWith("/2380", StringComparison.Ordinal) ? 2380 : 0;
            return new GateContainer(name, port == 0 ? rest : rest[..^5], port == 0 ? [] : [port]);
        });
        Assert.That(EtcdImage.Version([.. read], "main", 2379)?.ToString(), Is.EqualTo(version));
    }

    [Test]
    public void E20_the_image_of_the_member_is_believed_whatever_a_sidecar_has_and_the_policys_word_goes_before_the_tag()
    {
        var world = World("", "3.4.23");
        world.Containers = [new("backup", "etcd:v3.4.23", []), new("etcd", "etcd:v3.6.1", [2379])];
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdVersionSkew, "3.6.1");
        world.Containers = [new("etcd", "etcd:v3.5.21", [2379]), new("backup", "etcd:v3.6.1", [])];
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow));
        world.Images = ["etcd:v3.6.1"];
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdVersionSkew, "the template's image is etcd 3.6.1, which skips a minor version: etcd-0 runs 3.4.23");
        world.Options = world.Options with { TargetVersion = "3.5.21" };
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public void E19_one_member_that_is_too_old_is_enough_and_is_named()
    {
        var world = World("3.6.1", "3.5.26");
        world[1].Version = "3.5.19";
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdVersionTooOld, "etcd-1 runs 3.5.19", "3.5.26");
    }

    [Test]
    public void E19_in_the_middle_of_an_upgrade_the_members_that_run_the_new_version_do_not_count()
    {
        var world = World("3.6.1", "3.5.26");
        world[2].Version = "3.6.1";
        Assert.That(world.MayStop(1).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [Test]
    public void E19_a_removed_member_that_comes_back_with_the_upgrade_stops_the_rollout()
    {
        var world = EtcdWorld.Healthy(3);
        var baseline = world.MayStop(2).Baseline;
        Restart(world);
        Assert.That(world.IsBack(2, baseline).Verdict, Is.EqualTo(GateVerdict.Allow));
        world.Nodes.Add(new EtcdNode { Pod = "etcd-9", Ordinal = 9, Id = 0xff, Uid = "uid-9", Address = "10.0.0.9", HasPod = false });
        Expect(world.IsBack(2, baseline), GateVerdict.Deny, ReasonCodes.EtcdMembersAppeared, "4 members", "3 before");
    }

    [Test]
    public void A_version_that_is_not_known_is_unknown_unless_it_is_the_pods_own()
    {
        var world = World("3.6.1", "3.5.26", members: 5);
        world[1].Die();
        Expect(world.MayStop(2), GateVerdict.Unknown, ReasonCodes.EtcdVersionUnknown, "etcd-1 does not tell its version");
        Assert.That(world.MayStop(1).Verdict, Is.EqualTo(GateVerdict.Allow), "its own repair goes on");
    }

    [Test]
    public void E21_a_downgrade_that_was_begun_lets_the_older_version_come_and_no_newer()
    {
        var world = World("3.5.26", "3.6.1");
        world.Nodes.ForEach(n => n.DowngradeTarget = "3.5.0");
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow));
        world.Options = world.Options with { TargetVersion = "3.6.2" };
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdDowngradeActive, "a downgrade to 3.5.0");
        world.Options = world.Options with { TargetVersion = "3.4.40" };
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdDowngradeNotBegun, "a downgrade to 3.5.0 was begun");
    }

    [Test]
    public void E21_while_an_old_member_is_left_the_way_back_is_open()
    {
        var world = World("3.5.26", "3.6.1");
        world[1].Version = "3.5.26";
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow), "the cluster's version is that of its oldest member");
    }

    [Test]
    public void A_member_that_comes_back_with_another_version_is_warned_of()
    {
        var world = World("3.5.30", "3.5.21");
        var baseline = world.MayStop(2).Baseline;
        Restart(world);
        var back = world.IsBack(2, baseline);
        Assert.That((back.Verdict, back.Warnings.Single()), Is.EqualTo((GateVerdict.Allow, "EtcdVersionUnexpected: etcd-2 runs 3.5.21, not targetVersion 3.5.30")));
    }

    [Test]
    public void Members_with_the_same_keys_pass_and_one_that_differs_stops_the_rollout()
    {
        var world = Hashed();
        Assert.That(Begin(world).Verdict, Is.EqualTo(GateVerdict.Allow));
        world[1].Hash = new EtcdHash(0xbad, -1);
        Expect(Begin(world), GateVerdict.Deny, ReasonCodes.EtcdHashMismatch, "etcd-0 000000aa", "etcd-1 00000bad");
        Expect(world.Ask(world.Input(GatePhase.AfterRollout, [])), GateVerdict.Deny, ReasonCodes.EtcdHashMismatch, "etcd-1");
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow), "no pod waits for a checksum of every key");
    }

    [Test]
    public void Keys_that_could_not_be_compared_are_unknown()
    {
        var world = Hashed();
        (world[1].Hash, world[1].HashFailure) = (null, new EtcdFailure(EtcdFailureKind.Refused, "etcd-1:2379 says \"etcdserver: mvcc: required revision has been compacted\"", 11));
        Expect(Begin(world), GateVerdict.Unknown, ReasonCodes.EtcdHashUnknown, "etcd-1", "compacted");
        world[1].Hash = new EtcdHash(0xbad, 5);
        Expect(Begin(world), GateVerdict.Unknown, ReasonCodes.EtcdHashUnknown, "compacted between");
    }

    [Test]
    public void In_the_middle_of_an_upgrade_a_rollout_may_begin_each_version_is_compared_with_its_own_and_none_may_end()
    {
        var world = Hashed();
        (world[2].Version, world[2].Hash) = ("3.6.1", new EtcdHash(0xbb, -1));
        var begins = Begin(world);
        Assert.That(begins.Verdict, Is.EqualTo(GateVerdict.Allow), "else a rollout that was halted here could never go on");
        Assert.That(begins.Warnings, Has.One.EqualTo("EtcdHashUnknown: members run different minor versions, so keys were compared only among etcd-0, etcd-1, and among etcd-2"));
        Expect(world.Ask(world.Input(GatePhase.AfterRollout, [])), GateVerdict.Deny, ReasonCodes.EtcdVersionSkew, "different minor versions", "finish the upgrade first");
        world[1].Hash = new EtcdHash(0xbad, -1);
        Expect(Begin(world), GateVerdict.Deny, ReasonCodes.EtcdHashMismatch, "etcd-0 000000aa", "etcd-1 00000bad");
        (world[1].Hash, world[2].Hash, world[2].HashFailure) = (new EtcdHash(0xaa, -1), null, new EtcdFailure(EtcdFailureKind.Timeout, "no answer from etcd-2:2379 within 30 s"));
        Expect(Begin(world), GateVerdict.Unknown, ReasonCodes.EtcdHashUnknown, "etcd-2");
    }

    [Test]
    public void E26_without_a_verified_snapshot_no_pod_is_taken()
    {
        var world = EtcdWorld.Healthy(3);
        world.Options = world.Options with { Snapshot = Hour };
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdSnapshotMissing, "no snapshot has been taken yet");
        world.Snapshot = new EtcdSnapshot(EtcdSnapshotPhase.Running, "etcd-1", "new", 4711, DateTimeOffset.UnixEpoch, "");
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdSnapshotMissing, "etcd-1", "4711 bytes so far");
        world.Snapshot = world.Snapshot with { Phase = EtcdSnapshotPhase.Failed, Text = "its checksum is wrong over 512 bytes" };
        Expect(world.MayStop(2), GateVerdict.Deny, ReasonCodes.EtcdSnapshotFailed, "checksum is wrong");
        world.Snapshot = world.Snapshot with { Phase = EtcdSnapshotPhase.Verified };
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(GateVerdict.Allow));
        Assert.That(Begin(world).Verdict, Is.EqualTo(GateVerdict.Allow), "asked for at each pod, not at rest");
    }

    [TestCase("new", -600, GateVerdict.Allow)]
    [TestCase("old", -59, GateVerdict.Allow)]
    [TestCase("old", -61, GateVerdict.Deny)]
    public void E26_a_snapshot_of_this_rollout_always_serves_and_another_while_it_is_young(string revision, int minutes, GateVerdict verdict)
    {
        var world = EtcdWorld.Healthy(3);
        world.Options = world.Options with { Snapshot = Hour };
        world.Snapshot = new EtcdSnapshot(EtcdSnapshotPhase.Verified, "etcd-1", revision, 4711, DateTimeOffset.UnixEpoch.AddMinutes(minutes), "");
        Assert.That(world.MayStop(2).Verdict, Is.EqualTo(verdict));
    }

    [Test]
    public void E26_a_snapshot_is_right_whatever_the_pieces_it_comes_in_and_wrong_with_any_bit_changed() => Gen.Select(
        Gen.Int[0, 3], Gen.Int[1, 700].Array[1, 12], Gen.Int[0, 3000], Gen.Bool).Sample((pages, cuts, flipped, isFlipped) =>
    {
        var database = new byte[512 * pages];
        new Random(pages).NextBytes(database);
        byte[] all = [.. database, .. SHA256.HashData(database)];
        if (isFlipped)
        {
            all[flipped % all.Length] ^= 1;
        }

        using var sink = SnapshotSink.Open("", "");
        for (int at = 0, cut = 0; at < all.Length; cut++)
        {
            var length = Math.Min(cuts[cut % cuts.Length], all.Length - at);
            sink.WriteAsync(all.AsMemory(at, length), CancellationToken.None).AsTask().GetAwaiter().GetResult();
            at += length;
        }

        return sink.Finish((ulong)database.Length, out var text) != isFlipped && text.Length > 0;
    });

    [Test]
    public void E26_a_snapshot_that_breaks_off_or_is_too_small_is_none()
    {
        byte[] all = [.. new byte[1024], .. SHA256.HashData(new byte[1024])];
        Assert.That(Finish(all[..^1], 0), Does.Contain("broke off"));
        Assert.That(Finish(all[..512], 0), Does.Contain("broke off"));
        Assert.That(Finish([], 0), Does.Contain("broke off"));
        Assert.That(Finish(all, 2048), Does.Contain("1024 bytes, though 2048 are in use"));
        Assert.That(Finish(all, 1024), Does.Contain("not kept"));
    }

    private static void Restart(EtcdWorld world) => (world[2].Uid, world[2].Revision) = ("uid-2b", "new");

    private static string Finish(byte[] bytes, ulong inUse)
    {
        using var sink = SnapshotSink.Open("", "");
        sink.WriteAsync(bytes, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        sink.Finish(inUse, out var text);
        return text;
    }

    private static EtcdWorld World(string target, string now, int members = 3)
    {
        var world = EtcdWorld.Healthy(members);
        world.Options = world.Options with { TargetVersion = target };
        world.Nodes.ForEach(n => n.Version = now);
        return world;
    }

    private static EtcdWorld Hashed()
    {
        var world = EtcdWorld.Healthy(3);
        world.Options = world.Options with { CompareHashes = true };
        world.Nodes.ForEach(n => n.Hash = new EtcdHash(0xaa, -1));
        return world;
    }

    private static GateAnswer Begin(EtcdWorld world) => world.Ask(world.Input(GatePhase.BeforeRollout, []));

    private static void Expect(GateAnswer answer, GateVerdict verdict, ReasonCode reason, params string[] words)
    {
        Assert.That((answer.Verdict, answer.Reason.Code), Is.EqualTo((verdict, reason.Code)), answer.Message);
        foreach (var word in words)
        {
            Assert.That(answer.Message, Does.Contain(word));
        }
    }
}

using System.Text.Json;
using CsCheck;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Gates.ZooKeeper;

namespace Ordinal.Tests.Gates.ZooKeeper;

/// <summary>What holds for every ensemble, however sick.</summary>
public sealed class ZkPropertyTests
{
    private static readonly ZkFailureKind[] Silences = Enum.GetValues<ZkFailureKind>();

    private static readonly Gen<(ZkWorld World, int[] Targets)> Worlds =
        from seed in Gen.Int
        from servers in Gen.Int[1, 7]
        from illnesses in Gen.Int[0, 16].Array[0, 5]
        select Make(seed, servers, illnesses);

    [Test]
    public void No_Allow_leaves_fewer_than_a_majority_of_voters() => Worlds.Sample(
        sample => sample.World.MayStop(sample.Targets).Verdict is not GateVerdict.Allow || IsQuorumLeft(sample.World, sample.Targets),
        iter: 4_000);

    /// <summary>Found by the property above (seed fykuGpn5tPna), which then counted by a list that the leader does not have.</summary>
    [TestCase(3, GateVerdict.Allow, TestName = "A_server_that_the_leaders_list_lacks_may_stop_while_that_list_keeps_its_majority")]
    [TestCase(1, GateVerdict.Deny, TestName = "A_server_of_a_shorter_list_may_not_stop_when_the_rest_of_the_list_is_no_majority")]
    public void The_leaders_list_counts(int stops, GateVerdict verdict)
    {
        var world = ZkWorld.Healthy(4, 0);
        (world[0].ListsDifferently, world[1].ListsDifferently) = (true, true);
        (world[2].IsMissing, world[2].IsReady) = (true, false);
        Assert.That(world.MayStop([stops]).Verdict, Is.EqualTo(verdict));
    }

    [Test]
    public void No_batch_leaves_fewer_than_a_majority_and_each_is_allowed_as_one_set() => Worlds.Sample(
        sample =>
        {
            var answer = sample.World.MayStop(sample.Targets);
            if (answer.Verdict is not GateVerdict.Allow)
            {
                return answer.Batch.IsEmpty;
            }

            int[] batch = [.. answer.Batch.Select(uid => sample.World.Nodes.FindIndex(n => n.Uid == uid))];
            return sample.Targets.All(batch.Contains) && IsQuorumLeft(sample.World, batch) && sample.World.MayStop(batch).Verdict is GateVerdict.Allow;
        },
        iter: 2_000);

    [Test]
    public void Random_ensembles_are_sometimes_allowed_and_sometimes_denied()
    {
        var verdicts = new int[4];
        Worlds.Sample(sample => Interlocked.Increment(ref verdicts[(int)sample.World.MayStop(sample.Targets).Verdict]), iter: 1_000);
        Assert.That(verdicts, Has.All.GreaterThan(10), "else the other properties say nothing");
    }

    [Test]
    public void Losing_information_never_opens_the_gate() => Lossy(
        (world, targets) => world.Input(GatePhase.BeforePod, targets), Silences);

    /// <summary>Found by the property below (seed fykuGpn5tPna): of two that do not say whom they follow the leader counts one, which may be the one with another list.</summary>
    [Test]
    public void A_follower_that_takes_no_part_may_be_the_one_that_the_leader_counts()
    {
        var world = ZkWorld.Healthy(5, 1);
        (world[0].ListsDifferently, world[0].SpeaksWordsOnly, world[4].SpeaksWordsOnly) = (true, true, true);
        world[2].Silence = new ZkFailure(ZkFailureKind.Tls, "ill");
        var input = world.Input(GatePhase.AfterPod, [1], $"v1 voters={world.List().Voters} zk-0=1", revision: "old");
        Assert.That(ZkRule.Evaluate(input, world.Observe(), world.Options).Verdict, Is.EqualTo(GateVerdict.Deny));
        world[0].ListsDifferently = false;
        Assert.That(ZkRule.Evaluate(input, world.Observe(), world.Options).Verdict, Is.EqualTo(GateVerdict.Allow), "then either of them will do");
    }

    [Test]
    public void Losing_information_never_brings_a_server_back() => Lossy(
        (world, targets) => world.Input(GatePhase.AfterPod, targets, $"v1 voters={world.List().Voters} zk-0=1", revision: "old"), [ZkFailureKind.Timeout]);

    [Test]
    public void The_same_facts_give_the_same_answer_also_after_a_round_trip_through_JSON() => Worlds.Sample(
        sample =>
        {
            var (world, targets) = sample;
            var input = world.Input(GatePhase.BeforePod, targets);
            var observation = world.Observe();
            var replayed = JsonSerializer.Deserialize<ZkObservation>(JsonSerializer.Serialize(observation))!;
            var one = ZkRule.Evaluate(input, observation, world.Options);
            var other = ZkRule.Evaluate(input, replayed, world.Options);
            return (one.Verdict, one.Reason, one.Message, one.Baseline) == (other.Verdict, other.Reason, other.Message, other.Baseline)
                && one.Warnings.SequenceEqual(other.Warnings) && one.Facts.SequenceEqual(other.Facts) && one.Batch.SequenceEqual(other.Batch);
        },
        iter: 1_000);

    private static void Lossy(Func<ZkWorld, int[], Ordinal.Gates.GateInput> question, ZkFailureKind[] causes) => Gen.Select(Worlds, Gen.Int[0, 6], Gen.Int[0, 4], Gen.Int[0, causes.Length - 1]).Sample(
        (sample, lost, what, why) =>
        {
            var (world, targets) = sample;

            // One that claims to follow and does not, where only words are spoken, is no fact but a contradiction with the leader's count:
            // who takes it away takes the contradiction away. All other worlds are taken as they are.
            world.Nodes.ForEach(n => n.SpeaksWordsOnly &= !world.Nodes.Exists(o => o.Id == n.Leader && o.Mode is not ZkMode.Leader));

            // Nor is one that leads under the id of another: which of the two is meant nobody can tell, and a list less decides it.
            world.Nodes.ForEach(n => n.AnswersAs = n.Mode is ZkMode.Leader ? null : n.AnswersAs);
            var input = question(world, targets);
            var known = world.Observe();
            if (ZkRule.Evaluate(input, known, world.Options).Verdict is GateVerdict.Allow || known.Pods.IsEmpty)
            {
                return true;
            }

            var index = lost % known.Pods.Length;
            var less = new ZkObservation(known.Pods.SetItem(index, Forget(known.Pods[index], what, new ZkFailure(causes[why], "lost"))));
            return ZkRule.Evaluate(input, less, world.Options).Verdict is not GateVerdict.Allow;
        },
        iter: 4_000);

    /// <summary>Counts with no help from the rule: a voter is left when nothing at all is wrong with it and it does not stop.</summary>
    private static bool IsQuorumLeft(ZkWorld world, int[] targets)
    {
        var voters = world.Nodes.Where(ZkWorld.IsVoter).ToList();
        var stopping = targets.Select(t => world[t]).Concat(world.Nodes.Where(n => n.IsTerminating)).ToHashSet();
        if (voters.Count == 1 && stopping.Contains(voters[0]))
        {
            return true;
        }

        var left = voters.Where(n => n is { HasPod: true, IsMissing: false, Silence: null, IsServing: true, IsVoting: true, Phase: ZkPhase.Broadcast }
            && (n.AnswersAs ?? n.Id) == n.Id && n.Mode is ZkMode.Leader or ZkMode.Follower or ZkMode.Standalone && !stopping.Contains(n));

        // A leader counts by the list that it has: one that lacks the last server needs a majority of the others, and that server is none of them.
        return left.GroupBy(n => (Leader: n.Mode is ZkMode.Leader ? n.Id : n.Leader, LacksLast: n.ListsDifferently && ZkWorld.IsVoter(world.Nodes[^1])))
            .Any(camp => camp.Count(n => !camp.Key.LacksLast || n != world.Nodes[^1]) >= ((voters.Count - (camp.Key.LacksLast ? 1 : 0)) / 2) + 1);
    }

    private static ZkPodObservation Forget(ZkPodObservation pod, int what, ZkFailure why) => what switch
    {
        // The list; the leader's counts; the AdminServer, so that four-letter words are left; everything.
        0 => pod with { Members = null, MembersFailure = why },
        1 when pod.State is { } state => pod with { State = state with { SyncedFollowers = null, SyncedNonVoting = null, PendingSyncs = null, CountsFailure = why } },
        2 when pod.State is { } state => pod with { State = state with { LeaderId = null, Zxid = null } },
        3 when pod.State is { } state => pod with { State = state with { LeaderId = null, IsVoting = null }, AdminFailure = why },
        _ => pod with { State = null, Failure = why, Members = null, MembersFailure = why, HasWritten = null },
    };

    private static (ZkWorld World, int[] Targets) Make(int seed, int servers, int[] illnesses)
    {
        var random = new Random(seed);
        var world = ZkWorld.Healthy(servers, random.Next(servers));
        foreach (var illness in illnesses)
        {
            var node = world[random.Next(servers)];
            node.IsReady &= random.Next(2) == 0;
            Sicken(world, node, illness, random);
        }

        // A set of one pod is an ensemble of one.
        if (world.Nodes.Count(n => n.HasPod) < 2)
        {
            world.Nodes.ForEach(n => n.HasPod = true);
        }

        if (random.Next(8) == 0)
        {
            world.Options = world.Options with { Headroom = 1 };
        }

        var targets = Enumerable.Range(0, servers).Where(i => world[i] is { HasPod: true, IsMissing: false }).OrderBy(_ => random.Next()).Take(1 + (random.Next(4) / 3));
        return (world, [.. targets]);
    }

    private static void Sicken(ZkWorld world, ZkNode node, int illness, Random random)
    {
        switch (illness)
        {
            case 0:
                node.Silence = new ZkFailure(Silences[random.Next(Silences.Length)], "ill");
                break;
            case 1:
                node.LoseQuorum();
                break;
            case 2:
                (node.Phase, node.IsServing, node.TakesSnapshot) = (ZkPhase.Synchronization, random.Next(2) == 0, true);
                break;
            case 3 when node.Mode is not ZkMode.Leader:
                node.Leader = world[random.Next(world.Nodes.Count)].Id;
                break;
            case 4:
                node.Zxid -= (ulong)random.Next(0, 1024);
                break;
            case 5 when world.Nodes.Count > 1:
                (node.IsObserver, node.Mode) = (true, ZkMode.Observer);
                break;
            case 6:
                (node.Mode, node.Leader) = (ZkMode.Leader, node.Id);
                break;
            case 7:
                node.AnswersAs = world[random.Next(world.Nodes.Count)].Id + random.Next(2);
                break;
            case 8:
                node.Mode = ZkMode.Standalone;
                break;
            case 9:
                node.Mode = ZkMode.ReadOnly;
                break;
            case 10:
                node.ListsDifferently = true;
                break;
            case 11:
                (node.IsMissing, node.IsReady) = (true, false);
                break;
            case 12:
                node.IsTerminating = true;
                break;
            case 13 when world.Nodes.Count > 1:
                node.IsListed = false;
                break;
            case 14:
                node.SpeaksWordsOnly = true;
                break;
            case 3 or 5 or 13 or 15:
                node.CountsFailure = new ZkFailure(ZkFailureKind.NotWhitelisted, "mntr");
                break;
            default:
                node.HasPod = false;
                break;
        }
    }
}

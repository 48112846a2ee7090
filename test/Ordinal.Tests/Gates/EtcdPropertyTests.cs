using System.Text.Json;
using CsCheck;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Gates.Etcd;

namespace Ordinal.Tests.Gates;

/// <summary>What holds for every cluster, however sick.</summary>
public sealed class EtcdPropertyTests
{
    private static readonly EtcdFailureKind[] Silences = Enum.GetValues<EtcdFailureKind>();

    private static readonly Gen<(EtcdWorld World, int[] Targets)> Worlds =
        from seed in Gen.Int
        from members in Gen.Int[1, 7]
        from illnesses in Gen.Int[0, 13].Array[0, 5]
        select Make(seed, members, illnesses);

    [Test]
    public void No_Allow_leaves_fewer_participating_voters_than_the_quorum() => Worlds.Sample(
        sample =>
        {
            var (world, targets) = sample;
            var answer = world.MayStop(targets);
            return answer.Verdict is not GateVerdict.Allow || IsQuorumLeft(world, targets);
        },
        iter: 4_000);

    [Test]
    public void Random_clusters_are_sometimes_allowed_and_sometimes_denied()
    {
        var verdicts = new int[4];
        Worlds.Sample(sample => Interlocked.Increment(ref verdicts[(int)sample.World.MayStop(sample.Targets).Verdict]), iter: 1_000);
        Assert.That(verdicts, Has.All.GreaterThan(10), "else the other properties say nothing");
    }

    [Test]
    public void Losing_information_never_opens_the_gate() => Gen.Select(Worlds, Gen.Int[0, 6], Gen.Int[0, 3], Gen.Int[0, Silences.Length - 1]).Sample(
        (sample, lost, what, why) =>
        {
            var (world, targets) = sample;
            var input = world.Input(GatePhase.BeforePod, targets);
            var known = world.Observe();
            if (EtcdRule.Evaluate(input, known, world.Options).Verdict is GateVerdict.Allow || known.Pods.IsEmpty)
            {
                return true;
            }

            var index = lost % known.Pods.Length;
            var less = new EtcdObservation(known.Pods.SetItem(index, Forget(known.Pods[index], what, new EtcdFailure(Silences[why], "lost"))));
            return EtcdRule.Evaluate(input, less, world.Options).Verdict is not GateVerdict.Allow;
        },
        iter: 8_000);

    [Test]
    public void Losing_information_never_brings_a_member_back() => Gen.Select(Worlds, Gen.Int[0, 6], Gen.Int[0, 3]).Sample(
        (sample, lost, what) =>
        {
            var (world, targets) = sample;
            var input = world.Input(GatePhase.AfterPod, targets, "v1 cluster=cdf8 etcd-0=a0 alarms=", revision: "old");
            var known = world.Observe();
            if (EtcdRule.Evaluate(input, known, world.Options).Verdict is GateVerdict.Allow || known.Pods.IsEmpty)
            {
                return true;
            }

            var index = lost % known.Pods.Length;
            var less = new EtcdObservation(known.Pods.SetItem(index, Forget(known.Pods[index], what, new EtcdFailure(EtcdFailureKind.Timeout, "lost"))));
            return EtcdRule.Evaluate(input, less, world.Options).Verdict is not GateVerdict.Allow;
        },
        iter: 4_000);

    [Test]
    public void The_same_facts_give_the_same_answer_also_after_a_round_trip_through_JSON() => Worlds.Sample(
        sample =>
        {
            var (world, targets) = sample;
            var input = world.Input(GatePhase.BeforePod, targets);
            var observation = world.Observe();
            var replayed = JsonSerializer.Deserialize<EtcdObservation>(JsonSerializer.Serialize(observation))!;
            var one = EtcdRule.Evaluate(input, observation, world.Options);
            var other = EtcdRule.Evaluate(input, replayed, world.Options);
            return (one.Verdict, one.Reason, one.Message, one.Preparation, one.Baseline) == (other.Verdict, other.Reason, other.Message, other.Preparation, other.Baseline)
                && one.Warnings.SequenceEqual(other.Warnings) && one.Facts.SequenceEqual(other.Facts) && one.Facts.Length <= 10;
        },
        iter: 1_000);

    /// <summary>Counts with no help from the rule: a voter is left when nothing at all is wrong with it and it does not stop.</summary>
    private static bool IsQuorumLeft(EtcdWorld world, int[] targets)
    {
        var voters = world.Nodes.Where(n => !n.IsLearner).ToList();
        var stopping = targets.Select(t => world[t].Uid).Concat(world.Nodes.Where(n => n.IsTerminating).Select(n => n.Uid)).ToHashSet();
        if (voters.Count == 1 && stopping.Contains(voters[0].Uid))
        {
            return true;
        }

        var left = voters.Where(n => n is { HasPod: true, IsMissing: false, Silence: null, Reads: true, Lists: true, IsStarted: true }
            && n.Leader != 0 && (n.AnswersAs ?? n.Id) == n.Id && n.Applied + 1000 >= CommitOf(world, n.Leader) && !stopping.Contains(n.Uid));
        return left.GroupBy(n => (n.Cluster, n.Leader, n.Term, n.ListsDifferently)).Any(camp => camp.Count() >= (voters.Count / 2) + 1);
    }

    private static ulong CommitOf(EtcdWorld world, ulong leader) => world.Nodes.FirstOrDefault(n => n.Id == leader)?.Commit ?? ulong.MaxValue;

    private static EtcdPodObservation Forget(EtcdPodObservation pod, int what, EtcdFailure why) => what switch
    {
        0 => pod with { Members = null, MembersFailure = why },
        1 => pod with { Reader = null, ReadFailure = why },
        2 => pod with { Status = null, StatusFailure = why, Alarms = [] },
        _ => pod with { Status = null, StatusFailure = why, Alarms = [], Members = null, MembersFailure = why, Reader = null, ReadFailure = why },
    };

    private static (EtcdWorld World, int[] Targets) Make(int seed, int members, int[] illnesses)
    {
        var random = new Random(seed);
        var world = EtcdWorld.Healthy(members, random.Next(members));
        foreach (var illness in illnesses)
        {
            var node = world[random.Next(members)];
            node.IsReady &= random.Next(2) == 0;
            Sicken(world, node, illness, random);
        }

        if (random.Next(3) == 0 && !illnesses.Contains(9))
        {
            // All of one version, so that a member that falls silent cannot have been the only old one.
            string[] versions = ["3.4.23", "3.5.21", "3.5.26", "3.6.1"];
            var version = versions[random.Next(versions.Length)];
            world.Nodes.ForEach(n => n.Version = version);
            world.Images = [$"etcd:v{versions[random.Next(versions.Length)]}"];
            world.Options = world.Options with { TargetVersion = random.Next(2) == 0 ? versions[random.Next(versions.Length)] : "" };
        }

        if (random.Next(8) == 0)
        {
            world.Options = world.Options with { AllowNoSpace = true, AllowLearner = true };
        }

        var targets = Enumerable.Range(0, members).Where(i => world[i] is { HasPod: true, IsMissing: false }).OrderBy(_ => random.Next()).Take(1 + (random.Next(4) / 3));
        return (world, [.. targets]);
    }

    private static void Sicken(EtcdWorld world, EtcdNode node, int illness, Random random)
    {
        switch (illness)
        {
            case 0:
                node.Silence = new EtcdFailure(Silences[random.Next(Silences.Length)], "ill");
                break;
            case 1:
                node.Reads = false;
                break;
            case 2:
                node.Leader = 0;
                break;
            case 3:
                (node.Leader, node.Term) = (world[random.Next(world.Nodes.Count)].Id, (ulong)random.Next(1, 4));
                break;
            case 4:
                (node.Commit, node.Applied) = (5000, (ulong)random.Next(3000, 5000));
                break;
            case 5:
                node.IsLearner = true;
                break;
            case 6:
                node.IsStarted = false;
                break;
            case 7:
                node.AnswersAs = world[random.Next(world.Nodes.Count)].Id + (ulong)random.Next(2);
                break;
            case 8:
                node.Cluster = 0xbad;
                break;
            case 9:
                node.Version = random.Next(2) == 0 ? "3.3.1" : "3.6.0";
                break;
            case 10:
                // An alarm goes through Raft: whoever keeps up has it.
                var alarm = new EtcdAlarm(node.Id, random.Next(2) == 0 ? EtcdAlarm.NoSpace : EtcdAlarm.Corrupt);
                world.Nodes.ForEach(n => n.Alarms.Add(alarm));
                break;
            case 11:
                (node.ListsDifferently, node.Lists) = (random.Next(2) == 0, random.Next(2) == 0);
                break;
            case 12:
                (node.IsMissing, node.IsReady) = (true, false);
                break;
            default:
                node.IsTerminating = true;
                break;
        }
    }
}

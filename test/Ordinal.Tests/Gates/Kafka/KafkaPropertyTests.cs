using System.Collections.Immutable;
using System.Text.Json;
using CsCheck;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Gates.Kafka;

namespace Ordinal.Tests.Gates.Kafka;

/// <summary>What holds for every cluster, however sick.</summary>
public sealed class KafkaPropertyTests
{
    private static readonly KafkaFailure Lost = new(KafkaFailureKind.Timeout, "lost");

    private static readonly Gen<(KafkaWorld World, int[] Targets)> Worlds =
        from seed in Gen.Int
        from nodes in Gen.Int[1, 8]
        from illnesses in Gen.Int[0, 12].Array[0, 5]
        select Make(seed, nodes, illnesses);

    [Test]
    public void No_Allow_takes_a_last_in_sync_copy_or_leaves_a_partition_or_the_controllers_with_too_few() => Worlds.Sample(
        sample => sample.World.MayStop(sample.Targets).Verdict is not GateVerdict.Allow || (Broken(sample.World, sample.Targets) ?? "") == "", iter: 5_000);

    [Test]
    public void Every_batch_that_is_offered_is_safe_as_a_whole_and_allowed_as_a_whole() => Worlds.Sample(
        sample =>
        {
            var (world, targets) = sample;
            var answer = world.MayStop(targets);
            if (answer.Verdict is not GateVerdict.Allow)
            {
                return targets.All(t => !answer.Batch.Contains(world[t].Uid));
            }

            int[] batch = [.. answer.Batch.Select(uid => world.Nodes.First(n => n.Uid == uid).Id)];
            return targets.All(batch.Contains) && Broken(world, batch) is null && world.MayStop(batch).Verdict is GateVerdict.Allow;
        },
        iter: 3_000);

    [Test]
    public void Random_clusters_are_sometimes_allowed_and_sometimes_denied_and_batches_are_sometimes_large()
    {
        var verdicts = new int[4];
        var batches = 0;
        Worlds.Sample(
            sample =>
            {
                var answer = sample.World.MayStop(sample.Targets);
                Interlocked.Increment(ref verdicts[(int)answer.Verdict]);
                Interlocked.Add(ref batches, answer.Batch.Length > sample.Targets.Length ? 1 : 0);
            },
            iter: 1_000);
        Assert.That(verdicts[(int)GateVerdict.Allow], Is.GreaterThan(100), "else the other properties say nothing");
        Assert.That(verdicts[(int)GateVerdict.Deny], Is.GreaterThan(100));
        Assert.That(verdicts[(int)GateVerdict.Unknown], Is.GreaterThan(10));
        Assert.That(batches, Is.GreaterThan(10));
    }

    [Test]
    public void Losing_information_never_opens_the_gate() => Gen.Select(Worlds, Gen.Int[0, 11], Gen.Int[0, 1000]).Sample(
        (sample, what, which) =>
        {
            var (world, targets) = sample;
            var input = world.Input(GatePhase.BeforePod, targets);
            var known = world.Observe();
            return KafkaRule.Evaluate(input, known, world.Options).Verdict is GateVerdict.Allow
                || KafkaRule.Evaluate(input, Forget(known, what, which), world.Options).Verdict is not GateVerdict.Allow;
        },
        iter: 8_000);

    [Test]
    public void Losing_information_never_brings_a_broker_back() => Gen.Select(Worlds, Gen.Int[0, 11], Gen.Int[0, 1000]).Sample(
        (sample, what, which) =>
        {
            var (world, targets) = sample;
            if (targets.Length == 0)
            {
                return true;
            }

            world[targets[0]].Revision = "new";
            var input = world.Input(GatePhase.AfterPod, [targets[0]], "v1 cluster=cluster-1 out= off=");
            var known = world.Observe();
            return KafkaRule.Evaluate(input, known, world.Options).Verdict is GateVerdict.Allow
                || KafkaRule.Evaluate(input, Forget(known, what, which), world.Options).Verdict is not GateVerdict.Allow;
        },
        iter: 6_000);

    [Test]
    public void Knowing_who_may_lead_although_not_in_sync_never_opens_the_gate_and_not_knowing_it_neither() => Worlds.Sample(
        sample =>
        {
            var (world, targets) = sample;
            var input = world.Input(GatePhase.BeforePod, targets);
            var seen = world.Observe();
            var without = seen with { Snapshots = [.. seen.Snapshots.Select(s => s with { Eligible = [] })] };
            return (KafkaRule.Evaluate(input, seen, world.Options).Verdict is GateVerdict.Allow) == (KafkaRule.Evaluate(input, without, world.Options).Verdict is GateVerdict.Allow);
        },
        iter: 3_000);

    [Test]
    public void The_same_facts_give_the_same_answer_also_after_a_round_trip_through_JSON() => Worlds.Sample(
        sample =>
        {
            var (world, targets) = sample;
            var input = world.Input(GatePhase.BeforePod, targets);
            var observation = world.Observe();
            var replayed = JsonSerializer.Deserialize<KafkaObservation>(JsonSerializer.Serialize(observation))!;
            var one = KafkaRule.Evaluate(input, observation, world.Options);
            var other = KafkaRule.Evaluate(input, replayed, world.Options);
            return (one.Verdict, one.Reason, one.Message, one.Preparation, one.Baseline, one.Memo) == (other.Verdict, other.Reason, other.Message, other.Preparation, other.Baseline, other.Memo)
                && one.Warnings.SequenceEqual(other.Warnings) && one.Facts.SequenceEqual(other.Facts) && one.Batch.SequenceEqual(other.Batch) && one.Facts.Length <= 10;
        },
        iter: 500);

    /// <summary>Counts with no help from the rule. Null: nothing would break.</summary>
    private static string? Broken(KafkaWorld world, int[] targets)
    {
        var stopping = targets.Concat(world.Nodes.Where(n => n is { IsTerminating: true, IsMissing: false }).Select(n => n.Id)).ToHashSet();
        var staying = world.Nodes.Where(n => n is { IsListed: true, IsFenced: false, IsMissing: false, Silence: null, IsBroker: true } && !stopping.Contains(n.Id)).Select(n => n.Id).ToHashSet();
        var leaving = world.Nodes.Where(n => n is { IsListed: true, IsFenced: false, IsBroker: true } && stopping.Contains(n.Id)).Select(n => n.Id).ToHashSet();
        foreach (var p in world.Parts)
        {
            var other = p.OtherIsr ?? p.Isr;
            var left = p.Isr.Count(id => other.Contains(id) && staying.Contains(id));
            var taken = p.Isr.Union(other).Count(leaving.Contains);
            var min = Math.Min(world.Configs[p.Topic].MinIsr!.Value, p.Replicas.Count);
            var mayLose = p.Replicas.Count == 1
                ? world.Options.SingleReplicaTopics is KafkaTopicPolicy.Allow
                : min == p.Replicas.Count && left + taken == p.Replicas.Count && taken == 1 && world.Options.FullIsrTopics is KafkaTopicPolicy.Allow;
            if (taken > 0 && left == 0 && p.Replicas.Count > 1)
            {
                return $"{p}: the last copy";
            }

            if (taken > 0 && left < min && !mayLose && world.Options.Guarantee is not KafkaGuarantee.ReadyForRequests)
            {
                return $"{p}: {left} left of {min}";
            }
        }

        var voters = world.Nodes.Where(n => n.IsVoter).ToList();
        var all = voters.Count + world.DeadVoters.Count;
        var able = voters.Count(n => !stopping.Contains(n.Id) && (n.Id == world.Controller || (n.CaughtUpAgo is >= 0 and < 2000 && n.Lag <= 1000)));
        return all > 2 && voters.Exists(n => stopping.Contains(n.Id)) && able < (all / 2) + 1 ? $"{able} controllers left of {all}" : null;
    }

    private static KafkaObservation Forget(KafkaObservation seen, int what, int which)
    {
        KafkaObservation Member(Func<KafkaMemberObservation, KafkaMemberObservation> change) => seen.Members.IsEmpty
            ? seen
            : seen with { Members = seen.Members.SetItem(which % seen.Members.Length, change(seen.Members[which % seen.Members.Length])) };

        return what switch
        {
            0 => Member(m => m with { Failure = Lost, LogDirs = null, LogDirsFailure = Lost }),
            1 => Member(m => m with { LogDirs = null, LogDirsFailure = Lost }),
            2 when !seen.Members.IsEmpty => seen with { Members = seen.Members.RemoveAt(which % seen.Members.Length) },
            3 when !seen.Snapshots.IsEmpty => seen with { Snapshots = seen.Snapshots.RemoveAt(which % seen.Snapshots.Length), SnapshotFailures = [Lost] },
            4 when !seen.Configs.IsEmpty => seen with { Configs = seen.Configs.Remove(seen.Configs.Keys.Order().ElementAt(which % seen.Configs.Count)) },
            5 when !seen.Quorums.IsEmpty => seen with { Quorums = seen.Quorums.RemoveAt(which % seen.Quorums.Length), QuorumFailure = Lost },
            6 => seen with { AuthorizedOperations = null },
            7 => seen with { BootstrapFailures = [Lost] },
            8 when !seen.Metrics.IsEmpty => seen with { Metrics = seen.Metrics.SetItem(which % seen.Metrics.Length, new KafkaMetrics { Id = seen.Metrics[which % seen.Metrics.Length].Id, Failure = Lost }) },
            9 when !seen.Metrics.IsEmpty => seen with { Metrics = [] },
            10 when !seen.Snapshots.IsEmpty => Hide(seen, which, [which % seen.Snapshots.Length]),
            _ => Hide(seen, which, [.. Enumerable.Range(0, seen.Snapshots.Length)]),
        };
    }

    /// <summary>Takes one topic out of the lists of these brokers: a disk that was told about still has it.</summary>
    private static KafkaObservation Hide(KafkaObservation seen, int which, int[] where)
    {
        var onDisks = seen.Members.SelectMany(m => m.LogDirs ?? []).SelectMany(d => d.Topics).Select(t => t.Name).Distinct().Order().ToList();
        if (onDisks.Count == 0)
        {
            return seen;
        }

        var hidden = onDisks[which % onDisks.Count];
        return seen with { Snapshots = [.. seen.Snapshots.Select((s, i) => where.Contains(i) ? s with { Topics = [.. s.Topics.Where(t => t.Name != hidden)] } : s)] };
    }

    private static (KafkaWorld World, int[] Targets) Make(int seed, int nodes, int[] illnesses)
    {
        var random = new Random(seed);
        var world = KafkaWorld.Of(nodes, voters: random.Next(3) == 0 ? 0 : Math.Min(nodes, 1 + (2 * random.Next(3))), isKraft: true);
        world.IsKraft = world.Nodes.Exists(n => n.IsVoter);
        for (var t = random.Next(1, 4); t > 0; t--)
        {
            var replicas = random.Next(1, Math.Min(nodes, 5) + 1);
            world.Nodes.ForEach(n => n.Rack = nodes > 4 ? $"rack-{n.Id % 3}" : null);
            world.Topic($"t{t}", random.Next(1, 4), [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Enumerable.Range(0, nodes).OrderBy(_ => random.Next()).Take(replicas).ToArray())]);
        }

        world.With(o => o with
        {
            Guarantee = (KafkaGuarantee)random.Next(3),
            FullIsrTopics = (KafkaTopicPolicy)random.Next(2),
            SingleReplicaTopics = (KafkaTopicPolicy)random.Next(2),
            MinIsrHeadroom = random.Next(4) / 3,
            MetricsPort = random.Next(3) == 0 ? 9404 : 0,
        });
        foreach (var illness in illnesses)
        {
            Sicken(world, world.Nodes[random.Next(nodes)], illness, random);
        }

        var targets = world.Nodes.Where(n => !n.IsMissing).Select(n => n.Id).OrderBy(_ => random.Next()).Take(1 + (random.Next(4) / 3));
        return (world, [.. targets]);
    }

    private static void Sicken(KafkaWorld world, Node node, int illness, Random random)
    {
        var part = world.Parts[random.Next(world.Parts.Count)];
        switch (illness)
        {
            case 0:
                node.Crash();
                break;
            case 1:
                node.Die();
                world.Parts.ForEach(p => p.Isr = p.Isr.Count > 1 ? [.. p.Isr.Where(id => id != node.Id)] : p.Isr);
                break;
            case 2:
                part.Isr = [.. part.Isr.Take(random.Next(part.Isr.Count + 1))];
                part.Leader = part.Isr.Count == 0 ? -1 : part.Isr[0];
                part.Eligible = random.Next(2) == 0 ? null : [.. part.Replicas.Except(part.Isr).Where(_ => random.Next(2) == 0)];
                part.LastEligible = random.Next(2) == 0 ? [] : [part.Replicas[0]];
                break;
            case 3:
                part.OtherIsr = [.. part.Replicas.OrderBy(_ => random.Next()).Take(random.Next(part.Replicas.Count + 1))];
                break;
            case 4:
                node.CaughtUpAgo = random.Next(5) == 0 ? -1 : random.Next(4000);
                break;
            case 5:
                node.Lag = random.Next(2000);
                break;
            case 6:
                node.IsTerminating = true;
                break;
            case 7:
                (node.IsMissing, node.IsReady) = (true, false);
                break;
            case 8:
                (node.IsReady, node.BrokerState) = (false, random.Next(4));
                break;
            case 9 when world.IsKraft:
                world.DeadVoters.Add(100 + random.Next(5));
                break;
            case 10:
                world.OtherEpoch = random.Next(6, 9);
                break;
            case 11:
                world.Moving.Add(new KafkaReassignment { Topic = part.Topic, Partition = part.Index, Replicas = [.. part.Replicas], Adding = [node.Id], Removing = [] });
                break;
            default:
                node.LogDirError = 56;
                break;
        }
    }
}

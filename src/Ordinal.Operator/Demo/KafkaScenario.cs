using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Workloads.Kafka;
using Ordinal.Operator.Demo.Judging;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Demo;

/// <summary>
/// Rolls a simulated Kafka: its pods are simulated, its brokers speak Kafka's protocol on the pods' addresses, and the operator sees no more of
/// it than of a real one. The witness looks at the truth inside: who is in sync, who leads, and what became of the producers' records.
/// </summary>
internal static class KafkaScenario
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RolloutLimit = TimeSpan.FromSeconds(240);

    /// <returns>The proof's text, and whether it passed.</returns>
    public static async Task<DemoVerdict> RunAsync(DemoRun run, CancellationToken cancellationToken)
    {
        var (name, replicas) = (run.Manifest.SetName, run.Manifest.Replicas);
        var change = TemplateChange.OfImage(run.Manifest);
        await run.ApplyAsync(cancellationToken);
        await run.UntilAtRestAsync(cancellationToken);
        if (run.Cluster.Embedded.Ensembles.Find(new ObjectKey("default", name)) is not KafkaCluster cluster)
        {
            throw new DemoFailedException($"StatefulSet {name}: its pods are no members of a Kafka ensemble; annotate the template with sim.ordinal.dev/ensemble: kafka.", DemoFailedException.Usage);
        }

        var witness = new KafkaWitness();
        var start = run.Time.GetTimestamp();
        TimeSpan Now() => run.Time.GetElapsedTime(start);
        KafkaLag? lag = null;
        cluster.Looked = look =>
        {
            var at = Now();
            witness.See(
                at,
                look.Serving,
                look.Controller,
                [.. look.Partitions.Select(p => new PartitionSeen(p.Name, p.Replicas.Length, p.InSync.Length, p.Needed, p.HasLeader))],
                broker => look.Partitions.All(p => !p.Replicas.Contains(broker) || p.InSync.Contains(broker)),
                new RecordsSeen(look.Acknowledged, look.Refused, look.Unanswered, look.Lost));
            Volatile.Read(ref lag)?.Look(look, at);
        };
        try
        {
            string? Leader() => cluster.Ensemble.Controller is >= 0 and var leader ? $"{name}-{leader}" : null;
            await run.WatchAsync(
                "producers begin to write", StartLimit, Leader, _ => ValueTask.FromResult(witness.Record().Records.Acknowledged > 0 && Leader() is not null && cluster.Look().Serving.Length == replicas), cancellationToken);
            run.Screen.Say($"{Leader()} leads the quorum of controllers: it must go last, wherever it stands in the order of ordinals");
            run.Screen.Say($"changing the template: {change.OldWord} becomes {change.NewWord}");
            var changed = Now();
            Volatile.Write(ref lag, new KafkaLag(cluster, witness, name, changed, run.Options.Hangs));
            await run.Cluster.Api.PatchAsync(run.SetPath, (System.Text.Json.Nodes.JsonArray)change.Patch.DeepClone(), cancellationToken);

            var holds = new HoldTracker();
            var (picture, isDone) = await run.WatchAsync(
                "producers write to every partition all the time",
                RolloutLimit,
                Leader,
                p =>
                {
                    var (reason, pod, message) = RolloutWords.Waiting(p);
                    holds.See(reason, pod, message, Now());
                    if (lag.See(p, Now()) is { } line)
                    {
                        run.Screen.Say(line);
                    }

                    return ValueTask.FromResult(RolloutWords.IsFinished(p));
                },
                cancellationToken);
            holds.See("", "", "", Now());
            var evidence = new KafkaEvidence
            {
                Seen = witness.Record(),
                SetName = name,
                Replicas = replicas,
                Changed = changed,
                Finished = isDone ? Now() : null,
                Pods = [.. picture.Pods.Select(p => new PodAtEnd(p.Name(), RolloutWords.RevisionOf(p), RolloutWords.IsReady(p)))],
                UpdateRevision = RolloutWords.UpdateRevision(picture),
                HasSucceeded = RolloutWords.HasSucceeded(picture),
                Outcome = RolloutWords.Outcome(picture),
                Holds = holds.Holds,
                IsLagDue = run.Options.Hangs,
                Lag = lag.Record,
            };
            var lines = KafkaProof.Judge(evidence);
            return new DemoVerdict(KafkaProof.Write(evidence, lines), lines.All(l => l.IsKept));
        }
        finally
        {
            cluster.Looked = null;
        }
    }
}

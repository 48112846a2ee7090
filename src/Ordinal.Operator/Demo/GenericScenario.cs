using Ordinal.Operator.Demo.Judging;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Demo;

/// <summary>Rolls simulated pods with the Partition driver, and proves order and budget from the API's own changes.</summary>
internal static class GenericScenario
{
    private static readonly TimeSpan RolloutLimit = TimeSpan.FromSeconds(90);

    /// <returns>The proof's text, and whether it passed.</returns>
    public static async Task<DemoVerdict> RunAsync(DemoRun run, CancellationToken cancellationToken)
    {
        var change = TemplateChange.OfImage(run.Manifest);
        await run.ApplyAsync(cancellationToken);
        await run.UntilAtRestAsync(cancellationToken);

        var witness = new PartitionWitness(run.Cluster.Api, run.Manifest.SetName, run.Manifest.Replicas);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var witnessing = witness.RunAsync(end.Token);
        try
        {
            await run.WatchAsync("the witness begins to look", TimeSpan.FromSeconds(10), () => null, _ => ValueTask.FromResult(witness.IsReady), cancellationToken);
            run.Screen.Say($"changing the template: {change.OldWord} becomes {change.NewWord}");
            var start = run.Time.GetTimestamp();
            await run.Cluster.Api.PatchAsync(run.SetPath, (System.Text.Json.Nodes.JsonArray)change.Patch.DeepClone(), cancellationToken);
            var (picture, _) = await run.WatchAsync(
                "five simulated pods, driver Partition", RolloutLimit, () => null, p => ValueTask.FromResult(RolloutWords.IsFinished(p) || witnessing.IsCompleted), cancellationToken);
            var inAll = run.Time.GetElapsedTime(start);
            await end.CancelAsync();
            await witnessing;
            var lines = PartitionProof.Judge(
                witness.Record(),
                run.Manifest.SetName,
                run.Manifest.Replicas,
                [.. picture.Pods.Select(p => new PodAtEnd(p.Name(), RolloutWords.RevisionOf(p), RolloutWords.IsReady(p)))],
                RolloutWords.UpdateRevision(picture),
                RolloutWords.HasSucceeded(picture),
                RolloutWords.Outcome(picture));
            return new DemoVerdict(PartitionProof.Write(lines, inAll), lines.All(l => l.IsKept));
        }
        finally
        {
            await end.CancelAsync();
            await witnessing;
        }
    }
}

using Ordinal.Operator.Demo.Judging;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Demo;

/// <summary>
/// The part of a scenario that is the same for every ensemble: a client writes and an observer looks all the time; the template changes; a
/// member hangs in the middle; then the proof.
/// </summary>
internal static class EnsembleRun
{
    /// <summary>Generous: on a busy machine a Java server takes half a minute to start.</summary>
    private static readonly TimeSpan RolloutLimit = TimeSpan.FromSeconds(180);

    /// <summary>After the end: the observer can judge a moment only one second later.</summary>
    private static readonly TimeSpan Epilogue = TimeSpan.FromSeconds(1.5);

    /// <summary>Rolls.</summary>
    /// <param name="run">The cluster at rest.</param>
    /// <param name="change">The change of the template.</param>
    /// <param name="members">The ensemble's members, by ascending ordinal.</param>
    /// <param name="elections">What elections the rollout may cost; null for a system that hands leadership over without one.</param>
    /// <param name="cancellationToken">The user's Ctrl-C.</param>
    public static async Task<Proof> RunAsync(DemoRun run, TemplateChange change, IReadOnlyList<IMember> members, ElectionAllowance? elections, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var client = new WriteClient(members, new WriteClientOptions(), run.Time);
        var observer = new IndependentObserver(members, run.Time);
        var witnesses = Task.WhenAll(client.RunAsync(end.Token), observer.RunAsync(end.Token));
        var hang = new Hang(observer, run.Manifest.Replicas, run.Options.Hangs);
        try
        {
            string? Leader() => Leadership.Judge(observer.Record().Claims) is [.., var last] ? members[last.Leader].Name : null;
            await run.WatchAsync(
                "the client begins to write",
                TimeSpan.FromSeconds(20),
                Leader,
                _ => ValueTask.FromResult(client.Summarize().Acknowledged >= 50 && Leader() is not null),
                cancellationToken);

            run.Screen.Say($"changing the template: {change.OldWord} becomes {change.NewWord}");
            var changed = observer.Now;
            await run.Cluster.Api.PatchAsync(run.SetPath, (System.Text.Json.Nodes.JsonArray)change.Patch.DeepClone(), cancellationToken);

            var holds = new HoldTracker();
            var (picture, isDone) = await run.WatchAsync(
                "a client writes through all members all the time",
                RolloutLimit,
                Leader,
                p =>
                {
                    var (reason, pod, message) = RolloutWords.Waiting(p);
                    holds.See(reason, pod, message, observer.Now);
                    if (hang.See(p, changed) is { } line)
                    {
                        run.Screen.Say(line);
                    }

                    return ValueTask.FromResult(RolloutWords.IsFinished(p));
                },
                cancellationToken);
            TimeSpan? finished = isDone ? observer.Now : null;
            holds.See("", "", "", observer.Now);
            hang.Continue();

            await Task.Delay(Epilogue, run.Time, cancellationToken);
            await end.CancelAsync();
            await witnesses;
            return Proof.Of(new Evidence
            {
                Seen = observer.Record(),
                End = observer.Now,
                Changed = changed,
                Finished = finished,
                Outcome = RolloutWords.Outcome(picture),
                HasSucceeded = RolloutWords.HasSucceeded(picture),
                NewWord = change.NewWord,
                UpdateRevision = RolloutWords.UpdateRevision(picture),
                Pods = [.. picture.Pods.Select(p => new PodAtEnd(p.Name(), RolloutWords.RevisionOf(p), RolloutWords.IsReady(p)))],
                Writes = client.Summarize(),
                ReadBack = await ReadBackAsync(client, cancellationToken),
                Elections = elections,
                Holds = holds.Holds,
                Hang = hang.Record,
                IsHangDue = run.Options.Hangs,
            });
        }
        finally
        {
            // Also on the way out by Ctrl-C: a stopped process would not even hear that it should end.
            hang.Continue();
            await end.CancelAsync();
            await witnesses;
        }
    }

    private static async Task<ReadBack?> ReadBackAsync(WriteClient client, CancellationToken cancellationToken)
    {
        try
        {
            return await client.ReadBackAsync(cancellationToken);
        }
        catch (HttpRequestException)
        {
            // Nobody answers: the proof says so, and fails.
            return null;
        }
    }
}

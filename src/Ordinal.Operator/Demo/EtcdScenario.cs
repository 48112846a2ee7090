using System.Collections.Immutable;
using Ordinal.Operator.Demo.Judging;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Demo;

/// <summary>
/// Rolls a real etcd: leadership goes to the highest ordinal first, so that "leader last" is not what happens anyway; a client writes
/// and an observer looks all the time; the template changes; a member hangs in the middle; then the proof.
/// </summary>
internal static class EtcdScenario
{
    private static readonly TimeSpan RolloutLimit = TimeSpan.FromSeconds(100);

    /// <summary>After the end: the observer can judge a moment only one second later.</summary>
    private static readonly TimeSpan Epilogue = TimeSpan.FromSeconds(1.5);

    public static async Task<Proof> RunAsync(DemoRun run, CancellationToken cancellationToken)
    {
        var change = TemplateChange.OfEtcd(run.Manifest);
        await run.ApplyAsync(cancellationToken);
        await run.UntilAtRestAsync(cancellationToken);

        var members = await MembersAsync(run, cancellationToken);
        try
        {
            return await RunAsync(run, change, members, cancellationToken);
        }
        finally
        {
            foreach (var member in members)
            {
                member.Dispose();
            }
        }
    }

    private static async Task<Proof> RunAsync(DemoRun run, TemplateChange change, ImmutableArray<MemberClient> members, CancellationToken cancellationToken)
    {
        await LeadByHighestAsync(members, run, cancellationToken);
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

    /// <summary>Finds the members by their pods' addresses.</summary>
    private static async Task<ImmutableArray<MemberClient>> MembersAsync(DemoRun run, CancellationToken cancellationToken)
    {
        var picture = await run.Pictures.TakeAsync(null, cancellationToken);
        return [.. picture.Pods.OrderBy(p => p.Name(), StringComparer.Ordinal).Select(p => new MemberClient(p.Name(), new Uri($"http://{p.Text("status", "podIP")}:2379")))];
    }

    private static async Task LeadByHighestAsync(ImmutableArray<MemberClient> members, DemoRun run, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(15));
        var highest = members[^1];
        while (true)
        {
            try
            {
                var wanted = await highest.StatusAsync(deadline.Token);
                if (wanted.LeaderId == wanted.MemberId)
                {
                    run.Screen.Say($"{highest.Name} leads: the highest ordinal, which plain order would take first");
                    return;
                }

                foreach (var member in members)
                {
                    if ((await member.StatusAsync(deadline.Token)).MemberId == wanted.LeaderId)
                    {
                        await member.MoveLeaderAsync(wanted.MemberId, deadline.Token);
                    }
                }
            }
            catch (HttpRequestException)
            {
                // An election is under way; ask again.
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new DemoFailedException($"leadership could not be moved to {highest.Name} within 15 s; look at the members' logs with kubectl logs.", DemoFailedException.Failed);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), run.Time, cancellationToken);
        }
    }
}

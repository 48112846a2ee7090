using System.Collections.Immutable;
using System.Net;
using Ordinal.Operator.Demo.Judging;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Demo;

/// <summary>
/// Rolls a real ZooKeeper. Leadership cannot be handed over there, so whoever leads goes last and the rollout costs one election; the proof
/// counts them. A client writes and an observer looks all the time; the template changes; a member hangs in the middle.
/// </summary>
internal static class ZooKeeperScenario
{
    private const int ClientPort = 2181;
    private static readonly TimeSpan ElectionLimit = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Two times tickTime x syncLimit of the sample. A leader that stops closes its connections, so that the others vote at once and are done
    /// in about a second; after this long without one, something else is wrong.
    /// </summary>
    private static readonly TimeSpan LongestElection = TimeSpan.FromSeconds(10);

    public static async Task<Proof> RunAsync(DemoRun run, CancellationToken cancellationToken)
    {
        var change = TemplateChange.OfZooKeeper(run.Manifest);
        await run.ApplyAsync(cancellationToken);
        await run.UntilAtRestAsync(cancellationToken);

        var picture = await run.Pictures.TakeAsync(null, cancellationToken);
        ImmutableArray<ZooKeeperMember> members =
        [
            .. picture.Pods.OrderBy(p => p.Name(), StringComparer.Ordinal).Select((p, i) => new ZooKeeperMember(
                p.Name(), (ulong)i + 1, new IPEndPoint(IPAddress.Parse(p.Text("status", "podIP")), ClientPort), $"-Dordinal.member={p.Text("status", "podIP")}")),
        ];
        try
        {
            run.Screen.Say($"{await LeaderAsync(run, members, cancellationToken)} leads: it must go last, wherever it stands in the order of ordinals");
            return await EnsembleRun.RunAsync(run, change, members, new ElectionAllowance(Most: 1, LongestElection), cancellationToken);
        }
        finally
        {
            foreach (var member in members)
            {
                member.Dispose();
            }
        }
    }

    /// <summary>Ready by TCP is not in a quorum: waits until every server serves and one leads.</summary>
    private static async Task<string> LeaderAsync(DemoRun run, ImmutableArray<ZooKeeperMember> members, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(ElectionLimit);
        while (true)
        {
            try
            {
                var statuses = await Task.WhenAll(members.Select(m => m.StatusAsync(deadline.Token)));
                if (statuses.Count(s => s.LeaderId == s.MemberId) == 1)
                {
                    return members[Array.FindIndex(statuses, s => s.LeaderId == s.MemberId)].Name;
                }
            }
            catch (HttpRequestException)
            {
                // One of them does not serve yet.
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new DemoFailedException($"the servers did not elect a leader within {ElectionLimit.TotalSeconds:0} s; look at their logs with kubectl logs.", DemoFailedException.Failed);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), run.Time, cancellationToken);
        }
    }
}

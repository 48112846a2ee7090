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
        return await EnsembleRun.RunAsync(run, change, members, elections: null, cancellationToken);
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

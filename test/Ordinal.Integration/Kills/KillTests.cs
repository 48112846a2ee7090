using System.Globalization;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Integration.Kills;

/// <summary>
/// <c>kill -9</c> of the operator after its API writes, while it rolls three real etcd servers: the rollout always ends, never are two members down,
/// and no acknowledged write is lost. <c>make test</c> plays one rollout whose operator dies after every write, of whatever kind;
/// <c>make soak</c> (ORDINAL_SOAK=1) also one rollout for each write, killed once, before the answer and after it.
/// </summary>
[TestFixtureSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
[NonParallelizable]
public sealed class KillTests(ClusterKind kind)
{
    private static readonly bool IsSoak = Environment.GetEnvironmentVariable("ORDINAL_SOAK") == "1";

    /// <summary>Far more than one rollout takes on a quiet machine (a minute and a half when its operator is killed at each write), and less than hangs are ended after.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(7);

    /// <summary>More than a rollout has writes, by far: an operator that makes no headway would go on for ever.</summary>
    private const int MostWrites = 150;

    private const string EachWrite = "after each write";

    [TestCaseSource(nameof(Cases))]
    public Task An_operator_that_is_killed_rolls_etcd_all_the_same_and_nothing_is_lost(string when) =>
        when == EachWrite ? DieAfterEachWriteAsync() : DieOnceAsync(Enum.Parse<KillTime>(when));

    public static IEnumerable<string> Cases() => IsSoak ? [EachWrite, nameof(KillTime.BeforeTheAnswer), nameof(KillTime.AtTheNextRequest)] : [EachWrite];

    private async Task DieAfterEachWriteAsync()
    {
        using var deadline = new CancellationTokenSource(Limit, TimeProvider.System);
        await using var etcd = await EtcdUnderKills.StartAsync(kind, deadline.Token);
        var kills = await RollAsync(etcd, 9001, number => number > MostWrites ? null : number % 2 == 0 ? KillTime.AtTheNextRequest : KillTime.BeforeTheAnswer, deadline.Token);
        TestContext.Progress.WriteLine($"{kills.Count} operators killed, after {string.Join(", ", kills)}");

        // Three pods, each with an intent and an eviction, and a claim before and a status after them: fewer kills would mean that nobody was.
        Assert.That(kills, Has.Count.InRange(8, MostWrites), string.Join('\n', kills));
        Assert.That(kills.Count(kill => kill.EndsWith("/eviction", StringComparison.Ordinal)), Is.EqualTo(3), "each member was stopped once, and its operator died of it");
    }

    private async Task DieOnceAsync(KillTime time)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromHours(2), TimeProvider.System);
        await using var etcd = await EtcdUnderKills.StartAsync(kind, deadline.Token);
        var hasKilled = true;
        for (var at = 1; hasKilled; at++)
        {
            var kills = await RollAsync(etcd, 9000 + at, number => number == at ? time : null, deadline.Token);
            hasKilled = kills.Count > 0;
            TestContext.Progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"killed after write {at}: {string.Join(", ", kills)}"));
            Assert.That(at, Is.LessThan(MostWrites));
        }
    }

    /// <summary>Rolls once under a client that writes and an observer that looks, and judges.</summary>
    internal static async Task<IReadOnlyList<string>> RollAsync(EtcdUnderKills etcd, int count, Func<int, KillTime?> decide, CancellationToken deadline, string? program = null, string? image = null)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(deadline);
        var client = new WriteClient(etcd.Members, new WriteClientOptions { Prefix = string.Create(CultureInfo.InvariantCulture, $"/kills-{count}/") }, TimeProvider.System);
        var observer = new IndependentObserver(etcd.Members, TimeProvider.System);
        var witnesses = Task.WhenAll(client.RunAsync(end.Token), observer.RunAsync(end.Token));
        IReadOnlyList<string> kills;
        try
        {
            while (client.Summarize().Acknowledged < 20)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, deadline);
            }

            etcd.Killer.Clear();
            etcd.Killer.Decide = decide;
            await etcd.ChangeTemplateAsync(count, deadline, program, image);
            await etcd.UntilRolledAsync(count, deadline);
            etcd.Killer.Decide = null;
            kills = [.. etcd.Killer.Kills];

            // The observer can judge a moment only once its answers have had their second.
            var rolled = observer.Now;
            while (observer.Now < rolled + Availability.Limit + Availability.Limit)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, deadline);
            }
        }
        catch (OperationCanceledException)
        {
            throw new AssertionException($"the rollout did not end in time\n{await etcd.DescribeAsync()}");
        }
        finally
        {
            etcd.Killer.Decide = null;
            await end.CancelAsync();
            await witnesses;
        }

        var (most, looks) = StoppedMembers.Judge(observer.Record());
        Assert.That(looks, Is.GreaterThan(10));
        Assert.That(most, Is.EqualTo(1), $"down: {string.Join(", ", Availability.Judge(observer.Record(), observer.Now).Downs)}");
        var back = await client.ReadBackAsync(deadline);
        Assert.That(back.Lost, Is.Empty);
        Assert.That(back.Checked, Is.EqualTo(client.Summarize().Acknowledged).And.GreaterThanOrEqualTo(20));
        return kills;
    }
}

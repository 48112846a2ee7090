using System.Globalization;
using NUnit.Framework;

namespace Ordinal.Simulation.Operating;

/// <summary>
/// The whole operator on virtual time, against faults and deaths, one scenario a seed. ORDINAL_SIM_SEEDS is the number of seeds (200),
/// ORDINAL_SIM_SEED replays one with its whole trace.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.Children)]
public sealed class SimulationTests
{
    private const int Batches = 20;

    private static readonly int Seeds = Number("ORDINAL_SIM_SEEDS") ?? 200;

    [TestCaseSource(nameof(AllBatches))]
    public void No_rule_is_broken_and_everything_comes_to_rest(int first, int count)
    {
        long started = TimeProvider.System.GetTimestamp();
        List<string> failures = [];
        foreach (int seed in Number("ORDINAL_SIM_SEED") is { } one ? [one] : Enumerable.Range(first, count))
        {
            if (Play(seed, Number("ORDINAL_SIM_SEED") is not null) is { } failure)
            {
                failures.Add(failure);
            }
        }

        double seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        TestContext.Progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seeds {first} to {first + count - 1}: {count / seconds:0.0} seeds/s"));
        if (failures.Count > 0)
        {
            Assert.Fail($"{failures.Count} of {count} seeds failed\n{string.Join("\n\n", failures)}");
        }
    }

    [Test]
    public void The_same_seed_gives_the_same_trace([Values(3, 17, 101)] int seed) => Assert.That(TraceOf(seed), Is.EqualTo(TraceOf(seed)));

    [Test]
    public void Different_seeds_give_different_traces() => Assert.That(TraceOf(1), Is.Not.EqualTo(TraceOf(2)));

    public static IEnumerable<TestCaseData> AllBatches() => Number("ORDINAL_SIM_SEED") is not null
        ? [new TestCaseData(0, 1)]
        : Enumerable.Range(0, Batches)
            .Select(batch => (First: batch * Seeds / Batches, Next: (batch + 1) * Seeds / Batches))
            .Where(batch => batch.Next > batch.First)
            .Select(batch => new TestCaseData(batch.First + 1, batch.Next - batch.First));

    /// <summary>Plays one seed; returns how it failed, null when it did not.</summary>
    internal static string? Play(int seed, bool shows = false)
    {
        using Scenario scenario = new(seed);
        try
        {
            scenario.Run();
            return null;
        }
        catch (Exception failure) when (failure is BrokenRuleException or InvalidOperationException or TimeoutException)
        {
            return failure.Message;
        }
        finally
        {
            if (shows)
            {
                TestContext.Out.WriteLine(scenario.Stage.Trace.Tail(int.MaxValue));
            }
        }
    }

    private static IReadOnlyList<string> TraceOf(int seed)
    {
        using Scenario scenario = new(seed);
        scenario.Run();
        return scenario.Stage.Trace.Lines;
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}

using System.Globalization;
using NUnit.Framework;

namespace Ordinal.Simulation.Operating;

/// <summary>
/// The whole operator on virtual time, against faults and deaths, one scenario a seed. ORDINAL_SIM_SEEDS is the number of seeds (2,000),
/// ORDINAL_SIM_FIRST the first of them (1), ORDINAL_SIM_SEED replays one with its whole trace, ORDINAL_SIM_HISTORIES names a file for a line a
/// seed: see <see cref="History"/>. A seed is one thread and shares nothing with
/// another, so there are as many at a time as there are cores.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.Children)]
public sealed class SimulationTests
{
    private const int BatchSize = 25;

    private static readonly int Seeds = Number("ORDINAL_SIM_SEEDS") ?? 2000;
    private static int played;
    private Environment.ProcessCpuUsage before;

    [OneTimeSetUp]
    public void Begin() => before = Environment.CpuUsage;

    /// <summary>Says how fast it was, in seconds of processor time: those of a clock tell more of what else the machine did.</summary>
    [OneTimeTearDown]
    public void Sum()
    {
        TimeSpan user = Environment.CpuUsage.UserTime - before.UserTime;
        TimeSpan total = Environment.CpuUsage.TotalTime - before.TotalTime;
        TestContext.Progress.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{played} seeds in {total.TotalSeconds:0} s of processor time, {user.TotalSeconds:0} s of it user: {played / user.TotalSeconds:0.00} seeds a core and second of user time; {GC.GetTotalAllocatedBytes() >> 20} MiB allocated, {GC.CollectionCount(0)} collections in {GC.GetTotalPauseDuration().TotalSeconds:0.0} s"));
    }

    [TestCaseSource(nameof(AllBatches))]
    public void No_rule_is_broken_and_everything_comes_to_rest(int first, int count)
    {
        List<string> failures = [];
        foreach (int seed in Number("ORDINAL_SIM_SEED") is { } one ? [one] : Enumerable.Range(first, count))
        {
            if (Play(seed, Number("ORDINAL_SIM_SEED") is not null) is { } failure)
            {
                failures.Add(failure);
            }

            Interlocked.Increment(ref played);
        }

        if (failures.Count > 0)
        {
            Assert.Fail($"{failures.Count} of {count} seeds failed\n{string.Join("\n\n", failures)}");
        }
    }

    [Test]
    public void The_same_seed_gives_the_same_trace([Values(3, 17, 101)] int seed) => Assert.That(TraceOf(seed), Is.EqualTo(TraceOf(seed)));

    [Test]
    public void Different_seeds_give_different_traces() => Assert.That(TraceOf(1), Is.Not.EqualTo(TraceOf(2)));

    public static IEnumerable<TestCaseData> AllBatches()
    {
        if (Number("ORDINAL_SIM_SEED") is not null)
        {
            return [new TestCaseData(0, 1)];
        }

        int first = Number("ORDINAL_SIM_FIRST") ?? 1;
        return Enumerable.Range(first, Seeds).Chunk(BatchSize).Select(batch => new TestCaseData(batch[0], batch.Length));
    }

    /// <summary>Plays one seed; returns how it failed, null when it did not.</summary>
    internal static string? Play(int seed, bool shows = false, bool? hasLongStorm = null)
    {
        using Scenario scenario = new(seed, hasLongStorm: hasLongStorm);
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
            History.Note(scenario.Stage);
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

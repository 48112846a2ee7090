using NUnit.Framework;
using Ordinal.Simulation.Operating;

namespace Ordinal.Simulation.Planted;

/// <summary>
/// The judge is worth what it finds: a bug is put into the operator's way, and the judge must name it. Whatever the seeds draw, a
/// sound operator passes the same scenarios: they are part of what <see cref="SimulationTests"/> plays.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.Children)]
public sealed class PlantedBugTests
{
    private const int MostSeeds = 4;

    [TestCaseSource(nameof(All))]
    public void A_planted_bug_is_found(string name)
    {
        PlantedBug bug = PlantedBugs.All.Single(each => each.Name == name);
        List<string> found = [];
        for (int seed = 1; seed <= MostSeeds; seed++)
        {
            using Scenario scenario = new(seed, bug);
            try
            {
                scenario.Run();
            }
            catch (BrokenRuleException broken)
            {
                found.Add(broken.Rule);
                if (broken.Rule.Contains(bug.Rule, StringComparison.Ordinal))
                {
                    TestContext.Progress.WriteLine($"found in seed {seed}: {name}: {broken.Rule.Split('\n')[0]}");
                    return;
                }
            }
        }

        Assert.Fail($"in {MostSeeds} seeds the judge found not \"{bug.Rule}\" but:\n{string.Join('\n', found)}");
    }

    public static IEnumerable<string> All() => PlantedBugs.All.Select(bug => bug.Name);
}

using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;

// Most of a test is waiting for a cluster; each has a namespace and a fixture object of its own.
[assembly: Parallelizable(ParallelScope.Children)]
[assembly: LevelOfParallelism(6)]
[assembly: FixtureLifeCycle(LifeCycle.InstancePerTestCase)]

namespace Ordinal.Conformance;

/// <summary>Ends the shared clusters after the last test and writes the table.</summary>
[SetUpFixture]
public sealed class SuiteSetUp
{
    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (Environment.GetEnvironmentVariable("ORDINAL_CONFORMANCE_TABLE") is { Length: > 0 } path)
        {
            await File.WriteAllTextAsync(path, ResultTable.Text());
        }

        await SharedClusters.StopAsync();
    }
}

using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.Simulation.Harness;

namespace Ordinal.Simulation;

[TestFixture]
public sealed class DeterminismTests
{
    [Test]
    public void The_same_seed_gives_the_same_trace_to_the_byte([Values(1, 2, 3)] int seed)
    {
        (IReadOnlyList<string> first, long firstSteps) = Roll(seed);
        (IReadOnlyList<string> second, long secondSteps) = Roll(seed);
        Assert.That(second, Is.EqualTo(first));
        Assert.That(secondSteps, Is.EqualTo(firstSteps));
    }

    [Test]
    public void Different_seeds_give_different_interleavings()
    {
        Assert.That(Enumerable.Range(1, 5).Select(seed => Roll(seed).Steps).Distinct().Count(), Is.GreaterThan(1));
    }

    private static (IReadOnlyList<string> Trace, long Steps) Roll(int seed)
    {
        SimulatedCluster cluster = new(seed);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { HasClaims = true, IsParallel = true, Replicas = 5 }.Build());
        cluster.WaitForRollout();
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.WaitForRollout();
        cluster.Settle();
        cluster.World.Run(() => cluster.Cluster.StopAsync(), TimeSpan.FromMinutes(1));
        return (cluster.Trace, cluster.World.Steps);
    }
}

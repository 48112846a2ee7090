using NUnit.Framework;

namespace Ordinal.Simulation.Operating;

[TestFixture]
public sealed class ClusterSizesTests
{
    [Test]
    public void Clusters_have_1_to_30_pods_in_1_to_5_sets_and_6_pods_in_the_middle()
    {
        List<int[]> clusters = [.. Enumerable.Range(1, 2000).Select(seed => ClusterSizes.Draw(new Random(seed)))];
        int[] pods = [.. clusters.Select(sets => sets.Sum()).Order()];
        Assert.That((pods[0], pods[1000], pods[^1]), Is.EqualTo((1, 6, 30)));
        Assert.That(clusters.Select(sets => sets.Length).Distinct().Order(), Is.EqualTo(new[] { 1, 2, 3, 4, 5 }));
        Assert.That(clusters.SelectMany(sets => sets), Is.All.GreaterThan(0));
    }
}

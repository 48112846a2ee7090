namespace Ordinal.Simulation.Operating;

/// <summary>
/// How large the clusters are: 1 to 30 pods in 1 to 5 StatefulSets, half of the clusters with at most 6 pods. Most clusters are small and some are
/// large, so the logarithm of the number of pods is spread normally around that of 6.
/// </summary>
internal static class ClusterSizes
{
    private const int Median = 6;
    private const int Most = 30;
    private const double Spread = 0.7;

    /// <summary>Draws the replicas of each set of one cluster.</summary>
    public static int[] Draw(Random random)
    {
        int pods = Math.Clamp((int)Math.Round(Median * Math.Exp(Spread * Normal(random))), 1, Most);
        int sets = Math.Min(pods, random.Next(20) switch { < 9 => 1, < 14 => 2, < 17 => 3, < 19 => 4, _ => 5 });
        int[] replicas = [.. Enumerable.Repeat(1, sets)];
        for (int more = pods - sets; more > 0; more--)
        {
            replicas[random.Next(sets)]++;
        }

        return replicas;
    }

    /// <summary>Draws a number that is spread normally around 0, by 1.</summary>
    public static double Normal(Random random) =>

        // Box and Muller: two evenly spread numbers make one that is spread normally.
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}

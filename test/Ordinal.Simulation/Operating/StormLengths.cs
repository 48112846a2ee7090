namespace Ordinal.Simulation.Operating;

/// <summary>
/// How long storms are: most are short and dense, some are long, like the clusters that they meet. Two of what makes a finding seldom need minutes between them,
/// and a seed costs by the virtual minute.
/// </summary>
internal static class StormLengths
{
    private const int Median = 45;
    private const int Least = 15;
    private const int Most = 400;
    private const double Spread = 0.7;

    /// <summary>Draws a length in seconds.</summary>
    public static int Draw(Random random) => Math.Clamp((int)Math.Round(Median * Math.Exp(Spread * ClusterSizes.Normal(random))), Least, Most);

    /// <summary>How many things may happen to one set beside a change of its template.</summary>
    public static int MostEvents(int length) => 1 + (length / 40);

    /// <summary>How many operators may die.</summary>
    public static int MostDeaths(int length) => Math.Min(3, 1 + (length / 80));
}

using System.Globalization;

namespace Ordinal.Benchmarks;

/// <summary>Times that were measured, and what they come to.</summary>
internal sealed class Samples
{
    private readonly List<TimeSpan> all = [];

    public int Count => all.Count;

    public void Add(TimeSpan time) => all.Add(time);

    /// <summary>Returns the time that this share of all samples did not exceed; the nearest rank.</summary>
    /// <exception cref="InvalidOperationException">Nothing was measured.</exception>
    public TimeSpan Percentile(double share)
    {
        if (all.Count == 0)
        {
            throw new InvalidOperationException("nothing was measured");
        }

        all.Sort();
        return all[Math.Clamp((int)Math.Ceiling(share * all.Count) - 1, 0, all.Count - 1)];
    }

    /// <summary>Makes the figure of one percentile.</summary>
    public Figure Figure(string name, double share, TimeSpan target)
    {
        var measured = Percentile(share);
        return new Figure(
            string.Create(CultureInfo.InvariantCulture, $"{name}, p{share * 100:0}"),
            string.Create(CultureInfo.InvariantCulture, $"{measured.TotalMilliseconds:0.00} ms of {all.Count}"),
            string.Create(CultureInfo.InvariantCulture, $"<= {target.TotalMilliseconds:0} ms"),
            measured <= target);
    }
}

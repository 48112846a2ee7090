using System.Globalization;
using System.Text;

namespace Ordinal.ControlPlane.Controllers;

/// <summary>Metrics in Prometheus' text form, sorted by name.</summary>
public sealed class MetricsText
{
    private readonly SortedDictionary<string, (string Head, StringBuilder Lines)> families = new(StringComparer.Ordinal);

    /// <summary>Adds one value.</summary>
    /// <param name="name">Name of the metric.</param>
    /// <param name="type">counter or gauge.</param>
    /// <param name="help">What it is.</param>
    /// <param name="labels">Its labels, as they are written.</param>
    /// <param name="value">The value.</param>
    public void Add(string name, string type, string help, string labels, double value) => Family(name, type, help).Append($"{name}{{{labels}}} {Number(value)}\n");

    /// <summary>Writes all that was added.</summary>
    public override string ToString() => string.Concat(families.Values.Select(family => family.Head + family.Lines));

    internal void Add(string name, string help, string labels, Histogram histogram)
    {
        StringBuilder lines = Family(name, "histogram", help);
        foreach ((double bound, long count) in Histogram.Bounds.Zip(histogram.Cumulative))
        {
            lines.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"{Number(bound)}\"}} {count}\n");
        }

        lines.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"+Inf\"}} {histogram.Count}\n{name}_sum{{{labels}}} {Number(histogram.Sum)}\n{name}_count{{{labels}}} {histogram.Count}\n");
    }

    // As Go writes it: the shortest that reads back, with an exponent of at least two digits, below a ten-thousandth.
    private static string Number(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        int e = text.IndexOf('E', StringComparison.Ordinal);
        return e < 0 ? text : $"{text[..e]}e{text[e + 1]}{text[(e + 2)..].PadLeft(2, '0')}";
    }

    private StringBuilder Family(string name, string type, string help)
    {
        if (!families.TryGetValue(name, out (string Head, StringBuilder Lines) family))
        {
            families[name] = family = ($"# HELP {name} {help}\n# TYPE {name} {type}\n", new StringBuilder());
        }

        return family.Lines;
    }
}

using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Ordinal.Runtime.Metrics;

/// <summary>
/// Collects the instruments of chosen meters and writes them in Prometheus' text format, under exactly the names they were given: no
/// unit or suffix is added. Histograms use the bucket bounds of their instrument's advice.
/// </summary>
public sealed class PrometheusExporter : IDisposable
{
    /// <summary>The media type of <see cref="Write"/>.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>client_golang's, for histograms that advise none.</summary>
    private static readonly double[] DefaultBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly Lock gate = new();
    private readonly SortedDictionary<string, Family> families = new(StringComparer.Ordinal);
    private readonly MeterListener listener = new();

    /// <summary>Starts to collect.</summary>
    /// <param name="isWanted">Chooses the meters. Choose by identity where a process runs several of a name, as tests do.</param>
    public PrometheusExporter(Func<Meter, bool> isWanted)
    {
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (isWanted(instrument.Meter))
            {
                self.EnableMeasurementEvents(instrument, FamilyOf(instrument));
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, family) => Record(family, value, tags));
        listener.SetMeasurementEventCallback<int>((_, value, tags, family) => Record(family, value, tags));
        listener.SetMeasurementEventCallback<double>((_, value, tags, family) => Record(family, value, tags));
        listener.Start();
    }

    /// <summary>Returns all series as text, families by name and series by labels.</summary>
    public string Write()
    {
        lock (gate)
        {
            // An observable instrument reports what is there now; what it no longer reports is gone.
            foreach (var family in families.Values.Where(family => family.IsObservable))
            {
                family.Series.Clear();
            }
        }

        listener.RecordObservableInstruments();
        var output = new StringBuilder();
        lock (gate)
        {
            foreach (var (name, family) in families)
            {
                if (family.Series.Count > 0)
                {
                    output.Append("# HELP ").Append(name).Append(' ').Append(family.Help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
                    output.Append("# TYPE ").Append(name).Append(' ').Append(family.Type).Append('\n');
                    foreach (var (labels, series) in family.Series)
                    {
                        family.Write(output, name, labels, series);
                    }
                }
            }
        }

        return output.ToString();
    }

    /// <summary>Lets go of all series that carry all of these labels: what they were about is gone.</summary>
    public void Forget(params ReadOnlySpan<KeyValuePair<string, string>> labels)
    {
        var pieces = new string[labels.Length];
        for (var at = 0; at < pieces.Length; at++)
        {
            pieces[at] = $",{Labels([new(labels[at].Key, labels[at].Value)])},";
        }

        lock (gate)
        {
            foreach (var family in families.Values)
            {
                foreach (var series in family.Series.Keys.Where(series => Array.TrueForAll(pieces, piece => $",{series},".Contains(piece, StringComparison.Ordinal))).ToList())
                {
                    family.Series.Remove(series);
                }
            }
        }
    }

    /// <summary>Stops collecting.</summary>
    public void Dispose() => listener.Dispose();

    private Family FamilyOf(Instrument instrument)
    {
        lock (gate)
        {
            if (!families.TryGetValue(instrument.Name, out var family))
            {
                families[instrument.Name] = family = Family.Of(instrument, DefaultBounds);
            }

            return family;
        }
    }

    private void Record(object? state, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = Labels(tags);
        lock (gate)
        {
            ((Family)state!).Record(labels, value);
        }
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        var sorted = tags.ToArray();
        Array.Sort(sorted, static (left, right) => string.CompareOrdinal(left.Key, right.Key));
        var text = new StringBuilder();
        foreach (var (name, value) in sorted)
        {
            var escaped = (Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")
                .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            text.Append(text.Length == 0 ? "" : ",").Append(name).Append("=\"").Append(escaped).Append('"');
        }

        return text.ToString();
    }

    /// <summary>One metric with all its series.</summary>
    private sealed class Family
    {
        private Family(string type, string help, double[] bounds, bool adds, bool isObservable)
        {
            Type = type;
            Help = help;
            Bounds = bounds;
            Adds = adds;
            IsObservable = isObservable;
        }

        public string Type { get; }

        public string Help { get; }

        public bool IsObservable { get; }

        public SortedDictionary<string, Values> Series { get; } = new(StringComparer.Ordinal);

        private double[] Bounds { get; }

        private bool Adds { get; }

        public static Family Of(Instrument instrument, double[] defaultBounds)
        {
            var type = instrument.GetType().GetGenericTypeDefinition();
            var help = instrument.Description ?? "";
            if (type == typeof(Histogram<>))
            {
                var bounds = instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { } advised } ? [.. advised] : defaultBounds;
                return new Family("histogram", help, bounds, adds: false, isObservable: false);
            }

            return type == typeof(Counter<>) ? new Family("counter", help, [], adds: true, isObservable: false)
                : type == typeof(ObservableCounter<>) ? new Family("counter", help, [], adds: false, isObservable: true)
                : type == typeof(UpDownCounter<>) ? new Family("gauge", help, [], adds: true, isObservable: false)
                : new Family("gauge", help, [], adds: false, isObservable: instrument.IsObservable);
        }

        public void Record(string labels, double value)
        {
            if (!Series.TryGetValue(labels, out var series))
            {
                Series[labels] = series = new Values(Bounds.Length);
            }

            series.Sum = Adds || Type == "histogram" ? series.Sum + value : value;
            if (Type == "histogram")
            {
                series.Count++;
                for (var bound = 0; bound < Bounds.Length; bound++)
                {
                    if (value <= Bounds[bound])
                    {
                        series.Buckets[bound]++;
                        break;
                    }
                }
            }
        }

        public void Write(StringBuilder output, string name, string labels, Values series)
        {
            if (Type != "histogram")
            {
                Line(output, name, labels, series.Sum);
                return;
            }

            var separator = labels.Length == 0 ? "" : ",";
            long count = 0;
            for (var bound = 0; bound < Bounds.Length; bound++)
            {
                count += series.Buckets[bound];
                Line(output, name + "_bucket", $"{labels}{separator}le=\"{Number(Bounds[bound])}\"", count);
            }

            Line(output, name + "_bucket", $"{labels}{separator}le=\"+Inf\"", series.Count);
            Line(output, name + "_sum", labels, series.Sum);
            Line(output, name + "_count", labels, series.Count);
        }

        private static void Line(StringBuilder output, string name, string labels, double value)
        {
            output.Append(name);
            if (labels.Length > 0)
            {
                output.Append('{').Append(labels).Append('}');
            }

            output.Append(' ').Append(Number(value)).Append('\n');
        }

        private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf"
            : value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
    }

    private sealed class Values(int buckets)
    {
        public long[] Buckets { get; } = new long[buckets];

        public double Sum { get; set; }

        public long Count { get; set; }
    }
}

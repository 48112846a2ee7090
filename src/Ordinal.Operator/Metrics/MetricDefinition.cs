using System.Collections.Immutable;

namespace Ordinal.Operator.Metrics;

/// <summary>What a metric is, in Prometheus' words.</summary>
public enum MetricType
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>One metric of <c>/metrics</c>.</summary>
/// <param name="Name">The full name, as it is exposed: nothing is added to it.</param>
/// <param name="Type">Its type.</param>
/// <param name="Help">What it says.</param>
/// <param name="Labels">Its labels, in ordinal order.</param>
public sealed record MetricDefinition(string Name, MetricType Type, string Help, ImmutableArray<string> Labels)
{
    /// <summary>Gets the upper bounds of a histogram's buckets.</summary>
    public ImmutableArray<double> Buckets { get; init; } = [];
}

using System.Collections.Immutable;

namespace Ordinal.Gates.Prometheus;

/// <summary>What the server said, read from its JSON.</summary>
public sealed record PrometheusAnswer
{
    /// <summary>Gets the HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>Gets the server's own word for an error, as <c>bad_data</c>; empty when there is none.</summary>
    public string ErrorType { get; init; } = "";

    /// <summary>Gets the server's words for an error, or why its answer cannot be read; empty when all is well.</summary>
    public string Error { get; init; } = "";

    /// <summary>Gets a value indicating whether this is Prometheus' language at all.</summary>
    public bool IsPrometheus { get; init; } = true;

    /// <summary>Gets a value indicating whether the answer was longer than is read.</summary>
    public bool IsTooLarge { get; init; }

    /// <summary>Gets <c>vector</c>, <c>scalar</c>, <c>matrix</c> or <c>string</c>.</summary>
    public string ResultType { get; init; } = "";

    public ImmutableArray<PrometheusSeries> Series { get; init; } = [];

    /// <summary>Gets the first warnings, which speak of a partial result.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];
}

/// <summary>One series of an instant result.</summary>
/// <param name="Labels">The labels as Prometheus writes them.</param>
/// <param name="Time">Seconds since 1970 for which the value holds.</param>
/// <param name="Value">The value; may be NaN or infinite.</param>
public sealed record PrometheusSeries(string Labels, double Time, double Value);

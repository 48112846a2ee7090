using System.Collections.Immutable;
using Ordinal.Core.Model;

namespace Ordinal.Gates;

/// <summary>What the keeper remembers of one question. Lives in memory only: after a restart of the operator every count begins at zero.</summary>
internal sealed class GateRecord(IGate gate)
{
    /// <summary>Gets the instance that answered: another instance means other options or Secrets.</summary>
    internal IGate Gate { get; } = gate;

    internal GateReport? Report { get; private set; }

    /// <summary>Gets when the newest observation began (TimeProvider timestamp).</summary>
    internal long ProbedAt { get; private set; }

    /// <summary>Gets when a success was last counted.</summary>
    internal long CountedAt { get; private set; }

    /// <summary>Gets or sets when the question was last asked; what nobody asks any more is forgotten.</summary>
    internal long AskedAt { get; set; }

    internal string? Memo { get; private set; }

    internal int Successes { get; private set; }

    private ImmutableArray<GateTarget> Pods { get; set; } = [];

    private string? Baseline { get; set; }

    private long? Fewest { get; set; }

    private DateTimeOffset? ProgressedAt { get; set; }

    /// <summary>Tells whether the last report still answers: same pods, same baseline, not due, not too old.</summary>
    internal bool Answers(GateContext context, GateQuestion question, TimeSpan interval, TimeProvider time) =>
        Report is not null
        && time.GetElapsedTime(ProbedAt) < Due(interval)
        && Report.IsCurrent(time.GetUtcNow())
        && Baseline == question.Baseline
        && Pods.AsSpan().SequenceEqual(context.Pods.AsSpan());

    /// <summary>Makes the next ask probe, whatever the interval.</summary>
    internal void Expire() => Pods = [];

    /// <summary>Takes a report in. One that began before the newest is dropped: the newest is returned.</summary>
    internal GateReport Take(GateReport report, GateContext context, GateQuestion question, string? memo, long startedAt, GateBinding binding, TimeProvider time)
    {
        if (Report is not null && startedAt < ProbedAt)
        {
            return Report;
        }

        Successes = report.Verdict is GateVerdict.Allow ? Count(startedAt, binding, time) : 0;
        Report = report with { Successes = Successes, ProgressedAt = Progress(report) };
        ProbedAt = startedAt;
        Memo = memo;
        Pods = context.Pods;
        Baseline = question.Baseline;
        return Report;
    }

    /// <summary>
    /// Successes count only when an interval apart (several asks in one moment are one success), and only in a row: after a gap of more than
    /// four intervals nobody knows what happened between, and the count begins again.
    /// </summary>
    private int Count(long startedAt, GateBinding binding, TimeProvider time)
    {
        var longestGap = (4 * binding.Policy.Interval) + binding.Gate.ObserveDeadline;
        if (Successes == 0 || time.GetElapsedTime(ProbedAt, startedAt) > longestGap)
        {
            CountedAt = startedAt;
            return 1;
        }

        if (time.GetElapsedTime(CountedAt, startedAt) < Due(binding.Policy.Interval))
        {
            return Successes;
        }

        CountedAt = startedAt;
        return Successes + 1;
    }

    /// <summary>Remembers the fewest that were ever left: a number that goes up and down again is no progress.</summary>
    private DateTimeOffset? Progress(GateReport report)
    {
        if (report.Remaining is { } left && (Fewest is not { } fewest || left < fewest))
        {
            (Fewest, ProgressedAt) = (left, report.ObservedAt);
        }

        return report.Remaining is null ? null : ProgressedAt;
    }

    /// <summary>A timer may fire a little early; without tolerance that would cost a whole interval.</summary>
    private static TimeSpan Due(TimeSpan interval) => interval - TimeSpan.FromTicks(Math.Min(interval.Ticks / 10, TimeSpan.FromMilliseconds(50).Ticks));
}

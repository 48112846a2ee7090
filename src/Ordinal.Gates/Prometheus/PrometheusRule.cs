using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Prometheus;

/// <summary>
/// Judges one query's answer. Pure. It passes only with enough series, each a finite number within the limits, of now, and of all stores: an empty
/// result, NaN, an old one, or one with a warning says nothing, and nothing is never good.
/// </summary>
internal static class PrometheusRule
{
    internal static ProbeFinding Judge(PrometheusAnswer answer, string where, DateTimeOffset now, PrometheusGateOptions options)
    {
        var finding = OnAnswer(answer, where) ?? OnSeries(answer, where, now, options);
        return finding with
        {
            Facts = [new("series", answer.Series.Length.ToString(CultureInfo.InvariantCulture)), .. answer.Series.Take(3).Select(s => new GateFact(s.Labels.Length > 0 ? s.Labels : "value", NumberRange.Write(s.Value)))],
        };
    }

    private static ProbeFinding? OnAnswer(PrometheusAnswer answer, string where)
    {
        if (answer.Status is 401 or 403 or 407)
        {
            return new(GateVerdict.Misconfigured, ReasonCodes.ProbeAccessDenied, $"{where} answers HTTP {answer.Status}");
        }

        if (answer.IsTooLarge)
        {
            return new(GateVerdict.Misconfigured, ReasonCodes.PrometheusQueryInvalid, $"{where} sends more than {PrometheusGateOptions.MaxBody} bytes; aggregate in the query");
        }

        if (!answer.IsPrometheus)
        {
            return answer.Status is 408 or 429 or >= 500
                ? new(GateVerdict.Unknown, ReasonCodes.PrometheusUnavailable, $"{where} answers HTTP {answer.Status}")
                : new(GateVerdict.Misconfigured, ReasonCodes.ProbeWrongProtocol, $"{where} answers HTTP {answer.Status}, and not as Prometheus does: {answer.Error}");
        }

        if (answer.ErrorType.Length > 0 || answer.Error.Length > 0 || answer.Status is not (>= 200 and < 300))
        {
            // bad_data is a query that cannot be read; everything else (execution, timeout, canceled, internal, unavailable) may pass.
            return answer.ErrorType == "bad_data"
                ? new(GateVerdict.Misconfigured, ReasonCodes.PrometheusQueryInvalid, $"{where} says \"{answer.Error}\"")
                : new(GateVerdict.Unknown, ReasonCodes.PrometheusUnavailable, $"{where} says \"{answer.Error}\" ({answer.ErrorType}, HTTP {answer.Status})");
        }

        if (answer.ResultType is not ("vector" or "scalar"))
        {
            return new(GateVerdict.Misconfigured, ReasonCodes.PrometheusQueryInvalid, $"the query's result is a {answer.ResultType}, not an instant vector or scalar");
        }

        return answer.Warnings.IsDefaultOrEmpty
            ? null
            : new(GateVerdict.Unknown, ReasonCodes.PrometheusPartial, $"{where} warns: \"{string.Join("\", \"", answer.Warnings)}\"");
    }

    private static ProbeFinding OnSeries(PrometheusAnswer answer, string where, DateTimeOffset now, PrometheusGateOptions options)
    {
        if (answer.Series.Length < Math.Max(1, options.MinSeries))
        {
            var found = answer.Series.IsEmpty ? "has no result" : $"has {answer.Series.Length} series, at least {options.MinSeries} are needed";
            return new(GateVerdict.Unknown, ReasonCodes.PrometheusNoData, $"the query at {where} {found}");
        }

        // A value that is out of range is told first: that is known, whatever else is not.
        if (answer.Series.FirstOrDefault(s => double.IsFinite(s.Value) && !options.Range.Holds(s.Value)) is { } outside)
        {
            return new(GateVerdict.Deny, ReasonCodes.PrometheusOutOfRange, $"{Name(outside)} is {NumberRange.Write(outside.Value)}, not {options.Range}");
        }

        if (answer.Series.FirstOrDefault(s => !double.IsFinite(s.Value)) is { } odd)
        {
            return new(GateVerdict.Unknown, ReasonCodes.PrometheusNotANumber, $"{Name(odd)} is {NumberRange.Write(odd.Value)}");
        }

        var seconds = now.ToUnixTimeMilliseconds() / 1000d;
        if (answer.Series.FirstOrDefault(s => !(Math.Abs(seconds - s.Time) <= options.MaxAge.TotalSeconds)) is { } old)
        {
            return new(GateVerdict.Unknown, ReasonCodes.PrometheusStale, $"{Name(old)} is of {NumberRange.Write(Math.Abs(seconds - old.Time))} s {(seconds > old.Time ? "ago" : "ahead")}, more than maxAge ({options.MaxAge.TotalSeconds:0.##} s)");
        }

        return new(
            GateVerdict.Allow,
            ReasonCodes.GateOpen,
            answer.Series.Length == 1
                ? $"{Name(answer.Series[0])} is {NumberRange.Write(answer.Series[0].Value)}, {options.Range}"
                : $"all {answer.Series.Length} series are {options.Range}");
    }

    private static string Name(PrometheusSeries series) => series.Labels is "" or "{}" ? "the query" : series.Labels;
}

using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Http;

/// <summary>
/// Judges one HTTP answer. Pure. Only a status that is among the gate's, with a body that says what it must, passes; a server that says so itself
/// (503) says no; one that failed says nothing; one that does not know us or what we ask for is asked wrongly.
/// </summary>
internal static class HttpRule
{
    internal static ProbeFinding Judge(HttpSample sample, string where, HttpGateOptions options)
    {
        var finding = options.Statuses.Any(s => sample.Status >= s.From && sample.Status <= s.To) && sample.RedirectedTo.Length == 0
            ? OnBody(sample, where, options)
            : OnStatus(sample, where);
        return finding with { Facts = [new("status", sample.Status.ToString(CultureInfo.InvariantCulture)), .. Values(sample)] };
    }

    private static IEnumerable<GateFact> Values(HttpSample sample) =>
        sample.Body is { Values: { IsDefaultOrEmpty: false } values } ? [new GateFact("value", values[0])] : [];

    private static ProbeFinding OnStatus(HttpSample sample, string where)
    {
        if (sample.RedirectedTo.Length > 0)
        {
            return new(GateVerdict.Misconfigured, ReasonCodes.HttpRedirected, $"{where} answers HTTP {sample.Status} and points to {sample.RedirectedTo}");
        }

        var text = $"{where} answers HTTP {sample.Status}";
        return sample.Status switch
        {
            401 or 403 or 407 => new(GateVerdict.Misconfigured, ReasonCodes.ProbeAccessDenied, text),
            408 or 429 => new(GateVerdict.Unknown, ReasonCodes.HttpServerError, text),
            503 or (>= 200 and < 300) => new(GateVerdict.Deny, ReasonCodes.HttpStatusRefused, text),
            >= 500 => new(GateVerdict.Unknown, ReasonCodes.HttpServerError, text),
            _ => new(GateVerdict.Misconfigured, ReasonCodes.HttpRequestWrong, text),
        };
    }

    private static ProbeFinding OnBody(HttpSample sample, string where, HttpGateOptions options)
    {
        var text = $"{where} answers HTTP {sample.Status}";
        if (options.Body is not { } wanted)
        {
            return new(GateVerdict.Allow, ReasonCodes.GateOpen, text);
        }

        if (sample.Body is not { IsTooLarge: false } body)
        {
            return new(GateVerdict.Misconfigured, ReasonCodes.HttpBodyTooLarge, $"{where} sends more than {HttpGateOptions.MaxBody} bytes");
        }

        if (body.Unreadable.Length > 0)
        {
            return new(GateVerdict.Unknown, ReasonCodes.HttpBodyUnreadable, $"{text}, but {body.Unreadable}");
        }

        var what = wanted.JsonPath.Length > 0 ? wanted.JsonPath : "the body";
        return body.Offender is { } offender
            ? new(GateVerdict.Deny, ReasonCodes.HttpBodyMismatch, $"{text}, but {what} is \"{offender}\", not {Wish(wanted)}")
            : new(GateVerdict.Allow, ReasonCodes.GateOpen, $"{text}, and {what} is {Wish(wanted)}");
    }

    private static string Wish(HttpCondition wanted) => string.Join(
        " and ",
        new[]
        {
            wanted.Expected is null ? null : $"\"{GateText.Clean(wanted.Expected)}\"",
            wanted.Pattern is null ? null : $"as \"{GateText.Clean(wanted.Pattern)}\" has it",
            wanted.Range.IsOpen ? null : wanted.Range.ToString(),
        }.OfType<string>());
}

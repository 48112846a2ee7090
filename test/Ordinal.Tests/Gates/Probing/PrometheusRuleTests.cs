using System.Text;
using CsCheck;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Gates.Probing;
using Ordinal.Gates.Prometheus;

namespace Ordinal.Tests.Gates.Probing;

/// <summary>What a query's answer amounts to.</summary>
public sealed class PrometheusRuleTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    private static readonly PrometheusGateOptions Options = new() { Address = "http://p:9090", Query = "q", Range = new NumberRange(null, 0) };

    [Test]
    public void Within_its_limits_a_series_passes()
    {
        var finding = Judge(Vector(("""{"__name__":"urp","job":"kafka"}""", 1_700_000_000, "0")));
        Assert.That((finding.Verdict, finding.Text), Is.EqualTo((GateVerdict.Allow, "urp{job=\"kafka\"} is 0, at most 0")));
    }

    [Test]
    public void G1_an_empty_vector_is_unknown()
    {
        var finding = Judge(Vector());
        Assert.That((finding.Verdict, finding.Reason.Code), Is.EqualTo((GateVerdict.Unknown, "PrometheusNoData")));
    }

    [Test]
    public void G1_fewer_series_than_are_needed_are_unknown()
    {
        var answer = Vector(("""{"pod":"a"}""", 1_700_000_000, "0"), ("""{"pod":"b"}""", 1_700_000_000, "0"));
        Assert.That(Judge(answer, Options with { MinSeries = 3 }).Reason.Code, Is.EqualTo("PrometheusNoData"));
        Assert.That(Judge(answer, Options with { MinSeries = 2 }).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [TestCase("NaN")]
    [TestCase("+Inf")]
    [TestCase("-Inf")]
    public void What_is_no_finite_number_is_unknown(string value) =>
        Assert.That(Judge(Vector(("{}", 1_700_000_000, value)), Options with { Range = new NumberRange(null, 1e308) }).Reason.Code, Is.EqualTo("PrometheusNotANumber"));

    [Test]
    public void All_of_several_series_must_lie_within()
    {
        var finding = Judge(Vector(("""{"pod":"a"}""", 1_700_000_000, "0"), ("""{"pod":"b"}""", 1_700_000_000, "3")));
        Assert.That((finding.Verdict, finding.Reason.Code), Is.EqualTo((GateVerdict.Deny, "PrometheusOutOfRange")));
        Assert.That(finding.Text, Is.EqualTo("{pod=\"b\"} is 3, not at most 0"));
    }

    [Test]
    public void A_value_that_is_out_of_range_is_told_though_another_is_NaN() =>
        Assert.That(Judge(Vector(("""{"pod":"a"}""", 1_700_000_000, "NaN"), ("""{"pod":"b"}""", 1_700_000_000, "3"))).Verdict, Is.EqualTo(GateVerdict.Deny));

    [TestCase(-301, "PrometheusStale")]
    [TestCase(301, "PrometheusStale")]
    [TestCase(-299, "GateOpen")]
    public void A_result_of_another_time_is_stale(int seconds, string code) =>
        Assert.That(Judge(Vector(("{}", 1_700_000_000 + seconds, "0"))).Reason.Code, Is.EqualTo(code));

    [Test]
    public void A_warning_makes_the_result_partial()
    {
        var finding = Judge("""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1700000000,"0"]}]},"warnings":["store 10.0.0.7 is down"]}""");
        Assert.That((finding.Verdict, finding.Reason.Code), Is.EqualTo((GateVerdict.Unknown, "PrometheusPartial")));
        Assert.That(finding.Text, Does.Contain("store 10.0.0.7 is down"));
    }

    [Test]
    public void A_note_about_the_metrics_kind_is_no_warning() =>
        Assert.That(Judge("""{"status":"success","data":{"resultType":"scalar","result":[1700000000.1,"0"]},"infos":["PromQL info: metric might not be a counter"]}""").Verdict, Is.EqualTo(GateVerdict.Allow));

    [TestCase(400, "bad_data", GateVerdict.Misconfigured, "PrometheusQueryInvalid")]
    [TestCase(422, "execution", GateVerdict.Unknown, "PrometheusUnavailable")]
    [TestCase(503, "timeout", GateVerdict.Unknown, "PrometheusUnavailable")]
    [TestCase(500, "internal", GateVerdict.Unknown, "PrometheusUnavailable")]
    public void An_error_of_the_server(int status, string type, GateVerdict verdict, string code)
    {
        var finding = Judge($$"""{"status":"error","errorType":"{{type}}","error":"parse error: unexpected end"}""", status: status);
        Assert.That((finding.Verdict, finding.Reason.Code), Is.EqualTo((verdict, code)));
        Assert.That(finding.Text, Does.Contain("parse error: unexpected end"));
    }

    [TestCase(401, GateVerdict.Misconfigured, "ProbeAccessDenied")]
    [TestCase(404, GateVerdict.Misconfigured, "ProbeWrongProtocol")]
    [TestCase(302, GateVerdict.Misconfigured, "ProbeWrongProtocol")]
    [TestCase(502, GateVerdict.Unknown, "PrometheusUnavailable")]
    [TestCase(200, GateVerdict.Misconfigured, "ProbeWrongProtocol")]
    public void Something_else_that_answers(int status, GateVerdict verdict, string code)
    {
        var finding = Judge("<html>hello</html>", status: status);
        Assert.That((finding.Verdict, finding.Reason.Code), Is.EqualTo((verdict, code)));
    }

    [TestCase("""{"status":"success","data":{"resultType":"matrix","result":[]}}""")]
    [TestCase("""{"status":"success","data":{"resultType":"string","result":[1700000000,"x"]}}""")]
    public void A_result_that_is_no_instant_is_a_matter_for_a_human(string body) => Assert.That(Judge(body).Reason.Code, Is.EqualTo("PrometheusQueryInvalid"));

    [Test]
    public void A_native_histogram_is_no_number() =>
        Assert.That(Judge("""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1700000000,{"count":"1"}]}]}}""").Reason.Code, Is.EqualTo("PrometheusNotANumber"));

    [TestCase("""{"status":"success"}""")]
    [TestCase("""{"status":"success","data":{"resultType":"vector","result":{}}}""")]
    [TestCase("""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":["0"]}]}}""")]
    [TestCase("""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,2]}]}}""")]
    [TestCase("""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"two"]}]}}""")]
    [TestCase("""[]""")]
    public void What_is_not_Prometheus_language_never_passes(string body) => Assert.That(Judge(body).Reason.Code, Is.EqualTo("ProbeWrongProtocol"));

    [Test]
    public void No_answer_makes_the_decoder_throw_and_garbage_never_passes() => Mutations.Sample(body =>
    {
        var answer = PrometheusWire.Read(200, body, GateText.Clean);
        var finding = PrometheusRule.Judge(answer, "p:9090", Now, Options);
        Assert.That(finding.Verdict is not GateVerdict.Allow || (answer.Series.Length > 0 && answer.Series.All(s => s.Value <= 0)), Is.True, () => Encoding.UTF8.GetString(body));
        Assert.That(finding.Text, Has.Length.LessThan(2000));
    });

    [Test]
    public void Whatever_passes_has_enough_series_all_of_them_numbers_within_the_limits_and_of_now() => Gen.Select(
        Gen.Select(Any("0", "1", "-1", "NaN", "+Inf"), Gen.Int[-400, 400]).Array[0, 6], Gen.Int[1, 3]).Sample((series, needed) =>
    {
        var body = Vector([.. series.Select((s, i) => ($$"""{"pod":"{{i}}"}""", 1_700_000_000 + s.Item2, s.Item1))]);
        var isGood = series.Length >= needed && series.All(s => s.Item1 is "0" or "-1" && Math.Abs(s.Item2) <= 300);
        return isGood == Judge(body, Options with { MinSeries = needed }).Verdict is GateVerdict.Allow;
    });

    private static readonly Gen<byte[]> Mutations = Gen.Select(
        Any(
            Vector(("""{"__name__":"urp","job":"kafka"}""", 1_700_000_000, "0")),
            Vector(("""{"pod":"a"}""", 1_700_000_000, "NaN"), ("""{"pod":"b"}""", 1_700_000_000, "-1")),
            """{"status":"error","errorType":"bad_data","error":"x"}"""),
        Gen.Int[0, 200],
        Gen.Byte.Array[0, 6],
        Gen.Int[0, 3]).Select((text, at, bytes, drop) =>
    {
        var body = Encoding.UTF8.GetBytes(text).ToList();
        var place = Math.Min(at, body.Count);
        body.RemoveRange(place, Math.Min(drop, body.Count - place));
        body.InsertRange(place, bytes);
        return body.ToArray();
    });

    private static string Vector(params (string Metric, int Time, string Value)[] series)
    {
        var all = string.Join(",", series.Select(s => $"{{\"metric\":{s.Metric},\"value\":[{s.Time},\"{s.Value}\"]}}"));
        return $"{{\"status\":\"success\",\"data\":{{\"resultType\":\"vector\",\"result\":[{all}]}}}}";
    }

    private static ProbeFinding Judge(string body, PrometheusGateOptions? options = null, int status = 200) =>
        PrometheusRule.Judge(PrometheusWire.Read(status, Encoding.UTF8.GetBytes(body), GateText.Clean), "p:9090", Now, options ?? Options);

    private static Gen<string> Any(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}

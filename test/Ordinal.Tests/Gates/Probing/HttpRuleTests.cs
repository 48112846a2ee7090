using System.Text;
using System.Text.Json;
using CsCheck;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Gates.Http;
using Ordinal.Gates.Probing;

namespace Ordinal.Tests.Gates.Probing;

/// <summary>What an HTTP answer amounts to.</summary>
public sealed class HttpRuleTests
{
    private static readonly HttpGateOptions Options = new() { Port = 80, Path = "/health" };

    [TestCase(200, GateVerdict.Allow, "GateOpen")]
    [TestCase(204, GateVerdict.Allow, "GateOpen")]
    [TestCase(503, GateVerdict.Deny, "HttpStatusRefused")]
    [TestCase(500, GateVerdict.Unknown, "HttpServerError")]
    [TestCase(502, GateVerdict.Unknown, "HttpServerError")]
    [TestCase(429, GateVerdict.Unknown, "HttpServerError")]
    [TestCase(408, GateVerdict.Unknown, "HttpServerError")]
    [TestCase(401, GateVerdict.Misconfigured, "ProbeAccessDenied")]
    [TestCase(403, GateVerdict.Misconfigured, "ProbeAccessDenied")]
    [TestCase(404, GateVerdict.Misconfigured, "HttpRequestWrong")]
    [TestCase(405, GateVerdict.Misconfigured, "HttpRequestWrong")]
    [TestCase(304, GateVerdict.Misconfigured, "HttpRequestWrong")]
    public void A_status_means(int status, GateVerdict verdict, string code)
    {
        var finding = HttpRule.Judge(new HttpSample { Status = status }, "10.0.0.1:80/health", Options);
        Assert.That((finding.Verdict, finding.Reason.Code), Is.EqualTo((verdict, code)));
        Assert.That(finding.Text, Does.Contain($"10.0.0.1:80/health answers HTTP {status}"));
    }

    [Test]
    public void Only_the_statuses_of_the_gate_pass()
    {
        var options = Options with { Statuses = [new StatusRange(200, 200), new StatusRange(503, 503)] };
        Assert.That(HttpRule.Judge(new HttpSample { Status = 204 }, "x", options).Verdict, Is.EqualTo(GateVerdict.Deny));
        Assert.That(HttpRule.Judge(new HttpSample { Status = 503 }, "x", options).Verdict, Is.EqualTo(GateVerdict.Allow));
    }

    [TestCase("204", 204, 204)]
    [TestCase("200-299", 200, 299)]
    public void Statuses_are_read(string text, int from, int to) => Assert.That(StatusRange.Parse(text), Is.EqualTo(new StatusRange(from, to)));

    [TestCase("")]
    [TestCase("20")]
    [TestCase("600")]
    [TestCase("299-200")]
    [TestCase("2xx")]
    [TestCase("200-250-299")]
    public void What_is_no_status_is_none(string text) => Assert.That(StatusRange.Parse(text), Is.Null);

    [TestCase(".status", "green", """{"status":"green"}""", GateVerdict.Allow)]
    [TestCase(".status", "green", """{"status":"yellow"}""", GateVerdict.Deny)]
    [TestCase("$.a.b[1]", "7", """{"a":{"b":[6,7]}}""", GateVerdict.Allow)]
    [TestCase("{.a[-1].ok}", "true", """{"a":[{"ok":false},{"ok":true}]}""", GateVerdict.Allow)]
    [TestCase(".a[*].ok", "true", """{"a":[{"ok":false},{"ok":true}]}""", GateVerdict.Deny)]
    [TestCase("['odd key'].x", "null", """{"odd key":{"x":null}}""", GateVerdict.Allow)]
    [TestCase(".*", "1", """{"a":1,"b":1}""", GateVerdict.Allow)]
    [TestCase(".error", "null", """{"status":"green"}""", GateVerdict.Unknown)]
    [TestCase(".a[5]", "1", """{"a":[1]}""", GateVerdict.Unknown)]
    [TestCase(".a[*]", "1", """{"a":[]}""", GateVerdict.Unknown)]
    [TestCase(".status", "green", "<html>", GateVerdict.Unknown)]
    [TestCase(".status", "green", "", GateVerdict.Unknown)]
    public void A_condition_on_a_path_is_held_against_every_value_and_nothing_found_is_never_good(string path, string expected, string body, GateVerdict verdict)
    {
        var finding = Judge(new HttpCondition { JsonPath = path, Expected = expected }, body);
        Assert.That(finding.Verdict, Is.EqualTo(verdict), finding.Text);
    }

    [Test]
    public void ZK2_a_server_that_answers_200_with_an_error_in_its_body_is_seen_through()
    {
        var condition = new HttpCondition { JsonPath = ".error", Expected = "null" };
        Assert.That(Judge(condition, """{"command":"ruok","error":null}""").Verdict, Is.EqualTo(GateVerdict.Allow));
        var finding = Judge(condition, """{"command":"ruok","error":"This ZooKeeper instance is not currently serving requests"}""");
        Assert.That(finding.Verdict, Is.EqualTo(GateVerdict.Deny));
        Assert.That(finding.Text, Does.Contain(".error is \"This ZooKeeper instance is not currently serving requests\", not \"null\""));
    }

    [TestCase("5", GateVerdict.Allow)]
    [TestCase("10", GateVerdict.Allow)]
    [TestCase("10.5", GateVerdict.Deny)]
    [TestCase("\"7\"", GateVerdict.Allow)]
    [TestCase("\"many\"", GateVerdict.Deny)]
    [TestCase("null", GateVerdict.Deny)]
    public void A_number_lies_within_its_limits(string value, GateVerdict verdict) =>
        Assert.That(Judge(new HttpCondition { JsonPath = ".n", Range = new NumberRange(0, 10) }, $$"""{"n":{{value}}}""").Verdict, Is.EqualTo(verdict));

    [Test]
    public void An_expression_is_matched_against_the_text_when_there_is_no_path()
    {
        Assert.That(Judge(new HttpCondition { Pattern = "^imok$" }, "imok").Verdict, Is.EqualTo(GateVerdict.Allow));
        Assert.That(Judge(new HttpCondition { Pattern = "^imok$" }, "not ok").Verdict, Is.EqualTo(GateVerdict.Deny));
    }

    [Test]
    public void An_expression_that_would_take_for_ever_with_backtracking_is_refused_or_quick()
    {
        Assert.That(Judge(new HttpCondition { Pattern = "^(a+)+$" }, new string('a', 50_000) + "b").Verdict, Is.EqualTo(GateVerdict.Deny));
        Assert.That(HttpConditionReader.Create(new HttpCondition { Pattern = @"(a)\1" }, out var problem), Is.Null);
        Assert.That(problem, Does.Contain("needs backtracking"));
    }

    [Test]
    public void A_body_that_is_too_large_is_a_matter_for_a_human() =>
        Assert.That(
            HttpRule.Judge(new HttpSample { Status = 200, Body = new BodyFinding { IsTooLarge = true } }, "x", Options with { Body = new HttpCondition { Pattern = "x" } }).Reason.Code,
            Is.EqualTo("HttpBodyTooLarge"));

    [Test]
    public void A_redirect_to_elsewhere_is_a_matter_for_a_human_and_names_where_to()
    {
        var finding = HttpRule.Judge(new HttpSample { Status = 302, RedirectedTo = "https://elsewhere/login" }, "x", Options);
        Assert.That((finding.Verdict, finding.Reason.Code), Is.EqualTo((GateVerdict.Misconfigured, "HttpRedirected")));
        Assert.That(finding.Text, Does.Contain("https://elsewhere/login"));
    }

    [TestCase("a..b")]
    [TestCase("a[")]
    [TestCase("a[x]")]
    [TestCase("")]
    [TestCase("$")]
    [TestCase("a.")]
    public void A_path_that_cannot_be_read_is_told(string path)
    {
        Assert.That(JsonPath.Parse(path, out var problem), Is.Null);
        Assert.That(problem, Is.Not.Empty);
    }

    [Test]
    public void No_path_and_no_body_makes_the_reader_throw() => Gen.Select(Gen.String[0, 20], Gen.OneOf(Gen.Byte.Array[0, 60].Select(Encoding.Latin1.GetString), Documents), Gen.Bool).Sample((path, body, isKnown) =>
    {
        var reader = HttpConditionReader.Create(new HttpCondition { JsonPath = isKnown ? ".a[*].b" : path, Expected = "1" }, out var problem);
        Assert.That(reader is null, Is.EqualTo(problem is not null));
        _ = reader?.Read(Encoding.UTF8.GetBytes(body), GateText.Clean);
    });

    [Test]
    public void A_sample_comes_back_from_JSON_as_it_was()
    {
        var sample = new ProbeSample<HttpSample>("db-0", "uid-0", "x", new HttpSample { Status = 200, Body = new BodyFinding { Values = ["green"], Count = 1 } }, null);
        var read = JsonSerializer.Deserialize<ProbeSample<HttpSample>>(JsonSerializer.Serialize(sample))!;
        Assert.That(JsonSerializer.Serialize(read), Is.EqualTo(JsonSerializer.Serialize(sample)));
    }

    private static readonly Gen<string> Documents = Any("""{"a":[{"b":1}]}""", """{"a":{"b":1}}""", """[1,2]""", """{"a":[{"b":"\ud800"}]}""", "{\"a\":", """{"a":[[[[[[[1]]]]]]]}""");

    private static ProbeFinding Judge(HttpCondition condition, string body)
    {
        var reader = HttpConditionReader.Create(condition, out var problem);
        Assert.That(problem, Is.Null);
        var sample = new HttpSample { Status = 200, Body = reader!.Read(Encoding.UTF8.GetBytes(body), GateText.Clean) };
        return HttpRule.Judge(sample, "x", Options with { Body = condition });
    }

    private static Gen<string> Any(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}

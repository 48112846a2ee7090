using System.Text;
using NUnit.Framework;
using Ordinal.ControlPlane.Text;
using Ordinal.Gates;
using Ordinal.Gates.Http;
using Ordinal.Gates.Probing;
using Ordinal.Gates.Prometheus;
using Ordinal.Operator.Api;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Client;

namespace Ordinal.Tests.Operating;

/// <summary>From a policy's generic parts to the gates' options.</summary>
public sealed class ProbePolicyTests
{
    [Test]
    public void What_is_left_out_has_the_defaults_of_the_gate()
    {
        var http = new HttpGateOptions();
        var read = ProbeGateReader.Options(new HttpGateSpec());
        Assert.That(read with { Statuses = http.Statuses, Headers = http.Headers }, Is.EqualTo(http));
        Assert.That(read.Statuses, Is.EqualTo(http.Statuses));
        Assert.That(ProbeGateReader.Options(new PrometheusGateSpec()), Is.EqualTo(new PrometheusGateOptions()));
    }

    [Test]
    public void What_is_said_of_HTTP_is_taken_over()
    {
        var options = ProbeGateReader.Options(new HttpGateSpec
        {
            Scope = "AllPods", Quorum = "Majority", Scheme = "https", Port = 9200, Path = "/_cluster/health?node={pod}", HostTemplate = "{pod}.{service}",
            Statuses = ["200", "204-206"], RequestTimeout = "2s", Tls = new TlsSpec { ServerName = "es.test" },
            Headers = [new HeaderSpec { Name = "X-Tenant", Value = "a" }, new HeaderSpec { Name = "X-Key", Secret = new SecretKeySpec { SecretName = "s", Key = "k" } }],
            Body = new BodySpec { JsonPath = ".status", Expect = "green", Matches = "g", Min = "1", Max = "2.5" },
        });
        Assert.Multiple(() =>
        {
            Assert.That(options.Plan, Is.EqualTo(ProbePlan.Default with { Scope = ProbeScope.AllPods, Quorum = ProbeQuorum.Majority, RequestTimeout = TimeSpan.FromSeconds(2) }));
            Assert.That((options.Scheme, options.Port, options.Path, options.HostTemplate, options.ServerName), Is.EqualTo(("https", 9200, "/_cluster/health?node={pod}", "{pod}.{service}", "es.test")));
            Assert.That(options.Statuses, Is.EqualTo([new StatusRange(200, 200), new StatusRange(204, 206)]));
            Assert.That(options.Headers, Is.EqualTo(new Dictionary<string, string> { ["X-Tenant"] = "a" }), "the value of a Secret is no option");
            Assert.That(options.Body, Is.EqualTo(new HttpCondition { JsonPath = ".status", Expected = "green", Pattern = "g", Range = new NumberRange(1, 2.5) }));
        });
    }

    [TestCaseSource(nameof(Wrong))]
    public void What_cannot_work_is_refused_with_its_field(GateSpec gate, string words) =>
        Assert.That(ProbeGateReader.Problems(gate, "spec.gates[g]").Single(), Does.StartWith("spec.gates[g].").And.Contain(words));

    [Test]
    public void What_can_work_has_no_problem() => Assert.That(
        new[]
        {
            Http(new HttpGateSpec { Port = 80, Path = "/" }),
            Http(new HttpGateSpec { Scope = "Url", Url = "https://{service}.{namespace}.svc/health" }),
            Prometheus(new PrometheusGateSpec { Address = "http://p:9090/prom", Query = "up{pod=\"{pod}\"}", Min = "1", MaxAge = "1m" }),
            new GateSpec { Type = "Grpc", Grpc = new GrpcGateSpec { Port = 9000 } },
            new GateSpec { Type = "Exec", Exec = new ExecGateSpec { Command = ["check", "{pod}"] } },
        }.SelectMany(gate => ProbeGateReader.Problems(gate, "g")),
        Is.Empty);

    public static IEnumerable<object[]> Wrong =>
    [
        [new GateSpec { Type = "Http" }, "is missing"],
        [Http(new HttpGateSpec { Path = "/" }), "port is 0"],
        [Http(new HttpGateSpec { Scope = "Url", Url = "ftp://x" }), "url is not an http or https address"],
        [Http(new HttpGateSpec { Scope = "Url", Url = "http://user:hunter2@x/" }), "credentials go into a Secret"],
        [Http(new HttpGateSpec { Scope = "Url", Url = "http://{pod}/" }), "use scope Pod"],
        [Http(new HttpGateSpec { Scope = "Everyone", Port = 80 }), "scope is \"Everyone\""],
        [Http(new HttpGateSpec { Port = 80, Statuses = ["2xx", "200"] }), "statuses has \"2xx\""],
        [Http(new HttpGateSpec { Port = 80, Body = new BodySpec { Matches = "(" } }), "no regular expression"],
        [Http(new HttpGateSpec { Port = 80, Body = new BodySpec { JsonPath = "a[", Expect = "x" } }), "body.jsonPath"],
        [Http(new HttpGateSpec { Port = 80, Body = new BodySpec { JsonPath = "a", Min = "low", Expect = "x" } }), "body.min is \"low\""],
        [Http(new HttpGateSpec { Port = 80, Headers = [new HeaderSpec { Name = "Host", Value = "x" }] }), "the header Host cannot be set"],
        [Http(new HttpGateSpec { Port = 80, Headers = [new HeaderSpec { Name = "X", Value = "a\r\nb" }] }), "the value of the header X"],
        [Http(new HttpGateSpec { Port = 80, Headers = [new HeaderSpec { Name = "X" }] }), "exactly one of value and secret"],
        [Http(new HttpGateSpec { Port = 80, RequestTimeout = "2m" }), "at most 60 s"],
        [Prometheus(new PrometheusGateSpec { Address = "http://p", Query = "q" }), "any value would pass"],
        [Prometheus(new PrometheusGateSpec { Address = "p:9090", Query = "q", Min = "1" }), "address"],
        [Prometheus(new PrometheusGateSpec { Address = "http://p", Query = " ", Min = "1" }), "query is empty"],
        [Prometheus(new PrometheusGateSpec { Address = "http://p", Query = "q", Min = "2", Max = "1" }), "min 2 is greater than max 1"],
        [Prometheus(new PrometheusGateSpec { Address = "http://p", Query = "q", Min = "1", MaxAge = "soon" }), "maxAge"],
        [new GateSpec { Type = "Grpc", Grpc = new GrpcGateSpec { Port = 0 } }, "port is 0"],
        [new GateSpec { Type = "Exec", Exec = new ExecGateSpec() }, "command is empty"],
    ];

    [TestCase("docs/guides/gates.md", 4)]
    [TestCase("docs/guides/etcd.md", 2)]
    [TestCase("docs/guides/kafka.md", 1)]
    public void The_gates_of_a_guide_can_be_copied(string guide, int examples)
    {
        var text = File.ReadAllText(Path.Combine(Golden.Repository, guide));
        var found = 0;
        foreach (var block in text.Split("```yaml\n").Skip(1).Select(part => part.Split("```")[0]).Where(block => block.Contains("type: ", StringComparison.Ordinal)))
        {
            // A whole policy, its gates alone, or one gate.
            var lines = block.StartsWith("- name", StringComparison.Ordinal) ? "spec:\n  gates:\n" + string.Concat(block.TrimEnd().Split('\n').Select(line => $"  {line}\n"))
                : block.StartsWith("  gates:", StringComparison.Ordinal) ? "spec:\n" + block
                : block;
            var spec = EntityJson.Read<V1Alpha1RolloutPolicy>(Encoding.UTF8.GetBytes(YamlText.ParseObject(Encoding.UTF8.GetBytes(lines)).ToJsonString())).Spec;
            spec.Targets = new TargetsSpec { StatefulSets = [new TargetSpec { Name = "db" }] };
            Assert.That(PolicyReader.Read("db", spec).Problems, Is.Empty, block);
            Assert.That(spec.Gates, Is.Not.Empty, block);
            found++;
        }

        Assert.That(found, Is.EqualTo(examples));
    }

    [Test]
    public void Words_in_braces_are_replaced_and_other_braces_stay()
    {
        var pod = new GateTarget { Pod = "db-1", Uid = "u", Ordinal = 1, Revision = "r", Address = "10.0.0.1", IsReady = true };
        var context = new GateContext { WorkloadUid = "w", Namespace = "prod", Name = "db", Service = "peers", Pods = [], Gates = [] };
        Assert.That(GateTemplate.Fill("up{pod=\"{pod}\",ns=\"{namespace}\"} {ordinal} {address} {statefulset} {service} {else}", context, pod), Is.EqualTo("up{pod=\"db-1\",ns=\"prod\"} 1 10.0.0.1 db peers {else}"));
        Assert.That(GateTemplate.NeedsPod("sum(up{namespace=\"{namespace}\"})"), Is.False);
        Assert.That(GateTemplate.NeedsPod("up{pod=\"{pod}\"}"), Is.True);
    }

    private static GateSpec Http(HttpGateSpec spec) => new() { Type = "Http", Http = spec };

    private static GateSpec Prometheus(PrometheusGateSpec spec) => new() { Type = "Prometheus", Prometheus = spec };
}

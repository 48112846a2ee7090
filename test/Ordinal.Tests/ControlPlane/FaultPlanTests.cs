using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Faults;
using Ordinal.Simulation.Harness;

namespace Ordinal.Tests.ControlPlane;

/// <summary>Injected faults, asked of a server in process.</summary>
[TestFixture]
public sealed class FaultPlanTests
{
    private const string Pods = "/api/v1/namespaces/default/pods";
    private VirtualTimeProvider time = null!;
    private FaultPlan plan = null!;
    private ApiHarness api = null!;

    [SetUp]
    public void SetUp()
    {
        time = new VirtualTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        plan = new FaultPlan(time, new Random(1));
        api = new ApiHarness(faults: plan);
    }

    [TestCase(409, "Conflict")]
    [TestCase(410, "Expired")]
    [TestCase(500, "InternalError")]
    [TestCase(503, "ServiceUnavailable")]
    [TestCase(504, "Timeout")]
    public async Task A_code_is_answered_as_a_real_server_would(int code, string reason)
    {
        Add($$"""{"code":{{code}}}""");
        ApiAnswer answer = await GetAsync(Pods + "/web-0");
        JsonElement status = JsonElement.Parse(answer.Body.Span);
        Assert.Multiple(() =>
        {
            Assert.That(answer.StatusCode, Is.EqualTo(code));
            Assert.That(status.TextAt("reason"), Is.EqualTo(reason));
            Assert.That(status.NumberAt("code"), Is.EqualTo(code));
            Assert.That(status.TextAt("kind"), Is.EqualTo("Status"));
        });
    }

    [Test]
    public async Task Flow_control_answers_in_plain_text_with_Retry_After_and_without_causes()
    {
        Add("""{"code":429,"retryAfter":"3s"}""");
        ApiAnswer answer = await GetAsync(Pods);
        Assert.Multiple(() =>
        {
            Assert.That(answer.StatusCode, Is.EqualTo(429));
            Assert.That(answer.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(3)));
            Assert.That(Encoding.UTF8.GetString(answer.Body.Span), Is.EqualTo("Too many requests, please try again later.\n"));
            Assert.That(answer.ContentType, Does.StartWith("text/plain"));
        });
    }

    [TestCase("""{"code":500,"verbs":["get"]}""", "GET", Pods + "/a", true)]
    [TestCase("""{"code":500,"verbs":["get"]}""", "GET", Pods, false)]
    [TestCase("""{"code":500,"verbs":["list","watch"]}""", "GET", Pods, true)]
    [TestCase("""{"code":500,"verbs":["create"],"resources":["pods/eviction"]}""", "POST", Pods + "/a/eviction", true)]
    [TestCase("""{"code":500,"resources":["pods"]}""", "POST", Pods + "/a/eviction", false)]
    [TestCase("""{"code":500,"resources":["statefulsets.apps"]}""", "PATCH", "/apis/apps/v1/namespaces/default/statefulsets/web", true)]
    [TestCase("""{"code":500,"resources":["statefulsets"]}""", "PATCH", "/apis/apps/v1/namespaces/default/statefulsets/web", false)]
    [TestCase("""{"code":500,"namespace":"other"}""", "GET", Pods, false)]
    [TestCase("""{"code":500,"name":"a"}""", "DELETE", Pods + "/a", true)]
    [TestCase("""{"code":500,"name":"a"}""", "DELETE", Pods + "/b", false)]
    [TestCase("""{"code":500}""", "GET", "/version", false)]
    public async Task A_rule_hits_the_requests_that_it_names(string rule, string method, string path, bool hits)
    {
        Add(rule);
        ApiAnswer answer = await api.Door.SendAsync(new ApiCall(method, path) { UserAgent = "kubectl/v1" }, CancellationToken.None);
        Assert.That(answer.StatusCode is 500, Is.EqualTo(hits));
    }

    [TestCase("", "kubectl/v1.36", true)]
    [TestCase("", "kube-controller-manager/v1.36.2", false)]
    [TestCase("", "kubelet/v1.36.2", false)]
    [TestCase("", "kube-scheduler/v1.36.2", false)]
    [TestCase("*", "kubelet/v1.36.2", true)]
    [TestCase("ordinal", "ordinal-operator/1", true)]
    [TestCase("ordinal", "kubectl/v1.36", false)]
    public async Task The_control_planes_own_components_are_spared_unless_they_are_named(string wanted, string agent, bool hits)
    {
        Add($$"""{"code":500,"userAgent":"{{wanted}}"}""");
        ApiAnswer answer = await api.Door.SendAsync(new ApiCall("GET", Pods) { UserAgent = agent }, CancellationToken.None);
        Assert.That(answer.StatusCode is 500, Is.EqualTo(hits));
    }

    [Test]
    public async Task A_count_runs_out_and_a_time_too()
    {
        Add("""{"code":500,"count":2}""");
        Assert.That(await CodesAsync(3), Is.EqualTo(new[] { 500, 500, 200 }));
        Add("""{"code":503,"for":"30s"}""");
        Assert.That(await CodesAsync(1), Is.EqualTo(new[] { 503 }));
        time.MoveTo(time.GetUtcNow() + TimeSpan.FromSeconds(31));
        Assert.That(await CodesAsync(1), Is.EqualTo(new[] { 200 }));
        Assert.That(plan.Rules, Is.Empty);
    }

    [Test]
    public async Task A_rate_hits_about_its_share()
    {
        Add("""{"code":500,"rate":0.25}""");
        int[] codes = await CodesAsync(400);
        Assert.That(codes.Count(code => code is 500), Is.InRange(70, 130));
        Assert.That(plan.Rules.Single().Hits, Is.EqualTo(codes.Count(code => code is 500)));
    }

    [Test]
    public async Task Faults_are_cleared_one_by_one_or_all()
    {
        int first = Add("""{"code":500,"verbs":["get"]}""").Id;
        Add("""{"code":503,"verbs":["list"]}""");
        Assert.That(plan.Clear(first), Is.EqualTo(1));
        Assert.That(await CodesAsync(1), Is.EqualTo(new[] { 503 }));
        Assert.That(plan.Clear(null), Is.EqualTo(1));
        Assert.That(await CodesAsync(1), Is.EqualTo(new[] { 200 }));
    }

    [Test]
    public async Task A_lost_answer_leaves_the_request_carried_out_and_a_lost_connection_does_not()
    {
        Add("""{"drop":true,"afterwards":true,"verbs":["create"],"count":1}""");
        Assert.That(async () => await PostAsync("a"), Throws.TypeOf<HttpRequestException>());
        Add("""{"drop":true,"verbs":["create"],"count":1}""");
        Assert.That(async () => await PostAsync("b"), Throws.TypeOf<HttpRequestException>());
        Assert.That((await GetAsync("/api/v1/namespaces/default/configmaps/a")).StatusCode, Is.EqualTo(200));
        Assert.That((await GetAsync("/api/v1/namespaces/default/configmaps/b")).StatusCode, Is.EqualTo(404));
    }

    [Test]
    public async Task An_open_watch_is_dropped_at_once()
    {
        StreamOpening opening = await api.Door.OpenAsync(new ApiCall("GET", Pods, "watch=true&resourceVersion=1") { UserAgent = "kubectl/v1" }, CancellationToken.None);
        await using IApiFeed feed = opening.Feed!;
        ValueTask<ReadOnlyMemory<byte>?> reading = feed.ReadAsync(CancellationToken.None);
        Assert.That(plan.DropWatches(new FaultRule { Resources = ["configmaps"] }), Is.Zero);
        Assert.That(plan.DropWatches(new FaultRule { Resources = ["pods"] }), Is.EqualTo(1));
        Assert.That(async () => await reading, Throws.TypeOf<HttpRequestException>());
    }

    [TestCase("""{"code":200}""", "code is a number from 400 to 599")]
    [TestCase("""{}""", "does nothing")]
    [TestCase("""{"code":500,"verbs":["fetch"]}""", "there is no verb \"fetch\"")]
    [TestCase("""{"code":500,"rate":0}""", "rate is a number above 0")]
    [TestCase("""{"code":500,"rate":1.5}""", "rate is a number above 0")]
    [TestCase("""{"code":500,"count":0}""", "count is a number from 1")]
    [TestCase("""{"code":500,"for":"soon"}""", "for is \"soon\"")]
    [TestCase("""{"code":500,"verbs":[1]}""", "verbs is a list of texts")]
    [TestCase("""{"cod":500}""", "there is no \"cod\"")]
    public void What_is_no_fault_is_refused_with_the_remedy(string rule, string words) =>
        Assert.That(() => Add(rule), Throws.TypeOf<FormatException>().With.Message.Contains(words));

    private FaultRule Add(string rule) => plan.Add(FaultRule.Read(JsonNode.Parse(rule)!.AsObject(), time.GetUtcNow()));

    private Task<ApiAnswer> GetAsync(string path) => api.Door.SendAsync(new ApiCall("GET", path) { UserAgent = "kubectl/v1" }, CancellationToken.None);

    private Task<ApiAnswer> PostAsync(string name) => api.Door.SendAsync(
        new ApiCall("POST", "/api/v1/namespaces/default/configmaps")
        {
            UserAgent = "kubectl/v1",
            ContentType = "application/json",
            Body = Encoding.UTF8.GetBytes($$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"}}"""),
        },
        CancellationToken.None);

    private async Task<int[]> CodesAsync(int requests)
    {
        List<int> codes = [];
        for (int i = 0; i < requests; i++)
        {
            codes.Add((await GetAsync(Pods)).StatusCode);
        }

        return [.. codes];
    }
}

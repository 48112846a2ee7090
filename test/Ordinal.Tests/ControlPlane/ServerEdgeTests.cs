using System.Text;
using CsCheck;
using NUnit.Framework;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Tests.ControlPlane;

/// <summary>The server's edges: faults, logs, bad input, discovery and counts.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ServerEdgeTests
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";
    private const string Pods = "/api/v1/namespaces/default/pods";
    private const string Sets = "/apis/apps/v1/namespaces/default/statefulsets";

    [Test]
    public async Task A_fault_before_a_call_keeps_it_from_being_carried_out_and_one_after_it_does_not()
    {
        var faults = new ScriptedFaults();
        var api = new ApiHarness(faults: faults);
        faults.Before = new ApiRefusalException(429, "TooManyRequests", "slow down") { RetryAfterSeconds = 1 }.ToAnswer();
        Reply refused = await api.PostAsync(Maps, ApiHarness.ConfigMap("a"));
        faults.Before = null;
        faults.LosesAnswers = true;
        Assert.That(async () => await api.PostAsync(Maps, ApiHarness.ConfigMap("b")), Throws.InstanceOf<HttpRequestException>());
        faults.LosesAnswers = false;
        Reply list = await api.GetAsync(Maps);
        Assert.Multiple(() =>
        {
            Assert.That((refused.Code, refused.Answer.RetryAfter), Is.EqualTo((429, TimeSpan.FromSeconds(1))));
            Assert.That(list.ItemNames, Is.EqualTo(new[] { "b" }));
        });
    }

    [Test]
    public async Task A_fault_drops_a_watch()
    {
        var faults = new ScriptedFaults();
        var api = new ApiHarness(faults: faults);
        await using IApiFeed feed = await api.WatchAsync(Maps);
        await api.PostAsync(Maps, ApiHarness.ConfigMap("a"));
        faults.DropsWatches = true;
        Assert.That(async () => await feed.ReadAsync(CancellationToken.None), Throws.InstanceOf<HttpRequestException>());
    }

    [Test]
    public async Task Logs_come_from_the_source_that_knows_the_pod()
    {
        var api = new ApiHarness();
        await api.PostAsync(Pods, ApiHarness.Pod("a", "\"nodeName\":\"n\","));
        Reply nowhere = await api.GetAsync($"{Pods}/a/log");
        await api.PostAsync("/api/v1/nodes", """{"apiVersion":"v1","kind":"Node","metadata":{"name":"n"}}""");
        Reply silent = await api.GetAsync($"{Pods}/a/log");
        await api.MergeAsync("/api/v1/nodes/n/status", """{"status":{"addresses":[{"type":"InternalIP","address":"10.0.0.1"}]}}""");
        Reply early = await api.GetAsync($"{Pods}/a/log");
        var source = new FixedLog("one\ntwo\n");
        api.Server.Logs.Register(source);
        Reply log = await api.GetAsync($"{Pods}/a/log?tailLines=2&timestamps=true&container=c");
        Reply wrong = await api.GetAsync($"{Pods}/a/log?container=other");
        Assert.Multiple(() =>
        {
            Assert.That((nowhere.Code, nowhere.Message), Is.EqualTo((404, "nodes \"n\" not found")));
            Assert.That((silent.Code, silent.Message), Is.EqualTo((500, "no preferred addresses found; known addresses: []")));
            Assert.That(early.Code, Is.EqualTo(400));
            Assert.That(log.Text, Is.EqualTo("one\ntwo\n"));
            Assert.That(source.Asked, Is.EqualTo(new LogRequest("default", "a", "c") { TailLines = 2, Timestamps = true }));
            Assert.That(wrong.Message, Is.EqualTo("container other is not valid for pod a"));
        });
    }

    [TestCase("""{"spec":{"replicas":"three"}}""", "json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32")]
    [TestCase("""{"metadata":{"labels":{"a":1}}}""", "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string")]
    [TestCase("""{"spec":{"template":[]}}""", "json: cannot unmarshal array into Go struct field StatefulSetSpec.spec.template of type v1.PodTemplateSpec")]
    public async Task A_value_of_the_wrong_type_is_refused(string patch, string expected)
    {
        var api = new ApiHarness();
        await api.PostAsync(Sets, ApiHarness.StatefulSet("web"));
        Reply refused = await api.MergeAsync($"{Sets}/web", patch);
        Assert.That(refused.Code, Is.EqualTo(422));
        Assert.That(refused.Message, Does.StartWith(" \"\" is invalid: patch: Invalid value: \"{").And.EndsWith($": {expected}"));
    }

    [Test]
    public async Task Requests_are_counted_by_who_asked_for_what()
    {
        var api = new ApiHarness();
        await api.PostAsync(Maps, ApiHarness.ConfigMap("a"));
        await api.PostAsync(Maps, ApiHarness.ConfigMap("a"));
        IReadOnlyDictionary<RequestKind, long> counts = api.Server.Requests.Snapshot();
        Reply metrics = await api.GetAsync("/metrics");
        Assert.Multiple(() =>
        {
            Assert.That(counts[new RequestKind("POST", "configmaps", "", 201, "tests")], Is.EqualTo(1));
            Assert.That(counts[new RequestKind("POST", "configmaps", "", 409, "tests")], Is.EqualTo(1));
            Assert.That(metrics.Text, Does.Contain("apiserver_request_total{verb=\"POST\",resource=\"configmaps\",subresource=\"\",code=\"201\",client=\"tests\"} 1"));
        });
    }

    [Test]
    public async Task Discovery_names_groups_and_subresources()
    {
        var api = new ApiHarness();
        Reply groups = await api.GetAsync("/apis");
        Reply apps = await api.GetAsync("/apis/apps/v1");
        Reply openApi = await api.GetAsync("/openapi/v2", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf");
        Assert.Multiple(() =>
        {
            Assert.That(groups.Body["groups"]!.AsArray().Select(g => (string?)g!["name"]), Does.Contain("policy").And.Contain("events.k8s.io"));
            Assert.That(
                apps.Body["resources"]!.AsArray().Select(r => (string?)r!["name"]), Does.Contain("statefulsets/scale").And.Contain("controllerrevisions"));
            Assert.That(openApi.Answer.ContentType, Is.EqualTo("application/com.github.proto-openapi.spec.v2.v1.0+protobuf"));
            Assert.That(Encoding.UTF8.GetString(openApi.Answer.Body.Span), Does.Contain("/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}").And.Contain("dryRun"));
        });
    }

    [Test]
    public async Task A_protobuf_body_of_a_newer_kubectl_is_read()
    {
        // k8s\0, Unknown{typeMeta{v1, Namespace}, raw{metadata{name: demo}}}
        byte[] body = [.. "k8s\0"u8, 10, 15, 10, 2, .. "v1"u8, 18, 9, .. "Namespace"u8, 18, 8, 10, 6, 10, 4, .. "demo"u8];
        var api = new ApiHarness();
        ApiAnswer made = await api.Door.SendAsync(
            new ApiCall("POST", "/api/v1/namespaces") { Body = body, ContentType = "application/vnd.kubernetes.protobuf" }, CancellationToken.None);
        Reply read = await api.GetAsync("/api/v1/namespaces/demo");
        Assert.That((made.StatusCode, read.Code), Is.EqualTo((201, 200)));
    }

    [Test]
    public void No_bytes_make_the_server_throw()
    {
        string[] seeds =
        [
            ApiHarness.StatefulSet("web"), ApiHarness.Pod("p"), ApiHarness.ConfigMap("m"),
            """{"spec":{"replicas":2,"template":{"spec":{"containers":[{"name":"c","$patch":"delete"}]}}}}""",
            """[{"op":"add","path":"/spec/replicas","value":{}},{"op":"move","from":"/metadata","path":"/spec"}]""",
        ];
        string[] types =
        [
            "application/json", "application/yaml", "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
            "application/apply-patch+yaml", "application/vnd.kubernetes.protobuf", "",
        ];
        string[] paths = [Sets, $"{Sets}/web", $"{Sets}/web/scale", $"{Sets}/web/status", Pods, $"{Pods}/p/eviction", $"{Pods}/p/binding", $"{Maps}/m", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"];
        string[] queries = ["", "fieldManager=x&force=true", "limit=1&continue=zz", "fieldValidation=Strict", "labelSelector=%28%29", "resourceVersion=-1"];
        string[] methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
        Gen<byte[]> bodies = Gen.Select(Gen.Int[0, seeds.Length - 1].Select(i => seeds[i]), Gen.Int[0, 200], Gen.Byte, Gen.Int[0, 400], (seed, at, value, cut) =>
        {
            byte[] bytes = Encoding.UTF8.GetBytes(seed);
            bytes[at % bytes.Length] = value;
            return cut < bytes.Length && cut % 3 == 0 ? bytes[..cut] : bytes;
        });
        Gen.Select(bodies, Gen.Int[0, types.Length - 1].Select(i => types[i]), Gen.Int[0, paths.Length - 1].Select(i => paths[i]), Gen.Int[0, methods.Length - 1].Select(i => methods[i]), Gen.Int[0, queries.Length - 1].Select(i => queries[i]))
            .Sample(
                (body, type, path, method, query) =>
                {
                    var api = new ApiHarness();
                    api.PostAsync(Sets, ApiHarness.StatefulSet("web")).GetAwaiter().GetResult();
                    api.PostAsync(Pods, ApiHarness.Pod("p")).GetAwaiter().GetResult();
                    api.PostAsync(Maps, ApiHarness.ConfigMap("m")).GetAwaiter().GetResult();
                    ApiAnswer answer = api.Door.SendAsync(new ApiCall(method, path, query) { Body = body, ContentType = type }, CancellationToken.None).GetAwaiter().GetResult();

                    // Some mistakes of the caller a real API server answers with 500 and no reason; a mistake of its own has one.
                    return answer.StatusCode is (>= 200 and < 500) or 504 || (answer.StatusCode == 500 && !Encoding.UTF8.GetString(answer.Body.Span).Contains("\"reason\"", StringComparison.Ordinal));
                },
                iter: 2000);
    }

    private sealed class ScriptedFaults : IApiFaults
    {
        public ApiAnswer? Before { get; set; }

        public bool LosesAnswers { get; set; }

        public bool DropsWatches { get; set; }

        public ValueTask<ApiAnswer?> BeforeAsync(ApiCall apiCall, CancellationToken cancellationToken) => new(Before);

        public ValueTask<ApiAnswer> AfterAsync(ApiCall apiCall, ApiAnswer answer, CancellationToken cancellationToken) =>
            LosesAnswers ? throw new HttpRequestException("lost") : new ValueTask<ApiAnswer>(answer);

        public ValueTask<bool> BeforeFrameAsync(ApiCall apiCall, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) =>
            DropsWatches ? throw new HttpRequestException("dropped") : new ValueTask<bool>(true);
    }

    private sealed class FixedLog(string text) : ILogSource
    {
        public LogRequest? Asked { get; private set; }

        public Task<IApiFeed?> OpenAsync(LogRequest request, CancellationToken cancellationToken)
        {
            Asked = request;
            return Task.FromResult<IApiFeed?>(new OneChunk(Encoding.UTF8.GetBytes(text)));
        }
    }

    private sealed class OneChunk(byte[] bytes) : IApiFeed
    {
        private byte[]? _left = bytes;

        public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
        {
            byte[]? chunk = _left;
            _left = null;
            return new ValueTask<ReadOnlyMemory<byte>?>(chunk is null ? (ReadOnlyMemory<byte>?)null : new ReadOnlyMemory<byte>(chunk));
        }

        public ValueTask DisposeAsync() => default;
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using NUnit.Framework;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Hosting;

namespace Ordinal.Integration.ControlPlane;

/// <summary>The API server behind real sockets: TLS, token, body limit, watches and a quick stop.</summary>
public sealed class HttpsDoorTests
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Test]
    public async Task A_call_and_a_watch_go_through_tls_with_the_kubeconfigs_token()
    {
        await using ControlPlaneHost host = await StartAsync();
        string folder = Directory.CreateTempSubdirectory("ordinal-test-").FullName;
        try
        {
            string path = Path.Combine(folder, "private", "kubeconfig");
            await host.WriteKubeconfigAsync(path, "test", CancellationToken.None);
            Assert.Multiple(() =>
            {
                Assert.That(File.GetUnixFileMode(path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
                Assert.That(
                    File.GetUnixFileMode(Path.GetDirectoryName(path)!), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
            });
            using var door = new HttpDoor(HttpDoorOptions.FromKubeconfig(path), TimeProvider.System);
            using var deadline = new CancellationTokenSource(Deadline);
            StreamOpening opening = await door.OpenAsync(new ApiCall("GET", Maps, "watch=true"), deadline.Token);
            await using IApiFeed feed = opening.Feed!;
            ApiAnswer made = await door.SendAsync(Create("a"), deadline.Token);
            ReadOnlyMemory<byte>? frame = await feed.ReadAsync(deadline.Token);
            Assert.Multiple(() =>
            {
                Assert.That(made.StatusCode, Is.EqualTo(201));
                Assert.That(Encoding.UTF8.GetString(frame!.Value.Span), Does.StartWith("{\"type\":\"ADDED\",\"object\":{").And.Contain("\"name\":\"a\""));
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestCase(null, HttpStatusCode.Forbidden, HttpStatusCode.OK)]
    [TestCase("Bearer nonsense", HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized)]
    [TestCase("Basic YTpi", HttpStatusCode.Forbidden, HttpStatusCode.OK)]
    public async Task A_caller_without_a_token_may_see_health_and_one_with_a_wrong_token_nothing(string? authorization, HttpStatusCode maps, HttpStatusCode readyz)
    {
        await using ControlPlaneHost host = await StartAsync();
        using HttpClient client = Client(host, authorization);
        using HttpResponseMessage refused = await client.GetAsync(new Uri(host.Url, Maps));
        using HttpResponseMessage health = await client.GetAsync(new Uri(host.Url, "/readyz"));
        Assert.That((refused.StatusCode, health.StatusCode), Is.EqualTo((maps, readyz)));
    }

    [Test]
    public async Task A_client_that_does_not_trust_the_authority_gets_nowhere()
    {
        await using ControlPlaneHost host = await StartAsync();
        await using ControlPlaneHost other = await StartAsync();
        using var door = new HttpDoor(
            new HttpDoorOptions(host.Url) { CertificateAuthorityPem = other.CertificateAuthorityPem, Token = host.Token }, TimeProvider.System);
        Assert.That(async () => await door.SendAsync(new ApiCall("GET", "/version"), CancellationToken.None), Throws.InstanceOf<HttpRequestException>());
    }

    [Test]
    public async Task A_body_over_the_limit_is_413_and_the_server_goes_on()
    {
        await using ControlPlaneHost host = await StartAsync();
        using HttpDoor door = Door(host);
        ApiAnswer refused = await door.SendAsync(Create("big", new string('x', 4 * 1024 * 1024)), CancellationToken.None);
        ApiAnswer made = await door.SendAsync(Create("small"), CancellationToken.None);
        Assert.That((refused.StatusCode, made.StatusCode), Is.EqualTo((413, 201)));
    }

    [Test]
    public async Task A_stop_ends_open_watches()
    {
        ControlPlaneHost host = await StartAsync();
        using HttpDoor door = Door(host);
        using var deadline = new CancellationTokenSource(Deadline);
        StreamOpening opening = await door.OpenAsync(new ApiCall("GET", Maps, "watch=true"), deadline.Token);
        await using IApiFeed feed = opening.Feed!;
        // The host's own limit is 30 s of waiting for requests to end: past the deadline this would throw.
        await host.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(25));
        try
        {
            while (await feed.ReadAsync(deadline.Token) is not null)
            {
            }
        }
        catch (HttpRequestException)
        {
            // A cut watch is as good as an ended one: the client comes back either way.
        }
    }

    [Test]
    public async Task A_log_that_is_followed_ends_with_its_source()
    {
        var server = new ApiServer(TimeProvider.System, new ApiServerOptions());
        await using ControlPlaneHost host = await StartAsync(server);
        using HttpDoor door = Door(host);
        using var deadline = new CancellationTokenSource(Deadline);
        await door.SendAsync(
            new ApiCall("POST", "/api/v1/namespaces/default/pods")
            {
                Body = """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"app:v1"}]}}"""u8.ToArray(),
            },
            deadline.Token);
        server.Logs.Register(new TwoLines());
        StreamOpening opening = await door.OpenAsync(new ApiCall("GET", "/api/v1/namespaces/default/pods/a/log", "follow=true"), deadline.Token);
        await using IApiFeed feed = opening.Feed!;
        var text = new StringBuilder();
        while (await feed.ReadAsync(deadline.Token) is { } chunk)
        {
            text.Append(Encoding.UTF8.GetString(chunk.Span));
        }

        Assert.That(text.ToString(), Is.EqualTo("one\ntwo\n"));
    }

    [Test]
    public async Task Paths_are_case_sensitive_over_http_too()
    {
        await using ControlPlaneHost host = await StartAsync();
        using HttpDoor door = Door(host);
        ApiAnswer answer = await door.SendAsync(new ApiCall("GET", "/API/V1/namespaces"), CancellationToken.None);
        Assert.That(answer.StatusCode, Is.EqualTo(404));
    }

    private static ApiCall Create(string name, string value = "v") => new("POST", Maps)
    {
        Body = Encoding.UTF8.GetBytes($$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"},"data":{"k":"{{{value}}}"}}"""),
        ContentType = "application/json",
    };

    private static HttpDoor Door(ControlPlaneHost host) =>
        new(new HttpDoorOptions(host.Url) { CertificateAuthorityPem = host.CertificateAuthorityPem, Token = host.Token }, TimeProvider.System);

    private static HttpClient Client(ControlPlaneHost host, string? authorization)
    {
        // Only who may come in is asked here; that the certificate is right is asked above.
        var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator };
        var client = new HttpClient(handler, disposeHandler: true) { BaseAddress = host.Url };
        if (authorization is not null)
        {
            client.DefaultRequestHeaders.Authorization = AuthenticationHeaderValue.Parse(authorization);
        }

        return client;
    }

    private static Task<ControlPlaneHost> StartAsync(ApiServer? server = null) => ControlPlaneHost.StartAsync(
        server ?? new ApiServer(TimeProvider.System, new ApiServerOptions()),
        new ControlPlaneHostOptions(IPAddress.Parse("127.83.1.1")),
        TimeProvider.System,
        CancellationToken.None);

    private sealed class TwoLines : ILogSource
    {
        public Task<IApiFeed?> OpenAsync(LogRequest request, CancellationToken cancellationToken) => Task.FromResult<IApiFeed?>(new Feed());

        private sealed class Feed : IApiFeed
        {
            private readonly Queue<string> _lines = new(["one\n", "two\n"]);

            public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken) => new(
                _lines.TryDequeue(out string? line) ? new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(line)) : (ReadOnlyMemory<byte>?)null);

            public ValueTask DisposeAsync() => default;
        }
    }
}

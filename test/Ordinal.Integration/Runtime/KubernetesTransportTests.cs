using System.Text;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Runtime;

[CancelAfter(60_000)]
public sealed class KubernetesTransportTests
{
    [Test]
    public async Task A_request_goes_out_over_http2_with_its_token_its_body_and_its_exact_path(CancellationToken cancellationToken)
    {
        var seen = new TaskCompletionSource<string>();
        await using var server = await TlsServer.StartAsync(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync();
            seen.TrySetResult($"{context.Request.Protocol} {context.Request.Method} {context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget} {context.Request.Headers.Authorization} {context.Request.ContentType} {context.Request.Headers.UserAgent} {body}");
            context.Response.StatusCode = 201;
            await context.Response.WriteAsync("{}");
        });
        using var transport = Connect(server);
        var response = await transport.SendAsync(new ApiRequest("POST", "/api/v1/namespaces/a%2Fb/pods?fieldManager=me%26you") { ContentType = PatchTypes.Apply, Body = "{\"a\":1}"u8.ToArray() }, cancellationToken);

        Assert.That((response.StatusCode, Encoding.UTF8.GetString(response.Body.Span)), Is.EqualTo((201, "{}")));
        Assert.That(await seen.Task, Is.EqualTo("HTTP/2 POST /api/v1/namespaces/a%2Fb/pods?fieldManager=me%26you Bearer swordfish application/apply-patch+yaml test/1.0 {\"a\":1}"));
    }

    [Test]
    public async Task A_refusal_is_an_answer_with_its_retry_after(CancellationToken cancellationToken)
    {
        await using var server = await TlsServer.StartAsync(async context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "7";
            await context.Response.WriteAsync("busy");
        });
        using var transport = Connect(server);
        var response = await transport.SendAsync(new ApiRequest("GET", "/api"), cancellationToken);
        Assert.That((response.StatusCode, response.RetryAfter), Is.EqualTo((429, TimeSpan.FromSeconds(7))));
        var opening = await transport.OpenAsync(new ApiRequest("GET", "/api"), cancellationToken);
        Assert.That((opening.Refusal?.StatusCode, opening.Stream), Is.EqualTo(((int?)429, (IApiLines?)null)));
    }

    /// <summary>The official client's watch does not return before the first event: an idle watch looked like a hanging server.</summary>
    [Test]
    public async Task A_stream_opens_before_its_first_line_and_splits_lines_wherever_the_chunks_end(CancellationToken cancellationToken)
    {
        var go = new TaskCompletionSource();
        var large = new string('x', 100_000);
        await using var server = await TlsServer.StartAsync(async context =>
        {
            await context.Response.StartAsync();
            await context.Response.Body.FlushAsync();
            await go.Task.WaitAsync(context.RequestAborted);
            foreach (var chunk in new[] { "{\"a\":", "1}\n{\"b\":2}\n", "\n", large, large + "\n{\"c\"", ":3}\n" })
            {
                await context.Response.WriteAsync(chunk);
                await context.Response.Body.FlushAsync();
            }
        });
        using var transport = Connect(server);
        var opening = await transport.OpenAsync(new ApiRequest("GET", "/watch"), cancellationToken);
        await using var stream = opening.Stream!;
        go.SetResult();
        var lines = new List<string>();
        while (await stream.ReadLineAsync(cancellationToken) is { } line)
        {
            lines.Add(Encoding.UTF8.GetString(line.Span));
        }

        Assert.That(lines, Is.EqualTo(new[] { "{\"a\":1}", "{\"b\":2}", "", large + large, "{\"c\":3}" }));
    }

    [Test]
    public async Task A_stream_cut_inside_a_line_is_a_broken_one(CancellationToken cancellationToken)
    {
        await using var server = await TlsServer.StartAsync(async context => await context.Response.WriteAsync("{\"a\":1}\n{\"b\""));
        using var transport = Connect(server);
        await using var stream = (await transport.OpenAsync(new ApiRequest("GET", "/watch"), cancellationToken)).Stream!;
        Assert.That(Encoding.UTF8.GetString((await stream.ReadLineAsync(cancellationToken))!.Value.Span), Is.EqualTo("{\"a\":1}"));
        Assert.That(async () => await stream.ReadLineAsync(cancellationToken), Throws.InstanceOf<IOException>().With.Message.Contain("inside a line"));
    }

    [Test]
    public async Task A_connection_that_the_server_aborts_is_an_error_and_not_an_end(CancellationToken cancellationToken)
    {
        await using var server = await TlsServer.StartAsync(async context =>
        {
            await context.Response.WriteAsync("{\"a\":1}\n");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        using var transport = Connect(server);
        var error = default(Exception);
        try
        {
            // On a slow machine the abort may be here before the headers are looked at.
            await using var stream = (await transport.OpenAsync(new ApiRequest("GET", "/watch"), cancellationToken)).Stream!;
            while (await stream.ReadLineAsync(cancellationToken) is not null)
            {
            }
        }
        catch (Exception thrown) when (thrown is IOException or HttpRequestException)
        {
            error = thrown;
        }

        Assert.That(error, Is.Not.Null);
    }

    /// <summary>Nothing is sent on a watch at rest, so TCP itself would never find out. The server is pinged, and its silence breaks the watch.</summary>
    [Test]
    public async Task A_watch_over_a_connection_that_died_without_a_word_breaks(CancellationToken cancellationToken)
    {
        await using var server = await TlsServer.StartAsync(async context =>
        {
            await context.Response.WriteAsync("{\"a\":1}\n");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        });
        var kubeconfig = await File.ReadAllTextAsync(server.Kubeconfig, cancellationToken);
        var address = new Uri(kubeconfig.Split("server: \"")[1].Split('"')[0]);
        await using var proxy = new FreezingProxy(address.Port);
        await File.WriteAllTextAsync(server.Kubeconfig, kubeconfig.Replace($":{address.Port}", $":{proxy.Port}", StringComparison.Ordinal), cancellationToken);
        using var transport = KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = server.Kubeconfig, KeepAlivePingDelay = TimeSpan.FromSeconds(1), KeepAlivePingTimeout = TimeSpan.FromSeconds(1) }, TimeProvider.System);
        await using var stream = (await transport.OpenAsync(new ApiRequest("GET", "/watch"), cancellationToken)).Stream!;
        Assert.That(Encoding.UTF8.GetString((await stream.ReadLineAsync(cancellationToken))!.Value.Span), Is.EqualTo("{\"a\":1}"));

        proxy.Freeze();
        Assert.That(async () => await stream.ReadLineAsync(cancellationToken), Throws.InstanceOf<IOException>().Or.InstanceOf<HttpRequestException>());
    }

    [Test]
    public async Task A_hanging_request_ends_with_its_token(CancellationToken cancellationToken)
    {
        var arrived = new TaskCompletionSource();
        await using var server = await TlsServer.StartAsync(async context =>
        {
            arrived.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        });
        using var transport = Connect(server);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var request = transport.SendAsync(new ApiRequest("GET", "/api"), limit.Token);
        await arrived.Task.WaitAsync(cancellationToken);
        limit.Cancel();
        Assert.That(async () => await request, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task A_certificate_of_another_authority_is_refused(CancellationToken cancellationToken)
    {
        await using var server = await TlsServer.StartAsync(context => context.Response.WriteAsync("{}"));
        await using var other = await TlsServer.StartAsync(context => context.Response.WriteAsync("{}"));
        var kubeconfig = await File.ReadAllTextAsync(server.Kubeconfig, cancellationToken);
        var otherAddress = (await File.ReadAllTextAsync(other.Kubeconfig, cancellationToken)).Split("server: \"")[1].Split('"')[0];
        await File.WriteAllTextAsync(server.Kubeconfig, kubeconfig.Replace(kubeconfig.Split("server: \"")[1].Split('"')[0], otherAddress, StringComparison.Ordinal), cancellationToken);
        using var transport = Connect(server);
        Assert.That(async () => await transport.SendAsync(new ApiRequest("GET", "/api"), cancellationToken), Throws.InstanceOf<HttpRequestException>());
    }

    [Test]
    public void A_kubeconfig_that_is_missing_or_broken_is_named()
    {
        var missing = Path.Combine(Path.GetTempPath(), "no-such-kubeconfig");
        Assert.That(() => KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = missing }, TimeProvider.System), Throws.InvalidOperationException.With.Message.Contain(missing));
        var broken = Path.GetTempFileName();
        foreach (var text in new[] { "", "{", "a: [", "kind: Config", "current-context: x\ncontexts: []\n" })
        {
            File.WriteAllText(broken, text);
            Assert.That(() => KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = broken }, TimeProvider.System), Throws.InvalidOperationException.With.Message.Contain(broken), $"kubeconfig <{text}>");
        }

        File.Delete(broken);
    }

    private static KubernetesTransport Connect(TlsServer server) =>
        KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = server.Kubeconfig, UserAgent = "test/1.0" }, TimeProvider.System);
}

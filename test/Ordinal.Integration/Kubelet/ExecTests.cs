using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using NUnit.Framework;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Hosting;
using Ordinal.Gates.Exec;
using Ordinal.Integration.ControlPlane;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Kubelet;

/// <summary>Commands in containers that are processes: stock kubectls (SPDY the older, WebSockets the newer), and the operator's own client.</summary>
[TestFixtureSource(typeof(StockKubectl), nameof(StockKubectl.All))]
public sealed class ExecTests(StockKubectl kubectl)
{
    private const string Manifest = """
        apiVersion: v1
        kind: Pod
        metadata: {name: work, namespace: default}
        spec:
          terminationGracePeriodSeconds: 1
          volumes: [{name: v, emptyDir: {}}]
          containers:
          - name: main
            image: none
            command: [sh, -c, "echo here > $ORDINAL_MOUNT_V/file; exec sleep 1000"]
            env: [{name: GREETING, value: hello}]
            volumeMounts: [{name: v, mountPath: /v}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: pair, namespace: default}
        spec:
          terminationGracePeriodSeconds: 1
          containers:
          - {name: a, image: none, command: [sleep, "1000"]}
          - {name: b, image: none, command: [sleep, "1000"]}
        """;

    private LocalCluster cluster = null!;
    private string folder = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        folder = Directory.CreateTempSubdirectory("ordinal-exec-").FullName;
        cluster = await LocalCluster.StartAsync(
            new LocalClusterOptions { Nodes = 1, RunsProcesses = true, Path = "/usr/bin:/bin", TokenFile = "secret,bob,1" }, TimeProvider.System, CancellationToken.None);
        var applied = await RunAsync(Manifest, "apply", "-f", "-");
        Assert.That(applied.Code, Is.Zero, applied.Error);
        Assert.That((await RunAsync(null, "wait", "--for=condition=Ready", "pod/work", "pod/pair", "--timeout=170s")).Code, Is.Zero);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await cluster.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public async Task A_command_prints_and_its_exit_code_is_kubectls_own()
    {
        var said = await RunAsync(null, "exec", "work", "--", "sh", "-c", "echo out; echo wrong >&2; exit 3");
        Assert.That(said.Output, Is.EqualTo("out\n"));
        Assert.That(said.Error, Does.Contain("wrong\n").And.Contain("command terminated with exit code 3"));
        Assert.That(said.Code, Is.EqualTo(3));
        Assert.That((await RunAsync(null, "exec", "work", "--", "true")).Code, Is.Zero);
    }

    [Test]
    public async Task A_command_sees_what_its_container_sees()
    {
        var said = await RunAsync(null, "exec", "work", "--", "sh", "-c", "echo $GREETING $HOSTNAME; cat $0", "/v/file");
        Assert.That((said.Output, said.Code), Is.EqualTo(("hello work\nhere\n", 0)), said.Error);
    }

    [Test]
    public async Task Input_goes_in_to_its_end_and_comes_out_whole()
    {
        var text = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i}\n"));
        var said = await RunAsync(text, "exec", "-i", "work", "--", "cat");
        Assert.That(said.Code, Is.Zero, said.Error);
        Assert.That(said.Output, Is.EqualTo(text));
    }

    [Test]
    public async Task A_command_that_reads_no_input_is_not_held_up_by_it()
    {
        // Less than a pipe holds: kubectl may be gone before it has read it.
        var said = await RunAsync(new string('x', 30_000), "exec", "-i", "work", "--", "echo", "done");
        Assert.That((said.Output, said.Code), Is.EqualTo(("done\n", 0)), said.Error);
    }

    [Test]
    public async Task What_cannot_run_is_refused_in_the_words_of_a_kubelet()
    {
        Assert.That((await RunAsync(null, "exec", "work", "--", "no-such-program")).Error, Does.Contain("error executing command in container: \"no-such-program\": executable file not found in PATH"));
        Assert.That((await RunAsync(null, "exec", "work", "-c", "nope", "--", "true")).Error, Does.Contain("container nope is not valid for pod work"));
        Assert.That((await RunAsync(null, "exec", "nope", "--", "true")).Error, Does.Contain("pods \"nope\" not found"));
        Assert.That((await RunAsync(null, "exec", "pair", "-c", "b", "--", "echo", "b")).Output, Is.EqualTo("b\n"));
    }

    [Test]
    public async Task A_command_ends_with_its_container_and_is_gone()
    {
        Assert.That((await RunAsync(Manifest.Split("---")[0].Replace("name: work", "name: short", StringComparison.Ordinal), "apply", "-f", "-")).Code, Is.Zero);
        Assert.That((await RunAsync(null, "wait", "--for=condition=Ready", "pod/short", "--timeout=170s")).Code, Is.Zero);
        using var running = kubectl.Start(folder, cluster.Kubeconfig, ["exec", "short", "--", "sh", "-c", "echo $$; exec sleep 1000"]);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var pid = int.Parse((await running.StandardOutput.ReadLineAsync(deadline.Token))!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.That((await RunAsync(null, "delete", "pod", "short")).Code, Is.Zero);
        await running.WaitForExitAsync(deadline.Token);
        Assert.That(running.ExitCode, Is.Not.Zero);
        await ProcessMarks.EventuallyAsync(() => Ordinal.ControlPlane.Nodes.Processes.ProcFs.Read(pid) is null, "the command is gone");
    }

    [Test]
    public async Task The_operators_client_runs_commands_too()
    {
        using var transport = KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = cluster.Kubeconfig }, TimeProvider.System);
        var exec = PodExec.Over(transport)!;
        async Task<ExecSample> AskAsync(params ImmutableArray<string> words) => await exec.RunAsync(new ExecRequest("default", "work", "main", words, 4096), CancellationToken.None);
        Assert.That(await AskAsync("sh", "-c", "echo lag 7; exit 1"), Is.EqualTo(new ExecSample { ExitCode = 1, Output = "lag 7\n" }));
        Assert.That(await AskAsync("true"), Is.EqualTo(new ExecSample { ExitCode = 0, Output = "" }));
        Assert.That((await AskAsync("no-such-program")).IsCommandMissing, Is.True);
    }

    [TestCase("v5.channel.k8s.io", true)]
    [TestCase("v4.channel.k8s.io", true)]
    [TestCase("v9.channel.k8s.io", false)]
    public async Task A_web_socket_speaks_one_of_the_protocols_that_it_was_offered(string protocol, bool isKnown)
    {
        using var socket = Socket(TokenOf(cluster), protocol);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        if (!isKnown)
        {
            await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(socket, deadline.Token));
            Assert.That(socket.HttpStatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
            return;
        }

        await ConnectAsync(socket, deadline.Token);
        Assert.That(socket.SubProtocol, Is.EqualTo(protocol));
        List<string> messages = [];
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer, deadline.Token) is { MessageType: not WebSocketMessageType.Close } part)
        {
            messages.Add($"{buffer[0]}:{Encoding.UTF8.GetString(buffer, 1, part.Count - 1)}");
        }

        Assert.That(messages, Is.EqualTo(new[] { "1:", "1:out\n", """3:{"metadata":{},"status":"Success"}""" }));
    }

    [Test]
    public async Task To_open_a_web_socket_is_to_create_and_needs_the_right_to()
    {
        await RunAsync(null, "create", "role", "looker", "--verb=get", "--resource=pods/exec");
        await RunAsync(null, "create", "rolebinding", "looker", "--role=looker", "--user=bob");
        using var socket = Socket("secret", "v5.channel.k8s.io");
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(socket, CancellationToken.None));
        Assert.That(socket.HttpStatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
    }

    [Test]
    public async Task A_plain_request_is_told_to_upgrade()
    {
        using var door = new HttpDoor(HttpDoorOptions.FromKubeconfig(cluster.Kubeconfig), TimeProvider.System);
        var answer = await door.SendAsync(new ApiCall("GET", "/api/v1/namespaces/default/pods/work/exec", "command=true&stdout=true"), CancellationToken.None);
        Assert.That((answer.StatusCode, Encoding.UTF8.GetString(answer.Body.Span)), Is.EqualTo((400, """{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Upgrade request required","reason":"BadRequest","code":400}""")));
    }

    [TestCase("8003000100FFFFFF00000001", TestName = "A_frame_without_end_ends_the_connection_and_nothing_else")]
    [TestCase("800300010000001000000001000000000000DEADBEEFDEADBEEF", TestName = "Headers_that_are_none_end_the_connection_and_nothing_else")]
    [TestCase("8003000100000002FFFF", TestName = "A_frame_that_is_too_short_ends_the_connection_and_nothing_else")]
    public async Task What_is_no_SPDY(string garbage)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var connection = new TcpClient();
        await connection.ConnectAsync(cluster.Url.Host, cluster.Url.Port, deadline.Token);
#pragma warning disable CA5359 // The certificate is that of a cluster that this test has started.
        await using var stream = new SslStream(connection.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, deadline.Token);
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                "POST /api/v1/namespaces/default/pods/work/exec?command=cat&stdin=true&stdout=true HTTP/1.1\r\nHost: localhost\r\n"
                + $"Authorization: Bearer {TokenOf(cluster)}\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\nContent-Length: 0\r\n\r\n"),
            deadline.Token);
        var answer = "";
        var buffer = new byte[4096];
        while (!answer.Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            answer += Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer, deadline.Token));
        }

        Assert.That(answer, Does.StartWith("HTTP/1.1 101 "));
        await stream.WriteAsync(Convert.FromHexString(garbage), deadline.Token);
        Assert.That(await UntilEndAsync(stream, deadline.Token), Is.True);
        Assert.That((await RunAsync(null, "exec", "work", "--", "true")).Code, Is.Zero);
    }

    private static async Task<bool> UntilEndAsync(Stream stream, CancellationToken cancellationToken)
    {
        try
        {
            var buffer = new byte[4096];
            while (await stream.ReadAsync(buffer, cancellationToken) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Cut off is an end too.
        }

        return true;
    }

    private static string TokenOf(LocalCluster cluster) => HttpDoorOptions.FromKubeconfig(cluster.Kubeconfig).Token!;

    private static ClientWebSocket Socket(string token, string protocol)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(protocol);
        socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        socket.Options.CollectHttpResponseDetails = true;
#pragma warning disable CA5359 // The certificate is that of a cluster that this test has started.
        socket.Options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        return socket;
    }

    private Task ConnectAsync(ClientWebSocket socket, CancellationToken cancellationToken) => socket.ConnectAsync(
        new Uri($"wss://{cluster.Url.Authority}/api/v1/namespaces/default/pods/work/exec?command=echo&command=out&stdout=true&stderr=true"), cancellationToken);

    private Task<Said> RunAsync(string? input, params string[] arguments) => kubectl.RunAsync(folder, cluster.Kubeconfig, arguments, input);
}

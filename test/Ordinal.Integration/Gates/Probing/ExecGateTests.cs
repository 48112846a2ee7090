using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Exec;
using Ordinal.Gates.Probing;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Operating;
using Ordinal.Integration.Runtime;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Client;
using static Ordinal.Integration.Gates.Probing.Probes;

namespace Ordinal.Integration.Gates.Probing;

/// <summary>
/// Exec gates over real WebSockets. The API server's door is played by the test, so that it can misbehave; what a good one does is tried in
/// <see cref="Kubelet.ExecTests"/>. That the operator has no such right by default is tried on every cluster.
/// </summary>
public sealed class ExecGateTests
{
    private const string Success = """{"metadata":{},"status":"Success"}""";

    [Test]
    public async Task A_command_that_ends_with_0_passes_and_goes_out_word_by_word()
    {
        var seen = "";
        await using var server = await TlsServer.StartAsync(Door(["v5.channel.k8s.io"], async (context, socket, token) =>
        {
            seen = $"{context.Request.Path}{context.Request.QueryString} {context.Request.Headers.Authorization} {socket.SubProtocol}";
            await SendAsync(socket, 1, "lag ", token);
            await SendAsync(socket, 2, "7\n", token);
            await SendAsync(socket, 3, Success, token);
        }));
        var report = await AskAsync(server);
        Expect(report, GateVerdict.Allow, ReasonCodes.GateOpen, "container db of pod db-0 ended with 0: \"lag 7\"");
        Assert.That(seen, Is.EqualTo("/api/v1/namespaces/prod/pods/db-0/exec?stdout=true&stderr=true&container=db&command=check&command=--pod%3Ddb-0&command=a%20b%26c Bearer swordfish v5.channel.k8s.io"));
    }

    [TestCase(1, GateVerdict.Deny, "ExecDenied")]
    [TestCase(3, GateVerdict.Unknown, "ExecInconclusive")]
    [TestCase(127, GateVerdict.Misconfigured, "ExecCommandMissing")]
    public async Task An_older_server_speaks_v4_and_tells_the_exit_code(int exit, GateVerdict verdict, string code)
    {
        var ended = $$"""{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"{{exit}}"}] } }""";
        await using var server = await TlsServer.StartAsync(Door(["v4.channel.k8s.io"], (_, socket, token) => SendAsync(socket, 3, ended, token)));
        Expect(await AskAsync(server), verdict, ReasonCodes.Find(code)!, $"ended with {exit}".Replace("ended with 127", "cannot be run", StringComparison.Ordinal));
    }

    [Test]
    public async Task Output_without_end_is_cut_and_the_verdict_still_comes()
    {
        await using var server = await TlsServer.StartAsync(Door(["v5.channel.k8s.io"], async (_, socket, token) =>
        {
            for (var i = 0; i < 100; i++)
            {
                await SendAsync(socket, 1, new string('x', 20_000), token);
            }

            await SendAsync(socket, 3, Success, token);
        }));
        using var transport = Connect(server);
        var sample = await PodExec.Over(transport)!.RunAsync(new ExecRequest("prod", "db-0", "", ["true"], ExecGateOptions.MaxOutput), CancellationToken.None);
        Assert.That((sample.ExitCode, sample.Output.Length), Is.EqualTo(((int?)0, ExecGateOptions.MaxOutput)));
    }

    [Test]
    public async Task A_connection_that_ends_before_the_command_does_is_unknown()
    {
        await using var server = await TlsServer.StartAsync(Door(["v5.channel.k8s.io"], (_, socket, token) => SendAsync(socket, 1, "so far", token)));
        Expect(await AskAsync(server), GateVerdict.Unknown, ReasonCodes.ExecInconclusive, "before the command did");
    }

    [Test]
    public async Task A_command_that_does_not_end_is_unknown_at_its_deadline()
    {
        await using var server = await TlsServer.StartAsync(Door(["v5.channel.k8s.io"], (_, _, token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token)));
        Expect(await AskAsync(server, Short), GateVerdict.Unknown, ReasonCodes.ProbeUnreachable, "container db of pod db-0 within 1 s");
    }

    [TestCase("silent", "within 1 s")]
    [TestCase("refuses", "the connection to the API server broke")]
    [TestCase("has no name", "the connection to the API server broke")]
    [TestCase("is plain", "the connection to the API server broke")]
    [TestCase("has expired", "the connection to the API server broke")]
    public async Task An_API_server_that_cannot_be_spoken_with_is_unknown(string server, string words)
    {
        using var certificate = BadServer.Certificate("api.test", server == "has expired" ? TimeSpan.FromHours(-1) : TimeSpan.FromDays(1));
        await using var bad = server switch
        {
            "silent" => BadServer.Silent(),
            "is plain" => BadServer.Says(BadServer.Http("400 Bad Request", "")),
            _ => BadServer.Tls(certificate, BadServer.Http("200 OK", "")),
        };
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // bound but not listening: refused, and nobody else can take it
        var address = server switch
        {
            "refuses" => $"127.0.0.1:{((IPEndPoint)closed.LocalEndPoint!).Port}",
            "has no name" => "api.prod.invalid:6443",
            _ => $"127.0.0.1:{bad.Port}",
        };
        var folder = Directory.CreateTempSubdirectory("ordinal-exec-").FullName;
        try
        {
            var kubeconfig = Path.Combine(folder, "kubeconfig");
            await File.WriteAllTextAsync(kubeconfig, $$"""
                apiVersion: v1
                kind: Config
                current-context: test
                contexts: [{name: test, context: {cluster: test, user: test} }]
                users: [{name: test, user: {token: hunter2} }]
                clusters:
                - name: test
                  cluster:
                    server: "https://{{address}}"
                    tls-server-name: api.test
                    certificate-authority-data: {{Convert.ToBase64String(Encoding.UTF8.GetBytes(certificate.ExportCertificatePem()))}}
                """);
            using var transport = KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = kubeconfig }, TimeProvider.System);
            var gate = new ExecGateFactory(PodExec.Over(transport), TimeProvider.System).Create(new ExecGateOptions { Plan = server == "silent" ? Short : Long, Container = "db", Command = ["check"] });
            Expect(await Probes.AskAsync(gate), GateVerdict.Unknown, server == "silent" ? ReasonCodes.ProbeUnreachable : ReasonCodes.ExecInconclusive, "pod db-0", words);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestCase(401, GateVerdict.Misconfigured, "ExecNotAllowed")]
    [TestCase(403, GateVerdict.Misconfigured, "ExecNotAllowed")]
    [TestCase(404, GateVerdict.Unknown, "ProbePodAbsent")]
    [TestCase(400, GateVerdict.Misconfigured, "ExecCommandMissing")]
    [TestCase(500, GateVerdict.Unknown, "ExecInconclusive")]
    public async Task A_refusal_is_told_apart(int status, GateVerdict verdict, string code)
    {
        await using var server = await TlsServer.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        Expect(await AskAsync(server), verdict, ReasonCodes.Find(code)!, "db-0");
    }

    [TestCaseSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
    public async Task The_operator_may_run_no_command_unless_the_component_allows_it(ClusterKind kind)
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        using var transport = KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = cluster.OperatorKubeconfigPath }, TimeProvider.System);
        var request = new ExecRequest("default", "web-0", "", ["true"], ExecGateOptions.MaxOutput);
        Assert.That((await PodExec.Over(transport)!.RunAsync(request, CancellationToken.None)).Refusal, Is.EqualTo(403));
        await OperatorAccount.LetRunCommandsAsync(cluster);

        // The right is there: what is missing now is the pod. A real server needs a moment to see the role.
        await cluster.UntilAsync("the role counts", async () => (await PodExec.Over(transport)!.RunAsync(request, CancellationToken.None)).Refusal == 404);
    }

    private static RequestDelegate Door(string[] protocols, Func<HttpContext, WebSocket, CancellationToken, Task> serve) => async context =>
    {
        var chosen = context.WebSockets.WebSocketRequestedProtocols.First(protocols.Contains);
        using var socket = await context.WebSockets.AcceptWebSocketAsync(chosen);
        await serve(context, socket, context.RequestAborted);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", context.RequestAborted);
    };

    private static Task SendAsync(WebSocket socket, byte channel, string text, CancellationToken cancellationToken) =>
        socket.SendAsync(new ArraySegment<byte>([channel, .. Encoding.UTF8.GetBytes(text)]), WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);

    private static KubernetesTransport Connect(TlsServer server) => KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = server.Kubeconfig }, TimeProvider.System);

    private static async Task<GateReport> AskAsync(TlsServer server, ProbePlan? plan = null)
    {
        using var transport = Connect(server);
        var options = new ExecGateOptions { Plan = plan ?? Long, Container = "db", Command = ["check", "--pod={pod}", "a b&c"] };
        return await Probes.AskAsync(new ExecGateFactory(PodExec.Over(transport), TimeProvider.System).Create(options));
    }
}

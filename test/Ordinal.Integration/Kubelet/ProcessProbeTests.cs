using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using Ordinal.ControlPlane.Nodes;

namespace Ordinal.Integration.Kubelet;

/// <summary>Probes of real processes.</summary>
public sealed class ProcessProbeTests
{
    private const string Forever = "exec sleep 1000";

    [Test]
    public async Task A_readiness_probe_turns_the_container_ready_and_back()
    {
        await using var bench = await ProcessBench.CreateAsync();
        var pod = await bench.ScriptAsync(
            Forever,
            """{"volumeMounts":[{"name":"v","mountPath":"/v"}],"readinessProbe":{"exec":{"command":["test","-e","/v/ready"]},"periodSeconds":1,"timeoutSeconds":20,"failureThreshold":1}}""",
            """{"volumes":[{"name":"v","emptyDir":{}}]}""");
        await pod.UntilAsync(_ => pod.Events.Any(e => e.Contains("Readiness probe failed", StringComparison.Ordinal)), "a failed probe");
        Assert.That(pod.Main.IsReady, Is.False);
        var file = Path.Combine(Directory.GetDirectories(Path.Combine(bench.Root, "pods")).Single(), "volumes", "v", "ready");
        await File.WriteAllTextAsync(file, "");
        await pod.UntilAsync(o => o.Containers[0].IsReady, "ready");
        File.Delete(file);
        await pod.UntilAsync(o => !o.Containers[0].IsReady, "unready again");
        Assert.That(pod.Main, Is.InstanceOf<ContainerObservation>().With.Property("RestartCount").Zero);
    }

    [Test]
    public async Task Network_probes_go_to_the_pods_own_address()
    {
        await using var bench = await ProcessBench.CreateAsync();
        using var listener = new TcpListener(IPAddress.Parse(bench.Net.Address(30)), 8080);
        var pod = await bench.ScriptAsync(
            Forever,
            """{"ports":[{"name":"web","containerPort":8080}],"readinessProbe":{"tcpSocket":{"port":"web"},"periodSeconds":1,"timeoutSeconds":20,"failureThreshold":1}}""",
            metadata: """{"annotations":{"ordinal.dev/host":"30"}}""");
        await pod.UntilAsync(_ => pod.Events.Any(e => e.Contains("Readiness probe failed", StringComparison.Ordinal)), "a refused connection");
        listener.Start();
        await pod.UntilAsync(o => o.Containers[0].IsReady, "ready");
    }

    [TestCase(200, true)]
    [TestCase(302, true)]
    [TestCase(503, false)]
    public async Task An_http_probe_passes_from_200_to_399(int status, bool isReady)
    {
        await using var bench = await ProcessBench.CreateAsync();
        using var listener = new TcpListener(IPAddress.Parse(bench.Net.Address(30)), 8080);
        listener.Start();
        var pod = await bench.ScriptAsync(
            Forever,
            """{"readinessProbe":{"httpGet":{"port":8080,"path":"/health","httpHeaders":[{"name":"X-A","value":"b"}]},"periodSeconds":1,"timeoutSeconds":20,"failureThreshold":1}}""",
            metadata: """{"annotations":{"ordinal.dev/host":"30"}}""");
        using var connection = await listener.AcceptTcpClientAsync();
        var stream = connection.GetStream();
        using var reader = new StreamReader(stream, leaveOpen: true);
        var head = new List<string>();
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
        {
            head.Add(line);
        }

        Assert.That(head, Is.SupersetOf((string[])["GET /health HTTP/1.1", $"Host: {bench.Net.Address(30)}:8080", "X-A: b"]));
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        await (isReady
            ? pod.UntilAsync(o => o.Containers[0].IsReady, "ready")
            : pod.UntilAsync(_ => pod.Events.Any(e => e.Contains($"statuscode: {status}", StringComparison.Ordinal)), "refused"));
        Assert.That(pod.Main.IsReady, Is.EqualTo(isReady));
    }

    [Test]
    public async Task A_failed_liveness_probe_restarts_the_container_and_a_startup_probe_holds_it_off()
    {
        await using var bench = await ProcessBench.CreateAsync();
        var pod = await bench.ScriptAsync(
            "trap 'echo ended; exit 5' TERM; echo up; while :; do sleep 0.1; done",
            """
            {"volumeMounts":[{"name":"v","mountPath":"/v"}],
             "startupProbe":{"exec":{"command":["test","-e","/v/started"]},"periodSeconds":1,"timeoutSeconds":20,"failureThreshold":100},
             "livenessProbe":{"exec":{"command":["test","-e","/v/alive"]},"periodSeconds":1,"failureThreshold":2}}
            """,
            """{"volumes":[{"name":"v","emptyDir":{}}]}""");
        await pod.UntilAsync(_ => pod.Events.Count(e => e.Contains("Startup probe failed", StringComparison.Ordinal)) >= 3, "three failed startup probes");
        Assert.That((pod.Main.RestartCount, pod.Main.IsStarted, pod.Main.IsReady), Is.EqualTo((0, false, false)), "the liveness probe does not count yet");
        await File.WriteAllTextAsync(Path.Combine(Directory.GetDirectories(Path.Combine(bench.Root, "pods")).Single(), "volumes", "v", "started"), "");
        await pod.UntilAsync(o => o.Containers[0] is { RestartCount: >= 1, LastState.ExitCode: 5 }, "a restart");
        Assert.That(pod.Events, Has.Some.EqualTo("Normal Killing Container main failed liveness probe, will be restarted"));
        Assert.That(pod.Events.Count(e => e.Contains("Liveness probe failed", StringComparison.Ordinal)), Is.GreaterThanOrEqualTo(2));
    }
}

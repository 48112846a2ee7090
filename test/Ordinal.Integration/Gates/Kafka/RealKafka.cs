using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Ordinal.Integration.Gates.Kafka;

/// <summary>
/// Three combined KRaft nodes of an unpacked Apache Kafka distribution, on loopback, in a temporary folder. Opt-in: <c>KAFKA_HOME</c> names
/// the distribution, and Java must be there.
/// </summary>
internal sealed class RealKafka : IAsyncDisposable
{
    private readonly string home;
    private readonly string folder = Directory.CreateTempSubdirectory("ordinal-kafka-").FullName;
    private readonly Dictionary<int, Process> processes = [];
    private readonly int[] clientPorts = [FreePort(), FreePort(), FreePort()];
    private readonly int[] controllerPorts = [FreePort(), FreePort(), FreePort()];

    private RealKafka(string home) => this.home = home;

    internal static string? Home => Environment.GetEnvironmentVariable("KAFKA_HOME") is { Length: > 0 } home && File.Exists(Path.Combine(home, "bin/kafka-server-start.sh")) ? home : null;

    internal string BootstrapServers => string.Join(',', clientPorts.Select(p => $"127.0.0.1:{p}"));

    internal static async Task<RealKafka> StartAsync(string home, CancellationToken cancellationToken)
    {
        var kafka = new RealKafka(home);
        foreach (var id in (int[])[0, 1, 2])
        {
            await File.WriteAllTextAsync(kafka.Config(id), kafka.Properties(id), cancellationToken);
            await kafka.RunAsync("kafka-storage.sh", cancellationToken, "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", kafka.Config(id));
            kafka.StartNode(id);
        }

        return kafka;
    }

    internal void StartNode(int id)
    {
        var start = new ProcessStartInfo(Path.Combine(home, "bin/kafka-server-start.sh")) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Config(id));
        start.Environment["KAFKA_HEAP_OPTS"] = "-Xmx256m";
        start.Environment["LOG_DIR"] = Path.Combine(folder, $"log-{id}");
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        processes[id] = process;
    }

    /// <summary>Stops a node in good order (the script replaces itself with Java, so the signal reaches it).</summary>
    internal async Task StopNodeAsync(int id, CancellationToken cancellationToken)
    {
        _ = Kill(processes[id].Id, 15);
        await processes[id].WaitForExitAsync(cancellationToken);
    }

    internal Task MakeTopicAsync(string name, CancellationToken cancellationToken) => RunAsync(
        "kafka-topics.sh", cancellationToken, "--bootstrap-server", BootstrapServers, "--create", "--topic", name, "--partitions", "6", "--replication-factor", "3", "--config", "min.insync.replicas=2");

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes.Values)
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }

            process.Dispose();
        }

        Directory.Delete(folder, recursive: true);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);

    private string Config(int id) => Path.Combine(folder, $"node-{id}.properties");

    private string Properties(int id) => $"""
        process.roles=broker,controller
        node.id={id}
        controller.quorum.voters={string.Join(',', controllerPorts.Select((p, i) => $"{i}@127.0.0.1:{p}"))}
        listeners=PLAINTEXT://127.0.0.1:{clientPorts[id]},CONTROLLER://127.0.0.1:{controllerPorts[id]}
        advertised.listeners=PLAINTEXT://127.0.0.1:{clientPorts[id]}
        controller.listener.names=CONTROLLER
        inter.broker.listener.name=PLAINTEXT
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
        log.dirs={Path.Combine(folder, $"data-{id}")}
        offsets.topic.replication.factor=3
        """;

    private async Task RunAsync(string script, CancellationToken cancellationToken, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(home, "bin", script), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LOG_DIR"] = Path.Combine(folder, "log-tools");
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{script} ended with {process.ExitCode}: {await output} {await errors}");
        }
    }
}

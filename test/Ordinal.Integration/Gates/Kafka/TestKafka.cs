using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.ControlPlane.Workloads.Kafka;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Gates.Kafka;

namespace Ordinal.Integration.Gates.Kafka;

/// <summary>An ensemble that listens on loopback, a gate on it, and the pods that its nodes would be.</summary>
internal sealed class TestKafka : IAsyncDisposable
{
    private static int nets;

    /// <summary>Each cluster has a net of its own, so that a port that was let go of is free again a moment later.</summary>
    private readonly string net = $"127.{64 + (Environment.ProcessId % 128)}.{Interlocked.Increment(ref nets) % 256}";
    private readonly Dictionary<int, BrokerServer> servers = [];
    private readonly Dictionary<int, BrokerServer> controllers = [];
    private readonly Dictionary<int, int> ports = [];
    private readonly Dictionary<int, GateTarget> pods = [];
    private readonly BrokerOptions listening;
    private readonly GateKeeper keeper = new(TimeProvider.System, NullLogger<GateKeeper>.Instance);

    private TestKafka(KafkaEnsemble ensemble, BrokerOptions listening, KafkaGateOptions options, GateSecrets secrets, TimeProvider time, Func<string, int>? metrics, Func<int, BrokerOptions>? controlling)
    {
        (Ensemble, this.listening) = (ensemble, listening);
        foreach (var id in ensemble.Nodes.Keys)
        {
            servers[id] = BrokerServer.Start(ensemble, id, IPAddress.Parse(AddressOf(id)), 0, listening);
            ports[id] = servers[id].Port;
            if (controlling is not null && ensemble.Nodes[id].IsVoter)
            {
                controllers[id] = BrokerServer.Start(ensemble, id, IPAddress.Parse(AddressOf(id)), 0, controlling(id) with { IsController = true });
            }

            pods[id] = new GateTarget { Pod = $"kafka-{id}", Uid = $"uid-{id}", Ordinal = id, Revision = "old", Address = AddressOf(id), IsReady = true };
        }

        options = controllers.Count == 0 ? options : options with { ControllerServers = string.Join(',', controllers.Select(c => $"{AddressOf(c.Key)}:{c.Value.Port}")) };
        Options = options with { MetricsPort = metrics?.Invoke(AddressOf(2)) ?? 0, BootstrapServers = string.Join(',', ports.Select(p => $"{AddressOf(p.Key)}:{p.Value}")) };
        Gate = new KafkaGateFactory(time).Create(Options, secrets);
    }

    internal KafkaEnsemble Ensemble { get; }

    internal KafkaGateOptions Options { get; }

    internal IGate Gate { get; }

    internal IReadOnlyDictionary<int, BrokerServer> Servers => servers;

    /// <summary>Gets the controllers' own listeners; empty unless they were asked for.</summary>
    internal IReadOnlyDictionary<int, BrokerServer> Controllers => controllers;

    internal static TestKafka Start(KafkaEnsemble ensemble, BrokerOptions? listening = null, Func<KafkaGateOptions, KafkaGateOptions>? options = null, GateSecrets? secrets = null, TimeProvider? time = null, Func<string, int>? metrics = null, Func<int, BrokerOptions>? controlling = null)
    {
        var plain = new KafkaGateOptions { RequestTimeout = TimeSpan.FromSeconds(20), DialTimeout = TimeSpan.FromSeconds(20) };
        return new TestKafka(ensemble, listening ?? new BrokerOptions(), options?.Invoke(plain) ?? plain, secrets ?? GateSecrets.None, time ?? TimeProvider.System, metrics, controlling);
    }

    /// <summary>Three combined nodes whose controllers listen on ports of their own.</summary>
    internal static TestKafka WithControllers(Func<int, BrokerOptions>? controlling = null, Func<KafkaGateOptions, KafkaGateOptions>? options = null)
    {
        var ensemble = KafkaEnsemble.Of(3);
        ensemble.AddTopic("orders", 6, 3, minIsr: 2);
        return Start(ensemble, options: options, controlling: controlling ?? (_ => new BrokerOptions()));
    }

    /// <summary>Three combined nodes and a topic with three replicas of which two are needed.</summary>
    /// <param name="metrics">Makes a metrics endpoint on an address (that of kafka-2), and returns its port.</param>
    internal static TestKafka Three(BrokerOptions? listening = null, Func<KafkaGateOptions, KafkaGateOptions>? options = null, GateSecrets? secrets = null, TimeProvider? time = null, Func<string, int>? metrics = null)
    {
        var ensemble = KafkaEnsemble.Of(3);
        ensemble.AddTopic("orders", 6, 3, minIsr: 2);
        return Start(ensemble, listening, options, secrets, time, metrics);
    }

    internal GateContext Context() => Context(Gate);

    private GateContext Context(IGate gate) => new()
    {
        WorkloadUid = "w",
        Namespace = "prod",
        Name = "kafka",
        Service = "kafka",
        Pods = [.. pods.OrderBy(p => p.Key).Select(p => p.Value)],
        Gates = [new GateBinding(new GatePolicy { Name = "kafka", Type = "Kafka", Interval = TimeSpan.Zero }, gate)],
    };

    internal Task<GateReport> MayStopAsync(params int[] targets) => AskAsync(GatePhase.BeforePod, targets, null);

    internal Task<GateReport> IsBackAsync(int target, string? baseline) => AskAsync(GatePhase.AfterPod, [target], baseline);

    internal async Task<GateReport> AskAsync(GatePhase phase, int[] targets, string? baseline) =>
        (await keeper.AskAsync(Context(), [Question(phase, targets, baseline)], CancellationToken.None)).Single();

    /// <summary>Asks another gate about the same cluster.</summary>
    internal async Task<GateReport> AskAsync(IGate gate, GatePhase phase, int[] targets) =>
        (await keeper.AskAsync(Context(gate), [Question(phase, targets, null)], CancellationToken.None)).Single();

    internal Task<GatePrepareResult> PrepareAsync(int target) => keeper.PrepareAsync(Context(), new PrepareGate("kafka", pods[target].Pod, pods[target].Uid), "new", CancellationToken.None);

    internal GateQuestion Question(GatePhase phase, int[] targets, string? baseline) =>
        new("kafka", phase, [.. targets.Select(t => pods[t].Uid).Order(StringComparer.Ordinal)], "new") { Baseline = baseline };

    /// <summary>Stops a node in good order.</summary>
    internal async Task StopAsync(int id)
    {
        Ensemble.Leave(id);
        await EndAsync(id);
    }

    /// <summary>Ends a node's process without a word.</summary>
    internal async Task KillAsync(int id)
    {
        Ensemble.Die(id);
        await EndAsync(id);
    }

    /// <summary>Starts a node again, as the same pod's next incarnation.</summary>
    internal void StartAgain(int id)
    {
        servers[id] = BrokerServer.Start(Ensemble, id, IPAddress.Parse(AddressOf(id)), ports[id], listening);
        Ensemble.Register(id);
        pods[id] = pods[id] with { Uid = $"uid-{id}-again", Revision = "new", Address = AddressOf(id), IsReady = true };
    }

    public async ValueTask DisposeAsync()
    {
        Gate.Dispose();
        foreach (var server in servers.Values.Concat(controllers.Values))
        {
            await server.DisposeAsync();
        }
    }

    private string AddressOf(int id) => $"{net}.{10 + id}";

    private async Task EndAsync(int id)
    {
        await servers[id].DisposeAsync();
        servers.Remove(id);
        pods[id] = pods[id] with { Uid = "", Revision = "", Address = "", IsReady = false };
    }
}

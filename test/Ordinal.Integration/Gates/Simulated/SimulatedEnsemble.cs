using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.ControlPlane.Nodes.Network;
using Ordinal.ControlPlane.Workloads;
using Ordinal.ControlPlane.Workloads.Quorum;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Gates.Etcd;
using Ordinal.Gates.ZooKeeper;

namespace Ordinal.Integration.Gates.Simulated;

/// <summary>Three simulated servers on a loopback net of their own, and the gate that is made for real ones.</summary>
internal sealed class SimulatedEnsemble : IAsyncDisposable
{
    private readonly LoopbackNet net = LoopbackNet.Claim();
    private readonly Dictionary<int, GateTarget> pods = [];
    private readonly Dictionary<int, IEnsembleMember> members = [];
    private readonly GateKeeper keeper = new(TimeProvider.System, NullLogger<GateKeeper>.Instance);
    private readonly IGate gate;

    private SimulatedEnsemble(bool isEtcd, EtcdGateOptions etcd, TimeSpan zooKeeperTimeout)
    {
        var options = new QuorumOptions { Name = "m", Service = "peers", FirstLeader = 2, Sync = TimeSpan.FromSeconds(2) };
        Cluster = isEtcd ? QuorumCluster.Etcd(options, TimeProvider.System) : QuorumCluster.ZooKeeper(options, TimeProvider.System);
        gate = isEtcd
            ? new EtcdGateFactory(TimeProvider.System).Create(etcd with { Scheme = "http" }, GateSecrets.None)
            : new ZooKeeperGateFactory(TimeProvider.System).Create(new ZooKeeperGateOptions { RequestTimeout = zooKeeperTimeout }, ZkSecrets.None);
    }

    internal QuorumCluster Cluster { get; }

    internal IReadOnlyDictionary<int, IEnsembleMember> Members => members;

    /// <param name="isEtcd">Etcd, or else ZooKeeper.</param>
    /// <param name="etcd">How etcd is asked.</param>
    /// <param name="zooKeeperTimeout">How long a ZooKeeper is waited for; if it is not said, as long as a machine may stand still.</param>
    internal static async Task<SimulatedEnsemble> StartAsync(bool isEtcd, EtcdGateOptions? etcd = null, TimeSpan? zooKeeperTimeout = null)
    {
        var ensemble = new SimulatedEnsemble(isEtcd, etcd ?? new EtcdGateOptions(), zooKeeperTimeout ?? TimeSpan.FromSeconds(20));
        for (var i = 0; i < 3; i++)
        {
            ensemble.Start(i);
        }

        await UntilAsync(() => ensemble.AskAsync(GatePhase.AfterRollout), r => r.Verdict is GateVerdict.Allow);
        return ensemble;
    }

    internal string Address(int ordinal) => net.Address(HostParts.Lowest + ordinal);

    internal void Start(int ordinal)
    {
        members[ordinal] = Cluster.Start(ordinal, IPAddress.Parse(Address(ordinal)), Cluster.DefaultPort);
        var isFirst = !pods.TryGetValue(ordinal, out var before);
        pods[ordinal] = new GateTarget
        {
            Pod = $"m-{ordinal}",
            Uid = isFirst ? $"uid-{ordinal}" : before!.Uid + "+",
            Ordinal = ordinal,
            Revision = isFirst ? "old" : "new",
            Address = Address(ordinal),
            IsReady = true,
        };
    }

    /// <summary>Stops a member in good order.</summary>
    internal async Task StopAsync(int ordinal)
    {
        members[ordinal].Leave();
        await members[ordinal].EndAsync();
        pods[ordinal] = pods[ordinal] with { IsReady = false };
    }

    internal Task<GateReport> MayStopAsync(int ordinal) => AskAsync(GatePhase.BeforePod, ordinal);

    internal Task<GateReport> IsBackAsync(int ordinal, string? baseline) => AskAsync(GatePhase.AfterPod, ordinal, baseline);

    internal Task<GatePrepareResult> PrepareAsync(int ordinal) => keeper.PrepareAsync(Context(), new PrepareGate("g", pods[ordinal].Pod, pods[ordinal].Uid), "new", CancellationToken.None);

    internal async Task<int> LeaderAsync()
    {
        var roles = await UntilAsync(() => AskAsync(GatePhase.Roles), r => r.Roles.Any(role => role.Value is MemberRole.Leader));
        return int.Parse(roles.Roles.Single(r => r.Value is MemberRole.Leader).Key[2..], System.Globalization.CultureInfo.InvariantCulture);
    }

    internal static async Task<GateReport> UntilAsync(Func<Task<GateReport>> ask, Func<GateReport, bool> isEnough)
    {
        for (var start = TimeProvider.System.GetTimestamp(); ; await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System))
        {
            var report = await ask();
            if (isEnough(report))
            {
                return report;
            }

            if (TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromMinutes(1))
            {
                throw new TimeoutException($"still after a minute: {report.Verdict} {report.Reason} {report.Message}");
            }
        }
    }

    internal async Task<GateReport> AskAsync(GatePhase phase, int? ordinal = null, string? baseline = null) =>
        (await keeper.AskAsync(Context(), [new GateQuestion("g", phase, ordinal is { } o ? [pods[o].Uid] : [], "new") { Baseline = baseline }], CancellationToken.None)).Single();

    public async ValueTask DisposeAsync()
    {
        gate.Dispose();
        await Cluster.DisposeAsync();
        net.Dispose();
    }

    private GateContext Context() => new()
    {
        WorkloadUid = "w",
        Namespace = "prod",
        Name = "m",
        Service = "peers",
        Pods = [.. pods.OrderBy(p => p.Key).Select(p => p.Value)],
        Gates = [new GateBinding(new GatePolicy { Name = "g", Type = gate.Type, Interval = TimeSpan.Zero }, gate)],
    };
}

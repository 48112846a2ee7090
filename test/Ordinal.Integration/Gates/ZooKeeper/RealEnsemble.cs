using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.ControlPlane.Nodes.Network;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Gates.ZooKeeper;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Integration.Gates.ZooKeeper;

/// <summary>Three real ZooKeeper servers on a loopback net of their own, seen by a gate as the pods zk-0 to zk-2.</summary>
internal sealed class RealEnsemble : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    private readonly string folder = Directory.CreateTempSubdirectory("ordinal-zk-").FullName;
    private readonly LoopbackNet net = LoopbackNet.Claim();
    private readonly Dictionary<int, ZkServerProcess> servers = [];
    private readonly Dictionary<int, GateTarget> pods = [];
    private readonly GateKeeper keeper = new(TimeProvider.System, NullLogger<GateKeeper>.Instance);
    private IGate gate;

    private RealEnsemble()
    {
        gate = null!;
        Configure(new ZooKeeperGateOptions { RequestTimeout = TimeSpan.FromSeconds(20) });
    }

    internal static async Task<RealEnsemble> StartAsync()
    {
        var ensemble = new RealEnsemble();
        try
        {
            for (var i = 0; i < 3; i++)
            {
                ensemble.Start(i);
            }

            await UntilAsync(() => ensemble.AskAsync(GatePhase.AfterRollout), r => r.Verdict is GateVerdict.Allow);
            return ensemble;
        }
        catch
        {
            ensemble.Dispose();
            throw;
        }
    }

    internal void Configure(ZooKeeperGateOptions options)
    {
        gate?.Dispose();
        gate = new ZooKeeperGateFactory(TimeProvider.System).Create(options, ZkSecrets.None);
    }

    internal string Address(int ordinal) => net.Address(HostParts.Lowest + ordinal);

    /// <summary>Makes the witnesses' client of one server; it shares nothing with the gate.</summary>
    internal ZooKeeperMember Witness(int ordinal) => new($"zk-{ordinal}", (ulong)ordinal + 1, new IPEndPoint(IPAddress.Parse(Address(ordinal)), 2181), "");

    /// <summary>Starts a server on the data it had: a new incarnation of the pod, at the revision "new" unless it is the first.</summary>
    /// <param name="ordinal">Which.</param>
    /// <param name="whitelist">Its four-letter words.</param>
    /// <param name="hasAdmin">Whether its AdminServer is on.</param>
    internal void Start(int ordinal, string whitelist = "srvr,mntr,conf", bool hasAdmin = true)
    {
        var data = Path.Combine(folder, $"{ordinal}");
        Directory.CreateDirectory(data);
        File.WriteAllText(Path.Combine(data, "myid"), $"{ordinal + 1}\n");
        var configuration = Path.Combine(data, "zoo.cfg");
        File.WriteAllText(configuration, $"""
            tickTime=500
            initLimit=60
            syncLimit=10
            dataDir={data}
            clientPortAddress={Address(ordinal)}
            clientPort=2181
            admin.enableServer={(hasAdmin ? "true" : "false")}
            admin.serverAddress={Address(ordinal)}
            4lw.commands.whitelist={whitelist}
            skipACL=yes
            {string.Join('\n', Enumerable.Range(0, 3).Select(i => $"server.{i + 1}={Address(i)}:2888:3888"))}

            """);
        servers[ordinal] = new ZkServerProcess(Path.Combine(data, "log"), configuration);
        var isFirst = !pods.TryGetValue(ordinal, out var before);
        pods[ordinal] = new GateTarget
        {
            Pod = $"zk-{ordinal}",
            Uid = isFirst ? $"uid-{ordinal}" : before!.Uid + "+",
            Ordinal = ordinal,
            Revision = isFirst ? "old" : "new",
            Address = Address(ordinal),
            IsReady = true,
        };
    }

    internal void Kill(int ordinal)
    {
        servers[ordinal].Dispose();
        servers.Remove(ordinal);
        pods[ordinal] = pods[ordinal] with { IsReady = false };
    }

    /// <summary>Takes away all that a server has on disk.</summary>
    internal void Wipe(int ordinal) => Directory.Delete(Path.Combine(folder, $"{ordinal}"), recursive: true);

    internal void Hang(int ordinal) => servers[ordinal].Hang();

    internal void Resume(int ordinal) => servers[ordinal].Resume();

    internal Task<GateReport> MayStopAsync(int ordinal) => AskAsync(GatePhase.BeforePod, ordinal);

    internal Task<GateReport> IsBackAsync(int ordinal, string? baseline) => AskAsync(GatePhase.AfterPod, ordinal, baseline);

    /// <summary>Returns the leader's ordinal, by the gate's word.</summary>
    internal async Task<int> LeaderAsync()
    {
        var report = await UntilAsync(() => AskAsync(GatePhase.Roles), r => r.Verdict is GateVerdict.Allow);
        return int.Parse(report.Roles.Single(r => r.Value is MemberRole.Leader).Key[3..], System.Globalization.CultureInfo.InvariantCulture);
    }

    internal static async Task<GateReport> UntilAsync(Func<Task<GateReport>> ask, Func<GateReport, bool> isEnough)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var report = await ask();
            if (isEnough(report))
            {
                return report;
            }

            if (TimeProvider.System.GetElapsedTime(start) > Patience)
            {
                throw new TimeoutException($"still after {Patience.TotalSeconds:0} s: {report.Verdict} {report.Message}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }
    }

    public void Dispose()
    {
        gate.Dispose();
        foreach (var server in servers.Values)
        {
            server.Dispose();
        }

        net.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<GateReport> AskAsync(GatePhase phase, int? ordinal = null, string? baseline = null)
    {
        var context = new GateContext
        {
            WorkloadUid = "w",
            Namespace = "prod",
            Name = "zk",
            Service = "zk",
            Pods = [.. pods.OrderBy(p => p.Key).Select(p => p.Value)],
            Gates = [new GateBinding(new GatePolicy { Name = "zk", Type = "ZooKeeper", Interval = TimeSpan.FromMilliseconds(1) }, gate)],
        };
        var question = new GateQuestion("zk", phase, ordinal is { } o ? [pods[o].Uid] : [], "new") { Baseline = baseline };
        return (await keeper.AskAsync(context, [question], CancellationToken.None)).Single();
    }
}

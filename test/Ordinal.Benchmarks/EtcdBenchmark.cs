using System.Diagnostics;
using Ordinal.ControlPlane.Nodes.Network;
using Ordinal.Gates;
using Ordinal.Gates.Etcd;

namespace Ordinal.Benchmarks;

/// <summary>A verdict about five real etcd members: every member is asked for its status, its list and a linearizable read.</summary>
internal sealed class EtcdBenchmark : VerdictBenchmark
{
    public override string Name => "etcd";

    protected override TimeSpan Patience => TimeSpan.FromMinutes(1);

    protected override IGate Gate() => new EtcdGateFactory(TimeProvider.System).Create(new EtcdGateOptions { Scheme = "http" }, GateSecrets.None);

    protected override ProcessStartInfo Describe(LoopbackNet net, string folder, int member)
    {
        var ip = Address(net, member);
        var peers = string.Join(',', Enumerable.Range(0, Members).Select(i => $"etcd-{i}=http://{Address(net, i)}:2380"));
        return new ProcessStartInfo(
            Environment.GetEnvironmentVariable("ORDINAL_ETCD") is { Length: > 0 } named ? named : Brought("etcd"),
            [
                $"--name=etcd-{member}", $"--data-dir={folder}/{member}", $"--listen-client-urls=http://{ip}:2379", $"--advertise-client-urls=http://{ip}:2379",
                $"--listen-peer-urls=http://{ip}:2380", $"--initial-advertise-peer-urls=http://{ip}:2380", $"--initial-cluster={peers}", "--log-level=error", "--unsafe-no-fsync=true",
            ])
        { RedirectStandardError = true, RedirectStandardOutput = true };
    }
}

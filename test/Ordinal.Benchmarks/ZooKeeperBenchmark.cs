using System.Diagnostics;
using System.Globalization;
using Ordinal.ControlPlane.Nodes.Network;
using Ordinal.Gates;
using Ordinal.Gates.ZooKeeper;

namespace Ordinal.Benchmarks;

/// <summary>A verdict about five real ZooKeeper servers: each AdminServer is asked for four commands, each client port for one word.</summary>
internal sealed class ZooKeeperBenchmark : VerdictBenchmark
{
    public override string Name => "zookeeper";

    /// <summary>Five Java servers that start on two cores.</summary>
    protected override TimeSpan Patience => TimeSpan.FromMinutes(3);

    protected override IGate Gate() => new ZooKeeperGateFactory(TimeProvider.System).Create(new ZooKeeperGateOptions(), ZkSecrets.None);

    protected override ProcessStartInfo Describe(LoopbackNet net, string folder, int member)
    {
        var data = Path.Combine(folder, member.ToString(CultureInfo.InvariantCulture));
        Directory.CreateDirectory(data);
        File.WriteAllText(Path.Combine(data, "myid"), $"{member + 1}\n");
        var configuration = Path.Combine(data, "zoo.cfg");
        File.WriteAllText(configuration, $"""
            tickTime=1000
            initLimit=60
            syncLimit=10
            dataDir={data}
            clientPortAddress={Address(net, member)}
            clientPort=2181
            admin.serverAddress={Address(net, member)}
            4lw.commands.whitelist=srvr,mntr,conf
            {string.Join('\n', Enumerable.Range(0, Members).Select(i => $"server.{i + 1}={Address(net, i)}:2888:3888"))}

            """);
        var start = new ProcessStartInfo(Brought("zkServer.sh"), ["start-foreground", configuration]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["JVMFLAGS"] = "-Xms24m -Xmx96m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Dzookeeper.forceSync=no";
        return start;
    }
}

using System.Diagnostics;
using System.Globalization;
using Ordinal.Integration.Demo;

namespace Ordinal.Integration.Gates.ZooKeeper;

/// <summary>
/// One real ZooKeeper server. A shell stands beside it and kills it when this process closes its input, so that nothing outlives the test, however
/// it ends.
/// </summary>
internal sealed class ZkServerProcess : IDisposable
{
    private const string Guard = """exec 3<&0; "$@" </dev/null >"$LOG" 2>&1 & p=$!; echo $p; exec 2>/dev/null; read x <&3; kill -9 $p; wait $p""";

    private readonly Process shell;
    private readonly int pid;

    internal ZkServerProcess(string log, string configuration)
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["LOG"] = log;

        // A small machine: a small heap, one thread that collects, and no second compiler.
        start.Environment["JVMFLAGS"] = "-Xms24m -Xmx96m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Dzookeeper.forceSync=no";
        foreach (var argument in new[] { "-c", Guard, "sh", Programs.ZooKeeper, "start-foreground", configuration })
        {
            start.ArgumentList.Add(argument);
        }

        shell = Process.Start(start)!;
        pid = int.Parse(shell.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
    }

    /// <summary>Stops the process where it stands: TCP still connects, nothing answers.</summary>
    internal void Hang() => Signal("STOP");

    internal void Resume() => Signal("CONT");

    public void Dispose()
    {
        shell.StandardInput.Close();
        shell.WaitForExit();
        shell.Dispose();
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("/bin/kill", [$"-{name}", pid.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}

using System.Diagnostics;
using System.Globalization;

namespace Ordinal.Integration.Gates;

/// <summary>
/// One etcd process. A shell stands beside it and kills it when this process closes its input, so that nothing outlives the test, however it ends.
/// </summary>
internal sealed class EtcdServer : IDisposable
{
    private const string Guard = """exec 3<&0; "$@" </dev/null >"$LOG" 2>&1 & p=$!; echo $p; exec 2>/dev/null; read x <&3; kill -9 $p; wait $p""";

    private readonly Process shell;
    private readonly int pid;

    internal EtcdServer(string program, string log, params string[] arguments)
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["LOG"] = log;
        foreach (var argument in new[] { "-c", Guard, "sh", program }.Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        shell = Process.Start(start)!;
        pid = int.Parse(shell.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
    }

    /// <summary>Gets a value indicating whether the process has ended by itself.</summary>
    internal bool HasEnded => !File.Exists($"/proc/{pid}/stat") || File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].StartsWith('Z');

    /// <summary>Stops the process where it stands: TCP still connects, nothing answers.</summary>
    internal void Hang() => Signal("STOP");

    internal void Resume() => Signal("CONT");

    /// <summary>Asks the process to end, and waits until it has.</summary>
    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        Signal("TERM");
        while (!HasEnded)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }
    }

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

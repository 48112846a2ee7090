using System.Globalization;
using NUnit.Framework;
using Ordinal.ControlPlane.Nodes.Processes;

namespace Ordinal.Integration.Kubelet;

/// <summary>Finds the processes of a container by the mark in their environment.</summary>
internal static class ProcessMarks
{
    public static async Task EventuallyAsync(Func<bool> holds, string what)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            Assert.That(TimeProvider.System.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(120)), what);
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    public static IEnumerable<int> Marked(string mark) =>
        ProcFs.All().Where(p => p.IsAlive && ProcFs.HasVariable(p.Pid, ProcessLauncher.MarkVariable, mark)).Select(p => p.Pid);

    public static string Mark(int pid) =>
        File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/environ")).Split('\0')
            .Single(v => v.StartsWith(ProcessLauncher.MarkVariable + "=", StringComparison.Ordinal))[(ProcessLauncher.MarkVariable.Length + 1)..];
}

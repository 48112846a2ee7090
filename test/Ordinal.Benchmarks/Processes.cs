using System.Diagnostics;
using System.Globalization;

namespace Ordinal.Benchmarks;

/// <summary>How processes that a benchmark started are ended.</summary>
internal static class Processes
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Asks a process to end with SIGTERM, so that it tidies up; kills it when it does not within 15 s.</summary>
    public static async Task EndAsync(Process process)
    {
        if (process.HasExited)
        {
            return;
        }

        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
        }
    }
}

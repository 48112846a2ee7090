using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Ordinal.Operator.Metrics;

/// <summary>What the process itself uses, under the names that every client library of Prometheus gives it.</summary>
internal sealed class ProcessMetrics : IDisposable
{
    private const string OpenFiles = "/proc/self/fd";

    public ProcessMetrics()
    {
        Meter.CreateObservableCounter(MetricRegistry.ProcessCpu.Name, () => Environment.CpuUsage.TotalTime.TotalSeconds, description: MetricRegistry.ProcessCpu.Help);
        Meter.CreateObservableGauge(MetricRegistry.ProcessMemory.Name, () => Environment.WorkingSet, description: MetricRegistry.ProcessMemory.Help);
        var start = (Process.GetCurrentProcess().StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;
        Meter.CreateObservableGauge(MetricRegistry.ProcessStart.Name, () => start, description: MetricRegistry.ProcessStart.Help);
        if (Directory.Exists(OpenFiles))
        {
            Meter.CreateObservableGauge(MetricRegistry.ProcessFiles.Name, () => Directory.EnumerateFileSystemEntries(OpenFiles).Count(), description: MetricRegistry.ProcessFiles.Help);
        }
    }

    /// <summary>Gets the meter all instruments belong to.</summary>
    public Meter Meter { get; } = new("ordinal.process");

    public void Dispose() => Meter.Dispose();
}

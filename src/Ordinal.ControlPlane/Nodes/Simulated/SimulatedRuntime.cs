using System.Globalization;

namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>Runs pods that exist only as status: they boot, become ready, fail and stop as their annotations say. See <see cref="SimulatedScript"/>.</summary>
/// <param name="defaults">How a pod without annotations behaves.</param>
/// <param name="subnet">First three parts of the pods' addresses, <c>10.244.0</c>.</param>
/// <param name="timeProvider">Clock of the delays.</param>
public sealed class SimulatedRuntime(SimulatedScript defaults, string subnet, TimeProvider timeProvider) : IPodRuntime
{
    /// <summary>A pod that boots in one second and stops in a tenth of one.</summary>
    public static readonly SimulatedScript DefaultScript = new(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100), SimulatedFailure.None, true);
    private int started;

    /// <inheritdoc/>
    public ValueTask<IRunningPod> StartAsync(PodStart start, CancellationToken cancellationToken)
    {
        int host = (Interlocked.Increment(ref started) - 1) % 253;
        string address = string.Create(CultureInfo.InvariantCulture, $"{subnet}.{host + 2}");
        return ValueTask.FromResult<IRunningPod>(new SimulatedPod(start, defaults, address, timeProvider));
    }
}

using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Nodes;
using Ordinal.ControlPlane.Nodes.Simulated;

namespace Ordinal.Conformance.Clusters;

/// <summary>
/// Pods as in the recordings of the real cluster: ready 60 ms after they are bound, ended 30 ms after their deletion; an image whose
/// name contains <c>bad</c> never starts. Annotations say otherwise, see <see cref="SimulatedScript"/>.
/// </summary>
internal sealed class ImageRuntime(string subnet, TimeProvider timeProvider) : IPodRuntime
{
    private static readonly SimulatedScript Script = new(TimeSpan.FromMilliseconds(60), TimeSpan.FromMilliseconds(30), SimulatedFailure.None, true);
    private readonly SimulatedRuntime good = new(Script, subnet, timeProvider);
    private readonly SimulatedRuntime bad = new(Script with { Failure = SimulatedFailure.ImagePullBackOff }, subnet, timeProvider);

    public ValueTask<IRunningPod> StartAsync(PodStart start, CancellationToken cancellationToken)
    {
        var isBad = start.Pod.Root.ItemsAt("spec", "containers").Any(container => container.TextAt("image")?.Contains("bad", StringComparison.Ordinal) is true);
        return (isBad ? bad : good).StartAsync(start, cancellationToken);
    }
}

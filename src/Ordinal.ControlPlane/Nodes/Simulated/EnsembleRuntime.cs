using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Nodes.Processes;
using Ordinal.ControlPlane.Workloads;

namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>
/// Stands in front of the simulated runtime: a pod whose annotation <see cref="Ensembles.Annotation"/> says so is the member of an ensemble,
/// which listens while the pod's first container runs. All other pods pass through.
/// </summary>
/// <param name="pods">Runs the pods themselves.</param>
/// <param name="ensembles">The ensembles of the cluster.</param>
/// <param name="objects">Reads the pods' claims: a claim that was made anew is an empty volume.</param>
public sealed class EnsembleRuntime(IPodRuntime pods, Ensembles ensembles, IPodObjects objects) : IPodRuntime
{
    private static readonly ResourceKind Claims = new("v1", "PersistentVolumeClaim", "persistentvolumeclaims");

    /// <inheritdoc/>
    public async ValueTask<IRunningPod> StartAsync(PodStart start, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(start);
        IEnsemble? ensemble = null;
        try
        {
            ensemble = ensembles.Of(start.Pod);
        }
        catch (FormatException wrong)
        {
            start.Event("Warning", "UnknownEnsemble", $"{wrong.Message}; the pod runs without it");
        }

        if (ensemble is null)
        {
            return await pods.StartAsync(start, cancellationToken);
        }

        EnsemblePod pod = new(start, ensemble, await VolumeAsync(start, cancellationToken));
        pod.Follow(await pods.StartAsync(start with { Changed = pod.See }, cancellationToken));
        return pod;
    }

    /// <summary>Names the volumes of a pod by its claims' UIDs; empty when it has none.</summary>
    private async Task<string> VolumeAsync(PodStart start, CancellationToken cancellationToken)
    {
        List<string> uids = [];
        try
        {
            foreach (var name in start.Pod.Root.ItemsAt("spec", "volumes").Select(volume => volume.TextAt("persistentVolumeClaim", "claimName")).OfType<string>())
            {
                uids.Add((await objects.GetAsync(Claims, new ObjectKey(start.Pod.Namespace, name), cancellationToken))?.Uid ?? "");
            }
        }
        catch (Exception e) when (e is ApiFailureException or HttpRequestException)
        {
            start.Event("Warning", "VolumeUnknown", $"its claims cannot be read: {e.Message}; the member keeps the data that it had");
            return "";
        }

        return uids.Contains("") ? "" : string.Join(',', uids);
    }
}

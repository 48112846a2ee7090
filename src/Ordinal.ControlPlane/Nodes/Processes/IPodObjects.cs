using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>Reads the objects that a pod refers to: claims, ConfigMaps, Secrets.</summary>
public interface IPodObjects
{
    /// <summary>Reads one object live; null when it is not there.</summary>
    /// <exception cref="ApiFailureException">The API server refused.</exception>
    /// <exception cref="HttpRequestException">The API server could not be reached.</exception>
    Task<KubeObject?> GetAsync(ResourceKind kind, ObjectKey key, CancellationToken cancellationToken);
}

/// <summary>Reads them over a door.</summary>
/// <param name="client">The kubelet's client.</param>
public sealed class PodObjects(ClusterClient client) : IPodObjects
{
    /// <inheritdoc/>
    public Task<KubeObject?> GetAsync(ResourceKind kind, ObjectKey key, CancellationToken cancellationToken) =>
        client.GetAsync(kind, key, cancellationToken);
}

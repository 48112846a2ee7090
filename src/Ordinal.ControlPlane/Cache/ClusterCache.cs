namespace Ordinal.ControlPlane.Cache;

/// <summary>The reflectors that a group of controllers shares: one for each kind that somebody asked for.</summary>
/// <param name="client">The way to the API server.</param>
/// <param name="timeProvider">Clock of the reflectors.</param>
/// <param name="random">Seeded source of the reflectors.</param>
public sealed class ClusterCache(ClusterClient client, TimeProvider timeProvider, Random random)
{
    private readonly List<(ResourceKind Kind, Reflector Reflector)> reflectors = [];

    /// <summary>Gets the store of a kind; asks for it to be reflected when this is the first call. Only before <see cref="RunAsync"/>.</summary>
    public ObjectStore Of(ResourceKind kind)
    {
        foreach ((ResourceKind known, Reflector reflector) in reflectors)
        {
            if (known == kind)
            {
                return reflector.Store;
            }
        }

        Reflector added = new(client, kind, "", timeProvider, new Random(random.Next()));
        reflectors.Add((kind, added));
        return added.Store;
    }

    /// <summary>Gets a task that ends when every store has its first list.</summary>
    public Task WaitForSyncAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(reflectors.Select(entry => entry.Reflector.Store.Synced)).WaitAsync(cancellationToken);

    /// <summary>Reflects all kinds until the token is cancelled; that is a normal return.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(reflectors.Select(entry => entry.Reflector.RunAsync(cancellationToken)));
}

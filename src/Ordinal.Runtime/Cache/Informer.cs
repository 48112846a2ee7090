using Microsoft.Extensions.Logging;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Metrics;

namespace Ordinal.Runtime.Cache;

/// <summary>What to watch, and how.</summary>
public sealed record InformerSettings
{
    /// <summary>Gets the namespaces to watch, each with a list and a watch of its own; empty for all with one.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>Gets the label selector; null for none.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>Gets the field selector; null for none.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>Gets the most objects in one page of a list.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>Gets the shortest time after which the server is asked to end a watch; the longest is twice that.</summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Gets how long a watch may be silent (not even a bookmark) before it is taken for dead.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(80);

    /// <summary>Gets how long without a sign of life the store may be acted upon.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Gets the first delay after a failure; doubled for each further one.</summary>
    public TimeSpan RetryBase { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Gets the longest delay after a failure.</summary>
    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Gets the longest delay while the server does not know the kind at all. Somebody is about to install it, and what is created then must not go
    /// unseen for half a minute; the answer costs the server nothing.
    /// </summary>
    public TimeSpan NotServedRetryMax { get; init; } = TimeSpan.FromSeconds(3);
}

/// <summary>A store and the reflectors that feed it, one for each namespace watched.</summary>
/// <typeparam name="TItem">What is kept of each object.</typeparam>
public sealed class Informer<TItem> : IInformer
    where TItem : class, IStoreItem
{
    private readonly Reflector<TItem>[] reflectors;

    /// <summary>Prepares an informer; nothing is sent before <see cref="RunAsync"/>.</summary>
    /// <param name="api">The API server.</param>
    /// <param name="kind">The kind to watch.</param>
    /// <param name="projection">What to keep of each object.</param>
    /// <param name="indexes">Indexes of the store.</param>
    /// <param name="settings">What to watch, and how.</param>
    /// <param name="timeProvider">For all delays and limits.</param>
    /// <param name="random">Source of jitter. Used here only, to seed each reflector's own.</param>
    /// <param name="metrics">Counts restarts.</param>
    /// <param name="logger">Hears of failures.</param>
    public Informer(IKubernetesApi api, ResourceKind kind, Projection<TItem> projection, IEnumerable<StoreIndex<TItem>> indexes, InformerSettings settings, TimeProvider timeProvider, Random random, RuntimeMetrics metrics, ILogger logger)
    {
        var store = new Store<TItem>(kind, settings.Namespaces, indexes, settings.StaleAfter, timeProvider);
        Store = store;
        IReadOnlyList<string> scopes = settings.Namespaces.Count == 0 ? [""] : settings.Namespaces;
        reflectors = [.. scopes.Select(scope => new Reflector<TItem>(api, store, scope, projection, settings, timeProvider, new Random(random.Next()), metrics, logger))];
        metrics.Observe(store);
    }

    /// <summary>Gets the store.</summary>
    public IStore<TItem> Store { get; }

    /// <inheritdoc/>
    public IStore Items => Store;

    /// <inheritdoc/>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(reflectors.Select(reflector => reflector.RunAsync(cancellationToken)));

    /// <inheritdoc/>
    public Task RelistAsync(CancellationToken cancellationToken) => Task.WhenAll(reflectors.Select(reflector => reflector.RelistAsync(cancellationToken)));

    /// <inheritdoc/>
    public Task WaitForSyncAsync(CancellationToken cancellationToken) => Task.WhenAll(reflectors.Select(reflector => reflector.WaitForSyncAsync(cancellationToken)));
}

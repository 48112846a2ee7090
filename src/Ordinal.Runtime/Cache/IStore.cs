using Ordinal.Runtime.Entities;

namespace Ordinal.Runtime.Cache;

/// <summary>One change of a store: added (no old), changed, or deleted (no new).</summary>
/// <typeparam name="TItem">What the store keeps.</typeparam>
/// <param name="Old">What was there.</param>
/// <param name="New">What is there now.</param>
public readonly record struct StoreChange<TItem>(TItem? Old, TItem? New)
    where TItem : class, IStoreItem
{
    /// <summary>Gets the object's key.</summary>
    public NamespacedName Key => (New ?? Old)?.Key ?? default;
}

/// <summary>What can be asked of a store without knowing what it keeps.</summary>
public interface IStore
{
    /// <summary>Gets the kind that is watched.</summary>
    ResourceKind Kind { get; }

    /// <summary>Gets a value indicating whether the first list has been taken in.</summary>
    bool HasSynced { get; }

    /// <summary>
    /// Gets a value indicating whether the store is too old to act upon: not synced, or no event, bookmark or list for the time
    /// given to it (90 s by default), nor a watch that the server ended when it was asked to. A server sends a bookmark about once a minute, or no
    /// bookmark at all: then watches are asked to end as often.
    /// </summary>
    bool IsStale { get; }

    /// <summary>Gets how long ago the last event, bookmark, list or end of a watch on its time came; since the start when none did.</summary>
    TimeSpan SinceLastActivity { get; }

    /// <summary>Gets the newest version seen; empty before the first list. With several namespaces, of the one seen last.</summary>
    string ResourceVersion { get; }

    /// <summary>Gets how many objects there are.</summary>
    int Count { get; }

    /// <summary>Returns what the runtime knows of one object; null when it is not there.</summary>
    IStoreItem? FindItem(NamespacedName key);

    /// <summary>Calls a handler after each change, as <see cref="IStore{TItem}.Subscribe"/>.</summary>
    IDisposable SubscribeItems(Action<IStoreItem?, IStoreItem?> handler);
}

/// <summary>The objects of one kind as last seen: a copy that a watch keeps fresh. Reading it sends no request.</summary>
/// <typeparam name="TItem">What is kept of each object.</typeparam>
public interface IStore<TItem> : IStore
    where TItem : class, IStoreItem
{
    /// <summary>Returns one object; null when it is not there.</summary>
    TItem? Find(NamespacedName key);

    /// <summary>Returns the objects of one namespace, or (null) all, ordered by key.</summary>
    IReadOnlyList<TItem> List(string? inNamespace);

    /// <summary>Returns the objects that an index files under a value, ordered by key.</summary>
    /// <exception cref="ArgumentException">There is no such index.</exception>
    IReadOnlyList<TItem> ByIndex(string index, string value);

    /// <summary>
    /// Calls a handler after each change, in order, on the watch's own flow: it must be quick and must not throw. Objects already
    /// there are not replayed. Dispose what is returned to stop.
    /// </summary>
    IDisposable Subscribe(Action<StoreChange<TItem>> handler);
}

/// <summary>Files objects under the values that a function gives, so that <see cref="IStore{TItem}.ByIndex"/> finds them.</summary>
/// <typeparam name="TItem">What is kept of each object.</typeparam>
/// <param name="Name">Name of the index.</param>
/// <param name="Values">The values of one object; none leaves it out.</param>
public sealed record StoreIndex<TItem>(string Name, Func<TItem, IEnumerable<string>> Values)
    where TItem : class, IStoreItem;

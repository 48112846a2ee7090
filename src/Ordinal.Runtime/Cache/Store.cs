using System.Collections.Immutable;
using Ordinal.Runtime.Entities;

namespace Ordinal.Runtime.Cache;

/// <summary>
/// The store behind <see cref="IStore{TItem}"/>. Each reflector that feeds it owns one scope (a namespace, or everything), and a
/// relist replaces that scope only. Readers may be on any thread; changes and their handlers run one after the other.
/// </summary>
/// <typeparam name="TItem">What is kept of each object.</typeparam>
public sealed class Store<TItem> : IStore<TItem>
    where TItem : class, IStoreItem
{
    // Two locks: handlers run under `writing` only, so that they may read this and other stores.
    private readonly Lock writing = new();
    private readonly Lock reading = new();
    private readonly Dictionary<NamespacedName, TItem> items = [];
    private readonly Dictionary<string, Index> indexes;
    private readonly TimeProvider timeProvider;
    private readonly TimeSpan staleAfter;
    private readonly Dictionary<string, ScopeState> scopes;
    private ImmutableArray<Action<StoreChange<TItem>>> handlers = [];

    /// <summary>Creates an empty store.</summary>
    /// <param name="kind">The kind kept.</param>
    /// <param name="namespaces">The namespaces watched; empty for all.</param>
    /// <param name="indexes">The indexes; fixed from now on.</param>
    /// <param name="staleAfter">How long without any sign of life the store may be acted upon; 90 s suits API servers.</param>
    /// <param name="timeProvider">Measures it.</param>
    public Store(ResourceKind kind, IReadOnlyCollection<string> namespaces, IEnumerable<StoreIndex<TItem>> indexes, TimeSpan staleAfter, TimeProvider timeProvider)
    {
        Kind = kind;
        this.indexes = indexes.ToDictionary(index => index.Name, index => new Index(index.Values), StringComparer.Ordinal);
        this.staleAfter = staleAfter;
        this.timeProvider = timeProvider;
        var start = timeProvider.GetTimestamp();
        scopes = (namespaces.Count == 0 ? [""] : namespaces).ToDictionary(scope => scope, _ => new ScopeState(start), StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public ResourceKind Kind { get; }

    /// <inheritdoc/>
    public string ResourceVersion { get; private set; } = "";

    /// <inheritdoc/>
    public bool HasSynced
    {
        get
        {
            lock (reading)
            {
                return scopes.Values.All(scope => scope.HasSynced);
            }
        }
    }

    /// <inheritdoc/>
    public TimeSpan SinceLastActivity
    {
        get
        {
            lock (reading)
            {
                return timeProvider.GetElapsedTime(scopes.Values.Min(scope => scope.LastActivity));
            }
        }
    }

    /// <inheritdoc/>
    public bool IsStale => !HasSynced || SinceLastActivity > staleAfter;

    /// <inheritdoc/>
    public int Count
    {
        get
        {
            lock (reading)
            {
                return items.Count;
            }
        }
    }

    /// <inheritdoc/>
    public TItem? Find(NamespacedName key)
    {
        lock (reading)
        {
            return items.GetValueOrDefault(key);
        }
    }

    /// <inheritdoc/>
    public IStoreItem? FindItem(NamespacedName key) => Find(key);

    /// <inheritdoc/>
    public IReadOnlyList<TItem> List(string? inNamespace)
    {
        List<TItem> found;
        lock (reading)
        {
            found = [.. items.Values.Where(item => inNamespace is null || item.Key.Namespace == inNamespace)];
        }

        found.Sort(static (left, right) => left.Key.CompareTo(right.Key));
        return found;
    }

    /// <inheritdoc/>
    public IReadOnlyList<TItem> ByIndex(string index, string value)
    {
        lock (reading)
        {
            return indexes.TryGetValue(index, out var found)
                ? found.Find(value)
                : throw new ArgumentException($"The store of {Kind.Resource} has no index \"{index}\".", nameof(index));
        }
    }

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<StoreChange<TItem>> handler)
    {
        lock (writing)
        {
            handlers = handlers.Add(handler);
        }

        return new Subscription(() =>
        {
            lock (writing)
            {
                handlers = handlers.Remove(handler);
            }
        });
    }

    /// <inheritdoc/>
    public IDisposable SubscribeItems(Action<IStoreItem?, IStoreItem?> handler) => Subscribe(change => handler(change.Old, change.New));

    /// <summary>Notes a sign of life without a version: a watch that the server ended when it had to.</summary>
    internal void Heard(string scope, long at) => Note(scope, "", at);

    /// <summary>Notes a sign of life: a bookmark, whose version is kept.</summary>
    internal void Bookmark(string scope, string resourceVersion, long at) => Note(scope, resourceVersion, at);

    /// <summary>Takes in an added or changed object.</summary>
    internal void Upsert(string scope, TItem item, long at)
    {
        lock (writing)
        {
            TItem? old;
            lock (reading)
            {
                items.TryGetValue(item.Key, out old);
                Put(old, item);
            }

            Note(scope, item.ResourceVersion, at);
            Notify(new StoreChange<TItem>(old, item));
        }
    }

    /// <summary>Takes out a deleted object.</summary>
    internal void Remove(string scope, NamespacedName key, string resourceVersion, long at)
    {
        lock (writing)
        {
            TItem? old;
            lock (reading)
            {
                if (items.TryGetValue(key, out old))
                {
                    Put(old, null);
                }
            }

            Note(scope, resourceVersion, at);
            if (old is not null)
            {
                Notify(new StoreChange<TItem>(old, null));
            }
        }
    }

    /// <summary>Replaces a scope by a list. Handlers hear of what differs only: deleted, added, and changed by resourceVersion.</summary>
    internal void Replace(string scope, IReadOnlyList<TItem> list, string resourceVersion, long at)
    {
        lock (writing)
        {
            var changes = new List<StoreChange<TItem>>();
            lock (reading)
            {
                var listed = list.Select(item => item.Key).ToHashSet();
                foreach (var gone in items.Values.Where(item => (scope.Length == 0 || item.Key.Namespace == scope) && !listed.Contains(item.Key)).ToList())
                {
                    changes.Add(new StoreChange<TItem>(gone, null));
                }

                foreach (var item in list)
                {
                    items.TryGetValue(item.Key, out var old);
                    if (old is null || old.ResourceVersion != item.ResourceVersion || old.Uid != item.Uid)
                    {
                        changes.Add(new StoreChange<TItem>(old, item));
                    }
                }

                // A dictionary's order must not leak into the order of handlers.
                changes.Sort(static (left, right) => left.Key.CompareTo(right.Key));
                foreach (var index in indexes.Values)
                {
                    index.Apply(changes);
                }

                foreach (var change in changes)
                {
                    if (change.New is null)
                    {
                        items.Remove(change.Key);
                    }
                    else
                    {
                        items[change.Key] = change.New;
                    }
                }
            }

            Note(scope, resourceVersion, at);
            foreach (var change in changes)
            {
                Notify(change);
            }

            // Handlers of the first list still find HasSynced false: what they hear is no news but the state of the world.
            lock (reading)
            {
                scopes[scope].HasSynced = true;
            }
        }
    }

    private void Put(TItem? old, TItem? item)
    {
        if (item is not null)
        {
            items[item.Key] = item;
        }
        else if (old is not null)
        {
            items.Remove(old.Key);
        }

        foreach (var index in indexes.Values)
        {
            index.Apply([new StoreChange<TItem>(old, item)]);
        }
    }

    private void Note(string scope, string resourceVersion, long at)
    {
        lock (reading)
        {
            scopes[scope].LastActivity = at;
            if (resourceVersion.Length > 0)
            {
                ResourceVersion = resourceVersion;
            }
        }
    }

    private void Notify(StoreChange<TItem> change)
    {
        foreach (var handler in handlers)
        {
            handler(change);
        }
    }

    private sealed class ScopeState(long start)
    {
        public bool HasSynced { get; set; }

        public long LastActivity { get; set; } = start;
    }

    private sealed class Subscription(Action dispose) : IDisposable
    {
        private Action? dispose = dispose;

        public void Dispose() => Interlocked.Exchange(ref dispose, null)?.Invoke();
    }

    /// <summary>Buckets are immutable and sorted: readers share them, writers replace them, a whole relist at once.</summary>
    private sealed class Index(Func<TItem, IEnumerable<string>> values)
    {
        private readonly Dictionary<string, ImmutableArray<TItem>> buckets = new(StringComparer.Ordinal);

        public ImmutableArray<TItem> Find(string value) => buckets.GetValueOrDefault(value, []);

        public void Apply(List<StoreChange<TItem>> changes)
        {
            if (changes.Count == 1)
            {
                ApplyOne(changes[0]);
                return;
            }

            var edited = new Dictionary<string, SortedDictionary<NamespacedName, TItem>>(StringComparer.Ordinal);
            foreach (var (old, item) in changes)
            {
                foreach (var value in old is null ? [] : values(old))
                {
                    Edit(edited, value).Remove(old!.Key);
                }

                foreach (var value in item is null ? [] : values(item))
                {
                    Edit(edited, value)[item!.Key] = item;
                }
            }

            foreach (var (value, bucket) in edited)
            {
                Set(value, [.. bucket.Values]);
            }
        }

        private SortedDictionary<NamespacedName, TItem> Edit(Dictionary<string, SortedDictionary<NamespacedName, TItem>> edited, string value)
        {
            if (!edited.TryGetValue(value, out var bucket))
            {
                bucket = [];
                foreach (var item in Find(value))
                {
                    bucket[item.Key] = item;
                }

                edited[value] = bucket;
            }

            return bucket;
        }

        private void ApplyOne(StoreChange<TItem> change)
        {
            foreach (var value in change.Old is null ? [] : values(change.Old))
            {
                var bucket = buckets.GetValueOrDefault(value, []);
                var at = Position(bucket, change.Key);
                if (at >= 0)
                {
                    Set(value, bucket.RemoveAt(at));
                }
            }

            foreach (var value in change.New is null ? [] : values(change.New))
            {
                var bucket = buckets.GetValueOrDefault(value, []);
                var at = Position(bucket, change.Key);
                Set(value, at >= 0 ? bucket.SetItem(at, change.New!) : bucket.Insert(~at, change.New!));
            }
        }

        private static int Position(ImmutableArray<TItem> bucket, NamespacedName key)
        {
            var low = 0;
            var high = bucket.Length - 1;
            while (low <= high)
            {
                var middle = (low + high) / 2;
                var order = bucket[middle].Key.CompareTo(key);
                if (order == 0)
                {
                    return middle;
                }

                (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
            }

            return ~low;
        }

        private void Set(string value, ImmutableArray<TItem> bucket)
        {
            if (bucket.IsEmpty)
            {
                buckets.Remove(value);
            }
            else
            {
                buckets[value] = bucket;
            }
        }
    }
}

using System.Collections.Immutable;

namespace Ordinal.ControlPlane.Cache;

/// <summary>One change of a store.</summary>
/// <param name="Before">Null when the object was added.</param>
/// <param name="After">Null when the object is gone.</param>
public readonly record struct StoreChange(KubeObject? Before, KubeObject? After)
{
    /// <summary>Gets the object as it was last seen.</summary>
    public KubeObject Latest => After ?? Before!;
}

/// <summary>
/// The objects of one kind as a watch has told them so far. One writer (a <see cref="Reflector"/>), any number of readers. Lists are
/// sorted by namespace and name, so that whoever walks them does so in the same order every time.
/// </summary>
public sealed class ObjectStore
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, SortedDictionary<string, KubeObject>> byNamespace = new(StringComparer.Ordinal);
    private readonly List<Action<StoreChange>> handlers = [];
    private readonly TaskCompletionSource synced = new();
    private ulong seenVersion;

    /// <summary>Gets a task that ends when the first list has been stored.</summary>
    public Task Synced => synced.Task;

    /// <summary>Calls a handler for every change from now on, in order, on the watch's thread. Register before the reflector starts.</summary>
    public void Subscribe(Action<StoreChange> handler)
    {
        lock (gate)
        {
            handlers.Add(handler);
        }
    }

    /// <summary>Gets one object, or null.</summary>
    public KubeObject? Get(ObjectKey key)
    {
        lock (gate)
        {
            return byNamespace.GetValueOrDefault(key.Namespace)?.GetValueOrDefault(key.Name);
        }
    }

    /// <summary>Gets all objects, sorted.</summary>
    public ImmutableArray<KubeObject> List()
    {
        lock (gate)
        {
            return [.. byNamespace.Values.SelectMany(names => names.Values)];
        }
    }

    /// <summary>Gets the objects of one namespace, sorted.</summary>
    public ImmutableArray<KubeObject> List(string @namespace)
    {
        lock (gate)
        {
            return byNamespace.TryGetValue(@namespace, out SortedDictionary<string, KubeObject>? names) ? [.. names.Values] : [];
        }
    }

    /// <summary>
    /// Tells whether the watch has come as far as a version that a write answered: from then on the store shows that write or a later one.
    /// </summary>
    public bool HasSeen(string resourceVersion)
    {
        lock (gate)
        {
            return seenVersion >= KubeObject.VersionNumber(resourceVersion);
        }
    }

    internal void Replace(IReadOnlyList<KubeObject> listed, string resourceVersion)
    {
        List<StoreChange> changes = [];
        lock (gate)
        {
            HashSet<ObjectKey> present = [.. listed.Select(item => item.Key)];
            foreach (KubeObject gone in byNamespace.Values.SelectMany(names => names.Values).Where(item => !present.Contains(item.Key)).ToList())
            {
                Put(new StoreChange(gone, null), changes);
            }

            foreach (KubeObject item in listed.OrderBy(item => item.Key))
            {
                Apply(item, changes);
            }

            Advance(resourceVersion);
        }

        Tell(changes);
        synced.TrySetResult();
    }

    internal void Upsert(KubeObject item)
    {
        List<StoreChange> changes = [];
        lock (gate)
        {
            Apply(item, changes);
            Advance(item.ResourceVersion);
        }

        Tell(changes);
    }

    internal void Remove(KubeObject last)
    {
        List<StoreChange> changes = [];
        lock (gate)
        {
            KubeObject? known = byNamespace.GetValueOrDefault(last.Namespace)?.GetValueOrDefault(last.Name);
            if (known is not null)
            {
                Put(new StoreChange(last, null), changes);
            }

            Advance(last.ResourceVersion);
        }

        Tell(changes);
    }

    internal void Bookmark(string resourceVersion)
    {
        lock (gate)
        {
            Advance(resourceVersion);
        }
    }

    private void Apply(KubeObject item, List<StoreChange> changes)
    {
        KubeObject? known = byNamespace.GetValueOrDefault(item.Namespace)?.GetValueOrDefault(item.Name);
        if (known is not null && known.Uid != item.Uid)
        {
            // Deleted and created again while nobody watched: two changes, or a handler would take one for the other.
            Put(new StoreChange(known, null), changes);
            known = null;
        }

        if (known is null || known.ResourceVersion != item.ResourceVersion)
        {
            Put(new StoreChange(known, item), changes);
        }
    }

    private void Put(StoreChange change, List<StoreChange> changes)
    {
        ObjectKey key = change.Latest.Key;
        if (!byNamespace.TryGetValue(key.Namespace, out SortedDictionary<string, KubeObject>? names))
        {
            byNamespace[key.Namespace] = names = new SortedDictionary<string, KubeObject>(StringComparer.Ordinal);
        }

        if (change.After is { } after)
        {
            names[key.Name] = after;
        }
        else
        {
            names.Remove(key.Name);
            if (names.Count == 0)
            {
                byNamespace.Remove(key.Namespace);
            }
        }

        changes.Add(change);
    }

    private void Advance(string resourceVersion) => seenVersion = Math.Max(seenVersion, KubeObject.VersionNumber(resourceVersion));

    private void Tell(List<StoreChange> changes)
    {
        Action<StoreChange>[] listeners;
        lock (gate)
        {
            listeners = [.. handlers];
        }

        foreach (StoreChange change in changes)
        {
            foreach (Action<StoreChange> listener in listeners)
            {
                listener(change);
            }
        }
    }
}

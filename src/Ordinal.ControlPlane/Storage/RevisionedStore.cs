using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Storage;

/// <summary>
/// All objects of the cluster as bytes, under one global revision that is every object's resourceVersion. Each change is one
/// entry of a bounded log; what falls off its end is compacted, and a watch from before it is refused (410). Reads are snapshots:
/// they hold no lock while they are used. A plain lock guards writes and is never held across an await.
/// </summary>
/// <param name="options">Sizes of the log and of the watchers' queues.</param>
public sealed class RevisionedStore(StoreOptions options)
{
    private static readonly IComparer<StoredObject> ByKey =
        Comparer<StoredObject>.Create((left, right) => StoreKey.CompareWithinResource(left.Key, right.Key));

    private static readonly SmallDictionary Nothing = SmallDictionary.Empty;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ImmutableSortedSet<StoredObject>> _resources = new(StringComparer.Ordinal);
    private readonly Queue<StoredEvent> _log = new();
    private readonly Dictionary<string, List<WatchSubscription>> _watchers = new(StringComparer.Ordinal);
    private readonly Queue<(StoreSnapshot Snapshot, long Age)> _kept = new();
    private long _age;
    private long _revision = options.FirstRevision;
    private long _compacted = options.FirstRevision;

    /// <summary>Gets the revision of the last write.</summary>
    public long Revision
    {
        get
        {
            lock (_lock)
            {
                return _revision;
            }
        }
    }

    /// <summary>Gets the object; null when there is none.</summary>
    public StoredObject? Find(StoreKey key)
    {
        lock (_lock)
        {
            return FindLocked(key);
        }
    }

    /// <summary>Takes a snapshot of a resource, ordered by namespace and name.</summary>
    /// <param name="resource">Storage name of the resource.</param>
    /// <param name="namespace">Namespace; empty for all.</param>
    public StoreSnapshot Snapshot(string resource, string @namespace)
    {
        lock (_lock)
        {
            return new StoreSnapshot(resource, @namespace, _revision, SetLocked(resource));
        }
    }

    /// <summary>Keeps a snapshot for the next pages of a list. The oldest kept one is let go when there are too many.</summary>
    public void Keep(StoreSnapshot snapshot)
    {
        lock (_lock)
        {
            if (_kept.Any(k => k.Snapshot.Revision == snapshot.Revision && k.Snapshot.Resource == snapshot.Resource))
            {
                return;
            }

            _kept.Enqueue((snapshot, _age));
            while (_kept.Count > options.KeptSnapshots)
            {
                _kept.Dequeue();
            }
        }
    }

    /// <summary>Makes what is kept for paged lists one older, and lets go what has reached an age: each holds every object that it shows.</summary>
    /// <param name="most">The age, in calls.</param>
    public void AgeKept(int most)
    {
        lock (_lock)
        {
            _age++;
            while (_kept.TryPeek(out (StoreSnapshot Snapshot, long Age) oldest) && _age - oldest.Age >= most)
            {
                _kept.Dequeue();
            }
        }
    }

    /// <summary>Finds the snapshot of a resource at an exact revision; null when it is compacted and not kept.</summary>
    public StoreSnapshot? FindSnapshot(string resource, string @namespace, long revision)
    {
        lock (_lock)
        {
            if (revision == _revision)
            {
                return new StoreSnapshot(resource, @namespace, _revision, SetLocked(resource));
            }

            StoreSnapshot? kept = _kept.FirstOrDefault(k => k.Snapshot.Revision == revision && k.Snapshot.Resource == resource).Snapshot;
            return kept is not null ? kept with { Namespace = @namespace }
                : revision >= _compacted && revision < _revision ? new StoreSnapshot(resource, @namespace, revision, RewindLocked(resource, revision)) : null;
        }
    }

    /// <summary>
    /// Writes an object if it is still at the revision that the caller has seen. The store sets metadata.resourceVersion.
    /// </summary>
    /// <param name="key">The object's key.</param>
    /// <param name="expectedRevision">Revision that the caller has seen; null when there was no object.</param>
    /// <param name="document">The new state; the store changes only its resourceVersion.</param>
    /// <param name="fields">Values of the field selectors.</param>
    /// <returns>What is stored now, or null when somebody else was faster.</returns>
    public StoredObject? TryWrite(StoreKey key, long? expectedRevision, JsonObject document, IReadOnlyDictionary<string, string> fields)
    {
        SmallDictionary labels = LabelsOf(document);
        SmallDictionary selectable = SmallDictionary.Of(fields);
        lock (_lock)
        {
            StoredObject? current = FindLocked(key);
            if (current?.Revision != expectedRevision)
            {
                return null;
            }

            // Most changes leave the labels alone: versions share what is the same.
            StoredObject written = current is null
                ? Encode(ChangeKind.Added, key with { Namespace = TextPool.Share(key.Namespace), Name = TextPool.Share(key.Name) }, ++_revision, document, labels, selectable)
                : Encode(ChangeKind.Modified, current.Key, ++_revision, document, labels.SharedWith(current.Labels), selectable.SharedWith(current.Fields));
            ImmutableSortedSet<StoredObject> set = SetLocked(key.Resource);
            _resources[key.Resource] = (current is null ? set : set.Remove(current)).Add(written);
            PublishLocked(new StoredEvent(written.WrittenAs, written, current));
            return written;
        }
    }

    /// <summary>Removes an object if it is still at the revision that the caller has seen.</summary>
    /// <param name="key">The object's key.</param>
    /// <param name="expectedRevision">Revision that the caller has seen.</param>
    /// <param name="lastState">The object's last state as watchers shall see it.</param>
    /// <returns>The last state at the revision of the deletion, or null when somebody else was faster.</returns>
    public StoredObject? TryDelete(StoreKey key, long expectedRevision, JsonObject lastState)
    {
        lock (_lock)
        {
            StoredObject? current = FindLocked(key);
            if (current is null || current.Revision != expectedRevision)
            {
                return null;
            }

            _resources[key.Resource] = SetLocked(key.Resource).Remove(current);
            StoredObject last = Encode(ChangeKind.Deleted, current.Key, ++_revision, lastState, current.Labels, current.Fields);
            PublishLocked(new StoredEvent(ChangeKind.Deleted, last, current));
            return last;
        }
    }

    /// <summary>
    /// Subscribes to the changes of a resource after a revision.
    /// </summary>
    /// <param name="resource">Storage name of the resource.</param>
    /// <param name="namespace">Namespace; empty for all.</param>
    /// <param name="afterRevision">The last revision that the watcher knows; null to start from now.</param>
    /// <returns>The subscription and the state it starts from; no queue when the revision is compacted.</returns>
    public WatchStart Watch(string resource, string @namespace, long? afterRevision)
    {
        lock (_lock)
        {
            var snapshot = new StoreSnapshot(resource, @namespace, _revision, SetLocked(resource));
            if (afterRevision < _compacted)
            {
                return new WatchStart(null, snapshot, _compacted);
            }

            var queue = new WatchSubscription(resource, @namespace, options.WatchQueueCapacity, Unsubscribe);
            if (afterRevision is { } after)
            {
                foreach (StoredEvent past in _log)
                {
                    if (past.Revision > after && Concerns(queue, past))
                    {
                        queue.Append(past);
                    }
                }
            }

            if (!_watchers.TryGetValue(resource, out List<WatchSubscription>? watchers))
            {
                _watchers[resource] = watchers = [];
            }

            watchers.Add(queue);
            return new WatchStart(queue, snapshot, _compacted);
        }
    }

    /// <summary>Drops the event log, as etcd's compaction does: every watch from an older revision is refused.</summary>
    public void Compact()
    {
        lock (_lock)
        {
            _log.Clear();
            _kept.Clear();
            _compacted = _revision;
        }
    }

    private static bool Concerns(WatchSubscription queue, StoredEvent storedEvent) =>
        storedEvent.State.Key.Resource == queue.Resource
        && (queue.Namespace.Length == 0 || queue.Namespace == storedEvent.State.Key.Namespace);

    private static StoredObject Encode(
        ChangeKind kind, StoreKey key, long revision, JsonObject document, IReadOnlyDictionary<string, string> labels, IReadOnlyDictionary<string, string> fields)
    {
        JsonObject metadata = document.Metadata();
        metadata["resourceVersion"] = revision.ToString(System.Globalization.CultureInfo.InvariantCulture);
        ReadOnlyMemory<byte> head = StoredEvent.Head(kind);
        byte[] frame = JsonText.Write(document, head.Span, "}"u8);
        return new StoredObject(key, revision, frame.AsMemory(head.Length, frame.Length - head.Length - 1), labels, fields) { Frame = frame, WrittenAs = kind };
    }

    private static SmallDictionary LabelsOf(JsonObject document)
    {
        if (document.Child("metadata")?.Child("labels") is not { Count: > 0 } labels)
        {
            return Nothing;
        }

        return SmallDictionary.Of(labels.Select(label => KeyValuePair.Create(label.Key, label.Value.AsText() ?? "")));
    }

    private StoredObject? FindLocked(StoreKey key)
    {
        ImmutableSortedSet<StoredObject> set = SetLocked(key.Resource);
        return set.TryGetValue(new StoredObject(key, 0, default, Nothing, Nothing), out StoredObject found) && found.Revision != 0 ? found : null;
    }

    private ImmutableSortedSet<StoredObject> SetLocked(string resource) =>
        _resources.TryGetValue(resource, out ImmutableSortedSet<StoredObject>? set) ? set : ImmutableSortedSet.Create(ByKey);

    /// <summary>Undoes the logged changes of a resource that are newer than a revision.</summary>
    private ImmutableSortedSet<StoredObject> RewindLocked(string resource, long revision)
    {
        ImmutableSortedSet<StoredObject>.Builder set = SetLocked(resource).ToBuilder();
        foreach (StoredEvent change in _log.Where(e => e.Revision > revision && e.State.Key.Resource == resource).Reverse())
        {
            // The set finds an object by its key.
            set.Remove(change.State);
            if (change.Previous is { } previous)
            {
                set.Add(previous);
            }
        }

        return set.ToImmutable();
    }

    private void PublishLocked(StoredEvent storedEvent)
    {
        _log.Enqueue(storedEvent);
        while (_log.Count > options.EventLogCapacity)
        {
            _compacted = _log.Dequeue().Revision;
        }

        if (_watchers.TryGetValue(storedEvent.State.Key.Resource, out List<WatchSubscription>? watchers))
        {
            foreach (WatchSubscription watcher in watchers)
            {
                if (Concerns(watcher, storedEvent))
                {
                    watcher.Append(storedEvent);
                }
            }
        }
    }

    private void Unsubscribe(WatchSubscription queue)
    {
        lock (_lock)
        {
            if (_watchers.TryGetValue(queue.Resource, out List<WatchSubscription>? watchers))
            {
                watchers.Remove(queue);
            }
        }
    }
}

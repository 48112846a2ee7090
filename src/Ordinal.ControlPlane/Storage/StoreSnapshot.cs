using System.Collections.Immutable;

namespace Ordinal.ControlPlane.Storage;

/// <summary>A resource as it was at one revision.</summary>
/// <param name="Resource">Storage name of the resource.</param>
/// <param name="Namespace">Namespace that is looked at; empty for all.</param>
/// <param name="Revision">Global revision of the snapshot.</param>
/// <param name="All">Every object of the resource, ordered by namespace and name.</param>
public sealed record StoreSnapshot(string Resource, string Namespace, long Revision, ImmutableSortedSet<StoredObject> All)
{
    /// <summary>Enumerates the objects of the namespace, starting after a key if one is given.</summary>
    public IEnumerable<StoredObject> Objects(StoreKey? after = null)
    {
        StoreKey from = after ?? new StoreKey(Resource, Namespace, "");
        int index = All.IndexOf(new StoredObject(from, 0, default, SmallDictionary.Empty, SmallDictionary.Empty));
        index = index < 0 ? ~index : index + 1;
        if (Namespace.Length == 0 && after is null)
        {
            // The whole set in order: the enumerator is linear, the indexer is not.
            foreach (StoredObject stored in All)
            {
                yield return stored;
            }

            yield break;
        }

        for (; index < All.Count; index++)
        {
            StoredObject stored = All[index];
            if (Namespace.Length != 0 && stored.Key.Namespace != Namespace)
            {
                yield break;
            }

            yield return stored;
        }
    }
}

/// <summary>What came of starting a watch.</summary>
/// <param name="Queue">The subscription; null when the revision asked for is compacted.</param>
/// <param name="Snapshot">The state at the moment of subscribing.</param>
/// <param name="CompactedRevision">The oldest revision that a watch may still start after.</param>
public sealed record WatchStart(WatchSubscription? Queue, StoreSnapshot Snapshot, long CompactedRevision);

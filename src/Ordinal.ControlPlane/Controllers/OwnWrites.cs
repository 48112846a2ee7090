using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers;

/// <summary>
/// Remembers, for each key of a controller, the last version that it wrote to each store's collection, so that it does not act before
/// the store shows its own writes (StaleControllerConsistencyStatefulSet). Deletions are not recorded: they answer no version.
/// </summary>
public sealed class OwnWrites
{
    private readonly Lock gate = new();
    private readonly Dictionary<ObjectKey, List<(ObjectStore Store, string Version)>> written = [];

    /// <summary>Remembers a write.</summary>
    public void Record(ObjectKey key, ObjectStore store, KubeObject answer)
    {
        lock (gate)
        {
            if (!written.TryGetValue(key, out List<(ObjectStore, string)>? writes))
            {
                written[key] = writes = [];
            }

            writes.Add((store, answer.ResourceVersion));
        }
    }

    /// <summary>Checks that the stores have seen every write for a key, and forgets those that they have.</summary>
    /// <exception cref="SyncFailedException">A store is behind; the key is to be tried again soon.</exception>
    public void EnsureSeen(ObjectKey key)
    {
        lock (gate)
        {
            if (!written.TryGetValue(key, out List<(ObjectStore Store, string Version)>? writes))
            {
                return;
            }

            writes.RemoveAll(write => write.Store.HasSeen(write.Version));
            if (writes.Count > 0)
            {
                throw new SyncFailedException($"{key}: the cache has not shown version {writes[^1].Version} of a write yet");
            }

            written.Remove(key);
        }
    }

    /// <summary>Forgets a key whose object is gone.</summary>
    public void Forget(ObjectKey key)
    {
        lock (gate)
        {
            written.Remove(key);
        }
    }
}

namespace Ordinal.Runtime.Entities;

/// <summary>
/// What the runtime must know of anything it keeps in a store: a whole custom resource
/// (<see cref="CustomKubernetesEntity{TSpec,TStatus}"/>) or a small projection of a big object.
/// Items are never changed once they are in a store.
/// </summary>
public interface IStoreItem
{
    /// <summary>Gets namespace and name.</summary>
    NamespacedName Key { get; }

    /// <summary>Gets the UID, which tells one incarnation of a name from the next.</summary>
    string Uid { get; }

    /// <summary>Gets the resourceVersion; opaque, compare it with <c>ResourceVersions</c> only.</summary>
    string ResourceVersion { get; }

    /// <summary>Gets metadata.generation; 0 for kinds that have none, and for projections nobody waits on a spec write of.</summary>
    long Generation => 0;

    /// <summary>Gets a value indicating whether metadata.deletionTimestamp is set.</summary>
    bool IsTerminating => false;
}

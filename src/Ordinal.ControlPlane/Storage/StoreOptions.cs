namespace Ordinal.ControlPlane.Storage;

/// <summary>Sizes of a <see cref="RevisionedStore"/>.</summary>
public sealed record StoreOptions
{
    /// <summary>Gets how many changes the log holds before the oldest is compacted.</summary>
    public int EventLogCapacity { get; init; } = 10_000;

    /// <summary>Gets how many events may wait for one watcher before it is cut off.</summary>
    public int WatchQueueCapacity { get; init; } = 20_000;

    /// <summary>Gets how many snapshots are kept for paged lists.</summary>
    public int KeptSnapshots { get; init; } = 32;

    /// <summary>Gets the revision of the empty store; the first write is one above it.</summary>
    public long FirstRevision { get; init; } = 1;
}

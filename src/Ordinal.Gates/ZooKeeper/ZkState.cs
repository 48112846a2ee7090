namespace Ordinal.Gates.ZooKeeper;

/// <summary>What a server says that it is.</summary>
public enum ZkMode
{
    /// <summary>It does not say: it serves nobody, or it looks for a leader.</summary>
    None,
    Leader,
    Follower,
    Observer,
    Standalone,

    /// <summary>Cut off from the quorum, and serving old data to those who want it.</summary>
    ReadOnly,
}

/// <summary>How far a server is in Zab's phases.</summary>
public enum ZkPhase
{
    /// <summary>It does not say.</summary>
    None,
    Election,
    Discovery,

    /// <summary>It takes what it lacks from the leader.</summary>
    Synchronization,

    /// <summary>It takes part.</summary>
    Broadcast,
}

/// <summary>What one server says of itself; null is what it does not tell on the way that it was asked.</summary>
public sealed record ZkState
{
    /// <summary>Gets a value indicating whether it serves clients. <c>ruok</c> tells nothing of it.</summary>
    public required bool IsServing { get; init; }

    public ZkMode Mode { get; init; }

    public ZkPhase Phase { get; init; }

    /// <summary>Gets a value indicating whether the leader sends it a whole snapshot.</summary>
    public bool IsTakingSnapshot { get; init; }

    /// <summary>Gets its id (myid).</summary>
    public long? ServerId { get; init; }

    /// <summary>Gets the id of the leader that it follows, or its own as the leader.</summary>
    public long? LeaderId { get; init; }

    /// <summary>Gets whether it votes: it is in its own list of voters.</summary>
    public bool? IsVoting { get; init; }

    /// <summary>Gets the last transaction that it has applied: epoch in the upper 32 bits, counter in the lower.</summary>
    public ulong? Zxid { get; init; }

    public string Version { get; init; } = "";

    /// <summary>Gets how many learners the leader counts in sync, those that do not vote included (leader only).</summary>
    public long? SyncedFollowers { get; init; }

    /// <summary>Gets how many of them do not vote (leader only).</summary>
    public long? SyncedNonVoting { get; init; }

    /// <summary>Gets how many learners are connected to the leader, those that are still being synchronized included (leader only).</summary>
    public long? Learners { get; init; }

    /// <summary>Gets how many sync requests wait (leader only).</summary>
    public long? PendingSyncs { get; init; }

    public long? Outstanding { get; init; }

    /// <summary>Gets why the leader's counts are not known; null when they are.</summary>
    public ZkFailure? CountsFailure { get; init; }

    /// <summary>Gets how many voters beside itself the leader counts in sync; null when it does not tell.</summary>
    internal long? SyncedVoters => SyncedFollowers is { } all ? all - (SyncedNonVoting ?? 0) : null;
}

namespace Ordinal.Gates.Etcd;

/// <summary>How far a snapshot is.</summary>
public enum EtcdSnapshotPhase
{
    /// <summary>It comes in.</summary>
    Running,

    /// <summary>It is whole, and its checksum is right.</summary>
    Verified,

    /// <summary>It broke off, could not be written, or its checksum is wrong.</summary>
    Failed,
}

/// <summary>A snapshot that was taken as a way back.</summary>
/// <param name="Phase">How far it is.</param>
/// <param name="Member">The pod of the member that it is from.</param>
/// <param name="Revision">The ControllerRevision of the rollout that it was taken for.</param>
/// <param name="Bytes">How much of it has come.</param>
/// <param name="At">When it began; for a failed one, when it failed.</param>
/// <param name="Text">Where it lies and its checksum, or why it failed.</param>
public sealed record EtcdSnapshot(EtcdSnapshotPhase Phase, string Member, string Revision, long Bytes, DateTimeOffset At, string Text);

/// <summary>What a policy wants of a snapshot before the first pod is taken.</summary>
/// <param name="MaxAge">How old one of an earlier rollout may be and still count. One of this rollout always does.</param>
/// <param name="Directory">Where to keep it; empty: it is checked and not kept.</param>
public sealed record EtcdSnapshotPolicy(TimeSpan MaxAge, string Directory);

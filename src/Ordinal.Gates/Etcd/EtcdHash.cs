namespace Ordinal.Gates.Etcd;

/// <summary>A member's answer to <c>Maintenance.HashKV</c>: a checksum over all keys up to a revision, and since which compaction.</summary>
/// <param name="Hash">The checksum. Members of one minor version with the same compact revision must have the same.</param>
/// <param name="CompactRevision">The revision of the last compaction; −1 when there was none.</param>
public sealed record EtcdHash(uint Hash, long CompactRevision);

using System.Collections.Immutable;

namespace Ordinal.Gates.Etcd;

/// <summary>A member's answer to <c>Maintenance.Status</c>. What the answer leaves out is 0, empty or false, as in protobuf.</summary>
public sealed record EtcdStatus
{
    public required ulong ClusterId { get; init; }

    /// <summary>Gets the id of the member that answered.</summary>
    public required ulong MemberId { get; init; }

    public string Version { get; init; } = "";

    /// <summary>Gets the size of the database file, in bytes.</summary>
    public ulong DbSize { get; init; }

    /// <summary>Gets how much of the file is in use, in bytes.</summary>
    public ulong DbSizeInUse { get; init; }

    /// <summary>Gets the quota, in bytes; 0 before etcd 3.6.</summary>
    public ulong DbSizeQuota { get; init; }

    /// <summary>Gets the id of the leader that this member follows; 0 when it knows none.</summary>
    public ulong Leader { get; init; }

    /// <summary>Gets the commit index that this member knows.</summary>
    public ulong RaftIndex { get; init; }

    public ulong RaftTerm { get; init; }

    public ulong RaftAppliedIndex { get; init; }

    /// <summary>Gets what ails the member: alarms of any member, and <c>etcdserver: no leader</c>.</summary>
    public ImmutableArray<string> Errors { get; init; } = [];

    public bool IsLearner { get; init; }

    /// <summary>Gets the revision of the keys that this member knows.</summary>
    public ulong Revision { get; init; }

    /// <summary>Gets the version that a downgrade was begun to, as <c>3.5.0</c>; empty when there is none. etcd tells it from 3.6 on.</summary>
    public string DowngradeTarget { get; init; } = "";
}

using System.Collections.Immutable;

namespace Ordinal.Gates.Kafka;

/// <summary>A broker as another one lists it.</summary>
public sealed record KafkaBroker
{
    public required int Id { get; init; }

    public required string Host { get; init; }

    public required int Port { get; init; }

    public string? Rack { get; init; }

    /// <summary>Gets a value indicating whether the controller keeps clients away from it (known from Kafka 4.0 on; before, fenced brokers are not listed).</summary>
    public bool IsFenced { get; init; }
}

/// <summary>One partition as one broker knows it.</summary>
public readonly record struct KafkaPartition
{
    public required short ErrorCode { get; init; }

    public required int Index { get; init; }

    /// <summary>Gets the leader's id; −1: offline.</summary>
    public required int Leader { get; init; }

    public required int LeaderEpoch { get; init; }

    public required ImmutableArray<int> Replicas { get; init; }

    public required ImmutableArray<int> Isr { get; init; }
}

/// <summary>One topic as one broker knows it.</summary>
public sealed record KafkaTopic
{
    public required short ErrorCode { get; init; }

    public required string Name { get; init; }

    public bool IsInternal { get; init; }

    public required ImmutableArray<KafkaPartition> Partitions { get; init; }
}

/// <summary>A voter or an observer of the metadata log.</summary>
public sealed record KafkaQuorumReplica
{
    public required int Id { get; init; }

    public required long LogEndOffset { get; init; }

    /// <summary>Gets milliseconds since 1970 on the leader's clock; −1: unknown.</summary>
    public required long LastFetch { get; init; }

    /// <summary>Gets milliseconds since 1970 on the leader's clock; −1: unknown.</summary>
    public required long LastCaughtUp { get; init; }

    /// <summary>Gets the id of the directory that its copy of the log is in (KIP-853, Kafka 3.9 on); all zeros: the quorum does not go by it.</summary>
    public Guid Directory { get; init; }
}

/// <summary>The quorum of controllers, as their leader knows it.</summary>
public sealed record KafkaQuorum
{
    public required int LeaderId { get; init; }

    public required int LeaderEpoch { get; init; }

    public required long HighWatermark { get; init; }

    public required ImmutableArray<KafkaQuorumReplica> Voters { get; init; }

    public required ImmutableArray<KafkaQuorumReplica> Observers { get; init; }
}

/// <summary>One partition that is being moved.</summary>
public sealed record KafkaReassignment
{
    public required string Topic { get; init; }

    public required int Partition { get; init; }

    public required ImmutableArray<int> Replicas { get; init; }

    public required ImmutableArray<int> Adding { get; init; }

    public required ImmutableArray<int> Removing { get; init; }
}

/// <summary>
/// Who may lead one partition without loss although not in sync, as one broker knows it (KIP-966, Kafka 4.0 on). None of them counts as in sync
/// anywhere: it only tells whose copy is the last one.
/// </summary>
public sealed record KafkaEligible
{
    public required string Topic { get; init; }

    public required int Partition { get; init; }

    /// <summary>Gets the eligible leader replicas: they have all that was acknowledged.</summary>
    public required ImmutableArray<int> Eligible { get; init; }

    /// <summary>Gets the last ones that were eligible, where none is any more: the best copies that are left.</summary>
    public required ImmutableArray<int> LastKnown { get; init; }
}

/// <summary>One topic's partitions in one log directory.</summary>
public sealed record KafkaLogDirTopic
{
    public required string Name { get; init; }

    public required ImmutableArray<int> Partitions { get; init; }
}

/// <summary>One log directory of one broker.</summary>
public sealed record KafkaLogDir
{
    public required short ErrorCode { get; init; }

    public required string Path { get; init; }

    public required ImmutableArray<KafkaLogDirTopic> Topics { get; init; }
}

/// <summary>The whole cluster as one broker knew it at one moment.</summary>
public sealed record KafkaSnapshot
{
    /// <summary>Gets the id of the broker that answered.</summary>
    public required int Responder { get; init; }

    public required string ClusterId { get; init; }

    /// <summary>Gets the controller's id; true in ZooKeeper mode only: under KRaft it is any live broker.</summary>
    public required int ControllerId { get; init; }

    /// <summary>Gets the ids of the brokers that are registered and not fenced, ascending.</summary>
    public required ImmutableArray<int> Live { get; init; }

    public required ImmutableArray<KafkaTopic> Topics { get; init; }

    /// <summary>Gets who may lead the partitions that have too few replicas in sync; empty where none has, and where the broker does not tell.</summary>
    public ImmutableArray<KafkaEligible> Eligible { get; init; } = [];
}

/// <summary>What one controller said about itself, on its own listener (KIP-919, Kafka 3.7 on).</summary>
public sealed record KafkaControllerObservation
{
    public required int Id { get; init; }

    /// <summary>Gets the host that it is registered at, and was asked at.</summary>
    public required string Host { get; init; }

    /// <summary>Gets why it does not answer; null when it does.</summary>
    public KafkaFailure? Failure { get; init; }
}

/// <summary>What one topic's configuration says.</summary>
public sealed record KafkaTopicConfig
{
    /// <summary>Gets Kafka's error code; 0: none.</summary>
    public short ErrorCode { get; init; }

    /// <summary>Gets <c>min.insync.replicas</c>; null when it was not told.</summary>
    public int? MinIsr { get; init; }

    /// <summary>Gets a value indicating whether a replica that is out of sync may become leader, which loses data.</summary>
    public bool AllowsUnclean { get; init; }
}

/// <summary>What one broker said about itself, on its own listener.</summary>
public sealed record KafkaMemberObservation
{
    public required int Id { get; init; }

    /// <summary>Gets why it does not answer; null when it does.</summary>
    public KafkaFailure? Failure { get; init; }

    /// <summary>Gets its log directories; null when they were not told.</summary>
    public ImmutableArray<KafkaLogDir>? LogDirs { get; init; }

    public KafkaFailure? LogDirsFailure { get; init; }
}

/// <summary>What a broker's metrics endpoint said.</summary>
public sealed record KafkaMetrics
{
    public required int Id { get; init; }

    /// <summary>Gets the state: 1 starting, 2 recovering its logs, 3 running, 6 and 7 shutting down; null when the endpoint does not tell.</summary>
    public int? BrokerState { get; init; }

    public long? RemainingLogs { get; init; }

    public long? RemainingSegments { get; init; }

    /// <summary>Gets why there are no metrics; null when there are.</summary>
    public KafkaFailure? Failure { get; init; }
}

/// <summary>All that the gate saw at one moment.</summary>
public sealed record KafkaObservation : GateObservation
{
    /// <summary>Gets why no bootstrap server answered, one a server; empty when one did.</summary>
    public ImmutableArray<KafkaFailure> BootstrapFailures { get; init; } = [];

    public bool IsKraft { get; init; }

    /// <summary>Gets all listed brokers, ascending by id; fenced ones are marked.</summary>
    public ImmutableArray<KafkaBroker> Brokers { get; init; } = [];

    /// <summary>Gets the bits of the operations on the cluster that the principal is allowed; null when that was not told.</summary>
    public int? AuthorizedOperations { get; init; }

    public ImmutableArray<KafkaSnapshot> Snapshots { get; init; } = [];

    public ImmutableArray<KafkaFailure> SnapshotFailures { get; init; } = [];

    /// <summary>Gets each topic's configuration; a topic of which nothing was told is not in it.</summary>
    public ImmutableDictionary<string, KafkaTopicConfig> Configs { get; init; } = ImmutableDictionary<string, KafkaTopicConfig>.Empty;

    public KafkaFailure? ConfigsFailure { get; init; }

    public ImmutableArray<KafkaReassignment> Reassignments { get; init; } = [];

    public KafkaFailure? ReassignmentsFailure { get; init; }

    /// <summary>Gets the quorum, read twice: from two brokers, or from a broker and the active controller itself; one or none when that failed.</summary>
    public ImmutableArray<KafkaQuorum> Quorums { get; init; } = [];

    public KafkaFailure? QuorumFailure { get; init; }

    public ImmutableArray<KafkaMemberObservation> Members { get; init; } = [];

    /// <summary>Gets the controllers that their listeners told of and that belong to pods which are not missing; empty where the gate was given none of these.</summary>
    public ImmutableArray<KafkaControllerObservation> Controllers { get; init; } = [];

    public ImmutableArray<KafkaMetrics> Metrics { get; init; } = [];

    /// <summary>Gets what was answered about topics that are on disks, or were listed before, but are in no list now: error codes by name.</summary>
    public ImmutableSortedDictionary<string, short> Unlisted { get; init; } = ImmutableSortedDictionary<string, short>.Empty;

    public KafkaFailure? UnlistedFailure { get; init; }
}

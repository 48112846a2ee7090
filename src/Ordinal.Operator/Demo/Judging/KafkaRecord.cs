using System.Collections.Immutable;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>One partition as it really was.</summary>
/// <param name="Replicas">How many brokers have a copy.</param>
/// <param name="InSync">How many of them served and had everything.</param>
/// <param name="Needed">How many must, for writes to be acknowledged.</param>
/// <param name="HasLeader">Whether a broker that served led it.</param>
public readonly record struct PartitionSeen(string Name, int Replicas, int InSync, int Needed, bool HasLeader);

/// <summary>What became of the records that producers wrote, so far.</summary>
/// <param name="Acknowledged">Acknowledged by all replicas in sync.</param>
/// <param name="Refused">Refused because too few replicas were in sync.</param>
/// <param name="Unanswered">Not answered.</param>
/// <param name="Lost">Acknowledged, and in no log that leads.</param>
public readonly record struct RecordsSeen(long Acknowledged, long Refused, long Unanswered, long Lost);

/// <summary>One replacement of a broker.</summary>
/// <param name="Broker">Its node id.</param>
/// <param name="Gone">When it stopped serving.</param>
/// <param name="Back">When it served again; null when it never did.</param>
/// <param name="InSync">When it had everything again; null when it never did.</param>
/// <param name="Controller">Who led the quorum when it went; −1: nobody.</param>
public sealed record BrokerReplacement(int Broker, TimeSpan Gone, TimeSpan? Back, TimeSpan? InSync, int Controller);

/// <summary>The fault that was made: a broker that served and did not keep up.</summary>
/// <param name="Broker">Its node id.</param>
/// <param name="From">When that began.</param>
/// <param name="To">When it ended.</param>
/// <param name="NamedBy">What the rollout said when it first named one of its partitions; null when it never did.</param>
/// <param name="NamedAt">When that was.</param>
public sealed record LagRecord(int Broker, TimeSpan From, TimeSpan To, string? NamedBy, TimeSpan? NamedAt);

/// <summary>All that <see cref="KafkaWitness"/> recorded. All moments are on its clock.</summary>
public sealed record KafkaRecord
{
    /// <summary>Gets the replacements in the order in which the brokers went.</summary>
    public ImmutableArray<BrokerReplacement> Replacements { get; init; } = [];

    /// <summary>Gets who led the quorum of controllers, in order.</summary>
    public ImmutableArray<Reign> Controllers { get; init; } = [];

    /// <summary>Gets the partition that was worst off, and when; null before the first look.</summary>
    public (PartitionSeen Partition, TimeSpan At)? Worst { get; init; }

    /// <summary>Gets for how long in all some partition had fewer replicas in sync than it needs.</summary>
    public TimeSpan UnderMinIsr { get; init; }

    /// <summary>Gets the largest number of such partitions at one look.</summary>
    public int MostUnderMinIsr { get; init; }

    /// <summary>Gets for how long in all some partition had no leader.</summary>
    public TimeSpan WithoutLeader { get; init; }

    /// <summary>Gets how many times was looked.</summary>
    public int Looks { get; init; }

    public RecordsSeen Records { get; init; }
}

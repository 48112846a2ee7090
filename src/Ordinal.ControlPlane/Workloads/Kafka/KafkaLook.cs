using System.Collections.Immutable;

namespace Ordinal.ControlPlane.Workloads.Kafka;

/// <summary>A simulated cluster at one moment: the truth, not what one of its brokers tells.</summary>
/// <param name="Serving">The brokers that run, answer and are not on their way out, ascending.</param>
/// <param name="Controller">Who leads the quorum; −1: nobody.</param>
/// <param name="Partitions">All partitions.</param>
public sealed record KafkaLook(ImmutableArray<int> Serving, int Controller, ImmutableArray<PartitionLook> Partitions)
{
    /// <summary>Gets how many records were acknowledged to producers that wait for all replicas in sync.</summary>
    public long Acknowledged { get; init; }

    /// <summary>Gets how many were refused because too few replicas were in sync.</summary>
    public long Refused { get; init; }

    /// <summary>Gets how many got no answer: the leader, or a replica that counts as in sync, was gone.</summary>
    public long Unanswered { get; init; }

    /// <summary>Gets how many of the acknowledged ones are in no log that leads.</summary>
    public long Lost { get; init; }
}

/// <summary>One partition at one moment.</summary>
/// <param name="Name">Topic and number, as <c>orders-3</c>.</param>
/// <param name="Replicas">The brokers that have a copy.</param>
/// <param name="InSync">Those of them that serve and have everything.</param>
/// <param name="Needed">How many must be in sync for acknowledged writes: <c>min.insync.replicas</c>, at most the number of replicas.</param>
/// <param name="HasLeader">Whether a broker that serves leads it.</param>
public sealed record PartitionLook(string Name, ImmutableArray<int> Replicas, ImmutableArray<int> InSync, int Needed, bool HasLeader);

using System.Collections.Immutable;

namespace Ordinal.Gates.Kafka;

/// <summary>How much a rollout may cost. Each level keeps what the one before it keeps.</summary>
public enum KafkaGuarantee
{
    /// <summary>No last in-sync copy is taken, no quorum of controllers is broken, and a broker must serve again before the next one goes.</summary>
    ReadyForRequests,

    /// <summary>No partition that takes acknowledged writes stops taking them.</summary>
    HealthyPartitionsStayHealthy,

    /// <summary>Nothing is taken while any partition of the cluster is out of sync or being moved.</summary>
    AllPartitionsInSync,
}

/// <summary>What to do about partitions that any restart must interrupt.</summary>
public enum KafkaTopicPolicy
{
    /// <summary>Let the pod go, with a warning.</summary>
    Allow,
    Deny,
}

/// <summary>Whether partitions go back to their preferred leader after a restart.</summary>
public enum KafkaLeadership
{
    None,

    /// <summary>The restarted broker must lead the partitions that prefer it; an election is asked for when it does not by itself.</summary>
    Preferred,
}

/// <summary>How to ask a Kafka cluster: the gate's part of the policy, without its secrets.</summary>
public sealed record KafkaGateOptions
{
    /// <summary>Gets <c>host:port</c>, separated by commas; {service} and {namespace} are replaced, and an entry with {pod}, {ordinal} or {address} stands for every pod.</summary>
    public string BootstrapServers { get; init; } = "";

    /// <summary>
    /// Gets where controllers listen, written as <see cref="BootstrapServers"/>; Kafka 3.7 and newer, same TLS and SASL. With it the quorum is also read from
    /// the active controller itself, and a controller must answer before it is back. Empty: only brokers are asked.
    /// </summary>
    public string ControllerServers { get; init; } = "";

    /// <summary>Gets a value indicating whether brokers are spoken to over TLS.</summary>
    public bool UseTls { get; init; }

    /// <summary>Gets the name that the brokers' certificates must carry. Empty: the host that is asked.</summary>
    public string ServerName { get; init; } = "";

    /// <summary>Gets the SASL mechanism: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER; empty for none.</summary>
    public string SaslMechanism { get; init; } = "";

    public KafkaGuarantee Guarantee { get; init; } = KafkaGuarantee.HealthyPartitionsStayHealthy;

    /// <summary>Gets what to do about partitions with one replica: they are down while their broker is.</summary>
    public KafkaTopicPolicy SingleReplicaTopics { get; init; } = KafkaTopicPolicy.Allow;

    /// <summary>Gets what to do about partitions whose min.insync.replicas wants every replica: they take no acknowledged writes while one is away.</summary>
    public KafkaTopicPolicy FullIsrTopics { get; init; } = KafkaTopicPolicy.Allow;

    /// <summary>Gets how many in-sync replicas beyond min.insync.replicas must remain, where there are that many replicas.</summary>
    public int MinIsrHeadroom { get; init; }

    /// <summary>Gets what is added to a pod's ordinal to get its node id.</summary>
    public int NodeIdOffset { get; init; }

    /// <summary>Gets the node ids that must be voters of the quorum of controllers; empty: not checked.</summary>
    public ImmutableArray<int> Controllers { get; init; } = [];

    /// <summary>Gets a value indicating whether the only controller may be restarted.</summary>
    public bool AllowSingleController { get; init; } = true;

    /// <summary>Gets how many records of the metadata log a controller may be behind and still take part.</summary>
    public long MaxControllerLag { get; init; } = 1000;

    /// <summary>Gets the brokers' <c>controller.quorum.fetch.timeout.ms</c>: a controller that caught up longer ago takes no part.</summary>
    public TimeSpan QuorumFetchTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets how old a broker's view of the metadata may be for it to be asked about the cluster.</summary>
    public TimeSpan MaxMetadataLag { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets after how long without progress a replica counts as stuck, so that restarting it may be the cure.</summary>
    public TimeSpan StuckReplicaAfter { get; init; } = TimeSpan.FromMinutes(15);

    public KafkaLeadership Leadership { get; init; }

    /// <summary>Gets how long leaders may take to come back by themselves before an election is asked for.</summary>
    public TimeSpan LeadershipWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets how many partitions one election may be about.</summary>
    public int MaxElectionsPerStep { get; init; } = 500;

    /// <summary>Gets the port of the pods' metrics endpoint (Prometheus text format); 0: there is none.</summary>
    public int MetricsPort { get; init; }

    public string MetricsScheme { get; init; } = "http";

    public string MetricsPath { get; init; } = "/metrics";

    /// <summary>Gets the longest time for TCP, TLS and SASL with one broker.</summary>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets the longest time for one request to one broker.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets how long an Allow may be acted on, counted from the beginning of the observation.</summary>
    public TimeSpan ValidFor { get; init; } = TimeSpan.FromSeconds(10);
}

using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Api;

/// <summary>Asks the brokers and controllers of a Kafka cluster, 2.8 to 4.x, under KRaft or ZooKeeper.</summary>
public sealed class KafkaGateSpec
{
    [Required]
    [Length(1, 1024)]
    [Description("Where to begin, as host:port separated by commas; {service} and {namespace} are replaced; an entry with {pod}, {ordinal} or {address} stands for every pod. The brokers' advertised listeners must be reachable too.")]
    public string BootstrapServers { get; set; } = "";

    [Length(1, 1024)]
    [Description("Where controllers listen (Kafka 3.7 and newer), written as bootstrapServers; same TLS and SASL. With it the quorum is read from the active controller itself as well, and a controller must answer before it counts as back. Absent: only brokers are asked.")]
    public string? ControllerServers { get; set; }

    [Description("Speak TLS; an empty one ({}) trusts the operator's own trust store. Absent: plain text.")]
    public TlsSpec? Tls { get; set; }

    public SaslSpec? Sasl { get; set; }

    [EmbeddedEnum("ReadyForRequests", "HealthyPartitionsStayHealthy", "AllPartitionsInSync")]
    [Default("\"HealthyPartitionsStayHealthy\"")]
    [Description("What a rollout keeps: no last in-sync copy is taken; also no partition goes under min.insync.replicas; also nothing stops while any partition is out of sync or being moved.")]
    public string? Guarantee { get; set; }

    [EmbeddedEnum("Allow", "Deny")]
    [Default("\"Allow\"")]
    [Description("Partitions with one replica are down while their broker is.")]
    public string? SingleReplicaTopics { get; set; }

    [EmbeddedEnum("Allow", "Deny")]
    [Default("\"Allow\"")]
    [Description("Partitions whose min.insync.replicas wants every replica take no acknowledged writes while one is away.")]
    public string? FullIsrTopics { get; set; }

    [RangeMinimum(0)]
    [Default("0")]
    [Description("In-sync replicas beyond min.insync.replicas that must remain, where there are that many replicas.")]
    public int? MinIsrHeadroom { get; set; }

    [RangeMinimum(0)]
    [Default("0")]
    [Description("What is added to a pod's ordinal to get its node id.")]
    public int? NodeIdOffset { get; set; }

    [Items(1, 32)]
    [ListType(ListKind.Set)]
    [Description("Node ids that must be voters of the quorum of controllers. Absent: not checked.")]
    public IReadOnlyList<int>? Controllers { get; set; }

    [Default("true")]
    [Description("Let the only controller, or one of two, be restarted: nothing is decided meanwhile.")]
    public bool? AllowSingleController { get; set; }

    [RangeMinimum(0)]
    [Default("1000")]
    [Description("How many records of the metadata log a controller may be behind and still count.")]
    public long? MaxControllerLag { get; set; }

    [Duration]
    [Default("\"2s\"")]
    [Description("The brokers' controller.quorum.fetch.timeout.ms: a controller that caught up longer ago does not count.")]
    public string? QuorumFetchTimeout { get; set; }

    [Duration]
    [Default("\"15m\"")]
    [Description("After how long without progress a replica that is out of sync may be restarted although its partition waits for it.")]
    public string? StuckReplicaAfter { get; set; }

    [EmbeddedEnum("None", "Preferred")]
    [Default("\"None\"")]
    [Description("Preferred: after a restart the broker must lead again what prefers it; an election is asked for after leadershipWait.")]
    public string? Leadership { get; set; }

    [Duration]
    [Default("\"30s\"")]
    public string? LeadershipWait { get; set; }

    [Description("The pods' metrics endpoint. With it a broker must also call itself running, and log recovery is seen as progress.")]
    public KafkaMetricsSpec? Metrics { get; set; }

    [Duration]
    [Default("\"10s\"")]
    [Description("Longest time for one request to one broker.")]
    public string? RequestTimeout { get; set; }
}

/// <summary>A metrics endpoint of each pod, in Prometheus' text format.</summary>
public sealed class KafkaMetricsSpec
{
    [Required]
    [RangeMinimum(1)]
    [RangeMaximum(65535)]
    public int Port { get; set; }

    [EmbeddedEnum("http", "https")]
    [Default("\"http\"")]
    public string? Scheme { get; set; }

    [Length(1, 1024)]
    [Default("\"/metrics\"")]
    public string? Path { get; set; }
}

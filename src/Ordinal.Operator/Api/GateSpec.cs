using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Api;

/// <summary>One gate: when it runs, how patient it is, and what it asks.</summary>
[ValidationRule("(self.type == 'Kafka') == has(self.kafka) && (self.type == 'ZooKeeper') == has(self.zookeeper) && (self.type == 'Etcd') == has(self.etcd) && (self.type == 'Http') == has(self.http) && (self.type == 'Prometheus') == has(self.prometheus) && (self.type == 'Grpc') == has(self.grpc) && (self.type == 'Exec') == has(self.exec)", "set exactly the member that matches type")]
public sealed class GateSpec
{
    [Required]
    [Length(1, 63)]
    public string Name { get; set; } = "";

    [Required]
    [EmbeddedEnum("Kafka", "ZooKeeper", "Etcd", "Http", "Prometheus", "Grpc", "Exec")]
    public string Type { get; set; } = "";

    [Items(1, 4)]
    [ListType(ListKind.Set)]
    [EmbeddedEnum("BeforeRollout", "BeforePod", "AfterPod", "AfterRollout", OnItems = true)]
    [Default("[\"BeforePod\",\"AfterPod\"]")]
    public IReadOnlyList<string>? RunAt { get; set; }

    [Duration]
    [Default("\"5s\"")]
    [Description("Time between two checks while the gate is waited for.")]
    public string? Interval { get; set; }

    [Duration]
    [Default("\"10m\"")]
    [Description("How long a gate may say no before onTimeout applies. It stands still while paused.")]
    public string? Timeout { get; set; }

    [RangeMinimum(1)]
    [RangeMaximum(100)]
    [Default("3")]
    [Description("How many checks in a row must pass.")]
    public int? SuccessThreshold { get; set; }

    [EmbeddedEnum("Fail", "Pause")]
    [Default("\"Pause\"")]
    [Description("There is no Continue: a gate that cannot tell never opens. spec.force of the rollout is the way past it, for one pod.")]
    public string? OnTimeout { get; set; }

    public KafkaGateSpec? Kafka { get; set; }

    public ZooKeeperGateSpec? Zookeeper { get; set; }

    public EtcdGateSpec? Etcd { get; set; }

    public HttpGateSpec? Http { get; set; }

    public PrometheusGateSpec? Prometheus { get; set; }

    public GrpcGateSpec? Grpc { get; set; }

    public ExecGateSpec? Exec { get; set; }
}

/// <summary>Asks every member of an etcd cluster on its own endpoint.</summary>
public sealed class EtcdGateSpec
{
    [EmbeddedEnum("http", "https")]
    [Default("\"https\"")]
    public string? Scheme { get; set; }

    [RangeMinimum(1)]
    [RangeMaximum(65535)]
    [Default("2379")]
    public int? Port { get; set; }

    [Length(1, 512)]
    [Description("Host of one member, as {pod}.{service}.{namespace}.svc; the words in braces are replaced. Absent: the pod's address.")]
    public string? HostTemplate { get; set; }

    public TlsSpec? Tls { get; set; }

    [Description("User name and password, where etcd's own authentication is on.")]
    public BasicSecretSpec? Credentials { get; set; }

    [RangeMinimum(0)]
    [Default("1000")]
    [Description("How many raft entries a member may be behind and still count as caught up.")]
    public long? MaxRaftLag { get; set; }

    [Duration]
    [Default("\"5s\"")]
    [Description("Longest time for one request to one member. A member that hangs costs this much at each check.")]
    public string? RequestTimeout { get; set; }

    [Default("true")]
    [Description("Move the leadership to an already updated member before the leader is stopped.")]
    public bool? MoveLeaderBeforeStop { get; set; }

    [Default("false")]
    [Description("Let pods stop while a learner, which is a change of membership in progress, exists.")]
    public bool? AllowLearner { get; set; }

    [Default("false")]
    [Description("Let pods stop under a NOSPACE alarm: for the restart that raises the quota.")]
    public bool? AllowNoSpace { get; set; }

    [Length(5, 32)]
    [Pattern("^[0-9]+\\.[0-9]+\\.[0-9]+$")]
    [Description("Version in the pods' new image, as 3.6.5: then a skipped minor version, a 3.5 that is too old for 3.6, and a downgrade that was not begun hold the rollout.")]
    public string? TargetVersion { get; set; }

    [Default("false")]
    [Description("Compare a checksum over all keys of all members BeforeRollout and AfterRollout. Each member reads all of its keys for that.")]
    public bool? CompareHashes { get; set; }

    [Description("Take a snapshot, and check it, before a pod is taken. Only BeforePod.")]
    public EtcdSnapshotSpec? RequireSnapshot { get; set; }

    [Default("false")]
    [Description("Add and remove members when the StatefulSet is scaled.")]
    public bool? ManageMembers { get; set; }
}

/// <summary>A snapshot as a way back.</summary>
public sealed class EtcdSnapshotSpec
{
    [Duration]
    [Default("\"1h\"")]
    [Description("How old one of an earlier rollout may be and still do. One of the same rollout always does.")]
    public string? MaxAge { get; set; }

    [Length(1, 1024)]
    [Description("Absolute path of a directory in the operator's pod to keep it in. Absent: it is read, checked and not kept.")]
    public string? Directory { get; set; }
}

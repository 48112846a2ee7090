using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Api;

/// <summary>Asks every server of a ZooKeeper ensemble, 3.5 or newer, on its own address.</summary>
public sealed class ZooKeeperGateSpec
{
    [EmbeddedEnum("Auto", "AdminServer", "FourLetterWords")]
    [Default("\"Auto\"")]
    [Description("Auto: the AdminServer, and four-letter words on the client port where it does not answer.")]
    public string? Transport { get; set; }

    [RangeMinimum(1)]
    [RangeMaximum(65535)]
    [Default("2181")]
    [Description("The port for clients: clientPort, or secureClientPort with tls.")]
    public int? ClientPort { get; set; }

    [Description("Speak TLS on the client port, and trust this at the AdminServer; an empty one ({}) trusts the operator's own trust store. Absent: plain text.")]
    public TlsSpec? Tls { get; set; }

    public ZooKeeperAdminSpec? AdminServer { get; set; }

    [Length(1, 512)]
    [Description("Host of one server, as {pod}.{service}.{namespace}.svc; the words in braces are replaced. Absent: the pod's address.")]
    public string? HostTemplate { get; set; }

    [Description("User name and password of the gate's sessions (scheme digest). Only readCommittedConfig and writeCanary make sessions.")]
    public BasicSecretSpec? Credentials { get; set; }

    [RangeMinimum(0)]
    [Default("10000")]
    [Description("How many transactions a follower may be behind the leader and still count.")]
    public long? MaxZxidLag { get; set; }

    [RangeMinimum(0)]
    [Default("1000")]
    [Description("How many requests may be queued at the leader.")]
    public long? MaxOutstandingRequests { get; set; }

    [RangeMinimum(0)]
    [RangeMaximum(16)]
    [Default("0")]
    [Description("Voters beyond the majority that must remain, where the ensemble is big enough for it.")]
    public int? Headroom { get; set; }

    [Default("false")]
    [Description("Let a server of an ensemble of two stop, which is an outage.")]
    public bool? AllowTwoMembers { get; set; }

    [Default("false")]
    [Description("Read the committed configuration (/zookeeper/config) off the leader through a session, in place of what servers list. It sees groups and weights where only the AdminServer answers.")]
    public bool? ReadCommittedConfig { get; set; }

    [Description("Try a write through each restarted server. Absent: none is tried.")]
    public ZooKeeperCanarySpec? WriteCanary { get; set; }

    [Duration]
    [Default("\"2s\"")]
    [Description("Longest time for one command to one server. A server that hangs costs twice this much at each check.")]
    public string? RequestTimeout { get; set; }
}

/// <summary>The servers' AdminServer.</summary>
public sealed class ZooKeeperAdminSpec
{
    [RangeMinimum(1)]
    [RangeMaximum(65535)]
    [Default("8080")]
    public int? Port { get; set; }

    [EmbeddedEnum("http", "https")]
    [Default("\"http\"")]
    public string? Scheme { get; set; }

    [Length(1, 256)]
    [Default("\"/commands\"")]
    [Description("The path that its commands lie under: admin.commandURL.")]
    public string? Path { get; set; }

    public HttpCredentialsSpec? Credentials { get; set; }
}

/// <summary>A write that proves that a server takes part.</summary>
[ValidationRule("self.path.startsWith('/') && self.path != '/zookeeper' && !self.path.startsWith('/zookeeper/')", "path begins with / and lies outside /zookeeper")]
public sealed class ZooKeeperCanarySpec
{
    [Required]
    [Length(1, 512)]
    [Description("A node that exists. An ephemeral node is made below it, written, read and deleted.")]
    public string Path { get; set; } = "";
}

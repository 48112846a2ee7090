namespace Ordinal.Gates.ZooKeeper;

/// <summary>How a server is asked for its state.</summary>
public enum ZkTransport
{
    /// <summary>The AdminServer, and the four-letter words where it does not answer.</summary>
    Auto,

    /// <summary>The AdminServer's HTTP commands only.</summary>
    AdminServer,

    /// <summary>Four-letter words on the client port only.</summary>
    FourLetterWords,
}

/// <summary>How to ask a ZooKeeper ensemble: the gate's part of the policy, without its secrets.</summary>
public sealed record ZooKeeperGateOptions
{
    public ZkTransport Transport { get; init; }

    /// <summary>Gets the port for clients (clientPort, or secureClientPort with <see cref="UseTls"/>), 1 to 65535.</summary>
    public int ClientPort { get; init; } = 2181;

    /// <summary>Gets a value indicating whether the client port speaks TLS.</summary>
    public bool UseTls { get; init; }

    /// <summary>Gets the AdminServer's port, 1 to 65535.</summary>
    public int AdminPort { get; init; } = 8080;

    /// <summary>Gets the AdminServer's scheme: <c>http</c> or <c>https</c>.</summary>
    public string AdminScheme { get; init; } = "http";

    /// <summary>Gets the path that the AdminServer's commands lie under, beginning with a slash (admin.commandURL).</summary>
    public string AdminPath { get; init; } = "/commands";

    /// <summary>Gets the host to ask for one server, e.g. <c>{pod}.{service}.{namespace}.svc</c>; empty: the pod's address.</summary>
    public string HostTemplate { get; init; } = "";

    /// <summary>Gets the name that the servers' certificates must carry; the same words are replaced. Empty: the host that is asked.</summary>
    public string ServerName { get; init; } = "";

    /// <summary>Gets how many transactions a follower may be behind the leader and still take part.</summary>
    public long MaxZxidLag { get; init; } = 10_000;

    /// <summary>Gets how many requests may be queued at a server that stays.</summary>
    public long MaxOutstandingRequests { get; init; } = 1000;

    /// <summary>Gets a value indicating whether a server of an ensemble of two may stop, which is an outage.</summary>
    public bool AllowTwoMembers { get; init; }

    /// <summary>Gets how many voters beyond the quorum must remain.</summary>
    public int Headroom { get; init; }

    /// <summary>Gets a value indicating whether the committed configuration is read off the leader through a session (<c>/zookeeper/config</c>).</summary>
    public bool ReadCommittedConfig { get; init; }

    /// <summary>Gets the path below which a write is tried through a restarted server; empty: none is.</summary>
    public string CanaryPath { get; init; } = "";

    /// <summary>Gets the longest frame that is taken from a server, bytes (the servers' jute.maxbuffer).</summary>
    public int MaxFrame { get; init; } = 1 << 20;

    /// <summary>Gets the longest time for one command to one server, connection included.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets how long an Allow may be acted on, counted from the beginning of the observation.</summary>
    public TimeSpan ValidFor { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets a value indicating whether anything is asked of the client port's sessions.</summary>
    internal bool NeedsSession => ReadCommittedConfig || CanaryPath.Length > 0;
}

namespace Ordinal.Gates.Etcd;

/// <summary>How to ask an etcd cluster: the gate's part of the policy, without its secrets.</summary>
public sealed record EtcdGateOptions
{
    /// <summary>Gets the scheme of the client URLs: <c>https</c> or <c>http</c>.</summary>
    public string Scheme { get; init; } = "https";

    /// <summary>Gets the client port, 1 to 65535.</summary>
    public int Port { get; init; } = 2379;

    /// <summary>
    /// Gets the host to ask for one member, e.g. <c>{pod}.{service}.{namespace}.svc</c>; the words in braces are replaced.
    /// Empty: the pod's address.
    /// </summary>
    public string HostTemplate { get; init; } = "";

    /// <summary>Gets the name that the members' certificates must carry; the same words are replaced. Empty: the host that is asked.</summary>
    public string ServerName { get; init; } = "";

    /// <summary>Gets how many log entries a member's applied index may be behind the leader's commit and still take part.</summary>
    public long MaxRaftLag { get; init; } = 1000;

    /// <summary>Gets a value indicating whether leadership is moved to another member before the leader's pod stops.</summary>
    public bool MoveLeaderBeforeStop { get; init; } = true;

    /// <summary>Gets a value indicating whether pods may stop while a learner, which is a change of membership in progress, exists.</summary>
    public bool AllowLearner { get; init; }

    /// <summary>Gets a value indicating whether pods may stop under a NOSPACE alarm: for the restart that raises the quota.</summary>
    public bool AllowNoSpace { get; init; }

    /// <summary>Gets the version that pods of the target revision run, as <c>3.6.5</c>; empty when it is not told, and then nothing is known of an upgrade beforehand.</summary>
    public string TargetVersion { get; init; } = "";

    /// <summary>Gets a value indicating whether the members' keys are compared before and after a rollout. Each member reads all of its keys for that.</summary>
    public bool CompareHashes { get; init; }

    /// <summary>Gets the longest time for one member's checksum.</summary>
    public TimeSpan HashTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets what is wanted of a snapshot before the first pod is taken; null for none.</summary>
    public EtcdSnapshotPolicy? Snapshot { get; init; }

    /// <summary>Gets the longest time for a TCP and TLS connection.</summary>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets the longest time for one request, connection included. etcd itself gives up on a read after 5 s and two election timeouts.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets how long an Allow may be acted on, counted from the beginning of the observation.</summary>
    public TimeSpan ValidFor { get; init; } = TimeSpan.FromSeconds(10);
}

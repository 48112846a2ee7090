namespace Ordinal.ControlPlane.Workloads.Quorum;

/// <summary>
/// How a simulated ensemble of ZooKeeper or etcd behaves, from the annotations of its pods' template, <c>sim.ordinal.dev/</c> and one of these
/// names.
/// <code>
/// ensemble: zookeeper          or etcd
/// ensemble-size: "3"           members, all of them voters
/// ensemble-election: 500ms     how long an election takes
/// ensemble-sync: 1s            how long a member that is back takes until it has everything
/// ensemble-leader: "2"         the member that leads first
/// ensemble-lags: "true"        on a pod: its member does not catch up as long as this stands
/// etcd-corrupt: "true"         on a pod of an etcd: its checksums are not those of the others as long as this stands
/// </code>
/// </summary>
public sealed record QuorumOptions
{
    /// <summary>Gets the StatefulSet's name: member 1 is pod NAME-1.</summary>
    public string Name { get; init; } = "ensemble";

    /// <summary>Gets the Service by which members know each other; empty: by their pods' names alone.</summary>
    public string Service { get; init; } = "";

    /// <summary>Gets how many members there are, 1 to 15.</summary>
    public int Size { get; init; } = 3;

    public TimeSpan Election { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan Sync { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets how long the others wait for a leader that says nothing, and a leader for a majority.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets the member that leads first, if it is there; −1: whoever comes.</summary>
    public int FirstLeader { get; init; } = -1;

    /// <summary>Reads the annotations.</summary>
    /// <exception cref="FormatException">One of them cannot be read; the message says what to write.</exception>
    public static QuorumOptions Read(string name, string service, Func<string, string?> annotation)
    {
        var read = new EnsembleAnnotations(annotation);
        var defaults = new QuorumOptions();
        var size = read.Number("ensemble-size", defaults.Size, 1, 15);
        return new QuorumOptions
        {
            Name = name,
            Service = service,
            Size = size,
            Election = read.Time("ensemble-election", defaults.Election),
            Sync = read.Time("ensemble-sync", defaults.Sync),
            FirstLeader = read.Number("ensemble-leader", defaults.FirstLeader, 0, size - 1),
        };
    }

    /// <summary>Returns the name by which members know a member.</summary>
    internal string HostOf(int ordinal) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Name}-{ordinal}{(Service.Length > 0 ? "." : "")}{Service}");
}

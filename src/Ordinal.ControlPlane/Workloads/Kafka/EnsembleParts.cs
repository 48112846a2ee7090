namespace Ordinal.ControlPlane.Workloads.Kafka;

/// <summary>One node of an ensemble: a broker, a controller, or both.</summary>
public sealed class EnsembleNode
{
    public required int Id { get; init; }

    public string Host { get; set; } = "127.0.0.1";

    public int Port { get; set; }

    /// <summary>Gets or sets the port of its controller's listener; 0: it has none.</summary>
    public int ControllerPort { get; set; }

    public string? Rack { get; set; }

    public bool IsBroker { get; init; } = true;

    public bool IsVoter { get; init; }

    /// <summary>Gets or sets a value indicating whether it is registered with the controller.</summary>
    public bool IsRegistered { get; set; } = true;

    /// <summary>Gets or sets a value indicating whether the controller keeps clients away from it.</summary>
    public bool IsFenced { get; set; }

    /// <summary>Gets or sets the end of its copy of the metadata log.</summary>
    public long LogEndOffset { get; set; } = 5000;

    /// <summary>Gets or sets how long ago, by the leader's clock, it last had all of the metadata log; null: never.</summary>
    public TimeSpan? CaughtUpAgo { get; set; } = TimeSpan.Zero;

    /// <summary>Gets the error code of its log directory; 0: well.</summary>
    public short LogDirError { get; set; }
}

/// <summary>One partition of an ensemble.</summary>
public sealed class EnsemblePartition
{
    public required int Index { get; init; }

    public required List<int> Replicas { get; set; }

    public required List<int> Isr { get; set; }

    public required int Leader { get; set; }

    /// <summary>Gets or sets those that may lead although not in sync (KIP-966); null: this cluster keeps no note of them.</summary>
    public List<int>? Eligible { get; set; }

    /// <summary>Gets or sets those that were the last of them; null: this cluster keeps no note of them.</summary>
    public List<int>? LastEligible { get; set; }

    public List<int> Adding { get; } = [];

    public List<int> Removing { get; } = [];

    /// <summary>Copies the partition, so that an old view can be kept.</summary>
    public EnsemblePartition Copy()
    {
        var copy = new EnsemblePartition { Index = Index, Replicas = [.. Replicas], Isr = [.. Isr], Leader = Leader, Eligible = Eligible is null ? null : [.. Eligible], LastEligible = LastEligible is null ? null : [.. LastEligible] };
        copy.Adding.AddRange(Adding);
        copy.Removing.AddRange(Removing);
        return copy;
    }
}

/// <summary>One topic of an ensemble.</summary>
public sealed class EnsembleTopic
{
    public required string Name { get; init; }

    public List<EnsemblePartition> Partitions { get; init; } = [];

    public Dictionary<string, string> Configs { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Gets or sets a value indicating whether principals without rights on it do not see it.</summary>
    public bool IsHidden { get; set; }

    /// <summary>Copies the topic, so that an old view can be kept.</summary>
    public EnsembleTopic Copy() => new()
    {
        Name = Name,
        Partitions = [.. Partitions.Select(p => p.Copy())],
        Configs = new(Configs, StringComparer.Ordinal),
        IsHidden = IsHidden,
    };
}

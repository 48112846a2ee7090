namespace Ordinal.Simulation.Operating;

/// <summary>One expected ordinal of a set, as the store has it: the judge's own book, which the operator never sees.</summary>
internal sealed class PodTruth
{
    /// <summary>Gets or sets the incarnation that is there; empty while the pod is missing.</summary>
    public string Uid { get; set; } = "";

    /// <summary>Gets or sets the incarnation before this one, and when that changed.</summary>
    public string UidBefore { get; set; } = "";

    public DateTimeOffset UidSince { get; set; }

    public string Revision { get; set; } = "";

    /// <summary>Gets or sets since when it is ready; null while it is not.</summary>
    public DateTimeOffset? ReadySince { get; set; }

    /// <summary>Gets or sets since when its containers are ready, whatever its readiness gates; null while they are not.</summary>
    public DateTimeOffset? ContainersReadySince { get; set; }

    public bool IsTerminating { get; set; }

    /// <summary>Gets or sets since when it is away; only meaningful while it is.</summary>
    public DateTimeOffset AwaySince { get; set; }

    /// <summary>Gets or sets the incarnation that the operator took or released; empty once its successor is back, or when it never did.</summary>
    public string TakenUid { get; set; } = "";

    /// <summary>Tells whether it serves: ready for long enough and not terminating.</summary>
    public bool IsAvailable(DateTimeOffset now, TimeSpan minReady) => Uid.Length > 0 && !IsTerminating && ReadySince is { } since && since + minReady <= now;
}

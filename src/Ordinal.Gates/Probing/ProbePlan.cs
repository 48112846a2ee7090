namespace Ordinal.Gates.Probing;

/// <summary>Whom a generic gate asks.</summary>
public enum ProbeScope
{
    /// <summary>The pods that the question is about; all, when it is about the whole workload.</summary>
    Pod,

    /// <summary>All pods but those that the question is about: who must carry the load meanwhile.</summary>
    OtherPods,

    /// <summary>All pods. Before a pod stops, one that is not Ready does not speak for itself: it serves nobody anyway.</summary>
    AllPods,

    /// <summary>One address for the whole workload, asked once.</summary>
    Once,
}

/// <summary>How many of those asked must pass.</summary>
public enum ProbeQuorum
{
    All,

    /// <summary>More than half.</summary>
    Majority,
    Any,
}

/// <summary>Whom a generic gate asks, how many must pass, and how long one of them may take.</summary>
/// <param name="Scope">Whom.</param>
/// <param name="Quorum">How many.</param>
/// <param name="RequestTimeout">The longest time for one answer, connection included.</param>
/// <param name="ValidFor">How long an Allow may be acted on, counted from the beginning of the observation.</param>
public sealed record ProbePlan(ProbeScope Scope, ProbeQuorum Quorum, TimeSpan RequestTimeout, TimeSpan ValidFor)
{
    /// <summary>One round of the pods in question, 5 s each, good for 10 s.</summary>
    public static ProbePlan Default { get; } = new(ProbeScope.Pod, ProbeQuorum.All, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10));

    internal string? Problem() => RequestTimeout <= TimeSpan.Zero || RequestTimeout > TimeSpan.FromMinutes(1)
        ? $"requestTimeout is {RequestTimeout.TotalSeconds:0.##} s, not more than 0 and at most 60 s"
        : null;
}

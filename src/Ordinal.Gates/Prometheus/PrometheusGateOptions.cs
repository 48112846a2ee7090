using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Prometheus;

/// <summary>How to ask a Prometheus server: the gate's part of the policy, without its secrets.</summary>
public sealed record PrometheusGateOptions
{
    /// <summary>The longest answer that is read, in bytes: some thousands of series.</summary>
    public const int MaxBody = 1 << 20;

    /// <summary>Gets how to ask. Without a pod's words in the query it is asked once, whatever the scope.</summary>
    public ProbePlan Plan { get; init; } = ProbePlan.Default;

    /// <summary>Gets the server's address, with the path before <c>/api/v1</c> if there is one.</summary>
    public string Address { get; init; } = "";

    /// <summary>Gets the instant query; the words of <see cref="GateTemplate"/> are replaced.</summary>
    public string Query { get; init; } = "";

    /// <summary>Gets the limits that every series must lie within.</summary>
    public NumberRange Range { get; init; } = new(null, null);

    /// <summary>Gets the fewest series that the result must have, at least 1.</summary>
    public int MinSeries { get; init; } = 1;

    /// <summary>
    /// Gets the oldest sample that counts. It goes to the server as <c>lookback_delta</c> (Prometheus takes 5 min without it), and the result's own
    /// time must not differ from ours by more.
    /// </summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Gets the name that the server's certificate must carry. Empty: the address' host.</summary>
    public string ServerName { get; init; } = "";
}

namespace Ordinal.Gates.Probing;

/// <summary>One kind of generic probe: asking (I/O) apart from judging (pure).</summary>
/// <typeparam name="T">The answer.</typeparam>
internal interface IProbe<T> : IDisposable
    where T : class
{
    /// <summary>Gets the kind of gate, as in the policy.</summary>
    string Type { get; }

    /// <summary>Names what is asked, for messages: an address, or a pod.</summary>
    string Where(GateContext context, GateTarget? pod);

    /// <summary>Asks one pod, or (with null) the one address of the workload. The caller's token ends it; failures are values.</summary>
    Task<ProbeOutcome<T>> AskAsync(GateContext context, GateTarget? pod, CancellationToken cancellationToken);

    /// <summary>Judges one answer. Pure.</summary>
    /// <param name="answer">What was answered.</param>
    /// <param name="where">The address that was asked.</param>
    /// <param name="now">When the observation began.</param>
    ProbeFinding Judge(T answer, string where, DateTimeOffset now);
}

/// <summary>An answer, or why there is none; exactly one of the two.</summary>
/// <typeparam name="T">The answer.</typeparam>
internal readonly record struct ProbeOutcome<T>(T? Answer, NetFailure? Failure)
    where T : class
{
    public static implicit operator ProbeOutcome<T>(T answer) => new(answer, null);

    public static implicit operator ProbeOutcome<T>(NetFailure failure) => new(null, failure);
}

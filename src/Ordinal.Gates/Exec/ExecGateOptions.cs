using System.Collections.Immutable;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Exec;

/// <summary>How to ask with a command in the pod: the gate's part of the policy.</summary>
public sealed record ExecGateOptions
{
    /// <summary>The most output that is kept, in bytes.</summary>
    public const int MaxOutput = 4096;

    public ProbePlan Plan { get; init; } = ProbePlan.Default;

    /// <summary>Gets the container; empty: the pod's only or default one.</summary>
    public string Container { get; init; } = "";

    /// <summary>Gets the words, the program first; the words of <see cref="GateTemplate"/> are replaced. No shell reads them.</summary>
    public ImmutableArray<string> Command { get; init; } = [];
}

using System.Collections.Immutable;
using Ordinal.Core.Model;

namespace Ordinal.Core.Planning;

/// <summary>Everything that one decision depends on. The same input gives the same decision (rule 9).</summary>
public sealed record RolloutInput
{
    public required WorkloadSnapshot Snapshot { get; init; }

    public required UpdatePolicy Policy { get; init; }

    public required RolloutRequest Request { get; init; }

    public required RolloutMemory Memory { get; init; }

    /// <summary>Gets the gates' newest reports; those that are too old are treated as Unknown.</summary>
    public ImmutableArray<GateReport> Reports { get; init; } = [];

    public required DateTimeOffset Now { get; init; }
}

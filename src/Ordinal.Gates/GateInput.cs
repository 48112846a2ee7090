using Ordinal.Core.Model;

namespace Ordinal.Gates;

/// <summary>All that a verdict depends on beside the observation.</summary>
public sealed record GateInput
{
    public required GateQuestion Question { get; init; }

    public required GateContext Context { get; init; }

    /// <summary>Gets the moment at which the observation began.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Gets what the gate asked the keeper to remember when this question was last judged; null the first time.</summary>
    public string? Memo { get; init; }

    /// <summary>Gets how often preparing the disruption of these pods was tried.</summary>
    public int PreparationsTried { get; init; }
}

using System.Collections.Immutable;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>Everything that <see cref="Proof"/> judges. All moments are on the observer's clock.</summary>
public sealed record Evidence
{
    public required Observations Seen { get; init; }

    /// <summary>Gets the end of the observation.</summary>
    public required TimeSpan End { get; init; }

    /// <summary>Gets when the template was changed.</summary>
    public required TimeSpan Changed { get; init; }

    /// <summary>Gets when the rollout ended; null when it did not.</summary>
    public required TimeSpan? Finished { get; init; }

    /// <summary>Gets the rollout's last word: reason and message of its condition Succeeded.</summary>
    public required string Outcome { get; init; }

    /// <summary>Gets a value indicating whether the condition Succeeded is True.</summary>
    public required bool HasSucceeded { get; init; }

    /// <summary>Gets the word that only processes of the new template have, e.g. <c>--snapshot-count=9000</c>.</summary>
    public required string NewWord { get; init; }

    /// <summary>Gets the StatefulSet's update revision at the end.</summary>
    public required string UpdateRevision { get; init; }

    public required ImmutableArray<PodAtEnd> Pods { get; init; }

    public required WriteSummary Writes { get; init; }

    /// <summary>Gets the result of the read-back; null when nobody could be asked.</summary>
    public required ReadBack? ReadBack { get; init; }

    /// <summary>Gets what elections the rollout may cost; null for a system that hands leadership over without one.</summary>
    public ElectionAllowance? Elections { get; init; }

    public ImmutableArray<Hold> Holds { get; init; } = [];

    /// <summary>Gets a value indicating whether a hang belongs to the run. Without one that was due, nothing is proved.</summary>
    public bool IsHangDue { get; init; }

    /// <summary>Gets the hang; null when none was made.</summary>
    public HangRecord? Hang { get; init; }
}

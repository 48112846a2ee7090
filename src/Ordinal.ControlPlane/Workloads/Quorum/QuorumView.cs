using System.Collections.Immutable;

namespace Ordinal.ControlPlane.Workloads.Quorum;

/// <summary>How far a member is.</summary>
public enum QuorumPhase
{
    /// <summary>It runs and knows no leader.</summary>
    Looking,

    /// <summary>It takes from the leader what it lacks.</summary>
    Synchronizing,
    Following,
    Leading,
}

/// <summary>An ensemble as one of its members knows it.</summary>
/// <param name="Ordinal">Which member.</param>
/// <param name="Leader">Who leads it; −1: nobody.</param>
/// <param name="Term">The leader's term or epoch.</param>
/// <param name="Commit">What the ensemble has committed.</param>
/// <param name="Applied">What this member has of it.</param>
public sealed record QuorumView(int Ordinal, QuorumPhase Phase, int Leader, long Term, long Commit, long Applied)
{
    /// <summary>Gets the followers that have everything, ascending.</summary>
    public ImmutableArray<int> Followers { get; init; } = [];

    /// <summary>Gets the members that are being synchronized, ascending.</summary>
    public ImmutableArray<int> Joining { get; init; } = [];

    /// <summary>Gets a value indicating whether a majority, this member included, has a leader that answers: then it serves.</summary>
    public bool IsServing { get; init; }
}

/// <summary>An ensemble at one moment: the truth, not what one member tells.</summary>
/// <param name="Leader">Who leads; −1: nobody.</param>
/// <param name="Serving">The members that serve, ascending.</param>
/// <param name="Commit">What is committed.</param>
/// <param name="Lost">What was committed once and is not any more.</param>
/// <param name="Elections">How many there were.</param>
public sealed record QuorumLook(int Leader, ImmutableArray<int> Serving, long Commit, long Lost, int Elections);

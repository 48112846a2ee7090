using Ordinal.Core.Reasons;

namespace Ordinal.Core.Model;

/// <summary>One StatefulSet of a request over several, as far as the way of the others and the end of the request depend on it.</summary>
/// <param name="Name">The StatefulSet.</param>
/// <param name="State">The state of its own rollout.</param>
public sealed record GroupMember(string Name, RolloutState State)
{
    /// <summary>Gets a value indicating whether its pods are on their way back.</summary>
    public bool GoesBack { get; init; }

    /// <summary>Gets the reason of its state, as the Succeeded condition of a rollout of its own would have it; null when nothing was said yet.</summary>
    public ReasonCode? Reason { get; init; }

    /// <summary>Gets the message of its state.</summary>
    public string Message { get; init; } = "";

    /// <summary>Gets a value indicating whether anything was done to it.</summary>
    public bool HasBegun { get; init; }

    /// <summary>Gets a value indicating whether pods of it are in flight.</summary>
    public bool HasInFlight { get; init; }

    /// <summary>Gets a value indicating whether it waits for a person.</summary>
    public bool NeedsHuman { get; init; }

    /// <summary>Gets a value indicating whether its rollout is over.</summary>
    public bool HasEnded => State is RolloutState.Completed or RolloutState.NoChange or RolloutState.PreflightFailed
        or RolloutState.Failed or RolloutState.Cancelled or RolloutState.Superseded or RolloutState.RolledBack;
}

/// <summary>How a request over several StatefulSets ended.</summary>
/// <param name="State">The final state.</param>
/// <param name="Reason">The reason of the Succeeded condition.</param>
/// <param name="Message">What became of which StatefulSet.</param>
public sealed record GroupEnd(RolloutState State, ReasonCode Reason, string Message);

namespace Ordinal.Core.Planning;

/// <summary>Deadlines stop while the rollout is paused.</summary>
internal static class Deadlines
{
    /// <summary>How long the rollout has taken since its start, or since it began to go back, pauses taken out.</summary>
    internal static TimeSpan OfRollout(in Pass pass) =>
        pass.Memory.Revert is { } revert ? Since(in pass, revert.Since, revert.PausedBefore) :
        pass.Memory.StartedAt is { } start ? NotNegative(pass.Now - start - pass.PausedInAll) : TimeSpan.Zero;

    /// <summary>
    /// How long the rollout may take. The way back has the pods in flight to take beside those that are done: at the pace of the way there it takes longer than that, and one
    /// that was stopped by its deadline must not be left half back by the same.
    /// </summary>
    internal static TimeSpan LimitOf(in Pass pass) =>
        pass.Memory.Revert is null || pass.Policy.RolloutDeadline > TimeSpan.MaxValue / 2 ? pass.Policy.RolloutDeadline : pass.Policy.RolloutDeadline * 2;

    /// <summary>How long a pod has been in flight, pauses since its intent taken out.</summary>
    internal static TimeSpan OfPod(in Pass pass, Flight entry) => Since(in pass, entry.Since, entry.PausedBefore);

    /// <summary>How long ago something began, pauses since then taken out.</summary>
    /// <param name="pausedBefore">How long the rollout had been paused in all by then.</param>
    internal static TimeSpan Since(in Pass pass, DateTimeOffset began, TimeSpan pausedBefore) =>
        NotNegative(pass.Now - began - (pass.PausedInAll - pausedBefore));

    /// <summary>How long the rollout has been waiting for a gate; null when it is not.</summary>
    internal static TimeSpan? OfGateWait(in Pass pass) =>
        pass.Memory is { State: RolloutState.GateWaiting, StateSince: { } since } ? NotNegative(pass.Now - since) : null;

    private static TimeSpan NotNegative(TimeSpan span) => span < TimeSpan.Zero ? TimeSpan.Zero : span;
}

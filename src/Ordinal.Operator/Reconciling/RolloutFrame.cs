using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;

namespace Ordinal.Operator.Reconciling;

/// <summary>What came of gathering what a rollout's decision depends on.</summary>
public abstract record RolloutFrame
{
    private protected RolloutFrame()
    {
    }

    /// <summary>All is there to decide on.</summary>
    /// <param name="Target">Name of the StatefulSet.</param>
    /// <param name="Observation">What is known of it.</param>
    /// <param name="Policy">The policy object.</param>
    /// <param name="Rules">The policy as the planner sees it.</param>
    /// <param name="Request">What is asked.</param>
    /// <param name="Memory">What is remembered.</param>
    /// <param name="Problem">Why no further pod may be taken although the rollout has begun; null when nothing is wrong.</param>
    public sealed record Ready(string Target, Observation Observation, V1Alpha1RolloutPolicy Policy, UpdatePolicy Rules, RolloutRequest Request, RolloutMemory Memory, PolicyProblem? Problem) : RolloutFrame;

    /// <summary>There is nothing to decide: the rollout ends here, without a call.</summary>
    public sealed record Ended(string Target, RolloutMemory Memory, RolloutState State, ReasonCode Reason, string Message) : RolloutFrame;

    /// <summary>It cannot be told yet.</summary>
    public sealed record NotYet(string Target, RolloutMemory Memory, ReasonCode Reason, string Message) : RolloutFrame
    {
        /// <summary>Gets when to look again although nothing changes.</summary>
        public TimeSpan Again { get; init; } = TimeSpan.FromSeconds(5);

        /// <summary>Gets a value indicating whether nothing will come of waiting: a person has to change something.</summary>
        public bool IsStalled => ReasonCodes.Stalls(Reason);
    }
}

using Ordinal.Core.Reasons;

namespace Ordinal.Operator.Actuating;

/// <summary>How one action went.</summary>
public enum ActionResult
{
    /// <summary>Done, or there was nothing left to do.</summary>
    Done,

    /// <summary>The world is not what the plan was made for; nothing was done. Look again, and plan again.</summary>
    Replan,

    /// <summary>A precondition of an eviction did not hold: the PodDisruptionBudget counts it all the same, for up to two minutes (T17).</summary>
    Conflict,

    /// <summary>A PodDisruptionBudget does not allow the eviction now.</summary>
    BudgetBlocks,

    /// <summary>The same write will be refused again until a person changes something.</summary>
    Refused,

    /// <summary>The server has not been able to answer it for a while; it is sent again.</summary>
    Failing,
}

/// <summary>How one action went, and what the next pass should know of it.</summary>
/// <param name="Result">How.</param>
/// <param name="Message">Object and fact; empty when done.</param>
/// <param name="RetryAfter">When to come back; null when nobody says.</param>
public sealed record ActionOutcome(ActionResult Result, string Message = "", TimeSpan? RetryAfter = null)
{
    /// <summary>Gets the reason to be told of an action that does not come about.</summary>
    public ReasonCode Reason => Result is ActionResult.Failing ? ReasonCodes.ServerFails : ReasonCodes.ActionRefused;

    public static ActionOutcome Done { get; } = new(ActionResult.Done);

    public static ActionOutcome Replan(string message, TimeSpan? retryAfter = null) => new(ActionResult.Replan, message, retryAfter);
}

using Ordinal.Operator.Observing;

namespace Ordinal.Operator.Actuating;

/// <summary>
/// Writes to StatefulSets and their pods that did not come about a moment ago. What the server refused for good rests for 30 s, or until somebody changes the
/// spec: a person has to change something first. What was made for a world that is another one by now rests for a moment, and ever longer, or until the
/// stores show something new. Safe for calls from several threads.
/// </summary>
/// <param name="timeProvider">Measures the pauses.</param>
internal sealed class RestingWrites(TimeProvider timeProvider)
{
    private readonly Rests<(string SetUid, string Write), string> refused = new(Pause, Pause, timeProvider);
    private readonly Rests<(string SetUid, string Write), string> outdated = new(TimeSpan.FromMilliseconds(50), Pause, timeProvider);

    /// <summary>Gets how long a refused write rests, and at most an outdated one.</summary>
    public static TimeSpan Pause { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Returns how it went the last time; null when it may be sent.</summary>
    /// <param name="set">The set as the stores show it.</param>
    /// <param name="write">What is to be written, in words that stay the same.</param>
    /// <param name="madeFor">What else it is made for.</param>
    public ActionOutcome? Find(StatefulSetItem set, string write, object? madeFor = null)
    {
        var key = (set.Uid, write);
        return refused.Find(key, set.Snapshot.Generation) is { } refusal ? new ActionOutcome(ActionResult.Refused, refusal.Said, refusal.Left)
            : outdated.Find(key, (set.Snapshot.ResourceVersion, madeFor)) is { } conflict ? ActionOutcome.Replan(conflict.Said, conflict.Left)
            : null;
    }

    /// <summary>Remembers how it went, and says when to come back.</summary>
    /// <returns>The outcome; and how often in a row it went so while the stores showed the same.</returns>
    public (ActionOutcome Outcome, int InARow) Remember(StatefulSetItem set, string write, ActionOutcome outcome, object? madeFor = null)
    {
        var key = (set.Uid, write);
        switch (outcome.Result)
        {
            case ActionResult.Refused:
                var refusal = refused.Add(key, set.Snapshot.Generation, outcome.Message);
                return (outcome with { RetryAfter = refusal.Left }, refusal.InARow);
            case ActionResult.Replan or ActionResult.Conflict:
                var conflict = outdated.Add(key, (set.Snapshot.ResourceVersion, madeFor), outcome.Message);
                return (outcome with { RetryAfter = conflict.Left }, conflict.InARow);
            case ActionResult.Done:
                refused.Remove(key);
                outdated.Remove(key);
                return (outcome, 0);
            default:
                return (outcome, 0);
        }
    }
}

using Ordinal.Core.Model;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Actuating;

/// <summary>
/// What the server refused for good, a moment ago: a person has to change something first, and a busy StatefulSet has many events until then. Safe for
/// calls from several threads.
/// </summary>
/// <param name="timeProvider">Measures the pause.</param>
internal sealed class RefusedActions(TimeProvider timeProvider)
{
    private readonly Dictionary<(NamespacedName Set, string Action), Refusal> known = [];
    private readonly Lock gate = new();

    /// <summary>Gets how long a refused action rests.</summary>
    public static TimeSpan Pause { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Returns the refusal that still stands; null when the action may be sent.</summary>
    public ActionOutcome? Find(StatefulSetItem set, PlannedAction action)
    {
        lock (gate)
        {
            if (known.Count == 0 || !known.TryGetValue((set.Key, ActionWords.Of(action)), out var refusal) || refusal.Version != VersionOf(set))
            {
                return null;
            }

            var left = Pause - timeProvider.GetElapsedTime(refusal.At);
            return left > TimeSpan.Zero ? new ActionOutcome(ActionResult.Refused, refusal.Message, left) : null;
        }
    }

    /// <summary>Remembers a refusal, and forgets those whose pause is over.</summary>
    public ActionOutcome Remember(StatefulSetItem set, PlannedAction action, string message)
    {
        lock (gate)
        {
            foreach (var (key, refusal) in known.ToList())
            {
                if (timeProvider.GetElapsedTime(refusal.At) >= Pause)
                {
                    known.Remove(key);
                }
            }

            known[(set.Key, ActionWords.Of(action))] = new(VersionOf(set), message, timeProvider.GetTimestamp());
        }

        return new ActionOutcome(ActionResult.Refused, message, Pause);
    }

    /// <summary>A spec that somebody corrected is another question.</summary>
    private static (string Uid, long Generation) VersionOf(StatefulSetItem set) => (set.Uid, set.Snapshot.Generation);

    private sealed record Refusal((string Uid, long Generation) Version, string Message, long At);
}

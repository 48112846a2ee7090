using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Runtime.Events;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Publishes events of decisions. The publisher counts equal events together; here it is decided what is worth one: the main reason
/// for waiting when it lasts, and each notice once.
/// </summary>
public sealed class Announcer(IEventPublisher events, TimeProvider timeProvider)
{
    /// <summary>A hold that passes sooner is the ordinary course of things and not worth an event.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly Dictionary<string, HashSet<string>> said = [];
    private readonly Dictionary<string, Waiting> waiting = [];

    /// <summary>Tells of a decision: its notices, and its main hold when that lasts.</summary>
    /// <param name="rollout">The rollout.</param>
    /// <param name="decision">The decision.</param>
    /// <param name="member">Which of the rollout's StatefulSets it is about, when there are several.</param>
    public void Announce(EventTarget rollout, Decision decision, string? member = null)
    {
        var about = member is null ? rollout.Uid : $"{rollout.Uid}/{member}";
        foreach (var notice in decision.Notices)
        {
            if (IsNew(about, $"{notice.Reason.Code}|{notice.Pod}|{notice.Message}"))
            {
                Publish(rollout, notice.IsWarning, notice.Reason, "Rolling", notice.Message);
            }
        }

        if (decision.IsFinished)
        {
            if (IsNew(about, "end"))
            {
                Publish(rollout, decision.Reason.NeedsHuman, decision.Reason, "Finishing", decision.Message);
            }
        }
        else if (RolloutStatuses.MainHold(decision) is { } hold && IsDue(about, $"{hold.Reason.Code}|{hold.Pod}", hold.Reason.NeedsHuman))
        {
            Publish(rollout, hold.Reason.NeedsHuman, hold.Reason, "Holding", hold.Message);
        }
    }

    /// <summary>Tells of one thing, once for each object and text.</summary>
    public void AnnounceOnce(EventTarget target, bool isWarning, ReasonCode reason, string action, string message)
    {
        if (IsNew(target.Uid, $"{reason.Code}|{message}"))
        {
            Publish(target, isWarning, reason, action, message);
        }
    }

    /// <summary>Tells of something that was done.</summary>
    public void Publish(EventTarget target, bool isWarning, ReasonCode reason, string action, string message) =>
        events.Publish(target, isWarning ? EventType.Warning : EventType.Normal, reason.Code, action, message);

    /// <summary>Forgets an object that is gone.</summary>
    public void Forget(string uid)
    {
        lock (gate)
        {
            said.Remove(uid);
            waiting.Remove(uid);
        }
    }

    private bool IsNew(string uid, string what)
    {
        lock (gate)
        {
            var already = said.TryGetValue(uid, out var found) ? found : said[uid] = new HashSet<string>(StringComparer.Ordinal);

            // A rollout of 1,000 pods says a few thousand things in its life; past that, saying one twice is the lesser evil.
            if (already.Count > 4096)
            {
                already.Clear();
            }

            return already.Add(what);
        }
    }

    /// <summary>Tells, once, that a hold has lasted: at once when it needs a person.</summary>
    private bool IsDue(string uid, string hold, bool isUrgent)
    {
        lock (gate)
        {
            if (!waiting.TryGetValue(uid, out var known) || known.Hold != hold)
            {
                waiting[uid] = known = new Waiting(hold, timeProvider.GetTimestamp(), IsTold: false);
            }

            if (known.IsTold || (!isUrgent && timeProvider.GetElapsedTime(known.Since) < Patience))
            {
                return false;
            }

            waiting[uid] = known with { IsTold = true };
            return true;
        }
    }

    private sealed record Waiting(string Hold, long Since, bool IsTold);
}

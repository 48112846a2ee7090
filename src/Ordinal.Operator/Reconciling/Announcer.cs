using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Runtime.Events;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Publishes events of decisions. The publisher counts equal events together; here it is decided what is worth one: the main reason
/// for waiting when it is another one, and each notice once.
/// </summary>
public sealed class Announcer(IEventPublisher events)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, HashSet<string>> said = [];

    /// <summary>Tells of a decision: its notices, and its main hold when that is new.</summary>
    public void Announce(EventTarget rollout, Decision decision)
    {
        foreach (var notice in decision.Notices)
        {
            if (IsNew(rollout.Uid, $"{notice.Reason.Code}|{notice.Pod}|{notice.Message}"))
            {
                Publish(rollout, notice.IsWarning, notice.Reason, "Rolling", notice.Message);
            }
        }

        if (decision.IsFinished)
        {
            if (IsNew(rollout.Uid, "end"))
            {
                Publish(rollout, decision.Reason.NeedsHuman, decision.Reason, "Finishing", decision.Message);
            }
        }
        else if (RolloutStatuses.MainHold(decision) is { } hold && IsOther(rollout.Uid, $"{hold.Reason.Code}|{hold.Pod}"))
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

    private bool IsOther(string uid, string hold)
    {
        lock (gate)
        {
            var already = said.TryGetValue(uid, out var found) ? found : said[uid] = new HashSet<string>(StringComparer.Ordinal);
            if (!already.Add("hold|" + hold))
            {
                return false;
            }

            // Only the last hold is remembered: the same reason is news again after another one.
            already.RemoveWhere(each => each.StartsWith("hold|", StringComparison.Ordinal) && each != "hold|" + hold);
            return true;
        }
    }
}

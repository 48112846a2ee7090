namespace Ordinal.ControlPlane.Controllers;

/// <summary>What one source's events about one object, of one type and reason, are told as.</summary>
/// <param name="Message">The message to write.</param>
/// <param name="Key">Events of the same key are one object with a count.</param>
internal readonly record struct CorrelatedEvent(string Message, (string Uid, string Type, string Reason, string Message) Key);

/// <summary>
/// Keeps a source's events from flooding the server, as every client of Kubernetes does: from the tenth different message within ten
/// minutes on, events of one type and reason about one object are combined; and about one object 25 writes are allowed, then one every
/// five minutes. Not safe for concurrent use.
/// </summary>
internal sealed class EventCorrelator
{
    private const int MostDifferent = 10;
    private const double Burst = 25;
    private const int MostRemembered = 4096;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Refill = TimeSpan.FromMinutes(5);
    private readonly Dictionary<(string Uid, string Type, string Reason), (HashSet<string> Messages, DateTimeOffset Last)> similar = [];
    private readonly Dictionary<string, (double Tokens, DateTimeOffset At)> buckets = new(StringComparer.Ordinal);

    /// <summary>Combines an event with others like it.</summary>
    public CorrelatedEvent Combine(string uid, string type, string reason, string message, DateTimeOffset now)
    {
        Forget();
        (HashSet<string> messages, DateTimeOffset last) = similar.GetValueOrDefault((uid, type, reason), ([], now));
        if (now - last > Window)
        {
            messages = [];
        }

        messages.Add(message);
        similar[(uid, type, reason)] = (messages, now);
        if (messages.Count < MostDifferent)
        {
            return new CorrelatedEvent(message, (uid, type, reason, message));
        }

        messages.Remove(messages.First());
        return new CorrelatedEvent($"(combined from similar events): {message}", (uid, type, reason, ""));
    }

    /// <summary>Takes a token for a write about an object; false when it is to be dropped.</summary>
    public bool MayWrite(string uid, DateTimeOffset now)
    {
        (double tokens, DateTimeOffset at) = buckets.GetValueOrDefault(uid, (Burst, now));
        tokens = Math.Min(Burst, tokens + ((now - at) / Refill));
        bool may = tokens >= 1;
        buckets[uid] = (may ? tokens - 1 : tokens, now);
        return may;
    }

    private void Forget()
    {
        if (similar.Count >= MostRemembered)
        {
            similar.Clear();
        }

        if (buckets.Count >= MostRemembered)
        {
            buckets.Clear();
        }
    }
}

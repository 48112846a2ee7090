namespace Ordinal.Operator.Actuating;

/// <summary>What is said of something that rests.</summary>
/// <typeparam name="TSaid">What the server said.</typeparam>
/// <param name="Said">What it said last.</param>
/// <param name="Left">How much longer it rests.</param>
/// <param name="InARow">How often in a row it said no while nothing changed, 1 or more.</param>
internal sealed record Rest<TSaid>(TSaid Said, TimeSpan Left, int InARow);

/// <summary>
/// What did not work a moment ago and is not tried again with each event: a busy StatefulSet has many. The pause doubles each time. Once what it was made for
/// has changed it may be tried at once; if that fails again and again too, not more often than every 2 s. Safe for calls from several threads.
/// </summary>
/// <typeparam name="TKey">What rests.</typeparam>
/// <typeparam name="TSaid">What the server said.</typeparam>
/// <param name="shortest">The first pause.</param>
/// <param name="longest">The longest pause.</param>
/// <param name="timeProvider">Measures the pauses.</param>
internal sealed class Rests<TKey, TSaid>(TimeSpan shortest, TimeSpan longest, TimeProvider timeProvider)
    where TKey : notnull
{
    /// <summary>How long something rests at most that is made for something else by now.</summary>
    private static readonly TimeSpan LongestAfterChange = TimeSpan.FromSeconds(2);

    /// <summary>How long after its pause it is known that something failed: what fails then fails in a row.</summary>
    private static readonly TimeSpan Forgetting = TimeSpan.FromMinutes(1);

    private readonly Dictionary<TKey, Failure> known = [];
    private readonly Lock gate = new();

    /// <summary>Returns what was said and how long it rests yet; null when it may be tried.</summary>
    /// <param name="key">What.</param>
    /// <param name="version">What it is made for by now.</param>
    public Rest<TSaid>? Find(TKey key, object version)
    {
        lock (gate)
        {
            if (known.Count == 0 || !known.TryGetValue(key, out var failure))
            {
                return null;
            }

            var left = PauseOf(failure, version) - timeProvider.GetElapsedTime(failure.At);
            return left > TimeSpan.Zero ? new(failure.Said, left, failure.InARow) : null;
        }
    }

    /// <summary>Notes that it did not work.</summary>
    /// <param name="key">What.</param>
    /// <param name="version">What it was made for.</param>
    /// <param name="said">What the server said.</param>
    /// <param name="atLeast">Shortest pause, as a server's Retry-After asks for it.</param>
    public Rest<TSaid> Add(TKey key, object version, TSaid said, TimeSpan atLeast = default)
    {
        lock (gate)
        {
            foreach (var (each, failure) in known.ToList())
            {
                if (timeProvider.GetElapsedTime(failure.At) >= failure.Pause + Forgetting)
                {
                    known.Remove(each);
                }
            }

            var before = known.GetValueOrDefault(key);
            var times = (before?.Times ?? 0) + 1;
            var doubled = shortest * Math.Pow(2, Math.Min(times - 1, 30));
            var pause = doubled < longest ? doubled : longest;
            pause = pause < atLeast ? atLeast : pause;
            var inARow = before is not null && before.Version.Equals(version) ? before.InARow + 1 : 1;
            known[key] = new(version, said, timeProvider.GetTimestamp(), pause, times, inARow);
            return new(said, pause, inARow);
        }
    }

    /// <summary>Notes that it worked.</summary>
    public void Remove(TKey key)
    {
        lock (gate)
        {
            if (known.Count > 0)
            {
                known.Remove(key);
            }
        }
    }

    private static TimeSpan PauseOf(Failure failure, object version) =>
        failure.Version.Equals(version) ? failure.Pause
        : failure.Times == 1 ? TimeSpan.Zero
        : failure.Pause < LongestAfterChange ? failure.Pause
        : LongestAfterChange;

    private sealed record Failure(object Version, TSaid Said, long At, TimeSpan Pause, int Times, int InARow);
}

namespace Ordinal.Runtime.Cache;

/// <summary>
/// Where a watch is taken up, and for how long it is asked for. A kube-apiserver sends a watch only those bookmarks that are newer than the version it
/// started from, and its cache of a kind comes by a newer version only with an event of that kind, or when somebody reads consistently. So a watch that
/// starts from the newest version may hear nothing at all while nothing happens, and one that starts before the newest bookmark hears of that bookmark
/// each minute. Hence the start is the version <em>before</em> the newest, if the newest was a bookmark's: between the two there was nothing, so nothing
/// comes twice.
/// </summary>
internal sealed class WatchPlace(InformerSettings settings, TimeProvider timeProvider, Random random)
{
    private string? newest;
    private long heard = timeProvider.GetTimestamp();

    /// <summary>Gets the version to watch from; null when a list is needed first.</summary>
    public string? From { get; private set; }

    /// <summary>A list of a version was begun, or an event came.</summary>
    public void Set(string version, long at)
    {
        heard = at;
        if (version.Length > 0)
        {
            From = newest = version;
        }
    }

    /// <summary>A bookmark came.</summary>
    public void Bookmark(string version, long at)
    {
        heard = at;
        // The same bookmark comes each minute while nothing happens.
        if (version.Length > 0 && version != newest)
        {
            From = newest;
            newest = version;
        }
    }

    /// <summary>The server does not go back to <see cref="From"/> any more. Goes on to the newest version, if that is another one.</summary>
    /// <returns>False when there is none, and a list is needed.</returns>
    public bool TryStep()
    {
        From = From == newest ? null : newest;
        return From is not null;
    }

    /// <summary>What was missed cannot be known.</summary>
    public void Lose() => From = newest = null;

    /// <summary>
    /// Returns how long the next watch shall last. One that can count on bookmarks: a long time. One that cannot has to end before its silence is taken
    /// for death, and is given most of the idle time since the last sign of life, so that a minutely bookmark may still come first.
    /// </summary>
    public long SecondsToAsk()
    {
        var silent = timeProvider.GetElapsedTime(heard);
        return From != newest && silent < settings.IdleTimeout / 5
            ? (long)(settings.WatchTimeout.TotalSeconds * (1 + random.NextDouble()))
            : (long)Math.Max(2, (settings.IdleTimeout.TotalSeconds * (0.8 + (0.1 * random.NextDouble()))) - silent.TotalSeconds);
    }

    /// <summary>
    /// A watch ended in good order. Returns whether that is a sign of life: only on its time. An end before or long after may be anybody's, such as a
    /// proxy's that lost the server, and is none; after the idle time without one the watches are worth nothing.
    /// </summary>
    /// <exception cref="WatchIdleException">For the idle time there was no sign of life.</exception>
    public bool Ended(TimeSpan lasted, long secondsAsked, long at)
    {
        if (lasted.TotalSeconds >= 0.95 * secondsAsked && lasted.TotalSeconds <= secondsAsked + 5)
        {
            heard = at;
            return true;
        }

        return timeProvider.GetElapsedTime(heard) > settings.IdleTimeout ? throw new WatchIdleException() : false;
    }
}

/// <summary>Nothing was heard of a watch for the idle time.</summary>
internal sealed class WatchIdleException : Exception;

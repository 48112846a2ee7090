namespace Ordinal.ControlPlane.Storage;

/// <summary>
/// What a real store lets go as time passes. Once a minute: events go an hour after they were last written (<c>--event-ttl</c>), as an ordinary
/// deletion that watchers see, up to a minute late as with the leases of etcd; and what was kept for the next pages of a list goes after five minutes, when
/// a real store has compacted it.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="eventLife">How long an event lives after its last write.</param>
/// <param name="timeProvider">Clock of the events.</param>
internal sealed class StoreUpkeep(RevisionedStore store, TimeSpan eventLife, TimeProvider timeProvider)
{
    /// <summary>Storage name of the events of both API groups.</summary>
    private const string Events = "events";

    private const int PagesLive = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private readonly Queue<(DateTimeOffset At, long Revision)> marks = new();

    /// <summary>Works until the token is cancelled; that is a normal return.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                ExpireEvents();
                store.AgeKept(PagesLive);
                await Task.Delay(Pause, timeProvider, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void ExpireEvents()
    {
        DateTimeOffset now = timeProvider.GetUtcNow();
        marks.Enqueue((now, store.Revision));
        long? expired = null;
        while (marks.TryPeek(out (DateTimeOffset At, long Revision) oldest) && oldest.At + eventLife <= now)
        {
            expired = marks.Dequeue().Revision;
        }

        if (expired is not { } last)
        {
            return;
        }

        foreach (StoredObject item in store.Snapshot(Events, "").Objects())
        {
            // One that is written again meanwhile is another revision: it stays.
            if (item.Revision <= last)
            {
                store.TryDelete(item.Key, item.Revision, item.Parse());
            }
        }
    }
}

using Ordinal.Runtime.Metrics;

namespace Ordinal.Runtime.Queue;

/// <summary>Which keys are taken first.</summary>
public enum QueuePriority
{
    /// <summary>Periodic passes that find nothing new, as a rule.</summary>
    Low,

    /// <summary>Something changed.</summary>
    Normal,

    /// <summary>Somebody waits: a person's change, or a disruption to be undone.</summary>
    High,
}

/// <summary>When keys come back after failures.</summary>
/// <param name="BaseDelay">After the first failure in a row; doubled for each further one.</param>
/// <param name="MaxDelay">Longest delay.</param>
public sealed record BackoffSettings(TimeSpan BaseDelay, TimeSpan MaxDelay)
{
    /// <summary>Gets controller-runtime's figures, with a cap that suits people who wait: 5 ms·2ⁿ up to 30 s.</summary>
    public static BackoffSettings Default { get; } = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromSeconds(30));

    /// <summary>Returns the delay after the n-th failure in a row, counted from 0.</summary>
    public TimeSpan Delay(int failures)
    {
        // 2^62 ticks are past any cap; a larger shift would wrap around to a short delay.
        var factor = 1L << Math.Clamp(failures, 0, 40);
        return BaseDelay.Ticks > MaxDelay.Ticks / factor ? MaxDelay : TimeSpan.FromTicks(BaseDelay.Ticks * factor);
    }
}

/// <summary>
/// A queue of keys. A key is in it once however often it is added, and never in two hands: added while it is being worked on, it
/// comes back after <see cref="Done"/>. Delays cost one timer in all and no polling; a delayed key is due at the earliest time it was
/// asked for. Safe for use from any thread.
/// </summary>
/// <typeparam name="TKey">The key.</typeparam>
#pragma warning disable CA1711 // It is a queue, and controller authors know it by this name.
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
#pragma warning restore CA1711
{
    private static readonly int Priorities = Enum.GetValues<QueuePriority>().Length;

    private readonly Lock gate = new();
    private readonly Queue<TKey>[] ready = [.. Enumerable.Range(0, Priorities).Select(_ => new Queue<TKey>())];
    private readonly Dictionary<TKey, Waiting> dirty = [];
    private readonly Dictionary<TKey, long> processing = [];
    private readonly Dictionary<TKey, int> failures = [];
    private readonly Dictionary<TKey, Delayed> delayed = [];
    private readonly PriorityQueue<Delayed, (long Due, long Order)> schedule = new();
    private readonly LinkedList<TaskCompletionSource<TKey>> takers = new();
    private readonly TimeProvider timeProvider;
    private readonly BackoffSettings backoff;
    private readonly IQueueMetrics metrics;
    private readonly ITimer timer;
    private long timerDue = long.MaxValue;
    private long order;
    private bool isDisposed;

    /// <summary>Creates an empty queue.</summary>
    public WorkQueue(TimeProvider timeProvider, BackoffSettings backoff, IQueueMetrics metrics)
    {
        this.timeProvider = timeProvider;
        this.backoff = backoff;
        this.metrics = metrics;
        timer = timeProvider.CreateTimer(static queue => ((WorkQueue<TKey>)queue!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Gets how many keys are ready to be taken.</summary>
    public int Depth
    {
        get
        {
            lock (gate)
            {
                return dirty.Count(entry => !processing.ContainsKey(entry.Key));
            }
        }
    }

    /// <summary>Returns how many keys of each priority are ready to be taken.</summary>
    public IReadOnlyList<(QueuePriority Priority, int Depth)> Depths()
    {
        lock (gate)
        {
            return [.. Enum.GetValues<QueuePriority>().Select(priority => (priority, dirty.Count(entry => entry.Value.Priority == priority && !processing.ContainsKey(entry.Key))))];
        }
    }

    /// <summary>Gets how many keys wait for their time.</summary>
    public int DelayedCount
    {
        get
        {
            lock (gate)
            {
                return delayed.Count;
            }
        }
    }

    /// <summary>Adds a key that is to be worked on now.</summary>
    public void Add(TKey key, QueuePriority priority = QueuePriority.Normal)
    {
        lock (gate)
        {
            AddLocked(key, priority);
        }
    }

    /// <summary>Adds a key that is to be worked on after a delay. A key that is delayed already keeps the earlier of both times.</summary>
    public void AddAfter(TKey key, TimeSpan delay, QueuePriority priority = QueuePriority.Normal)
    {
        lock (gate)
        {
            AddAfterLocked(key, delay, priority);
        }
    }

    /// <summary>Adds a key after a failure; the delay doubles with each one until <see cref="Forget"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="atLeast">Shortest delay, as a server's Retry-After asks for it.</param>
    /// <returns>The delay.</returns>
    public TimeSpan AddRateLimited(TKey key, TimeSpan atLeast)
    {
        lock (gate)
        {
            var count = failures.GetValueOrDefault(key);
            failures[key] = count + 1;
            var delay = backoff.Delay(count);
            delay = delay < atLeast ? atLeast : delay;
            metrics.Retried();
            AddAfterLocked(key, delay, QueuePriority.Normal);
            return delay;
        }
    }

    /// <summary>Forgets a key's failures.</summary>
    public void Forget(TKey key)
    {
        lock (gate)
        {
            failures.Remove(key);
        }
    }

    /// <summary>Drops a key's pending delay, if it has one; what is ready stays ready.</summary>
    public void CancelDelay(TKey key)
    {
        lock (gate)
        {
            delayed.Remove(key);
        }
    }

    /// <summary>Waits for a key and takes it. Whoever takes a key owes a <see cref="Done"/>.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; no key was taken.</exception>
    public async Task<TKey> TakeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource<TKey> taker;
        LinkedListNode<TaskCompletionSource<TKey>> node;
        lock (gate)
        {
            if (TryTakeLocked(out var key))
            {
                return key;
            }

            taker = new TaskCompletionSource<TKey>(TaskCreationOptions.RunContinuationsAsynchronously);
            node = takers.AddLast(taker);
        }

        // The list is the commit point: a taker is taken off it, under the lock, either with a key or cancelled, never both. So a
        // cancellation cannot swallow a key.
        await using var registration = cancellationToken.Register(() =>
        {
            lock (gate)
            {
                if (node.List is null)
                {
                    return;
                }

                takers.Remove(node);
            }

            taker.TrySetCanceled(cancellationToken);
        });
        return await taker.Task;
    }

    /// <summary>Gives a key back. If it was added meanwhile, it is ready again.</summary>
    public void Done(TKey key)
    {
        lock (gate)
        {
            if (!processing.Remove(key, out var since))
            {
                return;
            }

            metrics.Worked(timeProvider.GetElapsedTime(since));
            if (dirty.TryGetValue(key, out var waiting))
            {
                ready[(int)waiting.Priority].Enqueue(key);
                HandOutLocked();
            }
        }
    }

    /// <summary>Returns the sum and the longest of the times for which keys have been worked on.</summary>
    public (TimeSpan Sum, TimeSpan Longest) Unfinished()
    {
        lock (gate)
        {
            var sum = TimeSpan.Zero;
            var longest = TimeSpan.Zero;
            foreach (var since in processing.Values)
            {
                var elapsed = timeProvider.GetElapsedTime(since);
                sum += elapsed;
                longest = elapsed > longest ? elapsed : longest;
            }

            return (sum, longest);
        }
    }

    /// <summary>Stops the timer. Keys stay where they are.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
        }

        timer.Dispose();
    }

    private void AddLocked(TKey key, QueuePriority priority)
    {
        if (dirty.TryGetValue(key, out var waiting))
        {
            if (waiting.Priority >= priority)
            {
                return;
            }

            // Queued again at the higher priority; the older place is skipped when its turn comes.
            dirty[key] = waiting with { Priority = priority };
        }
        else
        {
            metrics.Added();
            dirty[key] = new Waiting(priority, timeProvider.GetTimestamp());
        }

        if (!processing.ContainsKey(key))
        {
            ready[(int)priority].Enqueue(key);
            HandOutLocked();
        }
    }

    private void AddAfterLocked(TKey key, TimeSpan delay, QueuePriority priority)
    {
        if (delay <= TimeSpan.Zero)
        {
            AddLocked(key, priority);
            return;
        }

        var due = timeProvider.GetTimestamp() + ToTimestamps(delay);
        if (delayed.TryGetValue(key, out var known))
        {
            if (known.Due <= due)
            {
                known.Priority = known.Priority > priority ? known.Priority : priority;
                return;
            }

            priority = known.Priority > priority ? known.Priority : priority;
        }

        var entry = new Delayed(key, due) { Priority = priority };
        delayed[key] = entry;
        schedule.Enqueue(entry, (due, order++));
        ArmLocked();
    }

    private bool TryTakeLocked(out TKey key)
    {
        for (var priority = Priorities - 1; priority >= 0; priority--)
        {
            while (ready[priority].TryDequeue(out var next))
            {
                if (dirty.TryGetValue(next, out var waiting) && (int)waiting.Priority == priority && !processing.ContainsKey(next))
                {
                    dirty.Remove(next);
                    processing[next] = timeProvider.GetTimestamp();
                    metrics.Taken(timeProvider.GetElapsedTime(waiting.Since));
                    key = next;
                    return true;
                }
            }
        }

        key = default!;
        return false;
    }

    private void HandOutLocked()
    {
        while (takers.First is { } first && TryTakeLocked(out var key))
        {
            takers.RemoveFirst();
            first.Value.SetResult(key);
        }
    }

    private void OnTimer()
    {
        lock (gate)
        {
            timerDue = long.MaxValue;
            var now = timeProvider.GetTimestamp();
            while (schedule.TryPeek(out var entry, out _) && (entry.Due <= now || !IsCurrent(entry)))
            {
                schedule.Dequeue();
                if (IsCurrent(entry))
                {
                    delayed.Remove(entry.Key);
                    AddLocked(entry.Key, entry.Priority);
                }
            }

            ArmLocked();
        }
    }

    private bool IsCurrent(Delayed entry) => delayed.TryGetValue(entry.Key, out var current) && ReferenceEquals(current, entry);

    private void ArmLocked()
    {
        while (schedule.TryPeek(out var first, out _) && !IsCurrent(first))
        {
            schedule.Dequeue();
        }

        if (isDisposed || !schedule.TryPeek(out var next, out _) || next.Due >= timerDue)
        {
            return;
        }

        timerDue = next.Due;
        // Rounded up to a whole millisecond, which is what timers know: one that fires early would be re-armed at once, and again.
        var wait = Math.Max(0, next.Due - timeProvider.GetTimestamp());
        var milliseconds = (long)Math.Ceiling(wait * 1000.0 / timeProvider.TimestampFrequency);
        timer.Change(TimeSpan.FromMilliseconds(Math.Min(milliseconds, int.MaxValue)), Timeout.InfiniteTimeSpan);
    }

    private long ToTimestamps(TimeSpan span) => (long)Math.Ceiling(Math.Min(span.TotalSeconds, TimeSpan.FromDays(3650).TotalSeconds) * timeProvider.TimestampFrequency);

    private readonly record struct Waiting(QueuePriority Priority, long Since);

    private sealed class Delayed(TKey key, long due)
    {
        public TKey Key { get; } = key;

        public long Due { get; } = due;

        public QueuePriority Priority { get; set; }
    }
}

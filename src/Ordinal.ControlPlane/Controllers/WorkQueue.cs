namespace Ordinal.ControlPlane.Controllers;

/// <summary>
/// The work queue of the Kubernetes controllers: a key waits in it once however often it is added, and is never handed out while it
/// is being worked on; what is added meanwhile comes after. Failures come back after max(5 ms·2ⁿ up to 1000 s, a bucket of 10 a second
/// with a burst of 100).
/// </summary>
#pragma warning disable CA1711 // "work queue" is what Kubernetes calls it
public sealed class WorkQueue<TKey>(TimeProvider timeProvider)
    where TKey : notnull
{
    private static readonly TimeSpan BaseDelay = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1000);
    private const double BucketPerSecond = 10;
    private const double BucketSize = 100;

    private readonly Lock gate = new();
    private readonly Queue<TKey> ready = new();
    private readonly HashSet<TKey> dirty = [];
    private readonly HashSet<TKey> processing = [];
    private readonly Dictionary<TKey, int> failures = [];
    private readonly Dictionary<TKey, (ITimer Timer, DateTimeOffset Due)> waiting = [];
    private readonly Queue<TaskCompletionSource> takers = new();
    private readonly QueueMetrics<TKey> metrics = new(timeProvider);
    private double tokens = BucketSize;
    private long tokensAt = timeProvider.GetTimestamp();

    /// <summary>Adds a key now.</summary>
    public void Add(TKey key)
    {
        TaskCompletionSource? taker = null;
        lock (gate)
        {
            if (!dirty.Add(key))
            {
                return;
            }

            metrics.Added(key);
            if (processing.Contains(key))
            {
                return;
            }

            ready.Enqueue(key);
            takers.TryDequeue(out taker);
        }

        taker?.TrySetResult();
    }

    /// <summary>Adds a key later. A key that already waits keeps the earlier of the two times.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
        {
            Add(key);
            return;
        }

        DateTimeOffset due = timeProvider.GetUtcNow() + delay;
        lock (gate)
        {
            metrics.Retried();
            if (waiting.TryGetValue(key, out (ITimer Timer, DateTimeOffset Due) known))
            {
                if (known.Due <= due)
                {
                    return;
                }

                known.Timer.Dispose();
            }

            waiting[key] = (timeProvider.CreateTimer(_ => Elapsed(key, due), null, delay, Timeout.InfiniteTimeSpan), due);
        }
    }

    /// <summary>Adds a key after a failure: the more failures in a row, the later.</summary>
    public TimeSpan AddRateLimited(TKey key)
    {
        TimeSpan delay;
        lock (gate)
        {
            int count = failures.GetValueOrDefault(key);
            failures[key] = count + 1;
            TimeSpan exponential = count < 30 ? BaseDelay * Math.Pow(2, count) : LongestDelay;
            exponential = exponential < LongestDelay ? exponential : LongestDelay;
            TimeSpan bucket = TakeToken();
            delay = exponential > bucket ? exponential : bucket;
        }

        AddAfter(key, delay);
        return delay;
    }

    /// <summary>Forgets the failures of a key.</summary>
    public void Forget(TKey key)
    {
        lock (gate)
        {
            failures.Remove(key);
        }
    }

    /// <summary>Waits for the next key and marks it as being worked on until <see cref="Done"/>.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<TKey> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            TaskCompletionSource turn;
            lock (gate)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (ready.TryDequeue(out TKey? key))
                {
                    dirty.Remove(key);
                    processing.Add(key);
                    metrics.Taken(key);
                    return key;
                }

                turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                takers.Enqueue(turn);
            }

            // Not WaitAsync: it would finish on the thread pool and leave a simulated thread.
            await using CancellationTokenRegistration registration = cancellationToken.Register(() => turn.TrySetCanceled(cancellationToken));
            await turn.Task;
        }
    }

    /// <summary>Writes what the queue tells of itself.</summary>
    public void WriteMetrics(MetricsText text, string name)
    {
        lock (gate)
        {
            metrics.WriteTo(text, name);
        }
    }

    /// <summary>Ends the work on a key; what was added meanwhile becomes ready.</summary>
    public void Done(TKey key)
    {
        TaskCompletionSource? taker = null;
        lock (gate)
        {
            processing.Remove(key);
            metrics.Done(key);
            if (dirty.Contains(key))
            {
                ready.Enqueue(key);
                takers.TryDequeue(out taker);
            }
        }

        taker?.TrySetResult();
    }

    private void Elapsed(TKey key, DateTimeOffset due)
    {
        lock (gate)
        {
            if (!waiting.TryGetValue(key, out (ITimer Timer, DateTimeOffset Due) entry) || entry.Due != due)
            {
                return;
            }

            waiting.Remove(key);
            entry.Timer.Dispose();
        }

        Add(key);
    }

    private TimeSpan TakeToken()
    {
        double elapsed = timeProvider.GetElapsedTime(tokensAt).TotalSeconds;
        tokensAt = timeProvider.GetTimestamp();
        tokens = Math.Min(BucketSize, tokens + (elapsed * BucketPerSecond)) - 1;
        return tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-tokens / BucketPerSecond);
    }
}

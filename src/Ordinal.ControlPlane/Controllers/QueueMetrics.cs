namespace Ordinal.ControlPlane.Controllers;

/// <summary>What a work queue tells of itself, under the names that client-go gives it. The queue's own lock guards it.</summary>
internal sealed class QueueMetrics<TKey>(TimeProvider timeProvider)
    where TKey : notnull
{
    private readonly Dictionary<TKey, long> addedAt = [];
    private readonly Dictionary<TKey, long> startedAt = [];
    private readonly Histogram waited = new();
    private readonly Histogram worked = new();
    private long depth;
    private long adds;
    private long retries;

    public void Added(TKey key)
    {
        adds++;
        depth++;
        addedAt.TryAdd(key, timeProvider.GetTimestamp());
    }

    public void Retried() => retries++;

    public void Taken(TKey key)
    {
        depth--;
        startedAt[key] = timeProvider.GetTimestamp();
        if (addedAt.Remove(key, out long since))
        {
            waited.Observe(timeProvider.GetElapsedTime(since));
        }
    }

    public void Done(TKey key)
    {
        if (startedAt.Remove(key, out long since))
        {
            worked.Observe(timeProvider.GetElapsedTime(since));
        }
    }

    /// <summary>Writes the state of now.</summary>
    public void WriteTo(MetricsText text, string name)
    {
        string labels = $"name=\"{name}\"";
        double[] running = [.. startedAt.Values.Select(since => timeProvider.GetElapsedTime(since).TotalSeconds)];
        text.Add("workqueue_adds_total", "counter", "[BETA] Total number of adds handled by workqueue", labels, adds);
        text.Add("workqueue_depth", "gauge", "[BETA] Current depth of workqueue", labels, depth);
        text.Add("workqueue_longest_running_processor_seconds", "gauge", "[BETA] How many seconds has the longest running processor for workqueue been running.", labels, running.DefaultIfEmpty().Max());
        text.Add("workqueue_queue_duration_seconds", "[BETA] How long in seconds an item stays in workqueue before being requested.", labels, waited);
        text.Add("workqueue_retries_total", "counter", "[BETA] Total number of retries handled by workqueue", labels, retries);
        text.Add(
            "workqueue_unfinished_work_seconds",
            "gauge",
            "[BETA] How many seconds of work has done that is in progress and hasn't been observed by work_duration. Large values indicate stuck threads. One can deduce the number of stuck threads by observing the rate at which this increases.",
            labels,
            running.Sum());
        text.Add("workqueue_work_duration_seconds", "[BETA] How long in seconds processing an item from workqueue takes.", labels, worked);
    }
}

/// <summary>Durations by size: ten nanoseconds, and nine times ten times as much.</summary>
internal sealed class Histogram
{
    private readonly long[] counts = new long[Bounds.Count];
    private double sum;
    private long count;

    /// <summary>Gets the upper bounds in seconds.</summary>
    public static IReadOnlyList<double> Bounds { get; } = [.. Enumerable.Range(0, 9).Aggregate(new List<double> { 10e-9 }, (bounds, _) => [.. bounds, bounds[^1] * 10])];

    /// <summary>Gets how many durations are not above a bound.</summary>
    public IReadOnlyList<long> Cumulative => counts;

    public double Sum => sum;

    public long Count => count;

    public void Observe(TimeSpan duration)
    {
        double seconds = duration.TotalSeconds;
        sum += seconds;
        count++;
        for (int i = counts.Length - 1; i >= 0 && seconds <= Bounds[i]; i--)
        {
            counts[i]++;
        }
    }
}

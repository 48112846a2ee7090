namespace Ordinal.Runtime.Metrics;

/// <summary>What a work queue tells of itself.</summary>
public interface IQueueMetrics
{
    /// <summary>A key was added that was not in the queue.</summary>
    void Added();

    /// <summary>A key was added after a failure.</summary>
    void Retried();

    /// <summary>A key was taken, after it had been ready (or in another hand) for so long.</summary>
    void Taken(TimeSpan waited);

    /// <summary>A key was given back, after it had been worked on for so long.</summary>
    void Worked(TimeSpan took);
}

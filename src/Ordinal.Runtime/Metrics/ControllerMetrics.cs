using Ordinal.Runtime.Queue;

namespace Ordinal.Runtime.Metrics;

/// <summary>How a pass ended, as the label <c>result</c> spells it.</summary>
internal enum PassOutcome
{
    Error,
    RequeueAfter,
    Requeue,
    Success,
}

/// <summary>What one controller and its queue report.</summary>
internal sealed class ControllerMetrics : IQueueMetrics
{
    private readonly RuntimeMetrics.Instruments instruments;
    private readonly KeyValuePair<string, object?> controller;
    private readonly KeyValuePair<string, object?>[] queue;
    private int activeWorkers;
    private long lastSuccess;

    public ControllerMetrics(RuntimeMetrics.Instruments instruments, string name, int workers)
    {
        this.instruments = instruments;
        Name = name;
        Workers = workers;
        controller = new("controller", name);
        queue = [new("name", name), controller];
        foreach (var outcome in Enum.GetValues<PassOutcome>())
        {
            instruments.Reconciles.Add(0, controller, new("result", Text(outcome)));
        }

        instruments.ReconcileErrors.Add(0, controller);
        instruments.TerminalErrors.Add(0, controller);
        instruments.Panics.Add(0, controller);
        instruments.Timeouts.Add(0, controller);
        instruments.QueueAdds.Add(0, queue);
        instruments.QueueRetries.Add(0, queue);
    }

    public string Name { get; }

    public int Workers { get; }

    public int ActiveWorkers => Volatile.Read(ref activeWorkers);

    /// <summary>Gets when a pass last ended without an error, in seconds since 1970; 0 before the first.</summary>
    public double LastSuccess => Volatile.Read(ref lastSuccess) / 1000.0;

    public WorkQueue<Entities.NamespacedName>? Queue { get; private set; }

    public void Observe(WorkQueue<Entities.NamespacedName> observed) => Queue = observed;

    public void Added() => instruments.QueueAdds.Add(1, queue);

    public void Retried() => instruments.QueueRetries.Add(1, queue);

    public void Taken(TimeSpan waited) => instruments.QueueDuration.Record(waited.TotalSeconds, queue);

    public void Worked(TimeSpan took) => instruments.WorkDuration.Record(took.TotalSeconds, queue);

    public void PassBegins() => Interlocked.Increment(ref activeWorkers);

    public void PassEnds(PassOutcome outcome, TimeSpan took, DateTimeOffset now)
    {
        if (outcome != PassOutcome.Error)
        {
            Volatile.Write(ref lastSuccess, now.ToUnixTimeMilliseconds());
        }

        Interlocked.Decrement(ref activeWorkers);
        instruments.Reconciles.Add(1, controller, new("result", Text(outcome)));
        instruments.ReconcileTime.Record(took.TotalSeconds, controller);
        if (outcome == PassOutcome.Error)
        {
            instruments.ReconcileErrors.Add(1, controller);
        }
    }

    public void FailedTerminally() => instruments.TerminalErrors.Add(1, controller);

    public void TimedOut() => instruments.Timeouts.Add(1, controller);

    public void Broke() => instruments.Panics.Add(1, controller);

    private static string Text(PassOutcome outcome) => outcome switch
    {
        PassOutcome.Error => "error",
        PassOutcome.RequeueAfter => "requeue_after",
        PassOutcome.Requeue => "requeue",
        PassOutcome.Success => "success",
    };
}

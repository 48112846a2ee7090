namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>When a pod stops, and when patience ends. A later call can only shorten it.</summary>
internal sealed class StopClock(TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _kill = new(Timeout.InfiniteTimeSpan, time);
    private readonly Lock _lock = new();
    private DateTimeOffset? _deadline;

    /// <summary>Gets the token that says: begin to stop.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Gets the token that says: the grace period is over.</summary>
    public CancellationToken Kill => _kill.Token;

    /// <summary>Asks to stop within a time.</summary>
    public void Stop(TimeSpan grace)
    {
        var deadline = time.GetUtcNow() + grace;
        lock (_lock)
        {
            if (_deadline is { } known && known <= deadline)
            {
                return;
            }

            _deadline = deadline;
        }

        if (grace <= TimeSpan.Zero)
        {
            _kill.Cancel();
        }
        else
        {
            _kill.CancelAfter(grace);
        }

        _stopping.Cancel();
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _kill.Dispose();
    }
}

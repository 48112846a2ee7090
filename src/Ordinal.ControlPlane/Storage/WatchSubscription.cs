namespace Ordinal.ControlPlane.Storage;

/// <summary>
/// The events that wait for one watcher. The store appends under its lock; one reader drains. A reader that falls further behind
/// than the capacity is cut off: it must start again from a list, as with a real API server.
/// </summary>
public sealed class WatchSubscription : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Queue<StoredEvent> _events = new();
    private readonly int _capacity;
    private readonly Action<WatchSubscription> _onDispose;
    private TaskCompletionSource? _waiting;
    private bool _overflown;
    private bool _pulsed;

    internal WatchSubscription(string resource, string @namespace, int capacity, Action<WatchSubscription> onDispose)
    {
        Resource = resource;
        Namespace = @namespace;
        _capacity = capacity;
        _onDispose = onDispose;
    }

    /// <summary>Gets the resource that is watched.</summary>
    public string Resource { get; }

    /// <summary>Gets the namespace that is watched; empty for all.</summary>
    public string Namespace { get; }

    /// <summary>Gets a value indicating whether events were lost because the reader was too slow.</summary>
    public bool IsOverflown
    {
        get
        {
            lock (_lock)
            {
                return _overflown;
            }
        }
    }

    /// <summary>Gets a value indicating whether no event waits.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _events.Count == 0;
            }
        }
    }

    internal void Append(StoredEvent storedEvent)
    {
        TaskCompletionSource? wake;
        lock (_lock)
        {
            if (_overflown)
            {
                return;
            }

            if (_events.Count >= _capacity)
            {
                _overflown = true;
                _events.Clear();
            }
            else
            {
                _events.Enqueue(storedEvent);
            }

            wake = _waiting;
            _waiting = null;
        }

        wake?.TrySetResult();
    }

    /// <summary>Takes the next event if there is one.</summary>
    public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out StoredEvent? storedEvent)
    {
        lock (_lock)
        {
            return _events.TryDequeue(out storedEvent);
        }
    }

    /// <summary>Completes when an event waits, events were lost, or <see cref="Pulse"/> was called.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource wait;
        lock (_lock)
        {
            if (_events.Count > 0 || _overflown || _pulsed)
            {
                _pulsed = false;
                return;
            }

            _waiting = wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        // Not Task.WaitAsync: over a source that continues asynchronously it ends on the thread pool and leaves a simulated thread.
        await using CancellationTokenRegistration registration = cancellationToken.Register(() => wait.TrySetCanceled(cancellationToken));
        await wait.Task;
    }

    /// <summary>Wakes the reader without an event, for a bookmark or the end of the watch.</summary>
    public void Pulse()
    {
        TaskCompletionSource? wake;
        lock (_lock)
        {
            wake = _waiting;
            _waiting = null;

            // A pulse that finds nobody waiting is kept: the timer may fire just before the reader waits.
            _pulsed = wake is null;
        }

        wake?.TrySetResult();
    }

    /// <summary>Ends the subscription.</summary>
    public void Dispose() => _onDispose(this);
}

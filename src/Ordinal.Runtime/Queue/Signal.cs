namespace Ordinal.Runtime.Queue;

/// <summary>
/// A gate that is opened once and lets through all who wait. Made for code that must stay on a simulated thread: waiting on a shared
/// completion source with <c>Task.WaitAsync</c> would go through the thread pool when that source runs its continuations asynchronously.
/// </summary>
internal sealed class Signal
{
    private readonly Lock gate = new();
    private readonly LinkedList<TaskCompletionSource> waiters = new();
    private bool isSet;

    /// <summary>Gets a value indicating whether the gate is open.</summary>
    public bool IsSet
    {
        get
        {
            lock (gate)
            {
                return isSet;
            }
        }
    }

    /// <summary>Opens the gate for good.</summary>
    public void Set()
    {
        TaskCompletionSource[] released;
        lock (gate)
        {
            isSet = true;
            released = [.. waiters];
            waiters.Clear();
        }

        foreach (var waiter in released)
        {
            waiter.TrySetResult();
        }
    }

    /// <summary>Waits until the gate is open.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource waiter;
        LinkedListNode<TaskCompletionSource> node;
        lock (gate)
        {
            if (isSet)
            {
                return;
            }

            waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            node = waiters.AddLast(waiter);
        }

        await using var registration = cancellationToken.Register(() =>
        {
            lock (gate)
            {
                if (node.List is null)
                {
                    return;
                }

                waiters.Remove(node);
            }

            waiter.TrySetCanceled(cancellationToken);
        });
        await waiter.Task;
    }
}

namespace Ordinal.ControlPlane.Nodes;

/// <summary>A wake-up for one waiter: any number of calls of <see cref="Set"/> before the next wait are one.</summary>
public sealed class Signal
{
    private readonly Lock gate = new();
    private TaskCompletionSource? waiter;
    private bool isSet;

    /// <summary>Wakes the waiter, now or at its next wait. From any thread.</summary>
    public void Set()
    {
        TaskCompletionSource? woken;
        lock (gate)
        {
            woken = waiter;
            waiter = null;
            isSet = woken is null;
        }

        woken?.TrySetResult();
    }

    /// <summary>Waits for the next wake-up. One waiter at a time.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource turn;
        lock (gate)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (isSet)
            {
                isSet = false;
                return;
            }

            waiter = turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        await using CancellationTokenRegistration registration = cancellationToken.Register(() => turn.TrySetCanceled(cancellationToken));
        await turn.Task;
    }

    /// <summary>Waits for the next wake-up, but no longer than <paramref name="longest"/>.</summary>
    public async Task WaitAsync(TimeSpan longest, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        await using ITimer timer = timeProvider.CreateTimer(_ => Set(), null, longest, Timeout.InfiniteTimeSpan);
        await WaitAsync(cancellationToken);
    }
}

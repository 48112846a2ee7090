namespace Ordinal.Operator.Cli;

/// <summary>Waits for Ctrl-C or SIGTERM.</summary>
internal static class UntilCancelled
{
    /// <summary>Returns, without an exception, when the token is cancelled.</summary>
    public static async Task WaitAsync(CancellationToken cancellationToken)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(cancelled.SetResult);
        await cancelled.Task;
    }
}

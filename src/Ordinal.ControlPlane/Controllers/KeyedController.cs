using System.Text.Json;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers;

/// <summary>A controller that brings one object after the other to where it should be, by key. A failure comes back with back-off.</summary>
/// <param name="name">Its name, for the log.</param>
/// <param name="timeProvider">Clock of the queue.</param>
/// <param name="logger">Where failures are told.</param>
public abstract partial class KeyedController(string name, TimeProvider timeProvider, ILogger logger)
{
    /// <summary>Gets the keys that wait.</summary>
    protected WorkQueue Queue { get; } = new(timeProvider);

    /// <summary>Gets the clock.</summary>
    protected TimeProvider Clock => timeProvider;

    /// <summary>Gets where failures are told.</summary>
    protected ILogger Logger => logger;

    /// <summary>Works until the token is cancelled; that is a normal return. Start it when the caches have their first lists.</summary>
    /// <param name="workers">How many keys are worked on side by side.</param>
    public Task RunAsync(int workers, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, workers).Select(_ => WorkAsync(cancellationToken)));

    /// <summary>Brings one object to where it should be. It must be safe to do twice.</summary>
    protected abstract Task SyncAsync(ObjectKey key, CancellationToken cancellationToken);

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ObjectKey key;
            try
            {
                key = await Queue.TakeAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                await SyncAsync(key, cancellationToken);
                Queue.Forget(key);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure is ApiFailureException or HttpRequestException or IOException or JsonException or NotCaughtUpException or OperationCanceledException)
            {
                TimeSpan delay = Queue.AddRateLimited(key);
                Retrying(logger, name, key, delay.TotalMilliseconds, failure.Message);
            }
            finally
            {
                Queue.Done(key);
            }
        }
    }

    [LoggerMessage(4001, LogLevel.Debug, "{Controller}: {Key} again in {Milliseconds} ms: {Failure}")]
    private static partial void Retrying(ILogger logger, string controller, ObjectKey key, double milliseconds, string failure);
}

/// <summary>The caches have not yet shown this controller's own writes; acting now would act twice.</summary>
public sealed class NotCaughtUpException(string message) : Exception(message);

using System.Text.Json;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers;

/// <summary>A controller that brings one object after the other to where it should be, by key. A failure comes back with back-off.</summary>
/// <param name="name">Its name, for the log.</param>
/// <param name="timeProvider">Clock of the queue.</param>
/// <param name="logger">Where failures are told.</param>
public abstract class KeyedController<TKey>(string name, TimeProvider timeProvider, ILogger logger)
    where TKey : notnull
{
    /// <summary>Gets the keys that wait.</summary>
    protected WorkQueue<TKey> Queue { get; } = new(timeProvider);

    /// <summary>Gets the clock.</summary>
    protected TimeProvider Clock => timeProvider;

    /// <summary>Gets where failures are told.</summary>
    protected ILogger Logger => logger;

    /// <summary>Works until the token is cancelled; that is a normal return. Start it when the caches have their first lists.</summary>
    /// <param name="workers">How many keys are worked on side by side.</param>
    public Task RunAsync(int workers, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, workers).Select(_ => WorkAsync(cancellationToken)));

    /// <summary>Writes what the controller tells of itself.</summary>
    public virtual void WriteMetrics(MetricsText text) => Queue.WriteMetrics(text, name);

    /// <summary>Brings one object to where it should be. It must be safe to do twice.</summary>
    protected abstract Task SyncAsync(TKey key, CancellationToken cancellationToken);

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            TKey key;
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
            catch (Exception failure) when (failure is ApiFailureException or HttpRequestException or IOException or JsonException or SyncFailedException or OperationCanceledException)
            {
                TimeSpan delay = Queue.AddRateLimited(key);
                ControllerLog.Retrying(logger, name, key.ToString() ?? "", delay.TotalMilliseconds, failure.Message);
            }
            finally
            {
                Queue.Done(key);
            }
        }
    }
}

internal static partial class ControllerLog
{
    [LoggerMessage(4001, LogLevel.Debug, "{Controller}: {Key} again in {Milliseconds} ms: {Failure}")]
    public static partial void Retrying(ILogger logger, string controller, string key, double milliseconds, string failure);
}

using Microsoft.Extensions.Logging;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Metrics;
using Ordinal.Runtime.Queue;

namespace Ordinal.Runtime.Controllers;

/// <summary>What the runner needs of a loop.</summary>
public interface IControllerLoop
{
    /// <summary>Gets the controller's name in metrics and logs.</summary>
    string Name { get; }

    /// <summary>Works on keys until the term ends, which is a normal return; passes under way have then come to an end.</summary>
    Task RunAsync(CancellationToken termToken);
}

/// <summary>
/// Takes keys from a queue and calls the controller, one pass per key at a time. Stores feed the queue all the time, also on a
/// standby; keys are worked on only inside <see cref="RunAsync"/>. A key with open <see cref="WriteExpectations"/> waits until its
/// stores have seen its own writes.
/// </summary>
/// <typeparam name="TEntity">What the controller is for.</typeparam>
public sealed partial class ControllerLoop<TEntity> : IControllerLoop, IDisposable
    where TEntity : class, IStoreItem
{
    private readonly Lock gate = new();
    private readonly Dictionary<NamespacedName, TEntity> deleted = [];
    private readonly List<IDisposable> subscriptions = [];
    private readonly IStore<TEntity> store;
    private readonly IEntityController<TEntity> controller;
    private readonly ControllerSettings settings;
    private readonly WriteExpectations expectations;
    private readonly TimeProvider timeProvider;
    private readonly ControllerMetrics metrics;
    private readonly ILogger logger;

    /// <summary>Prepares a loop and begins to collect keys from the store.</summary>
    /// <param name="name">Name in metrics and logs.</param>
    /// <param name="store">The objects to be reconciled.</param>
    /// <param name="controller">What to do with one.</param>
    /// <param name="settings">Workers, limits, delays.</param>
    /// <param name="expectations">What keys must have seen. Their key is the entity's: controllers that write do not share one.</param>
    /// <param name="timeProvider">For all delays and limits.</param>
    /// <param name="metrics">Where the loop and its queue show up.</param>
    /// <param name="logger">Hears of failures.</param>
    public ControllerLoop(string name, IStore<TEntity> store, IEntityController<TEntity> controller, ControllerSettings settings, WriteExpectations expectations, TimeProvider timeProvider, RuntimeMetrics metrics, ILogger logger)
    {
        Name = name;
        this.store = store;
        this.controller = controller;
        this.settings = settings;
        this.expectations = expectations;
        this.timeProvider = timeProvider;
        this.logger = logger;
        this.metrics = metrics.ForController(name, settings.Workers);
        Queue = new WorkQueue<NamespacedName>(timeProvider, settings.Backoff, this.metrics);
        this.metrics.Observe(Queue);
        subscriptions.Add(store.Subscribe(OnEntityChanged));
        expectations.Satisfied += OnSatisfied;
        expectations.Expected += OnExpected;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>Gets the queue, for those who add keys by other ways than stores.</summary>
    public WorkQueue<NamespacedName> Queue { get; }

    /// <summary>Adds the keys that a change of another store concerns.</summary>
    /// <param name="other">The store.</param>
    /// <param name="keysOf">The keys that an object concerns; asked for its old and its new form.</param>
    /// <param name="priority">Their priority.</param>
    public ControllerLoop<TEntity> Watches<TItem>(IStore<TItem> other, Func<TItem, IEnumerable<NamespacedName>> keysOf, QueuePriority priority = QueuePriority.Normal)
        where TItem : class, IStoreItem
    {
        subscriptions.Add(other.Subscribe(change =>
        {
            foreach (var key in change.Old is null ? [] : keysOf(change.Old))
            {
                Queue.Add(key, priority);
            }

            foreach (var key in change.New is null ? [] : keysOf(change.New))
            {
                Queue.Add(key, priority);
            }
        }));
        return this;
    }

    /// <summary>As <see cref="Watches"/>, for keys that only some changes concern: asked once for each change.</summary>
    public ControllerLoop<TEntity> WatchesChanges<TItem>(IStore<TItem> other, Func<StoreChange<TItem>, IEnumerable<NamespacedName>> keysOf, QueuePriority priority = QueuePriority.Normal)
        where TItem : class, IStoreItem
    {
        subscriptions.Add(other.Subscribe(change =>
        {
            foreach (var key in keysOf(change))
            {
                Queue.Add(key, priority);
            }
        }));
        return this;
    }

    /// <summary>As <see cref="Watches"/>, for objects that belong to one entity: KubeOps users know the verb.</summary>
    /// <param name="owned">The store of what is owned.</param>
    /// <param name="ownerOf">The owner's key; null for an object that belongs to nobody here.</param>
    public ControllerLoop<TEntity> Owns<TItem>(IStore<TItem> owned, Func<TItem, NamespacedName?> ownerOf)
        where TItem : class, IStoreItem =>
        Watches(owned, item => ownerOf(item) is { } owner ? [owner] : []);

    /// <summary>Adds a key.</summary>
    public void Enqueue(NamespacedName key, QueuePriority priority = QueuePriority.Normal) => Queue.Add(key, priority);

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken termToken)
    {
        // A new term looks at everything once: what the last leader left half done shows no event.
        foreach (var entity in store.List(null))
        {
            Queue.Add(entity.Key, QueuePriority.Low);
        }

        await Task.WhenAll(Enumerable.Range(0, settings.Workers).Select(_ => WorkAsync(termToken)));
    }

    /// <summary>Stops collecting keys.</summary>
    public void Dispose()
    {
        expectations.Satisfied -= OnSatisfied;
        expectations.Expected -= OnExpected;
        foreach (var subscription in subscriptions)
        {
            subscription.Dispose();
        }

        Queue.Dispose();
    }

    private void OnEntityChanged(StoreChange<TEntity> change)
    {
        if (change.Old is { } old && (change.New is null || change.New.Uid != old.Uid))
        {
            lock (gate)
            {
                deleted[old.Key] = old;
            }
        }

        // A change of the spec is a person's: it goes before what the cluster reports.
        var isSpecChange = change.Old is null || change.New is null || change.New.Generation != change.Old.Generation || change.New.IsTerminating != change.Old.IsTerminating;
        Queue.Add(change.Key, isSpecChange && store.HasSynced ? QueuePriority.High : QueuePriority.Normal);
    }

    private void OnSatisfied(NamespacedName key) => Queue.Add(key);

    private void OnExpected(NamespacedName key) => Queue.AddAfter(key, expectations.ProbeAfter);

    private async Task WorkAsync(CancellationToken termToken)
    {
        while (!termToken.IsCancellationRequested)
        {
            NamespacedName key;
            try
            {
                key = await Queue.TakeAsync(termToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                await OnePassAsync(key, termToken);
            }
            finally
            {
                Queue.Done(key);
            }
        }
    }

    private async Task OnePassAsync(NamespacedName key, CancellationToken termToken)
    {
        using var limit = new CancellationTokenSource(settings.ReconcileTimeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, termToken);
        var began = timeProvider.GetTimestamp();
        metrics.PassBegins();
        var outcome = PassOutcome.Success;
        try
        {
            if (await expectations.CheckAsync(key, either.Token) is { } wait)
            {
                Queue.AddAfter(key, wait);
                outcome = PassOutcome.RequeueAfter;
                return;
            }

            // This pass says anew when it wants to be called again.
            Queue.CancelDelay(key);
            outcome = await CallAsync(key, either.Token);
        }
        catch (OperationCanceledException) when (termToken.IsCancellationRequested)
        {
            // The term is over: the key goes back as it was, for the next one.
            Queue.Add(key);
            outcome = PassOutcome.Requeue;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            metrics.TimedOut();
            outcome = Fail(key, $"the pass took longer than {settings.ReconcileTimeout}", null, null);
        }
#pragma warning disable CA1031 // One broken pass must not end the worker; whatever it is, it is counted, logged and tried again.
        catch (Exception error)
#pragma warning restore CA1031
        {
            outcome = Fail(key, error.Message, error, null);
        }
        finally
        {
            metrics.PassEnds(outcome, timeProvider.GetElapsedTime(began), timeProvider.GetUtcNow());
        }
    }

    private async Task<PassOutcome> CallAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        TEntity? gone;
        lock (gate)
        {
            deleted.Remove(key, out gone);
        }

        if (gone is not null)
        {
            try
            {
                var outcome = Judge(key, await controller.DeletedAsync(gone, cancellationToken));
                if (outcome == PassOutcome.Error)
                {
                    KeepDeleted(gone);
                    return outcome;
                }
            }
            catch
            {
                KeepDeleted(gone);
                throw;
            }
        }

        var entity = store.Find(key);
        return entity is null ? PassOutcome.Success : Judge(key, await controller.ReconcileAsync(entity, cancellationToken));
    }

    private void KeepDeleted(TEntity gone)
    {
        lock (gate)
        {
            deleted.TryAdd(gone.Key, gone);
        }
    }

    private PassOutcome Judge(NamespacedName key, ReconciliationResult<TEntity> result)
    {
        if (!result.IsSuccess)
        {
            return Fail(key, result.ErrorMessage ?? "", result.Error, result.RequeueAfter);
        }

        Queue.Forget(key);
        if (result.RequeueAfter is { } after)
        {
            Queue.AddAfter(key, after, QueuePriority.Normal);
            return PassOutcome.RequeueAfter;
        }

        return PassOutcome.Success;
    }

    private PassOutcome Fail(NamespacedName key, string message, Exception? error, TimeSpan? requeueAfter)
    {
        if (error is not null && requeueAfter is { } wanted)
        {
            // A part of the pass failed, and another one wants to be called again: the earlier time counts.
            Queue.AddAfter(key, wanted);
        }

        switch (error)
        {
            case TerminalException or ApiException { Class: ApiErrorClass.Terminal }:
                metrics.FailedTerminally();
                LogTerminal(Name, key, message, settings.TerminalRetry);
                Queue.Forget(key);
                Queue.AddAfter(key, settings.TerminalRetry, QueuePriority.Low);
                return PassOutcome.Error;
            case ApiException { Class: ApiErrorClass.Conflict or ApiErrorClass.Gone } conflict:
                LogConflict(Name, key, message);
                Queue.AddRateLimited(key, conflict.RetryAfter ?? TimeSpan.Zero);
                return PassOutcome.Error;
            case ApiException transient:
                LogTransient(Name, key, message, Queue.AddRateLimited(key, transient.RetryAfter ?? TimeSpan.Zero));
                return PassOutcome.Error;
            case null:
                if (requeueAfter is { } after)
                {
                    Queue.AddAfter(key, after);
                }
                else
                {
                    after = Queue.AddRateLimited(key, TimeSpan.Zero);
                }

                LogTransient(Name, key, message, after);
                return PassOutcome.Error;
            default:
                metrics.Broke();
                LogBroken(error, Name, key, Queue.AddRateLimited(key, TimeSpan.Zero));
                return PassOutcome.Error;
        }
    }

    [LoggerMessage(1201, LogLevel.Warning, "{Controller}: {Key}: {Error}; nothing will change until somebody changes something, next look in {Delay}")]
    private partial void LogTerminal(string controller, NamespacedName key, string error, TimeSpan delay);

    [LoggerMessage(1202, LogLevel.Debug, "{Controller}: {Key}: out of date, reading again: {Error}")]
    private partial void LogConflict(string controller, NamespacedName key, string error);

    [LoggerMessage(1203, LogLevel.Warning, "{Controller}: {Key}: {Error}; next try in {Delay}")]
    private partial void LogTransient(string controller, NamespacedName key, string error, TimeSpan delay);

    [LoggerMessage(1204, LogLevel.Error, "{Controller}: {Key}: the pass broke; next try in {Delay}")]
    private partial void LogBroken(Exception error, string controller, NamespacedName key, TimeSpan delay);
}

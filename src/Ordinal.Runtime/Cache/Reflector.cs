using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Metrics;
using Ordinal.Runtime.Queue;

namespace Ordinal.Runtime.Cache;

/// <summary>
/// Lists once, then watches, for ever. The rules:
/// <list type="bullet">
/// <item>A list is read in pages with the resourceVersion unset, and replaces its scope of the store at once, deletions included.</item>
/// <item>A watch starts after the last version seen, asks for bookmarks, and asks the server to end it after a random time.</item>
/// <item>A watch that ends or breaks is taken up from the last version seen. Only 410 (as an answer, or as an ERROR event inside the
/// stream) needs a new list, after a random delay so that not everybody lists at once.</item>
/// <item>A healthy watch may be silent for long (see <see cref="WatchPlace"/>). One that cannot count on bookmarks is asked for less than the idle time:
/// that the server ended it on its time is a sign of life, and it is taken up again.</item>
/// <item>A watch silent for the idle time that did not even end is dead, whatever TCP says, and its store is listed anew.</item>
/// </list>
/// </summary>
/// <typeparam name="TItem">What is kept of each object.</typeparam>
internal sealed partial class Reflector<TItem>(
    IKubernetesApi api, Store<TItem> store, string scope, Projection<TItem> projection, InformerSettings settings,
    TimeProvider timeProvider, Random random, RuntimeMetrics metrics, ILogger logger)
    where TItem : class, IStoreItem
{
    /// <summary>Bytes of a list from which on its garbage is worth a collection.</summary>
    private const long LongList = 8 * 1024 * 1024;

    private readonly Lock gate = new();
    private readonly StringPool strings = new();
    private readonly Signal synced = new();
    private List<Signal> relistWaiters = [];
    private CancellationTokenSource? interrupt;
    private readonly WatchPlace place = new(settings, timeProvider, random);
    private int failures;

    private string Resource => store.Kind.Resource;

    /// <summary>Lists and watches until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            using var round = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            bool mustList;
            lock (gate)
            {
                interrupt = round;
                mustList = place.From is null || relistWaiters.Count > 0;
            }

            var delay = await RoundAsync(mustList, round.Token, cancellationToken);
            if (delay > TimeSpan.Zero)
            {
                await WaitAsync(delay, round.Token);
            }

            lock (gate)
            {
                interrupt = null;
            }
        }
    }

    /// <inheritdoc cref="IInformer.RelistAsync"/>
    public async Task RelistAsync(CancellationToken cancellationToken)
    {
        var done = new Signal();
        CancellationTokenSource? running;
        lock (gate)
        {
            relistWaiters.Add(done);
            running = interrupt;
        }

        try
        {
            // Ends the watch, or the wait before the next try. Not under the lock: it runs whatever waits for the token.
            running?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The round ended by itself just now; the next one sees the waiter.
        }

        await done.WaitAsync(cancellationToken);
    }

    /// <inheritdoc cref="IInformer.WaitForSyncAsync"/>
    public Task WaitForSyncAsync(CancellationToken cancellationToken) => synced.WaitAsync(cancellationToken);

    /// <summary>Makes one list (if needed) and one watch; returns how long to wait before the next round.</summary>
    private async Task<TimeSpan> RoundAsync(bool mustList, CancellationToken round, CancellationToken cancellationToken)
    {
        try
        {
            if (mustList)
            {
                await ListAsync(cancellationToken);
            }

            var lasted = await WatchAsync(round);
            metrics.WatchRestarted(Resource, "closed");
            // A server that ends watches as soon as they start would be asked in a tight loop.
            return lasted < TimeSpan.FromSeconds(1) ? Backoff() : TimeSpan.Zero;
        }
        catch (OperationCanceledException)
        {
            // Stopping, or a relist was asked for: both are the loop's to see.
            return TimeSpan.Zero;
        }
        catch (WatchIdleException)
        {
            metrics.WatchRestarted(Resource, "idle");
            LogIdle(Resource, scope, settings.IdleTimeout);
            place.Lose();
            return TimeSpan.Zero;
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.Gone)
        {
            metrics.WatchRestarted(Resource, "expired");
            LogExpired(Resource, scope, place.From ?? "");
            return place.TryStep() ? TimeSpan.Zero : Jitter(settings.RetryBase);
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound)
        {
            metrics.WatchRestarted(Resource, "error");
            var delay = Backoff(settings.NotServedRetryMax);
            if (failures == 1)
            {
                LogNotServed(Resource);
            }

            return delay;
        }
        catch (ApiException error)
        {
            metrics.WatchRestarted(Resource, "error");
            var delay = Backoff();
            delay = error.RetryAfter is { } after && after > delay ? after : delay;
            LogFailed(Resource, scope, error.Message, delay);
            return delay;
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        List<Signal> waiters;
        lock (gate)
        {
            // Whoever asks from now on wants a list that starts later than this one.
            waiters = relistWaiters;
            relistWaiters = [];
        }

        try
        {
            var began = timeProvider.GetTimestamp();
            var (items, listVersion, bytes) = await ReadPagesAsync(cancellationToken);
            place.Set(listVersion, began);
            failures = 0;
            store.Replace(scope, items, listVersion, began);
            synced.Set();
            if (bytes > LongList)
            {
                GiveBackPages();
            }
        }
        catch
        {
            lock (gate)
            {
                relistWaiters.AddRange(waiters);
            }

            throw;
        }

        foreach (var waiter in waiters)
        {
            waiter.Set();
        }
    }

    /// <summary>
    /// A long list leaves behind a hundred times what the store keeps of it, most of it in arrays too large for a young generation. On a machine with a
    /// large cache the collector would let it lie for hours, and the operator's size would be that of its worst moment. Lists this long are rare: at the
    /// start, at the begin of a term, after 410.
    /// </summary>
    private static void GiveBackPages() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    private async Task<(List<TItem> Items, string Version, long Bytes)> ReadPagesAsync(CancellationToken cancellationToken)
    {
        var items = new List<TItem>();
        var bytes = 0L;
        var next = "";
        while (true)
        {
            var query = new ListQuery
            {
                InNamespace = scope.Length == 0 ? null : scope,
                LabelSelector = settings.LabelSelector,
                FieldSelector = settings.FieldSelector,
                Limit = settings.PageSize,
                Continue = next.Length == 0 ? null : next,
            };
            var head = await api.ReadPageAsync(store.Kind, query, Take, cancellationToken);
            bytes += head.Bytes;
            next = head.Continue;
            if (next.Length == 0)
            {
                return (items, head.ResourceVersion, bytes);
            }
        }

        void Take(JsonElement element)
        {
            if ((Known(element) ?? TryProject(element)) is { } item)
            {
                items.Add(item);
            }
        }
    }

    /// <summary>
    /// Returns what the store has of an object that is the same still: most of a relist, as at the begin of each term. So it takes neither the time to
    /// project it again nor the memory of a second copy.
    /// </summary>
    private TItem? Known(JsonElement element)
    {
        if (!store.HasSynced)
        {
            return null;
        }

        var metadata = element.Member("metadata");
        return store.Find(new NamespacedName(strings.Intern(metadata, "namespace"), metadata.Text("name"))) is { } known
            && metadata.Member("resourceVersion") is { ValueKind: JsonValueKind.String } version && version.ValueEquals(known.ResourceVersion)
            && metadata.Member("uid") is { ValueKind: JsonValueKind.String } uid && uid.ValueEquals(known.Uid)
                ? known
                : null;
    }

    private async Task<TimeSpan> WatchAsync(CancellationToken cancellationToken)
    {
        var seconds = place.SecondsToAsk();
        var query = new QueryString()
            .With("watch", "true")
            .With("allowWatchBookmarks", "true")
            .With("resourceVersion", place.From)
            .With("timeoutSeconds", seconds.ToString(CultureInfo.InvariantCulture))
            .With("labelSelector", settings.LabelSelector)
            .With("fieldSelector", settings.FieldSelector);
        var request = new ApiRequest("GET", store.Kind.CollectionPath(scope) + query);
        var began = timeProvider.GetTimestamp();
        await using var stream = await api.OpenAsync(request, cancellationToken);
        using var idle = new CancellationTokenSource(settings.IdleTimeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, cancellationToken);
        try
        {
            while (await stream.ReadLineAsync(either.Token) is { } line)
            {
                idle.CancelAfter(settings.IdleTimeout);
                if (!line.IsEmpty)
                {
                    TakeIn(request, line);
                    failures = 0;
                }
            }
        }
        catch (OperationCanceledException) when (idle.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new WatchIdleException();
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new ApiException(ApiErrorKind.Connection, $"{request}: the watch broke: {error.Message}", innerException: error);
        }

        var ended = timeProvider.GetTimestamp();
        var lasted = timeProvider.GetElapsedTime(began, ended);
        if (place.Ended(lasted, seconds, ended))
        {
            store.Heard(scope, ended);
        }

        return lasted;
    }

    private void TakeIn(ApiRequest request, ReadOnlyMemory<byte> line)
    {
        using var document = ParseEvent(request, line);
        var element = document.RootElement.Member("object");
        var newVersion = element.Member("metadata").Text("resourceVersion");
        var now = timeProvider.GetTimestamp();
        switch (document.RootElement.Text("type"))
        {
            case "ADDED" or "MODIFIED":
                if (TryProject(element) is { } item)
                {
                    store.Upsert(scope, item, now);
                }

                break;
            case "DELETED":
                var metadata = element.Member("metadata");
                store.Remove(scope, new NamespacedName(metadata.Text("namespace"), metadata.Text("name")), newVersion, now);
                break;
            case "BOOKMARK":
                store.Bookmark(scope, newVersion, now);
                place.Bookmark(newVersion, now);
                return;
            case "ERROR":
                throw ApiException.FromWatchError(request, element);
            default:
                throw new ApiException(ApiErrorKind.Other, $"{request}: the watch sent an event of an unknown type.");
        }

        place.Set(newVersion, now);
    }

    /// <summary>One object that cannot be read must not hide all others; what was known of it stays.</summary>
    private TItem? TryProject(JsonElement element)
    {
        try
        {
            return projection(element, strings);
        }
        catch (Exception error) when (error is ApiException or JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            var metadata = element.Member("metadata");
            var key = new NamespacedName(metadata.Text("namespace"), metadata.Text("name"));
            metrics.Unreadable(Resource);
            LogUnreadable(Resource, key.ToString(), error.GetType().Name);
            return store.Find(key);
        }
    }

    private static JsonDocument ParseEvent(ApiRequest request, ReadOnlyMemory<byte> line)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException error)
        {
            // Half a line at the end of a broken connection, as a rule. The parser's words may quote it: not passed on.
            throw new ApiException(ApiErrorKind.Connection, $"{request}: the watch sent a line that is no JSON (at byte {error.BytePositionInLine}).");
        }
    }

    private TimeSpan Backoff() => Backoff(settings.RetryMax);

    private TimeSpan Backoff(TimeSpan most)
    {
        var delay = Math.Min(settings.RetryBase.TotalSeconds * Math.Pow(2, Math.Min(failures++, 30)), most.TotalSeconds);
        return Jitter(TimeSpan.FromSeconds(delay));
    }

    private TimeSpan Jitter(TimeSpan delay) => delay * (0.5 + random.NextDouble());

    private async Task WaitAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(delay, timeProvider, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Stopping, or a relist was asked for: both are the loop's to see.
        }
    }

    [LoggerMessage(1101, LogLevel.Warning, "{Resource} in \"{Scope}\": watch silent for {Idle}, listing anew")]
    private partial void LogIdle(string resource, string scope, TimeSpan idle);

    [LoggerMessage(1102, LogLevel.Information, "{Resource} in \"{Scope}\": version {Version} is no longer kept; going on from a newer one, or listing anew")]
    private partial void LogExpired(string resource, string scope, string version);

    [LoggerMessage(1103, LogLevel.Warning, "{Resource} in \"{Scope}\": {Error}; next try in {Delay}")]
    private partial void LogFailed(string resource, string scope, string error, TimeSpan delay);

    [LoggerMessage(1104, LogLevel.Error, "{Resource} \"{Name}\" cannot be read ({Error}); what was known of it stays")]
    private partial void LogUnreadable(string resource, string name, string error);

    [LoggerMessage(1105, LogLevel.Warning, "The API server does not serve {Resource}: install its CustomResourceDefinition; it is looked for every few seconds")]
    private partial void LogNotServed(string resource);
}

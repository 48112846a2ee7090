using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Metrics;
using Ordinal.Runtime.Queue;

namespace Ordinal.Runtime.Events;

/// <summary>
/// Publishes events of <c>events.k8s.io/v1</c>, one after the other, from a bounded backlog. An event that repeats within the series
/// window becomes a series, written at most once per interval. A name is derived from what the event says and when, so that sending
/// one twice makes one.
/// </summary>
/// <param name="api">The API server.</param>
/// <param name="settings">Names and limits.</param>
/// <param name="timeProvider">Times of events, windows and limits.</param>
/// <param name="metrics">Counts events.</param>
/// <param name="logger">Hears of events that could not be sent.</param>
public sealed partial class EventPublisher(IKubernetesApi api, EventPublisherSettings settings, TimeProvider timeProvider, RuntimeMetrics metrics, ILogger logger) : IEventPublisher
{
    private const int LongestNote = 1024;
    private const int LongestWord = 128;
    private static readonly ResourceKind Events = new("events.k8s.io", "v1", "Event", "events", IsNamespaced: true);

    private readonly Lock gate = new();
    private readonly Queue<Series> backlog = new();
    private readonly Dictionary<SeriesKey, Series> series = [];
    private readonly Dictionary<string, Bucket> buckets = [];
    private Signal wake = new();
    private long lastTidied;

    /// <inheritdoc/>
    public void Publish(EventTarget regarding, EventType type, string reason, string action, string note, EventTarget? related = null)
    {
        var now = timeProvider.GetTimestamp();
        note = Cut(note, LongestNote);
        var key = new SeriesKey(regarding.Uid, regarding.Key, type, reason, action, note);
        lock (gate)
        {
            Tidy(now);
            if (series.TryGetValue(key, out var known) && timeProvider.GetElapsedTime(known.LastSeen, now) <= settings.SeriesWindow)
            {
                known.Count++;
                known.LastSeen = now;
                known.LastSeenAt = timeProvider.GetUtcNow();
            }
            else if (MayPublish(regarding.Uid, now))
            {
                known = new Series(key, regarding, related, now, timeProvider.GetUtcNow());
                series[key] = known;
                metrics.EventPublished(type.ToString(), reason);
            }
            else
            {
                LogDropped(regarding.Key, reason);
                return;
            }

            if (!known.IsQueued && backlog.Count < settings.Backlog && IsDue(known, now))
            {
                known.IsQueued = true;
                backlog.Enqueue(known);
                wake.Set();
            }
        }
    }

    /// <summary>Sends what is published until cancelled, which is a normal return.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            Signal toWait;
            lock (gate)
            {
                if (backlog.Count == 0 && wake.IsSet)
                {
                    wake = new Signal();
                }

                toWait = wake;
            }

            try
            {
                await toWait.WaitAsync(cancellationToken);
                while (Next() is { } next)
                {
                    await SendAsync(next, cancellationToken);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private Series? Next()
    {
        lock (gate)
        {
            if (!backlog.TryDequeue(out var next))
            {
                return null;
            }

            next.IsQueued = false;
            next.LastSent = timeProvider.GetTimestamp();
            return next;
        }
    }

    private async Task SendAsync(Series item, CancellationToken cancellationToken)
    {
        var key = new NamespacedName(item.Regarding.Key.Namespace.Length == 0 ? "default" : item.Regarding.Key.Namespace, item.Name);
        int count;
        DateTimeOffset lastSeen;
        lock (gate)
        {
            count = item.Count;
            lastSeen = item.LastSeenAt;
        }

        try
        {
            if (item.IsCreated)
            {
                var patch = new JsonObject { ["series"] = new JsonObject { ["count"] = count, ["lastObservedTime"] = MicroTime(lastSeen) } };
                await api.PatchRawAsync(Events, key, null, PatchTypes.Merge, JsonSerializer.SerializeToUtf8Bytes(patch), cancellationToken);
            }
            else
            {
                await api.CreateRawAsync(Events, key.Namespace, JsonSerializer.SerializeToUtf8Bytes(Document(item, key)), cancellationToken);
                item.IsCreated = true;
            }
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.AlreadyExists)
        {
            item.IsCreated = true;
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound && item.IsCreated)
        {
            // The server forgets events after an hour; the next occurrence starts a new one.
            lock (gate)
            {
                series.Remove(item.Key);
            }
        }
        catch (ApiException error)
        {
            // Best effort: an event is not worth a retry that holds up the next.
            LogNotSent(key, item.Key.Reason, error.Message);
        }
    }

    private JsonObject Document(Series item, NamespacedName key)
    {
        var document = new JsonObject
        {
            ["apiVersion"] = Events.ApiVersion,
            ["kind"] = Events.Kind,
            ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace },
            ["eventTime"] = MicroTime(item.FirstSeenAt),
            ["type"] = item.Key.Type.ToString(),
            ["reason"] = Cut(item.Key.Reason, LongestWord),
            ["action"] = Cut(item.Key.Action, LongestWord),
            ["note"] = item.Key.Note,
            ["reportingController"] = settings.ReportingController,
            ["reportingInstance"] = Cut(settings.ReportingInstance, LongestWord),
            ["regarding"] = Reference(item.Regarding),
        };
        if (item.Related is not null)
        {
            document["related"] = Reference(item.Related);
        }

        return document;
    }

    private static JsonObject Reference(EventTarget target)
    {
        var reference = new JsonObject { ["apiVersion"] = target.Kind.ApiVersion, ["kind"] = target.Kind.Kind, ["name"] = target.Key.Name };
        if (target.Key.Namespace.Length > 0)
        {
            reference["namespace"] = target.Key.Namespace;
        }

        if (target.Uid.Length > 0)
        {
            reference["uid"] = target.Uid;
        }

        return reference;
    }

    private bool IsDue(Series item, long now) => item.LastSent is not { } sent || timeProvider.GetElapsedTime(sent, now) >= settings.SeriesInterval;

    private bool MayPublish(string uid, long now)
    {
        if (!buckets.TryGetValue(uid, out var bucket))
        {
            buckets[uid] = bucket = new Bucket(settings.Burst, now);
        }

        var refilled = timeProvider.GetElapsedTime(bucket.Since, now) / settings.Refill;
        bucket.Tokens = Math.Min(settings.Burst, bucket.Tokens + refilled);
        bucket.Since = now;
        if (bucket.Tokens < 1)
        {
            return false;
        }

        bucket.Tokens--;
        return true;
    }

    /// <summary>Drops series and buckets nobody has used for a window: the objects come and go, memory must not grow with them.</summary>
    private void Tidy(long now)
    {
        // A look at all of them now and then; at each event it would cost more than the event.
        if (timeProvider.GetElapsedTime(lastTidied, now) < settings.SeriesWindow / 6)
        {
            return;
        }

        lastTidied = now;
        foreach (var (key, item) in series)
        {
            if (timeProvider.GetElapsedTime(item.LastSeen, now) > settings.SeriesWindow)
            {
                series.Remove(key);
            }
        }

        foreach (var (uid, bucket) in buckets)
        {
            if (timeProvider.GetElapsedTime(bucket.Since, now) > settings.Refill * settings.Burst)
            {
                buckets.Remove(uid);
            }
        }
    }

    private static string MicroTime(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Cuts a text to so many bytes of UTF-8, which is what the server counts, without splitting a character.</summary>
    private static string Cut(string text, int bytes)
    {
        if (Encoding.UTF8.GetByteCount(text) <= bytes)
        {
            return text;
        }

        var length = 0;
        var used = 3;
        foreach (var rune in text.EnumerateRunes())
        {
            used += rune.Utf8SequenceLength;
            if (used > bytes)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return text[..length] + "…";
    }

    [LoggerMessage(1401, LogLevel.Debug, "{Key}: event {Reason} dropped: too many for one object")]
    private partial void LogDropped(NamespacedName key, string reason);

    [LoggerMessage(1402, LogLevel.Debug, "event {Key} ({Reason}) not sent: {Error}")]
    private partial void LogNotSent(NamespacedName key, string reason, string error);

    private sealed record SeriesKey(string Uid, NamespacedName Object, EventType Type, string Reason, string Action, string Note);

    private sealed class Series(SeriesKey key, EventTarget regarding, EventTarget? related, long now, DateTimeOffset at)
    {
        public SeriesKey Key { get; } = key;

        public EventTarget Regarding { get; } = regarding;

        public EventTarget? Related { get; } = related;

        public DateTimeOffset FirstSeenAt { get; } = at;

        public string Name { get; } = NameOf(key, at);

        public int Count { get; set; } = 1;

        public long LastSeen { get; set; } = now;

        public DateTimeOffset LastSeenAt { get; set; } = at;

        public long? LastSent { get; set; }

        public bool IsQueued { get; set; }

        public bool IsCreated { get; set; }

        private static string NameOf(SeriesKey key, DateTimeOffset at)
        {
            var text = $"{key.Uid}|{key.Object}|{key.Type}|{key.Reason}|{key.Action}|{key.Note}|{at.UtcTicks}";
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
            // A name has at most 253 characters, of which the hash and its dot take 17.
            var name = key.Object.Name.Length > 236 ? key.Object.Name[..236].TrimEnd('.', '-') : key.Object.Name;
            return $"{name}.{hash}";
        }
    }

    private sealed class Bucket(double tokens, long since)
    {
        public double Tokens { get; set; } = tokens;

        public long Since { get; set; } = since;
    }
}

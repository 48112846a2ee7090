using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>What one watch asked for.</summary>
internal sealed record WatchSettings(ResourceType Type, Selectors Selectors, ApiRequest Request)
{
    /// <summary>Gets the version that was asked for; 0 for any.</summary>
    public long AskedVersion { get; init; }

    /// <summary>Gets a value indicating whether the state at the start is sent as added objects.</summary>
    public bool SendsState { get; init; }

    /// <summary>Gets a value indicating whether the end of that state is marked by an annotated bookmark.</summary>
    public bool MarksEndOfState { get; init; }

    public bool SendsBookmarks { get; init; }

    public TimeSpan Lifetime { get; init; }

    public TimeSpan BookmarkInterval { get; init; }
}

/// <summary>One open watch: the state at its start, then changes, then bookmarks while it is quiet.</summary>
internal sealed class WatchFeed : IApiFeed
{
    private readonly TimeProvider _timeProvider;
    private readonly WatchSettings _settings;
    private readonly WatchSubscription? _queue;
    private readonly RepresentationKind _form;
    private readonly Queue<ReadOnlyMemory<byte>> _ready = new();
    private readonly RevisionedStore _store;
    private readonly ITimer? _timer;
    private readonly long _startedAt;
    private readonly long _startRevision;
    private IEnumerator<StoredObject>? _state;
    private long _lastRevision;
    private long _lastBookmarkAt;
    private bool _sentColumns;
    private bool _isEnded;

    public WatchFeed(TimeProvider timeProvider, RevisionedStore store, WatchStart start, WatchSettings settings)
    {
        _timeProvider = timeProvider;
        _store = store;
        _settings = settings;
        _queue = start.Queue;
        _form = Representations.Of(settings.Request);
        _startedAt = _lastBookmarkAt = timeProvider.GetTimestamp();
        _startRevision = _lastRevision = settings.SendsState || settings.AskedVersion == 0 ? start.Snapshot.Revision : settings.AskedVersion;
        if (_queue is null)
        {
            // As with a real server the watch opens, and its only event is the error.
            EnqueueError(Refuse.TooOld(settings.AskedVersion, start.CompactedRevision));
            return;
        }

        if (settings.SendsState)
        {
            _state = start.Snapshot.Objects().GetEnumerator();
        }

        _timer = timeProvider.CreateTimer(
            static queue => ((WatchSubscription)queue!).Pulse(), _queue, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_ready.TryDequeue(out ReadOnlyMemory<byte> frame))
            {
                return frame;
            }

            if (_isEnded || _queue is null)
            {
                return null;
            }

            if (_state is not null)
            {
                NextOfState();
            }
            else if (_queue.TryTake(out StoredEvent? storedEvent))
            {
                Enqueue(storedEvent);
            }
            else if (_queue.IsOverflown)
            {
                EnqueueError(Refuse.Expired("the watcher was too slow and lost events"));
            }
            else if (_timeProvider.GetElapsedTime(_startedAt) >= _settings.Lifetime)
            {
                // The last bookmark lets the client resume exactly here.
                EnqueueProgress();
                _isEnded = _queue.IsEmpty;
            }
            else if (_settings.SendsBookmarks && _timeProvider.GetElapsedTime(_lastBookmarkAt) >= _settings.BookmarkInterval)
            {
                EnqueueProgress();
            }
            else
            {
                ArmTimer();
                await _queue.WaitAsync(cancellationToken);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isEnded = true;
        _state?.Dispose();
        _queue?.Dispose();
        if (_timer is not null)
        {
            await _timer.DisposeAsync();
        }
    }

    /// <summary>Wakes this watch for its next bookmark or its end, whichever is first. A timer that fires early is armed again.</summary>
    private void ArmTimer()
    {
        TimeSpan untilEnd = _settings.Lifetime - _timeProvider.GetElapsedTime(_startedAt);
        TimeSpan untilBookmark = _settings.BookmarkInterval - _timeProvider.GetElapsedTime(_lastBookmarkAt);
        TimeSpan due = _settings.SendsBookmarks && untilBookmark < untilEnd ? untilBookmark : untilEnd;
        _timer!.Change(due > TimeSpan.FromMilliseconds(1) ? due : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    private void NextOfState()
    {
        while (_state!.MoveNext())
        {
            if (_settings.Selectors.Matches(_state.Current))
            {
                Enqueue(new StoredEvent(ChangeKind.Added, _state.Current, null), ChangeKind.Added);
                return;
            }
        }

        _state.Dispose();
        _state = null;
        if (_settings.MarksEndOfState && _settings.SendsBookmarks)
        {
            EnqueueBookmark(endOfState: true);
        }
    }

    private void Enqueue(StoredEvent storedEvent)
    {
        _lastRevision = storedEvent.Revision;
        bool was = storedEvent.Previous is { } previous && _settings.Selectors.Matches(previous);
        bool isNow = storedEvent.Kind != ChangeKind.Deleted && _settings.Selectors.Matches(storedEvent.State);
        if (was || isNow)
        {
            Enqueue(storedEvent, was && isNow ? ChangeKind.Modified : isNow ? ChangeKind.Added : ChangeKind.Deleted);
        }
    }

    private void Enqueue(StoredEvent storedEvent, ChangeKind shownAs)
    {
        string type = shownAs switch { ChangeKind.Added => "ADDED", ChangeKind.Modified => "MODIFIED", ChangeKind.Deleted => "DELETED" };
        switch (_form)
        {
            case RepresentationKind.Object when _settings.Type.Converter is null:
                _ready.Enqueue(storedEvent.Frame(shownAs));
                break;
            case RepresentationKind.Object:
                _ready.Enqueue(StoredEvent.Encode(type, Representations.InVersion(_settings.Type, storedEvent.State).Span));
                break;
            case RepresentationKind.Metadata or RepresentationKind.MetadataList:
                _ready.Enqueue(StoredEvent.Encode(type, Representations.MetadataOnly(storedEvent.State).Span));
                break;
            case RepresentationKind.Table:
                _ready.Enqueue(StoredEvent.Encode(type, Tables.Write(
                    _settings.Type, [storedEvent.State], null, _timeProvider.GetUtcNow(), _settings.Request, withColumns: !_sentColumns)));
                _sentColumns = true;
                break;
        }
    }

    /// <summary>
    /// Moves the watcher on to the store's revision. The revision is read first: if the queue is still empty after that, every
    /// event up to it has been delivered.
    /// </summary>
    private void EnqueueProgress()
    {
        long revision = _store.Revision;
        if (_queue!.TryTake(out StoredEvent? late))
        {
            Enqueue(late);
            return;
        }

        _lastRevision = Math.Max(_lastRevision, revision);
        if (_lastRevision > _startRevision)
        {
            EnqueueBookmark(endOfState: false);
        }
        else
        {
            // A real server leaves such a one out as well: it would say what the client said. It waits for the next time.
            _lastBookmarkAt = _timeProvider.GetTimestamp();
        }
    }

    private void EnqueueBookmark(bool endOfState)
    {
        _lastBookmarkAt = _timeProvider.GetTimestamp();
        if (!_settings.SendsBookmarks)
        {
            return;
        }

        var metadata = new JsonObject
        {
            ["resourceVersion"] = _lastRevision.ToString(CultureInfo.InvariantCulture),
        };
        if (endOfState)
        {
            metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
        }

        var bookmark = _form == RepresentationKind.Object
            ? new JsonObject { ["kind"] = _settings.Type.Kind, ["apiVersion"] = _settings.Type.ApiVersion, ["metadata"] = metadata }
            : new JsonObject
            {
                ["kind"] = _form == RepresentationKind.Table ? "Table" : "PartialObjectMetadata",
                ["apiVersion"] = "meta.k8s.io/v1",
                ["metadata"] = metadata,
            };
        _ready.Enqueue(StoredEvent.Encode("BOOKMARK", JsonText.Write(bookmark)));
    }

    private void EnqueueError(ApiRefusalException refusal)
    {
        _ready.Enqueue(StoredEvent.Encode("ERROR", JsonText.Write(refusal.ToStatus())));
        _isEnded = true;
    }
}

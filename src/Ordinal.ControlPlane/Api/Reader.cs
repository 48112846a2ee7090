using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;

namespace Ordinal.ControlPlane.Api;

/// <summary>Answers get, list and watch.</summary>
internal sealed class Reader(TimeProvider timeProvider, ApiServerOptions options, RevisionedStore store)
{
    private const string ContinueTooOld =
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

    public ApiAnswer Get(ResourceType type, RequestTarget target, ApiRequest request)
    {
        if (ListOptions.ParseVersion(request.Text("resourceVersion"), isPlain: true) is { } version && version > store.Revision)
        {
            throw Refuse.TooLarge(version, store.Revision);
        }

        StoredObject stored = store.Find(new StoreKey(type.StorageName, target.Namespace, target.Name)) ?? throw Refuse.NotFound(type, target.Name);
        return Answer(200, type, stored, request);
    }

    /// <summary>Answers with one object in the form that the caller asked for.</summary>
    public ApiAnswer Answer(int code, ResourceType type, StoredObject stored, ApiRequest request, IReadOnlyList<string>? warnings = null)
    {
        ReadOnlyMemory<byte> body = Representations.Of(request) switch
        {
            RepresentationKind.Table => Tables.Write(type, [stored], null, timeProvider.GetUtcNow(), request),
            RepresentationKind.Metadata => Representations.MetadataOnly(stored),
            RepresentationKind.MetadataList => throw Representations.WrongForm($"you requested PartialObjectMetadataList, but the requested object is not a list ({GoKinds.TypeOf(type, isList: false)})"),
            RepresentationKind.Object => Representations.InVersion(type, stored),
        };
        return new ApiAnswer(code, body) { Warnings = warnings ?? [] };
    }

    public ApiAnswer List(ResourceType type, RequestTarget target, ApiRequest request)
    {
        Selectors selectors = Selectors.Parse(type, request);
        (StoreSnapshot snapshot, StoreKey? after) = ChooseSnapshot(type, target, request);
        // At version 0, which any state satisfies, a real server answers from memory and pages nothing.
        int limit = request.Text("resourceVersion") == "0" ? 0 : (int)Math.Clamp(request.Number("limit") ?? 0, 0, int.MaxValue);
        var selected = new List<StoredObject>();
        StoredObject? next = null;
        long remaining = 0;
        foreach (StoredObject stored in snapshot.Objects(after))
        {
            if (!selectors.SelectsAll && !selectors.Matches(stored))
            {
                continue;
            }

            if (limit > 0 && selected.Count == limit)
            {
                next ??= stored;
                remaining++;
                continue;
            }

            selected.Add(stored);
        }

        var metadata = new JsonObject { ["resourceVersion"] = snapshot.Revision.ToString(CultureInfo.InvariantCulture) };
        if (next is not null)
        {
            store.Keep(snapshot);
            metadata["continue"] = ContinueToken.Write(snapshot.Revision, selected[^1].Key);
            if (selectors.SelectsAll)
            {
                metadata["remainingItemCount"] = remaining;
            }
        }

        DateTimeOffset now = timeProvider.GetUtcNow();
        RepresentationKind form = Representations.Of(request);
        if (form == RepresentationKind.Object && request.Call.TakesPieces)
        {
            return new ApiAnswer(200, default)
            {
                Pieces = Representations.ListPieces(type.ListKind, type.ApiVersion, metadata, selected.Select(s => Representations.InVersion(type, s))),
            };
        }

        return new ApiAnswer(200, form switch
        {
            RepresentationKind.Table => Tables.Write(type, selected, metadata, now, request),
            RepresentationKind.Metadata => throw Representations.WrongForm($"you requested PartialObjectMetadata, but the requested object is a list ({GoKinds.TypeOf(type, isList: true)})"),
            RepresentationKind.MetadataList => Representations.List("PartialObjectMetadataList", "meta.k8s.io/v1", metadata, selected.Select(Representations.MetadataOnly)),
            RepresentationKind.Object => Representations.List(
                type.ListKind, type.ApiVersion, metadata, selected.Select(s => Representations.InVersion(type, s))),
        });
    }

    public IApiFeed Watch(ResourceType type, RequestTarget target, ApiRequest request)
    {
        Selectors selectors = Selectors.Parse(type, request);
        ListOptions asked = ListOptions.Read(request);

        // Before anything is subscribed: a form that is not there is refused.
        _ = Representations.Of(request);
        bool wantsInitial = asked.SendsInitialEvents == true;
        long? version = asked.Version;
        bool fromState = wantsInitial || version is null or 0;
        WatchStart start = store.Watch(type.StorageName, target.Namespace, fromState ? null : version);
        if (wantsInitial && version > start.Snapshot.Revision)
        {
            start.Queue?.Dispose();
            throw Refuse.TooLarge(version.Value, start.Snapshot.Revision);
        }

        long seconds = request.Number("timeoutSeconds") ?? 0;
        return new WatchFeed(timeProvider, store, start, new WatchSettings(type, selectors, request)
        {
            AskedVersion = version ?? 0,
            SendsState = fromState && asked.SendsInitialEvents != false,
            MarksEndOfState = wantsInitial,
            SendsBookmarks = request.Flag("allowWatchBookmarks"),
            Lifetime = seconds > 0 ? TimeSpan.FromSeconds(seconds) : options.WatchTimeout,
            BookmarkInterval = options.BookmarkInterval,
        });
    }

    /// <summary>Chooses the state that a list, or a deletion of one, looks at, and behind which key it goes on.</summary>
    /// <exception cref="ApiRefusalException">The parameters contradict each other, or the state is no longer known.</exception>
    public (StoreSnapshot Snapshot, StoreKey? After) ChooseSnapshot(ResourceType type, RequestTarget target, ApiRequest request)
    {
        ListOptions asked = ListOptions.Read(request);
        if (request.Text("continue") is { } token)
        {
            (long revision, StoreKey after) = ContinueToken.Read(token, type.StorageName);
            if (revision < 0)
            {
                return (store.Snapshot(type.StorageName, target.Namespace), after);
            }

            return (store.FindSnapshot(type.StorageName, target.Namespace, revision) ?? throw Refuse.Expired(ContinueTooOld), after);
        }

        StoreSnapshot current = store.Snapshot(type.StorageName, target.Namespace);
        if (asked.Version > current.Revision)
        {
            throw Refuse.TooLarge(asked.Version.Value, current.Revision);
        }

        return asked.Match == "Exact"
            ? (store.FindSnapshot(type.StorageName, target.Namespace, asked.Version!.Value) ?? throw Refuse.Expired("The resourceVersion for the provided list is too old."), null)
            : (current, null);
    }
}

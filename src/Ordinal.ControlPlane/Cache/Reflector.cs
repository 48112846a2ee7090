using System.Globalization;
using System.Text.Json;
using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Cache;

/// <summary>
/// Keeps an <see cref="ObjectStore"/> like a collection of the API server: a paged list, then a watch from the list's version. A watch
/// that ends is resumed from the last version seen, bookmarks included; one whose version is gone (410) starts with a new list.
/// </summary>
/// <param name="client">The way to the API server.</param>
/// <param name="kind">What to reflect, in all namespaces.</param>
/// <param name="selector">Extra query terms for list and watch (<c>fieldSelector=…</c>), percent-encoded; empty for none.</param>
/// <param name="timeProvider">Clock of the pauses between attempts.</param>
/// <param name="random">Seeded source of the watches' lengths and pauses.</param>
public sealed class Reflector(ClusterClient client, ResourceKind kind, string selector, TimeProvider timeProvider, Random random)
{
    private const int PageSize = 500;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private string version = "";

    /// <summary>Gets what has been seen so far.</summary>
    public ObjectStore Store { get; } = new();

    /// <summary>Gets how often a whole list was read; a healthy watch needs one.</summary>
    public int Lists { get; private set; }

    /// <summary>Reflects until the token is cancelled; that is a normal return.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = FirstPause;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (version.Length == 0)
                {
                    await ListAsync(cancellationToken);
                }

                bool sawEvents = await WatchAsync(cancellationToken);
                if (sawEvents)
                {
                    pause = FirstPause;
                    continue;
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure is ApiFailureException or HttpRequestException or IOException or JsonException or OperationCanceledException)
            {
                if (failure is ApiFailureException { StatusCode: 410 })
                {
                    version = "";
                }
            }

            try
            {
                await Task.Delay(pause * (1 + random.NextDouble()), timeProvider, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        List<KubeObject> items = [];
        string continuation = "";
        string listVersion;
        do
        {
            string query = $"limit={PageSize}";
            query += selector.Length > 0 ? $"&{selector}" : "";
            query += continuation.Length > 0 ? $"&continue={Uri.EscapeDataString(continuation)}" : "";
            JsonElement page = await client.ListPageAsync(kind.CollectionPath(), query, cancellationToken);
            items.AddRange(page.ItemsAt("items").Select(item => new KubeObject(item)));
            continuation = page.TextAt("metadata", "continue") ?? "";
            listVersion = page.TextAt("metadata", "resourceVersion") ?? "";
        }
        while (continuation.Length > 0);

        Lists++;
        Store.Replace(items, listVersion);
        version = listVersion;
    }

    /// <summary>Watches until the server ends the watch; tells whether anything came.</summary>
    private async Task<bool> WatchAsync(CancellationToken cancellationToken)
    {
        int seconds = 300 + random.Next(300);
        string query = string.Create(CultureInfo.InvariantCulture, $"watch=true&allowWatchBookmarks=true&resourceVersion={Uri.EscapeDataString(version)}&timeoutSeconds={seconds}");
        ApiCall call = new("GET", kind.CollectionPath(), selector.Length > 0 ? $"{query}&{selector}" : query) { UserAgent = client.UserAgent };
        StreamOpening opening = await client.Door.OpenAsync(call, cancellationToken);
        if (opening.Feed is not { } feed)
        {
            throw ApiFailureException.From(call, opening.Refused ?? new ApiAnswer(500, default));
        }

        bool sawEvents = false;
        await using (feed)
        {
            while (await feed.ReadAsync(cancellationToken) is { } frame)
            {
                (string type, ReadOnlyMemory<byte> document) = WatchFrame.Split(frame);
                if (type == "ERROR")
                {
                    int code = (int)(JsonElement.Parse(document.Span).NumberAt("code") ?? 500);
                    throw ApiFailureException.From(call, new ApiAnswer(code, document));
                }

                Take(type, KubeObject.Parse(document));
                sawEvents = true;
            }
        }

        return sawEvents;
    }

    private void Take(string type, KubeObject item)
    {
        switch (type)
        {
            case "ADDED" or "MODIFIED":
                Store.Upsert(item);
                break;
            case "DELETED":
                Store.Remove(item);
                break;
            default:
                Store.Bookmark(item.ResourceVersion);
                break;
        }

        if (item.ResourceVersion.Length > 0)
        {
            version = item.ResourceVersion;
        }
    }
}

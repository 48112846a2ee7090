using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Clusters;

/// <summary>One event of a watch.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Type">ADDED, MODIFIED or DELETED.</param>
/// <param name="Item">The object as sent.</param>
public sealed record Seen(ResourceKind Kind, string Type, JsonObject Item)
{
    /// <summary>Gets the object's name.</summary>
    public string Name => Item.Child("metadata").Text("name") ?? "";
}

/// <summary>Watches the kinds that a StatefulSet is made of, in one namespace, from a version on, and keeps all that it sees.</summary>
public sealed class Recorder : IAsyncDisposable
{
    private static readonly ImmutableArray<ResourceKind> Kinds =
        [ResourceKind.StatefulSets, ResourceKind.Pods, ResourceKind.ControllerRevisions, ResourceKind.Claims, ResourceKind.Events, ResourceKind.DisruptionBudgets];

    private readonly Lock gate = new();
    private readonly List<Seen> events = [];
    private readonly Dictionary<(ResourceKind Kind, string Name), JsonObject> latest = [];
    private readonly Dictionary<(ResourceKind Kind, string Name), long> versions = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly Task running;
    private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int closed = Kinds.Length;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Starts to watch.</summary>
    public Recorder(IClusterDoor door, string @namespace, string fromVersion) =>
        running = Task.WhenAll(Kinds.Select(kind => WatchAsync(door, kind, @namespace, fromVersion, stopping.Token)));

    /// <summary>Gets a task that ends when every watch is open: what is compacted from then on is no loss.</summary>
    public Task Opened => Task.WhenAny(opened.Task, running);

    /// <summary>Gets all events so far; those of one kind are in their order.</summary>
    public ImmutableArray<Seen> Events
    {
        get
        {
            lock (gate)
            {
                return [.. events];
            }
        }
    }

    /// <summary>Gets the next change, whatever it is.</summary>
    public Task Changed
    {
        get
        {
            lock (gate)
            {
                return changed.Task;
            }
        }
    }

    /// <summary>Gets an object as last seen; null when it is not there.</summary>
    public JsonObject? Find(ResourceKind kind, string name)
    {
        lock (gate)
        {
            return latest.GetValueOrDefault((kind, name));
        }
    }

    /// <summary>Gets the objects of a kind as last seen, by name.</summary>
    public ImmutableArray<JsonObject> All(ResourceKind kind)
    {
        lock (gate)
        {
            return [.. latest.Where(each => each.Key.Kind == kind).OrderBy(each => each.Key.Name, StringComparer.Ordinal).Select(each => each.Value)];
        }
    }

    /// <summary>Tells whether the watch of a kind has told at least what a list of it tells.</summary>
    public bool HasSeen(ResourceKind kind, JsonObject list)
    {
        var there = list.List("items")!.OfType<JsonObject>().ToDictionary(item => item.Child("metadata").Text("name")!, Version, StringComparer.Ordinal);
        lock (gate)
        {
            return there.All(item => versions.TryGetValue((kind, item.Key), out var seen) && seen >= item.Value)
                && latest.Keys.Where(key => key.Kind == kind && !there.ContainsKey(key.Name)).All(key => versions[key] > Version(list));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        stopping.Dispose();
    }

    private async Task WatchAsync(IClusterDoor door, ResourceKind kind, string @namespace, string version, CancellationToken cancellationToken)
    {
        await Task.Yield();
        var isFirst = true;
        try
        {
            while (true)
            {
                var query = $"watch=true&resourceVersion={version}";
                var opening = await door.OpenAsync(new ApiCall("GET", kind.CollectionPath(@namespace), query), cancellationToken);
                if (opening.Feed is not { } feed)
                {
                    throw new InvalidOperationException($"watch of {kind.Plural} in {@namespace} refused: {opening.Refused!.StatusCode}");
                }

                if (isFirst && Interlocked.Decrement(ref closed) == 0)
                {
                    opened.SetResult();
                }

                isFirst = false;
                await using (feed)
                {
                    while (await feed.ReadAsync(cancellationToken) is { } frame)
                    {
                        version = Take(kind, JsonNode.Parse(frame.Span)!.AsObject()) ?? version;
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private string? Take(ResourceKind kind, JsonObject frame)
    {
        var item = frame.Child("object")!;
        var seen = new Seen(kind, frame.Text("type")!, item);
        if (seen.Type is "ERROR")
        {
            throw new InvalidOperationException($"watch of {kind.Plural}: {item.ToJsonString()}");
        }

        TaskCompletionSource before;
        lock (gate)
        {
            if (seen.Type is not "BOOKMARK")
            {
                events.Add(seen);
                versions[(kind, seen.Name)] = Version(item);
                if (seen.Type is "DELETED")
                {
                    latest.Remove((kind, seen.Name));
                }
                else
                {
                    latest[(kind, seen.Name)] = item;
                }
            }

            before = changed;
            changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        before.SetResult();
        return item.Child("metadata").Text("resourceVersion");
    }

    private static long Version(JsonObject item) => long.Parse(item.Child("metadata").Text("resourceVersion")!, CultureInfo.InvariantCulture);
}

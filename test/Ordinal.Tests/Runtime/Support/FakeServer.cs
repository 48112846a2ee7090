using System.Text;
using System.Text.Json.Nodes;
using System.Web;
using Ordinal.Runtime.Client;

namespace Ordinal.Tests.Runtime.Support;

/// <summary>
/// An API server for one kind of object in one process: versions, lists in pages, watches with bookmarks, merge patches with
/// preconditions. What it refuses, forgets and breaks is scripted by the test.
/// </summary>
internal sealed class FakeServer : IApiTransport
{
    private readonly SortedDictionary<string, JsonObject> objects = new(StringComparer.Ordinal);
    private readonly List<(long Version, string Type, JsonObject Object)> history = [];
    private readonly List<FakeLines> watches = [];
    private readonly Dictionary<string, (List<JsonObject> Left, long Version)> continuations = [];
    private long version = 100;
    private long compacted = 100;

    /// <summary>Gets all requests, oldest first.</summary>
    public List<ApiRequest> Requests { get; } = [];

    /// <summary>Gets or sets what may happen before a request is looked at: an answer instead, or an exception.</summary>
    public Func<ApiRequest, Task<ApiResponse?>>? Before { get; set; }

    /// <summary>
    /// Gets or sets the clock; null to leave bookmarks and ends of watches to the test. With it a watch is as a kube-apiserver's: it ends after its
    /// timeoutSeconds, and each minute it is sent a bookmark of <see cref="Progress"/>, if that is newer than its start.
    /// </summary>
    public TimeProvider? Time { get; set; }

    /// <summary>Gets or sets how far the server's cache of this kind has come; an event of the kind moves it on, a write elsewhere does not.</summary>
    public long Progress { get; set; }

    /// <summary>Gets the watches that are open.</summary>
    public IReadOnlyList<FakeLines> Watches => [.. watches.Where(watch => !watch.IsClosed)];

    public long Version => version;

    public int Lists => Requests.Count(request => request.Method == "GET" && !request.PathAndQuery.Contains("watch=true", StringComparison.Ordinal) && request.Path.EndsWith('s'));

    public static ApiResponse Status(int code, string reason, string message, JsonObject? details = null) => new(code, Bytes(new JsonObject
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["status"] = "Failure",
        ["message"] = message,
        ["reason"] = reason,
        ["details"] = details,
        ["code"] = code,
    }));

    public JsonObject Put(string inNamespace, string name, Action<JsonObject>? change = null)
    {
        var key = $"{inNamespace}/{name}";
        var isNew = !objects.TryGetValue(key, out var known);
        var item = isNew
            ? new JsonObject { ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = inNamespace, ["uid"] = $"uid-{version + 1}", ["generation"] = 1 } }
            : known!.DeepClone().AsObject();
        change?.Invoke(item);
        item["metadata"]!["resourceVersion"] = (++version).ToString(System.Globalization.CultureInfo.InvariantCulture);
        objects[key] = item;
        Record(isNew ? "ADDED" : "MODIFIED", item);
        return item;
    }

    public void Delete(string inNamespace, string name)
    {
        var item = objects[$"{inNamespace}/{name}"].DeepClone().AsObject();
        objects.Remove($"{inNamespace}/{name}");
        item["metadata"]!["resourceVersion"] = (++version).ToString(System.Globalization.CultureInfo.InvariantCulture);
        Record("DELETED", item);
    }

    public JsonObject? Find(string inNamespace, string name) => objects.GetValueOrDefault($"{inNamespace}/{name}");

    /// <summary>Another kind's objects are written: the version moves on, and no watch of this kind hears of it.</summary>
    public void WriteElsewhere(int writes) => version += writes;

    /// <summary>Forgets the history: watches from older versions are answered 410 from now on.</summary>
    public void Compact()
    {
        compacted = version;
        history.Clear();
    }

    public void Bookmark()
    {
        foreach (var watch in Watches)
        {
            watch.Push(BookmarkOf(version));
        }
    }

    /// <summary>What is open now stays open and sends nothing any more, as behind a proxy that lost the other side.</summary>
    public void Mute()
    {
        foreach (var watch in Watches)
        {
            watch.IsMuted = true;
        }
    }

    public static string Event(string type, JsonObject item) => new JsonObject { ["type"] = type, ["object"] = item.DeepClone() }.ToJsonString();

    public async Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        Requests.Add(request);
        if (Before is not null && await Before(request).WaitAsync(cancellationToken) is { } scripted)
        {
            return scripted;
        }

        cancellationToken.ThrowIfCancellationRequested();
        var query = HttpUtility.ParseQueryString(request.PathAndQuery.Contains('?', StringComparison.Ordinal) ? request.PathAndQuery[request.PathAndQuery.IndexOf('?', StringComparison.Ordinal)..] : "");
        var parts = request.Path.Split('/');
        var at = Array.IndexOf(parts, "namespaces");
        var inNamespace = at > 0 ? parts[at + 1] : null;
        var name = at > 0 && parts.Length > at + 3 ? parts[at + 3] : null;
        return request.Method switch
        {
            "GET" when name is null => List(inNamespace, int.Parse(query["limit"] ?? "500", System.Globalization.CultureInfo.InvariantCulture), query["continue"]),
            "GET" => Find(inNamespace!, name) is { } found ? new ApiResponse(200, Bytes(found)) : Status(404, "NotFound", $"\"{name}\" not found"),
            "POST" => Create(inNamespace!, JsonNode.Parse(request.Body.Span)!.AsObject()),
            "PATCH" => Patch(inNamespace!, name!, JsonNode.Parse(request.Body.Span)!.AsObject()),
            _ => Status(405, "MethodNotAllowed", "not here"),
        };
    }

    public async Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        Requests.Add(request);
        if (Before is not null && await Before(request).WaitAsync(cancellationToken) is { } scripted)
        {
            return new ApiStreamOpening(scripted, null);
        }

        var query = HttpUtility.ParseQueryString(request.PathAndQuery[request.PathAndQuery.IndexOf('?', StringComparison.Ordinal)..]);
        var from = long.Parse(query["resourceVersion"]!, System.Globalization.CultureInfo.InvariantCulture);
        if (from < compacted)
        {
            return new ApiStreamOpening(Status(410, "Expired", "too old resource version"), null);
        }

        var stream = new FakeLines();
        foreach (var (_, type, item) in history.Where(entry => entry.Version > from))
        {
            stream.Push(Event(type, item));
        }

        watches.Add(stream);
        if (Time is not null)
        {
            Tick(stream, from, TimeSpan.FromSeconds(int.Parse(query["timeoutSeconds"]!, System.Globalization.CultureInfo.InvariantCulture)));
        }

        return new ApiStreamOpening(null, stream);
    }

    private void Tick(FakeLines watch, long from, TimeSpan lifetime)
    {
        var minute = TimeSpan.FromMinutes(1);
        var left = lifetime;
        ITimer? timer = null;
        timer = Time!.CreateTimer(
            _ =>
            {
                left -= left < minute ? left : minute;
                if (watch.IsClosed || left == TimeSpan.Zero)
                {
                    watch.End();
                    timer?.Dispose();
                    return;
                }

                if (Progress > from)
                {
                    watch.Push(BookmarkOf(Progress));
                }

                timer?.Change(left < minute ? left : minute, Timeout.InfiniteTimeSpan);
            },
            null, left < minute ? left : minute, Timeout.InfiniteTimeSpan);
    }

    private static string BookmarkOf(long version) =>
        Event("BOOKMARK", new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = version.ToString(System.Globalization.CultureInfo.InvariantCulture) } });

    private static byte[] Bytes(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());

    private void Record(string type, JsonObject item)
    {
        Progress = version;
        history.Add((version, type, item.DeepClone().AsObject()));
        foreach (var watch in Watches)
        {
            watch.Push(Event(type, item));
        }
    }

    private ApiResponse List(string? inNamespace, int limit, string? token)
    {
        List<JsonObject> all;
        long listVersion;
        if (token is not null)
        {
            if (!continuations.Remove(token, out var continued))
            {
                return Status(410, "Expired", "the continue token is too old");
            }

            (all, listVersion) = continued;
        }
        else
        {
            all = [.. objects.Where(entry => inNamespace is null || entry.Key.StartsWith(inNamespace + "/", StringComparison.Ordinal)).Select(entry => entry.Value.DeepClone().AsObject())];
            listVersion = version;
        }

        var metadata = new JsonObject { ["resourceVersion"] = listVersion.ToString(System.Globalization.CultureInfo.InvariantCulture) };
        if (all.Count > limit)
        {
            var next = $"token-{continuations.Count}-{version}-{all.Count}";
            continuations[next] = (all[limit..], listVersion);
            metadata["continue"] = next;
        }

        return new ApiResponse(200, Bytes(new JsonObject { ["metadata"] = metadata, ["items"] = new JsonArray([.. all.Take(limit)]) }));
    }

    public void ForgetContinuations() => continuations.Clear();

    private ApiResponse Create(string inNamespace, JsonObject body)
    {
        var name = (string)body["metadata"]!["name"]!;
        if (Find(inNamespace, name) is not null)
        {
            return Status(409, "AlreadyExists", $"\"{name}\" already exists");
        }

        return new ApiResponse(201, Bytes(Put(inNamespace, name, item => Merge(item, body))));
    }

    private ApiResponse Patch(string inNamespace, string name, JsonObject patch)
    {
        if (Find(inNamespace, name) is not { } known)
        {
            return Status(404, "NotFound", $"\"{name}\" not found");
        }

        if (patch["metadata"]?["resourceVersion"] is { } tested && (string)tested! != (string)known["metadata"]!["resourceVersion"]!)
        {
            return Status(409, "Conflict", "the object has been modified");
        }

        return new ApiResponse(200, Bytes(Put(inNamespace, name, item => Merge(item, patch))));
    }

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is JsonObject inner && target[name] is JsonObject there)
            {
                Merge(there, inner);
            }
            else if (name is not "resourceVersion" and not "uid")
            {
                target[name] = value?.DeepClone();
            }
        }
    }
}

/// <summary>A stream of lines that a test pushes into.</summary>
internal sealed class FakeLines : IApiLines
{
    private readonly Queue<Func<ReadOnlyMemory<byte>?>> lines = new();
    private TaskCompletionSource? waiting;

    public bool IsClosed { get; private set; }

    /// <summary>Gets or sets a value indicating whether what is pushed is lost.</summary>
    public bool IsMuted { get; set; }

    /// <summary>Gets or sets a value indicating whether what is pushed waits.</summary>
    public bool IsHeld
    {
        get;
        set
        {
            field = value;
            Wake();
        }
    }

    public void Push(string line) => Add(() => Encoding.UTF8.GetBytes(line));

    /// <summary>Ends the stream in good order.</summary>
    public void End() => Add(() => null);

    /// <summary>Breaks the connection.</summary>
    public void Break() => Add(() => throw new IOException("connection reset by peer"));

    public async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (lines.Count == 0 || IsHeld)
        {
            waiting = new TaskCompletionSource();
            await waiting.Task.WaitAsync(cancellationToken);
        }

        return lines.Dequeue()();
    }

    public ValueTask DisposeAsync()
    {
        IsClosed = true;
        return ValueTask.CompletedTask;
    }

    private void Add(Func<ReadOnlyMemory<byte>?> line)
    {
        if (!IsMuted)
        {
            lines.Enqueue(line);
            Wake();
        }
    }

    private void Wake()
    {
        var waiter = waiting;
        waiting = null;
        waiter?.TrySetResult();
    }
}

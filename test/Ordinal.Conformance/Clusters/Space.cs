using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;
using Ordinal.TestSupport;

namespace Ordinal.Conformance.Clusters;

/// <summary>A namespace of one test: requests in it, and what a watcher of it saw.</summary>
public sealed class Space : IAsyncDisposable
{
    public const string Merge = "application/merge-patch+json";
    public const string Strategic = "application/strategic-merge-patch+json";
    public const string JsonPatch = "application/json-patch+json";
    public const string Apply = "application/apply-patch+yaml";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);
    private static int made;
    private readonly Recorder recorder;

    private Space(ConformanceCluster cluster, string name, string version)
    {
        Cluster = cluster;
        Name = name;
        recorder = new Recorder(cluster.Door, name, version);
    }

    /// <summary>Gets the cluster that it is in.</summary>
    public ConformanceCluster Cluster { get; }

    /// <summary>Gets the namespace's name.</summary>
    public string Name { get; }

    /// <summary>Gets all that was seen; events of one kind are in their order.</summary>
    public ImmutableArray<Seen> Events => recorder.Events;

    /// <summary>Gets the pods as last seen, by name.</summary>
    public ImmutableArray<JsonObject> Pods => recorder.All(ResourceKind.Pods);

    /// <summary>Creates a namespace.</summary>
    /// <param name="name">Its name; null for one that no other test has.</param>
    public static async Task<Space> CreateAsync(ConformanceCluster cluster, string? name = null)
    {
        name ??= string.Create(CultureInfo.InvariantCulture, $"t{Interlocked.Increment(ref made)}");
        var call = new ApiCall("POST", "/api/v1/namespaces")
        {
            ContentType = "application/json",
            Body = Encoding.UTF8.GetBytes("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"NAME"}}""".Replace("NAME", name, StringComparison.Ordinal)),
        };
        var answer = new Answer(call, await cluster.Door.SendAsync(call, CancellationToken.None)).Ok();
        var space = new Space(cluster, name, answer.Child("metadata").Text("resourceVersion")!);
        await space.recorder.Opened;
        return space;
    }

    /// <summary>Gets the path of a collection or an object of this namespace.</summary>
    public string Path(ResourceKind kind, string? name = null, string subresource = "") =>
        name is null ? kind.CollectionPath(Name) : kind.ObjectPath(new ObjectKey(Name, name), subresource);

    /// <summary>Sends any request.</summary>
    public async Task<Answer> SendAsync(string method, string path, string query = "", JsonNode? body = null, string contentType = "application/json", string? userAgent = null)
    {
        var call = new ApiCall(method, path, query) { UserAgent = userAgent };
        if (body is not null)
        {
            call = call with { ContentType = contentType, Body = Encoding.UTF8.GetBytes(body.ToJsonString()) };
        }

        return new Answer(call, await Cluster.Door.SendAsync(call, CancellationToken.None));
    }

    /// <summary>Asks for an object to be created.</summary>
    public Task<Answer> PostAsync(ResourceKind kind, JsonObject document, string query = "") => SendAsync("POST", Path(kind), query, document);

    /// <summary>Creates an object.</summary>
    public async Task<JsonObject> CreateAsync(ResourceKind kind, JsonObject document) => (await PostAsync(kind, document)).Ok();

    /// <summary>Asks for a patch.</summary>
    public Task<Answer> TryPatchAsync(ResourceKind kind, string name, string patch, string contentType = Merge, string query = "", string subresource = "") =>
        SendAsync("PATCH", Path(kind, name, subresource), query, JsonNode.Parse(patch), contentType);

    /// <summary>Patches an object.</summary>
    public async Task<JsonObject> PatchAsync(ResourceKind kind, string name, string patch, string contentType = Merge, string query = "", string subresource = "") =>
        (await TryPatchAsync(kind, name, patch, contentType, query, subresource)).Ok();

    /// <summary>Reads an object live.</summary>
    public async Task<JsonObject> GetAsync(ResourceKind kind, string name) => (await SendAsync("GET", Path(kind, name))).Ok();

    /// <summary>Deletes an object.</summary>
    public async Task<JsonObject> DeleteAsync(ResourceKind kind, string name, JsonObject? options = null) => (await SendAsync("DELETE", Path(kind, name), body: options)).Ok();

    /// <summary>Gets an object as last seen by the watch; null when it is not there.</summary>
    public JsonObject? Find(ResourceKind kind, string name) => recorder.Find(kind, name);

    /// <summary>Gets the objects of a kind as last seen, by name.</summary>
    public ImmutableArray<JsonObject> All(ResourceKind kind) => recorder.All(kind);

    /// <summary>
    /// Waits until what was seen fulfils a condition, and then until all that had happened by then is seen: each kind is watched for itself, and the StatefulSet's status may be here before
    /// the pods that it tells of. The condition is asked after every event, under one deadline far beyond what it needs.
    /// </summary>
    public async Task UntilAsync(string what, Func<bool> isSo)
    {
        if (!await WaitAsync(Deadline, isSo))
        {
            Assert.Fail($"not within {Deadline.TotalSeconds} s: {what}");
        }

        foreach (var kind in (ResourceKind[])[ResourceKind.StatefulSets, ResourceKind.Pods, ResourceKind.ControllerRevisions, ResourceKind.Claims])
        {
            var list = (await SendAsync("GET", Path(kind))).Ok();
            Assert.That(await WaitAsync(Deadline, () => recorder.HasSeen(kind, list)), Is.True, $"the watch of {kind.Plural} tells less than a list");
        }
    }

    /// <summary>Waits until what was seen fulfils a condition; false when it does not within the time.</summary>
    public async Task<bool> WaitAsync(TimeSpan longest, Func<bool> isSo)
    {
        using var deadline = new CancellationTokenSource(longest, TimeProvider.System);
        while (true)
        {
            var changed = recorder.Changed;
            if (isSo())
            {
                return true;
            }

            try
            {
                await changed.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                return isSo();
            }
        }
    }

    /// <summary>Waits until every StatefulSet's generation is observed and then nothing has been seen for a while.</summary>
    public async Task SettleAsync()
    {
        await UntilAsync("all generations are observed", () => All(ResourceKind.StatefulSets).All(set => set.Child("metadata").Number("generation") == set.Child("status").Number("observedGeneration")));
        await QuietAsync();
    }

    /// <summary>Waits until nothing has been seen for a while. Too short a while could hide a wrong move, never make a right one fail.</summary>
    public async Task QuietAsync()
    {
        var quiet = Cluster.Kind is ClusterKind.Real ? TimeSpan.FromMilliseconds(800) : TimeSpan.FromMilliseconds(400);
        while (true)
        {
            try
            {
                await recorder.Changed.WaitAsync(quiet, TimeProvider.System);
            }
            catch (TimeoutException)
            {
                return;
            }
        }
    }

    /// <summary>Gets a kubectl of the administrator, in this namespace's cluster; name the namespace with <c>-n</c>.</summary>
    internal Kubectl Kubectl => new(
        Cluster.Folder,
        Cluster.Kubeconfig ?? throw new InvalidOperationException("kubectl needs a socket; say so with [NotOn(ClusterKind.InProcess, …)]"));

    /// <summary>Gets what is there, for the report of a test that failed.</summary>
    public string Describe()
    {
        var text = new StringBuilder($"namespace {Name}\n");
        foreach (var set in All(ResourceKind.StatefulSets))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{set.Child("metadata").Text("name")} generation {set.Child("metadata").Number("generation")} {set.Child("spec")!["updateStrategy"]?.ToJsonString()} {set["status"]?.ToJsonString()}");
        }

        foreach (var pod in Pods)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{pod.Child("metadata").Text("name")} {pod.Child("metadata").Child("labels").Text("controller-revision-hash")} {pod.Child("status").Text("phase")} {pod.Child("metadata").Text("deletionTimestamp")}");
        }

        foreach (var seen in Events.Where(seen => seen.Kind == ResourceKind.Events))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{seen.Item.Text("type")} {seen.Item.Text("reason")} {seen.Item.Text("message")}");
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await recorder.DisposeAsync();
        await SendAsync("DELETE", $"/api/v1/namespaces/{Name}");
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ordinal.Runtime.Entities;

namespace Ordinal.Runtime.Client;

/// <summary>What must still be true of an object for a delete or an eviction to happen; null members are not tested.</summary>
/// <param name="Uid">The incarnation.</param>
/// <param name="ResourceVersion">The exact version.</param>
public sealed record Preconditions(string? Uid, string? ResourceVersion = null);

/// <summary>One page of a list.</summary>
/// <typeparam name="TEntity">The kind listed.</typeparam>
/// <param name="Items">The objects of this page.</param>
/// <param name="ResourceVersion">The version of the whole list; a watch goes on from it.</param>
/// <param name="Continue">What to ask the next page with; null on the last one.</param>
public sealed record EntityPage<TEntity>(IReadOnlyList<TEntity> Items, string ResourceVersion, string? Continue);

/// <summary>Which objects to list.</summary>
public sealed record ListQuery
{
    /// <summary>Gets the namespace; null for all.</summary>
    public string? InNamespace { get; init; }

    /// <summary>Gets the label selector; null for none.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>Gets the field selector; null for none.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>Gets the most objects in one page, 1 or more.</summary>
    public int Limit { get; init; } = 500;

    /// <summary>Gets the token of the page before; null for the first page.</summary>
    public string? Continue { get; init; }

    /// <summary>Gets the version asked for; null is the newest there is (a quorum read).</summary>
    public string? ResourceVersion { get; init; }
}

/// <summary>The verbs. Every write names its field manager; none is ever retried here.</summary>
public static class KubernetesApiExtensions
{
    /// <summary>Reads one object from the server.</summary>
    /// <exception cref="ApiException">NotFound among others.</exception>
    public static async Task<TEntity> GetAsync<TEntity>(this IKubernetesApi api, NamespacedName key, CancellationToken cancellationToken) =>
        EntityJson.Read<TEntity>(await api.GetRawAsync(ResourceKind.Of<TEntity>(), key, null, cancellationToken));

    /// <summary>Reads one object from the server; null when it is not there.</summary>
    /// <exception cref="ApiException">Any refusal but NotFound.</exception>
    public static async Task<TEntity?> TryGetAsync<TEntity>(this IKubernetesApi api, NamespacedName key, CancellationToken cancellationToken)
        where TEntity : class
    {
        try
        {
            return await api.GetAsync<TEntity>(key, cancellationToken);
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>Reads one object as the server sent it, or one of its subresources.</summary>
    public static async Task<ReadOnlyMemory<byte>> GetRawAsync(this IKubernetesApi api, ResourceKind kind, NamespacedName key, string? subresource, CancellationToken cancellationToken) =>
        (await api.SendAsync(new ApiRequest("GET", kind.ObjectPath(key, subresource)), cancellationToken)).Body;

    /// <summary>Reads one page of a list.</summary>
    public static async Task<EntityPage<TEntity>> ListPageAsync<TEntity>(this IKubernetesApi api, ListQuery query, CancellationToken cancellationToken)
    {
        using var document = EntityJson.Parse(await api.ListPageRawAsync(ResourceKind.Of<TEntity>(), query, cancellationToken));
        var items = new List<TEntity>();
        foreach (var item in document.RootElement.Member("items").Items())
        {
            items.Add(EntityJson.Read<TEntity>(item));
        }

        var metadata = document.RootElement.Member("metadata");
        return new EntityPage<TEntity>(items, metadata.Text("resourceVersion"), metadata.Text("continue") is { Length: > 0 } next ? next : null);
    }

    /// <summary>Reads one page of a list as the server sent it.</summary>
    public static async Task<ReadOnlyMemory<byte>> ListPageRawAsync(this IKubernetesApi api, ResourceKind kind, ListQuery query, CancellationToken cancellationToken) =>
        (await api.SendAsync(ListRequest(kind, query), cancellationToken)).Body;

    /// <summary>Reads one page of a list object by object, as they come: only one of them is in memory at a time.</summary>
    /// <param name="api">The API server.</param>
    /// <param name="kind">The kind listed.</param>
    /// <param name="query">Which objects.</param>
    /// <param name="take">Called with each object, which is valid during the call only.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="ApiException">The server refused, or its answer is no list; objects may have been taken by then.</exception>
    public static async Task<ListHead> ReadPageAsync(this IKubernetesApi api, ResourceKind kind, ListQuery query, Action<JsonElement> take, CancellationToken cancellationToken)
    {
        var head = default(ListHead);
        await api.ReadAsync(ListRequest(kind, query), async (body, limited) => head = await ListReader.ReadAsync(body, take, limited), cancellationToken);
        return head;
    }

    /// <summary>Reads a whole list, page by page.</summary>
    public static async Task<IReadOnlyList<TEntity>> ListAsync<TEntity>(this IKubernetesApi api, ListQuery query, CancellationToken cancellationToken)
    {
        var all = new List<TEntity>();
        for (ListQuery? next = query; next is not null;)
        {
            var page = await api.ListPageAsync<TEntity>(next, cancellationToken);
            all.AddRange(page.Items);
            next = page.Continue is null ? null : query with { Continue = page.Continue };
        }

        return all;
    }

    /// <summary>Creates an object under the name in its metadata.</summary>
    /// <exception cref="ApiException">AlreadyExists among others.</exception>
    public static async Task<TEntity> CreateAsync<TEntity>(this IKubernetesApi api, TEntity entity, CancellationToken cancellationToken, string? fieldManager = null)
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        var kind = ResourceKind.Of<TEntity>();
        entity.ApiVersion = kind.ApiVersion;
        entity.Kind = kind.Kind;
        return EntityJson.Read<TEntity>(await api.CreateRawAsync(kind, entity.Metadata.NamespaceProperty, EntityJson.Write(entity), cancellationToken, fieldManager));
    }

    /// <summary>Creates an object from its JSON.</summary>
    public static async Task<ReadOnlyMemory<byte>> CreateRawAsync(this IKubernetesApi api, ResourceKind kind, string? inNamespace, ReadOnlyMemory<byte> body, CancellationToken cancellationToken, string? fieldManager = null)
    {
        var query = new QueryString().With("fieldManager", fieldManager ?? api.FieldManager);
        return (await api.SendAsync(new ApiRequest("POST", kind.CollectionPath(inNamespace) + query) { ContentType = "application/json", Body = body }, cancellationToken)).Body;
    }

    /// <summary>Applies a JSON patch, to the object or (with <paramref name="subresource"/>, such as <c>status</c>) to a part of it.</summary>
    /// <exception cref="ApiException">PatchTestFailed when one of its tests failed.</exception>
    public static async Task<TEntity> JsonPatchAsync<TEntity>(this IKubernetesApi api, NamespacedName key, JsonPatch patch, CancellationToken cancellationToken, string? subresource = null, string? fieldManager = null) =>
        EntityJson.Read<TEntity>(await api.PatchRawAsync(ResourceKind.Of<TEntity>(), key, subresource, PatchTypes.Json, patch.ToBytes(), cancellationToken, fieldManager));

    /// <summary>Applies a merge patch; put the resourceVersion or uid into its metadata to make it conditional (a mismatch is a Conflict).</summary>
    public static async Task<TEntity> MergePatchAsync<TEntity>(this IKubernetesApi api, NamespacedName key, JsonObject patch, CancellationToken cancellationToken, string? subresource = null, string? fieldManager = null) =>
        EntityJson.Read<TEntity>(await api.PatchRawAsync(ResourceKind.Of<TEntity>(), key, subresource, PatchTypes.Merge, JsonSerializer.SerializeToUtf8Bytes(patch), cancellationToken, fieldManager));

    /// <summary>Server-side apply of a document that holds only the fields this program owns.</summary>
    /// <param name="api">The API server.</param>
    /// <param name="key">The object; created when it is not there.</param>
    /// <param name="document">The fields. apiVersion, kind and name are filled in.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <param name="force">Whether to take fields that others own.</param>
    /// <param name="subresource">Null for the object itself.</param>
    /// <param name="fieldManager">Null for the API's own.</param>
    public static async Task<TEntity> ApplyAsync<TEntity>(this IKubernetesApi api, NamespacedName key, JsonObject document, CancellationToken cancellationToken, bool force = false, string? subresource = null, string? fieldManager = null)
    {
        var kind = ResourceKind.Of<TEntity>();
        var whole = document.DeepClone().AsObject();
        whole["apiVersion"] = kind.ApiVersion;
        whole["kind"] = kind.Kind;
        var metadata = whole["metadata"] as JsonObject ?? [];
        metadata["name"] = key.Name;
        whole["metadata"] = metadata;
        var query = new QueryString().With("fieldManager", fieldManager ?? api.FieldManager).With("force", force ? "true" : null);
        var request = new ApiRequest("PATCH", kind.ObjectPath(key, subresource) + query) { ContentType = PatchTypes.Apply, Body = JsonSerializer.SerializeToUtf8Bytes(whole) };
        return EntityJson.Read<TEntity>((await api.SendAsync(request, cancellationToken)).Body);
    }

    /// <summary>Sends a patch of any type and returns the object as the server sent it.</summary>
    public static async Task<ReadOnlyMemory<byte>> PatchRawAsync(this IKubernetesApi api, ResourceKind kind, NamespacedName key, string? subresource, string patchType, ReadOnlyMemory<byte> patch, CancellationToken cancellationToken, string? fieldManager = null)
    {
        var query = new QueryString().With("fieldManager", fieldManager ?? api.FieldManager);
        return (await api.SendAsync(new ApiRequest("PATCH", kind.ObjectPath(key, subresource) + query) { ContentType = patchType, Body = patch }, cancellationToken)).Body;
    }

    /// <summary>Deletes one object, if it still is the one meant.</summary>
    /// <exception cref="ApiException">NotFound when it is gone already, Conflict when a precondition does not hold.</exception>
    public static Task DeleteAsync<TEntity>(this IKubernetesApi api, NamespacedName key, Preconditions preconditions, CancellationToken cancellationToken, TimeSpan? gracePeriod = null, string? propagationPolicy = null) =>
        api.DeleteAsync(ResourceKind.Of<TEntity>(), key, preconditions, cancellationToken, gracePeriod, propagationPolicy);

    /// <inheritdoc cref="DeleteAsync{TEntity}"/>
    public static Task DeleteAsync(this IKubernetesApi api, ResourceKind kind, NamespacedName key, Preconditions preconditions, CancellationToken cancellationToken, TimeSpan? gracePeriod = null, string? propagationPolicy = null)
    {
        var options = DeleteOptions(preconditions, gracePeriod);
        options["apiVersion"] = "v1";
        options["kind"] = "DeleteOptions";
        if (propagationPolicy is not null)
        {
            options["propagationPolicy"] = propagationPolicy;
        }

        return api.SendAsync(new ApiRequest("DELETE", kind.ObjectPath(key, null)) { ContentType = "application/json", Body = JsonSerializer.SerializeToUtf8Bytes(options) }, cancellationToken);
    }

    /// <summary>Asks for the eviction of one incarnation of a pod, within its PodDisruptionBudgets.</summary>
    /// <param name="api">The API server.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="preconditions">UID, and the version that was last seen: a stale one is refused with Conflict.</param>
    /// <param name="cancellationToken">Ends the request; whether the eviction happened is then unknown.</param>
    /// <param name="gracePeriod">Null for the pod's own; whole seconds.</param>
    /// <exception cref="ApiException">DisruptionBudget when a budget forbids it now; NotFound when the pod is gone; Conflict when a precondition does not hold.</exception>
    public static Task EvictAsync(this IKubernetesApi api, NamespacedName pod, Preconditions preconditions, CancellationToken cancellationToken, TimeSpan? gracePeriod = null)
    {
        var body = new JsonObject
        {
            ["apiVersion"] = "policy/v1",
            ["kind"] = "Eviction",
            ["metadata"] = new JsonObject { ["name"] = pod.Name, ["namespace"] = pod.Namespace },
            ["deleteOptions"] = DeleteOptions(preconditions, gracePeriod),
        };
        var query = new QueryString().With("fieldManager", api.FieldManager);
        var path = ResourceKind.Of<V1Pod>().ObjectPath(pod, "eviction") + query;
        return api.SendAsync(new ApiRequest("POST", path) { ContentType = "application/json", Body = JsonSerializer.SerializeToUtf8Bytes(body) }, cancellationToken);
    }

    private static ApiRequest ListRequest(ResourceKind kind, ListQuery query)
    {
        var parameters = new QueryString()
            .With("labelSelector", query.LabelSelector)
            .With("fieldSelector", query.FieldSelector)
            .With("limit", query.Limit)
            .With("continue", query.Continue)
            // A continued list carries its version inside the token; naming one besides is refused.
            .With("resourceVersion", query.Continue is null ? query.ResourceVersion : null);
        return new ApiRequest("GET", kind.CollectionPath(query.InNamespace) + parameters);
    }

    private static JsonObject DeleteOptions(Preconditions preconditions, TimeSpan? gracePeriod)
    {
        var tested = new JsonObject();
        if (preconditions.Uid is not null)
        {
            tested["uid"] = preconditions.Uid;
        }

        if (preconditions.ResourceVersion is not null)
        {
            tested["resourceVersion"] = preconditions.ResourceVersion;
        }

        var options = new JsonObject { ["preconditions"] = tested };
        if (gracePeriod is { } grace)
        {
            options["gracePeriodSeconds"] = (long)grace.TotalSeconds;
        }

        return options;
    }
}

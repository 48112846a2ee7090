using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Cache;

/// <summary>The requests that controllers and kubelets make, over a door.</summary>
/// <param name="door">The way into the cluster.</param>
/// <param name="userAgent">Sent with every request; the part before the first slash becomes the field manager.</param>
public sealed class ClusterClient(IClusterDoor door, string userAgent)
{
    /// <summary>Gets the way into the cluster.</summary>
    public IClusterDoor Door => door;

    /// <summary>Gets the user agent of every request.</summary>
    public string UserAgent => userAgent;

    /// <summary>Reads one object live; null when it is not there.</summary>
    public async Task<KubeObject?> GetAsync(ResourceKind kind, ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            return await SendAsync(new ApiCall("GET", kind.ObjectPath(key)), cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Creates an object.</summary>
    public Task<KubeObject> CreateAsync(ResourceKind kind, string @namespace, JsonObject document, CancellationToken cancellationToken) =>
        SendAsync(Write("POST", kind.CollectionPath(@namespace), document, "application/json"), cancellationToken);

    /// <summary>Posts a document to a subresource (binding, eviction).</summary>
    public Task<KubeObject> PostAsync(ResourceKind kind, ObjectKey key, string subresource, JsonObject document, CancellationToken cancellationToken) =>
        SendAsync(Write("POST", kind.ObjectPath(key, subresource), document, "application/json"), cancellationToken);

    /// <summary>Replaces an object, or its status, by a document that carries the resourceVersion it was read at.</summary>
    public Task<KubeObject> ReplaceAsync(ResourceKind kind, ObjectKey key, JsonObject document, string subresource, CancellationToken cancellationToken) =>
        SendAsync(Write("PUT", kind.ObjectPath(key, subresource), document, "application/json"), cancellationToken);

    /// <summary>Changes some members by a JSON merge patch. A uid and a resourceVersion in its metadata are preconditions.</summary>
    public Task<KubeObject> MergePatchAsync(ResourceKind kind, ObjectKey key, JsonObject patch, string subresource, CancellationToken cancellationToken) =>
        SendAsync(Write("PATCH", kind.ObjectPath(key, subresource), patch, "application/merge-patch+json"), cancellationToken);

    /// <summary>Changes some members by a strategic merge patch, which merges lists such as conditions by their key.</summary>
    public Task<KubeObject> StrategicPatchAsync(ResourceKind kind, ObjectKey key, JsonObject patch, string subresource, CancellationToken cancellationToken) =>
        SendAsync(Write("PATCH", kind.ObjectPath(key, subresource), patch, "application/strategic-merge-patch+json"), cancellationToken);

    /// <summary>Deletes an object.</summary>
    /// <param name="uid">Deletes only this incarnation; null deletes whichever is there.</param>
    /// <param name="gracePeriodSeconds">Null leaves it to the object; 0 removes a pod at once.</param>
    /// <param name="propagationPolicy">Null leaves it to the server.</param>
    public async Task DeleteAsync(ResourceKind kind, ObjectKey key, string? uid, long? gracePeriodSeconds, string? propagationPolicy, CancellationToken cancellationToken)
    {
        JsonObject options = new() { ["kind"] = "DeleteOptions", ["apiVersion"] = "v1" };
        if (uid is not null)
        {
            options["preconditions"] = new JsonObject { ["uid"] = uid };
        }

        if (gracePeriodSeconds is { } grace)
        {
            options["gracePeriodSeconds"] = grace;
        }

        if (propagationPolicy is not null)
        {
            options["propagationPolicy"] = propagationPolicy;
        }

        await SendAsync(Write("DELETE", kind.ObjectPath(key), options, "application/json"), cancellationToken);
    }

    /// <summary>Deletes an object only in the version that was read; another version is a conflict.</summary>
    public async Task DeleteExactlyAsync(ResourceKind kind, KubeObject item, string propagationPolicy, CancellationToken cancellationToken)
    {
        JsonObject options = new()
        {
            ["kind"] = "DeleteOptions",
            ["apiVersion"] = "v1",
            ["preconditions"] = new JsonObject { ["uid"] = item.Uid, ["resourceVersion"] = item.ResourceVersion },
            ["propagationPolicy"] = propagationPolicy,
        };
        await SendAsync(Write("DELETE", kind.ObjectPath(item.Key), options, "application/json"), cancellationToken);
    }

    /// <summary>Reads one page of a collection, in one namespace or in all.</summary>
    public async Task<JsonElement> ListPageAsync(string path, string query, CancellationToken cancellationToken)
    {
        ApiCall call = new("GET", path, query) { UserAgent = userAgent };
        ApiAnswer answer = await door.SendAsync(call, cancellationToken);
        return answer.IsSuccess ? JsonElement.Parse(answer.Body.Span) : throw ApiFailureException.From(call, answer);
    }

    private static ApiCall Write(string method, string path, JsonObject document, string contentType) => new(method, path)
    {
        ContentType = contentType,
        Body = JsonText.Write(document),
    };

    private async Task<KubeObject> SendAsync(ApiCall call, CancellationToken cancellationToken)
    {
        call = call with { UserAgent = userAgent };
        ApiAnswer answer = await door.SendAsync(call, cancellationToken);
        return answer.IsSuccess ? KubeObject.Parse(answer.Body) : throw ApiFailureException.From(call, answer);
    }
}

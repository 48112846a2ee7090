using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace Ordinal.Runtime.Entities;

/// <summary>
/// Base of a custom resource's class. Members must not be <c>required</c> and must tolerate absence: a bookmark carries no spec,
/// and one unreadable object would poison a whole list.
/// </summary>
/// <typeparam name="TSpec">What the user asks for.</typeparam>
/// <typeparam name="TStatus">What the operator reports.</typeparam>
public abstract class CustomKubernetesEntity<TSpec, TStatus> : IKubernetesObject<V1ObjectMeta>, ISpec<TSpec>, IStatus<TStatus>, IStoreItem
    where TSpec : new()
    where TStatus : new()
{
    /// <summary>Gets or sets the API version, <c>group/version</c>.</summary>
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = "";

    /// <summary>Gets or sets the kind.</summary>
    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "";

    /// <summary>Gets or sets the object's metadata.</summary>
    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    /// <summary>Gets or sets what the user asks for.</summary>
    [JsonPropertyName("spec")]
    public TSpec Spec { get; set; } = new();

    /// <summary>Gets or sets what the operator reports; written through the status subresource only.</summary>
    [JsonPropertyName("status")]
    public TStatus Status { get; set; } = new();

    NamespacedName IStoreItem.Key => new(Metadata.NamespaceProperty ?? "", Metadata.Name ?? "");

    string IStoreItem.Uid => Metadata.Uid ?? "";

    string IStoreItem.ResourceVersion => Metadata.ResourceVersion ?? "";

    long IStoreItem.Generation => Metadata.Generation ?? 0;

    bool IStoreItem.IsTerminating => Metadata.DeletionTimestamp is not null;
}
